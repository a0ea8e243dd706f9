// Aim: the arithmetic of l3fwd's loop that whole runs blur: when exactly the drain is due, what a turn answers
// and charges, when it wants to run again, and that an idle loop is not stepped.
// Method: the loop alone, on a cpu whose clock the test sets and ports that note what they are handed.
import { assert, assertEquals } from "@std/assert";
import { TEST_PROFILE } from "../../core/machine/_profile_for_tests.ts";
import { scenarioOf } from "../../core/machine/_scenario_for_tests.ts";
import { Testbed } from "../../core/machine/testbed.ts";
import { FLAG, Memory } from "../../core/memory/memory.ts";
import { writeUdpFrame } from "../../core/packet/mod.ts";
import type { Cpu, Env, Port } from "../../core/stack.ts";
import { l3fwd } from "./mod.ts";

/** 10 cycles a microsecond, so a drain is due after 1,000. */
const COSTS: { readonly [name: string]: number } = { mhz: 10, "l3fwd.packet": 7 };

class Rig {
  now = 0;
  charged = 0;
  /** Packets that wait at port 0. */
  waiting = 0;
  readonly wakes: number[] = [];
  /** Sizes of the bursts handed to port 1. */
  readonly sent: number[] = [];
  readonly #bodies: ((cpu: Cpu) => number)[] = [];
  readonly #cpu: Cpu;

  constructor() {
    const memory = new Memory(64);
    const port = (id: number): Port => ({
      id,
      rxBurst: (_cpu, _queue, out, max) => {
        const n = id === 0 ? Math.min(max, this.waiting) : 0;
        for (let i = 0; i < n; i++) this.#receive(memory, out[i] = i);
        this.waiting -= n;
        return n;
      },
      txBurst: (_cpu, _queue, _buffers, _at, n) => {
        this.sent.push(n);
        return n;
      },
    });
    const neighbours = { count: 1, port: Uint8Array.of(1), mac: new Uint8Array(6) };
    const env = {
      lcores: 1,
      ports: [port(0), port(1)],
      memory,
      neighbours: { ...neighbours, portMac: new Uint8Array(12) },
      fib: { lookupBulk: (_: Uint32Array, hops: Int32Array, n: number) => hops.fill(0, 0, n) },
      cost: (name: string) => COSTS[name]!,
      spawn: (_lcore: number, _priority: string, body: (cpu: Cpu) => number) =>
        void this.#bodies.push(body),
    } as unknown as Env;
    l3fwd("strict")(env);
    this.#cpu = {
      lcore: 0,
      rxQueues: [{ port: 0, queue: 0 }, { port: 1, queue: 0 }],
      charge: (cycles: number) => void (this.charged += cycles),
      tsc: () => this.now,
      wakeAt: (tsc: number) => void this.wakes.push(tsc),
    } as unknown as Cpu;
  }

  #receive(memory: Memory, b: number): void {
    writeUdpFrame(memory.bytes, memory.offset[b]!, { dstMac: 1, srcMac: 2, src: 1, dst: 2 });
    memory.length[b] = 60;
    memory.flags[b] = FLAG.ipv4;
  }

  /** A turn of queue `k` at `now`; answers what it answers. */
  turn(k: number, now: number): number {
    this.now = now;
    return this.#bodies[k]!(this.#cpu);
  }
}

Deno.test("l3fwd drains when more than 100 us have passed, and not at 100 us", () => {
  const rig = new Rig();
  rig.waiting = 3;
  assertEquals([rig.turn(0, 10), rig.sent], [3, []]);
  assertEquals([rig.turn(0, 1000), rig.sent], [0, []], "100 us: not yet");
  assertEquals([rig.turn(0, 1001), rig.sent], [1, [3]], "a drain is no empty poll");
  assertEquals([rig.turn(0, 2001), rig.sent], [0, [3]], "100 us after the drain");
  assertEquals([rig.turn(0, 2002), rig.sent], [1, [3]], "due, with nothing to send");
  assertEquals(rig.wakes, [1001, 1001, 2002, 2002, 3003], "the first cycle at which it is due");
});

Deno.test("l3fwd charges its cycles for each packet of a burst, and none for an empty one", () => {
  const rig = new Rig();
  rig.waiting = 40;
  assertEquals([rig.turn(0, 1), rig.charged, rig.sent], [32, 32 * 7, [32]]);
  assertEquals([rig.turn(0, 2), rig.charged, rig.sent], [8, 40 * 7, [32]]);
  assertEquals([rig.turn(1, 3), rig.charged], [0, 40 * 7]);
});

Deno.test("l3fwd sleeps between drains: an idle loop is not stepped", () => {
  const testbed = new Testbed(l3fwd(), TEST_PROFILE);
  const o = testbed.run(scenarioOf([{ port: 0, at: 950e6 }]));
  assertEquals(o.outCount, 1);
  // ten drains; stepped, the loop would turn some 14,000 times
  assert(o.events < 500, `${o.events} events`);
});
