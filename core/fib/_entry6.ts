/**
 * The 32-bit entry of rte_lpm6: bits 0-20 next hop or group, bits 21-28 depth of the rule that won
 * the entry, bit 29 valid, bit 30 valid_group, bit 31 ext_entry (the entry leads to a group). An
 * invalid entry is 0 in all bits, so its depth loses against every rule without being looked at.
 *
 * valid_group stays 0 here: it marks groups that are taken for rte_lpm6's allocator, and a free
 * list knows that without it.
 */

/** Bits of the next hop, or of the number of a group. */
export const HOP6 = 0x001f_ffff;
/** Bits of the depth. */
export const DEPTH6 = 0x1fe0_0000;
/** How far the depth is shifted. */
export const DEPTH6_SHIFT = 21;
/** The entry answers: it holds a next hop or a group. */
export const VALID6 = 1 << 29;
/** The entry holds the number of a group of the next level. */
export const EXTENDED6 = 1 << 31;

/** The entry of a rule: an unsigned 32-bit number. */
export function leafEntry6(nextHop: number, depth: number): number {
  return ((depth << DEPTH6_SHIFT) | VALID6 | nextHop) >>> 0;
}

/** The entry that leads to a group. Its depth is 0, as in rte_lpm6. */
export function groupEntry6(group: number): number {
  return (EXTENDED6 | VALID6 | group) >>> 0;
}

/** Depth of the rule in an entry; 0 of an invalid one and of one that leads to a group. */
export function depthOfEntry6(entry: number): number {
  return (entry & DEPTH6) >>> DEPTH6_SHIFT;
}

/** Reads an entry aloud, for error messages. */
export function describeEntry6(entry: number): string {
  if (entry === 0) return "invalid";
  if ((entry & EXTENDED6) !== 0) return `group ${entry & HOP6}`;
  const valid = (entry & VALID6) !== 0 ? "" : " without its valid bit";
  return `next hop ${entry & HOP6} depth ${depthOfEntry6(entry)}${valid}`;
}
