import type { RouteSet } from "../machine/scenario.ts";
import { ChunkRules } from "./_chunk_rules.ts";
import { ChunkUpdates } from "./_chunk_updates.ts";
import { checkPoptrie } from "./_poptrie_check.ts";
import * as layout from "./_poptrie_node.ts";
import { PoptrieStore } from "./_poptrie_store.ts";
import type { Fib4 } from "./fib.ts";
import { checkBulk, checkSize } from "./route.ts";

// V8 folds a constant of the module that uses it, and loads an imported one from memory at each use.
const { BASE0, BASE1, LEAF, LEAFVEC, NODE_WORDS, rank, STRIDE, VECTOR } = layout;
const { LEAF_HOP_MAX, WORDS_MAX } = layout;

/** Addresses that `lookupBulk` works on at a time: 2 KiB of addresses and next hops. */
const BULK_BLOCK = 256;

/** Shape and limits of a `Poptrie`. */
export interface PoptrieOptions {
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
 * Software IP Routing Table Lookup, SIGCOMM 2015): a trie of 64-ary nodes of 24 bytes each, entered
 * through a direct array of 2^S entries of 32 bits.
 *
 * - direct entry: the top bit says leaf, the rest is a leaf's value or the word of a node;
 * - node: vector (bit v: slot v leads to a child), leafvec (bit v: at slot v a run of equal leaves
 *   begins, children passed over), base0 (first leaf), base1 (first child). Child or leaf of slot v
 *   is the popcount of the lower v + 1 bits, less one, from its base;
 * - leaf: 16 bits, next hop + 1, 0 for a miss.
 *
 * A step takes 6 bits; with S = 18 the levels end at 18, 24, 30 and 32 bits, so that the mass of
 * routes of depth 24 ends with a level.
 *
 * All nodes and leaves behind one direct entry are one block, a function of the answers alone. An
 * update builds the blocks it touches anew from the rules, writes each beside the old one,
 * publishes it by one store to the direct array (the paper swaps the child array of the highest
 * node that changes) and then gives the old one back. No look-up may run across a call of the
 * writer: giving a block back writes into it. At `maxBytes` `add` answers false and everything is as it was; see `delete` for what a
 * deletion may do. An update costs O(rules of the chunk + 64 * its nodes) for each chunk: one for a
 * route longer than S, up to 2^(S - depth) for another.
 *
 * @example
 * ```ts
 * import { Poptrie } from "@planecheck/planecheck/core";
 * import { assertEquals } from "@std/assert";
 *
 * const fib = new Poptrie({ directBits: 16, maxBytes: 300_000 });
 * fib.add(0x0a000000, 8, 1); // 10.0.0.0/8
 * fib.add(0x0a010200, 24, 2); // 10.1.2.0/24
 * assertEquals(fib.lookup(0x0a010203), 2);
 * assertEquals(fib.lookup(0x0a010303), 1);
 * // Bits 16-21 and 22-27 need a node each: 2 * 24 bytes, and 4 leaves of 2.
 * assertEquals(fib.bytesOccupied, 4 * 2 ** 16 + 2 * 24 + 4 * 2);
 * ```
 */
export class Poptrie implements Fib4 {
  /** Name of the structure. */
  readonly kind = "poptrie";
  /** Address bits that the direct array resolves. */
  readonly directBits: number;
  private readonly direct: Int32Array;
  /** The words and halves of the store, one load nearer to the look-ups. */
  private words: Int32Array;
  private halves: Uint16Array;
  private readonly shift: number;
  private readonly rules: ChunkRules;
  private readonly store: PoptrieStore;
  private readonly updates: ChunkUpdates;

  /**
   * An empty table.
   * @throws {RangeError} when an option is out of range, or `maxBytes` does not hold the empty
   * table, naming the bytes that it needs
   */
  constructor(options: PoptrieOptions = {}) {
    const { directBits = 18, maxBytes = Infinity, maxRules = 2 ** 26 } = options;
    checkSize("Poptrie", "directBits", directBits, 0, 20);
    checkSize("Poptrie", "maxRules", maxRules, 1, 2 ** 26);
    const directBytes = 4 * 2 ** directBits;
    if (!(maxBytes >= directBytes)) {
      throw new RangeError(
        `Cannot create Poptrie: the empty table needs ${directBytes} bytes, maxBytes is ${maxBytes}`,
      );
    }
    this.directBits = directBits;
    this.shift = 31 - directBits;
    this.rules = new ChunkRules(directBits);
    const words = Math.min(WORDS_MAX, Math.floor((maxBytes - directBytes) / 4));
    this.store = new PoptrieStore(this.rules, words, (arena) => {
      this.words = arena.words;
      this.halves = arena.halves;
    });
    this.direct = this.store.direct;
    this.words = this.store.arena.words;
    this.halves = this.store.arena.halves;
    const bytesAddressed = directBytes + 4 * WORDS_MAX;
    this.updates = new ChunkUpdates(this.rules, this.store, {
      maxRules,
      maxBytes: Math.min(maxBytes, bytesAddressed),
      bytesAddressed,
      depthMin: options.defaultRoute === false ? 1 : 0,
      nextHopMax: LEAF_HOP_MAX,
    });
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
   * Bytes in use: the direct array, 24 for each node, 2 for each leaf, each chunk's leaves rounded
   * up to 4.
   */
  get bytesOccupied(): number {
    return this.store.bytesOccupied;
  }

  /** Bytes of the rules and of what else only updates need. */
  get ribBytes(): number {
    return this.rules.bytes + 4 * this.store.lengths.length;
  }

  /**
   * Adds a route or changes its next hop; false, and nothing changed, at `maxRules` or when the
   * table would then exceed `maxBytes`.
   * @throws {RangeError} when prefix, depth or next hop (0..65534) is out of range
   */
  add(prefix: number, depth: number, nextHop: number): boolean {
    return this.updates.add(prefix, depth, nextHop);
  }

  /**
   * Removes a route and uncovers the one beneath it; false when it is not there. Where this splits
   * what was merged it may need more bytes, and it may then pass `maxBytes`.
   * @throws {RangeError} when prefix or depth is out of range
   */
  delete(prefix: number, depth: number): boolean {
    return this.updates.delete(prefix, depth);
  }

  /**
   * Adds all routes, or none: false, and nothing changed, when they do not fit together. Where a
   * route occurs twice the later one stands. An empty table builds each chunk once and keeps no
   * memory to spare: O(routes + 64 * nodes) when they come in ascending order.
   * @throws {RangeError} when a route is out of range, before anything has changed
   */
  addBulk(routes: RouteSet): boolean {
    return this.updates.addBulk(routes);
  }

  /** Next hop of the longest prefix that covers `address`, or -1. */
  lookup(address: number): number {
    const entry = this.direct[(address >>> 1) >>> this.shift]!;
    return entry < 0 ? (entry & ~LEAF) - 1 : this.descend(address, entry);
  }

  /**
   * `nextHops[i] = lookup(addresses[i])` for the first `n`. Two passes over blocks that stay in the
   * first-level cache: the first only loads direct entries, so that many loads are under way at
   * once. `lookup` is its plain twin. The arrays must not share memory.
   * @throws {RangeError} when `n` does not fit the arrays
   */
  lookupBulk(addresses: Uint32Array, nextHops: Int32Array, n: number): void {
    checkBulk(addresses, nextHops, n);
    const direct = this.direct;
    const shift = this.shift;
    for (let from = 0; from < n; from += BULK_BLOCK) {
      const to = Math.min(n, from + BULK_BLOCK);
      for (let i = from; i < to; i++) nextHops[i] = direct[(addresses[i]! >>> 1) >>> shift]!;
      for (let i = from; i < to; i++) {
        const entry = nextHops[i]!;
        nextHops[i] = entry < 0 ? (entry & ~LEAF) - 1 : this.descend(addresses[i]!, entry);
      }
    }
  }

  /** Calls `visit` for each route in ascending (prefix, depth), as they were when it began. */
  walk(visit: (prefix: number, depth: number, nextHop: number) => void): void {
    this.rules.walk(visit);
  }

  /**
   * Reads that `lookup(address)` makes, each needing the one before: the direct entry, each node,
   * the leaf.
   */
  reads(address: number): number {
    let node = this.direct[(address >>> 1) >>> this.shift]!;
    if (node < 0) return 1;
    let reads = 3;
    let key = address << this.directBits;
    for (;; key <<= STRIDE, reads++) {
      const v = key >>> 26;
      if (((this.words[node + VECTOR + (v >>> 5)]! >>> v) & 1) === 0) return reads;
      node = this.words[node + BASE1]! + NODE_WORDS * (this.plainRank(node + VECTOR, v) - 1);
    }
  }

  /** Removes every route; costs what the routes covered and a scan of the chunks. */
  clear(): void {
    this.updates.clear();
  }

  /**
   * Compares every block with one that is built anew from the rules, and the blocks with each
   * other and with the free ones. O(rules + 64 * nodes).
   * @throws {Error} naming the chunk and the node
   */
  checkInvariants(): void {
    this.rules.check();
    checkPoptrie(this.rules, this.store);
  }

  /** From a node to the leaf, 6 bits a step. */
  private descend(address: number, start: number): number {
    const words = this.words;
    let node = start;
    let key = address << this.directBits;
    for (;;) {
      const v = key >>> 26;
      const leaf = ((words[node + (v >>> 5)]! >>> v) & 1) === 0;
      const count = rank(words, leaf ? node + LEAFVEC : node, v);
      if (leaf) return this.halves[words[node + BASE0]! + count - 1]! - 1;
      node = words[node + BASE1]! + NODE_WORDS * (count - 1);
      key <<= STRIDE;
    }
  }

  /** `rank` in plain: one bit at a time. */
  private plainRank(at: number, v: number): number {
    let count = 0;
    for (let i = 0; i <= v; i++) count += (this.words[at + (i >>> 5)]! >>> i) & 1;
    return count;
  }
}
