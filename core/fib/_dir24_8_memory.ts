import { GraceTokens, graceWords } from "./_grace.ts";
import { GROUP_SLOTS } from "./entry.ts";

/**
 * The shared memory of a DIR-24-8 table: what it is (a mark, its shape), the default route, the
 * tokens of its readers, the first level, the groups. The layout is the same for the thread that
 * made the table and for those that attach to it.
 */

/** Most readers that can be attached to a table at a time. */
export const READERS_MAX = 1024;

/** What fixes the layout. */
export interface Dir24_8Shape {
  /** Address bits that the first level resolves: 24, 16 or 8. */
  readonly firstBits: number;
  /** tbl8 groups. */
  readonly groups: number;
  /** Most readers that can be attached at a time; 1 when left out. */
  readonly readers?: number;
}

/**
 * Bytes of shared memory that a `Dir24_8` of this shape needs.
 *
 * @example
 * ```ts
 * import { dir24_8Bytes } from "@planecheck/planecheck/core";
 * import { assertEquals } from "@std/assert";
 *
 * const bytes = dir24_8Bytes({ firstBits: 24, groups: 256, readers: 2 });
 * assertEquals(bytes, 4 * 2 ** 24 + 1024 * 256 + 64 * (2 + 1 + 2)); // 5 lines of control words
 * ```
 */
export function dir24_8Bytes({ firstBits, groups, readers = 1 }: Dir24_8Shape): number {
  return 4 * (CONTROL_WORDS + graceWords(readers) + 2 ** firstBits + GROUP_SLOTS * groups);
}

/** Views of the shared memory of a table. */
export class Dir24_8Memory {
  /** The first level. */
  readonly first: Uint32Array;
  /** The groups. */
  readonly entries: Uint32Array;
  /** Who reads. */
  readonly grace: GraceTokens;
  /** Without a default route a miss is -1 for ever, and nothing has to be loaded. */
  private readonly defaultRoute: boolean;
  private readonly control: Int32Array;

  private constructor(shared: SharedArrayBuffer, shape: Required<Dir24_8Shape>) {
    const { firstBits, groups, readers } = shape;
    this.control = new Int32Array(shared, 0, CONTROL_WORDS);
    let at = 4 * CONTROL_WORDS;
    this.grace = new GraceTokens(new Int32Array(shared, at, graceWords(readers)));
    at += 4 * graceWords(readers);
    this.first = new Uint32Array(shared, at, 2 ** firstBits);
    at += 4 * 2 ** firstBits;
    this.entries = new Uint32Array(shared, at, GROUP_SLOTS * groups);
    this.defaultRoute = this.control[TAKES_DEFAULT] === 1;
  }

  /**
   * The memory of a new, empty table.
   * @throws {RangeError} when there are too few bytes
   */
  static create(
    shared: SharedArrayBuffer,
    shape: Required<Dir24_8Shape>,
    defaultRoute: boolean,
  ): Dir24_8Memory {
    const bytes = dir24_8Bytes(shape);
    if (shared.byteLength < bytes) {
      throw new RangeError(
        `Cannot create Dir24_8: ${shared.byteLength} bytes of shared memory, ${bytes} needed`,
      );
    }
    const control = new Int32Array(shared, 0, CONTROL_WORDS);
    control.fill(0);
    control[FIRST_BITS] = shape.firstBits;
    control[GROUPS] = shape.groups;
    control[READERS] = shape.readers;
    control[TAKES_DEFAULT] = defaultRoute ? 1 : 0;
    control[MISS] = -1;
    const memory = new Dir24_8Memory(shared, shape);
    memory.grace.reset();
    memory.first.fill(0);
    Atomics.store(control, MARK, DIR24_8_MARK);
    return memory;
  }

  /**
   * The memory of the table that another thread has made.
   * @throws {RangeError} when there is none
   */
  static attach(shared: SharedArrayBuffer): Dir24_8Memory {
    if (shared.byteLength >= 4 * CONTROL_WORDS) {
      const control = new Int32Array(shared, 0, CONTROL_WORDS);
      if (Atomics.load(control, MARK) === DIR24_8_MARK) {
        return new Dir24_8Memory(shared, {
          firstBits: control[FIRST_BITS]!,
          groups: control[GROUPS]!,
          readers: control[READERS]!,
        });
      }
    }
    throw new RangeError(
      `Cannot attach Dir24_8Reader: the ${shared.byteLength} bytes of memory hold no Dir24_8`,
    );
  }

  /** Address bits that the first level resolves. */
  get firstBits(): number {
    return this.control[FIRST_BITS]!;
  }

  /**
   * Writer: changes what a miss answers, and counts before and after: the count is odd meanwhile. A
   * reader that finds the same count on both sides of its look at the entries and then at `miss`
   * knows that this answer and those entries stood in the table at one time.
   */
  setMiss(hop: number): void {
    Atomics.add(this.control, MISS_CHANGES, 1);
    Atomics.store(this.control, MISS, hop);
    Atomics.add(this.control, MISS_CHANGES, 1);
  }

  /** Reader: what a miss answers. */
  get miss(): number {
    return this.defaultRoute ? Atomics.load(this.control, MISS) : -1;
  }

  /** Reader: how often that has begun and ended to change. */
  get missChanges(): number {
    return this.defaultRoute ? Atomics.load(this.control, MISS_CHANGES) : 0;
  }
}

const MARK = 0;
const FIRST_BITS = 1;
const GROUPS = 2;
const READERS = 3;
const TAKES_DEFAULT = 4;
// On a line of their own: what is above never changes.
const MISS_CHANGES = 16;
const MISS = 17;
const CONTROL_WORDS = 32;
const DIR24_8_MARK = 0x4c504d34;
