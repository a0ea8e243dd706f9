// Aim: a port waits for its turn during a flood on another, in the scheduler's modes as the spreads have it, and no longer
// than the policy declares. Method: one packet at different times of a flood of three times what one lcore takes.
import { assert, assertEquals } from "@std/assert";
import { scenarioOf, stream, towards } from "../../core/machine/_scenario_for_tests.ts";
import { FATE } from "../../core/machine/observation.ts";
import { bed, wrong } from "./_rig_for_tests.ts";
import { odp, type OdpMode, type OdpOptions } from "./mod.ts";
import { settingsOf } from "./options.ts";
import { odpPolicy } from "./policy.ts";

const GEOMETRY = { ports: 4, lcores: 1, rxRing: 64, txRing: 64, ingress: 8 } as const;

function declared(options: OdpOptions): number | "priority" | undefined {
  return odpPolicy(settingsOf(options)).turns;
}

/** Packets of a flood on port `flood` that came later than one on port `guest`, at `atPs`, and left before it. */
function wentBy(options: OdpOptions, flood: number, guest: number, atPs: number): number {
  const scenario = scenarioOf([
    ...stream(16_000, 60_000, () => ({ port: flood, dst: towards(flood) })),
    { port: guest, at: atPs, dst: towards(guest) },
  ], GEOMETRY);
  const o = bed(odp(options)).run(scenario);
  const { port, count } = scenario.traffic;
  const one = port.indexOf(guest);
  assertEquals([o.fate[one], wrong(o)], [FATE.emitted, []]);
  assert(o.endAt[one]! < scenario.traffic.at[count - 1]!, "the flood was over");
  let n = 0;
  for (let p = one + 1; p < count; p++) {
    if (o.fate[p] === FATE.emitted && o.endAt[p]! < o.endAt[one]!) n++;
  }
  return n;
}

/** The most of several times of arrival, where the flood's spread is looked into before the other's. */
function most(options: OdpOptions, flood = 1, guest = 2): number {
  const times = [20e6, 123e6, 312e6, 420e6];
  return Math.max(...times.map((atPs) => wentBy(options, flood, guest, atPs)));
}

for (const mode of ["direct", "queue", "ordered"] as const satisfies OdpMode[]) {
  Deno.test(`odp ${mode}: a port waits for no more than a burst or two of a flooded one`, () => {
    for (const [flood, guest] of [[1, 2], [2, 1], [0, 3]] as const) {
      const n = most({ mode }, flood, guest);
      assert(n <= 64, `${n} that came later went before it on port ${flood}`);
    }
    assertEquals(declared({ mode }), undefined);
  });
}

for (const mode of ["parallel", "atomic"] as const satisfies OdpMode[]) {
  Deno.test(`odp ${mode}: a spread behind a flooded one has its turn once in 192 calls, as declared`, () => {
    const n = most({ mode });
    // each of three other spreads in turn: more than 64 calls of a burst
    assert(n > 64 * 32 && n <= 192 * 32, `${n} that came later went before it`);
    assertEquals(declared({ mode }), 192 * 32);
    // with one ring for all queues it is as without a scheduler
    assert(most({ mode, prioSpread: 1 }) <= 64);
    assertEquals(declared({ mode, prioSpread: 1 }), undefined);
  });
}

/** What goes to port 2 has a class of its own, whose queue stands in the spread behind that of all others. */
function classified(mode: OdpMode): OdpOptions {
  return {
    mode,
    classifier: {
      cos: [{ name: "all" }, { name: "guest" }],
      pmr: [{
        ...{ from: "all", to: "guest" },
        terms: [{ term: "DIP_ADDR", value: towards(2), mask: 0xffffffff }],
      }],
      defaultCos: "all",
    },
  };
}

for (const mode of ["parallel", "atomic", "ordered"] as const satisfies OdpMode[]) {
  Deno.test(`odp ${mode}: a class behind a flooded one waits for more than the turn of a spread, no longer than declared`, () => {
    const n = wentBy(classified(mode), 0, 2, 123e6);
    assert(n > 64 * 32 && n <= 2 * 192 * 32, `${n} that came later went before it`);
    assertEquals(declared(classified(mode)), 2 * 192 * 32);
  });
}

Deno.test("odp declares turns by the weight of the preferred spread, the passes and the priorities", () => {
  assertEquals(declared({ mode: "atomic", prioSpreadWeight: 9 }), 10 * 3 * 32);
  const cos = [{ name: "first", action: "loop" }, { name: "second" }] as const;
  const passes = { defaultCos: "first", loopDefaultCos: "second" };
  assertEquals(declared({ classifier: { cos, ...passes } }), 4 * 192 * 32);
  const [first, second] = cos;
  const urgent = { cos: [first, { ...second, prio: 6 }], ...passes };
  assertEquals(declared({ classifier: urgent }), "priority");
});
