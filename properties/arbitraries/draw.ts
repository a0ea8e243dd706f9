/**
 * A drawn scenario as plain, readable data: packets are fields, not bytes, so that a person can
 * read it and a minimiser can change one field at a time. `build` makes the typed arrays that a
 * device takes.
 */
import type { Geometry, Setup } from "../../core/machine/device.ts";
import type { SpecialHop } from "../../core/machine/scenario.ts";
import type { Deviation } from "../../core/time/choices.ts";

/** The next hop of a draw: the egress port of a neighbour, or none of them. */
export type HopDraw = number | SpecialHop;

/**
 * What the flags and the fragment offset say (RFC 791, 3.1): the whole packet, the same with "don't fragment", the
 * first, a middle or the last fragment, or one at offset 8, where it may overwrite a header (RFC 3128).
 */
export type FragmentDraw = "whole" | "df" | "first" | "middle" | "last" | "tiny";

/** Transport protocol of a drawn packet. */
export type ProtocolDraw = "udp" | "tcp" | "icmp";

/**
 * What the frame says it carries. All but `"ipv4"` are not IPv4 to a router; `"vlan"` is IPv4
 * behind one 802.1Q tag, `"priority"` behind one that names no VLAN.
 */
export type TypeDraw = "ipv4" | "arp" | "ipv6" | "vlan" | "priority";

/**
 * What the first header byte says: the truth, version 6, an IHL below the legal 5, or an IHL that
 * reaches beyond the frame's end (RFC 1812, 5.2.2 (3), (4)).
 */
export type HeaderDraw = "right" | "version-6" | "ihl-4" | "ihl-long";

/**
 * What the IPv4 total length says: all bytes behind the Ethernet header, four bytes less (legal:
 * the rest is padding), less than the header, or one byte more than there are (RFC 1812, 5.2.2
 * (5)).
 */
export type TotalLengthDraw = "right" | "padded" | "short" | "long";

/** One packet of a draw. */
export interface PacketDraw {
  /** Ingress port. */
  readonly port: number;
  /**
   * Nanoseconds between the last bit of the packet before (on any port) and the last bit of this
   * one; more when the wire of its port is not free by then.
   */
  readonly gapNs: number;
  /** Bytes of the frame without FCS. */
  readonly size: number;
  /** IPv4 source address, unsigned. */
  readonly src: number;
  /** IPv4 destination address, unsigned. */
  readonly dst: number;
  /** Time to live, 0..255. */
  readonly ttl: number;
  /** Differentiated services code point, 0..63. */
  readonly dscp: number;
  /** Explicit congestion notification, 0..3 (RFC 3168). */
  readonly ecn: number;
  /** 32-bit words of IPv4 options, 0..10. */
  readonly options: number;
  /** What follows the IPv4 header. */
  readonly protocol: ProtocolDraw;
  /** Source port of UDP and TCP, identifier of ICMP. */
  readonly srcPort: number;
  /** What the frame says it carries. */
  readonly type: TypeDraw;
  /** Version and header length as they are written. */
  readonly header: HeaderDraw;
  /** Total length as it is written. */
  readonly totalLength: TotalLengthDraw;
  /**
   * The header checksum: right, wrong by one bit, or right with the identification so chosen that
   * it is this number.
   */
  readonly checksum: "right" | "wrong" | number;
  /** Flags and fragment offset. */
  readonly fragment: FragmentDraw;
  /** Destination MAC address: the ingress port's own, another's, that of a group, or all ones. */
  readonly mac: "port" | "other" | "group" | "broadcast";
  /** Whether the frame check sequence matches. */
  readonly fcs: "right" | "wrong";
}

/** One route of a draw. */
export interface RouteDraw {
  /** Prefix with its host bits zero. */
  readonly prefix: number;
  /** Length of the prefix, 0..32. */
  readonly depth: number;
  /** Index of a neighbour. */
  readonly nextHop: number;
}

/** One scenario, drawn. */
export interface ScenarioDraw {
  /** Sizes of the machine. */
  readonly geometry: Geometry;
  /** Egress port of each neighbour; its MAC address follows from its index. One that is several names those before it. */
  readonly neighbours: readonly HopDraw[];
  /** Distinct prefixes. */
  readonly routes: readonly RouteDraw[];
  /** What stands instead of `neighbours` and `routes`, which are empty then; left out where these are drawn. */
  readonly setup?: Setup;
  /** In order of arrival. */
  readonly packets: readonly PacketDraw[];
  /** Departures of the schedule from the default. */
  readonly deviations: readonly Deviation[];
}

/**
 * The packet that shrinking leads to: UDP, 60 bytes, TTL 64, everything right. Addresses are the
 * draw's.
 */
export const PLAIN_PACKET: Omit<PacketDraw, "src" | "dst"> = {
  port: 0,
  gapNs: 1000,
  size: 60,
  ttl: 64,
  dscp: 0,
  ecn: 0,
  options: 0,
  protocol: "udp",
  srcPort: 1024,
  type: "ipv4",
  header: "right",
  totalLength: "right",
  checksum: "right",
  fragment: "whole",
  mac: "port",
  fcs: "right",
};

/** The geometry that shrinking leads to: two ports, one lcore, everything ample, no TLPs. */
export const PLAIN_GEOMETRY: Geometry = {
  ports: 2,
  lcores: 1,
  rxRing: 64,
  txRing: 64,
  ingress: 64,
  spareBuffers: 64,
  poolCache: 0,
  peerSlots: 32,
  fidelity: "coarse",
  headerCredits: 64,
  dataCredits: 512,
  mps: 256,
};
