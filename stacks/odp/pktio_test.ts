// Aim: an interface stops without a packet left in it and starts again; the loop and the packet socket do what they
// say with buffers and calls.
import { assert, assertEquals, assertThrows } from "@std/assert";
import { scenarioOf, stream, towards } from "../../core/machine/_scenario_for_tests.ts";
import { REASON } from "../../core/policy.ts";
import { bed, counter, eater, program, ps, wrong } from "./_rig_for_tests.ts";
import { L3fwd } from "./apps.ts";
import { openInterfaces } from "./interfaces.ts";
import { odp } from "./mod.ts";
import type { Odp } from "./odp.ts";
import type { PktioDpdk } from "./pktio_dpdk.ts";
import { PktioCounters } from "./pktio.ts";
import { LOOP_SIZE } from "./pktio_loop.ts";
import { TimedQueue } from "./timed_queue.ts";
import { Worker } from "./worker.ts";

Deno.test("odp ODP-21: an interface that is stopped drains to the last packet, and forwards again once started", () => {
  const seen: string[] = [];
  let inUse = -1;
  const stack = program({ mode: "atomic" }, (odp: Odp) => {
    openInterfaces(odp);
    const worker = new Worker(odp, new L3fwd(odp));
    odp.threadCreate(0, (cpu, thread) => worker.schedule(cpu, thread));
    const pktio = odp.pktios[0] as PktioDpdk;
    const { rx } = odp.env.hardware.nics[0]!.queues;
    let state = 0;
    // a control thread: stops at 40 us, asks every microsecond, starts 60 us later
    odp.env.spawn(0, "thread", (cpu) => {
      const now = ps(cpu);
      cpu.charge(100);
      if (state === 0 && now >= 40e6) {
        pktio.stop(cpu);
        seen.push("stopping");
        state = 1;
      } else if (state === 1 && pktio.stopped(cpu)) {
        seen.push("stopped");
        inUse = [...rx[0]!.buffer.subarray(0, rx[0]!.size)].filter((b) => b >= 0).length;
        state = 2;
      } else if (state === 2 && now >= 100e6) {
        pktio.start(cpu);
        seen.push("started");
        state = 3;
      }
      cpu.wakeAt(Math.ceil((now + 1e6) * 3400 / 1e6));
      if (state === 3) cpu.sleep();
      return 0;
    }, true);
  });
  const o = bed(stack).run(scenarioOf(stream(1500, 100_000), { ingress: 64, rxRing: 64 }));
  assertEquals([seen, inUse], [["stopping", "stopped", "started"], 0]);
  const gone = [...o.outPacket.subarray(0, o.outCount)];
  assert(gone.includes(100) && gone.includes(1400), "before and after");
  // nothing is lost but what came to a port that was shut, and nothing is freed in silence
  assertEquals(o.emitted + o.dropped[REASON["rx-missed"]]!, 1500);
  assert(o.dropped[REASON["rx-missed"]]! < 800);
  assertEquals([o.faults, wrong(o)], [[], []]);
});

Deno.test("odp socket: one call for a burst each way, one copy a packet, and none without traffic but the empty ones", () => {
  const interfaces = [0, 1].map((port) => ({ type: "socket" as const, port }));
  const device = bed(odp({ mode: "direct", interfaces }));
  const o = device.run(scenarioOf(stream(320, 20_000), { rxRing: 512, txRing: 512, ingress: 512 }));
  assertEquals([o.emitted, o.copiedBytes], [320, 320 * 60]);
  const sends = counter(device.report(), "odp_pktout_queue_stats eth1 0 packets");
  const calls = counter(device.report(), "socket eth1 system calls");
  assertEquals(sends, 320);
  assert(calls >= 10, `${calls} calls`);
  const dpdk = bed(odp({ mode: "direct" }));
  const fast = dpdk.run(
    scenarioOf(stream(320, 20_000), { rxRing: 512, txRing: 512, ingress: 512 }),
  );
  assertEquals(fast.copiedBytes, 0);
  const lastOf = (seen: typeof o): number => seen.outEnd[seen.outCount - 1]!;
  assert(lastOf(o) > 5 * lastOf(fast), "the kernel's way costs more than five times as much");
});

Deno.test("odp socket: a frame for which there is no packet waits with the kernel, and all that came leave in order", () => {
  const interfaces = [0, 1].map((port) => ({ type: "socket" as const, port }));
  for (const mode of ["direct", "atomic"] as const) {
    for (let occurrence = 0; occurrence < 40; occurrence++) {
      const deviations = [{ site: "allocation", occurrence, value: 1 }];
      const device = bed(odp({ mode, interfaces }));
      const rings = { rxRing: 16, txRing: 16, poolCache: 0 };
      const o = device.run(scenarioOf(stream(20, 2_000_000), rings, deviations));
      const text = `${mode}, allocation ${occurrence} fails`;
      assertEquals([o.end, o.faults, wrong(o)], ["quiet", [], []], text);
      const gone = [...o.outPacket.subarray(0, o.outCount)];
      assertEquals(gone, Array.from({ length: 20 }, (_, i) => i), text);
    }
  }
});

Deno.test("odp loop interface holds 1024 packets: what a send offers beyond is given up, what begins in it refused", () => {
  const { bytes } = scenarioOf([{ port: 0, at: 1e6, dst: towards(1) }]).traffic;
  const frames = (n: number): Uint8Array[] => new Array<Uint8Array>(n).fill(bytes);
  const full = odp({ interfaces: [{ type: "loop", frames: frames(LOOP_SIZE + 1) }] });
  assertThrows(
    () => bed(full).run(scenarioOf([])),
    RangeError,
    "Cannot open loop:0: no room for 1025 frames",
  );
  // a capture sends into a loop that is full and that nobody empties in time: its input is the least urgent
  const device = bed(odp({
    interfaces: [{ type: "pcap", in: frames(32) }, { type: "loop", frames: frames(LOOP_SIZE) }],
    mode: "direct",
  }));
  const o = device.run(scenarioOf([]));
  const refused = counter(device.report(), "odp_pktout_queue_stats loop:1 0 discards");
  assertEquals(refused, 32, "the capture is read before the loop is looked at");
  assertEquals([o.end, o.faults], ["quiet", []]);
});

Deno.test("odp loop: a thread that rests is woken by what another sends on a loop", () => {
  const got: number[] = [];
  let sentAt = -1;
  const stack = program({ mode: "parallel", interfaces: [{ type: "loop" }] }, (odp) => {
    openInterfaces(odp);
    odp.threadCreate(
      0,
      eater(odp, 1, () => 100, (_event, _thread, cpu) => void got.push(ps(cpu))),
    );
    // a thread of the program's own, which is none of the scheduler's
    odp.env.spawn(1, "thread", (cpu) => {
      cpu.charge(100);
      if (sentAt < 0 && ps(cpu) >= 50e6) {
        sentAt = ps(cpu);
        odp.pktios[0]!.pktoutSend(cpu, 0, Int32Array.of(odp.env.pool.get(1)), 0, 1);
        cpu.sleep();
        return 1;
      }
      if (sentAt < 0) cpu.wakeAt(Math.ceil(50e6 * 3400 / 1e6));
      return 0;
    }, true);
  });
  // an event far away, so that the run does not end of itself
  bed(stack).run(scenarioOf([{ port: 0, at: 200e6 }], { rxRing: 64, txRing: 64, lcores: 2 }));
  assertEquals(got.length, 1);
  assert(got[0]! - sentAt < 1e6, `${got[0]! - sentAt} ps later`);
});

Deno.test("PktioCounters tell unicast, multicast and broadcast apart by all of the address", () => {
  const counters = new PktioCounters();
  const of = (...address: number[]): number[] => {
    const before = [counters.ucast, counters.mcast, counters.bcast];
    counters.add(Uint8Array.of(0xff, ...address), 1, 60);
    return [counters.ucast, counters.mcast, counters.bcast].map((n, i) => n - before[i]!);
  };
  const all = [255, 255, 255, 255, 255, 255];
  assertEquals(of(2, 1, 3, 4, 5, 6), [1, 0, 0]);
  assertEquals(of(0xfe, 0xff, 0xff, 0xff, 0xff, 0xff), [1, 0, 0]);
  assertEquals(of(1, 0, 0x5e, 0, 0, 1), [0, 1, 0]);
  assertEquals(of(...all), [0, 0, 1]);
  for (let i = 1; i < 6; i++) assertEquals(of(...all.with(i, 0xfe)), [0, 1, 0], `byte ${i}`);
  assertEquals([counters.packets, counters.octets], [9, 540]);
});

Deno.test("TimedQueue shows an item from its time on, in order of times, and is full at its size", () => {
  const queue = new TimedQueue(20);
  assertEquals([queue.push(1, 500), queue.push(2, 300), queue.push(3, 500), queue.push(4, 100)], [
    true,
    true,
    true,
    true,
  ]);
  const out = new Int32Array(8);
  assertEquals([queue.nextPs, queue.pop(99), queue.take(out, 0, 8, 400)], [100, -1, 2]);
  assertEquals([out[0], out[1], queue.count], [4, 2, 2]);
  for (let i = 0; i < 18; i++) assertEquals(queue.push(10 + i, 1000 - i), true);
  assertEquals(queue.push(99, 0), false);
  assertEquals(queue.take(out, 0, 8, 2000), 8);
  assertEquals([...out], [1, 3, 27, 26, 25, 24, 23, 22]);
});
