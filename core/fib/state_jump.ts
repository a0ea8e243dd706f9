import type { RouteSet } from "../machine/scenario.ts";
import { JumpBlocks } from "./_jump_blocks.ts";
import { checkJumps } from "./_jump_check.ts";
import * as layout from "./_jump_elements.ts";
import { bytesOf, checkShape, STRIDES } from "./_jump_shape.ts";
import type { Fib4 } from "./fib.ts";
import { checkBulk, checkNextHop, checkPrefix, checkSize, maskOf } from "./route.ts";
import { RuleTable } from "./rule_table.ts";

// V8 folds a constant of the module that uses it, and loads an imported one from memory at each use.
const { JUMP_BITS, JUMP_MASK } = layout;

/** Shape and limits of a `StateJump`. */
export interface StateJumpOptions {
  /** Address bits of each chunk, 32 in all; eight chunks of 4 when left out. */
  readonly strides?: readonly number[];
  /** Bytes of an element; 4 when left out. */
  readonly elementBytes?: 4 | 8;
  /** Most routes; unlimited when left out. */
  readonly maxRules?: number;
  /** Most bytes of elements: the memory of the NIC. 512 MiB when left out. */
  readonly maxBytes?: number;
}

/**
 * The state-jump table of GAMT (A Fast and Scalable IP Lookup Engine for GPU-based Software
 * Routers, ANCS 2013), which P2PNIC keeps in the memory of the NIC: a multi-bit trie laid out flat as a state machine. An element is (inf, jump); every step reads the
 * element at inf + next chunk of the address, jump 0 ends with inf as the answer, any other jump
 * leads to the block at inf. One loop body of one dependent read serves all levels, which is what a
 * GPU thread or a small NIC core wants. The paper leaves open what a jump beyond 0 says; here it is
 * the number of address bits of the next chunk, so that strides may vary from level to level.
 *
 * Layout, widths and order of stores: `_jump_elements.ts`, `_jump_blocks.ts`. A route is expanded
 * into all elements that it covers at its level; a block exists while a route is longer than the
 * path to it, and until the next compaction. Strides trade reads for bytes: eight chunks of 4 bits
 * take about 10 MiB for a full table, four of 8 bits 25 MiB.
 *
 * `add` answers false when rules run out or the elements that all routes need would exceed
 * `maxBytes`, before anything has changed; stale blocks never count, whatever came before.
 * `StateJump.bytesNeeded` tells the bytes beforehand, and `StateJump.build` refuses with them. The
 * array grows by doubling, up to the limit. Compaction works on a copy, as a host prepares it before
 * it is written to the NIC.
 *
 * A look-up between any two stores sees old answers or new (J4). No look-up may run across calls of the
 * writer all the same: growing and compaction replace the array.
 *
 * @example
 * ```ts
 * import { StateJump } from "@planecheck/planecheck/core";
 * import { assertEquals } from "@std/assert";
 *
 * const fib = new StateJump({ strides: [8, 8, 8, 8] });
 * fib.add(0x0a000000, 8, 1); // 10.0.0.0/8
 * fib.add(0x0a010000, 16, 2); // 10.1.0.0/16
 * assertEquals(fib.lookup(0x0a010203), 2);
 * assertEquals(fib.reads(0x0a010203), 2);
 * assertEquals(fib.bytesOccupied, 2 * 256 * 4);
 * ```
 */
export class StateJump implements Fib4 {
  /** Name of the structure. */
  readonly kind = "state-jump";
  /** Address bits of each chunk. */
  readonly strides: readonly number[];
  /** Bytes of an element. */
  readonly elementBytes: 4 | 8;
  private readonly blocks: JumpBlocks;
  private readonly rules = new RuleTable();
  /** `blocks.elements.words`, two loads nearer to the look-ups. */
  private words: Uint32Array;
  private readonly firstJump: number;
  private readonly maxRules: number;

  /**
   * An empty table.
   * @throws {RangeError} when an option is out of range, or (naming the bytes) `maxBytes` is too
   * small for the first block
   */
  constructor(options: StateJumpOptions = {}) {
    const { strides = STRIDES, elementBytes = 4 } = options;
    const { maxRules = 2 ** 32, maxBytes = 2 ** 29 } = options;
    checkShape(strides, elementBytes);
    checkSize("StateJump", "maxRules", maxRules, 1, 2 ** 32);
    checkSize("StateJump", "maxBytes", maxBytes, 0, 2 ** 31);
    const rootBytes = elementBytes * 2 ** strides[0]!;
    if (maxBytes < rootBytes) {
      throw new RangeError(
        `Cannot create StateJump: the first block needs ${rootBytes} bytes, maxBytes is ${maxBytes}`,
      );
    }
    this.strides = [...strides];
    this.elementBytes = elementBytes;
    this.firstJump = strides[0]!;
    this.maxRules = maxRules;
    this.blocks = new JumpBlocks(this.strides, elementBytes, maxBytes);
    this.words = this.blocks.elements.words;
  }

  /**
   * A table of these routes.
   * @throws {RangeError} when a route or an option is out of range, or, naming the bytes that the
   * routes need, when they exceed `maxBytes`
   */
  static build(routes: RouteSet, options: StateJumpOptions = {}): StateJump {
    const needed = StateJump.bytesNeeded(routes, options);
    if (options.maxBytes !== undefined && needed > options.maxBytes) {
      throw new RangeError(
        `Cannot build StateJump: ${routes.count} routes need ${needed} bytes, ` +
          `maxBytes is ${options.maxBytes}`,
      );
    }
    const fib = new StateJump(options);
    for (let i = 0; i < routes.count; i++) {
      if (fib.add(routes.prefix[i]!, routes.depth[i]!, routes.nextHop[i]!)) continue;
      throw new RangeError(`Cannot build StateJump: route ${i} of ${routes.count} does not fit`);
    }
    return fib;
  }

  /**
   * Bytes of elements that these routes need: the first block, and one more for each different path
   * that a longer route takes to a chunk. O(routes * chunks * log).
   * @throws {RangeError} when strides or width are out of range
   */
  static bytesNeeded(routes: RouteSet, options: StateJumpOptions = {}): number {
    return bytesOf(routes, options.strides, options.elementBytes);
  }

  /** Routes that the table holds. */
  get size(): number {
    return this.rules.count;
  }

  /** Elements of stale blocks, which the next compaction leaves behind. */
  get staleElements(): number {
    return this.blocks.fresh - this.blocks.live;
  }

  /** Elements that updates have read or written since the table was new or cleared. */
  get entriesTouched(): number {
    return this.blocks.touched;
  }

  /** Bytes of all elements, those not handed out among them. */
  get bytesReserved(): number {
    return this.words.byteLength;
  }

  /** Bytes of the elements that the routes need; stale blocks are not among them. */
  get bytesOccupied(): number {
    return this.elementBytes * this.blocks.live;
  }

  /** Bytes that only updates use: the routes, a depth for each element, a count for each block. */
  get ribBytes(): number {
    return this.rules.bytes + this.blocks.elements.besideBytes;
  }

  /**
   * Adds a route or changes its next hop; false, and nothing changed, when rules or bytes run out.
   * @throws {RangeError} when prefix, depth or next hop is out of range
   */
  add(prefix: number, depth: number, nextHop: number): boolean {
    checkPrefix("add", prefix, depth, 0);
    checkNextHop("add", nextHop);
    const masked = (prefix & maskOf(depth)) >>> 0;
    const isNew = this.rules.get(masked, depth) < 0;
    if (isNew) {
      if (this.rules.count >= this.maxRules || !this.blocks.reserve(masked, depth)) return false;
      this.words = this.blocks.elements.words;
    }
    this.rules.set(masked, depth, nextHop);
    this.blocks.insert(masked, depth, nextHop + 1, isNew);
    return true;
  }

  /**
   * Removes a route and uncovers the one beneath it; false when it is not there. Blocks that nothing
   * needs any more stay until the next compaction.
   * @throws {RangeError} when prefix or depth is out of range
   */
  delete(prefix: number, depth: number): boolean {
    checkPrefix("delete", prefix, depth, 0);
    const masked = (prefix & maskOf(depth)) >>> 0;
    if (!this.rules.remove(masked, depth)) return false;
    const coverDepth = this.rules.coveringDepth(masked, depth);
    const cover = this.rules.get((masked & maskOf(coverDepth)) >>> 0, coverDepth);
    this.blocks.erase(masked, depth, cover + 1, coverDepth);
    return true;
  }

  /** Next hop of the longest prefix that covers `address`, or -1: one read for each chunk. */
  lookup(address: number): number {
    if (this.elementBytes === 8) return this.lookupWide(address);
    const words = this.words;
    let inf = 0;
    let jump = this.firstJump;
    let left = 32;
    do {
      left -= jump;
      const element = words[inf + ((address >>> left) & ((1 << jump) - 1))]!;
      inf = element >>> JUMP_BITS;
      jump = element & JUMP_MASK;
    } while (jump !== 0);
    return inf - 1;
  }

  /**
   * `nextHops[i] = lookup(addresses[i])` for the first `n`.
   * @throws {RangeError} when `n` does not fit the arrays
   */
  lookupBulk(addresses: Uint32Array, nextHops: Int32Array, n: number): void {
    checkBulk(addresses, nextHops, n);
    if (this.elementBytes === 8) {
      for (let i = 0; i < n; i++) nextHops[i] = this.lookupWide(addresses[i]!);
      return;
    }
    const words = this.words;
    const firstJump = this.firstJump;
    for (let i = 0; i < n; i++) {
      const address = addresses[i]!;
      let inf = 0;
      let jump = firstJump;
      let left = 32;
      do {
        left -= jump;
        const element = words[inf + ((address >>> left) & ((1 << jump) - 1))]!;
        inf = element >>> JUMP_BITS;
        jump = element & JUMP_MASK;
      } while (jump !== 0);
      nextHops[i] = inf - 1;
    }
  }

  /**
   * Calls `visit` for each route in ascending (prefix, depth), as they were when the walk began.
   */
  walk(visit: (prefix: number, depth: number, nextHop: number) => void): void {
    this.rules.walk(visit);
  }

  /** Elements that `lookup(address)` reads: one for each chunk that it consumes. */
  reads(address: number): number {
    let base = 0;
    let jump = this.firstJump;
    for (let left = 32, count = 1;; count++) {
      left -= jump;
      const element = base + ((address >>> left) & ((1 << jump) - 1));
      jump = this.blocks.elements.jump(element);
      if (jump === 0) return count;
      base = this.blocks.elements.inf(element);
    }
  }

  /**
   * Leaves all stale blocks behind; no answer changes. False, and nothing changed, when the memory
   * for the copy cannot be had. O(live elements).
   */
  compact(): boolean {
    const done = this.blocks.compact();
    this.words = this.blocks.elements.words;
    return done;
  }

  /** Removes every route, in time proportional to them where they are few. */
  clear(): void {
    this.blocks.clear(this.rules.count, (each) => {
      for (let slot = 0; slot < this.rules.capacity; slot++) {
        const depth = this.rules.depthAt(slot);
        if (depth >= 0) each(this.rules.prefixAt(slot), depth);
      }
    });
    this.words = this.blocks.elements.words;
    this.rules.clear();
  }

  /**
   * Compares every reachable element with the routes (J1 to J3, J5 to J7) and the counts of the
   * blocks with them. O(elements * 32).
   * @throws {Error} naming the invariant and the element
   */
  checkInvariants(): void {
    checkJumps(this.blocks, this.rules);
  }

  /** `lookup` for elements of eight bytes. */
  private lookupWide(address: number): number {
    const words = this.words;
    let inf = 0;
    let jump = this.firstJump;
    let left = 32;
    do {
      left -= jump;
      const at = 2 * (inf + ((address >>> left) & ((1 << jump) - 1)));
      inf = words[at]!;
      jump = words[at + 1]!;
    } while (jump !== 0);
    return inf - 1;
  }
}
