/**
 * Small steps over fast-check's random numbers. A draw is some thousand of them, so none allocates.
 */
import type { Random } from "fast-check";

/** One of `from`, each as likely as the others. */
export function pick<T>(random: Random, from: readonly T[]): T {
  return from[random.nextInt(0, from.length - 1)]!;
}

/** True once in `n` times. */
export function oneIn(random: Random, n: number): boolean {
  return random.nextInt(1, n) === 1;
}
