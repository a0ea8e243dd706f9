// Aim: `rfc2544` finds what arithmetic says of devices that are known, does not take loss to grow with the rate, and
// its command prints, writes and refuses as the others do. Method: a queue of K places before a server (D/D/1/K) and
// devices that lose by a rule, their answers worked out by hand; then a bundled stack on the machine.
import { STACK_NAMES, type StackEntry, stackNamed } from "../stacks.ts";
import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import type { Cpu, Dataplane, Env, Traffic } from "../../core/mod.ts";
import { neighboursOnPorts, paperHost } from "../../fixtures/mod.ts";
import { FOUR_ROUTES, inFolder, listing, run } from "../_run_for_tests.ts";
import { type Rfc2544Report, rfc2544ReportSchema } from "../mod.ts";
import type { Device, Load, Outcome } from "../rfc2544/device.ts";
import { measureSize } from "../rfc2544/measure.ts";
import { latencyOf, Rig } from "../rfc2544/rig.ts";
import { AGREE, type Lengths, RateSearch } from "../rfc2544/search.ts";

/** Whether frame i of a load of n, which arrives at t after gaps of `gapPs`, is lost, and how much later that shows. */
type Rule = (i: number, t: number, n: number, gapPs: number, times: readonly number[]) => boolean;

/** A device of one port that loses by a rule that each trial makes anew. */
function device(lineGapPs: number, rule: () => Rule, lagPs = 0): Device {
  const trial = ({ gapPs, frames, then, lossesMax = Infinity }: Load): Outcome => {
    const loses = rule();
    const times: number[] = [];
    const offered = frames + (then?.frames ?? 0);
    let lost = 0, t = 0;
    let lastLossPs: number | null = null;
    for (let i = 0; i < offered; i++) {
      if (i > 0) t += i < frames ? gapPs : then!.gapPs;
      times.push(t);
      if (!loses(i, t, offered, gapPs, times)) continue;
      lastLossPs = t + lagPs;
      if (++lost > lossesMax) return { offered, lost, cut: true, lastLossPs };
    }
    return { offered, lost, cut: false, lastLossPs };
  };
  return { lineGapPs, inputs: 1, buffers: 1, trial, latency: () => null };
}

/** One server of `servicePs` and `places` frames in it and before it. */
function queue(lineGapPs: number, servicePs: number, places: number): Device {
  return device(lineGapPs, () => {
    let idleAt = 0;
    return (_, t) => {
      if (Math.ceil((idleAt - t) / servicePs) >= places) return true;
      idleAt = Math.max(idleAt, t) + servicePs;
      return false;
    };
  });
}

/** Frame k finds k - floor(k g / s) in the queue: all N pass when the last one finds K - 1 at most. */
const queueGap = (line: number, s: number, places: number, n: number) =>
  Math.max(line, Math.ceil(((n - places) * s) / (n - 1)));
/** When all places are taken, they stay so: what has left by the last arrival, and they, are not lost. */
const queueLoss = (gap: number, s: number, places: number, n: number) =>
  gap >= s ? 0 : Math.max(0, n - places - Math.floor(((n - 1) * gap) / s));

const fixed = (n: number): Lengths => ({ frames: () => n, doublingsMax: 0 });

Deno.test("RateSearch finds the gap that arithmetic gives for a queue, whatever its sizes", () => {
  const sizes = fc.record({
    s: fc.integer({ min: 90, max: 40_000 }),
    places: fc.integer({ min: 1, max: 60 }),
    n: fc.integer({ min: 64, max: 400 }),
  });
  let onWire = 0;
  fc.assert(
    fc.property(sizes, ({ s, places, n }) => {
      const expected = queueGap(100, s, places, n);
      if (expected === 100) onWire++;
      const found = new RateSearch(queue(100, s, places), 0, fixed(n)).run();
      assertEquals([found.gapPs, found.holesPs, found.fasterPs], [expected, [], null]);
    }),
    { seed: 1, numRuns: 60, examples: [[{ s: 95, places: 3, n: 64 }]] },
  );
  assert(onWire > 0, "no queue was as fast as the wire");
});

Deno.test("RateSearch allows the loss that it is told to, and no more", () => {
  const [s, places, n] = [10_000, 20, 1000];
  for (const ratio of [0.005, 0.02, 0.5]) {
    const allowed = ratio * n;
    let expected = s;
    while (queueLoss(expected - 1, s, places, n) <= allowed) expected--;
    const search = new RateSearch(queue(100, s, places), ratio, fixed(n));
    assertEquals(search.run().gapPs, expected, `at ${ratio}`);
    const ndr = new RateSearch(queue(100, s, places), 0, fixed(n)).run();
    const after = new RateSearch(queue(100, s, places), ratio, fixed(n)).from(ndr);
    assertEquals(after.gapPs, expected, `at ${ratio}, from the rate without a loss`);
  }
});

Deno.test("RateSearch doubles trials until buffers no longer matter, and says where that leads", () => {
  const [s, places] = [50_000, 32];
  const lengths: Lengths = { frames: (_, k) => 128 * 2 ** k, doublingsMax: 9 };
  const found = new RateSearch(queue(100, s, places), 0, lengths).run();
  const gap = (k: number) => queueGap(100, s, places, 128 * 2 ** k);
  let doublings = 1;
  while ((gap(doublings) - gap(doublings - 1)) / gap(doublings - 1) > AGREE) doublings++;
  assertEquals([found.doublings, found.gapPs], [doublings, gap(doublings)]);
  assert(Math.abs(found.limitPs! - s) < s / 2000, `leads to ${found.limitPs} ps`);
  // 64 frames pass at the pace of the wire only because there is room for 50 of them
  const short: Lengths = { frames: (_, k) => 64 * 2 ** k, doublingsMax: 9 };
  const slow = new RateSearch(queue(1000, 1100, 50), 0, short).run();
  assert(queueGap(1000, 1100, 50, 64) === 1000, "the shortest trial shows nothing");
  assertEquals([slow.doublings, slow.gapPs], [8, queueGap(1000, 1100, 50, 16_384)]);
});

Deno.test("RateSearch takes no rate for granted because a faster one passes", () => {
  const [line, s, n] = [100, 2000, 300];
  const edge = queueGap(line, s, 4, n);
  const holed = (from: number, to: number) => {
    const base = queue(line, s, 4);
    const every10th = device(line, () => (i) => i % 10 === 9);
    const trial = (load: Load) =>
      (load.gapPs >= from && load.gapPs <= to ? every10th : base).trial(load);
    return { ...base, trial };
  };
  // as wide as the rungs of the ladder are apart, far below the edge
  const wide = new RateSearch(holed(8000, 11_000), 0, fixed(n)).run();
  assertEquals([wide.gapPs, wide.fasterPs], [11_001, edge]);
  // three picoseconds wide, somewhere beside the edge: what is not seen does not matter, what is seen counts
  const answers = Array.from({ length: 60 }, (_, k) => {
    const from = edge + 1 + k;
    const { gapPs, fasterPs, holesPs } = new RateSearch(holed(from, from + 2), 0, fixed(n)).run();
    assert(gapPs === edge || gapPs === from + 3, `${gapPs} for a hole from ${from} on`);
    if (fasterPs !== null) assertEquals([gapPs, fasterPs], [from + 3, edge]);
    assertEquals(fasterPs !== null, holesPs.length > 0);
    return { below: gapPs === from + 3, told: fasterPs !== null };
  });
  assert(
    answers[0]!.below && answers[2]!.below,
    "a hole beside the edge, or at a thousandth, is always seen",
  );
  const told = answers.filter((answer) => answer.told).length;
  assert(told >= 3, `${told} faster rates were named`);
  const dead = new RateSearch(holed(0, Infinity), 0, fixed(n)).run();
  assertEquals([dead.gapPs, dead.fasterPs], [null, null]);
});

Deno.test("measureSize counts loss, bursts and recovery as they are worked out by hand", () => {
  const [line, s, places, n] = [1000, 3300, 40, 500];
  const plan = { pdrRatio: 0.005, lengths: fixed(n) };
  const tests = ["throughput", "latency", "loss", "back-to-back", "recovery"] as const;
  const seen = measureSize(queue(line, s, places), 64, { ...plan, tests });
  const gaps = [1000, 1112, 1250, 1429, 1667, 2000, 2500, 3334, 5000];
  const curve = gaps.map((gap) => [gap, n, queueLoss(gap, s, places, n)]);
  const none = curve.findIndex(([, , lost], i) => lost === 0 && curve[i + 1]![2] === 0);
  assertEquals(
    seen.loss!.map(({ rate, offered, lost }) => [rate.gapPs, offered, lost]),
    curve.slice(0, none + 2),
    "until two successive trials lose nothing",
  );
  // (b - 1) g >= (b - K) s for the last of b frames
  const burst = Math.floor((places * s - line) / (s - line));
  assertEquals(seen.backToBack, { frames: burst, unbounded: false });
  assertEquals(seen.recovery!.recoveryNs, 0, "a queue at half the overload loses nothing more");
  assertEquals(seen.recovery!.overload.gapPs, Math.round(seen.ndr.rate!.gapPs / 1.1));
  const fast = measureSize(queue(line, 900, 3), 64, {
    ...plan,
    tests: ["back-to-back", "recovery"],
  });
  assertEquals(fast.backToBack, { frames: n, unbounded: true });
  assertEquals([fast.recovery!.recoveryNs, fast.loss, fast.latency], [null, null, null]);
});

Deno.test("measureSize finds bursts whose loss shows late, and a recovery that takes frames", () => {
  const lengths = fixed(5000);
  // odd bursts and those beyond 1000 lose their last frame or their 1001st, five gaps after it has come
  const late = device(100, () => (i, _, n) => i === 1000 || (i === n - 1 && n % 2 === 1), 500);
  const { backToBack } = measureSize(late, 64, { tests: ["back-to-back"], pdrRatio: 0, lengths });
  assertEquals(backToBack, { frames: 1000, unbounded: false });
  // a policer: a frame is lost when the last 100 gaps were shorter than 1100 ps on average; after the step from 1000
  // to 2000 ps the jth frame sees (100 + j) * 1000 ps, which is less than 110,000 up to the ninth
  const policer = device(
    100,
    () => (i, t, _n, _gap, times) => i >= 100 && t - times[i - 100]! < 110_000,
  );
  const seen = measureSize(policer, 64, { tests: ["recovery"], pdrRatio: 0, lengths });
  assertEquals(seen.ndr.rate!.gapPs, 1100);
  assertEquals(seen.recovery!.overload.gapPs, 1000);
  assertEquals([seen.recovery!.lost, seen.recovery!.recoveryNs], [4900 + 9, 18]);
});

/** Two ports into one lcore, with rings of 128. */
function rigOf(entry: Partial<StackEntry>): Rig {
  const routes = {
    count: 4,
    prefix: Uint32Array.from([0, 1, 2, 3], (p) => (10 << 24) + (p << 16)),
    depth: new Uint8Array(4).fill(16),
    nextHop: Uint32Array.of(0, 1, 2, 3),
  };
  return new Rig({
    entry: { ...stackNamed("dpdk"), ring: 128, ...entry },
    host: paperHost,
    fidelity: "coarse",
    lcores: 1,
    pattern: "2in-2out",
    flows: 16,
    seed: 1,
    routes,
    neighbours: neighboursOnPorts({ nextHops: 4, ports: 4 }),
  });
}

Deno.test("a Rig offers what it is told to, loses alike each time, and its edge is one", () => {
  const tested = rigOf({}).device(64);
  // 84 bytes at 40 Gb/s
  assertEquals([tested.lineGapPs, tested.inputs], [16_800, 2]);
  const found = new RateSearch(tested, 0, fixed(1000)).run();
  const gapPs = found.gapPs!;
  assert(gapPs > 16_800, "one lcore is slower than two wires");
  for (let time = 0; time < 2; time++) {
    assertEquals(tested.trial({ gapPs, frames: 1000 }), {
      offered: 2000,
      lost: 0,
      cut: false,
      lastLossPs: null,
    });
    const { lost, lastLossPs } = tested.trial({ gapPs: gapPs - 1, frames: 1000 });
    assert(lost > 0 && lastLossPs! <= 1100 * gapPs, "a picosecond less loses");
  }
  const flat = { gapPs: 16_800, frames: 1000 };
  const more = tested.trial({ ...flat, then: { gapPs: 16_800, frames: 100 } });
  assertEquals(
    more,
    tested.trial({ gapPs: 16_800, frames: 1100 }),
    "a step to the same gap is none",
  );
  const calm = tested.trial({ ...flat, then: { gapPs: 1e9, frames: 100 } });
  assert(calm.lost > 0 && calm.lost < more.lost);
  assertEquals(calm, { ...tested.trial(flat), offered: 2200 }, "what follows slowly loses nothing");
  const latency = tested.latency({ gapPs: 1e6, frames: 20 })!;
  assertEquals(latency.frames, 20, "those of the second half, of two ports");
  assert(latency.min > 1000 && latency.min <= latency.mean && latency.mean <= latency.max);
  // first bits of packets 3, 0 and 2 of four leave at 9, 8 and 10.5 ns; 0 is of the first half
  const traffic = { ...tested, count: 4, at: Float64Array.of(1000, 2000, 3000, 4000) };
  const out = {
    outCount: 3,
    outPacket: Int32Array.of(3, 0, 2),
    outStart: Float64Array.of(9e3, 8e3, 10_500),
  };
  const expected = { frames: 2, min: 5, mean: 6.25, p50: 5, p99: 7.5, max: 7.5 };
  assertEquals(latencyOf(traffic as unknown as Traffic, out), expected);
});

Deno.test("a Rig counts frames as lost that a stack frees without a word", () => {
  const silent = ({ ports, pool }: Env): Dataplane => {
    const burst = new Int32Array(32);
    const poll = (cpu: Cpu): number => {
      let moved = 0;
      for (const { port, queue } of cpu.rxQueues) {
        const n = ports[port]!.rxBurst(cpu, queue, burst, 32);
        for (let i = 0; i < n; i++) pool.put(cpu.lcore, burst[i]!);
        moved += n;
      }
      return moved;
    };
    return { name: "silent", poll, idlePollIsStateless: true };
  };
  const tested = rigOf({ create: () => silent }).device(64);
  const load = { gapPs: 1e6, frames: 40 };
  assertEquals(tested.trial(load), { offered: 80, lost: 80, cut: false, lastLossPs: null });
  assertEquals(tested.latency(load), null);
});

Deno.test("rfc2544 prints a table for each test, and writes the same as JSON and as a page", async () => {
  await inFolder(async (folder) => {
    const list = `${folder}/list`;
    Deno.writeTextFileSync(list, FOUR_ROUTES);
    const args = ["rfc2544", "--stack", "p2pnic", "--sizes", "512,64", "--duration", "0.005"];
    args.push("--routes", list, "--report", `${folder}/report`);
    const { code, out, err } = await run(...args);
    assertEquals([code, err], [0, ""]);
    for (const clause of ["26.1", "26.2", "26.3", "26.4", "26.5"]) {
      assert(out.includes(`(${clause})`));
    }
    assert(Math.max(...out.split("\n").map((line) => line.length)) <= 120);
    assertEquals(listing(`${folder}/report`), ["index.html", "report.json"]);
    const text = Deno.readTextFileSync(`${folder}/report/report.json`);
    const report = JSON.parse(text) as Rfc2544Report;
    const checked = rfc2544ReportSchema.safeParse(report);
    assert(checked.success, JSON.stringify(checked));
    assertEquals(report.sizes.map(({ size }) => size), [64, 512]);
    const [small] = report.sizes;
    assertEquals([small!.line.gapPs, small!.line.fps], [16_800, 59_523_809]);
    assertEquals(small!.loss![0]!.offered, Math.ceil(5_000_000 / 16_800));
    for (const { ndr, backToBack } of report.sizes) {
      assert(out.includes(String(ndr.rate!.gapPs).replace(/\B(?=(\d{3})+$)/g, ",")), "the gap");
      assert(out.includes(String(backToBack!.frames)), "the burst");
    }
    const html = Deno.readTextFileSync(`${folder}/report/index.html`);
    assertEquals(html.match(/<figure>/g)!.length, 3);
    for (const sign of [/<script/i, /<link/i, /url\(/i, /\bsrc=/i, /NaN/]) assert(!sign.test(html));
  });
});

Deno.test("rfc2544 refuses wrong options in one line", async () => {
  const refused = async (line: string, ...args: string[]) => {
    assertEquals(await run("rfc2544", ...args), { code: 2, out: "", err: `planecheck: ${line}\n` });
  };
  const stacks = `one of ${STACK_NAMES.join(", ")}`;
  await refused(`--stack: expected ${stacks}, got none`);
  await refused(`--stack: expected ${stacks}, got "none"`, "--stack", "none");
  const of = async (option: string, value: string, expected: string) =>
    await refused(
      `${option}: expected ${expected}, got ${JSON.stringify(value)}`,
      ...["--stack", "dpdk", option, value],
    );
  const sizes = "different sizes in 64..1518 with commas between";
  await of("--sizes", "64,63", sizes);
  await of("--sizes", "64,64", sizes);
  await of("--sizes", "", sizes);
  await of("--duration", "0", "a number of virtual ms above 0 and up to 20");
  await of("--lcores", "5", "an integer in 1..4");
  await of("--flows", "0", "an integer in 1..16384");
  await of("--pdr", "100", "a percentage from 0 to below 100");
  await of("--tests", "reset", "names out of throughput, latency, loss, back-to-back, recovery");
});
