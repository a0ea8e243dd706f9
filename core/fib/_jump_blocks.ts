import { ELEMENTS_MAX, JumpElements } from "./_jump_elements.ts";

/**
 * The blocks of a state-jump table and how an update changes them, nothing about which routes there
 * are. A block of 2^s elements answers for s bits of an address, the first block (the root) for the
 * first ones; all blocks of a level have the same size. They are handed out one after the other.
 *
 * A block but the root counts the routes that are longer than the path to it. One without any is
 * stale: a deletion leaves it where it is, with right answers in it (lazy delete), a new route may
 * take it up again, and neither the limit nor the bytes occupied count it. `compact` copies the live
 * ones and leaves the stale ones behind; it runs by itself where the limit or half of the memory is
 * at stake.
 *
 * An element changes from its old answer to its new one in one store, and a block is complete, with
 * all blocks beneath it, before the store that makes it reachable.
 */
export class JumpBlocks {
  /** The elements. Replaced when they grow or are compacted. */
  elements: JumpElements;
  /** Elements of the root and of the blocks that some route needs. */
  live: number;
  /** Elements handed out. */
  fresh: number;
  /** Elements that updates have read or written, those that compaction moved among them. */
  touched = 0;
  /** Address bits up to the end of each chunk: `levels[0]` for the root. */
  readonly levels: readonly number[];
  private readonly rootSize: number;
  private readonly unitBits: number;
  private readonly capacityMax: number;
  private readonly capacityMin: number;

  /** The root, and room for the first blocks. */
  constructor(readonly strides: readonly number[], elementBytes: 4 | 8, maxBytes: number) {
    let bits = 0;
    this.levels = strides.map((stride) => bits += stride);
    this.rootSize = 2 ** strides[0]!;
    this.unitBits = Math.min(...strides);
    this.capacityMax = Math.min(Math.floor(maxBytes / elementBytes), ELEMENTS_MAX);
    this.capacityMin = Math.min(this.capacityMax, this.rootSize + CAPACITY_FIRST);
    this.elements = new JumpElements(this.capacityMin, elementBytes === 8 ? 1 : 0, this.unitBits);
    this.live = this.fresh = this.rootSize;
  }

  /**
   * Makes room for a new route; false, and nothing visible changed, when the elements that all
   * routes need exceed the limit.
   */
  reserve(prefix: number, depth: number): boolean {
    const needed = this.live + this.missing(prefix, depth, true);
    if (needed > this.capacityMax) return false;
    const end = this.fresh + this.missing(prefix, depth, false);
    const { capacity } = this.elements;
    if (end <= capacity) return true;
    if (end > this.capacityMax || this.fresh > STALE_RATIO * this.live) return this.compact(needed);
    const larger = this.allocate(Math.min(this.capacityMax, Math.max(2 * capacity, end)));
    if (larger === undefined) return false;
    larger.copyFrom(this.elements);
    this.elements = larger;
    return true;
  }

  /** Writes a route and counts it, if it is new, in each block on its path. */
  insert(prefix: number, depth: number, inf: number, isNew: boolean): void {
    const { elements } = this;
    let base = 0;
    for (let chunk = 0;; chunk++) {
      const element = base + this.chunkOf(prefix, chunk);
      const level = this.levels[chunk]!;
      if (depth <= level) {
        this.writeRange(element, element + 2 ** (level - depth), depth, inf);
        return;
      }
      if (elements.jump(element) === 0) {
        const block = this.build(prefix, depth, inf, chunk + 1, element);
        elements.store(element, block, this.strides[chunk + 1]!, 0);
        this.touched++;
        return;
      }
      base = elements.inf(element);
      if (isNew) this.count(base, chunk + 1, 1);
    }
  }

  /** Takes a route out, puts what it had covered in its place, and lets its blocks go stale. */
  erase(prefix: number, depth: number, cover: number, coverDepth: number): void {
    let base = 0;
    for (let chunk = 0;; chunk++) {
      const element = base + this.chunkOf(prefix, chunk);
      const level = this.levels[chunk]!;
      if (depth <= level) {
        this.eraseRange(element, element + 2 ** (level - depth), depth, cover, coverDepth);
        return;
      }
      base = this.elements.inf(element);
      this.count(base, chunk + 1, -1);
    }
  }

  /**
   * Copies the root and the live blocks into new arrays with room for at least `room` elements; a
   * stale block becomes the one element that it amounts to. False, and nothing changed, when the
   * memory cannot be had. O(live elements).
   */
  compact(room: number = this.live): boolean {
    const keep = this.elements.capacity <= SHRINK_RATIO * room ? this.elements.capacity : 0;
    const capacity = Math.min(this.capacityMax, Math.max(this.capacityMin, 2 * room, keep));
    const target = this.allocate(capacity);
    if (target === undefined) return false;
    this.fresh = this.rootSize;
    this.copyBlock(target, 0, 0, 0);
    this.touched += this.fresh;
    this.elements = target;
    return true;
  }

  /** Empties everything; `rules` calls back with the prefix and depth of every route. */
  clear(count: number, rules: (each: (prefix: number, depth: number) => void) => void): void {
    if (this.elements.capacity > this.capacityMin + CAPACITY_KEPT) {
      this.elements = new JumpElements(this.capacityMin, this.elements.wide, this.unitBits);
    } else if (CLEAR_RATIO * count > this.rootSize || this.fresh > this.live) {
      // A stale block is reached from an element that no route leads to any more.
      this.elements.erase(0, this.rootSize);
    } else {
      rules((prefix, depth) => {
        const from = this.chunkOf(prefix, 0);
        this.elements.erase(from, from + 2 ** Math.max(0, this.levels[0]! - depth));
      });
    }
    this.live = this.fresh = this.rootSize;
    this.touched = 0;
  }

  /** Index within its block of the element that answers for an address. */
  private chunkOf(address: number, chunk: number): number {
    return (address >>> (32 - this.levels[chunk]!)) & (2 ** this.strides[chunk]! - 1);
  }

  /** Elements that a route lacks; those of stale blocks too, where `stale` ones do not count. */
  private missing(prefix: number, depth: number, stale: boolean): number {
    let base = 0;
    let count = 0;
    let linked = true;
    for (let chunk = 0; depth > this.levels[chunk]!; chunk++) {
      const element = base + this.chunkOf(prefix, chunk);
      linked &&= this.elements.jump(element) !== 0;
      if (linked) base = this.elements.inf(element);
      if (!linked || (stale && this.elements.refsOf(base) === 0)) {
        count += 2 ** this.strides[chunk + 1]!;
      }
    }
    return count;
  }

  /** Counts a route of a block in or out; the block comes to life with its first one. */
  private count(base: number, chunk: number, by: 1 | -1): void {
    const refs = this.elements.refsOf(base) + by;
    this.elements.setRefs(base, refs);
    if (refs === (by === 1 ? 1 : 0)) this.live += by * 2 ** this.strides[chunk]!;
  }

  /** Makes the block, and those below it, that lead to a new route; answers its first element. */
  private build(prefix: number, depth: number, inf: number, chunk: number, parent: number): number {
    const { elements } = this;
    const base = this.fresh;
    const size = 2 ** this.strides[chunk]!;
    this.fresh += size;
    this.touched += size;
    elements.setRefs(base, 0);
    this.count(base, chunk, 1);
    const old = elements.inf(parent);
    const oldDepth = elements.depths[parent]!;
    for (let i = base; i < base + size; i++) elements.store(i, old, 0, oldDepth);
    const element = base + this.chunkOf(prefix, chunk);
    const level = this.levels[chunk]!;
    if (depth <= level) this.writeRange(element, element + 2 ** (level - depth), depth, inf);
    else {
      const below = this.build(prefix, depth, inf, chunk + 1, element);
      elements.store(element, below, this.strides[chunk + 1]!, 0);
    }
    return base;
  }

  /** Writes a route wherever in `[from, to)` no longer one stands, in the blocks beneath too. */
  private writeRange(from: number, to: number, depth: number, inf: number): void {
    const { elements } = this;
    this.touched += to - from;
    let i = elements.overwrite(from, to, inf, depth);
    while (i < to) {
      const base = elements.inf(i);
      this.writeRange(base, base + 2 ** elements.jump(i), depth, inf);
      i = elements.overwrite(i + 1, to, inf, depth);
    }
  }

  /** Puts what was uncovered into the elements of `[from, to)` that the deleted route had won. */
  private eraseRange(
    from: number,
    to: number,
    depth: number,
    cover: number,
    coverDepth: number,
  ): void {
    const { elements } = this;
    this.touched += to - from;
    for (let i = from; i < to; i++) {
      const jump = elements.jump(i);
      if (jump !== 0) {
        const base = elements.inf(i);
        this.eraseRange(base, base + 2 ** jump, depth, cover, coverDepth);
      } else if (elements.depths[i] === depth) {
        elements.store(i, cover, 0, coverDepth);
      }
    }
  }

  /** Copies a block to its place in the target, and behind all others what it leads to. */
  private copyBlock(target: JumpElements, from: number, to: number, chunk: number): void {
    const { elements } = this;
    const size = 2 ** this.strides[chunk]!;
    for (let i = 0; i < size; i++) {
      let element = from + i;
      // All final elements under a stale block are the same one.
      while (elements.jump(element) !== 0 && elements.refsOf(elements.inf(element)) === 0) {
        element = elements.inf(element);
      }
      const jump = elements.jump(element);
      let inf = elements.inf(element);
      if (jump !== 0) {
        const base = this.fresh;
        this.fresh += 2 ** jump;
        target.setRefs(base, elements.refsOf(inf));
        this.copyBlock(target, inf, base, chunk + 1);
        inf = base;
      }
      target.store(to + i, inf, jump, elements.depths[element]!);
    }
  }

  /** New elements, or undefined where the memory cannot be had: a limit like any other. */
  private allocate(capacity: number): JumpElements | undefined {
    try {
      return new JumpElements(capacity, this.elements.wide, this.unitBits);
    } catch {
      return undefined;
    }
  }
}

const CAPACITY_FIRST = 2 ** 10;
/** Arrays with room for up to this many elements beyond the least survive `clear`. */
const CAPACITY_KEPT = 2 ** 14;
/** Where more than this times the live elements are handed out, compacting beats growing. */
const STALE_RATIO = 2;
const SHRINK_RATIO = 8;
/** Writing the elements of a route costs about as much as filling this many elements. */
const CLEAR_RATIO = 64;
