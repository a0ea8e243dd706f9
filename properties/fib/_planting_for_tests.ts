// How a fault is planted in a table and how it has to be caught. No test of its own.
import { assertEquals, assertMatch, assertThrows } from "@std/assert";
import type { FibGeometry, FibVerdict } from "./mod.ts";

/** One step of a table gone wrong; `I` is what the table keeps to itself. */
export interface PlantedFault<F, I = unknown> {
  readonly name: string;
  /** A law that has to catch it, or a piece of what `checkInvariants` has to say. */
  readonly caughtBy: string;
  readonly plant: (fib: F, inside: I) => void;
}

/** `judgeFib` or `judgeFib6`. */
export type Judge<F, O> = (
  name: string,
  make: (geometry: FibGeometry) => F,
  options: O & { only: RegExp },
) => Iterable<FibVerdict>;

/**
 * Registers a test in which each fault, planted alone, is caught as it says: by its law, or by a
 * `check` that judges a table by its own invariants.
 */
export function registerFaults<F, I, O>(
  name: string,
  judge: Judge<F, O>,
  make: (geometry: FibGeometry) => F,
  options: O,
  faults: readonly PlantedFault<F, I>[],
  check?: (fib: F) => void,
): void {
  Deno.test(name, async (t) => {
    for (const { name, caughtBy, plant } of faults) {
      await t.step(`${caughtBy} catches: ${name}`, () => {
        const faulty = (geometry: FibGeometry): F => {
          const fib = make(geometry);
          plant(fib, fib as unknown as I);
          return fib;
        };
        if (/^LPM-\d+$/.test(caughtBy)) return expectCaught(judge, faulty, options, caughtBy);
        const fib = faulty({ groups: 1000, maxRules: 1000, defaultRoute: true });
        assertThrows(() => check?.(fib), Error, caughtBy);
      });
    }
  });
}

/** The law, alone, finds the table broken and says so. */
export function expectCaught<F, O>(
  judge: Judge<F, O>,
  make: (geometry: FibGeometry) => F,
  options: O,
  law: string,
): void {
  const [verdict] = [...judge("the faulty table", make, {
    ...options,
    only: new RegExp(`^${law}$`),
  })];
  assertEquals(verdict!.outcome, "broken");
  assertMatch(verdict!.message, new RegExp(`^${law} broken by the faulty table: `));
  assertMatch(verdict!.message, /expected/);
}
