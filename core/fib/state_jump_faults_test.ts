// Aim: what goes wrong in a state-jump table is found, by the laws of forwarding tables or by its own
// invariants. Method: planted faults, one step of the table replaced at a time; then single elements
// and counts broken by hand.
import { assertThrows } from "@std/assert";
import { churn } from "../../properties/fib/_comparison_for_tests.ts";
import type { JumpBlocks } from "./_jump_blocks.ts";
import type { JumpElements } from "./_jump_elements.ts";
import type { RuleTable } from "./rule_table.ts";
import { StateJump } from "./state_jump.ts";
import { registerFaults } from "../../properties/fib/_planting_for_tests.ts";
import { type FibConformanceOptions, judgeFib } from "../../properties/fib/mod.ts";

interface Inside {
  blocks: Omit<JumpBlocks, "elements"> & {
    elements: JumpElements;
    capacityMax: number;
    count: (base: number, chunk: number, by: 1 | -1) => void;
    missing: (prefix: number, depth: number, stale: boolean) => number;
    writeRange: (from: number, to: number, depth: number, inf: number) => void;
    eraseRange: (...args: [number, number, number, number, number]) => void;
  };
  rules: RuleTable;
  words: Uint32Array;
}

registerFaults<StateJump, Inside, FibConformanceOptions<StateJump>>(
  "What goes wrong in a state-jump table is caught",
  judgeFib,
  ({ groups, maxRules }) => new StateJump({ maxRules, maxBytes: 64 * (1 + groups) }),
  {
    ledger: {
      uses: (fib) => fib.bytesOccupied / 64 - 1,
      needs: (routes) =>
        new Set(
          routes.flatMap(({ prefix, depth }) =>
            [4, 8, 12, 16, 20, 24, 28].filter((level) => level < depth)
              .map((level) => `${Math.floor(prefix / 2 ** (32 - level))}/${level}`)
          ),
        ).size,
    },
  },
  [
    {
      name: "a deletion uncovers a miss",
      caughtBy: "LPM-1",
      plant: (_, { rules }) => rules.coveringDepth = () => 0,
    },
    {
      name: "a range is written but for its last element",
      caughtBy: "LPM-1",
      plant: (_, { blocks }) => {
        const write = blocks.writeRange.bind(blocks);
        blocks.writeRange = (from, to, depth, inf) =>
          write(from, Math.max(from + 1, to - 1), depth, inf);
      },
    },
    {
      name: "a deletion does not look into the blocks beneath",
      caughtBy: "LPM-1",
      plant: (_, { blocks }) => {
        const erase = blocks.eraseRange.bind(blocks);
        blocks.eraseRange = (from, to, ...rest) => {
          if (blocks.elements.jump(from) === 0) erase(from, to, ...rest);
        };
      },
    },
    {
      name: "a new next hop counts the route again",
      caughtBy: "LPM-6",
      plant: (_, { blocks }) => {
        const insert = blocks.insert.bind(blocks);
        blocks.insert = (prefix, depth, inf) => insert(prefix, depth, inf, true);
      },
    },
    {
      name: "a deletion does not count the route out",
      caughtBy: "leads to 2 routes instead of 1",
      plant: (_, { blocks }) => {
        const count = blocks.count.bind(blocks);
        blocks.count = (base, chunk, by) => by === 1 && count(base, chunk, by);
      },
    },
    {
      name: "stale blocks count for the limit",
      caughtBy: "LPM-2",
      plant: (_, { blocks }) => {
        const missing = blocks.missing.bind(blocks);
        blocks.missing = (prefix, depth, stale) =>
          missing(prefix, depth, false) + (stale ? blocks.fresh - blocks.live : 0);
      },
    },
    {
      name: "the limit is one block too many",
      caughtBy: "LPM-2",
      plant: (_, { blocks }) => blocks.capacityMax += 16,
    },
    {
      name: "the look-ups keep the elements from before a compaction",
      caughtBy: "LPM-1",
      plant: (fib, inside) => {
        let kept = inside.words;
        Object.defineProperty(fib, "words", { get: () => kept, set: () => kept = inside.words });
      },
    },
    {
      name: "the bulk look-up ignores the last chunk",
      caughtBy: "LPM-9",
      plant: (fib) => {
        const bulk = fib.lookupBulk.bind(fib);
        fib.lookupBulk = (addresses, nextHops, n) =>
          bulk(addresses.map((a) => a - a % 16), nextHops, n);
      },
    },
    {
      name: "clear leaves the first block as it was",
      caughtBy: "LPM-17",
      plant: (_, { blocks }) => {
        const clear = blocks.clear.bind(blocks);
        blocks.clear = () => clear(0, () => {});
      },
    },
  ],
  churn,
);

/** 10/8, 10.2.3/24 and 10.3.3/24 under chunks of 8 bits: the root, and three blocks from 256 on. */
const tamperings: readonly [text: string, tamper: (inside: Inside) => void][] = [
  ["J1: element 259 of 10.3.0.0/16 and element 258 of 10.2.0.0/16 lead to 512", ({ words }) => {
    words[259] = words[258]!;
  }],
  ["J1: block at 513 is not on a multiple of 256", ({ words, blocks }) => {
    words.copyWithin(513, 512, 768);
    blocks.elements.depths.copyWithin(513, 512, 768);
    words[258] = 513 * 32 + 8;
  }],
  ["J1: block at 768 ends beyond the 1023 handed out", ({ blocks }) => blocks.fresh--],
  ["J2: element 515 of 10.2.3.0/24 jumps 4 bits instead of 8", ({ words }) => words[515] = 4],
  ["J5: element 260 of 10.4.0.0/16 is 3 depth 8, the routes say 2 depth 8", ({ words }) => {
    words[260] = 3 * 32;
  }],
  ["J5: element 515 of 10.2.3.0/24 is 3 depth 9", ({ blocks }) => blocks.elements.depths[515] = 9],
  ["J7: element 258 of 10.2.0.0/16 is final above a longer route", ({ words }) => words[258] = 64],
  ["element 10 of 10.0.0.0/8 leads to 3 routes instead of 2", ({ blocks }) => {
    blocks.elements.setRefs(256, 3);
  }],
  ["1024 elements are live, 1023 counted", ({ blocks }) => blocks.live--],
];

for (const [text, tamper] of tamperings) {
  Deno.test(`StateJump checkInvariants reports: ${text}`, () => {
    const fib = new StateJump({ strides: [8, 8, 8, 8] });
    fib.add(0x0a000000, 8, 1);
    fib.add(0x0a020300, 24, 2);
    fib.add(0x0a030300, 24, 3);
    fib.checkInvariants();
    tamper(fib as unknown as Inside);
    assertThrows(() => fib.checkInvariants(), Error, text);
  });
}

Deno.test("J2 StateJump checkInvariants reports a jump beyond the address", () => {
  const fib = new StateJump({ strides: [8, 8, 8, 8] });
  fib.add(0x0a020304, 32, 2);
  (fib as unknown as Inside).words[768 + 4] = 8;
  assertThrows(() => fib.checkInvariants(), Error, "J2: element 772 of 10.2.3.4/32 jumps beyond");
});
