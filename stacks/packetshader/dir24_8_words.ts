/**
 * The host's side of a DIR-24-8 table: the routes, and the words that they make. A change repaints the words of its
 * prefix and what lies beneath it; what changed is what is uploaded.
 */
import { EXTENDED, GROUP, TABLE_HEADER } from "./dir24_8.ts";
import type { DeviceTable } from "./kernel.ts";

/** A route as the host keeps it. */
export interface PsRoute {
  /** Its prefix. */
  readonly prefix: number;
  /** Length of the prefix, 0..32. */
  readonly depth: number;
  /** Where it leads. */
  readonly nextHop: number;
}

/**
 * Words of a table, and the routes that they were made of.
 *
 * @example
 * ```ts
 * import { Dir24_8Words } from "@planecheck/planecheck/stacks";
 * import { assertEquals } from "@std/assert";
 *
 * const table = new Dir24_8Words(16);
 * table.add(0x0a010000, 16, 7);
 * assertEquals([table.words[2 + 0x0a01], table.words[2 + 0x0a02]], [8, 0]);
 * assertEquals(table.upload(), 4 * table.words.length);
 * assertEquals(table.delete(0x0a010000, 16), true);
 * assertEquals(table.upload(), 4);
 * ```
 */
export class Dir24_8Words implements DeviceTable {
  /** The host's words. */
  words: Uint32Array;
  /** The device's, as of the last upload. */
  device: Uint32Array = new Uint32Array(0);
  readonly #bits: number;
  readonly #groups: number;
  readonly #routes = new Map<number, PsRoute>();
  /** Words that changed since they were last uploaded, as from and to. */
  #changes: number[] = [];
  #groupCount = 0;
  readonly #free: number[] = [];

  /** A table without routes. */
  constructor(bits: 8 | 16 | 24) {
    this.#bits = bits;
    this.#groups = TABLE_HEADER + 2 ** bits;
    this.words = new Uint32Array(this.#groups);
    this.words[1] = bits;
  }

  /** Routes that it holds. */
  get size(): number {
    return this.#routes.size;
  }

  /** Adds a route or changes its next hop. */
  add(prefix: number, depth: number, nextHop: number): void {
    const masked = mask(prefix, depth);
    this.#routes.set(keyOf(masked, depth), { prefix: masked, depth, nextHop });
    this.#repaint(masked, depth, nextHop + 1);
  }

  /** Takes a route out; false when it is not there. */
  delete(prefix: number, depth: number): boolean {
    const masked = mask(prefix, depth);
    if (!this.#routes.delete(keyOf(masked, depth))) return false;
    this.#repaint(masked, depth, this.#cover(masked, depth));
    return true;
  }

  /** Takes all routes out, and all groups; touches the words of those alone. */
  clear(): void {
    for (const { prefix, depth } of this.#routes.values()) {
      const first = Math.min(depth, this.#bits);
      this.#paint(mask(prefix, first), first, 0);
    }
    this.#routes.clear();
    this.#groupCount = 0;
    this.#free.length = 0;
  }

  /** Puts many routes in: shorter ones first, so that none is painted twice. */
  addAll(routes: readonly PsRoute[]): void {
    const sorted = routes.map((r) => ({ ...r, prefix: mask(r.prefix, r.depth) }))
      .sort((a, b) => a.depth - b.depth);
    for (const route of sorted) {
      this.#routes.set(keyOf(route.prefix, route.depth), route);
      this.#paint(route.prefix, route.depth, route.nextHop + 1);
    }
  }

  /** Copies what changed to the device; answers the bytes. O(words that changed). */
  upload(): number {
    const { words, device } = this;
    if (device.length !== words.length) {
      this.device = words.slice();
      this.#changes = [];
      return 4 * words.length;
    }
    let n = 0;
    for (let i = 0; i < this.#changes.length; i += 2) {
      const [from, to] = [this.#changes[i]!, this.#changes[i + 1]!];
      device.set(words.subarray(from, to), from);
      n += to - from;
    }
    this.#changes = [];
    return 4 * n;
  }

  /** The next hop plus 1 of the longest shorter prefix that covers a prefix, or 0. */
  #cover(prefix: number, depth: number): number {
    for (let d = depth - 1; d > 0; d--) {
      const route = this.#routes.get(keyOf(mask(prefix, d), d));
      if (route !== undefined) return route.nextHop + 1;
    }
    return 0;
  }

  /** The words of a prefix say `leaf`, but where longer routes lie beneath it. */
  #repaint(prefix: number, depth: number, leaf: number): void {
    this.#paint(prefix, depth, leaf);
    if (depth === 0) return;
    const beneath = [...this.#routes.values()]
      .filter((r) => r.depth > depth && mask(r.prefix, depth) === prefix)
      .sort((a, b) => a.depth - b.depth);
    for (const r of beneath) this.#paint(r.prefix, r.depth, r.nextHop + 1);
  }

  /** Every word of a prefix says `leaf`; groups beneath are given back. */
  #paint(prefix: number, depth: number, leaf: number): void {
    if (depth === 0) {
      this.#store(0, leaf);
      return;
    }
    let bits = this.#bits;
    let base = TABLE_HEADER;
    let index = prefix >>> (32 - bits);
    while (depth > bits) {
      base = this.#groupAt(base + index);
      bits += 8;
      index = (prefix >>> (32 - bits)) & 255;
    }
    const end = base + index + 2 ** (bits - depth);
    for (let at = base + index; at < end; at++) {
      if (this.words[at]! >= EXTENDED) this.#release(this.words[at]! - EXTENDED);
      this.words[at] = leaf;
    }
    this.#changed(base + index, end);
  }

  /** Where the group of an entry begins; makes one that says what the entry said. */
  #groupAt(at: number): number {
    const entry = this.words[at]!;
    if (entry >= EXTENDED) return this.#groups + (entry - EXTENDED) * GROUP;
    const group = this.#free.pop() ?? this.#groupCount++;
    const base = this.#groups + group * GROUP;
    if (base + GROUP > this.words.length) this.#grow();
    this.words.fill(entry, base, base + GROUP);
    this.#changed(base, base + GROUP);
    this.#store(at, (EXTENDED | group) >>> 0);
    return base;
  }

  #release(group: number): void {
    const base = this.#groups + group * GROUP;
    for (let at = base; at < base + GROUP; at++) {
      if (this.words[at]! >= EXTENDED) this.#release(this.words[at]! - EXTENDED);
    }
    this.#free.push(group);
  }

  #grow(): void {
    const more = Math.max(16, this.#groupCount) * GROUP;
    const grown = new Uint32Array(this.words.length + more);
    grown.set(this.words);
    this.words = grown;
  }

  #store(at: number, word: number): void {
    this.words[at] = word;
    this.#changed(at, at + 1);
  }

  #changed(from: number, to: number): void {
    this.#changes.push(from, to);
  }
}

function keyOf(prefix: number, depth: number): number {
  return prefix * 64 + depth;
}

function mask(prefix: number, depth: number): number {
  return depth === 0 ? 0 : (prefix & (0xffff_ffff << (32 - depth))) >>> 0;
}
