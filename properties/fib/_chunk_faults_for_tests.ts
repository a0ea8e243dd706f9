// Faults in what Poptrie and DXR share: rules by chunk, sweep, arena, updates. No test of its own.
import type { Arena } from "../../core/fib/_arena.ts";
import type { ChunkRules } from "../../core/fib/_chunk_rules.ts";
import type { PlantedFault } from "./_planting_for_tests.ts";
import type { Ranges } from "../../core/fib/_ranges.ts";
import type { Fib4 } from "../../core/fib/fib.ts";
import type { RuleTable } from "../../core/fib/rule_table.ts";

/** What a table keeps to itself, reached for planting. */
export interface ChunkInside {
  rules: Omit<ChunkRules, "short"> & { short: RuleTable };
  store: { ranges: Ranges; moved: () => void };
  updates: { limits: { maxRules: number } };
}

/** The faults, for a table whose blocks are in the arena that `arenaOf` finds. */
export function chunkFaults<F extends Fib4>(
  arenaOf: (fib: F) => Arena,
): readonly PlantedFault<F>[] {
  const inside = (fib: F): ChunkInside => fib as unknown as ChunkInside;
  return [
    {
      name: "what covers a chunk is forgotten",
      caughtBy: "LPM-1",
      plant: (fib) => inside(fib).rules.coverOf = () => -1,
    },
    {
      name: "a rule answers to the end of its chunk",
      caughtBy: "LPM-1",
      plant: (fib) => inside(fib).store.ranges.end = () => {},
    },
    {
      name: "a short rule compiles the first of its chunks only",
      caughtBy: "LPM-1",
      plant: (fib) => {
        const { rules } = inside(fib);
        const set = rules.set.bind(rules);
        rules.set = (prefix, depth, hop, touch) => {
          let touched = false;
          set(prefix, depth, hop, (chunk) => {
            if (!touched) touch(chunk);
            touched = true;
          });
        };
      },
    },
    {
      name: "a deletion uncovers the default route only",
      caughtBy: "LPM-14",
      plant: (fib) => inside(fib).rules.short.coveringDepth = () => 0,
    },
    {
      name: "a block is never given back",
      caughtBy: "LPM-6",
      plant: (fib) => arenaOf(fib).release = () => {},
    },
    {
      name: "a block that comes back is listed twice",
      caughtBy: "LPM-16",
      plant: (fib) => {
        const arena = arenaOf(fib);
        const release = arena.release.bind(arena);
        arena.release = (at, length) => {
          release(at, length);
          arena.live += length;
          release(at, length);
        };
      },
    },
    {
      name: "look-ups keep the arrays that the blocks were moved from",
      caughtBy: "LPM-16",
      plant: (fib) => inside(fib).store.moved = () => {},
    },
    {
      name: "next hop 0 is taken for a miss",
      caughtBy: "LPM-8",
      plant: (fib) => {
        const lookup = fib.lookup.bind(fib);
        fib.lookup = (address) => lookup(address) || -1;
      },
    },
    {
      name: "the bulk look-up stops one short of a full block",
      caughtBy: "LPM-9",
      plant: (fib) => {
        const bulk = fib.lookupBulk.bind(fib);
        fib.lookupBulk = (addresses, nextHops, n) => bulk(addresses, nextHops, n > 256 ? n - 1 : n);
      },
    },
    {
      name: "a look-up reads once more than it says",
      caughtBy: "LPM-13",
      plant: (fib) => {
        const reads = fib.reads.bind(fib);
        fib.reads = (address) => Math.max(1, reads(address) - 1);
      },
    },
    {
      name: "the rule limit is one too many",
      caughtBy: "LPM-2",
      plant: (fib) => inside(fib).updates.limits.maxRules++,
    },
    {
      name: "clear forgets to clear the short rules",
      caughtBy: "LPM-17",
      plant: (fib) => inside(fib).rules.short.clear = () => {},
    },
  ];
}
