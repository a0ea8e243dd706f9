/**
 * The Internet checksum (RFC 1071): the one's complement of the one's complement sum of 16-bit
 * words.
 *
 * In one's complement zero has two forms. The sum of words that are not all zero is never +0
 * (0x0000), so a checksum computed in full is never 0xffff unless every word was zero, and a header
 * that is right sums to 0xffff. An incremental update must keep to that: RFC 1624 eqn 3 does; RFC
 * 1141 eqn 2 does not, and is not here. "Sum" below is a plain number that still has its carries in
 * the high bits; `fold` brings them round.
 */

import { readU32 } from "./bytes.ts";

/** Bytes after which the carries are folded: 2^14 words of at most 2^16 - 1 stay below 2^30. */
const CHUNK_BYTES = 0x8000;

/**
 * Folds the carries of a sum of 16-bit words into 16 bits (RFC 1071, section 2 (B): end-around
 * carry). `sum` is an integer 0..2^32-1; 0 gives 0 and nothing else does.
 *
 * @example
 * ```ts
 * import { fold } from "@planecheck/planecheck/core";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(fold(0x2ddf0), 0xddf2); // the example of RFC 1071, section 3
 * ```
 */
export function fold(sum: number): number {
  const once = (sum >>> 16) + (sum & 0xffff);
  return (once >>> 16) + (once & 0xffff);
}

/**
 * Sum of the `len` bytes at `off` as 16-bit words, added to `initial` (an earlier sum, or 0); an
 * odd last byte counts as the high byte of a word (RFC 1071, section 1). The answer is below 2^31,
 * carries not folded. Partial sums may be chained at even distances only. O(len).
 */
export function sumWords(bytes: Uint8Array, off: number, len: number, initial: number): number {
  let sum = fold(initial);
  let at = off;
  const end = off + len;
  while (end - at >= 2) {
    const stop = Math.min(at + CHUNK_BYTES, end - ((end - at) & 1));
    let high = 0;
    let low = 0;
    for (; stop - at >= 8; at += 8) {
      high += bytes[at]! + bytes[at + 2]! + bytes[at + 4]! + bytes[at + 6]!;
      low += bytes[at + 1]! + bytes[at + 3]! + bytes[at + 5]! + bytes[at + 7]!;
    }
    for (; at < stop; at += 2) {
      high += bytes[at]!;
      low += bytes[at + 1]!;
    }
    sum = fold(sum + (high << 8) + low);
  }
  return at < end ? sum + (bytes[at]! << 8) : sum;
}

/**
 * The checksum of the `len` bytes at `off` and of what `initial` sums (a pseudo header), 0..0xffff.
 * Over bytes that hold their own right checksum it is 0. O(len).
 *
 * @example
 * ```ts
 * import { checksum } from "@planecheck/planecheck/core";
 * import { assertEquals } from "@std/assert";
 *
 * // The numerical example of RFC 1071, section 3.
 * const words = Uint8Array.of(0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7);
 * assertEquals(checksum(words, 0, 8), 0x220d);
 * ```
 */
export function checksum(bytes: Uint8Array, off: number, len: number, initial = 0): number {
  return ~fold(sumWords(bytes, off, len, initial)) & 0xffff;
}

/**
 * The same number as {@link checksum}, one word at a time with the carry brought round at once:
 * what the fast paths are compared with.
 */
export function checksumPlain(bytes: Uint8Array, off: number, len: number, initial = 0): number {
  let sum = initial;
  while (sum > 0xffff) sum = Math.floor(sum / 0x10000) + sum % 0x10000;
  for (let i = 0; i < len; i += 2) {
    sum += bytes[off + i]! * 256 + (i + 1 < len ? bytes[off + i + 1]! : 0);
    if (sum > 0xffff) sum -= 0xffff;
  }
  return 0xffff - sum;
}

/**
 * The checksum of the 20 bytes at `off`, as {@link checksum} gives it: the path of every IPv4
 * header without options, written out because a loop over ten words costs more than twice as much.
 */
export function checksumIpv4Header20(bytes: Uint8Array, off: number): number {
  const high = bytes[off]! + bytes[off + 2]! + bytes[off + 4]! + bytes[off + 6]! + bytes[off + 8]! +
    bytes[off + 10]! + bytes[off + 12]! + bytes[off + 14]! + bytes[off + 16]! + bytes[off + 18]!;
  const low = bytes[off + 1]! + bytes[off + 3]! + bytes[off + 5]! + bytes[off + 7]! +
    bytes[off + 9]! + bytes[off + 11]! + bytes[off + 13]! + bytes[off + 15]! + bytes[off + 17]! +
    bytes[off + 19]!;
  return ~fold((high << 8) + low) & 0xffff;
}

/**
 * Whether the `len` bytes at `off`, which hold their checksum, and `initial` sum to 0xffff. O(len).
 */
export function verifyChecksum(
  bytes: Uint8Array,
  off: number,
  len: number,
  initial = 0,
): boolean {
  return fold(sumWords(bytes, off, len, initial)) === 0xffff;
}

/**
 * The checksum after one 16-bit word that it covers changed from `before` to `after`: RFC 1624, eqn
 * 3, HC' = ~(~HC + ~m + m'). Equal to a full computation whenever `sum` was right and the covered
 * words are not all zero; both forms of zero in `sum` give the same answer. O(1).
 *
 * @example
 * ```ts
 * import { updateChecksum } from "@planecheck/planecheck/core";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(updateChecksum(0xdd2f, 0x5555, 0x3285), 0x0000); // RFC 1624, section 4
 * ```
 */
export function updateChecksum(sum: number, before: number, after: number): number {
  return ~fold((~sum & 0xffff) + (~before & 0xffff) + after) & 0xffff;
}

/** As {@link updateChecksum}, for an unsigned 32-bit field (an address) at an even distance. */
export function updateChecksum32(sum: number, before: number, after: number): number {
  const high = updateChecksum(sum, before >>> 16, after >>> 16);
  return updateChecksum(high, before & 0xffff, after & 0xffff);
}

/**
 * Sum of the IPv4 pseudo header (RFC 768; RFC 793, 3.1): addresses, protocol and length of header
 * and data of the transport protocol. To be given as `initial`.
 */
export function pseudoHeaderSum(
  src: number,
  dst: number,
  protocol: number,
  length: number,
): number {
  return (src >>> 16) + (src & 0xffff) + (dst >>> 16) + (dst & 0xffff) + protocol + length;
}

/** {@link pseudoHeaderSum} of the addresses in the IPv4 header at `l3off`. */
export function pseudoHeaderSumAt(
  bytes: Uint8Array,
  l3off: number,
  protocol: number,
  length: number,
): number {
  return pseudoHeaderSum(readU32(bytes, l3off + 12), readU32(bytes, l3off + 16), protocol, length);
}

/**
 * The checksum of `len` bytes at `off` as if the 16-bit field at `off + fieldAt` (an even distance)
 * held zero: how a checksum is computed that lies inside what it covers, without writing to it
 * first.
 *
 * @throws {RangeError} when the field does not lie inside the `len` bytes
 */
export function checksumWithout(
  bytes: Uint8Array,
  off: number,
  len: number,
  fieldAt: number,
  initial: number,
): number {
  if (!(fieldAt + 2 <= len)) {
    throw new RangeError(
      `Cannot compute checksum: ${len} bytes do not hold the field at byte ${fieldAt}`,
    );
  }
  const before = sumWords(bytes, off, fieldAt, initial);
  return checksum(bytes, off + fieldAt + 2, len - fieldAt - 2, before);
}
