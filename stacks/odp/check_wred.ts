/** Checks entries of tm_queues: what was handed in against what became of it, and WRED's decisions as a whole. */
import type { TmQueue } from "./tm_node.ts";
import type { WredFact } from "./tm_log.ts";
import { DEFAULT_QUEUES, TM_COLOURS, type TmOptions, type TmWredOptions } from "./tm_options.ts";

/** ODP-18. */
export function checkConservation(queues: readonly TmQueue[]): string | null | undefined {
  for (const { name, offered, discards, refused, packets, pkts } of queues) {
    if (offered === discards + packets + pkts && refused <= discards) continue;
    return `tm_queue ${name} was handed ${offered} packets, but ${discards} were dropped, ${packets} sent, ` +
      `and ${pkts} wait`;
  }
  return queues.some(({ offered }) => offered > 0) ? null : undefined;
}

/** The line through the thresholds, as points: percent of fullness, percent of packets. */
function line(profile: TmWredOptions, fullness: number): number {
  const points = [
    [profile.minThreshold, 0],
    [profile.medThreshold, profile.medDropProb],
    [100, profile.maxDropProb],
  ] as const;
  for (const [i, [x, y]] of points.entries()) {
    const next = points[i + 1];
    if (next === undefined || fullness < x || fullness >= next[0]) continue;
    return (y + (next[1] - y) * (fullness - x) / (next[0] - x)) / 100;
  }
  return 0;
}

/** ODP-19: of each queue and colour the number of drops lies within five deviations of what the line says. */
export function checkWred(
  decisions: readonly WredFact[],
  options: TmOptions,
): string | null | undefined {
  const queues = options.queues ?? DEFAULT_QUEUES;
  const sums = new Map<string, { drops: number; expected: number; variance: number }>();
  for (const { queue, colour, pkts, isDropped } of decisions) {
    const { name, wred, maxPkts = 1024 } = queues[queue]!;
    const word = TM_COLOURS[colour]!;
    const chance = line(wred![word]!, 100 * pkts / maxPkts);
    if (isDropped && chance === 0) {
      return `tm_queue ${name} dropped a ${word} packet with ${pkts} of ${maxPkts} in it, expected none`;
    }
    const key = `${word} packets of tm_queue ${name}`;
    const sum = sums.get(key) ?? { drops: 0, expected: 0, variance: 0 };
    sums.set(key, {
      drops: sum.drops + Number(isDropped),
      expected: sum.expected + chance,
      variance: sum.variance + chance * (1 - chance),
    });
  }
  for (const [key, { drops, expected, variance }] of sums) {
    if (Math.abs(drops - expected) <= 5 * Math.sqrt(variance) + 1) continue;
    return `WRED dropped ${drops} ${key}, expected ${
      expected.toFixed(1)
    } by the line between its thresholds`;
  }
  return sums.size === 0 ? undefined : null;
}
