/**
 * Queues of the three classes side by side: what waits in one place for one transmitter is a set of three,
 * `set * 3 + class`. Each is first in first out; among the three the ordering table decides who may go
 * (PCI Express base specification, 2.4.1; relaxed and ID-based ordering off).
 *
 * Only heads are compared: a head is the oldest of its class, so whatever it may not pass is at a head.
 * What lies in a queue has its data credits bounded by the largest payload of its class, whether it is a TLP
 * or an operation that is cut into TLPs as it is sent.
 */
import { MAY_PASS } from "./_ordering.ts";
import * as geometry from "./_geometry.ts";
import type { Credits } from "./_credits.ts";
import type { Pool } from "./_pool.ts";

/** Constants of this module: V8 reads and checks what is imported at each use. */
const { CLASSES, DATA_CREDIT_SHIFT, NON_POSTED } = geometry;

/** Sets of three queues over the entries of one pool. */
export class Queues {
  readonly #pool: Pool;
  readonly #first: Int32Array = new Int32Array(0);
  readonly #last: Int32Array = new Int32Array(0);
  readonly #stamps: Float64Array = new Float64Array(0);
  readonly #needs: Int32Array = new Int32Array(0);
  /** The class that went last, at the first place of each set. */
  readonly #turn: Int32Array = new Int32Array(0);
  readonly #largest = new Int32Array(CLASSES);
  #arrivals = 0;

  constructor(pool: Pool, sets: number) {
    this.#pool = pool;
    this.#first = new Int32Array(sets * CLASSES).fill(-1);
    this.#last = new Int32Array(sets * CLASSES).fill(-1);
    this.#stamps = new Float64Array(sets * CLASSES).fill(Infinity);
    this.#needs = new Int32Array(sets * CLASSES);
    this.#turn = new Int32Array(sets * CLASSES);
  }

  /** Head of a queue, or -1. */
  first(queue: number): number {
    return this.#first[queue]!;
  }

  /** Data credits that the next TLP of the queue needs. */
  need(queue: number): number {
    return this.#needs[queue]!;
  }

  /** Whether anything waits in the set that begins at `base`. */
  waits(base: number): boolean {
    const first = this.#first;
    return first[base]! >= 0 || first[base + 1]! >= 0 || first[base + 2]! >= 0;
  }

  /** A class of an empty set has sent what never waited: the turn is as if it had. */
  passed(base: number, cls: number): void {
    this.#turn[base] = cls;
  }

  /** Puts an entry at the end of a queue. */
  append(queue: number, entry: number): void {
    this.#pool.link(entry, -1);
    this.#pool.arrived(entry, this.#arrivals++);
    const last = this.#last[queue]!;
    this.#last[queue] = entry;
    if (last >= 0) {
      this.#pool.link(last, entry);
    } else {
      this.#first[queue] = entry;
      this.refresh(queue);
    }
  }

  /** Takes the head out of a queue that is not empty. */
  shift(queue: number): number {
    const entry = this.#first[queue]!;
    const next = this.#pool.next(entry);
    this.#first[queue] = next;
    if (next < 0) this.#last[queue] = -1;
    this.refresh(queue);
    return entry;
  }

  /** Looks at the head again: the bytes that it has left have changed. */
  refresh(queue: number): void {
    const entry = this.#first[queue]!;
    if (entry < 0) {
      this.#stamps[queue] = Infinity;
      return;
    }
    this.#stamps[queue] = this.#pool.stamp(entry);
    const cls = queue % CLASSES;
    const bytes = Math.min(this.#pool.bytes(entry), this.#largest[cls]!);
    this.#needs[queue] = cls === NON_POSTED ? 0 : (bytes + 15) >> DATA_CREDIT_SHIFT;
  }

  /**
   * The class that may send next: the classes in turn, less those whose head would pass what it must not,
   * those without credits in the cells from `cell` on, and those in the bit set `barred`. By age instead, a
   * node that answers many reads would keep its own few requests waiting behind all its answers.
   * @returns its number, or -1
   */
  pick(base: number, credits: Credits, cell: number, barred: number): number {
    let cls = this.#turn[base]!;
    for (let i = 0; i < CLASSES; i++) {
      cls = cls + 1 < CLASSES ? cls + 1 : 0;
      const stamp = this.#stamps[base + cls]!;
      if (stamp === Infinity || (barred >> cls & 1) === 1) continue;
      if (this.#mustWait(base, cls, stamp)) continue;
      if (!credits.allows(cell + cls, this.#needs[base + cls]!)) continue;
      this.#turn[base] = cls;
      return cls;
    }
    return -1;
  }

  #mustWait(base: number, cls: number, stamp: number): boolean {
    for (let other = 0; other < CLASSES; other++) {
      if (this.#stamps[base + other]! < stamp && MAY_PASS[cls * CLASSES + other] === 0) return true;
    }
    return false;
  }

  /** Empties all queues; payloads of each class are at most what `largest` says. */
  reset(largest: readonly [number, number, number]): void {
    this.#first.fill(-1);
    this.#last.fill(-1);
    this.#stamps.fill(Infinity);
    this.#turn.fill(0);
    this.#largest.set(largest);
    this.#arrivals = 0;
  }
}
