// Aim: who looks up while the table changes sees the old answer or the new one, and what makes it
// so can be seen to fail (LPM-12). Method: every interleaving of updates with look-ups, the code of
// both stepped access by access, for one update drawn and for several written out; faults planted
// one at a time; what is atomic, watched.
import { assert, assertEquals, assertGreater, assertMatch, assertThrows } from "@std/assert";
import { fibConformance, type FibGeometry, groupLedger } from "../../properties/fib/mod.ts";
import type { Watch } from "../../properties/fib/mod.ts";
import {
  type Change,
  type ReaderOutcome,
  underReaders,
} from "../../properties/fib/_reader_workers_for_tests.ts";
import { IPV4, routeList4 } from "../../properties/fib/ipv4.ts";
import { exploreUnderReader } from "../../properties/fib/under_reader.ts";
import { Recordings, type Update, updateOf, type Watched } from "../../properties/fib/updates.ts";
import { WatchedMemory } from "../../properties/fib/watched.ts";
import { dir24_8Bytes } from "./_dir24_8_memory.ts";
import { GraceTokens, graceWords } from "./_grace.ts";
import type { Levels } from "./_levels.ts";
import { Dir24_8 } from "./dir24_8.ts";
import { Dir24_8Reader } from "./dir24_8_reader.ts";
import { EXTENDED, groupEntry, HOP } from "./entry.ts";

interface Memory {
  control: Int32Array;
  grace: { words: Int32Array };
  setMiss(hop: number): void;
}

/** What table and reader keep to themselves, reached for watching and planting. */
interface Inside {
  first: Uint32Array;
  entries: Uint32Array;
  levels: { -readonly [K in keyof Levels]: Levels[K] };
  memory: Memory;
}
interface InsideReader {
  first: Uint32Array;
  entries: Uint32Array;
  seen: Int32Array;
  memory: Memory;
}

const sharedOf = new WeakMap<Dir24_8, SharedArrayBuffer>();

function make(geometry: FibGeometry): Dir24_8 {
  const shared = new SharedArrayBuffer(dir24_8Bytes({ firstBits: 8, ...geometry }));
  const fib = new Dir24_8({ firstBits: 8, ...geometry, shared });
  sharedOf.set(fib, shared);
  return fib;
}

/** A reader of the table; both work on watched arrays from now on. */
function readerOf(fib: Dir24_8, watch: Watch): Dir24_8Reader {
  const reader = new Dir24_8Reader(sharedOf.get(fib)!);
  const ours = fib as unknown as Inside;
  const { levels } = ours as unknown as { levels: { first: Uint32Array; pool: Inside } };
  levels.first = watch(levels.first, "tbl24");
  levels.pool.entries = watch(levels.pool.entries, "tbl8");
  const theirs = reader as unknown as InsideReader;
  theirs.first = watch(theirs.first, "tbl24");
  theirs.entries = watch(theirs.entries, "tbl8");
  theirs.seen = watch(theirs.seen, "seen");
  for (const memory of [ours.memory, theirs.memory]) {
    memory.control = watch(memory.control, "control");
    memory.grace.words = watch(memory.grace.words, "tokens");
  }
  return reader;
}

fibConformance("Dir24_8 on shared memory", make, {
  ledger: groupLedger(8),
  numRuns: 8,
  // What has no part in sharing is judged on memory of its own.
  only: /^LPM-(?!12|14|16)/,
});

fibConformance("Dir24_8 under its reader", make, {
  ledger: groupLedger(8),
  reader: readerOf,
  numRuns: 40,
  only: /^LPM-12$/,
});

type Plant = (inside: Inside) => void;

const add = updateOf;
const drop = (prefix: number, depth: number): Update => updateOf(prefix, depth);

interface Program {
  readonly name: string;
  readonly groups: number;
  /** What the table holds before. */
  readonly routes: readonly (readonly [prefix: number, depth: number, nextHop: number])[];
  readonly updates: readonly Update[];
  readonly addresses: readonly number[];
  /** Lines of updates that some interleaving has to have led to. */
  readonly reaches?: readonly string[];
}

const PROGRAMS: readonly Program[] = [
  {
    name: "a group is recycled into another block",
    groups: 1,
    routes: [[0x0a000000, 8, 1], [0x0a010000, 16, 2]],
    updates: [drop(0x0a010000, 16), add(0x0b010000, 16, 3), drop(0x0b010000, 16)],
    addresses: [0x0a010000, 0x0b010000],
    reaches: ["add 11.1.0.0/16 -> 3: true", "add 11.1.0.0/16 -> 3: false"],
  },
  {
    name: "a group is recycled into its own block, under another cover",
    groups: 1,
    routes: [[0x0a000000, 8, 1], [0x0a010000, 16, 2]],
    updates: [drop(0x0a010000, 16), add(0x0a000000, 8, 4), add(0x0a800000, 9, 5)],
    addresses: [0x0a010000, 0x0a800000],
    reaches: ["add 10.128.0.0/9 -> 5: true", "add 10.128.0.0/9 -> 5: false"],
  },
  {
    name: "two groups collapse at once and come back in the other order",
    groups: 2,
    routes: [[0x0a010200, 24, 2], [0, 0, 7]],
    updates: [drop(0x0a010200, 24), add(0x0b010200, 24, 3), add(0x0a000000, 7, 4)],
    addresses: [0x0a010200, 0x0a010300, 0x0b010200],
    reaches: ["add 11.1.2.0/24 -> 3: true", "add 11.1.2.0/24 -> 3: false"],
  },
  {
    name: "the default route goes when a route has covered the miss",
    groups: 0,
    routes: [[0, 0, 7]],
    updates: [add(0x0a000000, 8, 1), drop(0, 0), add(0, 0, 8), drop(0x0a000000, 8)],
    addresses: [0x0a000000],
  },
  {
    name: "the default route comes before a route uncovers it",
    groups: 1,
    routes: [[0x0a010000, 16, 1]],
    updates: [add(0, 0, 7), drop(0x0a010000, 16), drop(0, 0)],
    addresses: [0x0a010000],
  },
  {
    name: "a host route over nested prefixes comes and goes",
    groups: 5,
    routes: [[0x0a000000, 8, 1], [0x0a000000, 16, 2], [0x0a000000, 25, 3]],
    updates: [add(0x0a010001, 32, 4), drop(0x0a000000, 16), drop(0x0a010001, 32)],
    addresses: [0x0a000000, 0x0a010000, 0x0a010001, 0x0a020000],
  },
];

function open({ groups, routes }: Program, plant?: Plant): Watched {
  const fib = make({ groups, maxRules: 9, defaultRoute: true });
  const memory = new WatchedMemory();
  const model = routeList4();
  for (const [prefix, depth, nextHop] of routes) {
    assert(fib.add(prefix, depth, nextHop));
    model.add(IPV4.prefixOf(prefix, depth), nextHop);
  }
  const reader = readerOf(fib, memory.watch);
  plant?.(fib as unknown as Inside);
  return { fib, reader, memory, routes: model };
}

/** Every order of the program with two look-ups of each address; what is wrong, with the steps. */
function explore(program: Program, plant?: Plant): { orders: number; wrong: string } {
  let orders = 0;
  const recordings = new Recordings(() => open(program, plant), program.updates);
  for (const address of program.addresses) {
    const seen = exploreUnderReader(recordings, address, 2, new Set());
    if (seen.failure !== undefined) {
      return { orders, wrong: [seen.failure.message, ...seen.steps].join("\n") };
    }
    orders += seen.orders;
  }
  const texts = recordings.texts();
  for (const line of program.reaches ?? []) assert(texts.has(line), `HARN-3: never ${line}`);
  return { orders, wrong: "" };
}

for (const program of PROGRAMS) {
  Deno.test(`LPM-12 Dir24_8Reader sees old or new in every interleaving: ${program.name}`, () => {
    const { orders, wrong } = explore(program);
    assertEquals(wrong, "");
    assertGreater(orders, 100, "HARN-1: too few interleavings to mean anything");
  });
}
/** What is broken, in which program it shows, and what is said. */
const FAULTS: readonly (readonly [name: string, program: number, Plant, RegExp])[] = [
  [
    "a group is reached before it is filled",
    0,
    ({ levels }) => {
      const { insert } = levels;
      levels.insert = function (prefix, depth, entry) {
        const slot = prefix >>> 24;
        const old = this.first[slot]!;
        if (depth > 8 && (old & EXTENDED) === 0) {
          const group = this.pool.allocate();
          this.publish(this.first, slot, groupEntry(group));
          this.pool.entries.fill(old, group << 8, (group + 1) << 8);
        }
        insert.call(this, prefix, depth, entry);
      };
    },
    /^lookup 11.1.0.0 answers next hop 1, which it never was: the table says miss, then next hop 3/,
  ],
  [
    "a group that came back is given out at once",
    0,
    ({ levels }) => {
      (levels.pool as unknown as { grace: GraceTokens }).grace.hasPassed = () => true;
    },
    /^lookup 10.1.0.0 answers miss, which it never was: the table says next hop 2, then next hop 1/,
  ],
  [
    "a deleted entry is a hole before what it covered is there",
    1,
    ({ levels }) => {
      const { eraseRange } = levels;
      levels.eraseRange = function (table, from, to, depth, uncovered) {
        eraseRange.call(this, table, from, to, depth, 0);
        if (uncovered !== 0) this.writeRange(table, from, to, uncovered);
      };
    },
    /^lookup 10.1.0.0 answers miss, which it never was: the table says next hop 2, then next hop 1/,
  ],
  [
    "depth and next hop are two stores",
    1,
    ({ levels }) => {
      const { writeRange } = levels;
      levels.writeRange = function (table, from, to, entry) {
        writeRange.call(this, table, from, to, (entry & ~HOP) >>> 0);
        writeRange.call(this, table, from, to, entry);
      };
    },
    /^lookup 10.1.0.0 answers next hop 0, which it never was: the table says next hop 1, then next hop 4/,
  ],
  [
    "a group goes back before its parent is stored",
    0,
    ({ levels }) => {
      const { pool } = levels;
      const { release } = pool;
      const { publish } = levels;
      levels.publish = function (table, slot, entry) {
        const old = table[slot]!;
        if ((old & EXTENDED) !== 0) release.call(pool, old & HOP);
        publish.call(this, table, slot, entry);
      };
      pool.release = () => {};
    },
    /^lookup 10.1.0.0 answers miss, which it never was: the table says next hop 2, then next hop 1/,
  ],
  [
    "the default route changes uncounted",
    3,
    ({ memory }) => {
      memory.setMiss = function (hop) {
        Atomics.store(this.control, 17, hop);
      };
    },
    /^lookup 10.0.0.0 answers miss, which it never was: the table says next hop 7, then next hop 1/,
  ],
];

Deno.test("LPM-12 Dir24_8Reader lookupBulk sees old or new in every interleaving", () => {
  const inBulk = (watched: Watched): Watched => {
    const reader = watched.reader as Dir24_8Reader;
    const lookup = (address: number): number => {
      const nextHops = new Int32Array(1);
      reader.lookupBulk(Uint32Array.of(address), nextHops, 1);
      return nextHops[0]!;
    };
    return { ...watched, reader: { lookup, quiescent: () => reader.quiescent() } };
  };
  for (const at of [0, 3, 4]) {
    const program = PROGRAMS[at]!;
    const recordings = new Recordings(() => inBulk(open(program)), program.updates);
    const seen = exploreUnderReader(recordings, program.addresses[0]!, 2, new Set());
    assertEquals(seen.failure && [seen.failure.message, ...seen.steps], undefined, program.name);
    assertGreater(seen.orders, 100, "HARN-1: too few interleavings to mean anything");
  }
});

for (const [name, program, plant, message] of FAULTS) {
  Deno.test(`LPM-12 is seen broken when ${name}`, () => {
    const { wrong } = explore(PROGRAMS[program]!, plant);
    assertMatch(wrong, message);
  });
}

Deno.test("Dir24_8 on shared memory makes a group known by an atomic store, Dir24_8Reader goes there by an atomic load", () => {
  const fib = make({ groups: 1, maxRules: 9, defaultRoute: false });
  const reader = new Dir24_8Reader(sharedOf.get(fib)!);
  const { first } = (fib as unknown as { levels: { first: Uint32Array } }).levels;
  const { load, store } = Atomics;
  const seen: string[] = [];
  const note = (what: string, array: { buffer: unknown; byteOffset: number }, index: number) => {
    if (array.byteOffset === first.byteOffset) seen.push(`${what} ${index}`);
  };
  try {
    Object.assign(Atomics, {
      load: (array: Uint32Array, index: number) => (note("load", array, index), load(array, index)),
      store: (array: Uint32Array, index: number, value: number) => (
        note("store", array, index), store(array, index, value)
      ),
    });
    fib.add(0x0a000000, 8, 1); // an answer that replaces an answer needs no order
    fib.add(0x0a010000, 16, 2);
    reader.lookup(0x0a010000);
    reader.lookup(0x0b000000);
    fib.delete(0x0a010000, 16);
  } finally {
    Object.assign(Atomics, { load, store });
  }
  assertEquals(seen, ["store 10", "load 10", "store 10"]);
});

Deno.test("Dir24_8Reader refuses memory without a table, and one reader too many", () => {
  const empty = new SharedArrayBuffer(4096);
  assertThrows(
    () => new Dir24_8Reader(empty),
    RangeError,
    "the 4096 bytes of memory hold no Dir24_8",
  );
  assertThrows(
    () => new Dir24_8Reader(new SharedArrayBuffer(8)),
    RangeError,
    "the 8 bytes of memory",
  );
  const options = {
    firstBits: 8,
    groups: 2,
    maxRules: 9,
    defaultRoute: false,
    readers: 2,
  } as const;
  const bytes = dir24_8Bytes(options);
  assertThrows(
    () => new Dir24_8({ ...options, shared: new SharedArrayBuffer(bytes - 4) }),
    RangeError,
    `Cannot create Dir24_8: ${bytes - 4} bytes of shared memory, ${bytes} needed`,
  );
  assertThrows(() => new Dir24_8({ ...options, readers: 0 }), RangeError, "readers 0 is not an");
  const shared = new SharedArrayBuffer(bytes);
  // whatever lies there already
  new Uint8Array(shared).fill(0xff);
  const table = new Dir24_8({ ...options, shared });
  table.checkInvariants();
  assertEquals([table.lookup(0x01020304), table.lookup(0xff020304), table.size], [-1, -1, 0]);
  const [one] = [new Dir24_8Reader(shared), new Dir24_8Reader(shared)];
  assertThrows(() => new Dir24_8Reader(shared), RangeError, "all 2 places are taken");
  one.detach();
  one.detach();
  new Dir24_8Reader(shared);
  assertThrows(() => new Dir24_8Reader(shared), RangeError, "all 2 places are taken");
});

Deno.test("a reader holds up the reuse of groups until it reports or detaches, and only of those", () => {
  const fib = make({ groups: 2, maxRules: 9, defaultRoute: false });
  const reader = new Dir24_8Reader(sharedOf.get(fib)!);
  const renew = (second: number): boolean => {
    const added = fib.add(second * 2 ** 24, 16, second);
    if (added) fib.delete(second * 2 ** 24, 16);
    return added;
  };
  assertEquals([renew(1), renew(2), renew(3), fib.groupsUsed], [true, true, false, 0]);
  reader.quiescent();
  assertEquals([renew(4), renew(5), renew(6)], [true, true, false]);
  reader.detach();
  assertEquals([renew(7), renew(8), renew(9), renew(10)], [true, true, true, true]);
  // A reader that comes late has no part in what was taken out before.
  new Dir24_8Reader(sharedOf.get(fib)!);
  assertEquals([renew(11), renew(12), renew(13)], [true, true, false]);
  fib.checkInvariants();
});

Deno.test("GraceTokens wraps around, and 0 is never a token", () => {
  const words = new Int32Array(graceWords(1));
  const grace = new GraceTokens(words);
  grace.reset();
  words[0] = -2;
  const place = grace.join();
  assertEquals([place, grace.join()], [1, -1]);
  const tokens = [grace.retire(), grace.retire(), grace.retire()];
  assertEquals(tokens, [-1, 1, 2]);
  assertEquals(tokens.map((token) => grace.hasPassed(token)), [false, false, false]);
  grace.quiescent(place);
  assertEquals(tokens.map((token) => grace.hasPassed(token)), [true, true, true]);
  assertEquals(grace.hasPassed(grace.retire()), false);
});

Deno.test("GraceTokens waits for every reader, also where tokens pass from 2^31 - 1 to -2^31", () => {
  const words = new Int32Array(graceWords(3));
  const grace = new GraceTokens(words);
  grace.reset();
  words[0] = 2 ** 31 - 2;
  const places = [grace.join(), grace.join(), grace.join()];
  assertEquals(places, [1, 2, 3]);
  const tokens = [grace.retire(), grace.retire()];
  assertEquals(tokens, [2 ** 31 - 1, -(2 ** 31)]);
  const passed = () => tokens.map((token) => grace.hasPassed(token));
  for (const place of places) {
    assertEquals(passed(), [false, false]);
    grace.quiescent(place);
  }
  assertEquals(passed(), [true, true]);
  // One that has seen the last token before the turn has not seen the first one after it.
  words[0] = 2 ** 31 - 1;
  grace.quiescent(2);
  assertEquals(passed(), [true, false]);
});

// Workers load the reader from its file, for which plain `deno test` has no permission.
const mayRead = Deno.permissions.querySync({ name: "read", path: import.meta.dirname! }).state ===
  "granted";

Deno.test({
  name: "LPM-12 two Workers see old or new while a third thread changes the table",
  ignore: !mayRead,
}, async () => {
  const changes: Change[] = [
    { prefix: 0x0a010200, depth: 24, nextHop: 3 },
    { prefix: 0x0a010203, depth: 32, nextHop: 4 },
    { prefix: 0x0a010200, depth: 24 },
    { prefix: 0x0a010203, depth: 32 },
    { prefix: 0x0a090900, depth: 24, nextHop: 5 },
    { prefix: 0, depth: 0, nextHop: 8 },
    { prefix: 0x0a090900, depth: 24 },
    { prefix: 0x0b000000, depth: 8, nextHop: 6 },
    { prefix: 0, depth: 0 },
    { prefix: 0, depth: 0, nextHop: 7 },
    { prefix: 0x0b000000, depth: 8 },
  ];
  const outcomes = await underReaders({
    firstBits: 16,
    groups: 8,
    readers: 2,
    routes: [[0, 0, 7], [0x0a000000, 8, 1], [0x0a010000, 16, 2]].map((
      [prefix, depth, nextHop],
    ) => ({
      prefix: prefix!,
      depth: depth!,
      nextHop: nextHop!,
    })),
    changes,
    rounds: 1000,
    addresses: [0x0a010203, 0x0a010201, 0x0a010301, 0x0a090901, 0x0b000001, 0x0c000001],
  });
  assertEquals(outcomes.map(({ wrong }) => wrong), ["", ""]);
  const sum = (of: (outcome: ReaderOutcome) => number) =>
    outcomes.reduce((all, outcome) => all + of(outcome), 0);
  assertGreater(sum(({ looks }) => looks), 1000, "HARN-1: hardly a look-up");
  assertGreater(sum(({ contested }) => contested), 10, "HARN-1: hardly an update under a look-up");
});
