// Aim: a saturated link moves what the closed form of Neugebauer et al. (SIGCOMM 2018) says, and the two
// fidelities agree. Method: one device against the host, whose link is twice as fast; steady state is measured
// over the middle half of the operations. Then drawn workloads over several devices, in which both fidelities
// have to be done with the same operations at the same time.
import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import fc from "fast-check";
import { creditFaults, GEOMETRY, type Operation, Testbed } from "./_testbed_for_tests.ts";

const B = 57.88;
const c = (a: number, b: number) => Math.ceil(a / b);
const write = (s: number) => B * s / (s + c(s, 256) * 24);
const read = (s: number) => B * s / Math.max(s + c(s, 256) * 20, c(s, 512) * 24);
const both = (s: number) =>
  B * s / Math.max(s + c(s, 256) * 24 + c(s, 512) * 24, s + c(s, 256) * 20);

const SIZES = [64, 65, 128, 256, 257, 512, 1024, 1518, 2048];
const beds = (["coarse", "tlp"] as const).map((fidelity) => new Testbed(fidelity, 4));

/** Gb/s of payload in one direction over the middle half of the operations. */
function rate(bed: Testbed, ops: Operation[], each: number): number {
  bed.run(ops);
  assertEquals(bed.undone(), []);
  const times = [...bed.doneAt].sort((a, b) => a - b);
  const from = Math.floor(times.length / 4);
  const to = 3 * from;
  return (to - from) * each * 8 / (times[to]! - times[from]!) * 1000;
}

for (const bed of beds) {
  const name = bed.fabric.fidelity;
  const tolerance = 0.015;
  Deno.test(`${name} fabric saturated moves what the closed form says`, () => {
    for (const s of SIZES) {
      const n = Math.ceil(100_000 / (s + 100)) + 300;
      const writes = Array.from({ length: n }, (): Operation => {
        return { kind: "write", src: 1, dst: 0, bytes: s };
      });
      assertAlmostEquals(rate(bed, writes, s) / write(s), 1, tolerance, `write ${s}`);
      const reads = writes.map((op) => ({ ...op, kind: "read" as const }));
      assertAlmostEquals(rate(bed, reads, s) / read(s), 1, tolerance, `read ${s}`);
      const mixed = writes.flatMap((op, i) => [op, reads[i]!]);
      assertAlmostEquals(rate(bed, mixed, s / 2) / both(s), 1, tolerance, `both ${s}`);
    }
  });
}

/** How much longer the coarse fabric takes for all operations than the TLP fabric, as a fraction. */
function excess(flows: readonly Operation[], times: number): number {
  const ops: Operation[] = [];
  for (let i = 0; i < times; i++) ops.push(...flows);
  const [coarse, tlp] = beds.map((bed) => {
    assertEquals(bed.run(ops), "quiet");
    assertEquals(bed.undone(), []);
    return Math.max(...bed.doneAt);
  });
  return coarse! / tlp! - 1;
}

const node = fc.integer({ min: 0, max: 4 });
const flow: fc.Arbitrary<Operation> = fc.record({
  kind: fc.constantFrom("write" as const, "read" as const),
  src: node,
  dst: node,
  bytes: fc.integer({ min: 1, max: 2048 }),
}).filter(({ src, dst }) => src !== dst);

Deno.test("coarse fabric does what one device is asked for in the TLP fabric's time within 3 %", () => {
  // the device's link is the narrowest on the way of all, so who goes first cannot matter
  const device = fc.integer({ min: 1, max: 4 });
  const kind = fc.constantFrom("write" as const, "read" as const);
  fc.assert(
    fc.property(
      device,
      kind,
      fc.array(flow, { minLength: 1, maxLength: 5 }),
      (dst, kind, flows) => {
        const ops = flows.map((op) => ({ ...op, kind, dst })).filter((op) => op.src !== dst);
        fc.pre(ops.length > 0);
        const more = excess(ops, 200);
        assert(Math.abs(more) < 0.03, `${(more * 100).toFixed(2)} % longer`);
      },
    ),
    { seed: 1, numRuns: 40 },
  );
});

Deno.test("coarse fabric does drawn workloads in the TLP fabric's time within 3 %, but for 1 in 20", () => {
  const workloads = fc.sample(fc.array(flow, { minLength: 1, maxLength: 6 }), {
    numRuns: 60,
    seed: 1998,
  });
  const errors = workloads.map((flows) => excess(flows, 300)).sort((a, b) => a - b);
  const beyond = errors.filter((e) => Math.abs(e) > 0.03);
  const text = errors.map((e) => (e * 100).toFixed(2)).join(" ");
  assert(beyond.length <= 3, `errors in %: ${text}`);
  // without credits nobody blocks others' way: only faster, never much slower
  assert(errors[0]! > -0.15 && errors.at(-1)! < 0.06, `errors in %: ${text}`);
});

Deno.test("Fabric below saturation has the same mean latency in both fidelities within 3 %", () => {
  // three sources at 40 % of the link of device 1, offset so that they meet at times
  const ops: Operation[] = [];
  for (let i = 0; i < 300; i++) {
    for (const src of [2, 3, 4]) {
      const at = i * 240_000 + src * 7_919;
      ops.push({ kind: "write", src, dst: 1, bytes: 64 + (i * 37 + src) % 600, at });
      ops.push({ kind: "read", src, dst: 0, bytes: 64 + (i * 53 + src) % 900, at });
    }
  }
  const means = beds.map((bed) => {
    bed.run(ops);
    return bed.doneAt.reduce((sum, at, i) => sum + at - ops[i]!.at!, 0) / ops.length;
  });
  assertAlmostEquals(means[0]! / means[1]!, 1, 0.03);
});

Deno.test("Fabric shares a saturated link equally between its sources", () => {
  for (const bed of beds) {
    const ops: Operation[] = [];
    for (let i = 0; i < 400; i++) {
      for (const src of [2, 3, 4]) ops.push({ kind: "write", src, dst: 1, bytes: 256 });
    }
    bed.run(ops);
    const last = [2, 3, 4].map((src) =>
      Math.max(...ops.map((op, i) => op.src === src ? bed.doneAt[i]! : 0))
    );
    const [least, most] = [Math.min(...last), Math.max(...last)];
    assert(most - least < 0.01 * most, `${bed.fabric.fidelity}: ${last}`);
  }
});

Deno.test("Fabric accounts for the same TLPs and bytes in both fidelities", () => {
  const ops: Operation[] = SIZES.flatMap((bytes): Operation[] => [
    { kind: "write", src: 1, dst: 2, bytes },
    { kind: "read", src: 1, dst: 2, bytes },
    { kind: "write", src: 0, dst: 3, bytes },
    { kind: "read", src: 4, dst: 0, bytes },
  ]);
  const accounts = beds.map((bed) => {
    bed.run(ops, { ...GEOMETRY, mps: 512, mrrs: 128 });
    return bed.fabric.links();
  });
  assertEquals(accounts[0], accounts[1]);
});

Deno.test("tlp fabric says how full its switch was and for how long it held up each source", () => {
  const bed = beds[1]!;
  const ops = Array.from({ length: 600 }, (_, i): Operation => {
    return { kind: "write", src: 1 + i % 3, dst: 4, bytes: 256 };
  });
  bed.run(ops, { ...GEOMETRY, headerCredits: 16, dataCredits: 64 });
  const busy = bed.fabric.congestion!();
  // four NICs and the host, 64 credits of 16 bytes for writes and for completions
  assertEquals([busy.poolBytes, busy.lostTlps], [5 * 2 * 64 * 16, 0]);
  // three sources fill what their ports advertise, of which what is leaving is free already
  assert(busy.peakBytes >= 3 * 2 * 256 && busy.peakBytes <= 3 * 64 * 16, `${busy.peakBytes} bytes`);
  // each sends a third of the time that the one link takes, and waits for the rest
  const last = Math.max(...bed.doneAt);
  for (const node of [1, 2, 3]) {
    const share = busy.stalledPs[node]! / last;
    assert(share > 0.5 && share < 0.7, `node ${node} was held up for ${share} of the time`);
  }
  assertEquals([busy.stalledPs[0], busy.stalledPs[4]], [0, 0]);
  bed.run(ops.map((op) => ({ ...op, src: 1 })));
  const alone = bed.fabric.congestion!();
  assertEquals([alone.peakBytes, alone.stalledPs], [256, [0, 0, 0, 0, 0]], "one after the other");
});

Deno.test("tlp fabric that forgets flow control loses whole writes, tells of each once, and keeps its credits", () => {
  const bed = beds[1]!;
  const ops = Array.from({ length: 300 }, (_, i): Operation => {
    return { kind: i % 5 === 4 ? "read" : "write", src: 1 + i % 3, dst: 4, bytes: 700 };
  });
  for (const holds of [0, 1000, 4000]) {
    const told = new Uint32Array(ops.length);
    const { fabric } = bed;
    const reset = fabric.reset.bind(fabric);
    fabric.reset = (devices, geometry) => {
      reset(devices, geometry);
      fabric.loseBeyond!(holds, (_handler, op) => void told[op]!++);
    };
    assertEquals(bed.run(ops), "quiet");
    fabric.reset = reset;
    ops.forEach(({ kind }, op) => {
      assertEquals(bed.calls[op]! + told[op]!, 1, `operation ${op}`);
      if (kind === "read") assertEquals(told[op], 0, "only posted TLPs are lost");
    });
    const lost = told.reduce((sum, n) => sum + n, 0);
    const { peakBytes, lostTlps } = fabric.congestion!();
    assert(lostTlps >= lost && lost > (holds === 0 ? 239 : 20), `${lost} writes, ${lostTlps} TLPs`);
    if (holds === 1000) assert(peakBytes < 1000 + 3 * 700, `${peakBytes} bytes`);
    assertEquals(creditFaults(fabric), []);
  }
  bed.run(ops);
  assertEquals([bed.undone(), bed.fabric.congestion!().lostTlps], [[], 0], "a reset heals it");
});
