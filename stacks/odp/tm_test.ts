// Aim: the Traffic Manager keeps rates, shares and priorities, colours by two rates, drops at its entry alone and by
// the line between WRED's thresholds. Method: whole runs, one port feeding the tree of the other; rates are those of
// the frames that left.
import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { type Offer, scenarioOf, stream, towards } from "../../core/machine/_scenario_for_tests.ts";
import type { Observation } from "../../core/machine/observation.ts";
import type { Scenario } from "../../core/machine/device.ts";
import { REASON } from "../../core/policy.ts";
import { bed, counter, judged, wrong } from "./_rig_for_tests.ts";
import { odp, odpView, type TmOptions } from "./mod.ts";
import { TmNode, TmPicker, TmQueue } from "./tm_node.ts";
import { Shaper } from "./tm_shaper.ts";

const MBPS = 1e6;

/** Writes a DSCP and the checksum that belongs to it. */
function dscp(value: number): (bytes: Uint8Array) => void {
  return (bytes) => {
    bytes[15] = value << 2;
    bytes[24] = bytes[25] = 0;
    let sum = 0;
    for (let i = 14; i < 34; i += 2) sum += bytes[i]! * 256 + bytes[i + 1]!;
    const check = 0xffff - sum % 0xffff;
    bytes[24] = check >> 8;
    bytes[25] = check & 0xff;
  };
}

/** Frames of class selector 7 downwards, as many classes as `mbps` has rates, for `ms` milliseconds. */
function classes(mbps: readonly number[], ms: number, size = 1000): Offer[] {
  return mbps.flatMap((rate, i) => {
    const gapPs = Math.round(size * 8 / (rate * MBPS) * 1e12);
    const count = Math.floor(ms * 1e9 / gapPs);
    return stream(count, gapPs, () => ({ size, edit: dscp((7 - i) << 3) }), 1e6 + i * 1e5);
  });
}

/** Bits a second of each class that left between two times, by the class selector of the frame. */
function rates(o: Observation, fromMs: number, toMs: number): number[] {
  const bits = new Array<number>(8).fill(0);
  for (let i = 0; i < o.outCount; i++) {
    if (o.outEnd[i]! < fromMs * 1e9 || o.outEnd[i]! >= toMs * 1e9) continue;
    bits[7 - (o.outBytes[o.outOffset[i]! + 15]! >>> 5)]! += 8 * o.outLength[i]!;
  }
  return bits.map((n) => n / (toMs - fromMs) * 1e3);
}

function run(tm: TmOptions, scenario: Scenario) {
  const device = bed(odp({ output: "tm", tm }));
  const o = device.run(scenario);
  const of = (queue: string, what: string): number =>
    counter(device.report(), `odp_tm_queue_stats dpdk:1 ${queue} ${what}`);
  return { o, of };
}

function near(value: number, expected: number, share: number, what: string): void {
  const isNear = Math.abs(value - expected) <= share * expected;
  assert(isNear, `${what}: ${value}, expected ${expected} within ${share}`);
}

const DEMO: TmOptions = {
  select: "dscp",
  shaper: { commitRate: 100 * MBPS, commitBurst: 40_000 },
  nodes: [
    { name: "gold", prio: 0, shaper: { commitRate: 20 * MBPS, commitBurst: 16_000 } },
    { name: "silver", prio: 1, shaper: { commitRate: 30 * MBPS, commitBurst: 16_000 } },
    { name: "bronze", prio: 2 },
  ],
  queues: [
    { name: "g", parent: "gold", maxPkts: 32 },
    { name: "s", parent: "silver", maxPkts: 32 },
    { name: "b1", parent: "bronze", weight: 1, maxPkts: 32 },
    { name: "b2", parent: "bronze", weight: 2, maxPkts: 32 },
    { name: "b4", parent: "bronze", weight: 4, maxPkts: 32 },
  ],
};

Deno.test("odp 8.10: two levels, three priorities, shares of 1:2:4, 100 Mb/s in all, each rate within 1 %", () => {
  const { o } = run(DEMO, scenarioOf(classes([40, 40, 40, 40, 40], 160), { ingress: 64 }));
  // from 10 ms on every queue is backlogged
  const [gold, silver, one, two, four] = rates(o, 10, 160);
  near(gold! + silver! + one! + two! + four!, 100 * MBPS, 0.01, "all");
  near(gold!, 20 * MBPS, 0.01, "gold");
  near(silver!, 30 * MBPS, 0.01, "silver");
  near(one!, 50 / 7 * MBPS, 0.01, "weight 1");
  near(two!, 100 / 7 * MBPS, 0.01, "weight 2");
  near(four!, 200 / 7 * MBPS, 0.01, "weight 4");
  assertEquals(wrong(o), []);
  const ids = ["ODP-15", "ODP-16", "ODP-17", "ODP-18", "ODP-20"];
  assertEquals(ids.filter((id) => !judged(o).includes(id)), []);
});

Deno.test("odp ODP-17: a less urgent child starves while the urgent one may send, and has what that one's shaper leaves", () => {
  const queues = (shaper?: TmOptions["shaper"]) => ({
    select: "dscp" as const,
    shaper: { commitRate: 50 * MBPS, commitBurst: 16_000 },
    queues: [{ name: "high", prio: 0, maxPkts: 16, ...shaper && { shaper } }, {
      name: "low",
      prio: 5,
      maxPkts: 16,
    }],
  });
  const offers = scenarioOf(classes([80, 80], 20));
  const starved = run(queues(), offers);
  const [high, low] = rates(starved.o, 2, 20);
  near(high!, 50 * MBPS, 0.02, "high");
  assertEquals(low, 0);
  const shared = run(queues({ commitRate: 10 * MBPS, commitBurst: 16_000 }), offers);
  near(rates(shared.o, 2, 20)[1]!, 40 * MBPS, 0.03, "low");
  assertEquals([wrong(starved.o), wrong(shared.o)], [[], []]);
});

Deno.test("odp 8.12: of two rates the committed one is green, what is beyond it up to the peak is yellow", () => {
  const shaper = {
    commitRate: 10 * MBPS,
    commitBurst: 16_000,
    peakRate: 20 * MBPS,
    peakBurst: 16_000,
  };
  const tm: TmOptions = { queues: [{ name: "q", maxPkts: 16, shaper }] };
  const { o, of } = run(tm, scenarioOf(classes([40], 60)));
  const seconds = o.outEnd[o.outCount - 1]! * 1e-12;
  near(of("q", "green") * 8000, 10 * MBPS * seconds + 16_000, 0.02, "green bits");
  near(of("q", "yellow") * 8000, 10 * MBPS * seconds, 0.02, "yellow bits");
  near(rates(o, 5, 60)[0]!, 20 * MBPS, 0.01, "both");
  assertEquals(wrong(o), []);
  // below the committed rate nothing is yellow
  const slow = run(tm, scenarioOf(classes([8], 20)));
  assertEquals([slow.of("q", "yellow"), slow.of("q", "green") > 10], [0, true]);
});

Deno.test("Shaper: what has to wait may go at the picosecond that it names, and not at the one before", () => {
  let waited = 0;
  const rate = fc.integer({ min: 1, max: 40_000 }).map((mbps) => mbps * MBPS);
  const sizes = fc.array(fc.integer({ min: 60, max: 1514 }), { minLength: 1, maxLength: 20 });
  fc.assert(fc.property(rate, fc.boolean(), sizes, (commitRate, hasPeak, sizes) => {
    const peak = { peakRate: 2 * commitRate, peakBurst: 4000 };
    const shaper = new Shaper({ commitRate, commitBurst: 8000, ...hasPeak ? peak : {} });
    let now = 0;
    for (const size of [...sizes, ...sizes]) {
      if (shaper.colourAt(now) === 2) {
        const at = shaper.eligiblePs();
        assert(at > now && shaper.colourAt(at) !== 2, `at ${at} it may not go`);
        assertEquals(shaper.colourAt(at - 1), 2, `at ${at - 1} it may go already`);
        now = at;
        waited++;
      }
      shaper.take(size, now);
    }
  }));
  assert(waited > 100, `HARN-3: ${waited} had to wait`);
});

Deno.test("odp ODP-20: an idle shaper saves up its burst and no more", () => {
  const shaper = { commitRate: MBPS, commitBurst: 40_000 };
  const tm: TmOptions = { queues: [{ name: "q", shaper }] };
  // twenty packets of 8000 bits at 1 ms, and again after half a second: five go on the burst, one on the bit that
  // the next microsecond brings
  const offers = [
    ...stream(20, 1e6, () => ({ size: 1000 }), 1e9),
    ...stream(20, 1e6, () => ({ size: 1000 }), 5e11),
  ];
  const { o } = run(tm, scenarioOf(offers));
  const within = (fromPs: number): number =>
    o.outEnd.subarray(0, o.outCount).filter((at) => at >= fromPs && at < fromPs + 7e9).length;
  assertEquals([within(1e9), within(5e11)], [6, 6]);
  assertEquals([o.outCount, wrong(o), judged(o).includes("ODP-20")], [40, [], true]);
});

Deno.test("odp 8.11: WRED drops along the line between its thresholds, by colour, and everything when full", () => {
  const profile = { minThreshold: 20, medThreshold: 60, medDropProb: 20, maxDropProb: 80 };
  const tm: TmOptions = {
    shaper: { commitRate: 500 * MBPS, commitBurst: 16_000 },
    queues: [{
      name: "q",
      maxPkts: 200,
      wred: { green: profile, yellow: { ...profile, minThreshold: 5 } },
    }],
  };
  // a load that swings, so that the queue is seen at every fullness; AF11 and AF12 in turn
  const offers: Offer[] = [];
  for (let i = 0, at = 1e6; i < 14_000; i++) {
    at += 900_000 + Math.round(750_000 * Math.sin(i / 300));
    offers.push({ port: 0, at, size: 100, edit: dscp(i % 2 === 0 ? 10 : 12) });
  }
  const device = bed(odp({ output: "tm", tm }));
  const o = device.run(scenarioOf(offers, { ingress: 64 }));
  const drops = counter(device.report(), "odp_tm_queue_stats dpdk:1 q discards");
  assert(drops > 500, `${drops} drops`);
  assertEquals([drops, o.dropped[REASON["qdisc-full"]]], [drops, drops]);
  assertEquals([wrong(o), judged(o).includes("ODP-19")], [[], true]);
  // the middle of each tenth on the line from 0 at 20 % to 20 % at 60 %, to 80 % at a full queue
  const curve = odpView("odp_tm_wred", device.report()).split("\n").filter((line) =>
    line.includes(" green ")
  );
  const expected = [0, 0, 2.5, 7.5, 12.5, 17.5, 27.5, 42.5, 57.5, 72.5];
  for (const line of curve) {
    const [, tenth, share] = /green (\d)0% +([\d.]+) %/.exec(line)!;
    const middle = expected[Number(tenth)]!;
    const bound = middle === 0 ? 0 : 12;
    assert(Math.abs(Number(share) - middle) <= bound, `${line}, expected ${middle} %`);
  }
  assert(curve.length >= 7, `${curve.length} tenths seen`);
});

Deno.test("odp ODP-18: no packet is lost inside the tree, and what its interface refuses is counted", () => {
  const { o, of } = run(
    { queues: [{ name: "a" }, { name: "b", maxPkts: 4 }] },
    scenarioOf(stream(600, 17_000, (i) => ({ src: i % 5, dst: towards(1), size: 120 })), {
      txRing: 8,
      rxRing: 64,
    }),
  );
  const sum = (what: string): number => of("a", what) + of("b", what);
  assertEquals(sum("packets") + sum("discards"), 600 - o.dropped[REASON["rx-missed"]]!);
  assertEquals(sum("discards"), o.dropped[REASON["qdisc-full"]]! + o.dropped[REASON["tx-full"]]!);
  assert(sum("discards") > 0);
  assertEquals([sum("queued"), wrong(o)], [0, []]);
});

Deno.test("odp ODP-20: a shaper counts each packet as longer by what it is told", () => {
  const shaper = { commitRate: 10 * MBPS, commitBurst: 8000, lenAdjust: 50 };
  const { o } = run(
    { queues: [{ name: "q", shaper, maxPkts: 16 }] },
    scenarioOf(classes([20], 20, 100)),
  );
  near(rates(o, 2, 20)[0]!, 10 * MBPS * 100 / 150, 0.03, "100 bytes as 150");
  assertEquals(wrong(o), []);
});

Deno.test("odp: a queue limited in bytes takes packets again as soon as others have left", () => {
  const tm: TmOptions = { queues: [{ name: "q", maxBytes: 2500 }] };
  const offers = [1, 2, 3].flatMap((ms) => stream(4, 1, () => ({ size: 1000 }), ms * 1e9));
  const { o, of } = run(tm, scenarioOf(offers));
  // of each burst at least the two that fit go, and never more bytes wait than are allowed
  const gone = [1, 2, 3].map((ms) =>
    o.outEnd.subarray(0, o.outCount).filter((at) => Math.floor(at / 1e9) === ms).length
  );
  assert(gone.every((n) => n >= 2) && gone[0] === gone[2], `${gone}`);
  assertEquals([of("q", "packets") + of("q", "discards"), wrong(o)], [12, []]);
});

Deno.test("odp: of a burst a queue limited in bytes takes each packet that fits into what is left", () => {
  const sizes = fc.array(fc.integer({ min: 60, max: 1500 }), { minLength: 1, maxLength: 12 });
  fc.assert(
    fc.property(sizes, fc.integer({ min: 60, max: 5000 }), (sizes, maxBytes) => {
      // the first packet takes all the credit that there is, and more, for half a millisecond
      const shaper = { commitRate: MBPS, commitBurst: 8 };
      const tm: TmOptions = { queues: [{ name: "q", maxBytes, shaper }] };
      const burst = sizes.map((size, i): Offer => ({ port: 0, at: 1e8 + i * 2e6, size }));
      const { o } = run(tm, scenarioOf([{ port: 0, at: 1e6 }, ...burst]));
      let waiting = 0;
      const fits = sizes.map((size) => {
        if (waiting + size > maxBytes) return false;
        waiting += size;
        return true;
      });
      const gone = new Set(o.outPacket.subarray(0, o.outCount));
      assertEquals(sizes.map((_, i) => gone.has(i + 1)), fits);
      assertEquals(wrong(o), []);
    }),
    { numRuns: 30 },
  );
});

Deno.test("TmPicker: who was held back by his shaper has his share from then on, and no more", () => {
  const root = new TmNode({ name: "root" }, null);
  const shaper = { commitRate: MBPS, commitBurst: 1e6 };
  const [held, free] = [{ name: "held", shaper }, { name: "free" }].map((options, i) =>
    new TmQueue(i, options, root, 0)
  ) as [TmQueue, TmQueue];
  for (let b = 0; b < 200; b++) for (const queue of [held, free]) queue.push(b);
  const picker = new TmPicker(() => 1000);
  const turns = (count: number, ps: number): number => {
    let of = 0;
    for (let i = 0; i < count; i++) {
      const queue = picker.pick(root, ps)!;
      if (queue === held) of++;
      queue.shaper?.take(1000, ps);
      queue.shift(1000);
    }
    return of;
  };
  assertEquals(turns(100, 0), 50);
  held.shaper!.take(100_000, 0);
  assertEquals(turns(50, 0), 0, "held back");
  // long enough for a whole burst of credit
  assert(Math.abs(turns(40, 10e12) - 20) <= 1);
});
