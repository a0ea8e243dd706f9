/**
 * CRC32C (Castagnoli): the check of iSCSI (RFC 3720, 12.1) and the hash that DPDK's tables use by
 * default (rte_hash_crc, which the CPU's CRC instruction computes).
 *
 * Four tables of 256 words take four bytes a step ("slicing", Kounavis and Berry, "A Systematic
 * Approach to Building High Performance, Software-based, CRC Generators", ISCC 2005); 4 KiB.
 */

/** The polynomial 0x1edc6f41 with its bits reversed. */
const POLYNOMIAL = 0x82f63b78;

/** Word `256 k + b`: what byte `b` becomes when `k` zero bytes follow it. */
const TABLES: Uint32Array = tables();

function tables(): Uint32Array {
  const words = new Uint32Array(4 * 256);
  for (let byte = 0; byte < 256; byte++) {
    let crc = byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc & 1) === 1 ? crc >>> 1 ^ POLYNOMIAL : crc >>> 1;
    words[byte] = crc;
  }
  for (let at = 256; at < words.length; at++) {
    const before = words[at - 256]!;
    words[at] = words[before & 0xff]! ^ before >>> 8;
  }
  return words;
}

/**
 * The CRC register after `len` more bytes from `off` on, when it was `crc` before: the bare update,
 * as rte_hash_crc and the instruction do it. O(len).
 *
 * @returns the register, an unsigned number of 32 bits
 *
 * @example
 * ```ts
 * import { crc32cUpdate } from "@planecheck/planecheck/core";
 * import { assertEquals } from "@std/assert";
 *
 * const bytes = Uint8Array.of(1, 2, 3, 4, 5);
 * const half = crc32cUpdate(0xffff_ffff, bytes, 0, 3);
 * assertEquals(crc32cUpdate(half, bytes, 3, 2), crc32cUpdate(0xffff_ffff, bytes, 0, 5));
 * ```
 */
export function crc32cUpdate(crc: number, bytes: Uint8Array, off: number, len: number): number {
  const words = TABLES;
  const end = off + len;
  let at = off;
  for (; at + 4 <= end; at += 4) {
    crc = words[768 + ((crc ^ bytes[at]!) & 0xff)]! ^
      words[512 + ((crc >>> 8 ^ bytes[at + 1]!) & 0xff)]! ^
      words[256 + ((crc >>> 16 ^ bytes[at + 2]!) & 0xff)]! ^
      words[(crc >>> 24) ^ bytes[at + 3]!]!;
  }
  for (; at < end; at++) crc = words[(crc ^ bytes[at]!) & 0xff]! ^ crc >>> 8;
  return crc >>> 0;
}

/**
 * The CRC32C of `len` bytes from `off` on, as RFC 3720 defines it: the register starts with all ones
 * and is complemented at the end. O(len).
 *
 * @returns an unsigned number of 32 bits
 *
 * @example
 * ```ts
 * import { crc32c } from "@planecheck/planecheck/core";
 * import { assertEquals } from "@std/assert";
 *
 * // RFC 3720, B.4: 32 bytes of zeros
 * assertEquals(crc32c(new Uint8Array(32), 0, 32), 0x8a9136aa);
 * ```
 */
export function crc32c(bytes: Uint8Array, off: number, len: number): number {
  return ~crc32cUpdate(0xffff_ffff, bytes, off, len) >>> 0;
}
