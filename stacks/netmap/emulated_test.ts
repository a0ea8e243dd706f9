// Aim: emulated mode works on a driver that knows nothing of netmap, with copies both ways and notifications that a
// timer spaces out, and is several times slower than native mode.
// Method: the same traffic through the router in both modes; then a queue that is too short, and the timer alone.
import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { stream } from "../../core/machine/_scenario_for_tests.ts";
import { Testbed } from "../../core/machine/testbed.ts";
import { REASON } from "../../core/policy.ts";
import { rig, scenario, sentPps, wire10Ps, x520At } from "./_rig_for_tests.ts";
import { MBQ_MAX } from "./generic.ts";
import { Mitigation } from "./mitigation.ts";
import { netmap } from "./mod.ts";
import { Receiver } from "./pkt_gen.ts";

/** The router in a mode, with more than it can take. */
function router(admode: number) {
  const testbed = new Testbed(netmap({ admode }), x520At(1500));
  const offers = stream(6000, wire10Ps(60));
  const o = testbed.run(scenario(offers));
  assertEquals([o.end, o.faults.length], ["quiet", 0]);
  for (const { id, broken } of o.findings) assertEquals([id, broken], [id, null]);
  return { o, testbed };
}

Deno.test("netmap 8.12: emulated mode forwards on any driver, copies each packet twice, and is several times slower", () => {
  const [native, emulated] = [router(0), router(2)];
  const ratio = sentPps(native.o, 500) / sentPps(emulated.o, 500);
  assert(ratio > 3 && ratio < 9, `native is ${ratio} times as fast`);
  assertEquals(native.testbed.machine.memory.copiedBytes, 0);
  assertEquals(emulated.testbed.machine.memory.copiedBytes, 2 * 60 * emulated.o.emitted);
  assert(emulated.o.dropped[REASON["rx-missed"]]! > 1000);
});

Deno.test("netmap emulated: the queue behind the driver holds 1024 skbs and loses what is more", () => {
  const offers = stream(1300, 2e6);
  const { o, host } = rig({
    offers,
    settings: { admode: 2 },
    geometry: { ports: 1, rxRing: 1024, txRing: 64, ingress: 64 },
  }, ({ kernel, costs }, env) => {
    // a process that never looks
    const rx = new Receiver(env, 0, costs, kernel.open("netmap:eth0"), 512);
    rx.process.cpu.sleep();
  });
  assertEquals(host.generic[0]!.dropped, 1300 - MBQ_MAX);
  assertEquals(o.dropped[REASON["ring-full"]], 1300 - MBQ_MAX);
});

Deno.test("netmap emulated: a poll without packets wakes nobody, whatever came before", () => {
  const woken: string[] = [];
  rig({ geometry: { ports: 1 }, settings: { admode: 2, genericMitNs: 0 } }, (host, env) => {
    const { rx, tx } = host.queues[0]!;
    rx.si.wake = () => void woken.push("rx");
    tx.si.wake = () => void woken.push("tx");
    let step = 0;
    env.spawn(0, "thread", (cpu) => {
      cpu.charge(100);
      if (step === 1) host.generic[0]!.receive(cpu, env.pool.get(0));
      host.generic[0]!.flush(cpu);
      if (++step === 4) cpu.sleep();
      return 1;
    });
  });
  assertEquals(woken, ["rx"]);
});

Deno.test("Mitigation tells the first at once and those of the next 100 us together", () => {
  const told: number[] = [];
  let asked = 0;
  rig({ geometry: { ports: 1 }, offers: [{ port: 0, at: 1e6 }] }, (_host, env) => {
    const mitigation = new Mitigation(env, 0, 100_000);
    mitigation.onNotify = (cpu) => void told.push(Math.round(cpu.tsc() / 3400));
    // asks at 0, 10, 20, ... 90 us, and at 500 us
    env.spawn(0, "thread", (cpu) => {
      cpu.charge(10);
      mitigation.irq(cpu);
      asked++;
      cpu.sleep();
      if (asked < 11) cpu.wakeAt((asked < 10 ? asked * 10 : 500) * 3400);
      return 1;
    });
  });
  assertEquals(asked, 11);
  assertEquals(told, [0, 100, 500]);
});

Deno.test("Mitigation tells no two sooner than its time, and each within its time, whenever they come", () => {
  const US = 100;
  const gaps = fc.array(fc.constantFrom(1, 10, 40, 90, 99, 101, 150), {
    ...{ minLength: 1, maxLength: 10, size: "max" as const },
  });
  fc.assert(
    fc.property(gaps, (gaps) => {
      const told: number[] = [];
      const asked: number[] = [];
      rig({ geometry: { ports: 1 }, offers: [{ port: 0, at: 1e6 }] }, (_host, env) => {
        const mitigation = new Mitigation(env, 0, 100_000);
        mitigation.onNotify = (cpu) => void told.push(Math.round(cpu.tsc() / 3400));
        let next = 0;
        env.spawn(0, "thread", (cpu) => {
          asked.push(Math.round(cpu.tsc() / 3400));
          cpu.charge(10);
          mitigation.irq(cpu);
          cpu.sleep();
          const gap = gaps[next++];
          if (gap !== undefined) cpu.wakeAt(cpu.tsc() + gap * 3400);
          return 1;
        });
      });
      assertEquals(asked.length, gaps.length + 1);
      for (let i = 1; i < told.length; i++) {
        assert(told[i]! - told[i - 1]! >= US - 1, `told at ${told}, asked at ${asked}`);
      }
      for (const at of asked) {
        assert(
          told.some((one) => one >= at && one <= at + US + 1),
          `told at ${told}, asked at ${asked}`,
        );
      }
    }),
    { numRuns: 30 },
  );
});

Deno.test("Mitigation of 0 ns tells everything at once", () => {
  let [told, asked] = [0, 0];
  rig({ geometry: { ports: 1 } }, (_host, env) => {
    const mitigation = new Mitigation(env, 0, 0);
    mitigation.onNotify = () => void told++;
    env.spawn(0, "thread", (cpu) => {
      cpu.charge(10);
      mitigation.irq(cpu);
      if (++asked === 5) cpu.sleep();
      return 1;
    });
  });
  assertEquals([told, asked], [5, 5]);
});
