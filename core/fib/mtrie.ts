import { checkMtrie } from "./_mtrie_check.ts";
import { EMPTY_LEAF, MtriePlies, PLY_WORDS, rootWords } from "./_mtrie_plies.ts";
import type { Fib4 } from "./fib.ts";
import { checkBulk, checkNextHop, checkPrefix, checkSize, maskOf } from "./route.ts";
import { RuleTable } from "./rule_table.ts";

/** Shape and limits of an `Mtrie`. */
export interface MtrieOptions {
  /** Address bits of the root ply: 16 as in ip4_mtrie_16_t (left out), 8 as in ip4_mtrie_8_t. */
  readonly rootBits?: 16 | 8;
  /** Most routes; unlimited when left out. */
  readonly maxRules?: number;
  /** Most bytes of root and plies; 1 GiB when left out. */
  readonly maxBytes?: number;
}

/**
 * The mtrie of FD.io VPP (vnet/ip/ip4_mtrie.h): strides of 16, 8 and 8 bits, each route expanded
 * into all the slots that it covers. A look-up loads one leaf from the root and one from each ply
 * beneath, at most three in all; a terminal leaf carries its answer.
 *
 * Layout and sizes: `_mtrie_plies.ts`. The root takes 320 KiB, every ply 1344 bytes; a ply exists
 * exactly while some route is longer than the block it stands for, so the table is the same in
 * whatever order its routes came and went. The price is memory: a full table needs some 33 MiB,
 * because a ply is made for each /16 with a longer route and for each /24 with one.
 *
 * Beside the trie stands the table of routes by exact prefix, a hash (VPP: one for each length). It
 * says what a deletion uncovers, and counts as `ribBytes`, not as the table. `add` answers false
 * when rules run out or the plies would exceed `maxBytes`, before anything has changed. The array
 * grows by doubling, up to the limit.
 *
 * An update touches the slots of its prefix in the ply it ends in, 256 slots of each ply beneath
 * them, and 257 of each ply that it creates.
 *
 * A look-up that one update overtakes at any of its loads answers old or new (LPM-12, explored). More
 * is not promised, so no look-up may run across calls of the writer: a ply given back may be the next
 * one taken, and growing replaces the array.
 *
 * @example
 * ```ts
 * import { Mtrie } from "@planecheck/planecheck/core";
 * import { assertEquals } from "@std/assert";
 *
 * const fib = new Mtrie();
 * fib.add(0x0a000000, 8, 1); // 10.0.0.0/8
 * fib.add(0x0a010280, 25, 2); // 10.1.2.128/25
 * assertEquals(fib.lookup(0x0a010281), 2);
 * assertEquals(fib.lookup(0x0a010201), 1);
 * assertEquals(fib.reads(0x0a010201), 3); // root, ply, ply
 * assertEquals(fib.bytesOccupied, 327_680 + 2 * 1344);
 * ```
 */
export class Mtrie implements Fib4 {
  /** Name of the structure. */
  readonly kind = "mtrie";
  /** Address bits of the root ply. */
  readonly rootBits: number;
  private readonly plies: MtriePlies;
  private readonly rules = new RuleTable();
  /** `plies.words`, one load nearer to the look-ups. */
  private words: Uint32Array;
  private readonly shift: number;
  private readonly maxRules: number;

  /**
   * An empty table.
   * @throws {RangeError} when an option is out of range, or (naming the bytes) `maxBytes` is too
   * small for the root
   */
  constructor(options: MtrieOptions = {}) {
    const { rootBits = 16, maxRules = 2 ** 32, maxBytes = 2 ** 30 } = options;
    if (rootBits !== 16 && rootBits !== 8) {
      throw new RangeError(`Cannot create Mtrie: rootBits ${rootBits} is not 16 or 8`);
    }
    checkSize("Mtrie", "maxRules", maxRules, 1, 2 ** 32);
    checkSize("Mtrie", "maxBytes", maxBytes, 0, 2 ** 33);
    const rootBytes = 4 * rootWords(rootBits);
    if (maxBytes < rootBytes) {
      throw new RangeError(
        `Cannot create Mtrie: the root needs ${rootBytes} bytes, maxBytes is ${maxBytes}`,
      );
    }
    this.rootBits = rootBits;
    this.shift = 32 - rootBits;
    this.maxRules = maxRules;
    this.plies = new MtriePlies(rootBits, maxBytes);
    this.words = this.plies.words;
  }

  /** Routes that the table holds. */
  get size(): number {
    return this.rules.count;
  }

  /** Plies in use below the root. */
  get pliesUsed(): number {
    return this.plies.used;
  }

  /** Slots that updates have read or written since the table was new or cleared. */
  get entriesTouched(): number {
    return this.plies.touched;
  }

  /** Bytes of root and plies, those not in use among them. */
  get bytesReserved(): number {
    return this.plies.bytes;
  }

  /** Bytes of the root and of the plies in use. */
  get bytesOccupied(): number {
    return 4 * rootWords(this.rootBits) + 4 * PLY_WORDS * this.plies.used;
  }

  /** Bytes of the table of routes beside the trie, which no look-up reads. */
  get ribBytes(): number {
    return this.rules.bytes;
  }

  /**
   * Adds a route or changes its next hop; false, and nothing changed, when rules or bytes run out.
   * @throws {RangeError} when prefix, depth or next hop is out of range
   */
  add(prefix: number, depth: number, nextHop: number): boolean {
    checkPrefix("add", prefix, depth, 0);
    checkNextHop("add", nextHop);
    const masked = (prefix & maskOf(depth)) >>> 0;
    if (this.rules.get(masked, depth) < 0) {
      if (this.rules.count >= this.maxRules) return false;
      if (!this.plies.reserve(this.plies.missing(masked, depth))) return false;
      this.words = this.plies.words;
    }
    this.rules.set(masked, depth, nextHop);
    this.plies.insert(masked, depth, leafOf(nextHop));
    return true;
  }

  /**
   * Removes a route and uncovers the one beneath it; false when it is not there.
   * @throws {RangeError} when prefix or depth is out of range
   */
  delete(prefix: number, depth: number): boolean {
    checkPrefix("delete", prefix, depth, 0);
    const masked = (prefix & maskOf(depth)) >>> 0;
    if (!this.rules.remove(masked, depth)) return false;
    const coverDepth = this.rules.coveringDepth(masked, depth);
    const cover = this.rules.get((masked & maskOf(coverDepth)) >>> 0, coverDepth);
    this.plies.erase(masked, depth, leafOf(cover), coverDepth);
    return true;
  }

  /** Next hop of the longest prefix that covers `address`, or -1: one load for each ply. */
  lookup(address: number): number {
    const words = this.words;
    let leaf = words[address >>> this.shift]!;
    for (let shift = this.shift - 8; (leaf & 1) === 0; shift -= 8) {
      leaf = words[leaf + ((address >>> shift) & 255)]!;
    }
    return (leaf >>> 1) - 1;
  }

  /**
   * `nextHops[i] = lookup(addresses[i])` for the first `n`. The first pass over a block only loads
   * leaves of the root, so that many loads are under way at once.
   * @throws {RangeError} when `n` does not fit the arrays
   */
  lookupBulk(addresses: Uint32Array, nextHops: Int32Array, n: number): void {
    checkBulk(addresses, nextHops, n);
    const words = this.words;
    const rootShift = this.shift;
    for (let from = 0; from < n; from += BULK_BLOCK) {
      const to = Math.min(n, from + BULK_BLOCK);
      for (let i = from; i < to; i++) nextHops[i] = words[addresses[i]! >>> rootShift]!;
      for (let i = from; i < to; i++) {
        let leaf = nextHops[i]!;
        for (let shift = rootShift - 8; (leaf & 1) === 0; shift -= 8) {
          leaf = words[leaf + ((addresses[i]! >>> shift) & 255)]!;
        }
        nextHops[i] = (leaf >>> 1) - 1;
      }
    }
  }

  /**
   * Calls `visit` for each route in ascending (prefix, depth), as they were when the walk began.
   */
  walk(visit: (prefix: number, depth: number, nextHop: number) => void): void {
    this.rules.walk(visit);
  }

  /** Loads that `lookup(address)` makes: 1, and 1 more for each ply below the root. */
  reads(address: number): number {
    let count = 1;
    let leaf = this.words[address >>> this.shift]!;
    for (let shift = this.shift - 8; (leaf & 1) === 0; shift -= 8, count++) {
      leaf = this.words[leaf + ((address >>> shift) & 255)]!;
    }
    return count;
  }

  /** Removes every route, in time proportional to them where they are few. */
  clear(): void {
    this.plies.clear(this.rules.count, (each) => {
      for (let slot = 0; slot < this.rules.capacity; slot++) {
        const depth = this.rules.depthAt(slot);
        if (depth >= 0) each(this.rules.prefixAt(slot), depth);
      }
    });
    this.words = this.plies.words;
    this.rules.clear();
  }

  /**
   * Compares every slot with the routes: terminal leaves hold the longest route up to their level
   * and its length, plies stand exactly where a route is longer than the block, each reached once,
   * each with the right base and count of non-empty leaves. O(slots * 32).
   * @throws {Error} naming the slot
   */
  checkInvariants(): void {
    checkMtrie(this.plies, this.rules);
  }
}

const BULK_BLOCK = 256;

/** The terminal leaf of a next hop, or of a miss (-1). */
function leafOf(nextHop: number): number {
  return nextHop < 0 ? EMPTY_LEAF : (nextHop + 1) * 2 + 1;
}
