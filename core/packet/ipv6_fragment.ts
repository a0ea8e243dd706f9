/**
 * Cutting an IPv6 packet to a path's MTU (RFC 8200, 4.5), one fragment at a time as
 * `ipv4_fragment.ts` does. Only the source of a packet does this; a router answers "packet too big".
 *
 * Every fragment repeats the per-fragment headers (IPv6 and what routers look at) and has a fragment
 * header behind them; the rest is cut into multiples of eight bytes. The packet's header has been
 * judged by `checkHeader6`.
 */

import * as ip from "./ipv6.ts";
import {
  IPV6_FRAGMENT,
  IPV6_FRAGMENT_BYTES,
  ipv6FragmentOffset,
  Ipv6Headers,
  ipv6UpperBytes,
  writeIpv6FragmentHeader,
} from "./ipv6_extensions.ts";

/** Smallest MTU of a link that carries IPv6 (RFC 8200, 5). */
export const IPV6_MTU_MIN = 1280;

const headers = new Ipv6Headers();

/**
 * How many fragments the packet at `off` gives: 1 when it fits as it is, and 0 when it cannot be
 * cut: it has a fragment header already, its extension headers are not whole within the first
 * `available` bytes (a buffer's first segment, say), or they and the transport header do not fit
 * into the first fragment (RFC 8200, 4.5; RFC 7112, 5). O(extension headers).
 *
 * @throws {RangeError} when `mtu` is not an integer 1280..65535
 * @example
 * ```ts
 * import { ipv6FragmentCount, writeIpv6Fragment, writeUdp6Frame } from "@planecheck/planecheck/core";
 * import { assertEquals } from "@std/assert";
 *
 * const frame = new Uint8Array(4000);
 * const [src, dst] = [new Uint8Array(16), new Uint8Array(16)];
 * writeUdp6Frame(frame, 0, { dstMac: 1, srcMac: 2, src, dst, payload: 3000 });
 * assertEquals(ipv6FragmentCount(frame, 14, 1280), 3);
 * const out = new Uint8Array(1280);
 * const bytes = [0, 1, 2].map((i) => writeIpv6Fragment(frame, 14, 1280, i, 77, out, 0));
 * assertEquals(bytes, [1280, 1280, 592]);
 * ```
 */
export function ipv6FragmentCount(
  bytes: Uint8Array,
  off: number,
  mtu: number,
  available = Infinity,
): number {
  if (!Number.isInteger(mtu) || mtu < IPV6_MTU_MIN || mtu > 0xffff) {
    throw new RangeError(`Cannot fragment for an MTU of ${mtu}: not an integer 1280..65535`);
  }
  const whole = ip.IPV6_HEADER_BYTES + ip.ipv6PayloadLength(bytes, off);
  if (whole <= mtu) return 1;
  const how = headers.walk(bytes, off, Math.min(whole, available));
  const room = mtu - headers.perFragmentBytes - IPV6_FRAGMENT_BYTES;
  if (how !== "whole" || headers.fragmentAt >= 0) return 0;
  const first = headers.offset - off - headers.perFragmentBytes + ipv6UpperBytes(headers.protocol);
  if (Math.max(first, 8) > (room & ~7)) return 0;
  const rest = whole - headers.perFragmentBytes;
  // The last fragment may fill its room to the last byte, the others to a multiple of eight.
  return 1 + Math.ceil((rest - room) / (room & ~7));
}

/**
 * Writes the headers of fragment `i`, the fragment header last, at `out[at..]` and answers their
 * bytes. Offset and payload length in them say which bytes of the packet are to follow. All
 * fragments of a packet have one `id`, which the source and destination have not used lately (RFC
 * 7739). O(extension headers).
 *
 * @throws {RangeError} when `i` is not below {@link ipv6FragmentCount}, or that is not above 1
 */
export function writeIpv6FragmentHeaders(
  bytes: Uint8Array,
  off: number,
  mtu: number,
  i: number,
  id: number,
  out: Uint8Array,
  at: number,
): number {
  const count = ipv6FragmentCount(bytes, off, mtu);
  if (!(count > 1 && i >= 0 && i < count)) {
    throw new RangeError(`Cannot write fragment ${i}: the packet gives ${count}`);
  }
  const { perFragmentBytes, perFragmentNextAt } = headers;
  const rest = ip.IPV6_HEADER_BYTES + ip.ipv6PayloadLength(bytes, off) - perFragmentBytes;
  const room = (mtu - perFragmentBytes - IPV6_FRAGMENT_BYTES) & ~7;
  const isLast = i === count - 1;
  const length = isLast ? rest - i * room : room;
  for (let k = 0; k < perFragmentBytes; k++) out[at + k] = bytes[off + k]!;
  const nextAt = at + perFragmentNextAt - off;
  const next = out[nextAt]!;
  out[nextAt] = IPV6_FRAGMENT;
  writeIpv6FragmentHeader(out, at + perFragmentBytes, next, i * room / 8, !isLast, id);
  const behind = perFragmentBytes - ip.IPV6_HEADER_BYTES + IPV6_FRAGMENT_BYTES;
  ip.setIpv6PayloadLength(out, at, behind + length);
  return perFragmentBytes + IPV6_FRAGMENT_BYTES;
}

/**
 * Writes fragment `i` whole at `out[at..]`, which must not overlap the packet, and answers its bytes:
 * at most `mtu`. O(bytes).
 *
 * @throws {RangeError} as {@link writeIpv6FragmentHeaders} does, and when `out` is too short
 */
export function writeIpv6Fragment(
  bytes: Uint8Array,
  off: number,
  mtu: number,
  i: number,
  id: number,
  out: Uint8Array,
  at: number,
): number {
  const n = writeIpv6FragmentHeaders(bytes, off, mtu, i, id, out, at);
  const total = ip.IPV6_HEADER_BYTES + ip.ipv6PayloadLength(out, at);
  const start = ipv6FragmentOffset(out, at + n - IPV6_FRAGMENT_BYTES) * 8;
  const from = off + n - IPV6_FRAGMENT_BYTES + start;
  out.set(bytes.subarray(from, from + total - n), at + n);
  return total;
}
