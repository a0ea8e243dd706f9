// Aim: queueing discipline and transmit ring alone: nothing overtakes what waits, a stop rings the doorbell
// for what was posted before it, and what one run leaves is scheduled again.
// Method: both over a ring whose device sends only when the test says so.
import { assert, assertEquals } from "@std/assert";
import type { OutputWork, Softnet } from "../../core/host/softirq.ts";
import { Mempool } from "../../core/memory/mempool.ts";
import { Memory } from "../../core/memory/memory.ts";
import { DescriptorRing } from "../../core/nic/rings.ts";
import type { Cpu, Env, Stack } from "../../core/stack.ts";
import type { LinuxCosts } from "../../core/linux/costs.ts";
import { TxRing } from "../../core/linux/ixgbe_tx.ts";
import { PfifoFast } from "../../core/linux/qdisc.ts";
import { Skbs } from "../../core/linux/skb.ts";
import { Testbed } from "../../core/machine/testbed.ts";
import { LINUX_TEST_PROFILE, scenarioOf, steady } from "./_scenario_for_tests.ts";
import { linuxNapi, type LinuxNapiOptions } from "./mod.ts";

class Rig {
  readonly tx: TxRing;
  readonly qdisc: PfifoFast;
  readonly pool: Mempool;
  /** Slots written to TDT, disciplines scheduled, skbs dropped. */
  readonly bells: number[] = [];
  readonly scheduled: OutputWork[] = [];
  readonly dropped: number[] = [];
  readonly ring: DescriptorRing;
  readonly cpu = { lcore: 0, nowPs: 0, charge: () => {} } as unknown as Cpu;

  constructor(size: number, limit: number) {
    const memory = new Memory(512);
    this.pool = new Mempool(memory, memory.region("pool", 0, 512), [0], 0);
    this.ring = new DescriptorRing(size);
    this.ring.reset(size, 0);
    const costs = new Proxy({}, { get: () => 1 }) as LinuxCosts;
    this.tx = new TxRing({
      port: 0,
      queue: 0,
      device: {
        rx: [],
        tx: [this.ring],
        rxTail: () => {},
        txTail: (_cpu, _queue, slot) => void this.bells.push(slot),
        rxStop: () => {},
        irqEnable: () => {},
      },
      memory,
      pool: this.pool,
      skbs: new Skbs(memory, this.pool, costs, false),
      costs,
      hook: null,
      source: null,
      place: 0,
    });
    const env = {
      memory,
      place: () => 7,
      drop: (_cpu: Cpu, skb: number) => void this.dropped.push(skb),
    } as unknown as Env;
    const softnet = {
      netifSchedule: (_cpu: Cpu, work: OutputWork) => void this.scheduled.push(work),
    } as unknown as Softnet;
    this.qdisc = new PfifoFast(env, this.tx, softnet, "qdisc", limit);
  }

  /** Enqueues `n` new skbs and answers them. */
  enqueue(n: number): number[] {
    return Array.from({ length: n }, () => {
      const skb = this.pool.get(0);
      this.qdisc.enqueue(this.cpu, skb);
      return skb;
    });
  }

  /** The device has sent the next `n` descriptors. */
  complete(n: number): void {
    for (let i = 0; i < n; i++) {
      this.ring.done[(this.tx.nextToClean + i) & (this.ring.size - 1)] = 1;
    }
  }

  /** What the ring holds, oldest first. */
  posted(): number[] {
    const held: number[] = [];
    for (let s = this.tx.nextToClean; s !== this.tx.nextToUse; s = (s + 1) & (this.ring.size - 1)) {
      held.push(this.ring.buffer[s]!);
    }
    return held;
  }
}

Deno.test("TxRing stops with 15 of 64 descriptors left, 21 of 256, and starts with twice as many", () => {
  for (const [size, needed] of [[64, 16], [256, 21]] as const) {
    const rig = new Rig(size, 500);
    rig.enqueue(300);
    assertEquals([rig.tx.stopped, rig.tx.unused], [true, needed - 1]);
    rig.complete(needed);
    rig.tx.clean(rig.cpu);
    assertEquals([rig.tx.stopped, rig.tx.unused], [true, 2 * needed - 1], "not yet");
    assertEquals(rig.scheduled, []);
    rig.complete(1);
    rig.tx.clean(rig.cpu);
    assertEquals([rig.tx.stopped, rig.tx.unused], [false, 2 * needed]);
    assertEquals(rig.scheduled, [rig.qdisc], "the wake-up schedules the discipline");
  }
});

Deno.test("TxRing takes 256 back at a time and says whether that was all", () => {
  const rig = new Rig(512, 500);
  rig.enqueue(300);
  rig.complete(300);
  const step = () => [rig.tx.clean(rig.cpu), rig.tx.nextToClean];
  assertEquals([step(), step(), step()], [[false, 256], [true, 300], [true, 300]]);
});

Deno.test("TxRing refuses a frame that finds no room, and counts it", () => {
  const rig = new Rig(64, 500);
  let posted = 0;
  while (rig.tx.xmit(rig.cpu, rig.pool.get(0), true)) posted++;
  assertEquals(posted, 60, "63 and a gap of three");
  assertEquals(rig.tx.txBusy, 1);
});

Deno.test("PfifoFast rings the doorbell for a bulk that a stop cuts short", () => {
  const rig = new Rig(64, 500);
  const skbs = rig.enqueue(120);
  const first = rig.tx.nextToUse;
  assertEquals(rig.bells.length, first, "one doorbell for each that bypassed the discipline");
  rig.complete(48);
  rig.tx.clean(rig.cpu);
  rig.bells.length = 0;
  rig.qdisc.run(rig.cpu);
  // the one that met the stopped queue leaves alone; the bulk behind it is cut short
  assertEquals(rig.bells, [(first + 1) & 63, rig.tx.nextToUse]);
  assertEquals([rig.tx.stopped, rig.tx.unused], [true, 15]);
  assertEquals(rig.posted(), skbs.slice(48, 96));
  assertEquals(rig.qdisc.requeues, 1 + 63 - 47, "the one, and what was left of a bulk of 63");
});

Deno.test("PfifoFast lets nothing overtake what waits", () => {
  const rig = new Rig(64, 500);
  const before = rig.enqueue(60);
  rig.complete(48);
  rig.tx.clean(rig.cpu);
  // woken but not yet run: what comes now has to queue up behind the twelve
  const late = rig.enqueue(1);
  assertEquals(rig.posted(), [...before.slice(48), ...late], "and takes all of it along");
  assertEquals(rig.qdisc.backlog, 0);
});

Deno.test("PfifoFast sends 64 packets a run and is scheduled again for the rest", () => {
  const rig = new Rig(256, 500);
  const skbs = rig.enqueue(235 + 150);
  rig.complete(235);
  rig.tx.clean(rig.cpu);
  rig.scheduled.length = 0;
  assertEquals(rig.qdisc.run(rig.cpu), 64);
  assertEquals(rig.scheduled, [rig.qdisc]);
  assertEquals(rig.qdisc.run(rig.cpu), 64);
  assertEquals(rig.qdisc.run(rig.cpu), 22);
  assertEquals(rig.scheduled.length, 2, "nothing waits any more");
  assertEquals(rig.posted(), skbs.slice(235));
});

Deno.test("PfifoFast drops the newest when it is full", () => {
  const rig = new Rig(64, 5);
  const skbs = rig.enqueue(48 + 5 + 2);
  assertEquals(rig.dropped, skbs.slice(53));
  assertEquals([rig.qdisc.backlog, rig.qdisc.dropped], [5, 2]);
  assert(rig.tx.stopped);
});

// Aim: the driver writes descriptors before the tail that hands them over, and none twice.
// Method: the device's doorbells are watched from outside in whole runs: at each, every descriptor that it
// hands over has to name a buffer that is posted and not done, and no other buffer of the ring.

/** Doorbells rung and descriptors handed over. */
interface Seen {
  bells: number;
  descriptors: number;
}

/** The stack with a look at every doorbell at the instant at which the driver rings it. */
function watched(options: LinuxNapiOptions, seen: Seen): Stack {
  const stack = linuxNapi(options);
  const make = (env: Parameters<Stack>[0]) => {
    const { ledger } = env.memory as Memory;
    for (const { queues } of env.hardware.nics) {
      for (const [name, rings] of [["rxTail", queues.rx], ["txTail", queues.tx]] as const) {
        Reflect.deleteProperty(queues, name);
        const ring = queues[name].bind(queues);
        const tails = rings.map(() => 0);
        queues[name] = (cpu, queue, slot) => {
          seen.bells++;
          const of = rings[queue]!;
          for (let at = tails[queue]!; at !== slot; at = (at + 1) & (of.size - 1)) {
            seen.descriptors++;
            ledger!.device(of.buffer[at]!, of.place);
            assertFresh(of, at, name);
          }
          tails[queue] = slot;
          ring(cpu, queue, slot);
        };
      }
    }
    return stack(env);
  };
  return Object.assign(make, { policy: stack.policy! });
}

function assertFresh(ring: DescriptorRing, slot: number, name: string): void {
  assertEquals(ring.done[slot], 0, `${name} hands over descriptor ${slot}, which is done`);
}

Deno.test("linuxNapi rings no doorbell before what it announces is written", () => {
  for (const profile of ["modern", "legacy"] as const) {
    const seen = { bells: 0, descriptors: 0 };
    const testbed = new Testbed(watched({ profile }, seen), LINUX_TEST_PROFILE);
    const frames = steady(300, 500e3);
    const o = testbed.run(scenarioOf(frames, { rxRing: 64, txRing: 64, ingress: 64 }));
    assertEquals(o.faults, [], `${profile}: a descriptor that names no posted buffer`);
    assert(seen.bells > 200, `${seen.bells} doorbells`);
    // what was received was posted, and what was sent was posted again
    const least = 2 * o.outCount;
    assert(seen.descriptors >= least, `${seen.descriptors} descriptors for ${least}`);
  }
});
