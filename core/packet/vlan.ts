/**
 * VLAN tags (IEEE 802.1Q clause 9): four bytes behind the source address, TPID then TCI.
 *
 * Pushing and popping move the two MAC addresses by four bytes and leave the payload where it is,
 * as rte_vlan_insert and rte_vlan_strip do: twelve bytes move whatever the frame's length, and the
 * frame begins four bytes earlier or later. So a push needs four bytes of headroom before the
 * frame. The caller owns offset and length of the frame and corrects both.
 */

import { readU16, writeU16 } from "./bytes.ts";
import { etherType, isVlanType } from "./ethernet.ts";

/** Bytes of one tag: TPID and TCI. */
export const VLAN_TAG_BYTES = 4;

/** Tag control information at `at`, which is two bytes behind the TPID. */
export function vlanTci(bytes: Uint8Array, at: number): number {
  return readU16(bytes, at);
}

/** Sets the tag control information at `at`. */
export function setVlanTci(bytes: Uint8Array, at: number, tci: number): void {
  writeU16(bytes, at, tci);
}

/** Priority code point of a TCI, 0..7. */
export function vlanPcp(tci: number): number {
  return (tci >>> 13) & 7;
}

/** Drop eligible indicator of a TCI, 0 or 1. */
export function vlanDei(tci: number): number {
  return (tci >>> 12) & 1;
}

/**
 * VLAN identifier of a TCI, 0..4095; 0 is a priority tag, 4095 reserved (IEEE 802.1Q, table 9-2).
 */
export function vlanVid(tci: number): number {
  return tci & 0xfff;
}

/**
 * The TCI made of priority, drop eligibility and identifier.
 *
 * @throws {RangeError} when `pcp` is not 0..7, `dei` not 0..1 or `vid` not 0..4095
 * @example
 * ```ts
 * import { makeTci, vlanPcp, vlanVid } from "@planecheck/planecheck/core";
 * import { assertEquals } from "@std/assert";
 *
 * const tci = makeTci(5, 0, 100);
 * assertEquals([vlanPcp(tci), vlanVid(tci)], [5, 100]);
 * ```
 */
export function makeTci(pcp: number, dei: number, vid: number): number {
  const exact = (value: number, max: number, name: string): void => {
    if (!Number.isInteger(value) || value < 0 || value > max) {
      throw new RangeError(`Cannot make TCI: ${name} is ${value}, not 0..${max}`);
    }
  };
  exact(pcp, 7, "pcp");
  exact(dei, 1, "dei");
  exact(vid, 0xfff, "vid");
  return (pcp << 13) | (dei << 12) | vid;
}

/**
 * Puts a tag in front of what follows the addresses of the frame at `off`, and answers where the
 * frame begins now: `off - 4`. The frame is four bytes longer.
 *
 * @throws {RangeError} when fewer than four bytes lie before the frame
 * @example
 * ```ts
 * import { popVlan, pushVlan } from "@planecheck/planecheck/core";
 * import { assertEquals } from "@std/assert";
 *
 * const buffer = new Uint8Array(64); // 4 bytes of headroom, a frame of 60
 * const at = pushVlan(buffer, 4, 0x8100, 7);
 * assertEquals(at, 0);
 * assertEquals(popVlan(buffer, at, 64), 4);
 * ```
 */
export function pushVlan(bytes: Uint8Array, off: number, tpid: number, tci: number): number {
  if (off < VLAN_TAG_BYTES) {
    throw new RangeError(`Cannot push VLAN tag: ${off} bytes of headroom, 4 needed`);
  }
  const at = off - VLAN_TAG_BYTES;
  for (let i = 0; i < 12; i++) bytes[at + i] = bytes[off + i]!;
  writeU16(bytes, at + 12, tpid);
  writeU16(bytes, at + 14, tci);
  return at;
}

/**
 * Takes the outermost tag off the frame of `len` bytes at `off`, and answers where the frame begins
 * now: `off + 4`, or -1 when it has no whole tag, and then nothing is changed. The frame is four
 * bytes shorter.
 */
export function popVlan(bytes: Uint8Array, off: number, len: number): number {
  if (len < 18 || !isVlanType(etherType(bytes, off))) return -1;
  const at = off + VLAN_TAG_BYTES;
  for (let i = 11; i >= 0; i--) bytes[at + i] = bytes[off + i]!;
  return at;
}
