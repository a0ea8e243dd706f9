// Aim: a poll completes its instance and unmasks the interrupt only when both rings are found empty, the budget
// is not used up, memory is there, and nobody asked again meanwhile.
// Method: one vector over rings whose device does what the test says, between a Softnet and a register that
// write down what they are told.
import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import type { Vector } from "../host/irq.ts";
import type { Softnet } from "../host/softirq.ts";
import { Mempool } from "../memory/mempool.ts";
import { Memory } from "../memory/memory.ts";
import { DescriptorRing } from "../nic/rings.ts";
import type { Cpu } from "../stack.ts";
import type { LinuxCosts } from "./costs.ts";
import { QVector } from "./ixgbe.ts";
import type { RxHook } from "./ixgbe_rx.ts";
import { Skbs } from "./skb.ts";

const RING = 512;

class Rig {
  readonly q: QVector;
  readonly pool: Mempool;
  /** What happened, in order: "complete", "unmask Q", "throttle US". */
  readonly log: string[] = [];
  /** Whether the instance was asked for while it was polled. */
  missed = false;
  received = 0;
  /** Skbs that the stack has not freed yet; null when it frees each at once. */
  kept: number[] | null = null;
  readonly cpu = { lcore: 0, nowPs: 0, charge: () => {} } as unknown as Cpu;
  readonly #rings = [new DescriptorRing(RING), new DescriptorRing(RING)];

  constructor(buffers = 2048, itrUsecs = -1, legacy = false, hook: RxHook | null = null) {
    const memory = new Memory(buffers);
    this.pool = new Mempool(memory, memory.region("pool", 0, buffers), [0], 0);
    for (const ring of this.#rings) ring.reset(RING, 0);
    const costs = new Proxy({}, { get: () => 1 }) as LinuxCosts;
    const queue = 3;
    const parts = {
      port: 1,
      queue,
      device: {
        rx: { [queue]: this.#rings[0]! } as unknown as DescriptorRing[],
        tx: { [queue]: this.#rings[1]! } as unknown as DescriptorRing[],
        rxTail: () => {},
        txTail: () => {},
        rxStop: () => {},
        irqEnable: (_cpu: unknown, of: number) => void this.log.push(`unmask ${of}`),
      },
      memory,
      pool: this.pool,
      skbs: new Skbs(memory, this.pool, costs, legacy),
      costs,
      hook,
      source: null,
      place: 0,
    };
    const vector = { throttle: (ps: number) => void this.log.push(`throttle ${ps / 1e6}`) };
    const softnet = {
      napiComplete: () => {
        this.log.push("complete");
        return !this.missed;
      },
    };
    const receiver = {
      flush: () => {},
      receive: (_cpu: Cpu, skb: number) => {
        this.received++;
        if (this.kept === null) this.pool.put(0, skb);
        else this.kept.push(skb);
      },
    };
    this.q = new QVector(
      parts,
      vector as unknown as Vector,
      softnet as unknown as Softnet,
      receiver,
      itrUsecs,
    );
    this.q.up(this.cpu);
    assertEquals(this.log.splice(0), [`throttle ${itrUsecs < 0 ? 50 : itrUsecs}`, "unmask 3"]);
  }

  get txRing(): DescriptorRing {
    return this.#rings[1]!;
  }

  /** The device has received `n` frames. */
  receive(n: number): void {
    const ring = this.#rings[0]!;
    for (let i = 0; i < n; i++) ring.done[(this.q.rx.nextToClean + i) & (RING - 1)] = 1;
  }

  /** The driver sends `n` frames and the device says that it has. */
  send(n: number): void {
    for (let i = 0; i < n; i++) {
      this.#rings[1]!.done[this.q.tx.nextToUse] = 1;
      const slot = this.q.tx.nextToUse;
      assert(this.q.tx.xmit(this.cpu, this.pool.get(0), false), "the ring is full");
      this.#rings[1]!.done[slot] = 1;
    }
  }

  /** One poll of 64: what it answers and what it did. */
  poll(): [number, ...string[]] {
    return [this.q.poll(this.cpu, 64), ...this.log.splice(0)];
  }
}

Deno.test("QVector completes, moderates and unmasks its own queue when less than the budget came", () => {
  const rig = new Rig();
  rig.receive(63);
  assertEquals(rig.poll(), [63, "complete", "throttle 50", "unmask 3"]);
  assertEquals(rig.poll(), [0, "complete", "throttle 52", "unmask 3"]);
});

/** The driver's comments on frames of no bytes: what an interval of `now` us becomes that has brought so many. */
function intervalAfter(now: number, frames: number): number {
  const next = frames === 0
    ? now + 2
    : frames < 24
    ? 10
    : frames < 48
    ? now + 2
    : frames < 96
    ? now
    : frames < 256
    ? Math.floor(now / 2)
    : 20;
  return Math.min(84, Math.max(10, next));
}

Deno.test("QVector moderates by what each ring has brought since the last interrupt, and by the shorter of the two", () => {
  const count = fc.oneof(fc.constantFrom(0, 1, 23, 24, 47, 48, 95, 96), fc.nat(300));
  let byTx = 0;
  fc.assert(
    fc.property(fc.array(fc.tuple(count, count), { maxLength: 20, size: "max" }), (intervals) => {
      const rig = new Rig();
      let usecs = 50;
      for (const [rx, tx] of intervals) {
        rig.receive(rx);
        rig.send(tx);
        const log: string[] = [];
        while (!log.includes("complete")) log.push(...rig.poll().slice(1) as string[]);
        const [byReceived, bySent] = [intervalAfter(usecs, rx), intervalAfter(usecs, tx)];
        if (bySent < byReceived) byTx++;
        usecs = Math.min(byReceived, bySent);
        assertEquals(log, ["complete", `throttle ${usecs}`, "unmask 3"], `${rx} and ${tx} frames`);
      }
    }),
    { numRuns: 60 },
  );
  assert(byTx > 50, `the transmit ring asked for less ${byTx} times only`);
});

Deno.test("QVector that used its whole budget stays scheduled and masked", () => {
  const rig = new Rig();
  rig.receive(64);
  assertEquals(rig.poll(), [64]);
  assertEquals([rig.received, rig.q.rx.packets], [64, 64]);
  rig.receive(100);
  assertEquals(rig.poll(), [64]);
  assertEquals(rig.poll()[0], 36);
  assertEquals(rig.received, 164);
});

Deno.test("QVector polls on while sent frames are left to take back", () => {
  const rig = new Rig();
  rig.send(300);
  assertEquals(rig.poll(), [64], "256 of 300: not all");
  assertEquals(rig.poll().slice(0, 2), [0, "complete"]);
  assertEquals(rig.q.tx.nextToClean, 300);
});

Deno.test("QVector gives each frame that was sent back to whom it is of, whatever lies between them in the ring", () => {
  const rig = new Rig();
  const given: Record<string, number[]> = { a: [], b: [], skb: [] };
  const back: Record<string, number[]> = { a: [], b: [], skb: [] };
  const owner = (name: string) => ({
    sent: (_cpu: Cpu, frame: number) => void back[name]!.push(frame),
  });
  const owners: Record<string, ReturnType<typeof owner>> = { a: owner("a"), b: owner("b") };
  const freed = new Set<number>();
  const put = rig.pool.put.bind(rig.pool);
  rig.pool.put = (lcore, b) => {
    freed.add(b);
    put(lcore, b);
  };
  const order = ["skb", "a", "a", "b", "skb", "skb", "b", "a", "skb"];
  const ring = rig.txRing;
  for (const name of order) {
    const frame = rig.pool.get(0);
    const slot = rig.q.tx.nextToUse;
    given[name]!.push(frame);
    if (name === "skb") assert(rig.q.tx.xmit(rig.cpu, frame, false));
    else assert(rig.q.tx.xmitFrame(rig.cpu, frame, owners[name]!));
    ring.done[slot] = 1;
  }
  freed.clear();
  rig.poll();
  back.skb = given.skb!.filter((frame) => freed.has(frame));
  assertEquals(back, given);
  assertEquals(freed.size, given.skb!.length, "nothing of an owner's is freed as an skb");
});

Deno.test("QVector that was asked for meanwhile leaves the interrupt masked", () => {
  const rig = new Rig();
  rig.missed = true;
  rig.receive(5);
  assertEquals(rig.poll(), [5, "complete"]);
  rig.missed = false;
  assertEquals(rig.poll().at(-1), "unmask 3");
});

Deno.test("QVector without memory polls on, and unmasks when pages are there again", () => {
  for (const legacy of [false, true]) {
    const rig = new Rig(RING, -1, legacy);
    const taken = rig.kept = [] as number[];
    for (let b = rig.pool.get(0); b >= 0; b = rig.pool.get(0)) taken.push(b);
    rig.receive(legacy ? 1 : 20);
    assertEquals(rig.poll(), [64], `legacy ${legacy}`);
    const failed = legacy ? rig.q.rx.allocRxBuffFailed : rig.q.rx.allocRxPageFailed;
    assert(failed > 0, `legacy ${legacy}: no failure was counted`);
    for (const b of taken) rig.pool.put(0, b);
    assertEquals(rig.poll().at(-1), "unmask 3", `legacy ${legacy}`);
  }
});

Deno.test("QVector takes the shorter interval of its rings, each since the last time", () => {
  const rig = new Rig();
  // 30 received ask for 2 us more, 8 sent in the same interval for 10 us
  rig.receive(30);
  rig.send(8);
  assertEquals(rig.poll(), [30, "complete", "throttle 10", "unmask 3"]);
  // nothing was sent since, so only what was received counts
  rig.receive(30);
  assertEquals(rig.poll(), [30, "complete", "throttle 12", "unmask 3"]);
  // and the other way round
  rig.send(30);
  assertEquals(rig.poll(), [0, "complete", "throttle 14", "unmask 3"]);
});

Deno.test("QVector with fixed rx-usecs leaves the interval alone", () => {
  const rig = new Rig(2048, 7);
  rig.receive(1);
  assertEquals(rig.poll(), [1, "complete", "unmask 3"]);
  assertEquals(rig.q.itrUsecs, 7);
});

for (const legacy of [false, true]) {
  const kernel = legacy ? "an old kernel" : "today's kernel";
  Deno.test(`QVector shows each page to its hook before there is an skb, in ${kernel}`, () => {
    const pages: number[] = [];
    const flushes: number[] = [];
    const hook: RxHook = {
      // every second page is its own
      take: (cpu, page, port, queue) => {
        assertEquals([port, queue], [1, 3]);
        pages.push(page);
        if (pages.length % 2 === 0) return false;
        rig.pool.put(cpu.lcore, page);
        return true;
      },
      flush: () => void flushes.push(pages.length),
    };
    const rig: Rig = new Rig(2048, -1, legacy, hook);
    const free = rig.pool.free;
    rig.receive(30);
    rig.poll();
    assertEquals([pages.length, new Set(pages).size, rig.received], [30, 30, 15]);
    assertEquals(flushes, [30], "once, at the end of the poll");
    // all pages came back but those that wait to be posted again
    assertEquals(rig.pool.free, free + rig.q.rx.unused);
  });
}
