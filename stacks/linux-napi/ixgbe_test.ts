// Aim: the driver keeps the ring rules of ixgbe: N-1 frames fit, RDT moves by 16 or more, every frame sent
// is taken back, a full transmit ring stops the queue and a clean starts it again, lack of memory loses
// nothing in the driver.
// Method: whole runs with geometries that force each rule; counters against counts of the generator.
import { assert, assertEquals, assertThrows } from "@std/assert";
import { FATE } from "../../core/machine/observation.ts";
import { Testbed } from "../../core/machine/testbed.ts";
import { REASON } from "../../core/policy.ts";
import type { Stack } from "../../core/stack.ts";
import { counter, LINUX_TEST_PROFILE, scenarioOf, steady } from "./_scenario_for_tests.ts";
import { linuxNapi } from "./mod.ts";

/** The stack on a CPU that never gets to its interrupts. */
const stopped: Stack = Object.assign((env: Parameters<Stack>[0]) => {
  const { name } = linuxNapi()(env);
  return { name, interrupt: () => {} };
}, { policy: linuxNapi().policy! });

for (const rxRing of [16, 64, 256]) {
  Deno.test(`RxRing of ${rxRing} absorbs ${rxRing - 1} frames while the CPU stands still`, () => {
    const ingress = 4;
    const more = 5;
    const frames = steady(rxRing - 1 + ingress + more, 1e6, 1);
    const o = new Testbed(stopped, LINUX_TEST_PROFILE)
      .run(scenarioOf(frames, { ports: 1, rxRing, ingress }));
    const missed = o.fate.subarray(0, o.count).filter((fate) => fate === FATE.dropped).length;
    assertEquals(missed, more, "frames lost beyond ring and ingress buffer");
    const landed = o.dataAt.subarray(0, o.count).filter((at) => at >= 0).length;
    assertEquals(landed, rxRing - 1, "frames in host memory");
  });
}

/** Runs the stack with a look at what the driver writes to RDT: slots advanced by each write. */
function rdtSteps(rxRing: number, gapPs: number): number[] {
  const steps: number[] = [];
  const stack = linuxNapi();
  const make = Object.assign((env: Parameters<Stack>[0]) => {
    const queues = env.hardware.nics[0]!.queues;
    Reflect.deleteProperty(queues, "rxTail");
    const rxTail = queues.rxTail.bind(queues);
    let before = 0;
    queues.rxTail = (cpu, queue, slot) => {
      steps.push((slot - before) & (rxRing - 1));
      before = slot;
      rxTail(cpu, queue, slot);
    };
    return stack(env);
  }, { policy: stack.policy! });
  new Testbed(make, LINUX_TEST_PROFILE)
    .run(scenarioOf(steady(600, gapPs, 1), { ports: 1, rxRing }));
  return steps;
}

Deno.test("RxRing fills the ring but one at first, then writes RDT as soon as 16 are clean", () => {
  for (const gapPs of [300e3, 3e6]) {
    const [first, ...steps] = rdtSteps(512, gapPs);
    assertEquals(first, 511);
    assert(steps.length > 10, `${steps.length} writes`);
    assertEquals(Math.min(...steps), 16, "least that RDT moved by");
  }
  const [, ...small] = rdtSteps(16, 3e6);
  assertEquals(Math.min(...small), 8, "half of a ring too small for 16");
});

Deno.test("TxRing gives every skb back that was sent, and both profiles free what they allocate", () => {
  for (const profile of ["modern", "legacy"] as const) {
    const testbed = new Testbed(linuxNapi({ profile }), LINUX_TEST_PROFILE);
    const o = testbed.run(scenarioOf(steady(300, 2e6)));
    assertEquals(o.outCount, 600);
    const [pool] = o.pools;
    const held = pool!.held.map(({ place, count }) => [place, count]);
    for (const [place] of held) {
      assert(/receive ring/.test(String(place)), `${place} holds buffers`);
    }
    const inRings = held.reduce((sum, [, count]) => sum + Number(count), 0);
    // up to 15 clean descriptors of each ring wait for the next refill
    assert(inRings > 2 * (511 - 16) && inRings <= 2 * 511, `${inRings} buffers posted`);
    assertEquals(inRings + pool!.free + pool!.cached, pool!.size);
  }
});

Deno.test("TxRing stops its queue when full and starts it again; nothing is lost for that", () => {
  const slow = { ...LINUX_TEST_PROFILE, linkGbps: 1 };
  const testbed = new Testbed(linuxNapi(), slow);
  // two ports send to the third: twice what its line takes, in a burst that the qdisc can hold
  const frames = [0, 1].flatMap((port) =>
    Array.from({ length: 150 }, (_, i) => ({ at: 20e6 + i * 13e6, port, to: 2, size: 1514 }))
  );
  const scenario = scenarioOf(frames, { ports: 3, txRing: 64, spareBuffers: 400 });
  const o = testbed.run(scenario);
  const report = testbed.report();
  assertEquals(o.outCount, 300);
  assert(counter(report, /eth2 tx_restart_queue/) > 3, "the queue was never started again");
  assertEquals(
    counter(report, /eth2 tx_busy/),
    0,
    "the queue is stopped before a frame is refused",
  );
  assertEquals(counter(report, /eth[01] tx_restart_queue/), 0);
  const bells = counter(report, /eth2 TDT writes/);
  assert(bells < 300, `${bells} doorbells for 300 frames: bulk dequeue saves some`);
  // one flow from each port: both leave in order
  const last = [-1, -1];
  for (let i = 0; i < o.outCount; i++) {
    const p = o.outPacket[i]!;
    const port = scenario.traffic.port[p]!;
    assert(p > last[port]!, `packet ${p} of port ${port} left after ${last[port]}`);
    last[port] = p;
  }
});

Deno.test("linuxNapi with an empty page pool polls on until pages come back, and loses only at the NIC", () => {
  const slow = { ...LINUX_TEST_PROFILE, linkGbps: 1 };
  for (const profile of ["modern", "legacy"] as const) {
    const testbed = new Testbed(linuxNapi({ profile }), slow, { patiencePs: 40e9 });
    const frames = [0, 1].flatMap((port) =>
      Array.from({ length: 500 }, (_, i) => ({ at: 20e6 + i * 13e6, port, to: 2, size: 1514 }))
    );
    const geometry = {
      ports: 3,
      rxRing: 32,
      txRing: 32,
      ingress: 8,
      spareBuffers: 1,
      poolCache: 0,
    };
    const o = testbed.run(scenarioOf(frames, geometry));
    const failed = counter(testbed.report(), /alloc_rx_(page|buff)_failed/);
    assert(failed > 0, `${profile}: the pool never ran out`);
    assertEquals(o.end, "quiet");
    for (let p = 0; p < o.count; p++) {
      assert(o.fate[p] !== FATE.none, `${profile}: packet ${p} waits in ${o.waitingAt.get(p)}`);
      if (o.fate[p] !== FATE.emitted) assertEquals(o.reason[p], REASON["rx-missed"]);
    }
  }
});

Deno.test("RxRing refuses to open when the pool is smaller than the ring", () => {
  const stack = linuxNapi();
  const drained = Object.assign((env: Parameters<Stack>[0]) => {
    while (env.pool.get(0) >= 0);
    return stack(env);
  }, { policy: stack.policy! });
  assertThrows(
    () => new Testbed(drained, LINUX_TEST_PROFILE).run(scenarioOf(steady(1, 1e6))),
    RangeError,
    "Cannot open eth0: the page pool has fewer buffers than the 511 descriptors of receive ring 0",
  );
});
