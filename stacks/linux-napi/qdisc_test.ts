// Aim: a stopped queue fills the qdisc, the qdisc drops at its limit and nowhere else, with evidence, and
// tc's counters reconcile with the generator.
// Method: two ports into one of the same rate for longer than the limit; and a discipline alone over a ring
// whose device never answers.
import { assert, assertEquals } from "@std/assert";
import { FATE } from "../../core/machine/observation.ts";
import { Testbed } from "../../core/machine/testbed.ts";
import { REASON } from "../../core/policy.ts";
import { counter, LINUX_TEST_PROFILE, scenarioOf } from "./_scenario_for_tests.ts";
import { linuxNapi } from "./mod.ts";

const SLOW = { ...LINUX_TEST_PROFILE, linkGbps: 1 };

function twoIntoOne(count: number, txqueuelen: number, fidelity: "coarse" | "tlp") {
  const testbed = new Testbed(linuxNapi({ txqueuelen }), SLOW, { patiencePs: 40e9 });
  const frames = [0, 1].flatMap((port) =>
    Array.from({ length: count }, (_, i) => ({ at: 20e6 + i * 13e6, port, to: 2, size: 1514 }))
  );
  const geometry = { ports: 3, txRing: 64, spareBuffers: 1500, fidelity };
  return { o: testbed.run(scenarioOf(frames, geometry)), report: testbed.report() };
}

for (const [txqueuelen, count, fidelity] of [[50, 300, "tlp"], [1000, 1400, "coarse"]] as const) {
  Deno.test(`PfifoFast of ${txqueuelen} drops at its limit and tc says so (${fidelity})`, () => {
    const { o, report } = twoIntoOne(count, txqueuelen, fidelity);
    let dropped = 0;
    for (let p = 0; p < o.count; p++) {
      if (o.fate[p] === FATE.emitted) continue;
      assertEquals([o.fate[p], o.reason[p]], [FATE.dropped, REASON["qdisc-full"]], `packet ${p}`);
      assertEquals(o.places[o.place[p]!]!, {
        name: "eth2 pfifo_fast of queue 0",
        capacity: txqueuelen,
      });
      assertEquals(o.occupancy[p], txqueuelen);
      dropped++;
    }
    assert(dropped > 100, `${dropped} drops`);
    const tc = (name: string) => counter(report, RegExp(`^tc -s qdisc eth2 queue 0 ${name}$`));
    assertEquals(tc("dropped"), dropped);
    assertEquals(tc("sent"), o.outCount);
    assertEquals(tc("sent bytes"), 1514 * o.outCount);
    assertEquals(tc("sent") + tc("dropped"), 2 * count);
    assertEquals(tc("backlog"), 0);
    const requeues = tc("requeues");
    assert(requeues > 0 && requeues <= o.outCount, `${requeues} requeues of ${o.outCount} packets`);
    assertEquals(counter(report, /rx_missed_errors/), 0);
  });
}

Deno.test("PfifoFast is bypassed while the line keeps up: one doorbell a frame, no requeue", () => {
  const testbed = new Testbed(linuxNapi(), LINUX_TEST_PROFILE);
  const frames = Array.from({ length: 200 }, (_, i) => ({ at: 20e6 + i * 2e6, port: 0, to: 1 }));
  testbed.run(scenarioOf(frames));
  const report = testbed.report();
  assertEquals(counter(report, /eth1 TDT writes/), 200);
  assertEquals(counter(report, /requeues|dropped/), 0);
});
