/**
 * A forwarder that can make one mistake, as a poll loop or driven by interrupts. Without a mistake it keeps
 * every law.
 */
import type { Context } from "../host/context.ts";
import { REASON } from "../policy.ts";
import type { Cpu, Dataplane, Env, Stack } from "../stack.ts";
import { POLICY, routeOne } from "./_stacks_for_tests.ts";

/** Packets that a softirq takes before it lets others run. */
const BUDGET = 64;

/** What it does wrong. */
export type Mistake =
  | "keeps the TTL"
  | "keeps the checksum"
  | "forgets the carry of the checksum"
  | "sends every 9th packet out of the next port"
  | "hands every 9th packet over twice"
  | "frees every 9th packet before it hands it over"
  | "takes a buffer with every 9th packet, and keeps it"
  | "frees what a full ring refuses, and tells nobody"
  | "frees every 3rd dropped packet twice"
  | "forgets to free every 3rd dropped packet, and drops it again later";

/** How it learns of packets. */
export type Drive = "poll" | "interrupt";

class Forwarder {
  readonly #env: Env;
  readonly #mistake: Mistake | null;
  readonly #packetCycles: number = 0;
  readonly #burst = new Int32Array(32);
  #packets = 0;
  #drops = 0;
  #forgotten = -1;

  constructor(env: Env, mistake: Mistake | null, packetCycles: number) {
    this.#packetCycles = packetCycles;
    this.#env = env;
    this.#mistake = mistake;
  }

  /** One burst on each queue of the lcore. */
  poll(cpu: Cpu): number {
    let moved = 0;
    for (const { port, queue } of cpu.rxQueues) {
      const n = this.#env.ports[port]!.rxBurst(cpu, queue, this.#burst, 32);
      cpu.charge(n * this.#packetCycles);
      for (let i = 0; i < n; i++) this.#forward(cpu, this.#burst[i]!);
      moved += n;
    }
    return moved;
  }

  #forward(cpu: Cpu, b: number): void {
    const { memory, ports } = this.#env;
    const ip = memory.offset[b]! + 14;
    const before = memory.bytes.slice(ip, ip + 12);
    const mistake = this.#mistake;
    const ninth = this.#packets++ % 9 === 8;
    let egress = routeOne(this.#env, cpu, b);
    if (egress < 0) {
      this.#dropped(cpu, b);
      return;
    }
    this.#spoil(ip, before);
    if (mistake === "sends every 9th packet out of the next port" && ninth) {
      egress = (egress + 1) % ports.length;
    }
    if (mistake === "frees every 9th packet before it hands it over" && ninth) {
      this.#env.pool.put(cpu.lcore, b);
    }
    if (mistake === "takes a buffer with every 9th packet, and keeps it" && ninth) {
      this.#env.pool.get(cpu.lcore);
    }
    const one = Int32Array.of(b);
    const sent = ports[egress]!.txBurst(cpu, cpu.lcore, one, 0, 1);
    if (mistake === "hands every 9th packet over twice" && ninth) {
      ports[egress]!.txBurst(cpu, cpu.lcore, one, 0, 1);
    }
    if (sent === 1) return;
    if (mistake === "frees what a full ring refuses, and tells nobody") {
      this.#env.pool.put(cpu.lcore, b);
    } else this.#env.drop(cpu, b, REASON["tx-full"]);
  }

  #spoil(ip: number, before: Uint8Array): void {
    const { bytes } = this.#env.memory;
    if (this.#mistake === "keeps the TTL") {
      for (const i of [8, 10, 11]) bytes[ip + i] = before[i]!;
    } else if (this.#mistake === "keeps the checksum") {
      for (const i of [10, 11]) bytes[ip + i] = before[i]!;
    } else if (this.#mistake === "forgets the carry of the checksum") {
      bytes[ip + 10] = before[10]! + 1;
      bytes[ip + 11] = before[11]!;
    }
  }

  /** A packet was dropped, and its buffer is free. */
  #dropped(cpu: Cpu, b: number): void {
    if (this.#drops++ % 3 !== 2) return;
    if (this.#mistake === "frees every 3rd dropped packet twice") {
      this.#env.pool.put(cpu.lcore, b);
    } else if (this.#mistake?.startsWith("forgets to free") === true) {
      if (this.#forgotten >= 0) this.#env.drop(cpu, this.#forgotten, REASON.other);
      this.#forgotten = b;
    }
  }
}

/** The stack. */
export function forwarder(mistake: Mistake | null, drive: Drive = "poll"): Stack {
  const stack = (env: Env): Dataplane => {
    const { ports } = env;
    // a kernel's path takes longer than a poll loop's
    const loop = new Forwarder(env, mistake, drive === "poll" ? 100 : 1500);
    const poll = (cpu: Cpu): number => loop.poll(cpu);
    if (drive === "poll") return { name: "forwarder", poll, idlePollIsStateless: true };
    const enable = (cpu: Cpu): void => {
      for (const { port, queue } of cpu.rxQueues) {
        env.hardware.nics[port]!.queues.irqEnable(cpu as Context, queue);
      }
    };
    const softirqs = Array.from({ length: env.lcores }, (_, lcore) => {
      env.spawn(lcore, "thread", (cpu) => {
        enable(cpu);
        cpu.sleep();
        return ports.length;
      });
      return env.spawn(lcore, "softirq", (cpu) => {
        let moved = 0;
        for (let n; moved < BUDGET && (n = poll(cpu)) > 0;) moved += n;
        if (moved >= BUDGET) return moved;
        // as NAPI does: whatever lands while this body's charges run has to be latched by the vector
        enable(cpu);
        cpu.sleep();
        return moved;
      });
    });
    const interrupt = (cpu: Cpu): void => cpu.wake(softirqs[cpu.lcore]!);
    return { name: "forwarder with interrupts", interrupt };
  };
  return Object.assign(stack, { policy: POLICY });
}
