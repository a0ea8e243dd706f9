// What the score tests of IPv6 tables share: how a fault is planted and how it has to be caught. No
// test of its own.
import { assertEquals, assertMatch } from "@std/assert";
import { type Fib6Ledger, judgeFib6 } from "../fib6/mod.ts";
import type { FibGeometry } from "./mod.ts";
import type { Fib6 } from "../../core/fib/fib6.ts";

/** One step of a table gone wrong; `Inside` is what the table keeps to itself. */
export interface Fault6<F, Inside> {
  readonly name: string;
  /** A law that has to catch it. */
  readonly law: string;
  readonly plant: (fib: F, inside: Inside) => void;
}

/** Registers a test in which each fault, planted alone, is caught by its law. */
export function registerScore6<F extends Fib6, Inside>(
  name: string,
  make: (geometry: FibGeometry) => F,
  ledger: Fib6Ledger<F>,
  faults: readonly Fault6<F, Inside>[],
): void {
  Deno.test(name, async (t) => {
    for (const { name, law, plant } of faults) {
      await t.step(`${law} catches: ${name}`, () => {
        const faulty = (geometry: FibGeometry): F => {
          const fib = make(geometry);
          plant(fib, fib as unknown as Inside);
          return fib;
        };
        const options = { ledger, only: new RegExp(`^${law}$`), numRuns: 39 };
        const [verdict] = [...judgeFib6("the faulty table", faulty, options)];
        assertEquals(verdict!.outcome, "broken");
        assertMatch(verdict!.message, new RegExp(`^${law} broken by the faulty table: `));
        assertMatch(verdict!.message, /expected/);
      });
    }
  });
}
