// Aim: the table of rte_lpm6 keeps every law of IPv6 tables with each first level, and its own
// invariants D1 to D4 and D8. Method: the conformance suite; the invariants after every operation,
// and each of them broken by hand; a reader between any two stores of a writer.
import { assertEquals, assertGreater, assertThrows } from "@std/assert";
import { fib6Conformance, groups6Ledger, judgeFib6 } from "../../properties/fib6/mod.ts";
import { checkedAfterEach } from "../../properties/fib/_checked_for_tests.ts";
import type { FibGeometry } from "../../properties/fib/mod.ts";
import { bgpLikeTable6 } from "../../fixtures/routes/bgp_like6.ts";
import type { GroupPool } from "./group_pool.ts";
import { Lpm6 } from "./lpm6.ts";

for (const firstBits of [8, 16] as const) {
  fib6Conformance(
    `Lpm6 of ${firstBits} first bits`,
    (geometry) => new Lpm6({ firstBits, ...geometry }),
    // Around /0 a change writes the whole first level: the smaller table has that to itself.
    firstBits === 8
      ? { ledger: groups6Ledger<Lpm6>(8) }
      : { ledger: groups6Ledger<Lpm6>(16), numRuns: 15, shortest: 9, exhaustiveAt: [14, 31, 126] },
  );
}

fib6Conformance(
  "Lpm6 of 24 first bits",
  (geometry) => new Lpm6({ firstBits: 24, ...geometry }),
  {
    ledger: groups6Ledger<Lpm6>(24),
    numRuns: 3,
    shortest: 17,
    exhaustiveAt: [23],
    only: /^LPM-[1-9]$/,
  },
);

Deno.test("Lpm6 keeps its invariants after every operation", () => {
  const make = (geometry: FibGeometry) => checkedAfterEach(new Lpm6({ firstBits: 8, ...geometry }));
  const options = { ledger: groups6Ledger<Lpm6>(8), numRuns: 12, only: /^LPM-6$/ };
  const verdicts = [...judgeFib6("Lpm6", make, options)];
  assertEquals(verdicts.map((v) => v.message), [""]);
});

interface Inside {
  first: Uint32Array;
  levels: {
    validFirst: number;
    pool: GroupPool;
    references: Uint32Array;
    ownerEntry: Uint32Array;
    first: Uint32Array;
  };
  rules: { words: Uint32Array; tags: Int32Array; live: number };
  missHop: number;
}

const VALID = 0x2000_0000;

const tamperings: readonly [text: string, tamper: (inside: Inside) => void][] = [
  [
    "D1: entry 2000:0:0:0:0:0:0:0/8 is next hop 5 depth 9, the rules say next hop 1 depth 4",
    ({ first }) => first[0x20] = VALID + (9 << 21) + 5,
  ],
  [
    "D3: entry 3100:0:0:0:0:0:0:0/8 is group 0, and no rule is longer than 8",
    ({ first }) => first[0x31] = first[0x30]!,
  ],
  [
    "D2: group 1 is reached from 3001:0:0:0:0:0:0:0/16 but is free",
    ({ levels }) => levels.pool.release(1),
  ],
  ["D2: 3 groups are taken, 2 are reached", ({ levels }) => levels.pool.allocate()],
  [
    "D2: header of group 1 names entry 7 of 0, not 3001:0:0:0:0:0:0:0/16",
    ({ levels }) => levels.ownerEntry[1] = 7,
  ],
  [
    "D3: entry 3000:0:0:0:0:0:0:0/8 is invalid, and a rule is longer than 8",
    ({ first }) => first[0x30] = 0,
  ],
  [
    "D4: entry 2100:0:0:0:0:0:0:0/8 is next hop 2 depth 4, the rules say next hop 1 depth 4",
    ({ first }) => first[0x21] = VALID + (4 << 21) + 2,
  ],
  [
    "D4: entry 3001:200:0:0:0:0:0:0/24 is invalid, the rules say next hop 2 depth 24",
    ({ levels }) => levels.pool.entries[256 + 2] = 0,
  ],
  ["D4: a miss answers 4, the rules say -1", (inside) => inside.missHop = 4],
  [
    "17 entries of the first level are valid, 16 are counted",
    ({ levels }) => levels.validFirst--,
  ],
  [
    "D8: group 1 of 3001:0:0:0:0:0:0:0/16 counts 2 references, has 1",
    ({ levels }) => levels.references[1]!++,
  ],
  ["RIB node 3001:200:0:1:0:0:0:0/24 has host bits", ({ rules }) => {
    const node = rules.words.indexOf(0x3001_0200);
    rules.words[node + 1] = 1;
  }],
  [
    "RIB has 2 routes in 4 nodes, 0 nodes free; counted are 3 routes in 4 nodes",
    ({ rules }) => rules.live++,
  ],
];

for (const [text, tamper] of tamperings) {
  Deno.test(`Lpm6 checkInvariants reports: ${text}`, () => {
    const fib = new Lpm6({ firstBits: 8, groups: 4, maxRules: 9, defaultRoute: false });
    fib.add(Uint32Array.of(0x2000_0000, 0, 0, 0), 4, 1);
    fib.add(Uint32Array.of(0x3001_0200, 0, 0, 0), 24, 2);
    fib.checkInvariants();
    tamper(fib as unknown as Inside);
    assertThrows(() => fib.checkInvariants(), Error, text);
  });
}

Deno.test("LPM-12 a reader between any two stores of Lpm6 sees the old answer or the new one", () => {
  const table = bgpLikeTable6({ routes: 40, seed: 7 });
  const make = () => new Lpm6({ firstBits: 8, groups: 200, maxRules: 100, defaultRoute: false });
  const [fib, twin] = [make(), make()];
  let [before, after] = [new Int32Array(40), new Int32Array(40)];
  let looks = 0;
  observeStores(fib, () => {
    for (let i = 0; i < 40; i++) {
      const got = fib.lookup(table.prefix, 4 * i);
      looks++;
      if (got === before[i] || got === after[i]) continue;
      throw new Error(`address ${i}: ${got} seen between ${before[i]} and ${after[i]}`);
    }
  });
  const update = (run: (fib: Lpm6) => void): void => {
    before = new Int32Array(40);
    after = new Int32Array(40);
    twin.lookupBulk(table.prefix, before, 40);
    run(twin);
    twin.lookupBulk(table.prefix, after, 40);
    run(fib);
  };
  for (const hop of [1, 100]) {
    for (let i = 0; i < 40; i++) {
      update((f) => f.add(table.prefix, table.depth[i]!, hop + i, 4 * i));
    }
  }
  for (let i = 0; i < 40; i++) update((f) => f.delete(table.prefix, table.depth[i]!, 4 * i));
  assertEquals([fib.size, fib.groupsUsed], [0, 0]);
  assertGreater(looks, 10_000);
});

/** Puts proxies under the writer's hands, the reader keeps the arrays themselves. */
function observeStores(fib: Lpm6, look: () => void): void {
  const watch = (array: Uint32Array): Uint32Array =>
    new Proxy(array, {
      get: (target, key) => {
        if (key !== "fill") return Reflect.get(target, key, target);
        return (value: number, from: number, to: number) => {
          for (let i = from; i < to; i++) {
            target[i] = value;
            if (i === from || i === to - 1) look();
          }
        };
      },
      set: (target, key, value) => {
        target[Number(key)] = value;
        look();
        return true;
      },
    });
  const { levels } = fib as unknown as {
    levels: { first: Uint32Array; pool: { entries: Uint32Array } };
  };
  levels.first = watch(levels.first);
  levels.pool.entries = watch(levels.pool.entries);
}
