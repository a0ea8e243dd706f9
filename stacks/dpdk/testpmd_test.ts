// Aim: testpmd forwards by port pairs as declared, prints what its views print, reconciles with the generator,
// and obeys its prompt; the driver's knobs do what the guides say. Method: counts worked out by hand on the
// simulated machine; times in virtual picoseconds are compared only with each other.
import { assert, assertEquals, assertThrows } from "@std/assert";
import { TEST_PROFILE } from "../../core/machine/_profile_for_tests.ts";
import {
  fates,
  frame,
  left,
  macOf,
  type Offer,
  scenarioOf,
  stream,
  wirePs,
} from "../../core/machine/_scenario_for_tests.ts";
import type { Geometry } from "../../core/machine/device.ts";
import { SCENARIO_MAXIMA } from "../../core/machine/sizes.ts";
import type { Observation } from "../../core/machine/observation.ts";
import { Testbed } from "../../core/machine/testbed.ts";
import { REASON } from "../../core/policy.ts";
import { testpmd } from "./mod.ts";
import { parseCommand } from "./testpmd_syntax.ts";
import type { TestpmdOptions } from "./testpmd_options.ts";

/** Runs packets through testpmd; answers what is seen, and the value of each row of its report. */
function run(
  options: TestpmdOptions,
  offers: readonly Offer[],
  geometry: Partial<Geometry> = {},
): { o: Observation; row: (name: string) => number } {
  const maxima = { ...SCENARIO_MAXIMA, buffers: 16384 };
  const testbed = new Testbed(testpmd(options), TEST_PROFILE, { maxima });
  const o = testbed.run(scenarioOf(offers, geometry));
  const rows = new Map(testbed.report().map(({ name, value }) => [name, value]));
  const row = (name: string): number => {
    const value = rows.get(name);
    assert(value !== undefined, `no row "${name}" among ${[...rows.keys()].join(", ")}`);
    return value;
  };
  if (options.mode !== "rxonly") streamsAddUp(rows);
  return { o, row };
}

/** What a stream received it has sent or dropped, in every run that is over. */
function streamsAddUp(rows: ReadonlyMap<string, number>): void {
  for (const [name, received] of rows) {
    const heading = /^(Forward Stats for .*): RX-packets$/.exec(name)?.[1];
    if (heading === undefined) continue;
    const [sent, dropped] = ["TX-packets", "TX-dropped"].map((of) =>
      rows.get(`${heading}: ${of}`)!
    );
    assertEquals(sent! + dropped!, received, `${heading}: ${sent} sent, ${dropped} dropped`);
  }
}

/**
 * `count` packets, one every `gapPs` on the two ports in turn. One port's NIC takes a frame every 42 ns, which
 * one lcore keeps up with; two ports saturate it.
 */
function both(count: number, gapPs: number): Offer[] {
  return stream(count, gapPs, (i) => ({ port: i % 2 }));
}

/** Checks that a run came to its end with a fate for each packet. */
function settled(o: Observation): void {
  assertEquals([o.end, o.faults, fates(o).none, fates(o).freed], ["quiet", [], 0, 0]);
}

/** Buffers of the mempool that a place holds. */
function heldIn(o: Observation, place: string): number {
  return o.pools[0]!.held.find((held) => held.place === place)?.count ?? 0;
}

Deno.test("testpmd writes what its engine writes, and pairs ports as its topology says", () => {
  const bytes = (mode: TestpmdOptions["mode"]) => {
    const offers = [{ port: 2, at: 1e6, ttl: 1, size: 77 }];
    const scenario = scenarioOf(offers, { ports: 4 });
    const o = new Testbed(testpmd({ mode: mode! }), TEST_PROFILE).run(scenario);
    assertEquals([...frame(o, 0).subarray(12)], [...scenario.traffic.bytes.subarray(12)]);
    return [...frame(o, 0).subarray(0, 12)];
  };
  const [dst, src] = [[2, 1, 3, 4, 5, 2], [2, 0xaa, 0xbb, 0xcc, 0xdd, 0]];
  assertEquals(bytes("io"), [...dst, ...src]);
  assertEquals(bytes("mac"), [2, 0, 0, 0, 0, 3, ...macOf(3, true)]);
  assertEquals(bytes("macswap"), [...src, ...dst]);
  const out = (topology: TestpmdOptions["topology"], ports: number) => {
    const offers = Array.from({ length: ports }, (_, port) => ({ port, at: 1e6 + port }));
    const { o } = run({ topology: topology! }, offers, { ports });
    return Array.from({ length: ports }, (_, p) => o.outPort[o.outPacket.indexOf(p)]!);
  };
  assertEquals(out("paired", 4), [1, 0, 3, 2]);
  assertEquals(out("paired", 3), [1, 0, 2]);
  assertEquals(out("chained", 3), [1, 2, 0]);
  assertEquals(out("loop", 2), [0, 1]);
});

Deno.test("testpmd show port stats all and show fwd stats all reconcile with the generator", () => {
  // bursts into a transmit ring of 15 and past an ingress buffer of 16; a runt and an oversized frame
  const offers = [
    ...stream(900, wirePs(60)),
    ...stream(900, wirePs(60), () => ({ port: 1 })),
    { port: 0, at: 1e8, size: 59 },
    { port: 1, at: 1e8, size: 1519 },
  ];
  const { o, row } = run({}, offers, { txRing: 16, rxRing: 64, ingress: 16 });
  settled(o);
  for (const [port, pair] of [[0, 1], [1, 0]] as const) {
    const nic = (name: string) => row(`NIC statistics for port ${port}: ${name}`);
    const fwd = (name: string) => row(`Forward statistics for port ${port}: ${name}`);
    const other = (name: string) => row(`Forward statistics for port ${pair}: ${name}`);
    assertEquals(nic("RX-packets") + nic("RX-missed") + nic("RX-errors"), 901, "offered");
    assert(nic("RX-missed") > 50 && fwd("TX-dropped") > 50, "both places lost packets");
    assertEquals([nic("RX-errors"), nic("RX-nombuf"), nic("TX-errors")], [1, 0, 0]);
    assertEquals(
      [nic("RX-bytes"), nic("TX-bytes")],
      [nic("RX-packets"), nic("TX-packets")].map((n) => 60 * n),
    );
    assertEquals([fwd("RX-packets"), fwd("RX-dropped"), fwd("RX-total")], [
      nic("RX-packets"),
      nic("RX-missed"),
      900,
    ]);
    assertEquals(fwd("TX-total"), other("RX-packets"), "what came in at the pair");
    assertEquals(nic("TX-packets"), left(o, port).length);
    assertEquals(row(`port ${port} rx_missed_errors`), nic("RX-missed"));
    const one = `Forward Stats for RX Port=${port}/Queue=0 -> TX Port=${pair}/Queue=0`;
    assertEquals(row(`${one}: TX-dropped`), other("TX-dropped"));
    assertEquals(row(`${one}: RX-packets`), nic("RX-packets"));
  }
  const all = (name: string) => row(`Accumulated forward statistics for all ports: ${name}`);
  const errors = 2;
  assertEquals(all("TX-packets") + all("RX-dropped") + all("TX-dropped") + errors, offers.length);
  assertEquals([all("TX-packets"), all("TX-dropped") + all("RX-dropped") + errors], [
    fates(o).emitted,
    fates(o).dropped,
  ]);
});

Deno.test("testpmd retry sends again what was refused, so that loss moves to the NIC", () => {
  // bursts of 32 into a transmit ring of 15
  const offers = both(1200, 15_000);
  const g = { txRing: 16, rxRing: 64, ingress: 16 };
  const all = (name: string) => `Accumulated forward statistics for all ports: ${name}`;
  const plain = run({}, offers, g);
  const again = run({ retry: true }, offers, g);
  settled(again.o);
  assert(plain.row(all("TX-dropped")) > 100);
  assertEquals(again.row(all("TX-dropped")), 0);
  assert(again.row(all("RX-dropped")) > plain.row(all("RX-dropped")), "the lcore waited");
  const sent = again.row(all("TX-packets"));
  assertEquals(sent + again.row(all("RX-dropped")), offers.length);
  for (const port of [0, 1]) {
    assertEquals(left(again.o, port), [...left(again.o, port)].sort((a, b) => a - b));
  }
  // each try takes back 4 descriptors: of a full burst 15 are sent, then 4, and 13 want further tries
  const dropped = [1, 2, 3, 4].map((burstTxRetryNum) => {
    const some = run({ retry: true, burstTxRetryNum }, offers, g);
    settled(some.o);
    return some.row(all("TX-dropped"));
  });
  assert(dropped[0]! > 100 && dropped[0]! <= 13 * 1200 / 32, `${dropped[0]} after one try`);
  // every burst has its tries, whatever the one before took
  assert(dropped.every((n, i) => i === 0 || n < dropped[i - 1]! * 0.8), `${dropped}`);
});

Deno.test("testpmd burst spread moves from 0 and 1 at low load to 32 at saturation", () => {
  const spread = (gapPs: number, count: number) => {
    const { o, row } = run({ recordBurstStats: true }, both(count, gapPs), { rxRing: 1024 });
    settled(o);
    const bursts = (what: string) =>
      Array.from(
        { length: 33 },
        (_, n) =>
          row(`RX Port=0/Queue=0 -> TX Port=1/Queue=0: ${what}-bursts of ${n}`) +
          row(`RX Port=1/Queue=0 -> TX Port=0/Queue=0: ${what}-bursts of ${n}`),
      );
    const [rx, tx] = [bursts("RX"), bursts("TX")];
    const packets = (of: number[]) => of.reduce((sum, value, n) => sum + n * value, 0);
    assertEquals([packets(rx), packets(tx)], [count, count]);
    return rx;
  };
  const low = spread(2_000_000, 50);
  assertEquals([low[1], low.slice(2).reduce((a, b) => a + b)], [50, 0]);
  assert(low[0]! > 500, `an idle loop turns and finds nothing: ${low[0]} times`);
  // a packet every 25 ns, and 36 ns of work for each
  const full = spread(25_000, 3000);
  assert(full[32]! * 32 > 0.9 * 3000, `${full}`);
});

Deno.test("testpmd cycles/packet fall with the burst from 1 to 4 to 32, and barely beyond 16", () => {
  const cycles = (burst: number) => {
    const sizes = { rxRing: 2048, txRing: 2048 };
    const { o, row } = run({ burst, recordCoreCycles: true }, both(2000, 23_000), sizes);
    settled(o);
    return row("CPU cycles/packet");
  };
  // 60 for each call of receive and send, 60 for each packet in both
  const [one, four, sixteen, most] = [1, 4, 16, 32].map(cycles);
  const near = (value: number, of: number) =>
    assert(value > of - 1 && value < of * 1.03, `${value} cycles a packet, expected ${of}`);
  near(one!, 120 + 120);
  near(four!, 120 / 4 + 120);
  near(sixteen!, 120 / 16 + 120);
  near(most!, 120 / 32 + 120);
});

Deno.test("testpmd keeps its lcores at 100 % without traffic, and its latency flat up to saturation", () => {
  const { o } = run({}, [{ port: 0, at: 5e8 }], { lcores: 2 });
  for (const { busyPs, totalPs, usefulPs } of o.lcores) {
    assert(busyPs >= totalPs, `${busyPs} of ${totalPs} ps`);
    assert(usefulPs < totalPs / 1000, `${usefulPs} ps of use`);
  }
  // 123.75 cycles a packet in full bursts: 36.4 ns
  const median = (gapPs: number) => {
    const offers = both(1600, gapPs);
    const seen = run({}, offers, { rxRing: 1024 }).o;
    const took = offers.map(({ at }, p) => seen.endAt[p]! - at).slice(800);
    return took.sort((a, b) => a - b)[400]!;
  };
  const [tenth, half, most, beyond] = [364_000, 73_000, 40_000, 24_000].map(median);
  const times = `${tenth} ${half} ${most} ${beyond} ps`;
  assert(half! < 1.5 * tenth! && most! < 2 * tenth!, times);
  assert(beyond! > 5 * most!, times);
});

Deno.test("testpmd bursts that a ring of 128 loses fit one of 4096", () => {
  const missed = (rxRing: number) => {
    const { o, row } = run({}, both(2000, 22_000), { rxRing, ingress: 64 });
    settled(o);
    return row("NIC statistics for port 0: RX-missed");
  };
  const small = missed(128);
  assert(small > 100, `${small} of 1000`);
  assertEquals(missed(4096), 0);
});

Deno.test("testpmd txRsThresh 1 against 32 makes 32 times as many write-backs", () => {
  const writes = (txRsThresh: number) => {
    const offers = stream(640, 100_000);
    const { o } = run({ txRsThresh }, offers, { fidelity: "tlp" });
    settled(o);
    // port 1 only sends: all that its NIC writes is descriptors
    return o.links.find(({ name }) => name === "nic1>switch")!.tlps[0];
  };
  assertEquals([writes(1), writes(32)], [640, 20]);
});

Deno.test("testpmd keeps sent mbufs up to ring less txFreeThresh, and refills rxFreeThresh at a time", () => {
  const offers = stream(1600, 100_000);
  const kept = (txFreeThresh: number) => {
    const { o } = run({ txFreeThresh }, offers);
    settled(o);
    return heldIn(o, "nic1 transmit ring 0");
  };
  // taken back 32 at a time, one batch for each burst of one packet that finds fewer than the threshold free
  assertEquals([kept(32), kept(256), kept(480)], [480, 256, 32]);
  const doorbells = (rxFreeThresh: number) => run({ rxFreeThresh }, offers).o.doorbells;
  // two at the start, one for each packet sent, one for each refill
  assertEquals([doorbells(32), doorbells(8)], [2 + 1600 + 50, 2 + 1600 + 200]);
});

Deno.test("testpmd with a pool smaller than its rings starves: nothing leaks, imissed accounts for the loss", () => {
  // 1024 for the receive rings and three refills; the transmit ring keeps what was sent, up to 480
  const small = { totalNumMbufs: 1024 + 96 };
  const { o, row } = run(small, stream(2000, 200_000), { poolCache: 0 });
  assertEquals([o.faults, fates(o).freed], [[], 0]);
  // the fourth refill is due with the 128th packet
  assertEquals([fates(o).emitted, heldIn(o, "nic1 transmit ring 0")], [127, 127]);
  const posted = 511 + 96 - 127;
  assertEquals(fates(o).none, posted + 512, "landed and never taken, or in the ingress buffer");
  assertEquals(row("NIC statistics for port 0: RX-missed"), 2000 - 127 - posted - 512);
  const nombuf = row("NIC statistics for port 0: RX-nombuf");
  assert(nombuf > 0 && nombuf % 32 === 0, `RX-nombuf ${nombuf}`);
  assertEquals(row("mempool common_pool_count"), 0);
  const ample = run({}, stream(2000, 200_000), { poolCache: 0 });
  settled(ample.o);
  assertEquals(ample.row("NIC statistics for port 0: RX-nombuf"), 0);
});

Deno.test("testpmd with a cache of 250 leaves the common ring alone, with 0 it goes there for every batch", () => {
  for (const lcores of [1, 4]) {
    const offers = stream(3200, 100_000, (i) => ({ port: i % 2, srcPort: i % 64 }));
    const ops = (poolCache: number) => {
      const { o, row } = run({}, offers, { poolCache, lcores, spareBuffers: 1024 });
      settled(o);
      return { ops: row("mempool common_pool_bulk"), o };
    };
    const bare = ops(0);
    // each refill takes 32, each reclaim gives 32; every descriptor of 511 was filled by a get of its own
    const start = 2 * lcores * 512;
    const sentBack = 3200 -
      [0, 1].flatMap((p) =>
        Array.from({ length: lcores }, (_, q) => heldIn(bare.o, `nic${p} transmit ring ${q}`))
      ).reduce((a, b) => a + b);
    const refills = (bare.ops - start) - sentBack / 32;
    assert(refills <= 3200 / 32 && refills > 3200 / 32 - 2 * lcores, `${refills} refills`);
    const cached = ops(250);
    const fills = Math.ceil(start / 125) + lcores;
    assert(cached.ops <= fills + 3200 / 125, `${cached.ops} with a cache, ${bare.ops} without`);
  }
});

Deno.test("testpmd refuses at start what hugepages do not hold", () => {
  // 2 rings of 512 on each of 2 ports, 2 * 64 + 2 * 64 + 64 held or cached, 64 to spare: 2368 mbufs
  const one = [{ port: 0, at: 1e6 }];
  const { row } = run({ hugepages: 3 }, one);
  const size = row("mempool size");
  const element = 64 + 128 + 2176;
  assertEquals(Math.ceil(size * element / 2 ** 21), 3);
  assertThrows(
    () => run({ hugepages: 2 }, one),
    RangeError,
    `EAL: Cannot init mbuf pool on socket 0: ${size} mbufs of ${element} bytes take 3 hugepages ` +
      "of 2 MB, expected 2 or fewer: as many as are reserved",
  );
  const missing = () => run({ totalNumMbufs: 900 }, one);
  assertThrows(missing, RangeError, "mempool mempool is empty after 388 of 512 buffers");
});

Deno.test("testpmd receives frames longer than an mbuf into two, and sends them whole", () => {
  const offers = stream(300, 500_000, (i) => ({ size: [60, 1024, 1025, 1518][i % 4]! }));
  for (const lcores of [1, 2]) {
    const scenario = scenarioOf(offers, { lcores, fidelity: "tlp", rxRing: 64, txRing: 64 });
    const o = new Testbed(testpmd({ mbufSize: 1152 }), TEST_PROFILE).run(scenario);
    settled(o);
    assertEquals(left(o, 1).length, 300);
    assertEquals([...left(o, 1)].sort((a, b) => a - b), offers.map((_, p) => p));
    for (let i = 0; i < 300; i++) {
      const p = o.outPacket[i]!;
      const at = scenario.traffic.offset[p]!;
      assertEquals(frame(o, i), scenario.traffic.bytes.subarray(at, at + offers[p]!.size!));
    }
  }
});

// The prompt.

Deno.test("testpmd port close leaves no mbuf outstanding", () => {
  for (const fidelity of ["coarse", "tlp"] as const) {
    // three bursts, then one frame that keeps the run going and finds the port closed
    const offers = [...stream(700, 100_000, (i) => ({ port: i % 2 })), { port: 0, at: 9e8 }];
    const commands = [
      { atUs: 100, command: "stop" },
      { atUs: 110, command: "port close 0" },
      { atUs: 111, command: "port close 1" },
    ];
    for (const lcores of [1, 2]) {
      const { o, row } = run({ commands }, offers, { fidelity, lcores });
      assertEquals([fates(o).emitted, fates(o).none, o.faults], [700, 1, []]);
      assertEquals(o.waitingAt.get(700), "nic0 ingress buffer");
      const { size, free, cached, held } = o.pools[0]!;
      assertEquals([free + cached, held], [size, []], "all mbufs are available");
      assertEquals(row("mempool size"), size);
      // those of the lcore that the prompt runs on are in the common ring
      if (lcores === 1) assertEquals(cached, 0);
    }
  }
});

Deno.test("testpmd port stop and start in the middle of traffic lose nothing that waits at the NIC", () => {
  const offers = [
    ...stream(500, 100_000, (i) => ({ port: i % 2 })),
    ...stream(300, 100_000, () => ({}), 3e8),
    ...stream(200, 100_000, () => ({}), 9e8),
  ];
  const commands = [
    { atUs: 100, command: "stop" },
    { atUs: 101, command: "port stop 0" },
    { atUs: 102, command: "port stop 1" },
    { atUs: 600, command: "port start 0" },
    { atUs: 600, command: "port start 1" },
    { atUs: 610, command: "start" },
  ];
  const { o, row } = run({ commands }, offers);
  settled(o);
  assertEquals([fates(o).emitted, left(o, 1).length, left(o, 0).length], [1000, 750, 250]);
  assert(o.endAt[500]! > 600e6, "nothing left while the ports were stopped");
  assertEquals(left(o, 1), [...left(o, 1)].sort((a, b) => a - b));
  assertEquals(row("NIC statistics for port 0: RX-missed"), 0);
});

Deno.test("testpmd RETA entries move flows to another queue without loss, and its queue may stop and start", () => {
  const every = (queue: number) =>
    `port config 0 rss reta ${Array.from({ length: 128 }, (_, i) => `(${i},${queue})`).join(",")}`;
  const commands = [
    { atUs: 101, command: every(1) },
    { atUs: 150, command: "port 0 rxq 0 stop" },
    { atUs: 300, command: "port 0 rxq 0 start" },
    { atUs: 400, command: every(0) },
    { atUs: 430, command: "port 0 rxq 1 stop" },
    { atUs: 430, command: "port 1 txq 1 stop" },
  ];
  // 2,500 packets of 40 flows, one every 300 ns: 1 to 751 us
  const offers = stream(2500, 300_000, (i) => ({ srcPort: i % 40 }));
  const { o, row } = run({ commands }, offers, { lcores: 2, rxRing: 64, txRing: 64 });
  settled(o);
  assertEquals(fates(o).emitted, 2500);
  const taken = [0, 1].map((q) =>
    row(`Forward Stats for RX Port=0/Queue=${q} -> TX Port=1/Queue=${q}: RX-packets`)
  );
  assertEquals(taken[0]! + taken[1]!, 2500);
  // both at first; queue 1 alone from 101 to 400 us; queue 0 alone from then on
  const moved = Math.ceil((400 - 101) / 0.3);
  const before = Math.floor((101 - 1) / 0.3);
  assert(taken[1]! >= moved - 2 && taken[1]! < moved + before - 50, `${taken}`);
  for (const place of ["nic0 receive ring 1", "nic1 transmit ring 1"]) {
    assertEquals(heldIn(o, place), 0, `${place} was stopped last`);
  }
  // only the change itself can put packets of one flow out of order: two queues are not one
  const late = o.outPacket.subarray(0, o.outCount).filter((p) => p > 500 && p < 1200);
  assertEquals([...late], [...late].sort((a, b) => a - b));
});

Deno.test("testpmd refuses commands that it does not know or cannot obey", () => {
  const one = [{ port: 0, at: 1e9 }];
  const cases: [string, string][] = [
    ["port stop", 'Cannot read testpmd command "port stop": expected start, stop, port start|stop'],
    ["port stop 2", 'command "port stop 2": there are ports 0..1, not 2'],
    ["port 0 rxq 1 stop", "there are queues 0..0, not 1"],
    ["port config 0 rss reta (128,0)", "entries of the redirection table 0..127, not 128"],
    ["port config 0 rss reta (0,1)", "there are queues 0..0, not 1"],
    ["port config 0 rss reta (0,0),", "expected start, stop"],
    ["port stop 0", 'Cannot run testpmd command "port stop 0": forwarding has not been stopped'],
    ["port 1 txq 0 stop", "a stream forwards into that queue"],
  ];
  for (const [command, message] of cases) {
    assertThrows(() => run({ commands: [{ atUs: 1, command }] }, one), RangeError, message);
  }
  const closed = ["stop", "port close 0", "port start 0"].map((command) => ({ atUs: 1, command }));
  assertThrows(() => run({ commands: closed }, one), RangeError, "port 0 is closed");
  assertEquals(parseCommand("  port  config 1 rss reta (7,1),(9,0) ", 2, 2), {
    kind: "reta",
    port: 1,
    entries: [[7, 1], [9, 0]],
  });
});

Deno.test("testpmd refuses knobs that it cannot take", () => {
  const cases: [TestpmdOptions, string][] = [
    [{ burst: 0 }, "Cannot configure testpmd: burst 0 is not an integer in 1..32"],
    [{ burst: 33 }, "burst 33"],
    [{ mbufSize: 1151 }, "mbufSize 1151 is not an integer in 1152..65535"],
    [{ totalNumMbufs: NaN }, "totalNumMbufs NaN"],
    [{ hugepages: 1.5 }, "hugepages 1.5"],
    [{ txRsThresh: 0 }, "txRsThresh 0"],
    [{ mode: "txonly" as "io" }, 'mode "txonly" is not one of "io", "mac", "macswap", "rxonly"'],
    [{ topology: "ring" as "loop" }, 'topology "ring" is not one of "paired"'],
    [
      { commands: [{ atUs: 2, command: "stop" }, { atUs: 1, command: "start" }] },
      'command "start" is given at 1 us, expected a time not before 2 us',
    ],
  ];
  for (const [options, message] of cases) {
    assertThrows(() => testpmd(options), Error, message, JSON.stringify(options));
  }
  assertThrows(
    () => run({ txRsThresh: 24 }, [{ port: 0, at: 1e6 }]),
    RangeError,
    "tx_rs_thresh 24 must divide the ring of 512",
  );
});

Deno.test("testpmd rxonly consumes what it receives", () => {
  const offers = both(2000, 21_000);
  const { o, row } = run({ mode: "rxonly", recordCoreCycles: true }, offers, { rxRing: 1024 });
  settled(o);
  assertEquals([fates(o).dropped, o.reason.indexOf(REASON.consumed), o.outCount], [2000, 0, 0]);
  assertEquals(heldIn(o, "lcore 0"), 0);
  const cycles = row("CPU cycles/packet");
  // 60 for each call, 60 for each packet and 30 to free it
  assert(cycles >= 60 / 32 + 90 - 1 && cycles < 60 / 16 + 90, `${cycles} cycles a packet`);
});
