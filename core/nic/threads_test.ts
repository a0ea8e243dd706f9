// Aim: threads take packets in the order in which they came, each as soon as one is free, and their time is
// counted.
// Method: fewer threads than packets, and firmware that writes down what it is given and when.
import { assertEquals } from "@std/assert";
import { TEST_PROFILE } from "../machine/_profile_for_tests.ts";
import { scenarioOf, stream } from "../machine/_scenario_for_tests.ts";
import { Machine } from "../machine/machine.ts";
import { REASON } from "../policy.ts";
import type { Firmware } from "./threads.ts";

/** 800 cycles at 800 MHz. */
const CYCLES = 800;
const SPENT_PS = 1_000_000;

Deno.test("NicThreads give each packet to the first free thread, in order, for its cycles", () => {
  for (const nicThreads of [1, 2, 3, 36]) {
    const count = 7;
    const machine = new Machine({ ...TEST_PROFILE, nicThreads });
    const { geometry, traffic } = scenarioOf(stream(count, 20_000));
    machine.reset(geometry, count, [], () => {});
    const { clock, ledger } = machine;
    const began: number[][] = [];
    const ended: number[][] = [];
    const firmware: Firmware = {
      packet(_nic, _thread, b) {
        began.push([ledger.packet[b]!, clock.now]);
        return CYCLES;
      },
      done(nic, _thread, b) {
        ended.push([ledger.packet[b]!, clock.now]);
        nic.drop(b, REASON.other);
      },
      signal() {},
    };
    const nic = machine.nics[0]!;
    nic.threads.boot(firmware);
    machine.offer(traffic);
    clock.run({ horizonPs: 1e9, events: 1e5 });
    const start: number[] = [];
    for (let p = 0; p < count; p++) {
      const free = p < nicThreads ? 0 : start[p - nicThreads]! + SPENT_PS;
      start.push(Math.max(traffic.at[p]!, free));
    }
    assertEquals(began, start.map((ps, p) => [p, ps]), `${nicThreads} threads begin`);
    assertEquals(ended, start.map((ps, p) => [p, ps + SPENT_PS]), `${nicThreads} threads end`);
    assertEquals(nic.threads.busyPs, count * SPENT_PS);
    assertEquals(nic.macIn.occupancy, 0);
  }
});

Deno.test("NicThreads signal later at their own clock, with kind and argument as given", () => {
  const machine = new Machine(TEST_PROFILE);
  const { geometry } = scenarioOf([]);
  machine.reset(geometry, 0, [], () => {});
  const got: number[][] = [];
  const nic = machine.nics[0]!;
  nic.threads.boot({
    packet: () => 0,
    done() {},
    signal: (_nic, kind, arg) => void got.push([machine.clock.now, kind, arg]),
  });
  nic.threads.later(80, 3, 0xabcdef);
  nic.threads.later(8, 5, 1);
  machine.clock.run({ horizonPs: 1e9, events: 100 });
  assertEquals(got, [[10_000, 5, 1], [100_000, 3, 0xabcdef]]);
});

Deno.test("NicThreads look at their rings in turn, each once in a period, at a look that is now at the earliest", () => {
  const machine = new Machine(TEST_PROFILE);
  machine.reset(scenarioOf([]).geometry, 0, [], () => {});
  const { clock } = machine;
  const { threads } = machine.nics[0]!;
  const got: number[][] = [];
  threads.boot({
    packet: () => 0,
    done() {},
    signal: (_nic, kind, arg) => void got.push([clock.now, kind, arg]),
  });
  // 160 cycles are 200 ns; of four rings the first is looked at at 0, 200, ..., the third at 100, 300, ...
  const ask = clock.register((k) => threads.atLook(160, k, 4, 9, k));
  clock.at(0, ask, 0);
  clock.at(1, ask, 2);
  clock.at(100_000, ask, 2);
  clock.at(100_001, ask, 2);
  clock.at(200_001, ask, 3);
  clock.run({ horizonPs: 1e9, events: 100 });
  assertEquals(got, [
    [0, 9, 0],
    [100_000, 9, 2],
    [100_000, 9, 2],
    [300_000, 9, 2],
    [350_000, 9, 3],
  ]);
});

Deno.test("NicThreads take a packet when the pipeline before them is over, in the order of arrival", () => {
  for (const count of [1, 5]) takesAfterPipeline(count);
});

function takesAfterPipeline(count: number): void {
  const machine = new Machine({ ...TEST_PROFILE, nicThreads: 2 });
  const { geometry, traffic } = scenarioOf(stream(count, 20_000));
  machine.reset(geometry, count, [], () => {});
  const { clock, ledger } = machine;
  const began: number[][] = [];
  const nic = machine.nics[0]!;
  nic.threads.boot({
    pipelineCycles: 400,
    packet(_nic, _thread, b) {
      began.push([ledger.packet[b]!, clock.now]);
      return CYCLES;
    },
    done: (_nic, _thread, b) => nic.drop(b, REASON.other),
    signal() {},
  });
  machine.offer(traffic);
  clock.run({ horizonPs: 1e9, events: 1e5 });
  const entered = (p: number) => traffic.at[p]! + 500_000;
  assertEquals(
    began,
    [
      [0, entered(0)],
      [1, entered(1)],
      [2, entered(0) + SPENT_PS],
      [3, entered(1) + SPENT_PS],
      [4, entered(0) + 2 * SPENT_PS],
    ].slice(0, count),
  );
}

// Aim: frames of one instant come by one event, unless choices may put something between them.
// Method: one frame at each of two ports at once, with and without a deviation.
Deno.test("Machine lets frames of one instant arrive by one event, and by one each where choices deviate", () => {
  const machine = new Machine(TEST_PROFILE);
  const { geometry } = scenarioOf([]);
  const deviation = { site: "tie", occurrence: 0, value: 1 };
  for (const [deviations, events] of [[[], 1], [[deviation], 2]] as const) {
    machine.reset(geometry, 2, deviations, () => {});
    const came: number[] = [];
    for (const { macIn, port } of machine.nics.slice(0, 2)) {
      macIn.receiver = { received: () => void came.push(port) };
    }
    machine.offer({
      count: 2,
      port: Uint8Array.of(0, 1),
      at: Float64Array.of(1000, 1000),
      offset: Uint32Array.of(0, 0),
      length: Uint32Array.of(60, 60),
      bytes: new Uint8Array(60),
    });
    machine.clock.run({ horizonPs: 1e6, events: 10 });
    assertEquals([came, machine.clock.events], [[0, 1], events]);
  }
});
