/**
 * What a stack declares about itself: where standards leave a choice, or where the real system departs from
 * them, the stack says here what it does, the reference router is steered by it, and the report prints it.
 * Nothing that is not declared here may be weakened.
 */

/** Why a packet was not forwarded. A closed set, so that every drop is countable. */
export const REASONS = [
  "none",
  /** TTL was 0 or 1 on arrival (RFC 1812, 5.3.1). */
  "ttl",
  /** No prefix covers the destination (RFC 1812, 5.2.4.3). */
  "no-route",
  /** The IPv4 header checksum does not verify (RFC 1812, 5.2.2 (2)). */
  "bad-checksum",
  /** Version, header length or total length is impossible (RFC 1812, 5.2.2 (1), (3)-(5)). */
  "bad-header",
  /** Neither IPv4 nor anything else this stack forwards. */
  "not-ip",
  /** Destination MAC address is not the port's, where the stack looks at it. */
  "not-for-us",
  /** The route leads back to the ingress port and the stack has no way there. */
  "hairpin",
  /** The frame is shorter than 64 bytes on the wire (IEEE 802.3, 4.2.3.3). */
  "runt",
  /** The frame is longer than the port accepts. */
  "oversize",
  /** The NIC's ingress buffer was full. */
  "rx-missed",
  /** The transmit ring or queue was full. */
  "tx-full",
  /** The queueing discipline was at its limit. */
  "qdisc-full",
  /** No buffer could be had from the pool. */
  "no-buffer",
  /** A ring between two stages of the stack was full. */
  "ring-full",
  /** The stack took the packet for itself: a sink. */
  "consumed",
  /** Anything else; a stack should not need it. */
  "other",
  /** The frame check sequence does not match the frame (IEEE 802.3, 3.2.9). */
  "bad-fcs",
  /** Longer than the MTU of its egress port, with "don't fragment" set (RFC 1812, 5.2.6). */
  "too-big",
  /** Its next hop did not answer, or too many waited for the answer (RFC 1812, 3.3.2; RFC 1122, 2.3.2.2). */
  "unresolved",
  /** From or to an address between which nothing is forwarded (RFC 1812, 5.3.7: martian filtering). */
  "martian",
  /** IPv4 options that cannot be parsed, or ask for what the stack does not do (RFC 1812, 5.3.13). */
  "bad-option",
  /** The route to its destination leads nowhere: blackhole, unreachable or prohibit. */
  "blackhole",
  /** The way back to its source does not lead out of the port that it came in by (RFC 3704, 2). */
  "reverse-path",
] as const;

/** Name of a drop reason. */
export type ReasonName = typeof REASONS[number];

/** A drop reason as the small integer that hot paths carry: its index in {@link REASONS}. */
export type Reason = number;

/**
 * Number of each reason, e.g. `REASON.ttl`, `REASON["no-route"]`.
 *
 * @example
 * ```ts
 * import { REASON, REASONS } from "@planecheck/planecheck/core";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(REASONS[REASON["no-route"]], "no-route");
 * assertEquals(REASON.none, 0);
 * ```
 */
export const REASON: { readonly [name in ReasonName]: Reason } = Object.fromEntries(
  REASONS.map((name, index) => [name, index]),
) as { [name in ReasonName]: Reason };

/** What a stack sends of its own accord. */
export interface Originated {
  /**
   * IPv4 address of each port: the source of what leaves there. Left out, nobody knows them: an ICMP error may
   * come from any, with any type of service and TTL, and may quote less of its packet (RFC 792: 8 bytes).
   */
  readonly addresses?: readonly number[];
  /**
   * Whether it is a host at these addresses (RFC 1122): what is sent to them it takes, and answers as it likes; what
   * comes from them it drops. False where it is left out.
   */
  readonly isHost?: boolean;
  /**
   * Whether its ICMP errors have to be those that are expected, byte for byte (also where it is left out), or only to say
   * what is: type, code, the MTU, the beginning of the packet, and to whom. Without `addresses` always the latter.
   */
  readonly form?: "exact" | "any";
  /** ICMP errors that one host is sent at once, at most (RFC 1812, 4.3.2.8). */
  readonly icmpBurst: number;
  /** And how many more for each second that goes by. */
  readonly icmpPerSecond: number;
  /** IPv4 address of each next hop, where it asks for MAC addresses by ARP. */
  readonly arp?: readonly number[];
  /** The header of its ICMP errors, where that is not what RFC 1812, 4.3.2.4 and 4.3.2.5, ask for. */
  readonly icmpHeader?: IcmpHeader;
}

/** What a router writes into the IPv4 header of its ICMP errors. */
export interface IcmpHeader {
  /** Source: the address of the port that the error leaves by, or of the one that the packet came in on. */
  readonly source: "egress" | "ingress";
  /** Type of service: internetwork control with the packet's own bits (left out), or always this. */
  readonly tos?: number;
  /** Time to live. */
  readonly ttl: number;
}

/** Fields of a policy that RFC 1812 leaves to the router, and that only tell what is dropped. */
export type RouterChoices = Partial<
  Pick<
    Policy,
    "checksDstMac" | "options" | "tinyFragments" | "martianSources" | "martianDestinations"
  >
>;

/** The capability record of a stack. */
export interface Policy {
  /**
   * Look-up miss: dropped, or sent back out of the ingress port as DPDK's l3fwd does. What is sent back has no
   * next hop; its destination MAC is that of `dstMac: "port"` whatever `dstMac` says.
   */
  readonly onMiss: "drop" | "reflect";
  /** TTL 0 or 1: dropped (RFC 1812), or decremented without a look as DPDK's l3fwd does (0 becomes 255). */
  readonly ttl: "drop" | "ignore";
  /** Header checksum verified before forwarding, or trusted. */
  readonly checksum: "verify" | "trust";
  /**
   * How the header checksum follows the TTL: by RFC 1624 (also what is meant where it is left out), or by an
   * increment of the raw little-endian 16-bit word that wraps without end-around carry, as DPDK's l3fwd does
   * (0xffff becomes 0x0000, 0xfeff becomes 0xffff; TTL 0 to 255 leaves the checksum wrong by one).
   */
  readonly checksumUpdate?: "rfc1624" | "increment";
  /**
   * Which header fields are looked at before forwarding: `"full"` is RFC 1812 5.2.2; `"minimal"` looks at
   * version/IHL (0x45..0x4f) and total length >= 20 only, as DPDK's l3fwd does; `"lengths"` at all but the version,
   * as Open vSwitch does.
   */
  readonly header: "full" | "minimal" | "lengths";
  /**
   * IPv4 options: forwarded if the header is right (as where it is left out); taken aside as `consumed`; or parsed: what
   * cannot be is dropped, and where an option of RFC 791 asks something of a router both are right.
   */
  readonly options?: "forward" | "punt" | "parse";
  /** A fragment at offset 8: forwarded, or dropped as `bad-header` (RFC 3128, 2.1); forwarded if left out. */
  readonly tinyFragments?: "forward" | "drop";
  /**
   * How many packets that came later may go before one that waits for its turn; 256 if left out. `priority`: without
   * end, those of a more urgent class.
   */
  readonly turns?: number | "priority";
  /** A route back to the ingress port: forwarded, or dropped with reason `hairpin`. */
  readonly hairpin: "forward" | "drop";
  /** Destination MAC of what is sent: the next hop's own, or one for each egress port (l3fwd). */
  readonly dstMac: "next-hop" | "port";
  /**
   * Whether frames whose destination MAC is not the ingress port's own are dropped (Linux: pkt_type); `unicast`: but
   * for those to a group, against RFC 1812, 5.3.4 (VPP: is_dmac_bad).
   */
  readonly checksDstMac: boolean | "unicast";
  /** Whether the table can hold 0.0.0.0/0 (rte_lpm cannot). */
  readonly defaultRoute: boolean;
  /**
   * Absent, the stack routes. Otherwise it looks at no header and sends what a port receives out of the port
   * that the topology names, as DPDK's testpmd does: `"paired"` 2k and 2k+1 with each other, an odd last one
   * with itself; `"chained"` each to the next, the last to port 0; `"loop"` each to itself; `"sink"` to none, all
   * packets are consumed. What is said above of look-up, TTL, checksum, header, hairpin and destination MAC
   * means nothing then.
   */
  readonly topology?: "paired" | "chained" | "loop" | "sink";
  /**
   * With a `topology`, the MAC addresses of what is sent: kept; set to 02:00:00:00:00:PORT and the egress
   * port's own; or swapped. Kept where it is left out.
   */
  readonly macs?: "keep" | "set" | "swap";
  /**
   * With a `topology`, what else is written: nothing (also where it is left out); addresses and ports of IPv4, UDP and
   * TCP swapped, as testpmd does in mode 5tswap; or their checksums anew, as in mode csum.
   */
  readonly rewrites?: "5-tuple" | "checksums";
  /** Longest IPv4 packet that is sent, in bytes, or that of each port; any where it is left out. */
  readonly mtu?: number | readonly number[];
  /**
   * What is longer than the MTU and may be cut: sent whole (also what is meant where it is left out), or cut into
   * fragments. What must not be cut is dropped.
   */
  readonly tooLong?: "whole" | "cut";
  /**
   * Reverse path forwarding (RFC 3704): a packet is dropped unless there is a route to its source, out of the port
   * that it came in by if strict. Sources are not looked at where it is left out.
   */
  readonly reversePath?: "strict" | "loose";
  /**
   * An 802.1Q tag of VLAN 0, which gives a priority only: as any tag, so not IPv4 (also what is meant where it is left
   * out), or taken off, or either.
   */
  readonly priorityTags?: "tag" | "strip" | "may";
  /**
   * Whether its routes may be to one of several next hops, or nowhere (blackhole, unreachable, prohibit); false where
   * it is left out.
   */
  readonly routeTypes?: boolean;
  /**
   * Bytes that follow the IPv4 packet in its frame: sent as received (also what is meant where it is left out);
   * cut off, as Linux does before a NIC pads again; or either, and zeros in their place (RFC 894: padding is zeros,
   * and no part of the packet).
   */
  readonly padding?: "keep" | "cut" | "any";
  /**
   * Ports with a MAC of IEEE 802.3 below them, which refuses frames shorter than 64 bytes (also what is meant where
   * it is left out), or virtual ones, which take any frame that has an Ethernet header.
   */
  readonly ports?: "ethernet" | "virtual";
  /** Prefixes from which nothing is forwarded, whatever the table says, e.g. `127.0.0.0/8`; none where left out. */
  readonly martianSources?: readonly string[];
  /** Prefixes to which nothing is forwarded, whatever the table says; none where it is left out. */
  readonly martianDestinations?: readonly string[];
  /** Frames of its own making that it may send; none where it is left out. */
  readonly originates?: Originated;
  /**
   * Stricter choices that are as right: a packet that these alone would drop may be dropped, and may be forwarded.
   * None where it is left out.
   */
  readonly mayDropAs?: RouterChoices;
  /**
   * Packets of a flow leave in order of arrival (also what is meant where it is left out); those of it that are not
   * fragments do; or they leave in no order.
   */
  readonly order?: "flow" | "unfragmented" | "none";
  /** Reasons for which the stack may lose a valid packet under load, each at a place with evidence. */
  readonly congestion: readonly ReasonName[];
}
