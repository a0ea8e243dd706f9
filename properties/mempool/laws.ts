import { LawViolation, PartKit, type PartLaw } from "../part.ts";
import { PoolRig } from "./rig.ts";
import type { MempoolScenario } from "./scenario.ts";
import type { PoolOffer, PoolUnderTest } from "./subject.ts";
import { bytesLaws } from "./laws_bytes.ts";

/** What a law is judged with. */
export class MempoolKit extends PartKit<PoolRig> {
  /** Judges pools that `make` makes. */
  constructor(
    readonly make: (geometry: MempoolScenario["geometry"]) => PoolUnderTest,
    seed = 1,
  ) {
    super(seed);
  }

  /** As `operations`. */
  get steps(): number {
    return this.operations;
  }

  /** An exception of the pool is told with what was done, but without the pool's limits. */
  override fail(what: string): never {
    const log = (this.rig?.log ?? []).map((line, i) => `  ${String(i + 1).padStart(3)}. ${line}`);
    throw new LawViolation([...log, `  ${what}`].join("\n"));
  }

  /** A new pool of which nobody holds anything. */
  open({ geometry }: MempoolScenario): PoolRig {
    this.rig = new PoolRig(this.make(geometry), geometry);
    return this.rig;
  }

  /** Does all steps; `after` looks at each. Wrong puts are left out unless they are judged. */
  run(
    scenario: MempoolScenario,
    after: (rig: PoolRig, outcome: ReturnType<PoolRig["step"]>) => void = () => {},
    before: (rig: PoolRig) => void = () => {},
    wrongPuts = false,
  ): PoolRig {
    const rig = this.open(scenario);
    const verbs = scenario.verbs.filter((verb) => wrongPuts || verb !== "wrongPut");
    const seen = new Set<string>();
    for (const step of scenario.steps) {
      before(rig);
      const outcome = rig.step({ ...scenario, verbs }, step);
      this.operations++;
      seen.add(outcome.got ? outcome.verb : "refused");
      if (outcome.bulk) seen.add(outcome.got ? "bulk" : "bulk refused");
      after(rig, outcome);
    }
    for (const label of seen) this.label(label);
    return rig;
  }
}

/** A law of buffer pools, as data. */
export interface MempoolLaw extends PartLaw<MempoolKit, MempoolScenario> {
  /** What the pool has to offer for this law to be judged. */
  readonly needs?: PoolOffer;
}

const GUIDE = "DPDK Programmer's Guide, Mempool Library";

/** The laws of buffer pools, in the order of their numbers. */
export const mempoolLaws: readonly MempoolLaw[] = [
  {
    id: "POOL-1",
    statement: "free, cached and held buffers together are the pool, after every operation",
    clause: GUIDE,
    needs: "free",
    check: checkConservation,
  },
  {
    id: "POOL-2",
    statement: "no buffer is given to two, and no more different ones than the pool has",
    clause: GUIDE,
    check: checkUnique,
  },
  {
    id: "POOL-3",
    statement: "giving back what is free or foreign is noticed and changes nothing",
    clause: `${GUIDE}: cookies`,
    needs: "faults",
    check: checkWrongPuts,
  },
  {
    id: "POOL-4",
    statement: "no cache holds more than its limit, and all caches together what is cached",
    clause: `${GUIDE}: Local Cache`,
    needs: "cachedBy",
    check: checkCaches,
  },
  {
    id: "POOL-5",
    statement:
      "a get is refused when, and only when, the lcore's cache and the pool cannot serve it",
    clause: "DPDK mempool tests: one, two, all objects; nothing left",
    check: checkRefusals,
  },
  {
    id: "POOL-6",
    statement: "a bulk get takes all that it was asked for or none",
    clause: "contract of rte_mempool_get_bulk",
    needs: "getBulk",
    check: checkBulk,
  },
  ...bytesLaws,
  {
    id: "POOL-9",
    statement: "a refused operation changes nothing",
    clause: "contract of rte_mempool_get_bulk: no object is retrieved",
    check: checkRefusalsLeakNothing,
  },
  {
    id: "POOL-10",
    statement: "when all is given back, each buffer can be got again exactly once",
    clause: "DPDK mempool tests: all objects; rte_mempool_cache_flush",
    check: checkReturn,
  },
];

function checkConservation(kit: MempoolKit, scenario: MempoolScenario): void {
  kit.run(scenario, (rig) => {
    const { pool } = rig;
    const sum = pool.free! + (pool.cached ?? 0) + rig.held.length;
    if (sum !== rig.geometry.size) {
      rig.fail(
        `expected ${rig.geometry.size} buffers, got ${sum}: ${rig.account()}, ` +
          `${rig.held.length} held`,
      );
    }
  });
}

function checkUnique(kit: MempoolKit, scenario: MempoolScenario): void {
  const known = new Set<number>();
  kit.run(scenario, (rig, { buffers, verb }) => {
    if (verb !== "get") return;
    for (const b of buffers) {
      if (rig.held.indexOf(b) !== rig.held.lastIndexOf(b)) {
        rig.fail(`buffer ${b} was given, which somebody holds`);
      }
      known.add(b);
    }
    if (known.size > rig.geometry.size) {
      rig.fail(`expected ${rig.geometry.size} different buffers, got ${known.size}`);
    }
  });
}

function checkWrongPuts(kit: MempoolKit, scenario: MempoolScenario): void {
  let faults = 0;
  let account = "";
  const rig = kit.run(
    scenario,
    (rig, { verb }) => {
      const expected = faults + (verb === "wrongPut" ? 1 : 0);
      if (rig.pool.faults !== expected) {
        rig.fail(`expected ${expected} faults to be noticed, got ${rig.pool.faults}`);
      }
      if (verb === "wrongPut" && rig.account() !== account) {
        rig.fail(`expected ${account} as before, got ${rig.account()}`);
      }
    },
    (rig) => {
      faults = rig.pool.faults!;
      account = rig.account();
    },
    true,
  );
  drain(rig);
}

function checkCaches(kit: MempoolKit, scenario: MempoolScenario): void {
  kit.run(scenario, (rig) => {
    const { geometry, pool } = rig;
    const limit = pool.cacheLimit ?? geometry.cacheSize;
    let sum = 0;
    for (let l = 0; l < geometry.lcores; l++) {
      const cached = pool.cachedBy!(l);
      if (!(cached >= 0 && cached <= limit)) {
        rig.fail(`expected at most ${limit} in the cache of lcore ${l}, got ${cached}`);
      }
      sum += cached;
    }
    if (pool.cached !== undefined && pool.cached !== sum) {
      rig.fail(`expected ${sum} cached in all, got ${pool.cached}`);
    }
  });
}

function checkRefusals(kit: MempoolKit, scenario: MempoolScenario): void {
  const known: number[] = [];
  kit.run(
    scenario,
    (rig, { bulk, got, lcore, n, verb }) => {
      if (verb !== "get") return;
      const left = rig.geometry.size - rig.held.length + (got ? n : 0);
      const reach = known[lcore] ?? (rig.geometry.lcores === 1 ? left : NaN);
      const name = bulk ? `a get of ${n}` : "a get";
      if (got && (n > left || n > reach)) rig.fail(`expected ${name} to be refused: ${reach} left`);
      if (!got && n <= reach) rig.fail(`expected ${name} to be served: ${reach} left`);
    },
    ({ geometry, pool }) => {
      known.length = 0;
      if (pool.free === undefined) return;
      if (pool.cachedBy === undefined && pool.cached !== undefined) return;
      for (let l = 0; l < geometry.lcores; l++) {
        known.push(pool.free + (pool.cachedBy?.(l) ?? 0));
      }
    },
  );
}

function checkBulk(kit: MempoolKit, scenario: MempoolScenario): void {
  kit.run(scenario, (rig, { buffers, bulk, got, n, verb }) => {
    if (verb !== "get" || !bulk) return;
    const different = new Set(buffers).size;
    if (got && different !== n) rig.fail(`expected ${n} different buffers, got ${different}`);
  });
  // What a refused bulk kept back is missing, and what a short one did not take is there twice.
  drain(kit.run(scenario));
}

function checkRefusalsLeakNothing(kit: MempoolKit, scenario: MempoolScenario): void {
  let account = "";
  const rig = kit.run(
    scenario,
    (rig, { got }) => {
      if (!got && rig.account() !== account) {
        rig.fail(`expected ${account} as before, got ${rig.account()}`);
      }
    },
    (rig) => account = rig.account(),
  );
  const { lcores, size } = rig.geometry;
  for (let l = 0; l < lcores; l++) while (rig.get(l).got) guard(rig);
  if (rig.getBulk(0, size).got) rig.fail("expected an empty pool to refuse");
  drain(rig);
}

function checkReturn(kit: MempoolKit, scenario: MempoolScenario): void {
  drain(kit.run(scenario));
}

/** Gives all back, and gets it all again. */
export function drain(rig: PoolRig): void {
  const { geometry: { lcores, size }, pool } = rig;
  rig.put(size % lcores, [...rig.held]);
  for (let l = 0; l < lcores; l++) rig.flush(l);
  // With its caches flushed, a pool must give all to anybody.
  const takers = pool.flush === undefined ? lcores : 1;
  for (let l = 0; l < takers; l++) while (rig.get(l).got) guard(rig);
  const different = new Set(rig.held).size;
  if (rig.held.length !== size || different !== size) {
    rig.fail(
      `expected each of ${size} buffers once, got ${rig.held.length}, ${different} different`,
    );
  }
}

/** Ends a pool that never ends. */
function guard(rig: PoolRig): void {
  const { size } = rig.geometry;
  if (rig.held.length > size) rig.fail(`expected at most ${size} buffers, got ${rig.held.length}`);
}
