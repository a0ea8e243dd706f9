// Aim: a packet's identity follows it into memory that is no buffer's and back, and a copy given up without a word
// shows. Method: one example for each arrow of the contract, then a stack that forwards by way of an array.
import { assertEquals, assertThrows } from "@std/assert";
import { TEST_PROFILE } from "../machine/_profile_for_tests.ts";
import { scenarioOf } from "../machine/_scenario_for_tests.ts";
import { routeOne } from "../machine/_stacks_for_tests.ts";
import { FATE, Observation } from "../machine/observation.ts";
import { Testbed } from "../machine/testbed.ts";
import { REASON } from "../policy.ts";
import type { Cpu, Env, Stack } from "../stack.ts";
import { Ledger } from "./ledger.ts";
import { Memory } from "./memory.ts";

function books() {
  const observation = new Observation();
  observation.reset(4, "coarse");
  observation.addPlace("lcore");
  const ring = observation.addPlace("socket ring");
  const memory = new Memory(8);
  const ledger = new Ledger(memory, observation, () => 7);
  memory.ledger = ledger;
  memory.region("all", 0, 8);
  ledger.enter(3, 1, 0);
  return { observation, memory, ledger, ring };
}

Deno.test("OutsideCopies carry a packet from one buffer to another", () => {
  const { observation: o, memory, ledger, ring } = books();
  const copy = memory.copiedOut(1, ring);
  assertEquals([copy, o.carrier[3]], [8, 8]);
  ledger.free(1, 0);
  assertEquals(o.fate[3], FATE.none, "the buffer carries it no more");
  ledger.describeWaiting();
  assertEquals(o.waitingAt.get(3), "socket ring");
  ledger.alloc(2, 0);
  memory.copiedIn(copy, 2);
  memory.copyEnds(copy);
  assertEquals([ledger.packet[2], o.carrier[3], o.fate[3]], [3, 2, FATE.none]);
  assertEquals([ledger.outside.count, o.faultCount], [0, 0]);
});

Deno.test("OutsideCopies end a packet that only they carry, and are used no more", () => {
  const { observation: o, memory, ring } = books();
  const first = memory.copiedOut(1, ring);
  const second = memory.copiedOut(1, ring);
  memory.copyEnds(first);
  assertEquals(o.fate[3], FATE.none, "the second carries it");
  memory.copyEnds(second);
  assertEquals([o.fate[3], o.place[3], o.endAt[3]], [FATE.freed, ring, 7]);
  assertThrows(() => memory.copyEnds(second), RangeError, "copy 9 of a packet: it has ended");
  assertThrows(() => memory.copiedIn(first, 2), RangeError, "copy 8 of a packet");
});

Deno.test("OutsideCopies are none where no books are kept", () => {
  const memory = new Memory(2);
  const copy = memory.copiedOut(0, -1);
  memory.copiedIn(copy, 1);
  memory.copyEnds(copy);
  assertEquals(copy, -1);
});

/** Receives, copies into an array, frees; then copies into a fresh buffer and sends, or gives the copy up. */
function byArray(givesUp: (packet: number) => "send" | "drop" | "silence"): Stack {
  return (env: Env) => {
    const place = env.place("array", Infinity);
    const burst = new Int32Array(8);
    let seen = 0;
    return {
      name: "by array",
      poll(cpu: Cpu) {
        let work = 0;
        for (const { port, queue } of cpu.rxQueues) {
          const n = env.ports[port]!.rxBurst(cpu, queue, burst, 8);
          for (let i = 0; i < n; i++) bounce(cpu, burst[i]!, givesUp(seen++));
          work += n;
        }
        return work;
      },
    };

    function bounce(cpu: Cpu, b: number, what: "send" | "drop" | "silence"): void {
      const { memory, pool } = env;
      const at = memory.offset[b]!;
      const bytes = memory.bytes.slice(at, at + memory.length[b]!);
      const flags = memory.flags[b]!;
      const copy = memory.copiedOut(b, place);
      pool.put(cpu.lcore, b);
      if (what === "drop") env.dropCopy(cpu, copy, REASON.consumed);
      if (what === "send") {
        const to = pool.get(cpu.lcore);
        memory.bytes.set(bytes, memory.offset[to]!);
        memory.length[to] = bytes.length;
        memory.flags[to] = flags;
        memory.copiedIn(copy, to);
        const egress = routeOne(env, cpu, to);
        if (egress >= 0) env.ports[egress]!.txBurst(cpu, cpu.lcore, Int32Array.of(to), 0, 1);
      }
      memory.copyEnds(copy);
    }
  };
}

Deno.test("OutsideCopies tell the fates of packets that a stack forwards by way of an array", () => {
  const frames = [0, 1, 2].map((i) => ({ at: 1e6 * (i + 1), port: 0, dst: 0x0a010001 }));
  const device = new Testbed(
    byArray((i) => (["send", "drop", "silence"] as const)[i]!),
    TEST_PROFILE,
  );
  const o = device.run(scenarioOf(frames));
  assertEquals([...o.fate.subarray(0, 3)], [FATE.emitted, FATE.dropped, FATE.freed]);
  assertEquals([o.reason[1], o.places[o.place[2]!]!.name], [REASON.consumed, "array"]);
  assertEquals([o.faultCount, device.machine.ledger.outside.count], [0, 0]);

  const streamed = device.stream(scenarioOf(frames.slice(0, 2)), { times: 1, periodPs: 1e7 });
  assertEquals([streamed.emitted, streamed.dropped[REASON.consumed]], [1, 1]);
});
