import { counted } from "../laws/_text.ts";
import { LawViolation } from "../part.ts";
import { bulkSize, type MempoolScenario, type PoolStep } from "./scenario.ts";
import type { MempoolGeometry, PoolUnderTest } from "./subject.ts";

/** An index that no pool of these sizes owns. */
const FOREIGN = 1 << 20;

/** What a step did. */
export interface PoolOutcome {
  /** What was called; `none` when there was nothing to give back or no such call. */
  readonly verb: "get" | "put" | "flush" | "wrongPut" | "none";
  /** Who called it. */
  readonly lcore: number;
  /** Whether it was one call for several buffers. */
  readonly bulk: boolean;
  /** How many buffers were asked for or given back. */
  readonly n: number;
  /** What the pool answered; true for a put. */
  readonly got: boolean;
  /** The buffers that were got or given back. */
  readonly buffers: readonly number[];
}

/** A pool beside the set of buffers that are held; whatever is done is written down. */
export class PoolRig {
  /** Buffers that are held, in the order in which they were got. */
  readonly held: number[] = [];
  /** Buffers that were held once and are not now. */
  readonly returned: Set<number> = new Set();
  /** What was done, a line each. */
  readonly log: string[] = [];

  /** A new pool of which nobody holds anything. */
  constructor(readonly pool: PoolUnderTest, readonly geometry: MempoolGeometry) {}

  /** Does a drawn step; bulks are done one by one when the pool has no call for them. */
  step(scenario: MempoolScenario, step: PoolStep): PoolOutcome {
    const verb = scenario.verbs[step.verb % scenario.verbs.length]!;
    const lcore = step.lcore % this.geometry.lcores;
    if (verb === "get") return this.get(lcore);
    if (verb === "put") return this.put(lcore, this.pick(step.pick, 1));
    if (verb === "flush") return this.flush(lcore);
    if (verb === "wrongPut") return this.wrongPut(lcore, step.pick);
    const n = bulkSize(step.n, this.geometry);
    if (verb === "getBulk") return this.getBulk(lcore, n);
    return this.put(lcore, this.pick(step.pick, n), this.pool.putBulk !== undefined);
  }

  /** Gets one buffer. */
  get(lcore: number): PoolOutcome {
    const b = this.#call(`lcore ${lcore} gets`, () => this.pool.get(lcore));
    if (b !== -1 && !(Number.isInteger(b) && b >= 0)) {
      this.fail(`expected a buffer or -1, got ${b}`);
    }
    const buffers = b === -1 ? [] : [b];
    this.#take(buffers);
    return { verb: "get", lcore, bulk: false, n: 1, got: b !== -1, buffers };
  }

  /** Gets several buffers in one call. */
  getBulk(lcore: number, n: number): PoolOutcome {
    if (this.pool.getBulk === undefined) return this.get(lcore);
    const out = new Int32Array(n + 2).fill(-9);
    const text = `lcore ${lcore} gets ${n} at once`;
    const got = this.#call(text, () => this.pool.getBulk!(lcore, out, 1, n));
    if (out[0] !== -9 || out[n + 1] !== -9) this.fail("expected nothing to be written beside");
    const buffers = got ? [...out.subarray(1, n + 1)] : [];
    if (got) this.log[this.log.length - 1] += ` (${buffers.join(" ")})`;
    if (buffers.some((b) => b < 0)) this.fail(`expected ${n} buffers, got ${buffers.join(" ")}`);
    this.#take(buffers);
    return { verb: "get", lcore, bulk: true, n, got, buffers };
  }

  /** Gives buffers back, one by one or in one call. */
  put(lcore: number, buffers: readonly number[], bulk = false): PoolOutcome {
    for (const b of buffers) {
      this.held.splice(this.held.indexOf(b), 1);
      this.returned.add(b);
    }
    const n = buffers.length;
    if (n === 0) return { verb: "none", lcore, bulk, n, got: true, buffers };
    if (bulk) {
      const all = Int32Array.from([-9, ...buffers, -9]);
      const text = `lcore ${lcore} gives ${buffers.join(" ")} back at once`;
      this.#call(text, () => this.pool.putBulk!(lcore, all, 1, n));
    } else {
      for (const b of buffers) {
        this.#call(`lcore ${lcore} gives ${b} back`, () => this.pool.put(lcore, b));
      }
    }
    return { verb: "put", lcore, bulk, n, got: true, buffers };
  }

  /** Gives a cache back. */
  flush(lcore: number): PoolOutcome {
    const nothing = { lcore, bulk: false, n: 0, got: true, buffers: [] };
    if (this.pool.flush === undefined) return { verb: "none", ...nothing };
    this.#call(`lcore ${lcore} flushes its cache`, () => this.pool.flush!(lcore));
    return { verb: "flush", ...nothing };
  }

  /** Gives back what is free or foreign, where the pool says that it notices. */
  wrongPut(lcore: number, pick: number): PoolOutcome {
    const nothing = { lcore, bulk: false, n: 1, got: true, buffers: [] };
    if (this.pool.faults === undefined) return { verb: "none", ...nothing };
    const known = [...this.returned];
    const b = pick % 3 === 0 || known.length === 0 ? FOREIGN : known[pick % known.length]!;
    const what = b === FOREIGN ? "which is of another pool" : "which is free";
    this.#call(`lcore ${lcore} gives ${b} back, ${what}`, () => this.pool.put(lcore, b));
    return { verb: "wrongPut", ...nothing };
  }

  /** Up to `n` of the held buffers, from one on. */
  pick(from: number, n: number): number[] {
    const count = Math.min(n, this.held.length);
    return Array.from({ length: count }, (_, i) => this.held[(from + i) % this.held.length]!);
  }

  /** Everything that the pool tells of itself, as text. */
  account(): string {
    const { pool } = this;
    const parts = pool.free === undefined ? [] : [`${pool.free} free`];
    if (pool.cached !== undefined) parts.push(`${pool.cached} cached`);
    for (let l = 0; pool.cachedBy && l < this.geometry.lcores; l++) {
      parts.push(`${pool.cachedBy(l)} by lcore ${l}`);
    }
    return parts.join(", ");
  }

  /** Ends the run: throws a `LawViolation` with everything that was done so far. */
  fail(what: string): never {
    const { cacheSize, lcores, size } = this.geometry;
    const lines = this.log.map((line, i) => `  ${String(i + 1).padStart(3)}. ${line}`);
    const head = `  pool: ${counted(size, "buffer")}, caches of ${cacheSize}, ` +
      counted(lcores, "lcore");
    throw new LawViolation([head, ...lines, `  ${what}`].join("\n"));
  }

  #take(buffers: readonly number[]): void {
    this.held.push(...buffers);
    for (const b of buffers) this.returned.delete(b);
  }

  #call<T>(text: string, run: () => T): T {
    this.log.push(text);
    const got = run();
    if (got !== undefined) this.log[this.log.length - 1] = `${text}: ${got}`;
    return got;
  }
}
