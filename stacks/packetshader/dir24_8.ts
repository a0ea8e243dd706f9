/**
 * DIR-24-8 (Gupta, Lin, McKeown, INFOCOM 1998) as words that CPU and GPU read alike. The host keeps the routes and
 * changes the words; the device has a copy of them.
 *
 *     word 0           answer of a miss: the default route, or 0
 *     word 1           bits that the first level resolves: 24 as published, 16 or 8 for small scenarios
 *     word 2 on        first level, 2^bits entries, then groups of 256
 *
 * An entry is 0 (no route), a next hop plus 1, or, with the top bit set, the number of a group that resolves eight
 * bits more. With 24 first bits that is the second and last level.
 */

/** Words before the first level. */
export const TABLE_HEADER = 2;
/** Bit of an entry that names a group. */
export const EXTENDED = 0x8000_0000;
/** Entries of a group. */
export const GROUP = 256;

/**
 * Puts the next hop plus 1 of an address, or 0, into `results[at]`; answers the dependent reads that took. The plain
 * twin of `shader/ipv4.ts`.
 */
export function lookupDir24_8(
  words: Uint32Array,
  address: number,
  results: Uint32Array,
  at: number,
): number {
  const bits = words[1]!;
  let shift = 32 - bits;
  let entry = words[TABLE_HEADER + (address >>> shift)]!;
  const groups = TABLE_HEADER + 2 ** bits;
  let reads = 1;
  while (entry >= EXTENDED) {
    shift -= 8;
    entry = words[groups + (entry - EXTENDED) * GROUP + ((address >>> shift) & 255)]!;
    reads++;
  }
  results[at] = entry === 0 ? words[0]! : entry;
  return reads;
}
