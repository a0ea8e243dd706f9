// Aim: cache, IOTLB and channels behave as their descriptions say, late accesses keep their order, and the
// latencies measured by Neugebauer et al. (SIGCOMM 2018) come out, as does the direction of the fall with ring
// size that the XDP paper (CoNEXT 2018) measured. Method: models of lists in the order of use; sums of stage
// constants; a stack on a machine for the last.
import { assert, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { l3fwd } from "../../stacks/dpdk/mod.ts";
import { TEST_PROFILE } from "../machine/_profile_for_tests.ts";
import { scenarioOf, stream, wirePs } from "../machine/_scenario_for_tests.ts";
import { Testbed } from "../machine/testbed.ts";
import { DmaEngine } from "../nic/dma.ts";
import { createFabric } from "../pcie/create.ts";
import { HOST } from "../pcie/fabric.ts";
import { Clock } from "../time/clock.ts";
import { HostMemory, type HostMemoryProfile } from "./host_memory.ts";
import { Iotlb } from "./iotlb.ts";
import { CLEAN, Llc } from "./llc.ts";

const PROFILE: HostMemoryProfile = {
  llcSets: 1024,
  llcWays: 11,
  ddioWays: 2,
  missPs: 51_500,
  cpuMissPs: 20_000,
  channels: 2,
  channelGBps: 20,
  queueLines: 32,
  remotePs: 62_000,
  remotePorts: [1],
  iotlbEntries: 0,
  pageBytes: 4096,
  iotlbMissPs: 265_000,
  bufferBytes: 2048,
};

const FAR = { horizonPs: 1e15, events: 1e6 };

Deno.test("Llc keeps what a list in order of use keeps, whoever fills and however it is reset", () => {
  const step = fc.record({
    line: fc.nat(11),
    write: fc.boolean(),
    ways: fc.constantFrom(1, 2, 4),
    reset: fc.integer({ min: 0, max: 30 }).map((n) => n === 0),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 80, size: "max" }), (steps) => {
      const llc = new Llc(3, 4);
      // ways of each set: line, dirty, when used
      let model = [0, 1, 2].map(() =>
        Array.from({ length: 4 }, () => ({ line: -1, dirty: false, at: -1 }))
      );
      steps.forEach(({ line, write, ways, reset }, now) => {
        if (reset) {
          llc.reset();
          model = model.map((set) => set.map(() => ({ line: -1, dirty: false, at: -1 })));
        }
        const set = model[line % 3]!;
        const there = set.find((way) => way.line === line);
        assertEquals(llc.has(line), there !== undefined);
        assertEquals(llc.use(line, write), there !== undefined);
        if (there !== undefined) {
          there.at = now;
          there.dirty ||= write;
          return;
        }
        const victim = set.slice(0, ways).sort((a, b) => a.at - b.at)[0]!;
        assertEquals(llc.fill(line, ways, write), victim.dirty ? victim.line : CLEAN);
        Object.assign(victim, { line, dirty: write, at: now });
      });
    }),
    { seed: 1, numRuns: 200 },
  );
});

Deno.test("Iotlb keeps the pages that were used last", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 5 }),
      fc.array(fc.nat(7), { maxLength: 60, size: "max" }),
      (entries, pages) => {
        const tlb = new Iotlb(entries);
        let list: number[] = [];
        for (const page of pages) {
          assertEquals(tlb.look(page), list.includes(page));
          list = [page, ...list.filter((other) => other !== page)].slice(0, entries);
        }
        tlb.reset();
        if (pages.length > 0) assertEquals(tlb.look(pages[0]!), false);
      },
    ),
  );
});

Deno.test("HostMemory touches each line and each page that an access has a byte in, and no other", () => {
  const corner = fc.tuple(
    fc.nat(6),
    fc.constantFrom(64, 4096, 8192),
    fc.integer({ min: -2, max: 2 }),
  )
    .map(([n, unit, off]) => Math.max(0, n * unit + off));
  const access = fc.record({
    kind: fc.constantFrom("deviceWrite", "deviceRead", "cpuRead", "cpuWrite"),
    // often from one corner up to another
    ends: fc.tuple(fc.oneof(corner, fc.nat(20_000)), fc.oneof(corner, fc.nat(20_000)))
      .filter(([from, to]) => from !== to && Math.abs(from - to) < 5000),
  });
  const sizes = fc.record({
    pageBytes: fc.constantFrom(4096, 8192),
    entries: fc.constantFrom(1, 2, 8),
  });
  const { iotlbMissPs } = PROFILE;
  let walks = 0;
  fc.assert(
    fc.property(sizes, fc.array(access, { maxLength: 30, size: "max" }), (drawn, list) => {
      const { pageBytes, entries } = drawn;
      // a cache in which no line is ever pushed out, and channels that take no time worth mentioning
      const profile = {
        ...PROFILE,
        llcWays: 2,
        pageBytes,
        iotlbEntries: entries,
        missPs: 0,
        channelGBps: 1000,
      };
      const memory = new HostMemory(new Clock(), { ...profile, cpuMissPs: 0, queueLines: 1 << 20 });
      const there = new Set<number>();
      const counts = { ...memory.counts };
      let pages: number[] = [];
      for (const { kind, ends } of list) {
        const [from, to] = [Math.min(...ends), Math.max(...ends)];
        let expected = 0;
        for (let at = from; at < to; at++) {
          const page = Math.floor(at / pageBytes);
          if (kind.startsWith("device") && pages[0] !== page) {
            if (!pages.includes(page)) {
              counts.iotlbMisses++;
              expected += iotlbMissPs;
            }
            pages = [page, ...pages.filter((other) => other !== page)].slice(0, entries);
          }
          if (at > from && at % 64 !== 0) continue;
          const line = Math.floor(at / 64);
          const isThere = there.has(line);
          if (kind === "deviceWrite") isThere ? counts.writeHits++ : counts.writeFills++;
          if (kind === "deviceRead") isThere ? counts.readHits++ : counts.readMisses++;
          if (kind === "cpuRead") isThere ? counts.cpuHits++ : counts.cpuMisses++;
          // what a device reads past the cache stays out of it
          if (kind !== "deviceRead") there.add(line);
        }
        const bytes = to - from;
        if (kind === "deviceWrite") assertEquals(memory.deviceWrite(1, from, bytes), expected);
        if (kind === "deviceRead") {
          const ps = memory.deviceRead(1, from, bytes);
          assert(ps >= expected && ps < expected + iotlbMissPs, `${ps} ps, ${expected} for pages`);
        }
        if (kind === "cpuRead") memory.cpuRead(from, bytes);
        if (kind === "cpuWrite") memory.cpuWrite(from, bytes);
        assertEquals(memory.counts, counts, `${kind} of ${from}..${to - 1}`);
      }
      walks += counts.iotlbMisses;
    }),
    { numRuns: 100 },
  );
  assert(walks > 300, `${walks} pages were walked for`);
});

Deno.test("HostMemory: rings within the DDIO ways are read from the cache, larger ones leak to DRAM", () => {
  const lines = PROFILE.llcSets * PROFILE.ddioWays;
  for (const [ring, leaks] of [[lines, false], [lines + PROFILE.llcSets, true]] as const) {
    const memory = new HostMemory(new Clock(), PROFILE);
    // a device fills a whole ring before the CPU looks, as in overload
    for (let i = 0; i < ring; i++) memory.deviceWrite(1, i * 64, 64);
    for (let i = 0; i < ring; i++) memory.cpuRead(i * 64, 64);
    const { writeFills, writeBacks, cpuMisses } = memory.counts;
    assertEquals(writeFills, ring);
    assertEquals([writeBacks > 0, cpuMisses > 0], [leaks, leaks]);
    // each set has three lines for two ways: the oldest of them is lost
    if (leaks) assertEquals([writeBacks, cpuMisses], [PROFILE.llcSets, PROFILE.llcSets]);
  }
});

Deno.test("HostMemory: a channel serves one line after the other, and holds writes back when it is behind", () => {
  const clock = new Clock();
  const memory = new HostMemory(clock, { ...PROFILE, queueLines: 4 });
  // 64 bytes at 20 GB/s are 3.2 ns; lines below 32 take turns between two channels
  const reads = [0, 1, 2, 3].map((line) =>
    memory.deviceRead(1, line * 2 * 64, 64) - PROFILE.missPs
  );
  assertEquals(reads, [0, 3200, 6400, 9600]);
  assertEquals(memory.deviceRead(1, 64, 64), PROFILE.missPs); // the other channel is idle
  assertEquals(memory.opensAt, 0);
  memory.deviceRead(1, 8 * 64, 64);
  assertEquals(memory.opensAt, 3200);
  // a CPU that comes 10 ns later by its own time waits 10 ns less for the line
  assertEquals(memory.cpuRead(10 * 64, 64, 10_000) - PROFILE.cpuMissPs, 6000);
  memory.reset();
  assertEquals([memory.opensAt, memory.counts.readMisses], [-4 * 3200, 0]);
});

/** One DMA engine on a link without a switch, before host memory. */
function bench(profile: HostMemoryProfile, fidelity: "coarse" | "tlp") {
  const clock = new Clock();
  const memory = new HostMemory(clock, profile);
  const fabric = createFabric(
    fidelity,
    clock,
    {
      ...TEST_PROFILE.fabric,
      hostLinkGbps: TEST_PROFILE.fabric.deviceLinkGbps,
      switchPs: 0,
      hostReadPs: 525_000, // 425 ns at the root complex, 100 ns until the engine starts
    },
    2,
    memory,
  );
  fabric.reset(2, { headerCredits: 127, dataCredits: 2047, mps: 256, mrrs: 512 });
  const engines = [1, 2].map((node) => {
    const dma = new DmaEngine(node, clock, TEST_PROFILE.dma, 2048);
    dma.reset(fabric);
    return dma;
  });
  let done = -1;
  const handler = clock.register(() => done = clock.now);
  const time = (port: number, kind: "read" | "write", address: number, bytes: number): number => {
    const start = clock.now;
    engines[port]![kind](HOST, bytes, handler, 0, address);
    clock.run(FAR);
    return (done - start) / 1000;
  };
  return { clock, memory, fabric, time };
}

for (const fidelity of ["coarse", "tlp"] as const) {
  Deno.test(`HostMemory gives the measured latencies of DMA (${fidelity})`, () => {
    const local = bench(PROFILE, fidelity);
    const within = (ns: number, least: number, most: number, what: string) =>
      assert(ns >= least && ns <= most, `${what}: ${ns} ns, measured ${least}..${most}`);
    const miss = local.time(0, "read", 0, 64);
    within(miss, 600, 640, "DMA read past the LLC");
    const write = local.time(0, "write", 0, 64);
    const hit = local.time(0, "read", 0, 64);
    within(hit, 547, 600, "DMA read of the LLC");
    within(miss - hit, 51, 52, "hit to miss");
    within(local.time(1, "read", 1 << 16, 64) - miss, 59, 65, "from the other socket");
    // the engine takes as long to start a write as a read
    within(100 + write + hit, 773, 800, "DMA write, then read back");
    for (let i = 0; i < 2048; i += 64) local.memory.deviceWrite(1, 4096 + i, 64);
    within(local.time(0, "read", 4096, 2048), 1130, 1180, "DMA read of 2048 bytes");

    const mapped = bench({ ...PROFILE, iotlbEntries: 64 }, fidelity);
    mapped.time(0, "write", 0, 64);
    within(mapped.time(0, "read", 0, 64) - hit, 0, 0, "IOTLB hit");
    // 64 entries reach 64 pages of 4 KiB, and the 65th page pushes the first out
    const walks = (pages: number): number => {
      for (let page = 0; page < pages; page++) mapped.time(0, "write", page * 4096, 64);
      const { iotlbMisses } = mapped.memory.counts;
      for (let page = 0; page < pages; page++) mapped.time(0, "write", page * 4096, 64);
      return mapped.memory.counts.iotlbMisses - iotlbMisses;
    };
    assertEquals([walks(64), walks(65)], [0, 65]);
    const cold = mapped.time(0, "write", 1 << 20, 64);
    within(cold - write, 250, 280, "IOTLB miss");
  });

  Deno.test(`MemoryFabric: writes that push lines out go at the rate of the channels (${fidelity})`, () => {
    // 64 bytes at 1 GB/s are 64 ns, three times what the engine needs for a write
    const slow = { ...PROFILE, llcSets: 2, llcWays: 2, channels: 1, channelGBps: 1, queueLines: 8 };
    const { clock, memory, fabric } = bench(slow, fidelity);
    const dma = new DmaEngine(1, clock, TEST_PROFILE.dma, 2048);
    dma.reset(fabric);
    const landed: number[] = [];
    let behind = 0;
    const handler = clock.register(() => {
      landed.push(clock.now);
      behind = Math.max(behind, memory.opensAt - clock.now);
    });
    for (let i = 0; i < 300; i++) dma.write(HOST, 64, handler, 0, i * 64);
    clock.run(FAR);
    assertEquals([landed.length, memory.counts.writeBacks], [300, 296]);
    const perWrite = (landed[299]! - landed[99]!) / 200;
    assert(perWrite > 63_000 && perWrite < 65_000, `${perWrite} ps a write`);
    // what was on its way when the gate closed comes on top
    assert(behind < 16 * 64_000, `${behind} ps beyond the queue`);
  });

  Deno.test(`MemoryFabric keeps the order of a source and loses nothing (${fidelity})`, () => {
    const access = fc.record({
      kind: fc.constantFrom("write" as const, "read" as const),
      src: fc.constantFrom(1, 2),
      bytes: fc.integer({ min: 1, max: 600 }),
      address: fc.oneof(fc.constant(-1), fc.nat(1 << 16)),
    });
    const profile = {
      ...PROFILE,
      iotlbEntries: 2,
      queueLines: 1,
      channelGBps: 1,
      llcSets: 2,
      llcWays: 2,
    };
    fc.assert(
      fc.property(fc.array(access, { minLength: 1, maxLength: 30, size: "max" }), (list) => {
        const { clock, fabric, memory } = bench(profile, fidelity);
        const at = list.map(() => [] as number[]);
        const done = clock.register((i) => void at[i]!.push(clock.now));
        const next = [1, 2].map((src) => list.flatMap((a, i) => a.src === src ? [i] : []));
        const go = clock.register((src) => {
          const mine = next[src - 1]!;
          while (mine.length > 0 && fabric.room(src)) {
            const i = mine.shift()!;
            const { kind, bytes, address } = list[i]!;
            fabric[kind](src, HOST, bytes, done, i, address);
          }
        });
        for (const src of [1, 2]) {
          fabric.onRoom(src, go);
          clock.at(0, go, src);
        }
        assertEquals(clock.run(FAR), "quiet");
        assertEquals(at.map((times) => times.length), list.map(() => 1));
        for (const src of [1, 2]) {
          let visible = -1;
          list.forEach(({ src: from, kind }, i) => {
            if (from !== src) return;
            const time = at[i]![0]!;
            assert(time > visible, `access ${i} at ${time}, an earlier write at ${visible}`);
            if (kind === "write") visible = time;
          });
        }
        const { writeHits, writeFills, readHits, readMisses } = memory.counts;
        const lines = list.filter(({ address }) => address >= 0).map(({ address, bytes }) =>
          Math.floor((address + bytes - 1) / 64) - Math.floor(address / 64) + 1
        );
        assertEquals(
          writeHits + writeFills + readHits + readMisses,
          lines.reduce((a, b) => a + b, 0),
        );
      }),
      { seed: 1, numRuns: 60 },
    );
  });
}

/** Mpps of one lcore in overload with 64-byte frames on two ports, once its rings are full; reads past the LLC. */
function overload(bufferBytes: number, ring: number): readonly [rate: number, missed: number] {
  // 15 MiB in 20 ways, of which devices fill two; four channels of DDR4-2400
  const hostMemory = {
    ...PROFILE,
    llcSets: 12288,
    llcWays: 20,
    channels: 4,
    channelGBps: 19.2,
    bufferBytes,
  };
  const maxima = { ports: 2, lcores: 1, ring: 512, ingress: 512, buffers: 4096 };
  const bed = new Testbed(l3fwd("strict"), { ...TEST_PROFILE, hostMemory }, { maxima });
  const offers = [0, 1].flatMap((port) => stream(5 * ring + 500, wirePs(60), () => ({ port })));
  const o = bed.run(scenarioOf(offers, { rxRing: ring, txRing: ring }));
  assertEquals([o.end, o.faults], ["quiet", []]);
  const last = Math.max(...offers.map(({ at }) => at));
  const sent = o.outEnd.subarray(0, o.outCount).filter((at) => at > last / 2 && at <= last);
  const { cpuHits, cpuMisses } = bed.machine.memory.host!.counts;
  return [(sent.length / (last / 2)) * 1e6, cpuMisses / (cpuHits + cpuMisses)];
}

Deno.test("HostMemory: throughput falls with the ring where its buffers share the sets of the cache", () => {
  // Buffers a page apart meet in 192 sets, so the DDIO ways hold 384 headers: XDP, whose drivers give a page to
  // each packet, falls from 46.1 to 29.8 Mpps with rings of 256 to 1024 on six queues (XDP paper's logs).
  const [small, few] = overload(4096, 128);
  const [large, many] = overload(4096, 512);
  assert(large < small * 0.9, `${small} Mpps with rings of 128, ${large} with 512`);
  assert(few < 0.05 && many > 0.2, `${few} and ${many} of the lines read past the LLC`);
  // mbufs of 2368 bytes spread over all sets, and nothing leaks
  const [spread, none] = overload(2368, 512);
  assert(spread > small * 0.98, `${spread} Mpps with mbufs, ${small} with small rings`);
  assertEquals(none, 0);
});

Deno.test("HostMemory refuses figures that no memory has", () => {
  const cases: [Partial<HostMemoryProfile>, string][] = [
    [{ ddioWays: 12 }, "ddioWays is 12, not an integer in 1..11"],
    [{ ddioWays: 0 }, "ddioWays is 0"],
    [{ channelGBps: 0 }, "channelGBps is 0, not a rate above 0"],
    [{ channels: 1.5 }, "channels is 1.5"],
    [{ remotePorts: [30] }, "port 30 is not in 0..29"],
    [{ iotlbEntries: -1 }, "iotlbEntries is -1"],
    [{ pageBytes: 64 }, "pageBytes is 64"],
    [{ llcSets: 1 << 22 }, "at most 2^24 lines"],
    [{ llcSets: NaN }, "sets is NaN"],
  ];
  for (const [change, message] of cases) {
    const make = () => new HostMemory(new Clock(), { ...PROFILE, ...change });
    assertThrows(make, RangeError, message);
  }
  assertThrows(() => new Iotlb(0), RangeError, "entries is 0");
});
