/**
 * The ten fields of an OpenFlow 0.8.9 flow as eight words, so that a kernel compares words and not fields:
 *
 *     0  in_port, dl_vlan      1  dl_src, its first four bytes      2  its last two, first two of dl_dst
 *     3  dl_dst, its last four bytes      4  dl_type, nw_proto      5  nw_src      6  nw_dst      7  tp_src, tp_dst
 */
import { ETHERNET_HEADER_BYTES } from "../../core/packet/ethernet.ts";

/** Words of a key. */
export const KEY_WORDS = 8;

/** The fields, by the names of the specification. */
export const FLOW_FIELDS = [
  "inPort",
  "dlVlan",
  "dlSrc",
  "dlDst",
  "dlType",
  "nwProto",
  "nwSrc",
  "nwDst",
  "tpSrc",
  "tpDst",
] as const;

/** Values of fields; one that is left out matches anything. */
export interface FlowMatch {
  /** Port that it came in by. */
  readonly inPort?: number;
  /** VLAN, or 0xffff of an untagged frame. */
  readonly dlVlan?: number;
  /** Source MAC address, a number of 48 bits. */
  readonly dlSrc?: number;
  /** Destination MAC address. */
  readonly dlDst?: number;
  /** Ethernet type. */
  readonly dlType?: number;
  /** IP protocol; 0 of what is not IPv4. */
  readonly nwProto?: number;
  /** Source address. */
  readonly nwSrc?: number;
  /** Destination address. */
  readonly nwDst?: number;
  /** Source port of TCP or UDP; 0 of others, and of later fragments. */
  readonly tpSrc?: number;
  /** Destination port. */
  readonly tpDst?: number;
}

/** An entry: all ten fields make it an exact one. */
export interface PsFlow {
  /** What it matches. */
  readonly match: FlowMatch;
  /** Among wildcard entries the highest wins, of equals the first; 0. */
  readonly priority?: number;
  /** Port that packets leave by, as they are. */
  readonly output: number | "drop";
}

/** dl_vlan of untagged frames (OFP_VLAN_NONE). */
export const VLAN_NONE = 0xffff;
const ETHERTYPE_VLAN = 0x8100;
const ETHERTYPE_IPV4 = 0x0800;

/** A key of fields; what is left out is 0. */
export function flowWords(of: FlowMatch): Uint32Array {
  const f = (field: keyof FlowMatch): number => of[field] ?? 0;
  const high = (mac: number): number => Math.floor(mac / 0x1_0000_0000);
  return Uint32Array.of(
    (f("inPort") << 16) | f("dlVlan"),
    Math.floor(f("dlSrc") / 0x1_0000),
    ((f("dlSrc") & 0xffff) << 16) | high(f("dlDst")),
    f("dlDst") % 0x1_0000_0000,
    (f("dlType") << 16) | (f("nwProto") << 8),
    f("nwSrc"),
    f("nwDst"),
    (f("tpSrc") << 16) | f("tpDst"),
  );
}

/** Ones where a field is given. */
export function flowMask(of: FlowMatch): Uint32Array {
  const whole: Record<keyof FlowMatch, number> = {
    ...{ inPort: 0xffff, dlVlan: 0xffff, dlSrc: 0xffff_ffff_ffff, dlDst: 0xffff_ffff_ffff },
    ...{ dlType: 0xffff, nwProto: 0xff, nwSrc: 0xffff_ffff, nwDst: 0xffff_ffff },
    ...{ tpSrc: 0xffff, tpDst: 0xffff },
  };
  const given = FLOW_FIELDS.filter((field) => of[field] !== undefined);
  return flowWords(Object.fromEntries(given.map((field) => [field, whole[field]])));
}

/** The key of a frame of `length` bytes at `at`, received by `inPort`, into `key[to..]`. */
export function readFlow(
  bytes: Uint8Array,
  at: number,
  length: number,
  inPort: number,
  key: Uint32Array,
  to: number,
): void {
  const u16 = (o: number): number => (bytes[at + o]! << 8) | bytes[at + o + 1]!;
  const u32 = (o: number): number => ((u16(o) << 16) | u16(o + 2)) >>> 0;
  const tagged = u16(12) === ETHERTYPE_VLAN;
  const ip = tagged ? ETHERNET_HEADER_BYTES + 4 : ETHERNET_HEADER_BYTES;
  const type = u16(ip - 2);
  const isIp = type === ETHERTYPE_IPV4 && length >= ip + 20;
  const proto = isIp ? bytes[at + ip + 9]! : 0;
  const l4 = isIp ? ip + (bytes[at + ip]! & 15) * 4 : 0;
  // ports of later fragments are no ports
  const hasPorts = (proto === 6 || proto === 17) && (u16(ip + 6) & 0x1fff) === 0 &&
    length >= l4 + 4;
  key[to] = (inPort << 16) | (tagged ? u16(14) & 0xfff : VLAN_NONE);
  key[to + 1] = u32(6);
  key[to + 2] = (u16(10) << 16) | u16(0);
  key[to + 3] = u32(2);
  key[to + 4] = (type << 16) | (proto << 8);
  key[to + 5] = isIp ? u32(ip + 12) : 0;
  key[to + 6] = isIp ? u32(ip + 16) : 0;
  key[to + 7] = hasPorts ? u32(l4) : 0;
}
