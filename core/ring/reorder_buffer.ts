/**
 * Puts items back into the order of their sequence numbers, as rte_reorder: what several lcores
 * worked on in parallel leaves as it came.
 *
 * A window of `size` sequence numbers begins at `next`, the first that has not left. An item in the
 * window is kept in its place. One that is early, by less than a window, moves the window: what then
 * lies before it goes into the ready queue, also of `size`, and who is still missing is given up and
 * refused as late. What is ready leaves first, then what follows `next` without a gap. Sequence numbers are of 32 bits
 * and wrap; items are whole numbers of 0 and more, e.g. buffers, and stay their owner's until
 * `insert` has answered `"stored"`.
 *
 * Source: DPDK lib/reorder at 26.11-rc0 (behaviour). Here an item that is refused changes nothing,
 * and a sequence number that is in the window already is refused.
 */

/** Most items of a window. */
export const REORDER_SIZE_MAX = 2 ** 20;

/**
 * What became of an item: kept; its number has passed or was given up; too far ahead; no room to move
 * the window, drain first; its number is taken.
 */
export type ReorderResult = "stored" | "late" | "beyond" | "full" | "duplicate";

const EMPTY = -1;

/**
 * A window over sequence numbers and what is ready to leave.
 *
 * `insert` takes O(1), or O(steps) when the window moves; a drain O(items and gaps passed).
 *
 * @example
 * ```ts
 * import { ReorderBuffer } from "@planecheck/planecheck/core";
 * import { assertEquals } from "@std/assert";
 *
 * const buffer = new ReorderBuffer(4);
 * const out = new Int32Array(4);
 * assertEquals(buffer.insert(7, 100), "stored");
 * assertEquals(buffer.insert(9, 102), "stored");
 * assertEquals([buffer.drain(out, 0, 4), out[0]], [1, 100]);
 * assertEquals(buffer.insert(8, 101), "stored");
 * assertEquals([buffer.drain(out, 0, 4), out[0], out[1]], [2, 101, 102]);
 * ```
 */
export class ReorderBuffer {
  /** Sequence numbers in the window. */
  readonly size: number;
  readonly #window: Int32Array;
  readonly #ready: Int32Array;
  readonly #readySequence: Uint32Array;
  #head = 0;
  #readyHead = 0;
  #readyCount = 0;
  #kept = 0;
  #next = 0;
  #started = false;

  /**
   * An empty buffer.
   * @throws {RangeError} when the size is not a power of two of 1..2^20
   */
  constructor(size: number) {
    if (!(size >= 1 && size <= REORDER_SIZE_MAX && Number.isInteger(Math.log2(size)))) {
      throw new RangeError(
        `Cannot make a reorder buffer: its size is ${size}, not a power of two of 1..2^20`,
      );
    }
    this.size = size;
    this.#window = new Int32Array(size).fill(EMPTY);
    this.#ready = new Int32Array(size);
    this.#readySequence = new Uint32Array(size);
  }

  /** The first sequence number that has not left and was not given up. */
  get next(): number {
    return this.#next;
  }

  /** Items inside: ready, or waiting for others. */
  get count(): number {
    return this.#readyCount + this.#kept;
  }

  /**
   * Says which sequence number comes first. Without it that of the first item does.
   * @throws {RangeError} when items are inside
   */
  start(sequence: number): void {
    if (this.count > 0) {
      throw new RangeError(`Cannot start at ${sequence}: ${this.count} items are inside`);
    }
    this.#next = sequence >>> 0;
    this.#started = true;
  }

  /** Takes an item over, or says why not. */
  insert(sequence: number, item: number): ReorderResult {
    if (!this.#started) this.start(sequence);
    if (isBefore(sequence, this.#next)) return "late";
    const ahead = (sequence - this.#next) >>> 0;
    if (ahead >= 2 * this.size) return "beyond";
    if (ahead >= this.size && !this.#moveWindow(ahead + 1 - this.size)) return "full";
    const at = (this.#head + Math.min(ahead, this.size - 1)) & (this.size - 1);
    if (this.#window[at] !== EMPTY) return "duplicate";
    this.#window[at] = item;
    this.#kept++;
    return "stored";
  }

  /** Moves the window by `steps`, or not at all when the ready queue cannot take what is in them. */
  #moveWindow(steps: number): boolean {
    const mask = this.size - 1;
    let items = 0;
    for (let i = 0; i < steps; i++) {
      if (this.#window[(this.#head + i) & mask] !== EMPTY) items++;
    }
    if (items > this.size - this.#readyCount) return false;
    for (let i = 0; i < steps; i++) {
      const sequence = this.#next;
      const item = this.#take();
      if (item === EMPTY) continue;
      const at = (this.#readyHead + this.#readyCount++) & mask;
      this.#ready[at] = item;
      this.#readySequence[at] = sequence;
    }
    return true;
  }

  /** What lies at `next`, which moves on. */
  #take(): number {
    const item = this.#window[this.#head]!;
    this.#window[this.#head] = EMPTY;
    this.#head = (this.#head + 1) & (this.size - 1);
    this.#next = (this.#next + 1) >>> 0;
    if (item !== EMPTY) this.#kept--;
    return item;
  }

  /**
   * Hands out up to `n` items in order into `out[at..]`, until one is missing.
   * @returns how many
   */
  drain(out: Int32Array, at: number, n: number): number {
    let count = 0;
    while (count < n && this.#readyCount > 0) out[at + count++] = this.#takeReady();
    while (count < n && this.#window[this.#head] !== EMPTY) out[at + count++] = this.#take();
    return count;
  }

  /**
   * Hands out up to `n` items whose numbers come before `sequence`, passing over those that are
   * missing, which are given up: after a time-out, or when a flow ends.
   * @returns how many; fewer than `n` says that nothing before `sequence` is left
   */
  drainUpTo(sequence: number, out: Int32Array, at: number, n: number): number {
    let count = 0;
    if (!this.#started) return count;
    while (this.#readyCount > 0) {
      if (count === n || !isBefore(this.#readySequence[this.#readyHead]!, sequence)) return count;
      out[at + count++] = this.#takeReady();
    }
    while (count < n && isBefore(this.#next, sequence)) {
      if (this.#kept === 0) {
        this.#next = sequence >>> 0;
        break;
      }
      const item = this.#take();
      if (item !== EMPTY) out[at + count++] = item;
    }
    return count;
  }

  #takeReady(): number {
    const item = this.#ready[this.#readyHead]!;
    this.#readyHead = (this.#readyHead + 1) & (this.size - 1);
    this.#readyCount--;
    return item;
  }
}

/** Whether one sequence number comes before another, less than half the circle away. */
function isBefore(a: number, b: number): boolean {
  return (a - b | 0) < 0;
}
