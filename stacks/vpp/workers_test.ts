// Aim: workers share nothing but tables that change at the barrier: queues are where rx-placement puts them, counters are
// each thread's own and add up, a route added while packets flow stops all for a moment. Hand-off moves flows to other
// workers in order. Method: two and three lcores, flows spread by RSS.
import { assert, assertEquals, assertThrows } from "@std/assert";
import { fates, left, stream, towards } from "../../core/machine/_scenario_for_tests.ts";
import { FATE } from "../../core/machine/observation.ts";
import { REASON } from "../../core/policy.ts";
import {
  endedInNodes,
  errorsCounted,
  errorsOf,
  IF0,
  IF1,
  kept,
  nodeOf,
  scenarioOf,
  testbedOf,
  valueOf,
} from "./_rig_for_tests.ts";
import { vppView } from "./mod.ts";

const SPREAD = stream(600, 3e5, (i) => ({ srcPort: i % 60, dst: towards(1, i % 60) }));

Deno.test("vpp 8.8: RSS spreads flows over workers, and each thread's counters add up", () => {
  const testbed = testbedOf();
  const o = testbed.run(scenarioOf(SPREAD, { lcores: 3 }));
  kept(o);
  const report = testbed.report();
  const perThread = [0, 1, 2].map((thread) => nodeOf(report, "ip4-lookup", thread).vectors);
  assert(perThread.every((n) => n > 50), `${perThread}`);
  assertEquals(perThread.reduce((sum, n) => sum + n, 0), 600);
  assertEquals(valueOf(report, `show interface ${IF0} rx packets`), 600);
  assertEquals(
    vppView("show runtime", report).match(/^Thread \d vpp_wk_\d \(lcore \d\)$/gm)!.length,
    3,
  );
});

Deno.test("vpp 8.8: rx-placement gives a queue to another worker", () => {
  const testbed = testbedOf({ startup: [`set interface rx-placement ${IF0} queue 1 worker 0`] });
  const o = testbed.run(scenarioOf(SPREAD, { lcores: 2 }));
  kept(o);
  const report = testbed.report();
  assertEquals([0, 1].map((thread) => nodeOf(report, "ip4-lookup", thread).vectors || 0), [600, 0]);
  assertEquals(
    vppView("show interface rx-placement", report).split("\n"),
    [
      ...["Thread 0:", "  node dpdk-input:", `    ${IF0} queue 0 (polling)`],
      ...[`    ${IF1} queue 0 (polling)`, `    ${IF0} queue 1 (polling)`],
      ...["Thread 1:", "  node dpdk-input:", `    ${IF1} queue 1 (polling)`],
    ],
  );
  const wrong = { startup: [`set interface rx-placement ${IF0} queue 1 worker 7`] };
  assertThrows(
    () => testbedOf(wrong).run(scenarioOf([], { lcores: 2 })),
    RangeError,
    "or worker 7",
  );
});

Deno.test("vpp 8.8: a route added under load stops all workers at the barrier: a spike of latency", () => {
  const run = (commands: { atUs: number; command: string }[]) => {
    const testbed = testbedOf({ commands });
    const o = testbed.run(
      scenarioOf(stream(900, 2e5, (i) => ({ srcPort: i % 60 })), { lcores: 2 }),
    );
    kept(o);
    const latency = Array.from({ length: o.count }, (_, p) => o.endAt[p]! - (1e6 + p * 2e5));
    return { latency, syncs: valueOf(testbed.report(), "show barrier syncs") };
  };
  const calm = run([]);
  const added = run([{ atUs: 90, command: "ip route add 12.0.0.0/8 via 192.0.2.1" }]);
  assertEquals([calm.syncs, added.syncs], [0, 1]);
  const later = added.latency.map((ps, p) => ps - calm.latency[p]!);
  // 5,000 cycles of 2.3 GHz are 2.2 us
  assert(Math.max(...later) > 1.5e6, `${Math.max(...later)} ps later at worst`);
  assertEquals(later.slice(0, 400).every((ps) => ps === 0), true, "before it");
});

Deno.test("vpp invariant 11: after a route is gone no packet takes it, and none is lost on the way", () => {
  const testbed = testbedOf({
    startup: ["ip route add 12.0.0.0/8 via 192.0.2.1"],
    commands: [{ atUs: 60, command: "ip route del 12.0.0.0/8" }],
  });
  const o = testbed.run(
    scenarioOf(stream(400, 3e5, (i) => ({ dst: 0x0c000001, srcPort: i % 60 })), { lcores: 2 }),
  );
  kept(o);
  assert(o.findings.some(({ id }) => id === "VPP-11"));
  const lost = errorsOf(testbed.report())["ip4-drop: ip4 drop"]!;
  assertEquals(fates(o).emitted + lost, 400);
  assert(lost > 150 && lost < 250, `${lost} after the deletion`);
  let lastSent = 0;
  for (let p = 0; p < o.count; p++) {
    if (o.fate[p] === FATE.emitted) lastSent = Math.max(lastSent, p);
  }
  assert(o.txAt[lastSent]! < 66e6, `packet ${lastSent} was sent at ${o.txAt[lastSent]} ps`);
});

Deno.test("vpp invariant 11: of thirty barriers under load none finds a packet between look-up and rewrite", () => {
  const commands = Array.from({ length: 30 }, (_, i) => ({
    atUs: 20 + 3 * i,
    command: `ip route add 12.0.0.0/8 via 192.0.2.${i % 2}`,
  }));
  const testbed = testbedOf({ commands });
  const o = testbed.run(
    scenarioOf(stream(900, 1.2e5, (i) => ({ srcPort: i % 60 })), { lcores: 3 }),
  );
  kept(o);
  assertEquals(valueOf(testbed.report(), "show barrier syncs"), 30);
  assert(o.findings.some(({ id }) => id === "VPP-11"));
});

Deno.test("vpp 8.13: clear runtime and clear interfaces change what is read afterwards, and nothing else", () => {
  const testbed = testbedOf({
    commands: [
      { atUs: 60, command: "clear runtime" },
      { atUs: 80, command: "clear interfaces" },
      { atUs: 90, command: "clear errors" },
    ],
  });
  const o = testbed.run(scenarioOf(stream(100, 1e6, (i) => ({ ttl: i % 2 === 0 ? 64 : 1 }))));
  kept(o);
  const report = testbed.report();
  const vectors = nodeOf(report, "ip4-lookup").vectors;
  assert(vectors >= 38 && vectors <= 43, `${vectors} vectors since 60 us`);
  const received = valueOf(report, `show interface ${IF0} rx packets`);
  assert(received >= 18 && received <= 23, `${received} packets since 80 us`);
  const expired = errorsOf(report)["ip4-rewrite: ip4 ttl <= 1"]!;
  assert(expired >= 4 && expired <= 7, `${expired} since 90 us`);
  assertEquals(fates(o).emitted, 50);
});

Deno.test("vpp 8.13: clear runtime tells from then on what a run without it has told since, loops among it", () => {
  const told = (patience: number, clears: boolean): Record<string, number> => {
    const commands = [{ atUs: 60, command: clears ? "clear runtime" : "clear trace" }];
    const testbed = testbedOf({ commands, pollStats: true });
    kept(testbed.run(scenarioOf(stream(patience, 1e6))));
    const report = testbed.report();
    return {
      loops: valueOf(report, "show runtime thread 0 loops"),
      ...nodeOf(report, "ip4-lookup"),
    };
  };
  // up to the command all of them are alike
  const [before, all, since] = [told(57, false), told(100, false), told(100, true)];
  for (const name of ["loops", "vectors", "calls"]) {
    const expected = all[name]! - before[name]!;
    const text = `${name}: ${since[name]} since, ${before[name]} before, ${all[name]} in all`;
    assert(Math.abs(since[name]! - expected) < 0.2 * expected, text);
  }
});

Deno.test("vpp 8.14: metadata of a buffer lasts from dpdk-input to tx, and no packet costs an allocation", () => {
  const testbed = testbedOf();
  const allocated = (packets: number): number => {
    kept(testbed.run(scenarioOf(stream(packets, 1e5, (i) => ({ ttl: i % 9 })))));
    return valueOf(testbed.report(), "show vlib frame-allocation thread 0 alloc");
  };
  const few = allocated(300);
  assertEquals([allocated(3000), few < 20], [few, true]);
  // the interface that dpdk-input noted is what error-drop counts on, seven nodes later
  kept(testbed.run(scenarioOf(stream(10, 1e6, (i) => ({ port: i % 2, ttl: 1 })))));
  const drops = [IF0, IF1].map((name) => valueOf(testbed.report(), `show interface ${name} drops`));
  assertEquals(drops, [5, 5]);
});

Deno.test("vpp 8.15: worker-handoff moves flows to other workers through a frame queue, in order", () => {
  const testbed = testbedOf({ startup: [`set interface handoff ${IF0} workers 1,2`] });
  const o = testbed.run(scenarioOf(SPREAD, { lcores: 3 }));
  kept(o);
  const report = testbed.report();
  const per = (node: string) =>
    [0, 1, 2].map((thread) => nodeOf(report, node, thread).vectors || 0);
  assertEquals(per("ip4-lookup")[0], 0);
  assertEquals(per("ip4-lookup").reduce((sum, n) => sum + n, 0), 600);
  assert(
    per("worker-handoff")[0]! > 100 && per("ip4-lookup")[1]! > 100 && per("ip4-lookup")[2]! > 100,
  );
  const sent = left(o, 1);
  assertEquals(sent.length, 600);
  for (let flow = 0; flow < 60; flow++) {
    const ids = sent.filter((id) => id % 60 === flow);
    assertEquals(ids, [...ids].sort((a, b) => a - b), `flow ${flow}`);
  }
});

Deno.test("vpp 8.15: a full frame queue drops, counts each packet, and brings what it took in order", () => {
  // one slot is always the next one: what a full queue does to its slots shows with several
  for (const frameQueueSize of [1, 2, 4, 8]) {
    const testbed = testbedOf({
      startup: [`set interface handoff ${IF0} workers 1`],
      frameQueueSize,
      frameSize: 4,
    });
    const o = testbed.run(
      scenarioOf(stream(800, 67_200, (i) => ({ srcPort: i % 60 })), { lcores: 2 }),
    );
    kept(o);
    const dropped = errorsOf(testbed.report())["worker-handoff: congestion drop"]!;
    assert(dropped > 0, "nothing was dropped");
    assertEquals([dropped, o.dropped[REASON["ring-full"]]], [dropped, dropped]);
    assertEquals(errorsCounted(testbed.report()), endedInNodes(o));
    assertEquals([o.faults, fates(o).emitted + fates(o).dropped], [[], 800]);
    const sent = left(o, 1);
    for (let flow = 0; flow < 60; flow++) {
      const ids = sent.filter((id) => id % 60 === flow);
      assertEquals(ids, [...ids].sort((a, b) => a - b), `queue of ${frameQueueSize}, flow ${flow}`);
    }
  }
});

Deno.test("vpp: a worker that is handed frames all the time polls its own devices all the same", () => {
  for (let flow = 0; flow < 4; flow++) {
    const testbed = testbedOf({
      frameQueueSize: 2,
      startup: [IF0, IF1].map((name) => `set interface handoff ${name} workers 1,0`),
    });
    const flood = stream(6000, 60_000, () => ({ srcPort: 1024 + flow, dst: towards(1, 1) }));
    const guest = (i: number) => ({ port: 1, srcPort: 900 + i, dst: towards(0, i) });
    const guests = stream(8, 10_000_000, guest, 60_000_001);
    const scenario = scenarioOf([...flood, ...guests], { lcores: 2 });
    const o = testbed.run(scenario);
    const { port, at, count } = scenario.traffic;
    for (let i = 0; i < count; i++) {
      if (port[i] !== 1 || o.fate[i] === FATE.dropped) continue;
      const text = `flow ${flow}: came at ${at[i]! / 1e6} us, left at ${o.endAt[i]! / 1e6} us`;
      assert(o.endAt[i]! < at[i]! + 100e6, text);
    }
  }
});

Deno.test("vpp: no packet is left in a ring by a refill that is refused, or by the end of the ring", () => {
  for (const mode of ["interrupt", "adaptive"]) {
    for (let occurrence = 0; occurrence < 4; occurrence++) {
      for (const gapPs of [10_000, 100_000, 1_000_000]) {
        for (let count = 7; count < 18; count++) {
          const testbed = testbedOf({ startup: [`set interface rx-mode ${IF0} ${mode}`] });
          const plain = scenarioOf(stream(count, gapPs), { rxRing: 8, poolCache: 0 });
          const deviations = [{ site: "allocation", occurrence, value: 1 }];
          const o = testbed.run({ ...plain, deviations });
          const text = `${mode}, ${count} packets, refill ${occurrence} refused, ${gapPs} ps apart`;
          assertEquals([o.end, fates(o).emitted], ["quiet", count], text);
        }
      }
    }
  }
});
