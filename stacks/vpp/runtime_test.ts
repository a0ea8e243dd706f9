// Aim: what `show runtime` says is measured, not asserted: vectors a call rise with the load to 256, clocks a packet fall
// along the published curve, an overload moves only the place of loss. Method: CSIT's machine at rising rates, its
// published figures beside what comes out.
import { assert, assertEquals, assertMatch } from "@std/assert";
import { CLAIMS } from "../../fixtures/mod.ts";
import { REASON } from "../../core/policy.ts";
import { FATE } from "../../core/machine/observation.ts";
import {
  bothWays,
  CSIT,
  IF0,
  nodeOf,
  ratePps,
  scenarioOf,
  testbedOf,
  valueOf,
  VPP_BUFFERS,
  VPP_RINGS,
} from "./_rig_for_tests.ts";
import { vppView } from "./mod.ts";
import type { VppOptions } from "./options.ts";

const FRAMES = 5000;

/** Runs both ports at `mpps` each; answers rate, report and losses. */
function runAt(mpps: number, options: VppOptions = {}, frames = FRAMES) {
  const gap = Math.round(1e6 / mpps);
  const testbed = testbedOf({ audit: false, ...options }, CSIT, VPP_BUFFERS);
  const o = testbed.run(scenarioOf(bothWays(frames, gap), VPP_RINGS));
  assertEquals(o.end, "quiet");
  const last = 1e6 + frames * gap;
  let missed = 0;
  let other = 0;
  for (let p = 0; p < o.count; p++) {
    if (o.fate[p] === FATE.emitted) continue;
    if (o.reason[p] === REASON["rx-missed"]) missed++;
    else other++;
  }
  const mppsOut = ratePps(o, 1e6 + (last - 1e6) * 0.4, last) / 1e6;
  return { mppsOut, missed, other, report: testbed.report() };
}

function claimOf(id: string): number {
  return CLAIMS.find((claim) => claim.id === id)!.value;
}

/** The measured value is within a share of what claim `id` says. */
function assertClaim(id: string, measured: number, share = 0.15): void {
  const value = claimOf(id);
  const off = Math.abs(measured / value - 1);
  assert(off <= share, `${id}: ${measured.toFixed(2)}, published ${value}`);
}

const full = runAt(7.4);
const withAcl = (rules: string): VppOptions => ({
  startup: [
    `set acl-plugin acl ${rules}`,
    ...[IF0, IF0.replace("/0/0", "/0/1")].map((name) =>
      `set acl-plugin interface ${name} input acl 0`
    ),
  ],
});

Deno.test("vpp 8.1: show runtime has every node that ran, clocks a vector and vectors a call near 256", () => {
  const text = vppView("show runtime", full.report);
  assertMatch(
    text,
    /^Time 0\.00\d+, 10 sec internal node vector rate \d+\.\d\d loops\/sec \d+\.\d\d$/m,
  );
  assertMatch(
    text,
    /^ {2}vector rates in 1\.\d{4}e7, out 1\.\d{4}e7, drop 0\.0000e0, punt 0\.0000e0$/m,
  );
  assertMatch(text, /^ +Name +State +Calls +Vectors +Suspends +Clocks +Vectors\/Call$/m);
  for (const node of ["ethernet-input", "ip4-input-no-checksum", "ip4-lookup", "ip4-rewrite"]) {
    assertMatch(
      text,
      new RegExp(`^${node} +active +\\d+ +10000 +0 +\\d\\.\\d\\de1 +2\\d\\d\\.\\d\\d$`, "m"),
    );
  }
  assertMatch(text, /^dpdk-input +polling +\d+ +10000 +0 +4\.\d\de1 +\d{3}\.\d\d$/m);
  assertMatch(
    text,
    /^TenGigabitEthernet5\/0\/1-tx +active +\d+ +5000 +0 +4\.\d\de1 +2\d\d\.\d\d$/m,
  );
  assertMatch(
    vppView("show runtime max", full.report),
    /^ip4-lookup +\d\.\d\de3 +\d+ +\d\.\d\de1/m,
  );
});

Deno.test("vpp 8.7: clocks a packet fall and vectors a call rise with the load", () => {
  const rates = [0.1, 1, 3, 5, 7.4];
  const curve = rates.map((rate) => nodeOf(runAt(rate, {}, 800).report, "ip4-lookup"));
  for (let i = 1; i < rates.length; i++) {
    const [less, more] = [curve[i - 1]!, curve[i]!];
    assert(more.perCall >= less.perCall, `${rates[i]} Mpps: ${more.perCall} after ${less.perCall}`);
    assert(more.clocks <= less.clocks, `${rates[i]} Mpps: ${more.clocks} after ${less.clocks}`);
  }
  assert(curve[0]!.perCall < 2.1, "two ports' packets at most when there is hardly any load");
  assert(nodeOf(full.report, "ip4-lookup").perCall > 200, "a saturated graph");
});

Deno.test("vpp 8.7: a packet that is alone costs each node what V10 to V13 say", () => {
  const testbed = testbedOf();
  testbed.run(scenarioOf(bothWays(1, 1).slice(0, 1)));
  const report = testbed.report();
  assertClaim("V10", nodeOf(report, "ip4-lookup").clocks, 0.01);
  assertClaim("V11", nodeOf(report, "ip4-rewrite").clocks, 0.01);
  assertClaim("V12", nodeOf(report, "ip4-input-no-checksum").clocks, 0.01);
  assertClaim("V13", nodeOf(report, "ethernet-input").clocks, 0.1);
});

Deno.test("vpp claims V01 to V07: clocks of each node at saturation", () => {
  const of = (node: string): number => nodeOf(full.report, node).clocks;
  assertClaim("V01", of("dpdk-input"));
  assertClaim("V02", of("ethernet-input"));
  assertClaim("V03", of("ip4-input-no-checksum"));
  assertClaim("V04", of("ip4-lookup"));
  assertClaim("V05", of("ip4-rewrite"));
  assertClaim("V06", of(`${IF0}-output`));
  assertClaim("V07", of(`${IF0}-tx`));
});

Deno.test("vpp claim V08: the sum of nodes is 200 clocks, and 2.3 GHz forward 11.5 Mpps", () => {
  const nodes = [
    "dpdk-input",
    "ethernet-input",
    "ip4-input-no-checksum",
    "ip4-lookup",
    "ip4-rewrite",
  ];
  const clocks = [...nodes, `${IF0}-output`, `${IF0}-tx`].map((node) =>
    nodeOf(full.report, node).clocks
  );
  assertClaim("V14", clocks.reduce((sum, each) => sum + each, 0), 0.03);
  assertClaim("V08", full.mppsOut, 0.03);
});

Deno.test("vpp claims V09 and V15: an access list at the input, stateless and stateful", () => {
  const stateless = runAt(5, withAcl("permit"), 8000);
  const stateful = runAt(6, withAcl("permit+reflect"), 8000);
  assertClaim("V09", stateless.mppsOut, 0.05);
  assertClaim("V15", stateful.mppsOut, 0.05);
  assert(
    nodeOf(stateless.report, "acl-plugin-in-ip4-fa").vectors === 16_000 - stateless.missed,
  );
});

Deno.test("vpp invariant 18: twice what it can do is forwarded no slower, and lost at the NIC alone", () => {
  const clock = 2300 / 2;
  const slow = { ...CSIT, cpuMhz: clock };
  const rate = (mpps: number) => {
    const gap = Math.round(1e6 / mpps);
    const machine = { ...slow, costs: { ...slow.costs, mhz: clock } };
    const testbed = testbedOf({ audit: false }, machine, VPP_BUFFERS);
    const o = testbed.run(scenarioOf(bothWays(FRAMES, gap), VPP_RINGS));
    const lost = [...o.reason.subarray(0, o.count)].filter((_, p) => o.fate[p] !== FATE.emitted);
    return { out: ratePps(o, 1e6 + FRAMES * gap * 0.4, 1e6 + FRAMES * gap) / 1e6, lost };
  };
  const at = rate(3.4);
  const twice = rate(5.75);
  assert(twice.lost.length > 0 && twice.lost.every((reason) => reason === REASON["rx-missed"]));
  assert(twice.out > 0.95 * at.out, `${twice.out} after ${at.out} Mpps`);
});

Deno.test("vpp invariant 8: without traffic loops go on and no vectors come, with pollStats to be seen", () => {
  const testbed = testbedOf({ pollStats: true });
  const late = bothWays(1, 1).slice(0, 1).map((offer) => ({ ...offer, at: 1e9 }));
  testbed.run(scenarioOf(late));
  const loops = valueOf(testbed.report(), "show runtime thread 0 loops");
  // a millisecond of 2.3 GHz in loops of 505 cycles
  assert(Math.abs(loops - 2_300_000 / 505) < 30, `${loops} loops`);
  const skipping = testbedOf();
  skipping.run(scenarioOf(late));
  const told = valueOf(skipping.report(), "show runtime thread 0 loops");
  // not those after the packet, while it leaves
  assert(loops - told >= 0 && loops - told < 12, `${told} loops told afterwards, ${loops} counted`);
});
