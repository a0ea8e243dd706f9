/**
 * Packet matching rules (`odp_pmr_t`): a rule leads from one class of service to another when all of its terms
 * match. A term compares a field under a mask, or asks whether it lies in a range.
 *
 * Source: include/odp/api/spec/classification.h, platform/linux-generic/odp_classification.c.
 */
import {
  ETHERTYPE_IPV4,
  ipv4Dst,
  ipv4Protocol,
  ipv4Src,
  PROTOCOL_TCP,
  PROTOCOL_UDP,
  readU16,
  readU32,
} from "../../core/packet/mod.ts";
import type { PacketMemory } from "../../core/memory/memory.ts";
import type { PacketMeta } from "./packet.ts";

/**
 * Fields that a term may look at, by ODP's names (ODP_PMR_*).
 *
 * @example
 * ```ts
 * import { odp, PMR_TERMS } from "@planecheck/planecheck/stacks";
 * import { assertEquals } from "@std/assert";
 *
 * const cos = [{ name: "all" }, { name: "dns", prio: 6 }];
 * const terms = [{ term: "UDP_DPORT", value: 53 }] as const;
 * const stack = odp({ classifier: { cos, pmr: [{ from: "all", to: "dns", terms }], defaultCos: "all" } });
 * assertEquals([PMR_TERMS.includes(terms[0].term), stack.policy!.order], [true, "flow"]);
 * ```
 */
export const PMR_TERMS = [
  "LEN",
  "ETHTYPE_0",
  "VLAN_ID_0",
  "VLAN_PCP_0",
  "DMAC",
  "IPPROTO",
  "IP_DSCP",
  "SIP_ADDR",
  "DIP_ADDR",
  "UDP_SPORT",
  "UDP_DPORT",
  "TCP_SPORT",
  "TCP_DPORT",
  "CUSTOM_FRAME",
] as const;

/** One of {@link PMR_TERMS}. */
export type PmrTermName = typeof PMR_TERMS[number];

/** A term: the field under `mask` equals `value`, or lies in `range`; a MAC address is its 48 bits. */
export type PmrTerm =
  & {
    readonly term: PmrTermName;
    /** CUSTOM_FRAME: offset of the field from the frame's first byte, and its bytes, 1..4. */
    readonly offset?: number;
    readonly size?: number;
  }
  & (
    | { readonly value: number; readonly mask?: number }
    | { readonly range: readonly [number, number] }
  );

/** A rule by the names of its two classes of service. */
export interface PmrOptions {
  /** Where packets have to be already. */
  readonly from: string;
  /** Where they get when every term matches. */
  readonly to: string;
  /** What is looked at. */
  readonly terms: readonly PmrTerm[];
}

/** The field of a packet, or -1 where the packet has none. */
export function fieldOf(
  memory: PacketMemory,
  meta: PacketMeta,
  b: number,
  { term, offset = 0, size = 1 }: PmrTerm,
): number {
  const { bytes } = memory;
  const frame = memory.offset[b]!;
  const ip = meta.type[b] === ETHERTYPE_IPV4 ? frame + meta.l3[b]! : -1;
  const l4 = ip >= 0 && meta.l4[b]! > 0 ? frame + meta.l4[b]! : -1;
  switch (term) {
    case "LEN":
      return memory.length[b]!;
    case "ETHTYPE_0":
      return readU16(bytes, frame + 12);
    case "VLAN_ID_0":
      return meta.l3[b]! > 14 ? readU16(bytes, frame + 14) & 0xfff : -1;
    case "VLAN_PCP_0":
      return meta.l3[b]! > 14 ? bytes[frame + 14]! >>> 5 : -1;
    case "DMAC":
      return readU16(bytes, frame) * 2 ** 32 + readU32(bytes, frame + 2);
    case "IPPROTO":
      return ip < 0 ? -1 : ipv4Protocol(bytes, ip);
    case "IP_DSCP":
      return ip < 0 ? -1 : bytes[ip + 1]! >>> 2;
    case "SIP_ADDR":
      return ip < 0 ? -1 : ipv4Src(bytes, ip);
    case "DIP_ADDR":
      return ip < 0 ? -1 : ipv4Dst(bytes, ip);
    case "UDP_SPORT":
    case "UDP_DPORT":
      return portOf(bytes, ip, l4, PROTOCOL_UDP, term === "UDP_SPORT" ? 0 : 2);
    case "TCP_SPORT":
    case "TCP_DPORT":
      return portOf(bytes, ip, l4, PROTOCOL_TCP, term === "TCP_SPORT" ? 0 : 2);
    case "CUSTOM_FRAME": {
      if (offset + size > memory.length[b]!) return -1;
      let value = 0;
      for (let i = 0; i < size; i++) value = value * 256 + bytes[frame + offset + i]!;
      return value;
    }
  }
}

function portOf(bytes: Uint8Array, ip: number, l4: number, protocol: number, at: number): number {
  return l4 < 0 || ipv4Protocol(bytes, ip) !== protocol ? -1 : readU16(bytes, l4 + at);
}

/** Whether a packet matches every term. */
export function pmrMatches(
  memory: PacketMemory,
  meta: PacketMeta,
  b: number,
  terms: readonly PmrTerm[],
): boolean {
  for (const term of terms) {
    const field = fieldOf(memory, meta, b, term);
    if (field < 0) return false;
    if ("range" in term) {
      if (field < term.range[0] || field > term.range[1]) return false;
    } else if (!masked(field, term.value, term.mask)) return false;
  }
  return true;
}

/** Halves of 24 bits: bitwise operators end at 32. */
function masked(field: number, value: number, mask?: number): boolean {
  if (mask === undefined) return field === value;
  const low = (x: number): number => x % 2 ** 24;
  const high = (x: number): number => Math.floor(x / 2 ** 24);
  return ((low(field) ^ low(value)) & low(mask)) === 0 &&
    ((high(field) ^ high(value)) & high(mask)) === 0;
}
