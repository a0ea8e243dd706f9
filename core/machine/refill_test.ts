// Aim: a poll loop that is skipped because the pool had refused it looks again at the instant at which buffers
// are back, as it would if it were stepped.
// Method: one lcore holds all buffers until a given time; another one, whose empty polls may be skipped, wants one.
import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { REASON } from "../policy.ts";
import type { Cpu, Dataplane, Env, Stack } from "../stack.ts";
import { TEST_PROFILE } from "./_profile_for_tests.ts";
import { fates, left, scenarioOf, stream, wirePs } from "./_scenario_for_tests.ts";
import { POLICY, routeOne, simple } from "./_stacks_for_tests.ts";
import { Testbed } from "./testbed.ts";

/** Cycles and picoseconds at which the buffers come back. */
const BACK_TSC = 170_000;
const BACK_PS = 50_000_000;
const POLL_CYCLES = 34;

/** Answers when the loop that had been refused got its buffer, in cycles. */
function got(skipIdlePolls: boolean): { at: number; other: number; polls: number } {
  let [at, other] = [-1, -1];
  let polls = 0;
  const stack: Stack = Object.assign((env: Env) => {
    const dataplane = simple(env);
    // the receive rings take their buffers before anybody else can
    assertEquals(env.ports.length, 2);
    const held: number[] = [];
    env.spawn(0, "thread", (cpu) => {
      cpu.charge(POLL_CYCLES);
      if (held.length === 0 && at < 0) {
        for (let b = env.pool.get(0); b >= 0; b = env.pool.get(0)) held.push(b);
        cpu.wakeAt(BACK_TSC);
        return 1;
      }
      if (cpu.tsc() < BACK_TSC) {
        cpu.wakeAt(BACK_TSC);
        return 0;
      }
      for (const b of held.splice(0)) env.pool.put(0, b);
      cpu.sleep();
      return 1;
    }, true);
    env.spawn(1, "thread", (cpu) => {
      polls++;
      cpu.charge(POLL_CYCLES);
      const b = env.pool.get(1);
      if (b < 0) return 0;
      at = cpu.tsc();
      env.pool.put(1, b);
      cpu.sleep();
      return 1;
    }, true);
    // and whoever else waits is not forgotten
    env.spawn(2, "thread", (cpu) => {
      cpu.charge(POLL_CYCLES);
      const b = env.pool.get(2);
      if (b < 0) return 0;
      other = cpu.tsc();
      env.pool.put(2, b);
      cpu.sleep();
      return 1;
    }, true);
    return dataplane;
  }, { policy: POLICY });
  const testbed = new Testbed(stack, TEST_PROFILE, { skipIdlePolls });
  const o = testbed.run(scenarioOf(stream(1, 0, () => ({}), 2 * BACK_PS), { lcores: 3 }));
  assertEquals([o.end, o.faults, o.outCount], ["quiet", [], 1]);
  return { at, other, polls };
}

Deno.test("Environment wakes the loops that the pool refused, when buffers come back", () => {
  const [stepped, skipped] = [got(false), got(true)];
  assert(stepped.at >= BACK_TSC && stepped.at < BACK_TSC + 5000, `at ${stepped.at} cycles`);
  assertEquals(
    [skipped.at, skipped.other],
    [stepped.at, stepped.other],
    "skipping changes no time",
  );
  assert(skipped.polls * 20 < stepped.polls, `${skipped.polls} of ${stepped.polls} polls were run`);
});

// Aim: a poll loop that keeps what a full transmit ring refused, and offers it again in polls that may be
// skipped, is woken by the write-backs that make room.
// Method: a burst into a ring far too small for it and a slow line; the same run stepped and skipped.

const COUNT = 40;

/** Forwards to port 1 one by one, and keeps what is refused. */
function keeping(env: Env): Dataplane {
  const held = new Int32Array(2 * COUNT);
  let first = 0;
  let count = 0;
  const poll = (cpu: Cpu): number => {
    const n = env.ports[0]!.rxBurst(cpu, 0, held.subarray(first + count), 8);
    for (let i = 0; i < n; i++) routeOne(env, cpu, held[first + count + i]!);
    count += n;
    if (count === 0) return n;
    const sent = env.ports[1]!.txBurst(cpu, 0, held, first, count);
    first += sent;
    count -= sent;
    return n + sent;
  };
  return { name: "keeping", poll, idlePollIsStateless: true };
}

Deno.test("Testbed skips no poll that would find room in a transmit ring again", () => {
  const stack: Stack = Object.assign((env: Env) => keeping(env), { policy: POLICY });
  const runs = [false, true].map((skipIdlePolls) => {
    const slow = { ...TEST_PROFILE, linkGbps: 1, txFifo: 1 };
    const testbed = new Testbed(stack, slow, { skipIdlePolls });
    const o = testbed.run(scenarioOf(stream(COUNT, wirePs(60)), { txRing: 8 }));
    assertEquals([o.end, o.faults, fates(o).emitted], ["quiet", [], COUNT]);
    assertEquals(left(o, 1), Array.from({ length: COUNT }, (_, i) => i));
    return { ends: [...o.outEnd.subarray(0, COUNT)], events: o.events };
  });
  const [stepped, skipped] = runs as [typeof runs[0], typeof runs[0]];
  assertEquals(skipped.ends, stepped.ends, "skipping changes no time");
  assert(skipped.events < stepped.events / 2, `${skipped.events} of ${stepped.events} events`);
});

Deno.test("Environment takes a refusal as evidence for as many packets as were refused, and no more", () => {
  const hasty: Stack = Object.assign((env: Env): Dataplane => {
    const burst = new Int32Array(32);
    const poll = (cpu: Cpu): number => {
      const n = env.ports[0]!.rxBurst(cpu, cpu.rxQueues[0]!.queue, burst, 32);
      cpu.charge(100 + n * 10);
      for (let i = 0; i < n; i++) {
        const egress = routeOne(env, cpu, burst[i]!);
        if (env.ports[egress]!.txBurst(cpu, cpu.lcore, burst, i, 1) === 1) continue;
        // the next one is given up with it, and was never offered to the ring
        for (const b of burst.subarray(i, Math.min(n, i + 2))) env.drop(cpu, b, REASON["tx-full"]);
        i++;
      }
      return n;
    };
    return { name: "hasty", poll };
  }, { policy: POLICY });
  const testbed = new Testbed(hasty, { ...TEST_PROFILE, linkGbps: 1, txFifo: 1 });
  const o = testbed.run(scenarioOf(stream(COUNT, 1000), { txRing: 8 }));
  const fills = [...o.occupancy.subarray(0, o.count)].filter((_, p) =>
    o.reason[p] === REASON["tx-full"]
  );
  const [right, wrong] = [fills.filter((fill) => fill >= 0), fills.filter((fill) => fill < 0)];
  assert(right.length > 3 && wrong.length > 3, `${right.length} refused, ${wrong.length} not`);
  assertEquals(new Set(right), new Set([7]), "descriptors of a full ring of 8");
  assert(wrong.length <= right.length, "one that was not refused for each that was");
});

Deno.test("Environment takes a refusal as evidence in the body that was refused, and in none after it", () => {
  let [now, later] = [0, 0];
  const patience = fc.array(fc.nat(3), { minLength: 1, maxLength: 12, size: "max" });
  fc.assert(
    fc.property(patience, (bodies) => {
      // by packet: whether it was given up in the body in which it was refused
      const atOnce = new Map<number, boolean>();
      let refused = 0;
      const stack: Stack = Object.assign((env: Env): Dataplane => {
        const one = new Int32Array(1);
        const waiting: { b: number; left: number }[] = [];
        const packetOf = (b: number) => testbed.machine.ledger.packet[b]!;
        const poll = (cpu: Cpu): number => {
          cpu.charge(100);
          let moved = 0;
          // given up without another try: the ring may have room again
          for (const held of waiting.splice(0)) {
            moved++;
            if (--held.left > 0) waiting.push(held);
            else {
              atOnce.set(packetOf(held.b), false);
              env.drop(cpu, held.b, REASON["tx-full"]);
            }
          }
          if (waiting.length > 0 || env.ports[0]!.rxBurst(cpu, 0, one, 1) === 0) return moved;
          const b = one[0]!;
          const egress = routeOne(env, cpu, b);
          if (env.ports[egress]!.txBurst(cpu, 0, one, 0, 1) === 1) return moved + 1;
          const left = bodies[refused++ % bodies.length]!;
          if (left > 0) waiting.push({ b, left });
          else {
            atOnce.set(packetOf(b), true);
            env.drop(cpu, b, REASON["tx-full"]);
          }
          return moved + 1;
        };
        return { name: "patient", poll };
      }, { policy: POLICY });
      const testbed = new Testbed(stack, { ...TEST_PROFILE, linkGbps: 1, txFifo: 1 });
      const o = testbed.run(scenarioOf(stream(COUNT, 1000), { txRing: 8 }));
      for (const [packet, isNow] of atOnce) {
        isNow ? now++ : later++;
        assertEquals([o.reason[packet], o.occupancy[packet]], [REASON["tx-full"], isNow ? 7 : -1]);
      }
    }),
    { numRuns: 30 },
  );
  assert(now > 20 && later > 20, `given up at once ${now} times, later ${later} times`);
});
