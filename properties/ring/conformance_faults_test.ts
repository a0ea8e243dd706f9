// Aim: each law of rings finds what breaks it. Method: a plain ring with one planted mistake at a
// time; the law that the mistake is about has to name it, and none may name the ring without.

import { assertEquals, assertRejects, assertStringIncludes, assertThrows } from "@std/assert";
import type { BurstRing, RingGeometry } from "./burst_ring.ts";
import { judgeRing, ringConformance, type RingVerdict } from "./conformance.ts";
import { checkedMempool } from "../mempool/checked_mempool.ts";
import { mempoolConformance } from "../mempool/conformance.ts";
import { ringLaws } from "./laws.ts";

type Fault =
  | "none"
  | "order across the last slot"
  | "full counts as empty"
  | "burst answers what was asked"
  | "bulk moves a part"
  | "writes one word too many"
  | "holds one less"
  | "compares signed indices"
  | "peek takes out"
  | "commit publishes all"
  | "bulk peek of a part"
  | "bulk reservation of a part"
  | "overwrites when full"
  | "-1 ends a burst"
  | "reset keeps the items"
  | "slots are shared"
  | "throws when empty";

const COMMON = new Int32Array(16);

/** A ring over a typed array, with indices that run freely. */
class PlantedRing implements BurstRing {
  readonly #size: number;
  readonly #slots: Int32Array;
  #head: number;
  #tail: number;
  #reserved = 0;

  constructor(geometry: RingGeometry, readonly fault: Fault) {
    this.#size = fault === "holds one less" ? geometry.size - 1 : geometry.size;
    this.#slots = fault === "slots are shared" ? COMMON : new Int32Array(16);
    this.#head = this.#tail = geometry.startIndex | 0;
  }

  get count(): number {
    const used = (this.#tail - this.#head) | 0;
    return this.fault === "full counts as empty" ? used % this.#size : used;
  }

  enqueueBurst(items: Int32Array, at: number, n: number): number {
    let room = this.#size - ((this.#tail - this.#head) | 0);
    if (this.fault === "compares signed indices" && this.#tail < this.#head) room = 0;
    if (this.fault === "overwrites when full") room = Math.max(room, Math.min(n, this.#size));
    const moved = Math.min(n, room);
    for (let i = 0; i < moved; i++) this.#slots[(this.#tail + i) & 15] = items[at + i]!;
    this.#tail = (this.#tail + moved) | 0;
    if (((this.#tail - this.#head) | 0) > this.#size) this.#head = (this.#tail - this.#size) | 0;
    return this.fault === "burst answers what was asked" ? n : moved;
  }

  enqueueBulk(items: Int32Array, at: number, n: number): number {
    const fits = n <= this.#size - ((this.#tail - this.#head) | 0);
    return fits || this.fault === "bulk moves a part" ? this.enqueueBurst(items, at, n) : 0;
  }

  dequeueBurst(out: Int32Array, max: number): number {
    const n = this.peekBurst(out, max);
    if (this.fault !== "peek takes out") this.release(n);
    return n;
  }

  dequeueBulk(out: Int32Array, n: number): number {
    return n > ((this.#tail - this.#head) | 0) ? 0 : this.dequeueBurst(out, n);
  }

  peekBurst(out: Int32Array, max: number): number {
    const used = (this.#tail - this.#head) | 0;
    if (used === 0 && this.fault === "throws when empty") throw new Error("nothing there");
    let n = Math.min(used, max);
    for (let i = 0; i < n; i++) out[i] = this.#slots[(this.#head + i) & 15]!;
    if (this.fault === "-1 ends a burst" && out.subarray(0, n).includes(-1)) n = out.indexOf(-1);
    const last = (this.#head & 15) + n - 1;
    if (this.fault === "order across the last slot" && last > 15) out.subarray(0, n).reverse();
    if (this.fault === "writes one word too many" && n > 0 && n < out.length) out[n] = 0;
    if (this.fault === "peek takes out") this.release(n);
    return n;
  }

  peekBulk(out: Int32Array, n: number): number {
    const whole = n <= ((this.#tail - this.#head) | 0) || this.fault === "bulk peek of a part";
    return whole ? this.peekBurst(out, n) : 0;
  }

  reserveBulk(n: number): number {
    const room = this.#size - ((this.#tail - this.#head) | 0);
    const part = this.fault === "bulk reservation of a part";
    return this.#reserved = n <= room ? n : part ? room : 0;
  }

  release(n: number): void {
    this.#head = (this.#head + n) | 0;
  }

  reserve(n: number): number {
    return this.#reserved = Math.min(n, this.#size - ((this.#tail - this.#head) | 0));
  }

  put(i: number, item: number): void {
    this.#slots[(this.#tail + i) & 15] = item;
  }

  commit(n: number): void {
    this.#tail = (this.#tail + (this.fault === "commit publishes all" ? this.#reserved : n)) | 0;
  }

  reset(startIndex = 0): void {
    if (this.fault === "reset keeps the items") return;
    this.#head = this.#tail = startIndex | 0;
  }
}

function verdicts(fault: Fault, only?: RegExp): RingVerdict[] {
  const options = only === undefined ? {} : { only };
  return [...judgeRing(fault, (geometry) => new PlantedRing(geometry, fault), options)];
}

const PLANTED: readonly (readonly [Fault, law: string, says: string])[] = [
  ["order across the last slot", "RING-1", "expected items ["],
  ["full counts as empty", "RING-2", "expected count 1, got 0"],
  ["burst answers what was asked", "RING-3", "expected 1 items moved, got 2"],
  ["bulk moves a part", "RING-3", "expected 0 items moved, got 1"],
  ["writes one word too many", "RING-3", "the caller's array was"],
  ["holds one less", "RING-4", "expected 1 items moved, got 0"],
  ["compares signed indices", "RING-5", "indices from 2147483647"],
  ["peek takes out", "RING-9", "a peek takes nothing out"],
  ["commit publishes all", "RING-9", "commit 0 of 1"],
  ["bulk peek of a part", "RING-9", "expected 0 peeked, got"],
  ["bulk reservation of a part", "RING-9", "expected 0 slots reserved, got"],
  ["overwrites when full", "RING-10", "expected 0 items moved, got 1"],
  ["-1 ends a burst", "RING-11", "0xffffffff"],
  ["reset keeps the items", "RING-12", "expected count 0, got 1"],
  ["slots are shared", "RING-12", "(another ring was used)"],
  ["throws when empty", "RING-1", "expected no exception, got Error: nothing there"],
];

Deno.test("ringConformance finds nothing wrong with a ring that is right", () => {
  const all = verdicts("none");
  for (const verdict of all) assertEquals(verdict.message, "");
  const ids = all.map(({ id }) => id).filter((id) => id !== "HARN-3");
  assertEquals(ids, ringLaws.map(({ id }) => id));
});

for (const [fault, law, says] of PLANTED) {
  Deno.test(`ringConformance finds: ${fault}, by ${law}`, () => {
    const [verdict] = verdicts(fault, new RegExp(`^${law}$`));
    assertEquals(verdict?.outcome, "broken", `${fault} survived`);
    assertStringIncludes(verdict!.message, `${law} broken by ${fault}: `);
    assertStringIncludes(verdict!.message, says);
    const steps = verdict!.message.split("\n").filter((line) => /^ +\d+\. /.test(line)).length;
    assertEquals(steps <= 14, true, `no short counterexample:\n${verdict!.message}`);
    // laws of one fixed run have nothing to replay
    const replay = /pc1-[\w-]+/.exec(verdict!.message)?.[0];
    if (replay === undefined) {
      return assertEquals(ringLaws.find(({ id }) => id === law)!.judged, "once");
    }
    const again = [...judgeRing(fault, (g) => new PlantedRing(g, fault), { replay })];
    assertEquals(again.map(({ message }) => message), [verdict!.message.split("\n  seed")[0]]);
    const [right] = [...judgeRing("right", (g) => new PlantedRing(g, "none"), { replay })];
    assertEquals([right!.id, right!.outcome], [law, "holds"]);
  });
}

Deno.test("ringConformance judges only the parts that are there, and says so", () => {
  const bare = (geometry: RingGeometry): BurstRing => {
    const ring = new PlantedRing(geometry, "none");
    return {
      get count() {
        return ring.count;
      },
      enqueueBurst: (items, at, n) => ring.enqueueBurst(items, at, n),
      enqueueBulk: (items, at, n) => ring.enqueueBulk(items, at, n),
      dequeueBurst: (out, max) => ring.dequeueBurst(out, max),
      dequeueBulk: (out, n) => ring.dequeueBulk(out, n),
    };
  };
  const all = [...judgeRing("bare", bare)];
  assertEquals(
    all.filter(({ outcome }) => outcome === "not judged").map(({ id, message }) => [id, message]),
    [
      ["RING-9", "the ring has no peek and no reserve"],
      ["RING-12", "the ring has no reset"],
    ],
  );
  assertEquals(all.filter(({ outcome }) => outcome === "broken"), []);
});

/** Elements of two words over a plain ring, with one mistake about their size. */
class PlantedElements implements BurstRing {
  readonly #ring: PlantedRing;

  constructor(geometry: RingGeometry, readonly fault: string) {
    const odd = fault === "room for half an element" ? 1 : 0;
    this.#ring = new PlantedRing({ ...geometry, size: 2 * geometry.size - odd }, "none");
  }

  get count(): number {
    return this.#ring.count >> 1;
  }

  enqueueBurst(words: Int32Array, at: number, n: number): number {
    const from = this.fault === "places counted in elements" ? 2 * at : at;
    if (this.fault === "halves swapped") words = words.map((_, i) => words[((i - at) ^ 1) + at]!);
    return this.#ring.enqueueBurst(words, from, 2 * n) >> 1;
  }

  enqueueBulk(words: Int32Array, at: number, n: number): number {
    return this.#ring.enqueueBulk(words, at, 2 * n) >> 1;
  }

  dequeueBurst(out: Int32Array, max: number): number {
    const n = this.#ring.dequeueBurst(out, 2 * max) >> 1;
    if (this.fault === "second words cut to 16 bits") {
      for (let i = 0; i < n; i++) out[2 * i + 1]! &= 0xffff;
    }
    return n;
  }

  dequeueBulk(out: Int32Array, n: number): number {
    return this.#ring.dequeueBulk(out, 2 * n) >> 1;
  }

  reserve(n: number): number {
    return this.#ring.reserve(2 * n) >> 1;
  }

  put(word: number, value: number): void {
    this.#ring.put(word, value);
  }

  commit(n: number): void {
    this.#ring.commit(this.fault === "commits words" ? n : 2 * n);
  }
}

Deno.test("ringConformance judges elements of several words as wholes (RING-11)", () => {
  const judge = (fault: string, only?: RegExp) => {
    const make = (geometry: RingGeometry) => new PlantedElements(geometry, fault);
    return [
      ...judgeRing(fault, make, { elementWords: 2, exactSizes: false, ...only ? { only } : {} }),
    ];
  };
  assertEquals(judge("none").filter(({ outcome }) => outcome === "broken"), []);
  for (
    const [fault, law, says] of [
      ["room for half an element", "RING-3", "expected 1 items moved, got 0"],
      ["places counted in elements", "RING-1", "size 1 of 2 words each, indices from 0"],
      ["halves swapped", "RING-1", "expected items ["],
      ["second words cut to 16 bits", "RING-11", "of 2 words each"],
      ["commits words", "RING-9", "commit 1 of 1"],
    ] as const
  ) {
    const [verdict] = judge(fault, new RegExp(`^${law}$`));
    assertEquals(verdict!.outcome, "broken", `${fault} survived`);
    assertStringIncludes(verdict!.message, says);
  }
  const none = () => [...judgeRing("mine", (g) => new PlantedRing(g, "none"), { elementWords: 0 })];
  assertThrows(none, RangeError, "Cannot judge mine: elementWords is 0, not 1..256");
});

Deno.test("ringConformance refuses a number of runs that proves nothing", () => {
  const make = (geometry: RingGeometry): BurstRing => new PlantedRing(geometry, "none");
  assertThrows(() => [...judgeRing("mine", make, { numRuns: 0 })], RangeError, "numRuns 0");
});

type Step = { name: string; ignore: boolean; fn: () => void };
type Registered = (t: { step(step: Step): void }) => Promise<void>;

/** Catches what `act` registers as a test with a function. */
function caught(act: () => void): Registered[] {
  const tests: Registered[] = [];
  const register = Deno.test;
  try {
    Object.assign(Deno, { test: (_: unknown, fn: Registered) => void tests.push(fn) });
    act();
  } finally {
    Object.assign(Deno, { test: register });
  }
  return tests;
}

/** Runs what `ringConformance` registers; the names of the steps that failed. */
async function failures(fault: Fault, only: RegExp): Promise<string[]> {
  const [test] = caught(() =>
    ringConformance(fault, (geometry) => new PlantedRing(geometry, fault), { only })
  );
  const failed: string[] = [];
  await test!({
    step({ name, ignore, fn }) {
      try {
        if (!ignore) fn();
      } catch (error) {
        assertStringIncludes(String(error), `broken by ${fault}: `);
        failed.push(name.split(" ")[0]!);
      }
    },
  });
  return failed;
}

Deno.test("ringConformance fails the steps of broken laws, and as a whole when it judged none", async () => {
  assertEquals(await failures("-1 ends a burst", /^RING-(?:3|11)$/), ["RING-11"]);
  assertEquals(await failures("none", /^RING-(?:3|11)$/), []);
  await assertRejects(
    () => failures("none", /^none$/),
    Error,
    "No law of none was judged (HARN-1)",
  );
});

Deno.test("ringConformance replays the token of the environment, and nothing else meanwhile", async () => {
  const [verdict] = verdicts("peek takes out", /^RING-9$/);
  const before = Deno.env.get("PLANECHECK_REPLAY");
  try {
    Deno.env.set("PLANECHECK_REPLAY", /pc1-[\w-]+/.exec(verdict!.message)![0]);
    assertEquals(await failures("peek takes out", /./), ["RING-9"]);
    assertEquals(await failures("none", /./), []);
    // registered as a test that is ignored, which has no second argument
    const pools = caught(() =>
      mempoolConformance("pool", () =>
        checkedMempool({
          size: 1,
          cacheSize: 0,
          lcores: 1,
        }))
    );
    assertEquals(pools, [undefined as never]);
  } finally {
    if (before === undefined) Deno.env.delete("PLANECHECK_REPLAY");
    else Deno.env.set("PLANECHECK_REPLAY", before);
  }
});
