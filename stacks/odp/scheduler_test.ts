// Aim: the scheduler on its own: overlap and exclusion of the three kinds of queue, order locks, priorities, spreads,
// groups, pause, timeouts, threads that go. Method: queues filled at the start, threads that spend given times.
import { assert, assertEquals } from "@std/assert";
import { scenarioOf, stream } from "../../core/machine/_scenario_for_tests.ts";
import type { Cpu } from "../../core/stack.ts";
import { bed, eater, judged, program, ps, wrong } from "./_rig_for_tests.ts";
import { openInterfaces } from "./interfaces.ts";
import type { Odp, OdpThread } from "./odp.ts";
import type { OdpQueue, OdpSync, QueueParam } from "./queue.ts";

/** Fills a queue with `n` events before anything runs, at time 0; answers them. */
function fill(odp: Odp, queue: OdpQueue, n: number): number[] {
  const boot = { charge() {}, wake() {}, nowPs: 0, lcore: 0 } as unknown as Cpu;
  const events = Int32Array.from({ length: n }, () => odp.env.pool.get(0));
  assert(events.every((event) => event >= 0), "the pool is too small for the test");
  assertEquals(odp.scheduler.enqueue(boot, queue, events, 0, n), n);
  return [...events];
}

interface Outcome {
  /** When the last event was done. */
  readonly endPs: number;
  /** Numbers of the events in the order in which they were done, by queue. */
  readonly done: readonly number[][];
  /** Threads that worked on each queue. */
  readonly threads: readonly ReadonlySet<number>[];
  readonly findings: readonly string[];
  readonly judged: readonly string[];
}

/** `lcores` workers work through queues that hold `each` events. */
function work(
  lcores: number,
  queues: readonly (Partial<QueueParam> & { sync: OdpSync })[],
  each: number,
  cycles: (n: number) => number = () => 10_000,
  burst = 1,
  prioSpread = 4,
): Outcome {
  let endPs = 0;
  const done: number[][] = queues.map(() => []);
  const threads = queues.map(() => new Set<number>());
  const where = new Map<number, [number, number]>();
  // no more of a queue than a thread works on at once: what is stashed nobody else can take
  const burstDefault = new Array<number>(8).fill(burst);
  const stack = program({ burst, burstDefault, prioSpread }, (odp) => {
    queues.forEach((param, q) => {
      const queue = odp.queueCreate({ name: `q${q}`, ...param });
      fill(odp, queue, each).forEach((event, n) => where.set(event, [q, n]));
    });
    for (let lcore = 0; lcore < lcores; lcore++) {
      const spend = (event: number): number => cycles(where.get(event)![1]);
      odp.threadCreate(
        lcore,
        eater(odp, burst, spend, (event, { id }, cpu) => {
          const [q, n] = where.get(event)!;
          done[q]!.push(n);
          threads[q]!.add(id);
          endPs = Math.max(endPs, ps(cpu));
        }),
      );
    }
  });
  const ring = lcores === 1 ? 512 : 64;
  const o = bed(stack).run(scenarioOf([], { rxRing: ring, txRing: ring, lcores }));
  assertEquals(o.end, "quiet");
  assertEquals(done.map(({ length }) => length), queues.map(() => each));
  return { endPs, done, threads, findings: wrong(o), judged: judged(o) };
}

/** Times from 2,000 to 32,000 cycles in no order. */
const uneven = (n: number): number => 2_000 + (n * 7919 % 16) * 2_000;

Deno.test("odp 8.3: parallel scales with threads, one atomic queue does not, as many as threads do, one ordered queue does", () => {
  const speedUp = (queues: readonly { sync: OdpSync }[], each: number): number =>
    work(1, queues, each).endPs / work(4, queues, each).endPs;
  const near = (value: number, expected: number): void =>
    assert(Math.abs(value - expected) < 0.05 * expected, `${value} times as fast, not ${expected}`);
  near(speedUp([{ sync: "parallel" }], 80), 4);
  near(speedUp([{ sync: "ordered" }], 80), 4);
  near(speedUp([{ sync: "atomic" }], 80), 1);
  near(speedUp(Array.from({ length: 4 }, () => ({ sync: "atomic" as const })), 20), 4);
});

Deno.test("odp ODP-1: an atomic queue alternates between threads and keeps its order", () => {
  const queues = Array.from({ length: 5 }, () => ({ sync: "atomic" as const }));
  const { done, threads, findings, judged } = work(4, queues, 24, uneven, 3, 1);
  for (const one of done) assertEquals(one, [...one.keys()]);
  assert(threads.every(({ size }) => size > 1), "no queue stayed with a thread");
  assertEquals(findings, []);
  assert(judged.includes("ODP-1"));
});

Deno.test("odp ODP-2, ODP-5: uneven times on four threads leave an ordered queue in order, and overlap", () => {
  const { done, endPs, findings, judged } = work(4, [{ sync: "ordered" }], 64, uneven);
  assertEquals(done[0], [...done[0]!.keys()]);
  const alone = work(1, [{ sync: "ordered" }], 64, uneven).endPs;
  assert(alone / endPs > 2.5, `${alone / endPs} times as fast`);
  assertEquals(findings, []);
  assertEquals(["ODP-2", "ODP-5"].filter((id) => !judged.includes(id)), []);
});

Deno.test("odp ODP-3: a parallel queue gives no order and full overlap", () => {
  const { done, endPs } = work(4, [{ sync: "parallel" }], 64, uneven);
  assert(done[0]!.some((n, i) => n !== i), "some overtook others");
  assert(work(1, [{ sync: "parallel" }], 64, uneven).endPs / endPs > 3.5);
});

const EVENTS = 60;

Deno.test("odp ODP-4: order locks run critical sections in the order of tickets", () => {
  // who waits is woken, or looks all the time: to him, too, a lock must not pass on before its time
  for (const parks of [true, false]) {
    const inside: number[] = [];
    const stack = program({}, (odp) => {
      const queue = odp.queueCreate({ name: "q", sync: "ordered", lockCount: 2 });
      const events = fill(odp, queue, EVENTS);
      const out = new Int32Array(1);
      const held = new Map<OdpThread, number>();
      for (let lcore = 0; lcore < 4; lcore++) {
        odp.threadCreate(lcore, (cpu, thread) => {
          const { scheduler: { contexts } } = odp;
          const event = held.get(thread);
          if (event !== undefined) {
            // every third event never takes the lock: it is passed on when its context is released
            const n = events.indexOf(event);
            if (n % 3 !== 0) {
              if (!contexts.orderLock(cpu, thread.local, 1)) return parks ? 0 : 1;
              inside.push(n);
              cpu.charge(500);
              contexts.orderUnlock(cpu, thread.local, 1);
            }
            odp.free(cpu, event);
            held.delete(thread);
            cpu.charge(10);
            return 1;
          }
          if (odp.scheduler.schedule(cpu, thread.local, out, 1) === 0) return 0;
          held.set(thread, out[0]!);
          cpu.charge(uneven(events.indexOf(out[0]!)));
          return 1;
        });
      }
    });
    const o = bed(stack, parks).run(scenarioOf([], { rxRing: 64, txRing: 64, lcores: 4 }));
    assertEquals(inside, Array.from({ length: EVENTS }, (_, n) => n).filter((n) => n % 3 !== 0));
    assertEquals([wrong(o), judged(o).includes("ODP-4")], [[], true]);
  }
});

Deno.test("odp 8.3: a packet is taken by whoever is idle when it arrives, not by who looked last", () => {
  const done: number[] = [];
  const stack = program({ mode: "parallel" }, (odp) => {
    openInterfaces(odp);
    for (let lcore = 0; lcore < 3; lcore++) {
      // 2.9 us of work for each packet
      odp.threadCreate(
        lcore,
        eater(odp, 1, () => 10_000, (_event, _thread, cpu) => void done.push(ps(cpu))),
      );
    }
  });
  // pairs 1 us apart: the second comes while a thread works on the first
  const at = (i: number): number => 1e6 + (i >> 1) * 20e6 + (i & 1) * 1e6;
  bed(stack).run(
    scenarioOf(stream(12, 0, (i) => ({ at: at(i) })), { lcores: 3, rxRing: 64, txRing: 64 }),
  );
  assertEquals(done.length, 12);
  for (const [i, endPs] of done.sort((a, b) => a - b).entries()) {
    assert(endPs - at(i) < 4.6e6, `packet ${i} was done ${endPs - at(i)} ps after it came`);
  }
});

Deno.test("odp 8.3: a call that moves input to its queues alone counts as others do, and says how much of all ports", () => {
  const calls: { first: number; n: number; moved: number }[] = [];
  const stack = program({ mode: "ordered", prioSpreadWeight: 3 }, (odp) => {
    openInterfaces(odp);
    const out = new Int32Array(8);
    odp.threadCreate(0, (cpu, { local }) => {
      const first = local.firstSpread;
      const n = odp.scheduler.schedule(cpu, local, out, 8);
      const { moved } = odp.scheduler;
      if (n > 0) odp.witness.out(local, ps(cpu));
      for (const event of out.subarray(0, n)) odp.free(cpu, event);
      cpu.charge(1000);
      if (n + moved > 0) calls.push({ first, n, moved });
      return n + moved;
    });
  });
  // two ports at once, and nothing until both are through
  const offers = stream(40, 0, (i) => ({ port: i & 1, at: Math.floor(i / 2) * 20e6 }));
  const o = bed(stack).run(scenarioOf(offers, { rxRing: 64, txRing: 64 }));
  assertEquals(wrong(o), []);
  const sum = (of: "n" | "moved") => calls.reduce((all, call) => all + call[of], 0);
  assertEquals([sum("moved"), sum("n")], [40, 40]);
  assert(calls.some(({ moved }) => moved === 2), "no call looked at both ports");
  assert(calls.filter(({ n }) => n === 0).length >= 8, "no call only moved");
  calls.forEach(({ first }, i) => assertEquals(first !== 0, i % 4 === 3, `call ${i}`));
});

Deno.test("odp ODP-6: a thread that never calls again stalls its atomic queue and no other", () => {
  const done: string[] = [];
  const stack = program({}, (odp) => {
    const names = new Map<number, string>();
    for (const name of ["a", "b"]) {
      const queue = odp.queueCreate({ name, sync: "atomic" });
      fill(odp, queue, 6).forEach((event) => names.set(event, name));
    }
    const out = new Int32Array(1);
    let isGone = false;
    odp.threadCreate(0, (cpu, thread) => {
      if (isGone) cpu.sleep();
      if (isGone) return 0;
      isGone = true;
      const n = odp.scheduler.schedule(cpu, thread.local, out, 1);
      done.push(names.get(out[0]!)!);
      odp.free(cpu, out[0]!);
      return n;
    });
    // waits until the first has gone, so that it finds one queue withheld
    let turns = 0;
    const rest = eater(odp, 1, () => 100, (event) => void done.push(names.get(event)!));
    odp.threadCreate(1, (cpu, thread) => {
      cpu.charge(1);
      return turns++ < 100 ? 1 : rest(cpu, thread);
    });
  });
  bed(stack).run(scenarioOf([], { rxRing: 64, txRing: 64, lcores: 2 }));
  // by default a call takes up to 32 events of a queue: the rest of them is in the stash of the thread that sleeps
  assertEquals(done, ["a", "b", "b", "b", "b", "b", "b"]);
});

Deno.test("odp ODP-7: a most urgent event waits for one burst of a less urgent queue at most", () => {
  const order: string[] = [];
  const stack = program({ burstDefault: [4, 4, 4, 4, 4, 4, 4, 4] }, (odp) => {
    const low = odp.queueCreate({ name: "low", sync: "parallel", prio: 0 });
    const high = odp.queueCreate({ name: "high", sync: "parallel", prio: 7 });
    fill(odp, low, 40);
    const urgent = Int32Array.of(odp.env.pool.get(0));
    odp.threadCreate(
      0,
      eater(odp, 4, () => 1000, (event, _, cpu) => {
        order.push(event === urgent[0] ? "high" : "low");
        // once: in the middle of the second burst
        if (order.length === 6) odp.scheduler.enqueue(cpu, high, urgent, 0, 1);
      }),
    );
  });
  const o = bed(stack).run(scenarioOf([], { rxRing: 64, txRing: 64, lcores: 1 }));
  assertEquals(order.indexOf("high"), 8, "behind the burst that was under way");
  assertEquals([wrong(o), judged(o).includes("ODP-7")], [[], true]);
});

Deno.test("odp ODP-8: of four spreads the preferred one is looked at first 63 times in 64, and none starves", () => {
  const { done, findings, judged } = work(
    1,
    [0, 1, 2, 3].map(() => ({ sync: "parallel" as const })),
    300,
    () => 10,
  );
  assertEquals(findings, []);
  assert(judged.includes("ODP-8"));
  assertEquals(done.map(({ length }) => length), [300, 300, 300, 300]);
});

Deno.test("odp ODP-9: a thread takes nothing of a group that it is not in", () => {
  const by: number[] = [];
  const stack = program({}, (odp) => {
    const mine = odp.queueCreate({ name: "group 3", sync: "parallel", group: 3 });
    fill(odp, mine, 20);
    for (let lcore = 0; lcore < 3; lcore++) {
      const thread = odp.threadCreate(
        lcore,
        eater(odp, 1, () => 1000, (_event, { id }) => void by.push(id)),
        lcore === 2 ? "control" : "worker",
      );
      if (lcore === 1) odp.groupJoin(thread, 3, 0);
    }
    assertEquals(odp.threads.map(({ local }) => [...local.groups]), [[0, 1], [0, 1, 3], [0, 2]]);
  });
  const o = bed(stack).run(scenarioOf([], { rxRing: 64, txRing: 64, lcores: 3 }));
  assertEquals([new Set(by), by.length, wrong(o)], [new Set([1]), 20, []]);
});

Deno.test("odp 8.14: a flow goes on in order when the thread that worked on it exits", () => {
  const done: number[] = [];
  const by: number[] = [];
  const stack = program({}, (odp) => {
    const queue = odp.queueCreate({ name: "flow", sync: "atomic" });
    const events = fill(odp, queue, 60);
    const body = eater(odp, 4, () => 2000, (event, { id }) => {
      done.push(events.indexOf(event));
      by.push(id);
    });
    for (let lcore = 0; lcore < 2; lcore++) {
      odp.threadCreate(lcore, (cpu, thread) => {
        const { local } = thread;
        // odp_term_local: after a pause the stash is drained, the context released, and the thread is gone
        if (thread.id === 0 && by.filter((id) => id === 0).length >= 20) local.paused = true;
        const n = body(cpu, thread);
        if (n === 0 && local.paused && local.held === null) odp.threadExit(cpu, thread);
        return n;
      });
    }
  });
  const o = bed(stack).run(scenarioOf([], { rxRing: 64, txRing: 64, lcores: 2 }));
  assertEquals(done, [...done.keys()]);
  assertEquals([done.length, wrong(o)], [60, []]);
  assertEquals(by.filter((id) => id === 0).length < 40 && by.at(-1) === 1, true);
});

Deno.test("odp 8.15: after odp_schedule_pause a thread gets its stash and no more, until it resumes", () => {
  const got: number[] = [];
  const stack = program({}, (odp) => {
    const queue = odp.queueCreate({ name: "q", sync: "atomic" });
    fill(odp, queue, 40);
    const out = new Int32Array(5);
    let empty = 0;
    odp.threadCreate(0, (cpu, { local }) => {
      const n = odp.scheduler.schedule(cpu, local, out, 5);
      for (let i = 0; i < n; i++) odp.free(cpu, out[i]!);
      cpu.charge(10);
      if (n > 0 || local.paused) got.push(n);
      if (got.length === 1) local.paused = true;
      if (n === 0 && local.paused && ++empty === 2) local.paused = false;
      return n > 0 || got.length < 10 ? 1 : 0;
    });
  });
  bed(stack).run(scenarioOf([], { rxRing: 64, txRing: 64, lcores: 1 }));
  // a burst of 32 in fives; nothing twice; then the eight that were left
  assertEquals(got, [5, 5, 5, 5, 5, 5, 2, 0, 0, 5, 3]);
});

Deno.test("odp 8.16: a call that may wait 5 us comes back after 5 us, and at once when something comes", () => {
  const seen: [string, number][] = [];
  const stack = program({}, (odp) => {
    const queue = odp.queueCreate({ name: "q", sync: "parallel" });
    const out = new Int32Array(1);
    const event = Int32Array.of(odp.env.pool.get(0));
    odp.threadCreate(0, (cpu, { local }) => {
      const n = odp.scheduler.schedule(cpu, local, out, 1, 5e6);
      if (n > 0) odp.free(cpu, out[0]!);
      if (n > 0 || local.expired) seen.push([n > 0 ? "event" : "timeout", ps(cpu)]);
      if (seen.length === 2) cpu.sleep();
      return n > 0 || local.expired ? 1 : 0;
    });
    odp.threadCreate(1, (cpu) => {
      cpu.charge(1);
      if (ps(cpu) < 7e6) cpu.wakeAt(Math.ceil(7e6 / 1e6 * 3400));
      else {
        odp.scheduler.enqueue(cpu, queue, event, 0, 1);
        cpu.sleep();
      }
      return 0;
    });
  });
  for (const skips of [true, false]) {
    seen.length = 0;
    // the packet is nobody's: it keeps the run going
    bed(stack, skips, 1e6).run(
      scenarioOf([{ port: 0, at: 20e6 }], { rxRing: 64, txRing: 64, lcores: 2 }),
    );
    const [first, second] = seen;
    assertEquals([first![0], second![0]], ["timeout", "event"]);
    assert(first![1] >= 5e6 && first![1] < 5.1e6, `timeout at ${first![1]} ps`);
    assert(second![1] >= 7e6 && second![1] < 7.2e6, `event at ${second![1]} ps`);
  }
});
