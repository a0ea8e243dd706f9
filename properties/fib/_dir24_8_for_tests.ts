// A DIR-24-8 table to plant faults in. No test of its own.
import type { Levels } from "../../core/fib/_levels.ts";
import { Dir24_8 } from "../../core/fib/dir24_8.ts";
import type { GroupPool } from "../../core/fib/group_pool.ts";
import type { RuleTable } from "../../core/fib/rule_table.ts";
import { type FibGeometry, groupLedger, judgeFib } from "./mod.ts";
import { type PlantedFault, registerFaults } from "./_planting_for_tests.ts";

/** What the table keeps to itself, reached for planting. */
export interface Inside {
  levels: Omit<Levels, "pool"> & { pool: GroupPool };
  rules: RuleTable;
  entries: Uint32Array;
  missHop: number;
  coveringEntry: (prefix: number, depth: number) => number;
}

/** One step of a DIR-24-8 table gone wrong. */
export type Fault = PlantedFault<Dir24_8, Inside>;

/** The table that the faults are planted in. */
export function dirOf8(geometry: FibGeometry): Dir24_8 {
  return new Dir24_8({ firstBits: 8, ...geometry });
}

/** How it is judged. */
export const DIR_OPTIONS = { ledger: groupLedger<Dir24_8>(8) };

/** Registers a test in which each fault, planted alone, is caught by its law. */
export function registerScore(name: string, faults: readonly Fault[]): void {
  registerFaults(name, judgeFib, dirOf8, DIR_OPTIONS, faults);
}
