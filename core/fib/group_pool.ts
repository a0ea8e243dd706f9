import type { GraceTokens } from "./_grace.ts";
import { GROUP_SLOTS } from "./entry.ts";

/**
 * Most groups that a table may ask for: 4 GiB of entries. The 24-bit field of an entry would name
 * 2^24.
 */
export const GROUPS_MAX = 2 ** 22;
/** Most groups that one rule needs: levels of 8 bits below a first level of 8. */
export const GROUPS_OF_RULE = 3;

/**
 * The tbl8 groups of a DIR-24-8 table: a fixed population of blocks of 256 entries in one array.
 *
 * A group belongs to the pool or to exactly one entry of the table. Who allocates a group writes
 * all of its 256 entries before anything points at it, so the pool never clears one. Groups that
 * came back are given out again first, the last one first; below them lies the part of the array
 * that was never used, so that a pool costs nothing to set up and a reset is proportional to what
 * was used. At the limit `allocate` answers -1.
 *
 * A group may be given out again at once where no look-up runs across a call of the writer. Where
 * one may, the pool is made with the tokens of the readers, and a group that comes back waits in a
 * queue until each of them has reported since (rte_lpm: the QSBR defer queue). It is looked through
 * when groups are wanted and there are none (rte_lpm does so too, and when the queue is long).
 */
export class GroupPool {
  /** Entries of all groups: group g owns `[g * 256, g * 256 + 256)`. */
  readonly entries: Uint32Array;
  /** How many groups there are. */
  readonly capacity: number;
  private readonly returned: Uint32Array;
  private returnedCount = 0;
  private freshNext = 0;
  private readonly grace: GraceTokens | undefined;
  /** Groups that wait for readers, the oldest first, and the token that each of them waits for. */
  private readonly waiting: [group: number, token: number][] = [];

  /** Sets aside room for `capacity` groups, or takes it from memory that others read. */
  constructor(capacity: number, shared?: { entries: Uint32Array; grace: GraceTokens }) {
    this.capacity = capacity;
    this.entries = shared?.entries ?? new Uint32Array(capacity * GROUP_SLOTS);
    this.returned = new Uint32Array(capacity);
    this.grace = shared?.grace;
  }

  /** Groups that can be allocated now. */
  get free(): number {
    return this.capacity - this.freshNext + this.returnedCount;
  }

  /** Groups that are out; those that wait for readers are not. */
  get used(): number {
    return this.freshNext - this.returnedCount - this.waiting.length;
  }

  /**
   * Whether `count` groups can be allocated, after those that readers have left were taken back.
   */
  has(count: number): boolean {
    if (count > this.free && this.waiting.length > 0) this.reclaim();
    return count <= this.free;
  }

  /** Takes a group, with whatever its last owner left in it; -1 when there is none. O(1). */
  allocate(): number {
    if (this.returnedCount > 0) return this.returned[--this.returnedCount]!;
    return this.freshNext < this.capacity ? this.freshNext++ : -1;
  }

  /** Takes a group back, to which nothing leads any more. O(1). */
  release(group: number): void {
    if (this.grace === undefined) this.returned[this.returnedCount++] = group;
    else this.waiting.push([group, this.grace.retire()]);
  }

  /** Whether a group is with the pool. O(groups returned): for invariants only. */
  isFree(group: number): boolean {
    return group >= this.freshNext ||
      this.returned.subarray(0, this.returnedCount).includes(group) ||
      this.waiting.some(([waiting]) => waiting === group);
  }

  /** Makes the pool equal to a new one. Not where others read. */
  clear(): void {
    this.entries.fill(0, 0, this.freshNext * GROUP_SLOTS);
    this.returned.fill(0, 0, this.freshNext);
    this.returnedCount = 0;
    this.freshNext = 0;
  }

  /** Takes back what every reader has left. Tokens ascend, so the first that stays ends it. */
  private reclaim(): void {
    const { grace, waiting } = this;
    let n = 0;
    while (n < waiting.length && grace!.hasPassed(waiting[n]![1])) {
      this.returned[this.returnedCount++] = waiting[n++]![0];
    }
    waiting.splice(0, n);
  }
}
