import { type Buckets, SLOTS } from "./_buckets.ts";

/**
 * What is wrong in the buckets, in words, or null: every key lies in a bucket that its hash leads to,
 * with its signature; every chained bucket is in one chain and not empty, all others are spare.
 * @param slots gets, for each position, the slots that hold it
 */
export function checkBuckets(
  buckets: Buckets,
  slots: Uint8Array,
  hashAt: (position: number) => number,
): string | null {
  const { next, count, mask } = buckets;
  const chainable = next.length - count;
  let chained = 0;
  for (let home = 0; home < count; home++) {
    for (let b = home; b !== -1; b = next[b]!) {
      if (b !== home && ++chained > chainable) return `the chain of bucket ${home} has no end`;
      let filled = 0;
      for (let slot = b * SLOTS; slot < (b + 1) * SLOTS; slot++) {
        const position = buckets.positions[slot]! - 1;
        if (position < 0) continue;
        filled++;
        slots[position]!++;
        const hash = hashAt(position);
        if (buckets.signatures[slot] !== hash >>> 16) return `slot ${slot} has a wrong signature`;
        const first = hash & mask;
        const second = (first ^ hash >>> 16) & mask;
        if (home !== second && (b !== home || home !== first)) {
          return `position ${position} lies in bucket ${home}, not in ${first} or ${second}`;
        }
      }
      if (b !== home && filled === 0) return `an empty bucket is chained to bucket ${home}`;
      // what is deleted is filled from the end of the chain, or chained buckets would never go back
      if (next[b]! !== -1 && filled < SLOTS) {
        return `a bucket is chained behind ${b}, which has room`;
      }
    }
  }
  if (chainable - chained === buckets.spare) return null;
  return `${chained} buckets chained and ${buckets.spare} spare, of ${chainable}`;
}
