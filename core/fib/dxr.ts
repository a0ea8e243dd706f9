import type { RouteSet } from "../machine/scenario.ts";
import { ChunkRules } from "./_chunk_rules.ts";
import { ChunkUpdates } from "./_chunk_updates.ts";
import { checkDxr } from "./_dxr_check.ts";
import * as entryBits from "./_dxr_entry.ts";
import { DxrStore } from "./_dxr_store.ts";
import type { Fib4 } from "./fib.ts";
import { checkBulk, checkSize } from "./route.ts";

// V8 folds a constant of the module that uses it, and loads an imported one from memory at each use.
const BASE = entryBits.BASE;
const BASE_BITS = entryBits.BASE_BITS;
const HIT = entryBits.HIT;
const SHORT = entryBits.SHORT;
const XL = entryBits.XL;

/** Addresses that `lookupBulk` works on at a time: 2 KiB of addresses and next hops. */
const BULK_BLOCK = 256;

/** Shape and limits of a `Dxr`. */
export interface DxrOptions {
  /**
   * Address bits that the direct table resolves (k in the paper), 16 to 20; 18 when left out. 12 is
   * for tables that are made by the thousand: few next hops then fit a short entry.
   */
  readonly directBits?: number;
  /** Most bytes of direct table and range table; unlimited when left out. */
  readonly maxBytes?: number;
  /** Most routes; 2^26 when left out. */
  readonly maxRules?: number;
  /** Whether depth 0 is taken; true when left out. */
  readonly defaultRoute?: boolean;
}

/**
 * DXR (Zec, Rizzo, Mikuc: DXR: Towards a Billion Routing Lookups per Second in Software, ACM
 * SIGCOMM CCR 42(5), 2012) as FreeBSD's in_fib_dxr.c has it: not prefixes but intervals. A direct
 * table of 2^k entries of 32 bits answers for the chunks of 2^(32-k) addresses that have one next
 * hop, and leads to a sorted run of ranges, searched in halves, for the others. D16R, D18R, D20R
 * are k = 16, 18, 20.
 *
 * Runs are of short entries (2 bytes) where all ranges begin at multiples of 256 and the next hops
 * fit k - 8 bits, else of long ones (4 bytes). Equal runs are one, with a count of its chunks. Next
 * hops are 0..2^k - 2. The search has no branch but its loop: its steps depend on the number of
 * ranges alone, ceil(log2(ranges)), then comes the read of the answer.
 *
 * An update compiles the chunks that it touches from the rules, and nothing else: one for a route
 * longer than k, up to 2^(k - depth) for another, each O(its rules). A run is written whole before
 * the one store to the direct table that makes it reachable, and goes back after it. No look-up may
 * run across a call of the writer: giving a run back writes into it. (FreeBSD collects updates for some milliseconds and publishes a
 * new direct table by pointer.) At `maxBytes` `add` answers false and everything is as it was; see
 * `delete` for what a deletion may do.
 *
 * @example
 * ```ts
 * import { Dxr } from "@planecheck/planecheck/core";
 * import { assertEquals } from "@std/assert";
 *
 * const fib = new Dxr({ directBits: 16, maxBytes: 300_000 });
 * fib.add(0x0a000000, 8, 1); // 10.0.0.0/8
 * fib.add(0x0a010200, 24, 2); // 10.1.2.0/24
 * assertEquals(fib.lookup(0x0a010203), 2);
 * assertEquals(fib.lookup(0x0a010303), 1);
 * // 10.1.0.0/16 has three ranges of two bytes, in words of four.
 * assertEquals(fib.bytesOccupied, 4 * 2 ** 16 + 8);
 * ```
 */
export class Dxr implements Fib4 {
  /** Name of the structure. */
  readonly kind = "dxr";
  /** Address bits that the direct table resolves. */
  readonly directBits: number;
  private readonly direct: Int32Array;
  /** The words and halves of the range table, one load nearer to the look-ups. */
  private words: Int32Array;
  private halves: Uint16Array;
  private readonly shift: number;
  private readonly rules: ChunkRules;
  private readonly store: DxrStore;
  private readonly updates: ChunkUpdates;

  /**
   * An empty table.
   * @throws {RangeError} when an option is out of range, or `maxBytes` does not hold the empty
   * table, naming the bytes that it needs
   */
  constructor(options: DxrOptions = {}) {
    const { directBits = 18, maxBytes = Infinity, maxRules = 2 ** 26 } = options;
    if (![12, 16, 18, 20].includes(directBits)) {
      throw new RangeError(`Cannot create Dxr: directBits ${directBits} is not 12, 16, 18 or 20`);
    }
    checkSize("Dxr", "maxRules", maxRules, 1, 2 ** 26);
    const directBytes = 4 * 2 ** directBits;
    if (!(maxBytes >= directBytes)) {
      throw new RangeError(
        `Cannot create Dxr: the empty table needs ${directBytes} bytes, maxBytes is ${maxBytes}`,
      );
    }
    this.directBits = directBits;
    this.shift = 32 - directBits;
    this.rules = new ChunkRules(directBits);
    const words = Math.min(2 ** BASE_BITS, Math.floor((maxBytes - directBytes) / 4));
    this.store = new DxrStore(this.rules, words, (arena) => {
      this.words = arena.words;
      this.halves = arena.halves;
    });
    this.direct = this.store.direct;
    this.words = this.store.chunks.arena.words;
    this.halves = this.store.chunks.arena.halves;
    const bytesAddressed = directBytes + 4 * 2 ** BASE_BITS;
    this.updates = new ChunkUpdates(this.rules, this.store, {
      maxRules,
      maxBytes: Math.min(maxBytes, bytesAddressed),
      bytesAddressed,
      depthMin: options.defaultRoute === false ? 1 : 0,
      nextHopMax: 2 ** directBits - 2,
    });
  }

  /** Routes that the table holds. */
  get size(): number {
    return this.rules.count;
  }

  /** Different runs of ranges. */
  get runs(): number {
    return this.store.chunks.count;
  }

  /** Bytes of the arrays that look-ups read. */
  get bytesReserved(): number {
    return 4 * this.direct.length + 4 * this.words.length;
  }

  /** Bytes in use: the direct table, and each different run rounded up to 4. */
  get bytesOccupied(): number {
    return this.store.bytesOccupied;
  }

  /** Bytes of the rules and of what else only updates need. */
  get ribBytes(): number {
    return this.rules.bytes + this.store.chunks.bytes + 4 * this.direct.length;
  }

  /**
   * Adds a route or changes its next hop; false, and nothing changed, at `maxRules`, or when the
   * table would then exceed `maxBytes` or the 16 MiB of ranges that a base can address.
   * @throws {RangeError} when prefix, depth or next hop (0..2^k - 2) is out of range
   */
  add(prefix: number, depth: number, nextHop: number): boolean {
    return this.updates.add(prefix, depth, nextHop);
  }

  /**
   * Removes a route and uncovers the one beneath it; false when it is not there. Where this splits
   * what was merged it may need more bytes, and it may then pass `maxBytes`.
   * @throws {RangeError} when prefix or depth is out of range, or when the ranges that are left
   * would exceed 16 MiB; the route is then still there
   */
  delete(prefix: number, depth: number): boolean {
    return this.updates.delete(prefix, depth);
  }

  /**
   * Adds all routes, or none: false, and nothing changed, when they do not fit together. Where a
   * route occurs twice the later one stands. An empty table compiles each chunk once and keeps no
   * memory to spare: O(routes) when they come in ascending order.
   * @throws {RangeError} when a route is out of range, before anything has changed
   */
  addBulk(routes: RouteSet): boolean {
    return this.updates.addBulk(routes);
  }

  /** Next hop of the longest prefix that covers `address`, or -1. */
  lookup(address: number): number {
    const entry = this.direct[address >>> this.shift]!;
    return entry >>> BASE_BITS === HIT ? (entry & BASE) - 1 : this.search(address, entry);
  }

  /**
   * `nextHops[i] = lookup(addresses[i])` for the first `n`. Two passes over blocks that stay in the
   * first-level cache: the first only loads direct entries, so that many loads are under way at
   * once. (To list the entries that are no HIT, and search for those in a third pass, gained
   * nothing.) `lookup` is its plain twin. The arrays must not share memory.
   * @throws {RangeError} when `n` does not fit the arrays
   */
  lookupBulk(addresses: Uint32Array, nextHops: Int32Array, n: number): void {
    checkBulk(addresses, nextHops, n);
    const direct = this.direct;
    const shift = this.shift;
    for (let from = 0; from < n; from += BULK_BLOCK) {
      const to = Math.min(n, from + BULK_BLOCK);
      for (let i = from; i < to; i++) nextHops[i] = direct[addresses[i]! >>> shift]!;
      for (let i = from; i < to; i++) {
        const entry = nextHops[i]!;
        nextHops[i] = entry >>> BASE_BITS === HIT
          ? (entry & BASE) - 1
          : this.search(addresses[i]!, entry);
      }
    }
  }

  /** Calls `visit` for each route in ascending (prefix, depth), as they were when it began. */
  walk(visit: (prefix: number, depth: number, nextHop: number) => void): void {
    this.rules.walk(visit);
  }

  /**
   * Reads that `lookup(address)` makes, each needing the one before: the direct entry, the number
   * of ranges of an XL run, ceil(log2(ranges)) of the search, the answer.
   */
  reads(address: number): number {
    const entry = this.direct[address >>> this.shift]!;
    const fragments = entry >>> BASE_BITS;
    if (fragments === HIT) return 1;
    const isLarge = fragments === XL;
    let reads = isLarge ? 3 : 2;
    let length = isLarge ? this.words[entry & BASE]! : (fragments & XL) + 1;
    for (; length > 1; length -= length >>> 1) reads++;
    return reads;
  }

  /** Removes every route; costs what the routes covered and a scan of the chunks. */
  clear(): void {
    this.updates.clear();
  }

  /**
   * Compares every run with the ranges that the rules make, the descriptors with the chunks that
   * hold them, and the runs with each other and with what is free. O(rules + chunks).
   * @throws {Error} naming the chunk or the run
   */
  checkInvariants(): void {
    this.rules.check();
    checkDxr(this.rules, this.store);
  }

  /** The last range that begins at the address or before it. */
  private search(address: number, entry: number): number {
    const bits = this.directBits;
    let at = entry & BASE;
    let length = (entry >>> BASE_BITS) & XL;
    if ((entry >>> BASE_BITS & SHORT) !== 0) {
      const halves = this.halves;
      const hopBits = bits - 8;
      const hopMask = (1 << hopBits) - 1;
      // The greatest entry that begins at the address or before.
      const limit = ((((address << bits) >>> bits) >>> 8) << hopBits) | hopMask;
      at <<= 1;
      for (length++; length > 1;) {
        const half = length >>> 1;
        at += half & ((halves[at + half]! - limit - 1) >> 31);
        length -= half;
      }
      return (halves[at]! & hopMask) - 1;
    }
    const words = this.words;
    const offset = (address << bits) >>> bits;
    if (length === XL) length = words[at++]! - 1;
    for (length++; length > 1;) {
      const half = length >>> 1;
      at += half & (((words[at + half]! >>> bits) - offset - 1) >> 31);
      length -= half;
    }
    return (words[at]! & ((1 << bits) - 1)) - 1;
  }
}
