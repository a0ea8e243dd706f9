// Aim: the ordering table of the base specification (2.4.1) at a transmitter, and what follows from it from end
// to end: writes of a pair land in order, a read does not pass a write, a completion does not pass a write.
// Method: the table is tried cell by cell on a set of queues; the end-to-end laws on drawn operations in both
// fidelities, with write latencies drawn so large that only the ordering can keep reads behind.
import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { Credits } from "./_credits.ts";
import { Pool } from "./_pool.ts";
import { Queues } from "./_queues.ts";
import { type Operation, PROFILE, smallest, Testbed } from "./_testbed_for_tests.ts";

const NAMES = ["posted", "non-posted", "completion"];
// rows: later, columns: earlier, straight from the specification's table with "either" as yes
const PASSES = ["no yes yes", "no no yes", "no yes no"].map((row) => row.split(" "));

for (let later = 0; later < 3; later++) {
  for (let earlier = 0; earlier < 3; earlier++) {
    if (later === earlier) continue;
    const may = PASSES[later]![earlier] === "yes";
    Deno.test(`Queues pick lets ${NAMES[later]} ${may ? "pass" : "wait behind"} ${NAMES[earlier]}`, () => {
      const pool = new Pool(2);
      const queues = new Queues(pool, 1);
      queues.reset([256, 512, 256]);
      const credits = new Credits(1, 0);
      credits.initFc(1, 16);
      // the earlier one has no credit left, the later one has
      credits.consume(earlier, 0);
      for (const cls of [earlier, later]) queues.append(cls, pool.takeTlp(cls, 1, 2, 64, 0, true));
      assertEquals(queues.pick(0, credits, 0, 0), may ? later : -1);
    });
  }
}

Deno.test("Queues pick keeps the order within a class and takes classes in turn, after reset too", () => {
  const pool = new Pool(16);
  const queues = new Queues(pool, 1);
  const credits = new Credits(1, 0);
  credits.initFc(10, 160);
  for (let round = 0; round < 2; round++) {
    queues.reset([256, 512, 256]);
    const tlps = [2, 2, 1, 1, 1].map((cls) => pool.takeTlp(cls, 1, 2, 64, 0, true));
    for (const tlp of tlps) queues.append(pool.cls(tlp), tlp);
    const sent = tlps.map(() => queues.shift(queues.pick(0, credits, 0, 0)));
    assertEquals(sent, [2, 0, 3, 1, 4].map((i) => tlps[i]!), `round ${round}`);
    assertEquals(queues.waits(0), false);
  }
});

interface Order {
  readonly fidelity: "coarse" | "tlp";
  readonly hostWritePs: number;
  readonly deviceWritePs: number;
  readonly ops: readonly Operation[];
}

const node = fc.integer({ min: 0, max: 2 });
const order: fc.Arbitrary<Order> = fc.record({
  fidelity: fc.constantFrom("coarse" as const, "tlp" as const),
  hostWritePs: fc.constantFrom(0, 100_000, 3_000_000),
  deviceWritePs: fc.constantFrom(0, 110_000, 3_000_000),
  ops: fc.array(
    fc.record({
      kind: fc.constantFrom("write" as const, "read" as const),
      src: node,
      dst: node,
      bytes: fc.oneof(fc.constantFrom(1, 64, 128, 1024), fc.integer({ min: 1, max: 3000 })),
    }).filter(({ src, dst }) => src !== dst),
    { minLength: 2, maxLength: 30 },
  ),
});

/** Runs the operations; every pair (earlier, later) of one source and destination goes to `check`. */
function pairs(
  { fidelity, hostWritePs, deviceWritePs, ops }: Order,
  check: (earlier: Operation, later: Operation, first: number, second: number) => void,
): void {
  const bed = new Testbed(fidelity, 2, { ...PROFILE, hostWritePs, deviceWritePs });
  assertEquals(bed.run(ops, smallest(128, 256)), "quiet");
  assertEquals(bed.undone(), []);
  ops.forEach((earlier, i) =>
    ops.slice(i + 1).forEach((later, k) => {
      if (earlier.src !== later.src || earlier.dst !== later.dst) return;
      check(earlier, later, bed.doneAt[i]!, bed.doneAt[i + 1 + k]!);
    })
  );
}

Deno.test("Fabric lands the writes of a pair in order and answers no read before an earlier write", () => {
  fc.assert(
    fc.property(order, (drawn) =>
      pairs(drawn, (earlier, later, first, second) => {
        if (earlier.kind === "read") return;
        assert(
          first < second,
          `${later.kind} done at ${second} ps, the write before at ${first} ps`,
        );
      })),
    { numRuns: 300 },
  );
});

Deno.test("Fabric lands a short write after a long one where the switch has to wait for whole TLPs", () => {
  // also so short that the link is reserved for the second before it is free
  for (const bytes of [1024, 512, 300]) {
    const ends = (["coarse", "tlp"] as const).map((fidelity) => {
      const bed = new Testbed(fidelity, 1);
      bed.run([
        { kind: "write", src: 1, dst: 0, bytes },
        { kind: "write", src: 1, dst: 0, bytes: 1 },
      ]);
      assertEquals(bed.order, [0, 1], fidelity);
      return [...bed.doneAt];
    });
    for (const op of [0, 1]) {
      const off = ends[0]![op]! - ends[1]![op]!;
      assert(Math.abs(off) <= 1, `write ${op} after ${bytes} bytes: ${off} ps apart`);
    }
  }
});

Deno.test("Fabric brings a completion after the earlier writes of its completer", () => {
  for (const fidelity of ["coarse", "tlp"] as const) {
    const bed = new Testbed(fidelity, 2, { ...PROFILE, deviceWritePs: 5_000_000 });
    // device 2 writes to device 1 just before it answers device 1's read
    const ops: Operation[] = [
      { kind: "read", src: 1, dst: 2, bytes: 64 },
      { kind: "write", src: 2, dst: 1, bytes: 64, at: 300_000 },
    ];
    bed.run(ops);
    assert(
      bed.doneAt[1]! < bed.doneAt[0]!,
      `${fidelity}: write ${bed.doneAt[1]}, read ${bed.doneAt[0]}`,
    );
  }
});

Deno.test("TLP fabric lets a posted write pass a read that waits for credits", () => {
  const bed = new Testbed("tlp", 2, { ...PROFILE, updateFcPs: 1_000_000 });
  // one header credit: the second read waits a microsecond for the first one's
  const ops: Operation[] = [
    { kind: "read", src: 1, dst: 2, bytes: 64 },
    { kind: "read", src: 1, dst: 2, bytes: 64 },
    { kind: "write", src: 1, dst: 2, bytes: 64 },
  ];
  bed.run(ops, smallest(256, 512));
  assertEquals(bed.order[0], 2);
  assert(bed.doneAt[2]! < 400_000, `the write landed at ${bed.doneAt[2]} ps`);
});
