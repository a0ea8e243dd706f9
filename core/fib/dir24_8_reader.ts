import { Dir24_8Memory } from "./_dir24_8_memory.ts";
import { EXTENDED, HOP, VALID } from "./entry.ts";
import { checkBulk } from "./route.ts";

/** Addresses that `lookupBulk` works on at a time. */
const BULK_BLOCK = 256;
/** Words of `seen`. */
const CHANGES = 0;
const MISS = 1;

/**
 * The look-ups of a `Dir24_8` on shared memory, for a thread other than the one that changes it:
 * each answers what the table said at some moment between its beginning and its end, so under one
 * update the old answer or the new one (LPM-12).
 *
 * What it asks of its thread is what rte_lpm asks with a QSBR variable (rte_lpm_rcu_qsbr_add): to
 * call `quiescent` now and then, between look-ups, once per burst say. Until then the writer keeps
 * the groups that it has taken out, as this reader might be about to read them. Who stops looking
 * up calls `detach`.
 *
 * The load of a first-level entry is plain: the entry is an answer in itself. One that leads to a
 * group is loaded again by Atomics before the group is read, for only that orders the group's
 * contents before the entry that announces them (ECMA-262, "Memory Model"); so a look-up below a
 * group costs an atomic load for each group. So does a miss where the table takes a default route:
 * that lies beside the table, and entry and default have to be of one time. A reader keeps the
 * default that it has seen, and a count says whether it still stands.
 *
 * @example
 * ```ts
 * import { Dir24_8, dir24_8Bytes, Dir24_8Reader } from "@planecheck/planecheck/core";
 * import { assertEquals } from "@std/assert";
 *
 * const shape = { firstBits: 8, groups: 1, readers: 1 } as const;
 * const shared = new SharedArrayBuffer(dir24_8Bytes(shape));
 * const fib = new Dir24_8({ ...shape, maxRules: 9, defaultRoute: false, shared });
 * const reader = new Dir24_8Reader(shared); // in another Worker, to which `shared` was posted
 * fib.add(0x0a010000, 16, 1);
 * assertEquals(reader.lookup(0x0a010203), 1);
 * fib.delete(0x0a010000, 16);
 * assertEquals(fib.add(0x0b010000, 16, 2), false); // the reader may still be in the one group
 * reader.quiescent();
 * assertEquals(fib.add(0x0b010000, 16, 2), true);
 * ```
 */
export class Dir24_8Reader {
  private readonly memory: Dir24_8Memory;
  /** `memory.first` and `memory.entries`, one load nearer. */
  private readonly first: Uint32Array;
  private readonly entries: Uint32Array;
  private readonly shift: number;
  /** What a miss answered when it was last looked at, and the count of its changes then. */
  private readonly seen: Int32Array = Int32Array.of(0, -1);
  private place: number;

  /**
   * Attaches to the table that a `Dir24_8` has made in `shared`.
   * @throws {RangeError} when the memory holds none, or all places for readers are taken
   */
  constructor(shared: SharedArrayBuffer) {
    this.memory = Dir24_8Memory.attach(shared);
    this.first = this.memory.first;
    this.entries = this.memory.entries;
    this.shift = 32 - this.memory.firstBits;
    this.place = this.memory.grace.join();
    if (this.place < 0) {
      const { places } = this.memory.grace;
      throw new RangeError(`Cannot attach Dir24_8Reader: all ${places} places are taken`);
    }
  }

  /** Next hop of the longest prefix that covers `address`, or -1. */
  lookup(address: number): number {
    const entry = this.first[address >>> this.shift]!;
    return (entry & (VALID | EXTENDED)) === VALID ? entry & HOP : this.lookupOther(address, entry);
  }

  /**
   * `nextHops[i] = lookup(addresses[i])` for the first `n`, each of its own time. As in `Dir24_8`
   * the first pass over a block only loads. The arrays must not share memory.
   * @throws {RangeError} when `n` does not fit the arrays
   */
  lookupBulk(addresses: Uint32Array, nextHops: Int32Array, n: number): void {
    checkBulk(addresses, nextHops, n);
    const { first, shift, memory, seen } = this;
    for (let from = 0; from < n; from += BULK_BLOCK) {
      const to = Math.min(n, from + BULK_BLOCK);
      for (let i = from; i < to; i++) nextHops[i] = first[addresses[i]! >>> shift]!;
      const miss = seen[MISS]!;
      const stands = seen[CHANGES] === memory.missChanges;
      for (let i = from; i < to; i++) {
        const entry = nextHops[i]!;
        const hit = -((entry >>> 24) & 1);
        nextHops[i] = (entry & EXTENDED) !== 0 || (hit === 0 && !stands)
          ? this.lookupOther(addresses[i]!, entry)
          : (entry & HOP & hit) | (miss & ~hit);
      }
    }
  }

  /**
   * Says that no look-up is under way: what the writer has taken out until now, this reader does
   * not hold. O(1).
   */
  quiescent(): void {
    if (this.place >= 0) this.memory.grace.quiescent(this.place);
  }

  /** Ends the reading: gives the place back, after which no look-up is allowed. */
  detach(): void {
    if (this.place >= 0) this.memory.grace.leave(this.place);
    this.place = -1;
  }

  /** The look-up of an address whose first-level entry leads to a group, or misses. */
  private lookupOther(address: number, entry: number): number {
    const leaf = (entry & EXTENDED) !== 0 ? this.leafOf(address) : entry;
    if ((leaf & VALID) !== 0) return leaf & HOP;
    // The default that was seen stood from before the look at the entry until after it.
    if (this.seen[CHANGES] === this.memory.missChanges) return this.seen[MISS]!;
    return this.lookupAfresh(address);
  }

  /** The look-up of an address that missed when the default route had changed. */
  private lookupAfresh(address: number): number {
    const { memory, seen } = this;
    for (;;) {
      const changes = memory.missChanges;
      const leaf = this.leafOf(address);
      if ((leaf & VALID) !== 0) return leaf & HOP;
      const { miss } = memory;
      // One more round for each change that comes between.
      if (memory.missChanges !== changes) continue;
      if ((changes & 1) === 0) {
        seen[CHANGES] = changes;
        seen[MISS] = miss;
      }
      return miss;
    }
  }

  /** The entry that answers for an address; each that leads on is loaded by Atomics. */
  private leafOf(address: number): number {
    let entry = Atomics.load(this.first, address >>> this.shift);
    for (let shift = this.shift - 8; (entry & EXTENDED) !== 0 && shift >= 0; shift -= 8) {
      const slot = ((entry & HOP) << 8) | ((address >>> shift) & 255);
      entry = this.entries[slot]!;
      if ((entry & EXTENDED) !== 0) entry = Atomics.load(this.entries, slot);
    }
    return entry;
  }
}
