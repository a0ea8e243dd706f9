/**
 * Weighted random early discard, at the entry of a tm_queue and nowhere else. By a packet's colour, the probability
 * rises from 0 at the least threshold to one value at the middle one and to another just below a full queue; a full
 * queue takes nothing. Fullness is that of the instant, in packets.
 *
 * Source: odp_traffic_mngr.c (random_drop, tm_queue_fullness); its generator is a pseudo-random one too.
 */
import type { TmWredOptions } from "./tm_options.ts";

/** xorshift of 32 bits (Marsaglia, 2003): always the same numbers. */
export class TmRandom {
  #state = 0x9e3779b9;

  /** A number in 0..1, 1 excluded. */
  next(): number {
    let x = this.#state;
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    this.#state = x;
    return (x >>> 0) / 2 ** 32;
  }
}

/** Probability of a drop where `count` of `max` packets wait. */
export function wredProbability(
  { minThreshold, medThreshold, medDropProb, maxDropProb }: TmWredOptions,
  count: number,
  max: number,
): number {
  const fullness = 100 * count / max;
  if (fullness < minThreshold) return 0;
  if (fullness >= 100) return 1;
  const percent = fullness < medThreshold
    ? medDropProb * (fullness - minThreshold) / (medThreshold - minThreshold)
    : medDropProb + (maxDropProb - medDropProb) * (fullness - medThreshold) / (100 - medThreshold);
  return percent / 100;
}
