// Aim: the project's pools keep every law with either cache algorithm, and each law breaks on the faults
// that it is there for, with a message that says what was done. Method: the suite itself, then a dumb
// correct pool with one fault at a time planted in it.
import { assert, assertEquals, assertThrows } from "@std/assert";
import { checkedMempool } from "./checked_mempool.ts";
import { judgeMempool, mempoolConformance } from "./conformance.ts";
import { drain } from "./laws.ts";
import type { PoolRig } from "./rig.ts";
import type { MempoolGeometry, PoolUnderTest } from "./subject.ts";

mempoolConformance("Mempool", (geometry) => checkedMempool(geometry));
mempoolConformance(
  "Mempool with a flush threshold",
  (geometry) => checkedMempool(geometry, "flush-threshold"),
);

type Fault =
  | "none"
  | "loses a put"
  | "keeps a bulk that it refuses"
  | "gives twice"
  | "takes a double free"
  | "says nothing of a double free"
  | "throws at a foreign free"
  | "overfills its cache"
  | "refuses too early"
  | "refuses what a cache could serve"
  | "takes a part of a bulk"
  | "leaves fields"
  | "does not poison"
  | "poisons late"
  | "flushes all but one"
  | "counts one more in all caches than in each"
  | "counts a refusal as cached"
  | "writes behind a bulk";

/** A pool of one list and one cache list for each lcore; its buffers are 5, 6, 7 ... */
class ListPool implements PoolUnderTest {
  faults = 0;
  #free: number[];
  #caches: number[][];
  #ghosts = 0;
  readonly #cells: Map<number, { field: number; bytes: Uint8Array }>;
  readonly #held = new Set<number>();

  constructor(readonly geometry: MempoolGeometry, readonly fault: Fault) {
    this.#free = Array.from({ length: geometry.size }, (_, i) => i + 5);
    this.#caches = Array.from({ length: geometry.lcores }, () => []);
    this.#cells = new Map(this.#free.map((b) => [b, { field: 0, bytes: new Uint8Array(4) }]));
  }

  get free(): number {
    return this.#free.length;
  }

  get cached(): number {
    const sum = this.#caches.reduce((all, { length }) => all + length, 0);
    const more = this.fault === "counts one more in all caches than in each" && sum > 0 ? 1 : 0;
    return sum + more + this.#ghosts;
  }

  cachedBy(lcore: number): number {
    return this.#caches[lcore]!.length;
  }

  get(lcore: number): number {
    const cache = this.#caches[lcore]!;
    const spare = this.fault === "refuses too early" ? 1 : 0;
    const only = this.fault === "refuses what a cache could serve" && this.#free.length === 0;
    if (this.#free.length + cache.length <= spare || only) return this.#refuse(-1);
    const b = cache.pop() ?? this.#free.shift()!;
    this.#held.add(b);
    if (this.fault !== "leaves fields") this.#cells.get(b)!.field = 0;
    const { bytes } = this.#cells.get(b)!;
    if (this.fault === "gives twice" && b === 7 && this.#held.size > 2) {
      this.#free.push(b);
      this.#free.splice(0, 1);
    }
    bytes.fill(0);
    return b;
  }

  put(lcore: number, b: number): void {
    if (!this.#held.has(b)) {
      if (this.fault === "throws at a foreign free" && b > 1000) throw new Error("no such buffer");
      if (this.fault !== "says nothing of a double free") this.faults++;
      if (this.fault === "takes a double free" && b < 1000) this.#free.push(b);
      return;
    }
    this.#held.delete(b);
    if (this.fault === "loses a put" && this.#held.size === 3) return;
    const { bytes } = this.#cells.get(b)!;
    if (this.fault !== "does not poison" && this.fault !== "poisons late") bytes.fill(0xdb);
    const cache = this.#caches[lcore]!;
    const limit = this.geometry.cacheSize + (this.fault === "overfills its cache" ? 1 : 0);
    if (cache.length < limit) cache.push(b);
    else {
      bytes.fill(0xdb);
      this.#free.push(b);
    }
  }

  getBulk(lcore: number, out: Int32Array, at: number, n: number): boolean {
    const reach = this.#free.length + this.#caches[lcore]!.length;
    if (n > reach) {
      if (this.fault === "keeps a bulk that it refuses" && reach > 0) this.get(lcore);
      if (this.fault !== "takes a part of a bulk" || reach === 0) return this.#refuse(false);
    }
    for (let i = 0; i < n; i++) out[at + i] = i < reach ? this.get(lcore) : out[at]!;
    if (this.fault === "writes behind a bulk") out[at + n] = 0;
    return true;
  }

  flush(lcore: number): void {
    const kept = this.fault === "flushes all but one" ? 1 : 0;
    this.#free.push(...this.#caches[lcore]!.splice(kept));
  }

  readonly buffers = {
    poison: 0xdb,
    fields: (b: number) => [this.#cells.get(b)!.field],
    soil: (b: number) => {
      this.#cells.get(b)!.field = 9;
      this.#cells.get(b)!.bytes.fill(9);
    },
    bytes: (b: number) => this.#cells.get(b)!.bytes,
  };

  #refuse<T>(answer: T): T {
    if (this.fault === "counts a refusal as cached") this.#ghosts++;
    return answer;
  }
}

function broken(fault: Fault, only = /./): Map<string, string> {
  const verdicts = judgeMempool(fault, (geometry) => new ListPool(geometry, fault), { only });
  return new Map(
    [...verdicts].filter(({ outcome }) => outcome === "broken").map((v) => [v.id, v.message]),
  );
}

const CAUGHT: readonly (readonly [Fault, readonly string[]])[] = [
  ["loses a put", ["POOL-1"]],
  ["keeps a bulk that it refuses", ["POOL-1", "POOL-9"]],
  ["gives twice", ["POOL-2"]],
  ["takes a double free", ["POOL-3"]],
  ["says nothing of a double free", ["POOL-3"]],
  ["throws at a foreign free", ["POOL-3"]],
  ["overfills its cache", ["POOL-4"]],
  ["refuses too early", ["POOL-5", "POOL-10"]],
  ["refuses what a cache could serve", ["POOL-5"]],
  ["takes a part of a bulk", ["POOL-6"]],
  ["leaves fields", ["POOL-7"]],
  ["does not poison", ["POOL-8"]],
  ["poisons late", ["POOL-8"]],
  ["flushes all but one", ["POOL-10"]],
  ["counts one more in all caches than in each", ["POOL-4"]],
  ["counts a refusal as cached", ["POOL-9"]],
  ["writes behind a bulk", ["POOL-6"]],
];

Deno.test("mempoolLaws hold for a dumb pool of lists", () => {
  assertEquals([...broken("none")], []);
});

for (const [fault, ids] of CAUGHT) {
  Deno.test(`mempoolLaws catch a pool that ${fault}`, () => {
    const found = broken(fault, new RegExp(`^(?:${ids.join("|")})$`));
    for (const id of ids) {
      assert(found.has(id), `${id} holds`);
      const message = found.get(id)!;
      const head = new RegExp(`^${id} broken by ${fault}: .*\\n(  pool: |    1\\. )`);
      assert(head.test(message) && / {2}1\. .*lcore \d/.test(message), message);
      assert(/expected|given/.test(message) && /\n {2}seed 1, run /.test(message), message);
      const replay = /pc1-[\w-]+/.exec(message)![0];
      const make = (geometry: MempoolGeometry) => new ListPool(geometry, fault);
      const again = [...judgeMempool(fault, make, { replay })];
      assertEquals(again.map((verdict) => verdict.message), [message.split("\n  seed")[0]]);
      const right = (geometry: MempoolGeometry) => new ListPool(geometry, "none");
      const [kept] = [...judgeMempool("right", right, { replay })];
      assertEquals([kept!.id, kept!.outcome], [id, "holds"]);
    }
  });
}

Deno.test("drain holds the buffers against the pool's size, and against each other", () => {
  const drained = (last: readonly number[]) => {
    const held: number[] = [];
    const rig = {
      geometry: { lcores: 1, size: 3 },
      pool: {},
      held,
      put: () => void held.splice(0),
      flush() {},
      get: () => ({ got: held.length < last.length && held.push(last[held.length]!) > 0 }),
      fail(what: string): never {
        throw new Error(what);
      },
    };
    return () => drain(rig as unknown as PoolRig);
  };
  drained([5, 6, 7])();
  assertThrows(drained([5, 6]), Error, "each of 3 buffers once, got 2, 2 different");
  assertThrows(drained([5, 6, 6]), Error, "each of 3 buffers once, got 3, 2 different");
  assertThrows(drained([5, 6, 7, 8]), Error, "at most 3 buffers, got 4");
});

Deno.test("judgeMempool says what was not judged of a pool that offers get and put alone", () => {
  const verdicts = [...judgeMempool("bare", ({ size }) => {
    const free = Array.from({ length: size }, (_, i) => i);
    return { get: () => free.pop() ?? -1, put: (_, b) => void free.push(b) };
  })];
  const by = (outcome: string) => verdicts.filter((v) => v.outcome === outcome).map((v) => v.id);
  assertEquals(by("holds"), ["POOL-2", "HARN-3", "POOL-5", "POOL-9", "POOL-10"]);
  assertEquals(by("not judged"), ["POOL-1", "POOL-3", "POOL-4", "POOL-6", "POOL-7", "POOL-8"]);
  assertEquals(verdicts[0]!.message, "the pool does not offer free");
});

Deno.test("judgeMempool of a pool that never runs out ends, and finds it out", () => {
  let next = 0;
  const endless = judgeMempool("endless", () => ({ get: () => next++, put: () => {} }));
  const found = [...endless].filter(({ outcome }) => outcome === "broken").map(({ id }) => id);
  assertEquals(found, ["POOL-2", "POOL-5", "POOL-9", "POOL-10"]);
});

Deno.test("judgeMempool of a pool that refuses everything finds it out", () => {
  const none = judgeMempool("none", () => ({ get: () => -1, put: () => {} }));
  const found = [...none].filter(({ outcome }) => outcome === "broken").map(({ id }) => id);
  assertEquals(found.includes("POOL-5") && found.includes("POOL-10"), true);
});

Deno.test("judgeMempool refuses a number of runs that proves nothing", () => {
  for (const numRuns of [0, -1, 1.5]) {
    assertThrows(
      () => [...judgeMempool("x", (geometry) => checkedMempool(geometry), { numRuns })],
      RangeError,
      `Cannot judge x: numRuns ${numRuns} is not a positive integer`,
    );
  }
});
