/** The smallest draw that still fails, by trying the simpler ones over and over. */
import type { Geometry } from "../../core/machine/device.ts";
import type { ScenarioDraw } from "./draw.ts";
import { simplerDraws } from "./simpler.ts";

/** What minimising came to. */
export interface Minimised {
  /** The smallest draw found that fails. */
  readonly draw: ScenarioDraw;
  /**
   * Whether it was established that no simpler step, so no removal of any one packet, still fails.
   */
  readonly minimal: boolean;
  /** How often `stillFails` was asked. */
  readonly runs: number;
}

/**
 * Follows the steps of `simplerDraws` as long as `stillFails` says yes. Greedy: the first simpler
 * draw that fails is taken and the search begins anew, so the result is a local minimum. Asks at
 * most `maxRuns` times; `stillFails` must give the same answer to the same draw. What `fixed` gives
 * of the geometry stays.
 *
 * @example
 * ```ts
 * import { minimise, scenario } from "@planecheck/planecheck/properties";
 * import { STRICT } from "@planecheck/planecheck/core";
 * import { assertEquals } from "@std/assert";
 * import fc from "fast-check";
 *
 * const [draw] = fc.sample(scenario(STRICT).filter((one) => one.packets.length > 3), 1);
 * const least = minimise(draw!, (one) => one.packets.length >= 3, 1000);
 * assertEquals(least.draw.packets.length, 3);
 * assertEquals(least.minimal, true);
 * ```
 */
export function minimise(
  draw: ScenarioDraw,
  stillFails: (draw: ScenarioDraw) => boolean,
  maxRuns: number,
  fixed: Partial<Geometry> = {},
): Minimised {
  const search = simplerAndSimpler(draw, maxRuns, fixed);
  let step = search.next();
  while (!step.done) step = search.next(stillFails(step.value));
  return step.value;
}

/** As {@link minimise}, for a `stillFails` that takes its time; asked once at a time, in the same order. */
export async function minimiseAsync(
  draw: ScenarioDraw,
  stillFails: (draw: ScenarioDraw) => Promise<boolean>,
  maxRuns: number,
  fixed: Partial<Geometry> = {},
): Promise<Minimised> {
  const search = simplerAndSimpler(draw, maxRuns, fixed);
  let step = search.next();
  while (!step.done) step = search.next(await stillFails(step.value));
  return step.value;
}

/** Hands out simpler draws, and is told of each whether it still fails. */
function* simplerAndSimpler(
  draw: ScenarioDraw,
  maxRuns: number,
  fixed: Partial<Geometry>,
): Generator<ScenarioDraw, Minimised, boolean> {
  let current = draw;
  let runs = 0;
  search: for (;;) {
    for (const candidate of simplerDraws(current, fixed)) {
      if (runs === maxRuns) return { draw: current, minimal: false, runs };
      runs++;
      if (yield candidate) {
        current = candidate;
        continue search;
      }
    }
    return { draw: current, minimal: true, runs };
  }
}
