import { GROUP_SLOTS } from "./entry.ts";

/**
 * Most groups that a table may ask for: 4 GiB of entries. The 24-bit field of an entry would name
 * 2^24.
 */
export const GROUPS_MAX = 2 ** 22;

/**
 * The tbl8 groups of a DIR-24-8 table: a fixed population of blocks of 256 entries in one array.
 *
 * A group belongs to the pool or to exactly one entry of the table. Who allocates a group writes
 * all of its 256 entries before anything points at it, so the pool never clears one. Groups that
 * came back are given out again first, the last one first; below them lies the part of the array
 * that was never used, so that a pool costs nothing to set up and a reset is proportional to what
 * was used. At the limit `allocate` answers -1.
 *
 * A group may be given out again at once. That is safe because no look-up runs across a call of the
 * writer; where one could, a grace period would have to stand between (rte_lpm: QSBR defer queue).
 */
export class GroupPool {
  /** Entries of all groups: group g owns `[g * 256, g * 256 + 256)`. */
  readonly entries: Uint32Array;
  /** How many groups there are. */
  readonly capacity: number;
  private readonly returned: Uint32Array;
  private returnedCount = 0;
  private freshNext = 0;

  /** Sets aside room for `capacity` groups. */
  constructor(capacity: number) {
    this.capacity = capacity;
    this.entries = new Uint32Array(capacity * GROUP_SLOTS);
    this.returned = new Uint32Array(capacity);
  }

  /** Groups that can still be allocated. */
  get free(): number {
    return this.capacity - this.freshNext + this.returnedCount;
  }

  /** Groups that are out. */
  get used(): number {
    return this.freshNext - this.returnedCount;
  }

  /** Takes a group, with whatever its last owner left in it; -1 when there is none. O(1). */
  allocate(): number {
    if (this.returnedCount > 0) return this.returned[--this.returnedCount]!;
    return this.freshNext < this.capacity ? this.freshNext++ : -1;
  }

  /** Takes a group back. O(1). */
  release(group: number): void {
    this.returned[this.returnedCount++] = group;
  }

  /** Whether a group is with the pool. O(groups returned): for invariants only. */
  isFree(group: number): boolean {
    return group >= this.freshNext ||
      this.returned.subarray(0, this.returnedCount).includes(group);
  }

  /** Makes the pool equal to a new one. */
  clear(): void {
    this.entries.fill(0, 0, this.freshNext * GROUP_SLOTS);
    this.returned.fill(0, 0, this.freshNext);
    this.returnedCount = 0;
    this.freshNext = 0;
  }
}
