/**
 * IPv4 options (RFC 791, 3.1): a list of a type byte alone (end of list, no operation) or type,
 * length and data, behind the 20 bytes of a header whose first byte is at `off`. The header itself
 * has been judged: `checkHeader` has said that IHL's bytes are there.
 *
 * Each step of a walk moves on by at least one byte and by nothing that does not lie in the header,
 * so a walk ends after at most 40 steps whatever the bytes are.
 */

import { IPV4_HEADER_BYTES, ipv4HeaderLength } from "./ipv4.ts";

/** Type of the option that ends the list. */
export const IPV4_OPTION_END = 0;
/** Type of the option that fills a byte. */
export const IPV4_OPTION_NOP = 1;
/** The bit of an option's type that says "into every fragment" (RFC 791, 3.1, the copied flag). */
export const IPV4_OPTION_COPIED = 0x80;

/**
 * Bytes of the option at `at` in a list that ends at `end`: 1 or as its length byte says, and 0
 * where that byte is missing, below 2, or leads beyond `end`. O(1).
 */
export function ipv4OptionLength(bytes: Uint8Array, at: number, end: number): number {
  if (!(at < end)) return 0;
  if (bytes[at]! <= IPV4_OPTION_NOP) return 1;
  if (at + 1 >= end) return 0;
  const length = bytes[at + 1]!;
  return length >= 2 && at + length <= end ? length : 0;
}

/**
 * Whether every option up to the end of the list lies whole in the header at `off`. O(options).
 *
 * @example
 * ```ts
 * import { checkIpv4Options } from "@planecheck/planecheck/core";
 * import { assert, assertFalse } from "@std/assert";
 *
 * const header = new Uint8Array(24);
 * header.set([0x46], 0);
 * header.set([0x94, 4, 0, 0], 20); // router alert (RFC 2113)
 * assert(checkIpv4Options(header, 0));
 * header[21] = 5; // one byte beyond the header
 * assertFalse(checkIpv4Options(header, 0));
 * ```
 */
export function checkIpv4Options(bytes: Uint8Array, off: number): boolean {
  const end = off + ipv4HeaderLength(bytes, off);
  let at = off + IPV4_HEADER_BYTES;
  while (at < end && bytes[at] !== IPV4_OPTION_END) {
    const length = ipv4OptionLength(bytes, at, end);
    if (length === 0) return false;
    at += length;
  }
  return true;
}

/**
 * Writes the options of the header at `off` that belong into every fragment (those with the copied
 * flag) at `out[at..]`, filled up with zeros to a multiple of four bytes, and answers how many bytes
 * that are; with `out` null it only counts. Nothing behind a broken option is copied. O(options).
 */
export function copyFragmentOptions(
  bytes: Uint8Array,
  off: number,
  out: Uint8Array | null,
  at: number,
): number {
  const end = off + ipv4HeaderLength(bytes, off);
  let n = 0;
  for (let from = off + IPV4_HEADER_BYTES; from < end && bytes[from] !== IPV4_OPTION_END;) {
    const length = ipv4OptionLength(bytes, from, end);
    if (length === 0) break;
    if ((bytes[from]! & IPV4_OPTION_COPIED) !== 0) {
      if (out !== null) { for (let i = 0; i < length; i++) out[at + n + i] = bytes[from + i]!; }
      n += length;
    }
    from += length;
  }
  for (; (n & 3) !== 0; n++) if (out !== null) out[at + n] = IPV4_OPTION_END;
  return n;
}
