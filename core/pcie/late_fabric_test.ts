// Aim: whatever is late, every operation ends once, unless it was a doorbell that is lost; the writes of a path keep
// their order, and an answer comes after them; and a fabric that was reset, in the middle of anything, equals a new one.
// Method: drawn operations of two queues with drawn deviations, over each fidelity; the contract's sentences as checks.
import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { Choices, type Deviation } from "../time/choices.ts";
import { Clock } from "../time/clock.ts";
import { createFabric } from "./create.ts";
import { type Fidelity, HOST } from "./fabric.ts";
import { LateFabric, LOST, type WriteMeaning } from "./late_fabric.ts";
import { GEOMETRY, PROFILE } from "./_testbed_for_tests.ts";

/** What may be asked for, by its name as a site has it: from where to where, and what a write means. */
const KINDS = [
  { src: 1, dst: HOST, isWrite: true, meaning: "rx write-back" },
  { src: 1, dst: HOST, isWrite: true, meaning: "tx write-back" },
  { src: HOST, dst: 1, isWrite: true, meaning: "rx doorbell" },
  { src: HOST, dst: 1, isWrite: true, meaning: "unmask" },
  { src: 1, dst: HOST, isWrite: true, meaning: "" },
  { src: 1, dst: HOST, isWrite: false, meaning: "" },
  { src: 2, dst: 1, isWrite: false, meaning: "" },
  { src: 1, dst: 2, isWrite: true, meaning: "" },
] as const;
const SITES = [
  ...["rx write-back nic0.0", "rx write-back nic0.1", "tx write-back nic0.0", "rx doorbell nic0.0"],
  ...["unmask nic0.0", "write nic0>host", "read nic0<host", "read nic1<nic0", "write nic0>nic1"],
];

interface Op {
  readonly kind: number;
  readonly queue: number;
  readonly at: number;
}

class Bed {
  readonly clock = new Clock();
  readonly late: LateFabric;
  times: number[][] = [];
  readonly #choices = new Choices();
  readonly #handlers: number[];
  readonly #begin: number;
  #ops: readonly Op[] = [];

  constructor(fidelity: Fidelity) {
    this.late = new LateFabric(this.clock, this.#choices, 2);
    this.late.over(createFabric(fidelity, this.clock, PROFILE, 2));
    this.#begin = this.clock.register((i) => {
      const { kind, queue } = this.#ops[i]!;
      const { src, dst, isWrite } = KINDS[kind]!;
      if (!this.late.room(src)) return this.clock.at(this.clock.now + 100_000, this.#begin, i);
      this.late[isWrite ? "write" : "read"](src, dst, 64, this.#handlers[kind]!, i * 2 + queue);
    });
    this.#handlers = KINDS.map(({ meaning }) => {
      const handler = this.clock.register((arg) => void this.times[arg >> 1]!.push(this.clock.now));
      const kind = meaning as WriteMeaning["kind"];
      const says = { kind, nic: "nic0", queueOf: (arg: number) => arg & 1 };
      if (meaning !== "") this.late.names(handler, says);
      return handler;
    });
  }

  run(ops: readonly Op[], deviations: readonly Deviation[], events: number): string {
    this.#choices.reset(deviations);
    this.clock.reset(this.#choices);
    this.late.reset(2, GEOMETRY, this.#choices);
    this.#ops = ops;
    this.times = ops.map(() => []);
    ops.forEach(({ at }, i) => this.clock.at(at, this.#begin, i));
    return this.clock.run({ horizonPs: 1e15, events }, () => this.late.isQuiet);
  }
}

const drawn = fc.record({
  ops: fc.array(
    fc.record({
      kind: fc.nat(KINDS.length - 1),
      queue: fc.nat(1),
      at: fc.oneof(fc.nat(1e6), fc.nat(6e7)),
    }),
    { minLength: 1, maxLength: 16, size: "max" },
  ).map((ops) => ops.sort((a, b) => a.at - b.at)),
  deviations: fc.array(
    fc.record({
      site: fc.constantFrom(...SITES),
      occurrence: fc.nat(2),
      value: fc.constantFrom(1, 3, 5, 6, 7, 7),
    }),
    { maxLength: 12, size: "max" },
  ),
});

for (const fidelity of ["coarse", "tlp", "link"] as const) {
  Deno.test(`LateFabric ends each operation once and keeps the order of writes and answers (${fidelity})`, () => {
    const bed = new Bed(fidelity);
    let [late, behind] = [0, 0];
    fc.assert(
      fc.property(drawn, ({ ops, deviations }) => {
        assertEquals(bed.run(ops, deviations, 1e6), "quiet");
        // doorbells of value 7 are lost, and nothing else is; of one queue, in the order in which they were made
        const lost = new Set(
          deviations.flatMap(({ site, value, occurrence }) =>
            site.startsWith("rx doorbell") && value === LOST ? [`${site} ${occurrence}`] : []
          ),
        );
        const rings = [0, 0];
        ops.forEach(({ kind, queue }, i) => {
          const isDoorbell = KINDS[kind]!.meaning === "rx doorbell";
          const name = `rx doorbell nic0.${queue} ${rings[queue]}`;
          if (isDoorbell) rings[queue]!++;
          const last = deviations.findLast((one) => `${one.site} ${one.occurrence}` === name);
          const isLost = isDoorbell && lost.has(name) && last?.value === LOST;
          assertEquals(bed.times[i]!.length, isLost ? 0 : 1, `operation ${i}`);
        });
        // a path: from node to node; what one of it has written is visible before what it writes later
        ops.forEach((first, i) => {
          const a = KINDS[first.kind]!;
          const [before] = bed.times[i]!;
          if (!a.isWrite || before === undefined) return;
          if (before > first.at + 5e6) late++;
          ops.slice(i + 1).forEach((second, k) => {
            const b = KINDS[second.kind]!;
            const [after] = bed.times[i + 1 + k]!;
            const isSame = a.src === b.src && a.dst === b.dst;
            // an answer comes behind its request, and behind what a device that gives it has written
            const isBack = !b.isWrite && b.dst !== HOST && a.src === b.dst && a.dst === b.src;
            if (after === undefined || !(isSame || isBack)) return;
            if (isBack && before > first.at + 5e6) behind++;
            const what = b.isWrite ? "write" : "answer";
            assert(before < after, `write ${i} at ${before}, ${what} ${i + 1 + k} at ${after}`);
          });
        });
      }),
      { numRuns: 300 },
    );
    assert(late > 10 && behind > 0, `${late} writes were late, ${behind} before an answer`);
  });

  Deno.test(`LateFabric after reset is equal to a new one (${fidelity})`, () => {
    const used = new Bed(fidelity);
    let cut = 0;
    fc.assert(
      fc.property(drawn, drawn, fc.nat(60), (before, after, events) => {
        if (used.run(before.ops, before.deviations, events) === "limit") cut++;
        const end = used.run(after.ops, after.deviations, 1e6);
        const unused = new Bed(fidelity);
        assertEquals(unused.run(after.ops, after.deviations, 1e6), end);
        assertEquals(used.times, unused.times);
        assertEquals(used.clock.traceHash, unused.clock.traceHash);
        assertEquals(used.late.links(), unused.late.links());
      }),
      { numRuns: fidelity === "link" ? 150 : 400 },
    );
    assert(cut > 10, `${cut} runs were cut short`);
  });
}
