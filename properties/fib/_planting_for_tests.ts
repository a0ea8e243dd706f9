// What the score tests share: how a fault is planted and how it has to be caught. No test of its
// own.
import { assertEquals, assertMatch } from "@std/assert";
import { groupLedger, judgeFib } from "./mod.ts";
import type { FibGeometry } from "./mod.ts";
import type { Levels } from "../../core/fib/_levels.ts";
import { Dir24_8 } from "../../core/fib/dir24_8.ts";
import type { GroupPool } from "../../core/fib/group_pool.ts";
import type { RuleTable } from "../../core/fib/rule_table.ts";

/** What the table keeps to itself, reached for planting. */
export interface Inside {
  levels: Omit<Levels, "pool"> & { pool: GroupPool };
  rules: RuleTable;
  entries: Uint32Array;
  missHop: number;
  coveringEntry: (prefix: number, depth: number) => number;
}

/** One step of a DIR-24-8 table gone wrong. */
export interface Fault {
  readonly name: string;
  /** A law that has to catch it. */
  readonly law: string;
  readonly plant: (fib: Dir24_8, inside: Inside) => void;
}

/** Registers a test in which each fault, planted alone, is caught by its law. */
export function registerScore(name: string, faults: readonly Fault[]): void {
  Deno.test(name, async (t) => {
    for (const fault of faults) {
      await t.step(`${fault.law} catches: ${fault.name}`, () => {
        expectCaught((geometry) => {
          const fib = new Dir24_8({ firstBits: 8, ...geometry });
          fault.plant(fib, fib as unknown as Inside);
          return fib;
        }, fault.law);
      });
    }
  });
}

/** The law, alone, finds the table broken and says so. */
export function expectCaught(make: (geometry: FibGeometry) => Dir24_8, law: string): void {
  const only = new RegExp(`^${law}$`);
  const [verdict] = [...judgeFib("the faulty table", make, { ledger: groupLedger(8), only })];
  assertEquals(verdict!.outcome, "broken");
  assertMatch(verdict!.message, new RegExp(`^${law} broken by the faulty table: `));
  assertMatch(verdict!.message, /expected/);
}
