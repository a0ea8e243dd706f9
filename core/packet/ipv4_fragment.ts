/**
 * Cutting an IPv4 packet to a smaller MTU (RFC 791, 2.3 and 3.2), one fragment at a time: fragment i
 * of a packet is a function of packet, MTU and i, so nothing is kept between two of them and a
 * caller writes each where it likes.
 *
 * The packet's header has been judged by `checkHeader`. All fragments but the last carry a multiple
 * of eight bytes, as many as fit. The first carries all options, the others those with the copied
 * flag; their headers may thus be shorter, and hold more data. A packet that is a fragment itself is
 * cut likewise: offsets count on from its own, and its last part has "more fragments" as it has.
 */

import { IPV4_DF, IPV4_HEADER_BYTES, IPV4_MF } from "./ipv4.ts";
import * as ip from "./ipv4.ts";
import { copyFragmentOptions } from "./ipv4_options.ts";

/** Smallest MTU: the longest header and eight bytes (RFC 791, 3.2: every module forwards 68). */
export const IPV4_MTU_MIN = 68;

function checkMtu(mtu: number): void {
  if (!Number.isInteger(mtu) || mtu < IPV4_MTU_MIN || mtu > 0xffff) {
    throw new RangeError(`Cannot fragment for an MTU of ${mtu}: not an integer 68..65535`);
  }
}

/** Bytes of the header of every fragment but the first. */
function laterHeaderBytes(bytes: Uint8Array, off: number): number {
  return IPV4_HEADER_BYTES + copyFragmentOptions(bytes, off, null, 0);
}

/**
 * How many fragments the packet at `off` gives: 1 when it fits as it is, and 0 when it must not be
 * cut, for "don't fragment" is set, or it is a fragment whose end lies beyond the longest packet, so
 * that an offset could not be written. O(options).
 *
 * @throws {RangeError} when `mtu` is not an integer 68..65535
 * @example
 * ```ts
 * import { ipv4FragmentCount, writeIpv4Fragment, writeUdpFrame } from "@planecheck/planecheck/core";
 * import { assertEquals } from "@std/assert";
 *
 * const frame = new Uint8Array(1514);
 * writeUdpFrame(frame, 0, { dstMac: 1, srcMac: 2, src: 3, dst: 4, payload: 1472 });
 * assertEquals(ipv4FragmentCount(frame, 14, 576), 3);
 * const out = new Uint8Array(576);
 * const bytes = [0, 1, 2].map((i) => writeIpv4Fragment(frame, 14, 576, i, out, 0));
 * assertEquals(bytes, [572, 572, 396]);
 * ```
 */
export function ipv4FragmentCount(bytes: Uint8Array, off: number, mtu: number): number {
  checkMtu(mtu);
  const total = ip.ipv4TotalLength(bytes, off);
  if (total <= mtu) return 1;
  if ((ip.ipv4Flags(bytes, off) & IPV4_DF) !== 0) return 0;
  const header = ip.ipv4HeaderLength(bytes, off);
  const payload = total - header;
  if (ip.ipv4FragmentOffset(bytes, off) * 8 + payload > 0xffff) return 0;
  const room = mtu - laterHeaderBytes(bytes, off);
  const rest = payload - ((mtu - header) & ~7);
  // The last fragment may fill its room to the last byte, the others to a multiple of eight.
  return 2 + Math.max(0, Math.ceil((rest - room) / (room & ~7)));
}

/**
 * Writes the header of fragment `i`, right to its checksum, at `out[at..]` and answers its bytes.
 * Offset and total length in it say which bytes of the packet are to follow. O(options).
 *
 * @throws {RangeError} when `i` is not below {@link ipv4FragmentCount}, or that is 0
 */
export function writeIpv4FragmentHeader(
  bytes: Uint8Array,
  off: number,
  mtu: number,
  i: number,
  out: Uint8Array,
  at: number,
): number {
  const count = ipv4FragmentCount(bytes, off, mtu);
  if (!(i >= 0 && i < count)) {
    throw new RangeError(`Cannot write fragment ${i}: the packet gives ${count}`);
  }
  const full = ip.ipv4HeaderLength(bytes, off);
  const payload = ip.ipv4TotalLength(bytes, off) - full;
  const first = count === 1 ? payload : (mtu - full) & ~7;
  const later = laterHeaderBytes(bytes, off);
  const room = (mtu - later) & ~7;
  const start = i === 0 ? 0 : first + (i - 1) * room;
  const isLast = i === count - 1;
  const length = isLast ? payload - start : i === 0 ? first : room;
  for (let k = 0; k < IPV4_HEADER_BYTES; k++) out[at + k] = bytes[off + k]!;
  const header = i === 0 ? full : later;
  if (i > 0) copyFragmentOptions(bytes, off, out, at + IPV4_HEADER_BYTES);
  else for (let k = IPV4_HEADER_BYTES; k < full; k++) out[at + k] = bytes[off + k]!;
  ip.setIpv4HeaderLength(out, at, header);
  ip.setIpv4TotalLength(out, at, header + length);
  ip.setIpv4FragmentOffset(out, at, ip.ipv4FragmentOffset(bytes, off) + start / 8);
  if (!isLast) ip.setIpv4Flags(out, at, ip.ipv4Flags(bytes, off) | IPV4_MF);
  ip.fillIpv4Checksum(out, at);
  return header;
}

/**
 * Writes fragment `i` whole at `out[at..]`, which must not overlap the packet, and answers its bytes:
 * at most `mtu`. O(bytes).
 *
 * @throws {RangeError} as {@link writeIpv4FragmentHeader} does, and when `out` is too short
 */
export function writeIpv4Fragment(
  bytes: Uint8Array,
  off: number,
  mtu: number,
  i: number,
  out: Uint8Array,
  at: number,
): number {
  const header = writeIpv4FragmentHeader(bytes, off, mtu, i, out, at);
  const total = ip.ipv4TotalLength(out, at);
  const moved = ip.ipv4FragmentOffset(out, at) - ip.ipv4FragmentOffset(bytes, off);
  const from = off + ip.ipv4HeaderLength(bytes, off) + moved * 8;
  out.set(bytes.subarray(from, from + total - header), at + header);
  return total;
}

/** Bytes of a TCP header that a filter wants to see in a first fragment: tmin of RFC 1858, 3.2.1. */
const TCP_SEEN_MIN = 16;

/**
 * Whether the fragment at `off` is one that hides TCP's flags from who filters without reassembly:
 * a first fragment with fewer than 16 bytes of TCP, or one at offset 8, which could write over them
 * (RFC 1858, 3.2 and 4.2; RFC 3128). Such are to be dropped by a filter; a {@link Reassembler}
 * takes them, for it sees the whole header and never lets bytes be written over. O(1).
 */
export function isTinyIpv4Fragment(bytes: Uint8Array, off: number): boolean {
  if (!ip.isIpv4Fragment(bytes, off) || ip.ipv4Protocol(bytes, off) !== ip.PROTOCOL_TCP) {
    return false;
  }
  const units = ip.ipv4FragmentOffset(bytes, off);
  const data = ip.ipv4TotalLength(bytes, off) - ip.ipv4HeaderLength(bytes, off);
  return units === 1 || (units === 0 && data < TCP_SEEN_MIN);
}
