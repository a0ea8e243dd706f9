/**
 * Deviations of the schedule: at some real ties another event of the same instant goes first. Most
 * ties are early in a run, so early occurrences are the likelier ones.
 */
import type { Random } from "fast-check";
import type { Deviation } from "../../core/time/choices.ts";

/** The site at which the clock asks which of several events of one instant runs first. */
export const TIE_SITE = "tie";

/** Up to eight deviations at distinct occurrences. */
export function drawDeviations(random: Random): Deviation[] {
  const count = random.nextInt(1, 8);
  const horizon = random.nextInt(1, 3) === 1 ? 400 : 40;
  const deviations: Deviation[] = [];
  for (let i = 0; i < count; i++) {
    const occurrence = random.nextInt(0, horizon);
    if (deviations.some((deviation) => deviation.occurrence === occurrence)) continue;
    deviations.push({ site: TIE_SITE, occurrence, value: random.nextInt(1, 7) });
  }
  return deviations.sort((a, b) => a.occurrence - b.occurrence);
}
