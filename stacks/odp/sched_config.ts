/** What can be set on the scheduler (config/odp-linux-generic.conf, sched_basic). */
import { PRIOS } from "./prio_rings.ts";
import type { QueueParam } from "./queue.ts";
import { STASH_MAX } from "./sched_local.ts";

/** Spreads, their weights, and events of a call by priority. */
export interface SchedConfig {
  readonly prioSpread: number;
  readonly prioSpreadWeight: number;
  readonly burstDefault: readonly number[];
  readonly burstMax: readonly number[];
}

/**
 * Events that a call takes from a queue where the caller has room for `max`. Those of ordered queues are not
 * stashed, so that other threads work on what one has no room for.
 */
export function burstOf(config: SchedConfig, { prio, sync }: QueueParam, max: number): number {
  const burst = config.burstDefault[PRIOS - 1 - prio]!;
  if (sync === "ordered") return Math.min(max, burst);
  return max > burst ? Math.min(max, config.burstMax[PRIOS - 1 - prio]!, STASH_MAX) : burst;
}
