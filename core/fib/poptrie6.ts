import { checkPoptrie6 } from "./_poptrie6_check.ts";
import { Poptrie6Store } from "./_poptrie6_store.ts";
import { Poptrie6Updates } from "./_poptrie6_updates.ts";
import {
  BASE0,
  BASE1,
  LEAF,
  LEAF_HOP_MAX,
  LEAFVEC,
  NODE_WORDS,
  rank,
  STRIDE,
  VECTOR,
  WORDS_MAX,
} from "./_poptrie_node.ts";
import { Rib6 } from "./_rib6.ts";
import { bitsOf6, checkBulk6 } from "./_route6.ts";
import type { Fib6, RouteSet6 } from "./fib6.ts";
import { checkSize } from "./route.ts";

/** Addresses that `lookupBulk` works on at a time: 4 KiB of addresses, 1 KiB of next hops. */
const BULK_BLOCK = 256;

/** Shape and limits of a `Poptrie6`. */
export interface Poptrie6Options {
  /** Address bits that the direct array resolves (S in the paper), 0..20; 18 when left out. */
  readonly directBits?: number;
  /** Most bytes of direct array, nodes and leaves; unlimited when left out. */
  readonly maxBytes?: number;
  /** Most routes; 2^26 when left out. */
  readonly maxRules?: number;
  /** Whether depth 0 is taken; true when left out. */
  readonly defaultRoute?: boolean;
}

/**
 * Poptrie (Asai, Ohara: Poptrie: A Compressed Trie with Population Count for Fast and Scalable
 * Software IP Routing Table Lookup, SIGCOMM 2015) for IPv6: the nodes of `Poptrie`, 6 bits a step to
 * bit 128. With S = 18 levels end at 24, 30, 36, 42 and 48 bits, so that the mass of routes of depth
 * 48 ends with a level: a look-up beneath one reads the direct entry, five nodes and a leaf.
 *
 * Chunks of IPv6 are too large to be built anew for each update, so the arrays hang node by node, as
 * in the paper: each node has an array of its children and one of its leaves. What the longest level
 * above a changed prefix holds is made anew from the routes (a path-compressed trie beside the
 * table); above that a node changes only while the one beneath became a leaf or was one. One store
 * publishes the change: to the base of the first node that keeps its vector, or to the direct array.
 * What was there before is given back after that store. No look-up may run across a call of the
 * writer. The price against one array a chunk: each node's leaves are rounded up to 4 bytes.
 *
 * At `maxBytes` `add` answers false and everything is as it was; see `delete` for what a deletion
 * may do. An update costs O(routes beneath the level above its prefix + 64 * their nodes + 64 * the
 * levels above); one that ends in the direct array touches up to 2^(S - depth) chunks.
 *
 * @example
 * ```ts
 * import { Poptrie6 } from "@planecheck/planecheck/core";
 * import { assertEquals } from "@std/assert";
 *
 * const fib = new Poptrie6({ directBits: 18, maxBytes: 2 ** 21 });
 * fib.add(Uint32Array.of(0x20010db8, 0, 0, 0), 32, 1); // 2001:db8::/32
 * fib.add(Uint32Array.of(0x20010db8, 0x00010000, 0, 0), 48, 2); // 2001:db8:1::/48
 * const addresses = Uint32Array.of(0x20010db8, 0x00010002, 0, 1, 0x20010db8, 0xffff0000, 0, 1);
 * assertEquals([fib.lookup(addresses, 0), fib.lookup(addresses, 4)], [2, 1]);
 * // Bits 18-23 to 42-47 need a node each, of 24 bytes and the leaves of two runs or three.
 * assertEquals([fib.nodes, fib.reads(addresses, 0), fib.reads(addresses, 4)], [5, 7, 5]);
 * ```
 */
export class Poptrie6 implements Fib6 {
  /** Name of the structure. */
  readonly kind = "poptrie";
  /** Address bits that the direct array resolves. */
  readonly directBits: number;
  private readonly direct: Int32Array;
  /** The words and halves of the store, one load nearer to the look-ups. */
  private words: Int32Array;
  private halves: Uint16Array;
  private readonly shift: number;
  private readonly rules = new Rib6();
  private readonly store: Poptrie6Store;
  private readonly updates: Poptrie6Updates;

  /**
   * An empty table.
   * @throws {RangeError} when an option is out of range, or `maxBytes` does not hold the empty
   * table, naming the bytes that it needs
   */
  constructor(options: Poptrie6Options = {}) {
    const { directBits = 18, maxBytes = Infinity, maxRules = 2 ** 26 } = options;
    checkSize("Poptrie6", "directBits", directBits, 0, 20);
    checkSize("Poptrie6", "maxRules", maxRules, 1, 2 ** 26);
    const directBytes = 4 * 2 ** directBits;
    if (!(maxBytes >= directBytes)) {
      throw new RangeError(
        `Cannot create Poptrie6: the empty table needs ${directBytes} bytes, maxBytes is ${maxBytes}`,
      );
    }
    this.directBits = directBits;
    this.shift = 31 - directBits;
    const words = Math.min(WORDS_MAX, Math.floor((maxBytes - directBytes) / 4));
    this.store = new Poptrie6Store(directBits, words, (arena) => {
      this.words = arena.words;
      this.halves = arena.halves;
    });
    this.direct = this.store.direct;
    this.words = this.store.arena.words;
    this.halves = this.store.arena.halves;
    const bytesAddressed = directBytes + 4 * WORDS_MAX;
    this.updates = new Poptrie6Updates(this.rules, this.store, directBits, {
      maxRules,
      maxBytes: Math.min(maxBytes, bytesAddressed),
      bytesAddressed,
      depthMin: options.defaultRoute === false ? 1 : 0,
      nextHopMax: LEAF_HOP_MAX,
    });
  }

  /**
   * A table of these routes.
   * @throws {RangeError} when a route or an option is out of range, or, naming the bytes that the
   * routes need, when they exceed `maxBytes`
   */
  static build(routes: RouteSet6, options: Poptrie6Options = {}): Poptrie6 {
    const fib = new Poptrie6(options);
    if (fib.addBulk(routes)) return fib;
    throw new RangeError(`Cannot build Poptrie6: ${routes.count} routes ${fib.updates.refusal}`);
  }

  /** Routes that the table holds. */
  get size(): number {
    return this.rules.count;
  }

  /** Nodes in use. */
  get nodes(): number {
    return this.store.nodes;
  }

  /** Bytes of the arrays that look-ups read. */
  get bytesReserved(): number {
    return 4 * this.direct.length + 4 * this.words.length;
  }

  /**
   * Bytes in use: the direct array, 24 for each node, 2 for each leaf, each node's leaves rounded up
   * to 4.
   */
  get bytesOccupied(): number {
    return this.store.bytesOccupied;
  }

  /** Bytes of the routes. */
  get ribBytes(): number {
    return this.rules.bytes;
  }

  /**
   * Adds a route or changes its next hop; false, and nothing changed, at `maxRules` or when the
   * table would then exceed `maxBytes`.
   * @throws {RangeError} when prefix, depth or next hop (0..65534) is out of range
   */
  add(prefix: Uint32Array, depth: number, nextHop: number, at = 0): boolean {
    return this.updates.add(prefix, at, depth, nextHop);
  }

  /**
   * Removes a route and uncovers the one beneath it; false when it is not there. Where this splits
   * what was merged it may need more bytes, and it may then pass `maxBytes`; additions are refused
   * as long as that leaves it there.
   * @throws {RangeError} when prefix or depth is out of range
   */
  delete(prefix: Uint32Array, depth: number, at = 0): boolean {
    return this.updates.delete(prefix, at, depth);
  }

  /**
   * Adds all routes, or none: false, and nothing changed, when they do not fit together. Where a
   * route occurs twice the later one stands. The whole table is built once and keeps no memory to
   * spare: O((routes here and there) * log + 64 * nodes).
   * @throws {RangeError} when a route is out of range, before anything has changed
   */
  addBulk(routes: RouteSet6): boolean {
    return this.updates.addBulk(routes);
  }

  /** Next hop of the longest prefix that covers the address, or -1. */
  lookup(addresses: Uint32Array, at: number): number {
    const entry = this.direct[(addresses[at]! >>> 1) >>> this.shift]!;
    return entry < 0 ? (entry & ~LEAF) - 1 : this.descend(addresses, at, entry);
  }

  /**
   * `nextHops[i] = lookup(addresses, 4 * i)` for the first `n`. Two passes over blocks that stay in
   * the first-level cache: the first only loads direct entries, so that many loads are under way at
   * once. `lookup` is its plain twin. The arrays must not share memory.
   * @throws {RangeError} when `n` does not fit the arrays
   */
  lookupBulk(addresses: Uint32Array, nextHops: Int32Array, n: number): void {
    checkBulk6(addresses, nextHops, n);
    const { direct, shift } = this;
    for (let from = 0; from < n; from += BULK_BLOCK) {
      const to = Math.min(n, from + BULK_BLOCK);
      for (let i = from; i < to; i++) nextHops[i] = direct[(addresses[4 * i]! >>> 1) >>> shift]!;
      for (let i = from; i < to; i++) {
        const entry = nextHops[i]!;
        nextHops[i] = entry < 0 ? (entry & ~LEAF) - 1 : this.descend(addresses, 4 * i, entry);
      }
    }
  }

  /** Calls `visit` for each route in ascending (prefix, depth), as they were when it began. */
  walk(visit: (prefix: Uint32Array, depth: number, nextHop: number) => void): void {
    this.rules.walk(visit);
  }

  /**
   * Reads that `lookup(addresses, at)` makes, each needing the one before: the direct entry, each
   * node, the leaf.
   */
  reads(addresses: Uint32Array, at: number): number {
    const { words } = this;
    let node = this.direct[bitsOf6(addresses, at, 0, this.directBits)]!;
    if (node < 0) return 1;
    for (let [reads, level] = [3, this.directBits];; reads++, level += STRIDE) {
      const v = bitsOf6(addresses, at, level, STRIDE);
      let child = -1;
      for (let i = 0; i <= v; i++) child += (words[node + VECTOR + (i >>> 5)]! >>> i) & 1;
      if (((words[node + VECTOR + (v >>> 5)]! >>> v) & 1) === 0) return reads;
      node = words[node + BASE1]! + NODE_WORDS * child;
    }
  }

  /** Removes every route. O(2^S). */
  clear(): void {
    this.rules.clear();
    this.store.clear();
  }

  /**
   * Compares what the nodes answer with the routes, looks at the form of every node and at what
   * lies where in the arena. O(routes + 64 * nodes).
   * @throws {Error} naming the node
   */
  checkInvariants(): void {
    checkPoptrie6(this.rules, this.store, this.directBits);
  }

  /** From a node to the leaf, 6 bits a step. */
  private descend(addresses: Uint32Array, at: number, start: number): number {
    const words = this.words;
    let node = start;
    for (let level = this.directBits;; level += STRIDE) {
      const left = level & 31;
      const word = at + (level >>> 5);
      let key = addresses[word]! << left;
      // Slots that the last 2 or 4 bits of an address do not tell apart are equal.
      if (left > 26 && level < 96) key |= addresses[word + 1]! >>> (32 - left);
      const v = key >>> 26;
      const leaf = ((words[node + (v >>> 5)]! >>> v) & 1) === 0;
      const count = rank(words, leaf ? node + LEAFVEC : node, v);
      if (leaf) return this.halves[words[node + BASE0]! + count - 1]! - 1;
      node = words[node + BASE1]! + NODE_WORDS * (count - 1);
    }
  }
}
