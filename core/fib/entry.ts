/**
 * The 32-bit entry of a DIR-24-8 table as rte_lpm lays it out: bits 0-23 next hop or group, bit 24
 * valid, bit 25 valid_group (the entry leads to a group), bits 26-31 depth of the rule that won the
 * entry. An invalid entry is 0 in all bits, so its depth loses against every rule without being
 * looked at.
 *
 * One departure: in a tbl8, rte_lpm uses valid_group to mark the group as taken, because its
 * allocator scans for a free one. Here a free list knows that, so the bit means in every level what
 * it means in tbl24.
 */

/** Bits of the next hop, or of the number of a group. */
export const HOP = 0x00ff_ffff;
/** The entry answers: it holds a next hop or a group. */
export const VALID = 1 << 24;
/** The entry holds the number of a group of the next level. */
export const EXTENDED = 1 << 25;
/** How far the depth is shifted. */
export const DEPTH_SHIFT = 26;
/** Slots in a group: 8 bits of address. */
export const GROUP_SLOTS = 256;

/** The entry of a rule: an unsigned 32-bit number. */
export function leafEntry(nextHop: number, depth: number): number {
  return ((depth << DEPTH_SHIFT) | VALID | nextHop) >>> 0;
}

/** The entry that leads to a group. Its depth is 0, as in rte_lpm. */
export function groupEntry(group: number): number {
  return (EXTENDED | VALID | group) >>> 0;
}

/** Reads an entry aloud, for error messages. */
export function describeEntry(entry: number): string {
  if (entry === 0) return "invalid";
  if ((entry & EXTENDED) !== 0) return `group ${entry & HOP}`;
  const valid = (entry & VALID) !== 0 ? "" : " without its valid bit";
  return `next hop ${entry & HOP} depth ${entry >>> DEPTH_SHIFT}${valid}`;
}
