// Aim: ReorderBuffer hands out what it took, in order, each item once, and refuses exactly what its
// window does not allow (early packet moves the window, late is refused, drain, drain up to a
// number). Method: the model is a list of numbers that do not wrap; random operations near the
// window's edges, from start numbers near 2^31 and 2^32.

import { assertEquals, assertGreater, assertThrows } from "@std/assert";
import fc from "fast-check";
import { ReorderBuffer } from "./reorder_buffer.ts";

/** A plain list instead of two rings, and numbers that go on beyond 2^32. */
class Model {
  next: number;
  inside: { number: number; item: number; ready: boolean }[] = [];
  constructor(readonly size: number, start: number) {
    this.next = start;
  }

  insert(number: number, item: number): string {
    if (number < this.next) return "late";
    if (number >= this.next + 2 * this.size) return "beyond";
    const first = Math.max(this.next, number + 1 - this.size);
    const passed = this.inside.filter((i) => !i.ready && i.number < first);
    const ready = this.inside.filter((i) => i.ready).length;
    if (passed.length + ready > this.size) return "full";
    for (const entry of passed) entry.ready = true;
    this.next = first;
    if (this.inside.some((i) => i.number === number)) return "duplicate";
    this.inside.push({ number, item, ready: false });
    return "stored";
  }

  drain(n: number): number[] {
    return this.#leave(n, (number, ready) => ready || number === this.next);
  }

  drainUpTo(limit: number, n: number): number[] {
    const out = this.#leave(n, (number) => number < limit);
    const first = Math.min(...this.inside.map((i) => i.number));
    // gaps are passed only on the way to an item that was asked for
    if (out.length < n && !this.inside.some((i) => i.ready) && first >= limit) {
      this.next = Math.max(this.next, limit);
    }
    return out;
  }

  #leave(n: number, may: (number: number, ready: boolean) => boolean): number[] {
    const out: number[] = [];
    this.inside.sort((a, b) => a.number - b.number);
    while (out.length < n && this.inside.length > 0) {
      const { number, item, ready } = this.inside[0]!;
      if (!may(number, ready)) break;
      this.inside.shift();
      if (!ready) this.next = number + 1;
      out.push(item);
    }
    return out;
  }
}

const operation = fc.record({
  kind: fc.constantFrom("insert", "insert", "insert", "insert", "drain", "upTo"),
  /** From the window's start, in halves of its size. */
  halves: fc.integer({ min: -1, max: 4 }),
  delta: fc.integer({ min: -2, max: 2 }),
  n: fc.integer({ min: 0, max: 6 }),
});
const runs = fc.record({
  size: fc.constantFrom(1, 2, 4, 8),
  start: fc.constantFrom(0, 2 ** 31 - 5, 2 ** 32 - 5, 1000),
  steps: fc.array(operation, { maxLength: 80, size: "max" }),
});

Deno.test("ReorderBuffer equals a list under every operation", () => {
  const seen = new Map<string, number>();
  fc.assert(
    fc.property(runs, ({ size, start, steps }) => {
      const buffer = new ReorderBuffer(size);
      const model = new Model(size, start);
      const out = new Int32Array(6);
      buffer.start(start);
      steps.forEach(({ kind, halves, delta, n }, item) => {
        const number = Math.max(0, model.next + Math.floor(halves * size / 2) + delta);
        if (kind === "insert") {
          const result = buffer.insert(number >>> 0, item);
          assertEquals(result, model.insert(number, item), `insert ${number}`);
          seen.set(result, (seen.get(result) ?? 0) + 1);
        } else {
          const expected = kind === "drain" ? model.drain(n) : model.drainUpTo(number, n);
          const count = kind === "drain"
            ? buffer.drain(out, 0, n)
            : buffer.drainUpTo(number >>> 0, out, 0, n);
          assertEquals([...out.subarray(0, count)], expected, `${kind} ${number} at most ${n}`);
          if (count > 0) seen.set(kind, (seen.get(kind) ?? 0) + 1);
        }
        assertEquals([buffer.next, buffer.count], [model.next % 2 ** 32, model.inside.length]);
      });
    }),
    { seed: 1, numRuns: 400 },
  );
  for (const what of ["stored", "late", "beyond", "full", "duplicate", "drain", "upTo"]) {
    assertGreater(seen.get(what) ?? 0, 40, what);
  }
});

Deno.test("ReorderBuffer starts at the first item's number, or where it is told while empty", () => {
  const buffer = new ReorderBuffer(4);
  assertEquals([buffer.drainUpTo(9, new Int32Array(1), 0, 1), buffer.next], [0, 0]);
  buffer.insert(50, 1);
  assertEquals(buffer.next, 50);
  assertThrows(() => buffer.start(7), RangeError, "Cannot start at 7: 1 items are inside");
  assertEquals(buffer.drain(new Int32Array(4), 0, 4), 1);
  buffer.start(7);
  assertEquals(buffer.insert(6, 1), "late");
  assertThrows(() => new ReorderBuffer(6), RangeError, "its size is 6");
});
