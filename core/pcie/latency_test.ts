// Aim: without other traffic every time is the sum of stage constants, to the picosecond, in both fidelities.
// Method: an oracle that walks each TLP through link, switch, link in whole numbers (a byte lasts 8000/57.88 ps
// = 200000/1447, half of it on the host's link), for hand-picked and for drawn sizes.
import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { GEOMETRY, type Operation, PROFILE, Testbed } from "./_testbed_for_tests.ts";
import { Clock } from "../time/clock.ts";
import { TlpFabric } from "./tlp.ts";

/** Duration of `bytes` on the link of a node: rounded half up from the exact fraction. */
function duration(bytes: number, node: number): number {
  const n = 2n * BigInt(bytes) * 200_000n;
  const d = node === 0 ? 2n * 1447n : 1447n;
  return Number((n + d) / (2n * d));
}

/** When each packet, all ready at `at` or back to back after that, has arrived at the other end. */
function arrivals(sizes: number[], at: number, from: number, to: number): number[] {
  const sameRate = (from === 0) === (to === 0);
  let sent = 0;
  let busyFrom = -1;
  let busyBytes = 0;
  let free = -1;
  return sizes.map((bytes) => {
    const head = at + duration(sent, from);
    sent += bytes;
    const ready = (sameRate ? head : at + duration(sent, from)) + PROFILE.switchPs;
    if (ready > free) {
      busyFrom = ready;
      busyBytes = 0;
    }
    busyBytes += bytes;
    free = busyFrom + duration(busyBytes, to);
    return free;
  });
}

function pieces(bytes: number, most: number): number[] {
  const list: number[] = [];
  for (let left = bytes; left > 0; left -= most) list.push(Math.min(left, most));
  return list;
}

function writeTime({ src, dst, bytes }: Operation, mps: number): number {
  const sizes = pieces(bytes, mps).map((n) => n + 24);
  return arrivals(sizes, 0, src, dst).at(-1)! +
    (dst === 0 ? PROFILE.hostWritePs : PROFILE.deviceWritePs);
}

function readTime({ src, dst, bytes }: Operation, mps: number, mrrs: number): number {
  const asked = arrivals(pieces(bytes, mrrs).map(() => 24), 0, src, dst);
  const latency = dst === 0 ? PROFILE.hostReadPs : PROFILE.deviceReadPs;
  const sizes = pieces(bytes, mrrs).flatMap((n) => pieces(n, mps)).map((n) => n + 20);
  // the answers to the first request last longer than the next request is behind it
  return arrivals(sizes, asked[0]! + latency, dst, src).at(-1)!;
}

const PAIRS = [[1, 2], [2, 1], [1, 0], [0, 1]] as const;
const SIZES = [1, 16, 60, 64, 65, 256, 257, 300, 511, 512, 513, 520, 600, 1024, 1518, 2048, 9000];
const beds = (["coarse", "tlp"] as const).map((fidelity) => new Testbed(fidelity, 2));

for (const bed of beds) {
  Deno.test(`${bed.fabric.fidelity} fabric at zero load takes the sum of the stages`, () => {
    for (const [src, dst] of PAIRS) {
      for (const bytes of SIZES) {
        const write: Operation = { kind: "write", src, dst, bytes };
        bed.run([write]);
        const of = `${bytes} bytes, node ${src} to ${dst}`;
        assertEquals(bed.doneAt[0], writeTime(write, 256), `write of ${of}`);
        const read: Operation = { kind: "read", src, dst, bytes };
        bed.run([read]);
        assertEquals(bed.doneAt[0], readTime(read, 256, 512), `read of ${of}`);
      }
    }
  });
}

Deno.test("Fabric at zero load takes the sum of the stages for any size and geometry", () => {
  const size = fc.constantFrom(128, 256, 512, 1024, 2048, 4096);
  fc.assert(
    fc.property(
      fc.constantFrom(...PAIRS),
      fc.integer({ min: 1, max: 20_000 }),
      size,
      size,
      fc.constantFrom("write" as const, "read" as const),
      ([src, dst], bytes, mps, mrrs, kind) => {
        const op: Operation = { kind, src, dst, bytes };
        const expected = kind === "write" ? writeTime(op, mps) : readTime(op, mps, mrrs);
        for (const bed of beds) {
          bed.run([op], { ...GEOMETRY, mps, mrrs });
          assertEquals(bed.doneAt[0], expected, bed.fabric.fidelity);
        }
      },
    ),
    { numRuns: 400 },
  );
});

Deno.test("Fabric at zero load needs one event for a write and two for a read when coarse", () => {
  const [coarse, tlp] = beds as [Testbed, Testbed];
  // three more start the sources
  coarse.run([{ kind: "write", src: 1, dst: 2, bytes: 1518 }]);
  assertEquals(coarse.clock.events, 3 + 1);
  coarse.run([{ kind: "read", src: 1, dst: 2, bytes: 1518 }]);
  assertEquals(coarse.clock.events, 3 + 2);
  tlp.run([{ kind: "write", src: 1, dst: 2, bytes: 64 }]);
  assertEquals(tlp.clock.events, 3 + 2);
  // request at the switch, answer ready, at the switch, at the requester
  tlp.run([{ kind: "read", src: 1, dst: 2, bytes: 64 }]);
  assertEquals(tlp.clock.events, 3 + 4);
});

// Aim: a requester never has more reads outstanding than it has tags, and uses all that it has.
// Method: many reads at a time; the requests that have crossed its link by the time at which the first
// answer can be there, and then one more for each answer.

Deno.test("TlpFabric PCIE-4: as many requests are outstanding as there are tags, no more", () => {
  // at one instant, and so far apart that each finds the link free
  for (const [tags, gap] of [[1, 0], [3, 0], [8, 0], [1, 5_000], [3, 5_000], [8, 5_000]] as const) {
    const clock = new Clock();
    const fabric = new TlpFabric(clock, PROFILE, 2, { tags, reads: 64, waiting: 64 });
    fabric.reset(2, GEOMETRY);
    const requests = () => fabric.links().find((link) => link.name === "nic0>switch")!.tlps[1];
    let answered = 0;
    let most = 0;
    const handler = clock.register(() => {
      answered++;
      // the tag of this answer may be in use again by now
      most = Math.max(most, requests() - answered);
    });
    const count = 20;
    const ask = clock.register((i) => fabric.read(1, 0, 512, handler, i));
    for (let i = 0; i < count; i++) clock.at(i * gap, ask, i);
    // no answer is back before the request has crossed twice and the host has read
    clock.run({ horizonPs: PROFILE.hostReadPs + 2 * PROFILE.switchPs, events: 10_000 });
    assertEquals([requests(), answered], [tags, 0], `${tags} tags, ${gap} ps apart`);
    clock.run({ horizonPs: 1e9, events: 100_000 });
    assertEquals(
      [requests(), answered, most],
      [count, count, tags],
      `${tags} tags, ${gap} ps apart`,
    );
  }
});

Deno.test("TlpFabric returns the credit of a read request when the request has arrived", () => {
  const clock = new Clock();
  const fabric = new TlpFabric(clock, PROFILE, 3);
  fabric.reset(3, { ...GEOMETRY, headerCredits: 1 });
  const handler = clock.register(() => {});
  for (const src of [1, 2, 3]) fabric.read(src, 0, 4, handler, 0);
  // all are at the switch at once; with one header credit each waits for the UpdateFC of the one before
  const first = duration(24, 1) + PROFILE.switchPs;
  for (
    const [sent, at] of [1, 2, 3].map((n) => [n, first + (n - 1) * (duration(24, 0) + 30_000)])
  ) {
    for (const [ps, expected] of [[at! - 1, sent! - 1], [at!, sent!]] as const) {
      clock.run({ horizonPs: ps, events: 1000 });
      const { tlps } = fabric.links().find(({ name }) => name === "switch>host")!;
      assertEquals(tlps[1], expected, `requests that have left at ${ps} ps`);
    }
  }
});

Deno.test("TlpFabric answers requests in the order in which they arrive, however few its completer takes on", () => {
  for (const reads of [1, 2, 3]) {
    const bed = new Testbed("tlp", 4, PROFILE, { tags: 8, reads, waiting: 8 });
    // so far apart that places become free while requests are on the way
    for (let gap = 20_000; gap < 700_000; gap += 7_000) {
      const ops = Array.from({ length: 12 }, (_, i): Operation => {
        return { kind: "read", src: 1 + i % 4, dst: 0, bytes: 64, at: i * gap };
      });
      bed.run(ops);
      assertEquals(bed.order, ops.map((_, i) => i), `${reads} at a time, ${gap} ps apart`);
    }
  }
});

// Aim: a TLP that finds link, queues and credits as it needs them is sent without being queued, and nobody can tell.
// Method: the times of writes that sometimes find a link free and sometimes do not, in whole numbers; and who goes
// next where the one before was not queued.

/** When writes of one TLP, each asked for at its time, have arrived at the other end. */
function oneByOne(writes: readonly { at: number; bytes: number }[], from: number, to: number) {
  /** When the first and the last byte of each leave a link on which each may begin at its time. */
  const link = (ready: readonly number[], node: number): { begin: number; end: number }[] => {
    let since = -1;
    let bytes = 0;
    let free = -1;
    return ready.map((at, i) => {
      if (at > free) [since, bytes] = [at, 0];
      const begin = Math.max(at, free);
      bytes += writes[i]!.bytes + PROFILE.writeOverheadBytes;
      free = since + duration(bytes, node);
      return { begin, end: free };
    });
  };
  const up = link(writes.map(({ at }) => at), from);
  const cutThrough = (from === 0) === (to === 0);
  const routed = up.map(({ begin, end }) => (cutThrough ? begin : end) + PROFILE.switchPs);
  return link(routed, to).map(({ end }) => end);
}

Deno.test("TlpFabric takes the time of its links for writes that find them free, busy or busy until now", () => {
  const [, bed] = beds as [Testbed, Testbed];
  const write = fc.record({
    gap: fc.constantFrom(0, 1, 5_000, duration(88, 1), duration(88, 0), 12_000, 40_000),
    bytes: fc.constantFrom(1, 64, 256),
  });
  fc.assert(
    fc.property(
      fc.constantFrom(...PAIRS),
      fc.array(write, { minLength: 2, maxLength: 12 }),
      ([src, dst], drawn) => {
        let at = 0;
        const writes = drawn.map(({ gap, bytes }) => ({ at: at += gap, bytes }));
        bed.run(writes.map((each): Operation => ({ kind: "write", src, dst, ...each })));
        const latency = dst === 0 ? PROFILE.hostWritePs : PROFILE.deviceWritePs;
        assertEquals([...bed.doneAt], oneByOne(writes, src, dst).map((ps) => ps + latency));
      },
    ),
    { numRuns: 300 },
  );
});

Deno.test("TlpFabric lets nothing pass what waits for credits, though the link is free", () => {
  const bed = new Testbed("tlp", 2);
  const write = { kind: "write", src: 1, dst: 2, bytes: 64 } as const;
  const ops: Operation[] = [write, write, { kind: "read", src: 1, dst: 2, bytes: 64, at: 20_000 }];
  const sent = () => bed.fabric.links().find(({ name }) => name === "nic0>switch")!.tlps;
  bed.run(ops, { ...GEOMETRY, headerCredits: 1 }, 5);
  // one event for each source, one where the link is free, and one at 20 ns for the read
  assertEquals([bed.clock.now, ...sent()], [20_000, 1, 0, 0]);
  // the same for an answer behind a write of its completer
  const clock = new Clock();
  const fabric = new TlpFabric(clock, PROFILE, 2);
  fabric.reset(2, { ...GEOMETRY, headerCredits: 1 });
  const done = clock.register(() => {});
  const post = clock.register(() => fabric.write(2, 1, 64, done, 0));
  fabric.read(1, 2, 64, done, 0);
  const answered = arrivals([24], 0, 1, 2)[0]! + PROFILE.deviceReadPs;
  for (const _ of [1, 2]) clock.at(answered - 15_000, post, 0);
  clock.run({ horizonPs: answered, events: 100 });
  assertEquals(fabric.links().find(({ name }) => name === "nic1>switch")!.tlps, [1, 0, 0]);
});

Deno.test("TlpFabric serves in turn after what was not queued: ingress ports at the switch, classes at a node", () => {
  const bed = new Testbed("tlp", 4);
  const write = (src: number, at: number): Operation => ({
    kind: "write",
    src,
    dst: 4,
    bytes: 256,
    at,
  });
  bed.run([write(2, 0), write(1, 5_000), write(3, 10_000)]);
  assertEquals(bed.order, [0, 2, 1], "after the second port comes the third");
  const clock = new Clock();
  const fabric = new TlpFabric(clock, PROFILE, 2);
  fabric.reset(2, GEOMETRY);
  const done = clock.register(() => {});
  fabric.read(1, 2, 64, done, 0);
  fabric.read(1, 2, 64, done, 1);
  fabric.write(1, 2, 64, done, 2);
  clock.run({ horizonPs: duration(24, 1), events: 10 });
  const { tlps } = fabric.links().find(({ name }) => name === "nic0>switch")!;
  assertEquals(tlps, [1, 1, 0], "after a read comes a write, which may pass the second read");
});
