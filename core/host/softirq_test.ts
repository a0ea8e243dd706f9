// Aim: NET_RX and NET_TX of an lcore keep the kernel's limits: 64 a poll, 300 or 2 ms a round with a
// time_squeeze exactly then, 10 passes or 2 ms of __do_softirq and then ksoftirqd; nothing scheduled is
// forgotten, and instances take turns.
// Method: drivers with known numbers of packets on a bare lcore; the order of polls is compared with what
// the limits imply, counted by hand.
import { assert, assertEquals, assertThrows } from "@std/assert";
import type { Cpu } from "../stack.ts";
import { MHZ, Rig } from "./_softirq_rig_for_tests.ts";
import { IntrusiveList, type Listed, Napi, NAPI_POLL_WEIGHT, type NapiDriver } from "./napi.ts";
import type { OutputWork } from "./softirq.ts";
import * as fc from "fast-check";

/** `"eth0 64", "eth1 64"` as often as said, in turns. */
function turns(names: readonly string[], times: number): string[] {
  return Array.from({ length: times }, () => names.map((name) => `${name} 64`)).flat();
}

Deno.test("Softnet polls at most a weight at a time until the driver completes", () => {
  const rig = new Rig();
  const driver = rig.driver(150);
  rig.run();
  assertEquals(rig.log, ["eth0 64", "eth0 64", "eth0 22"]);
  assertEquals([driver.completions, driver.napi.scheduled], [1, false]);
  const { timeSqueeze, ksoftirqdWakeups, polls } = rig.softnet.stat;
  assertEquals([timeSqueeze, ksoftirqdWakeups, polls], [0, 0, 3]);
});

Deno.test("Softnet polls once more after a driver that used exactly its budget", () => {
  const rig = new Rig();
  rig.driver(64);
  rig.run();
  assertEquals(rig.log, ["eth0 64", "eth0 0"]);
});

Deno.test("Softnet starts polling when interrupt and softirq entry are paid, not earlier", () => {
  const rig = new Rig();
  rig.driver(1, 100);
  rig.run();
  // 1 us, then 10 cycles of interrupt, 5 of entry, 20 of the poll and 100 of the packet
  assertEquals(rig.lcore.busyUntil, 1_000_000 + 135_000);
});

Deno.test("Softnet napiSchedule of a scheduled instance makes its completion fail and polls again", () => {
  const rig = new Rig();
  const driver = rig.driver(3);
  driver.beforeComplete = (cpu) => {
    driver.beforeComplete = null;
    driver.waiting = 2;
    rig.softnet.napiSchedule(cpu, driver.napi);
  };
  rig.run();
  assertEquals(rig.log, ["eth0 3", "eth0 2"]);
  assertEquals([driver.completions, driver.napi.missed, driver.napi.scheduled], [1, false, false]);
});

for (const requeue of ["repoll", "tail"] as const) {
  Deno.test(`Softnet with ${requeue} lets saturated instances take turns of one weight`, () => {
    const rig = new Rig({ requeue });
    const drivers = [rig.driver(64 * 12), rig.driver(64 * 12), rig.driver(64 * 12)];
    let most = 0;
    for (let until = 0; until < 400e6; until += 1_000_000) {
      rig.clock.run({ horizonPs: until, events: 1e6 });
      if (until === 0) rig.run(0);
      const taken = drivers.map((driver) => driver.taken);
      most = Math.max(most, Math.max(...taken) - Math.min(...taken));
    }
    assertEquals(most, 64);
    assertEquals(rig.log.slice(0, 36), turns(["eth0", "eth1", "eth2"], 12));
  });
}

Deno.test("Softnet with tail ends a round at 300 packets and counts each such end, no other", () => {
  const rig = new Rig({ requeue: "tail" });
  rig.driver(64 * 10);
  rig.driver(64 * 10);
  rig.run();
  // 20 full polls make four rounds of five (320 packets); the two empty ones a fifth that ends by itself
  assertEquals(rig.softnet.stat.timeSqueeze, 4);
  assertEquals(rig.log.length, 22);
});

Deno.test("Softnet ends a round when its packets are just used up", () => {
  const rig = new Rig({ requeue: "tail", budget: 128 });
  rig.driver(64 * 6);
  rig.run();
  // six full polls make three rounds of two, the empty one a fourth that ends by itself
  assertEquals([rig.softnet.stat.timeSqueeze, rig.log.length], [3, 7]);
});

Deno.test("Softnet polls what came during a round before those that used their weight in it", () => {
  const rig = new Rig();
  rig.driver(64 * 3);
  rig.driver(64 * 3);
  rig.driver(1);
  for (const vector of [0, 1]) rig.interruptAt(1_000_000, vector);
  // within the first poll, which takes 6.4 us
  rig.interruptAt(5_000_000, 2);
  rig.clock.run({ horizonPs: 1e12, events: 1e6 });
  assertEquals(rig.log.slice(0, 4), ["eth0 64", "eth1 64", "eth2 1", "eth0 64"]);
});

Deno.test("Softnet with repoll reaches 300 packets in a round only with five instances", () => {
  const rounds = [4, 5].map((instances) => {
    const rig = new Rig();
    for (let i = 0; i < instances; i++) rig.driver(64 * 6);
    rig.run();
    return rig.softnet.stat.timeSqueeze;
  });
  assertEquals(rounds, [0, 6]);
});

Deno.test("Softnet ends a round when its time is over", () => {
  const rig = new Rig({ requeue: "tail" });
  // a poll takes 64 * 10 us = 640 us: the fourth passes 2 ms
  rig.driver(64 * 8, 10 * MHZ);
  rig.run();
  assertEquals(rig.softnet.stat.timeSqueeze, 2);
});

Deno.test("Softnet wakes ksoftirqd after ten passes, and a process gets its turns then", () => {
  const rig = new Rig();
  rig.driver(64 * 13);
  rig.process("process", 1000, 30);
  rig.interruptAt(1500, 0);
  rig.clock.run({ horizonPs: 1e12, events: 1e6 });
  const from = rig.log.indexOf("eth0 64");
  assertEquals(rig.log.slice(from, from + 10), turns(["eth0"], 10));
  assertEquals(rig.log.slice(from + 10, from + 17), [
    "eth0 64",
    "process",
    "eth0 64",
    "process",
    "eth0 64",
    "process",
    "eth0 0",
  ]);
  assertEquals(rig.softnet.stat.ksoftirqdWakeups, 1);
});

Deno.test("Softnet wakes ksoftirqd after 2 ms even in the first passes", () => {
  const rig = new Rig();
  rig.driver(64 * 8, 15 * MHZ);
  rig.process("process", 1000, 10_000);
  rig.interruptAt(1500, 0);
  rig.clock.run({ horizonPs: 1e12, events: 1e6 });
  const from = rig.log.indexOf("eth0 64");
  // 0.96 ms a poll: the third ends after 2.88 ms, and the fourth is ksoftirqd's first
  assertEquals(rig.softnet.stat.ksoftirqdWakeups, 1);
  const after = rig.log.slice(from, from + 7);
  assertEquals(after, [...turns(["eth0"], 4), "process", "eth0 64", "process"]);
});

Deno.test("Softnet leaves an interrupt that comes while ksoftirqd has the work to ksoftirqd", () => {
  const rig = new Rig();
  rig.driver(64 * 14);
  rig.driver(1);
  rig.process("process", 1000, 100);
  rig.interruptAt(1500, 0);
  // the tenth poll of 6.42 us has ended by 70 us
  rig.interruptAt(75_000_000, 1);
  rig.clock.run({ horizonPs: 1e12, events: 1e6 });
  const at = rig.log.indexOf("eth1 1");
  assertEquals(rig.log[at - 1], "process", rig.log.slice(at - 4, at + 2).join(", "));
  assert(!rig.softnet.inKsoftirqd, "ksoftirqd sleeps when the lists are empty");
});

Deno.test("Softnet runs NET_TX before NET_RX, each discipline once for any number of calls", () => {
  const rig = new Rig();
  rig.driver(5);
  const work = (name: string): OutputWork => ({
    listed: false,
    next: null,
    run: (cpu) => {
      cpu.charge(10);
      return rig.log.push(name);
    },
  });
  const [a, b] = [work("a"), work("b")];
  rig.lcore.spawn("thread", (cpu) => {
    for (const one of [a, b, a]) rig.softnet.netifSchedule(cpu, one);
    rig.softnet.napiSchedule(cpu, rig.drivers[0]!.napi);
    cpu.sleep();
    return 1;
  }, false);
  rig.clock.run({ horizonPs: 1e9, events: 1e6 });
  assertEquals(rig.log, ["a", "b", "eth0 5"]);
});

Deno.test("Softnet refuses drivers that break the contract of poll", () => {
  const attempts: [(rig: Rig, napi: () => Napi) => NapiDriver["poll"], string][] = [
    [() => () => 65, "its driver took 65 of 64 packets"],
    [() => () => -1, "its driver took -1 of 64 packets"],
    [() => () => 3, "returned less than its budget without completing (3 of 64)"],
    [(rig, napi) => (cpu) => {
      rig.softnet.napiComplete(cpu, napi());
      return 64;
    }, "completed although it used its whole budget"],
  ];
  for (const [make, message] of attempts) {
    const rig = new Rig();
    const napi: Napi = new Napi("bad", { poll: (cpu, n) => make(rig, () => napi)(cpu, n) });
    rig.lcore.spawn("thread", (cpu) => {
      rig.softnet.napiSchedule(cpu, napi);
      cpu.sleep();
      return 1;
    }, false);
    assertThrows(
      () => rig.clock.run({ horizonPs: 1e9, events: 1000 }),
      RangeError,
      message,
    );
  }
});

Deno.test("Softnet refuses calls from another lcore and completions of idle instances", () => {
  const rig = new Rig();
  const napi = new Napi("eth9", { poll: () => 0 });
  const elsewhere = { lcore: 3 } as Cpu;
  assertThrows(
    () => rig.softnet.napiSchedule(elsewhere, napi),
    RangeError,
    "Cannot schedule eth9 on lcore 0: the call came from lcore 3",
  );
  assertThrows(() => rig.softnet.napiComplete(elsewhere, napi), RangeError, "eth9: it is idle");
  assertThrows(() => new Rig({ budget: 0 }), RangeError, "netdev_budget 0");
});

// Aim: an instance is taken once, a second call is remembered, and the lists keep order and membership.
// Method: plain calls; the list against an array under drawn operations.

const IDLE = { poll: () => 0 };

Deno.test("Napi schedulePrep takes an idle instance and remembers a call to a scheduled one", () => {
  const napi = new Napi("eth0", IDLE);
  assertEquals(napi.weight, NAPI_POLL_WEIGHT);
  assert(napi.schedulePrep(), "an idle instance can be taken");
  assertEquals([napi.scheduled, napi.missed], [true, false]);
  assert(!napi.schedulePrep(), "a scheduled one cannot");
  assertEquals([napi.scheduled, napi.missed], [true, true]);
});

Deno.test("Napi refuses a weight that is no positive integer", () => {
  for (const weight of [0, -1, 1.5, NaN]) {
    assertThrows(() => new Napi("eth0", IDLE, weight), RangeError, `eth0: weight ${weight}`);
  }
});

interface Item extends Listed<Item> {
  readonly id: number;
}

Deno.test("IntrusiveList equals two arrays under drawn operations", () => {
  const operation = fc.tuple(fc.constantFrom("push", "shift", "take"), fc.nat({ max: 1 }));
  fc.assert(fc.property(fc.array(operation, { size: "max", maxLength: 60 }), (operations) => {
    const lists = [new IntrusiveList<Item>(), new IntrusiveList<Item>()];
    const models: number[][] = [[], []];
    let id = 0;
    for (const [what, on] of operations) {
      const [list, model, other] = [lists[on]!, models[on]!, 1 - on];
      if (what === "push") {
        list.push({ id, listed: false, next: null });
        model.push(id++);
      } else if (what === "shift") {
        const first = list.shift();
        assertEquals(first?.id, model.shift());
        assertEquals([first?.listed ?? false, first?.next ?? null], [false, null]);
      } else {
        list.take(lists[other]!);
        model.push(...models[other]!.splice(0));
      }
      assertEquals(lists.map((l) => l.isEmpty), models.map((m) => m.length === 0));
    }
  }));
});

Deno.test("IntrusiveList refuses a member that is on a list", () => {
  const item: Item = { id: 0, listed: false, next: null };
  new IntrusiveList<Item>().push(item);
  assertThrows(() => new IntrusiveList<Item>().push(item), RangeError, "it is on a list already");
});
