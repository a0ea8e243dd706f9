// Aim: what engineers check of AF_XDP: both modes, wake-ups, the four rings, statistics, a UMEM that is whole.
// Method: a process that forwards between two ports; rings by hand where the process would never do it.
import { assert, assertEquals, assertThrows } from "@std/assert";
import * as fc from "fast-check";
import { counter, run, steady } from "./_scenario_for_tests.ts";
import { u32 } from "../../core/bpf/mod.ts";
import { KernelFib } from "../../core/linux/kernel_fib.ts";
import type { Cpu, Dataplane, Env, Stack } from "../../core/stack.ts";
import type { XdpDevices } from "./devices.ts";
import { afXdp, type AfXdpOptions, xdpBench, type XdpProgram } from "./mod.ts";
import { settingsOf } from "./options.ts";
import { put } from "./program.ts";
import { bootXdp, type XdpSystem } from "./system.ts";
import { XskKernel } from "./xsk/kernel.ts";
import { XskRing } from "./xsk/ring.ts";
import { XskSocket } from "./xsk/socket.ts";
import { Umem } from "./xsk/umem.ts";
import { Memory } from "../../core/memory/memory.ts";
import { Mempool } from "../../core/memory/mempool.ts";

const MODES: readonly AfXdpOptions[] = [
  { mode: "copy" },
  { mode: "zerocopy" },
  { mode: "copy", wait: "spin" },
  { mode: "zerocopy", wait: "spin" },
  { mode: "zerocopy", wait: "busy-poll" },
  { mode: "zerocopy", needWakeup: false },
];

Deno.test("xdp 8.10: a process forwards through a shared UMEM in every mode, and the UMEM is whole afterwards", () => {
  for (const options of MODES) {
    const { o, report, broken } = run(afXdp(options), steady(300, 2_000_000), {}, 2e8);
    assertEquals(broken, [], JSON.stringify(options));
    assertEquals(o.outCount, 300, JSON.stringify(options));
    assertEquals(counter(report, /^xsk eth0 queue 0 rx$/), 300);
    // the run ends when the last frame has left, before the last completions
    assert(counter(report, /^xsk eth1 queue 0 tx$/) > 290);
    assertEquals(counter(report, /^slab skbuff/), 0);
  }
});

Deno.test("xdp 8.10: zero copy moves no byte, copy mode each frame twice", () => {
  const plan = steady(100, 2_000_000, { size: 300 });
  assertEquals(run(afXdp({ mode: "zerocopy" }), plan).o.copiedBytes, 0);
  assertEquals(run(afXdp({ mode: "copy" }), plan).o.copiedBytes, 2 * 100 * 300);
});

Deno.test("xdp 8.10: with need_wakeup system calls go to none per packet under load; alone each packet needs some", () => {
  const calls = (gap: number, options: AfXdpOptions) => {
    const { report, o } = run(
      afXdp({ mode: "zerocopy", wait: "spin", ...options }),
      steady(1000, gap),
    );
    return counter(report, /^xdpsock cpu0 (sendto|recvfrom|poll)$/) / o.outCount;
  };
  const [loaded, alone] = [calls(200_000, {}), calls(40_000_000, {})];
  assert(loaded < 0.1, `${loaded} calls a packet under load`);
  assert(alone >= 0.9, `${alone} calls a packet alone`);
});

Deno.test("xdp 8.10: busy polling takes no interrupt after the first", () => {
  const interrupts = (wait: "poll" | "busy-poll") =>
    counter(
      run(afXdp({ mode: "zerocopy", wait }), steady(50, 30_000_000), {}, 1e8).report,
      /^interrupts/,
    );
  assert(interrupts("busy-poll") <= 2);
  assert(interrupts("poll") > 40);
});

Deno.test("xdp a process that waits in poll(2) costs nothing while nothing comes", () => {
  const { o } = run(afXdp({ mode: "zerocopy" }), steady(3, 1e9));
  assert(o.lcores[0]!.busyPs / o.lcores[0]!.totalPs < 0.02);
});

Deno.test("xdp an empty FILL ring drops in copy mode, is counted, and recovers when chunks come back", () => {
  const burst = (at: number) =>
    steady(60, 100_000).map((frame) => ({ ...frame, at: frame.at + at }));
  const { o, report, broken } = run(afXdp({ chunks: 16 }), [...burst(0), ...burst(5e8)]);
  assertEquals(broken, []);
  const dropped = counter(report, /eth0 queue 0 rx_dropped/);
  assert(dropped > 0 && o.outCount === 120 - dropped && o.outCount > 32, `${o.outCount} of 120`);
  assert(counter(report, /eth0 queue 0 rx_fill_ring_empty_descs/) >= dropped);
});

Deno.test("xdp a full RX ring is counted, and its chunk is used again", () => {
  const { o, report, broken } = run(afXdp({ rxSize: 4 }), steady(100, 60_000));
  assertEquals(broken, []);
  const full = counter(report, /eth0 queue 0 rx_ring_full/);
  assert(
    full > 0 &&
      full + o.outCount + counter(report, /rx_dropped/) + counter(report, /rx_missed/) === 100,
  );
});

Deno.test("xdp no frame is sent without a slot of COMPLETION: a small ring holds the others back, none is lost", () => {
  for (const mode of ["copy", "zerocopy"] as const) {
    const plan = steady(60, 100_000);
    const { o, broken } = run(afXdp({ mode, completionSize: 4 }), plan, {}, 2e8);
    assertEquals([mode, broken, o.outCount], [mode, [], 60]);
  }
});

Deno.test("xdp a transmit ring that is full holds a process back: no slot of COMPLETION is lost by it", () => {
  const both = [0, 1].flatMap((port) => steady(100, 70_000, { port, to: 1 }));
  const geometry = { txRing: 8, rxRing: 256, ingress: 256 };
  const { o, report, broken } = run(
    afXdp({ mode: "copy", completionSize: 8 }),
    both,
    geometry,
    1e9,
  );
  assertEquals(broken, []);
  const lost = counter(report, /rx_dropped|rx_missed|rx_ring_full/);
  assertEquals(o.outCount, 200 - lost);
});

Deno.test("xdp XDP-14: a chunk is in one place whatever becomes of its frame: read, dropped, or passed to the kernel", () => {
  const memory = new Memory(16);
  const pool = new Mempool(memory, memory.region("mempool", 0, 16), [-1], 0);
  const env = {
    ...{ memory, pool, lcores: 1, place: () => 0, hardware: { nics: [{}] } },
    drop: (_: Cpu, b: number) => pool.put(0, b),
  } as unknown as Env;
  const costs = { xsk_copy: 1, xsk_rcv: 1 };
  const kernel = new XskKernel(env, () => ({ costs }) as unknown as XdpDevices);
  const cpu = { lcore: 0, charge: () => {} } as unknown as Cpu;
  const umem = new Umem(memory, pool, 0, 6);
  const one = new XskSocket(0, 0, umem, true, { fill: 8, completion: 8, rx: 2, tx: 8 }, 0);
  for (let chunk = 0; chunk < 6; chunk++) one.fill.reserve(chunk * 2048);
  one.fill.submit();
  const number = kernel.bind(one, 6, () => null);
  const source = kernel.pages(0, 0);
  const received = (): number => {
    const page = source.get();
    memory.port[page] = 0;
    memory.length[page] = 60;
    return page;
  };
  const ends: ((page: number) => void)[] = [
    (page) => kernel.receive(cpu, page, 0, 0, number),
    (page) => kernel.drop(cpu, page, 0),
    (page) => {
      const copy = kernel.leave(cpu, page);
      assert(copy >= 0 && copy !== page);
      pool.put(0, copy);
    },
    // to a ring with room for one more, then to a full one
    (page) => kernel.receive(cpu, page, 0, 0, number),
    (page) => kernel.receive(cpu, page, 0, 0, number),
  ];
  for (const end of ends) {
    const page = received();
    assertEquals([...one.posted], [umem.chunkOf(page)]);
    end(page);
    const inRings = one.fill.count + one.rx.count + one.rx.reserved;
    assertEquals([[...one.posted], inRings + one.spare.length], [[], 6]);
  }
});

Deno.test("xdp a socket gets frames of its own port and queue only: a redirect to another is dropped and counted", () => {
  let xsk: XskKernel | null = null;
  const program = { ...xdpBench("xsk_def_prog"), perPort: true };
  const stack: Stack = Object.assign((env: Env): Dataplane => {
    const kernel: XskKernel = xsk = new XskKernel(env, () => system.devices);
    const setup: XdpProgram["setup"] = ({ maps }) => put(maps.get("xsks_map")!, u32(0), u32(1));
    const system: XdpSystem = bootXdp(env, { ...program, setup }, settingsOf({}), new KernelFib(), {
      receiver: kernel,
    });
    const sizes = { fill: 64, completion: 64, rx: 64, tx: 64 };
    const one = new XskSocket(1, 0, new Umem(env.memory, env.pool, 0, 32), false, sizes, 0);
    for (let chunk = 0; chunk < 32; chunk++) one.fill.reserve(chunk * 2048);
    one.fill.submit();
    kernel.bind(one, 32, () => null);
    system.kernel.up();
    return {
      name: "one socket",
      interrupt: (cpu, vector) => system.kernel.interrupt(cpu, vector),
      report: () =>
        system.hooks.map(({ points }) => ({
          name: "err",
          value: points.redirectErr,
          unit: "packets",
        })),
      audit: () => [],
    };
  }, { policy: program.policy, invariants: [] });
  const { report } = run(
    stack,
    [...steady(5, 400_000), ...steady(3, 400_000, { port: 1, to: 0 })],
    {},
    1e8,
  );
  assertEquals([counter(report, /err/), xsk!.mismatched, xsk!.sockets[0]!.received], [5, 5, 3]);
});

Deno.test("xdp rings of AF_XDP wrap at 2^32 and never hold more than their size", () => {
  const { o, broken } = run(
    afXdp({ ringSize: 8, startIndex: 2 ** 32 - 3 }),
    steady(100, 30_000_000),
  );
  assertEquals([broken, o.outCount], [[], 100]);
  const step = fc.constantFrom(
    "reserve" as const,
    "submit" as const,
    "peek" as const,
    "release" as const,
  );
  fc.assert(fc.property(fc.array(step, { size: "max", maxLength: 80 }), (steps) => {
    const ring = new XskRing(4, 2 ** 32 - 5);
    const model = { reserved: [] as number[], published: [] as number[], peeked: [] as number[] };
    let next = 0;
    for (const what of steps) {
      const held = model.reserved.length + model.published.length + model.peeked.length;
      if (what === "reserve") {
        const fits = ring.reserve(next);
        assertEquals(fits, held < 4);
        if (fits) model.reserved.push(next++);
      } else if (what === "submit") {
        ring.submit();
        model.published.push(...model.reserved.splice(0));
      } else if (what === "peek") {
        const at = ring.peek();
        assertEquals(at < 0 ? undefined : ring.addr[at], model.published[0]);
        if (at >= 0) model.peeked.push(model.published.shift()!);
      } else {
        ring.release();
        model.peeked.length = 0;
      }
      assertEquals(ring.count, model.published.length + model.peeked.length);
    }
  }));
});

function socket(): XskSocket {
  const memory = new Memory(8);
  const umem = new Umem(memory, new Mempool(memory, memory.region("mempool", 0, 8), [-1], 0), 0, 4);
  return new XskSocket(0, 0, umem, false, { fill: 8, completion: 8, rx: 8, tx: 8 }, 0);
}

Deno.test("xdp addresses outside the UMEM and descriptors across a chunk's end are counted and skipped", () => {
  const one = socket();
  for (const addr of [4 * 2048, -1, 2048 + 77]) one.fill.reserve(addr);
  one.fill.submit();
  assertEquals([one.alloc(), one.alloc()], [1, -1]);
  const { rxInvalidDescs, rxFillRingEmptyDescs } = one.statistics;
  assertEquals([rxInvalidDescs, rxFillRingEmptyDescs, one.dry], [2, 1, true]);
  for (const [addr, len] of [[2000, 60], [9999, 60], [2048, 0], [2048, 2048]] as const) {
    one.tx.reserve(addr, len);
  }
  one.tx.submit();
  assertEquals([one.tx.len[one.nextTx()], one.nextTx()], [2048, -1]);
  assertEquals([one.statistics.txInvalidDescs, one.statistics.txRingEmptyDescs], [3, 1]);
});

Deno.test("afXdp refuses options that are none", () => {
  assertThrows(() => afXdp({ mode: "fast" as never }), TypeError, "mode fast");
  assertThrows(() => afXdp({ wait: "sleep" as never }), TypeError, "wait sleep");
  assertThrows(() => afXdp({ ringSize: 100 }), RangeError, "ringSize 100");
  assertThrows(() => afXdp({ chunks: -1 }), RangeError, "chunks -1");
});
