// Aim: the rings of the core keep the laws of rings, in every mode and kind of memory.

import {
  ElementRing,
  MpmcRing,
  mpmcRingBytes,
  SpscRing,
  spscRingBytes,
} from "../../core/ring/mod.ts";
import { ringConformance } from "./conformance.ts";

ringConformance("SpscRing", ({ size, ...rest }) => new SpscRing(size, rest));

ringConformance("SpscRing of 2^n slots in shared memory", ({ size, startIndex }) => {
  return new SpscRing(size, { startIndex, shared: new SharedArrayBuffer(spscRingBytes(size)) });
}, { exactSizes: false });

/** A ring whose every operation is followed by what its caller owes a batch. */
class Flushed extends SpscRing {
  override enqueue(item: number): boolean {
    return this.#flushed(super.enqueue(item));
  }
  override dequeue(): number {
    return this.#flushed(super.dequeue());
  }
  override enqueueBurst(items: Int32Array, at: number, n: number): number {
    return this.#flushed(super.enqueueBurst(items, at, n));
  }
  override enqueueBulk(items: Int32Array, at: number, n: number): number {
    return this.#flushed(super.enqueueBulk(items, at, n));
  }
  override dequeueBurst(out: Int32Array, max: number): number {
    return this.#flushed(super.dequeueBurst(out, max));
  }
  override dequeueBulk(out: Int32Array, n: number): number {
    return this.#flushed(super.dequeueBulk(out, n));
  }
  override release(n: number): void {
    this.#flushed(super.release(n));
  }
  override commit(n: number): void {
    this.#flushed(super.commit(n));
  }
  #flushed<T>(result: T): T {
    this.flushEnqueued();
    this.flushDequeued();
    return result;
  }
}

ringConformance("SpscRing in shared memory, in batches that are flushed", ({ size, ...rest }) => {
  const shared = new SharedArrayBuffer(spscRingBytes(size, rest.exactSize));
  return new Flushed(size, { ...rest, shared, batch: size });
}, { numRuns: 50 });

ringConformance("MpmcRing", ({ size, ...rest }) => new MpmcRing(size, rest), {
  without: ["peek", "reserve"],
});

for (const sync of ["st", "mt", "mt-rts", "mt-hts"] as const) {
  ringConformance(`MpmcRing ${sync} in shared memory`, ({ size, ...rest }) => {
    const shared = new SharedArrayBuffer(mpmcRingBytes(size, rest.exactSize));
    return new MpmcRing(size, { ...rest, producers: sync, consumers: sync, shared });
  }, { without: sync === "st" || sync === "mt-hts" ? [] : ["peek", "reserve"] });
}

// Elements of 8, 16 and 20 bytes, as the ring tests of DPDK have them; 4 bytes are the rings above.
for (const words of [2, 4, 5]) {
  ringConformance(`ElementRing of ${words} words`, ({ size, startIndex }) => {
    return new ElementRing(new SpscRing(size * words, { exactSize: true, startIndex }), words);
  }, { elementWords: words, numRuns: 40 });
}

for (const sync of ["mt-rts", "mt-hts"] as const) {
  ringConformance(`ElementRing of 3 words, ${sync} in shared memory`, ({ size, startIndex }) => {
    const shared = new SharedArrayBuffer(mpmcRingBytes(size * 3, true));
    const modes = { producers: sync, consumers: sync };
    const options = { ...modes, exactSize: true, startIndex, shared };
    return new ElementRing(new MpmcRing(size * 3, options), 3);
  }, { elementWords: 3, numRuns: 40, without: sync === "mt-hts" ? [] : ["peek", "reserve"] });
}
