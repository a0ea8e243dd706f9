import type { MempoolKit, MempoolLaw } from "./laws.ts";
import type { PoolRig } from "./rig.ts";
import type { MempoolScenario } from "./scenario.ts";

/** The laws about what is in buffers. */
export const bytesLaws: readonly MempoolLaw[] = [
  {
    id: "POOL-7",
    statement: "a buffer that was used before has the fields of a new one",
    clause: "rte_pktmbuf_reset; DPDK mbuf tests: segment fields reset on free",
    needs: "buffers",
    check: checkFields,
  },
  {
    id: "POOL-8",
    statement: "the bytes of a buffer are poison from the moment it is given back until it is got",
    clause: "DPDK mempool tests: contents of free objects; contract of the pool",
    needs: "poison",
    check: checkPoison,
  },
];

function checkFields(kit: MempoolKit, scenario: MempoolScenario): void {
  const fresh = new Map<number, string>();
  const judge = (rig: PoolRig, buffers: readonly number[]) => {
    for (const b of buffers) {
      const fields = rig.pool.buffers!.fields(b).join(" ");
      const expected = fresh.get(b) ?? fields;
      if (fields !== expected) rig.fail(`buffer ${b}: expected fields ${expected}, got ${fields}`);
      fresh.set(b, expected);
      rig.pool.buffers!.soil(b);
      if (rig.pool.buffers!.fields(b).join(" ") === expected) {
        rig.fail(`buffer ${b}: expected soil to change its fields`);
      }
    }
  };
  const rig = kit.run(scenario, (rig, outcome) => {
    if (outcome.verb === "get") judge(rig, outcome.buffers);
  });
  // Whatever the steps were, each buffer is used at least twice.
  for (let round = 0; round < 2; round++) {
    rig.put(0, [...rig.held]);
    const limit = rig.geometry.size;
    for (let i = 0; i < limit; i++) judge(rig, rig.get(0).buffers);
  }
}

function checkPoison(kit: MempoolKit, scenario: MempoolScenario): void {
  const judge = (rig: PoolRig) => {
    const { poison } = rig.pool.buffers!;
    for (const b of rig.returned) {
      const at = rig.pool.buffers!.bytes(b).findIndex((byte) => byte !== poison);
      if (at < 0) continue;
      const got = rig.pool.buffers!.bytes(b)[at];
      rig.fail(`buffer ${b} is free: expected byte ${at} to be ${poison}, got ${got}`);
    }
  };
  const rig = kit.run(scenario, (rig, { buffers, verb }) => {
    if (verb === "get") { for (const b of buffers) rig.pool.buffers!.soil(b); }
    judge(rig);
  });
  rig.put(0, [...rig.held]);
  judge(rig);
}
