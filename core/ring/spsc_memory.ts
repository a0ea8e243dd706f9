/**
 * The memory of an SPSC ring: a control block, then the slots, in 32-bit words. The layout is the
 * same on a ring's own memory and on shared memory, so that one thread can attach to what another
 * one made.
 */

/** Most items that a ring may hold: 64 MiB of slots. */
export const RING_SIZE_MAX: number = 1 << 24;

/** How a `SpscRing` is made. */
export interface SpscRingOptions {
  /** Any size 1..{@link RING_SIZE_MAX} instead of a power of two (RING_F_EXACT_SZ); false. */
  readonly exactSize?: boolean;
  /** First value of both indices, an integer taken modulo 2^32; 0. */
  readonly startIndex?: number;
  /**
   * Memory of at least {@link spscRingBytes} bytes for a ring whose ends are in two threads; none.
   */
  readonly shared?: SharedArrayBuffer | undefined;
  /**
   * Items that an end in shared memory moves before it publishes, 1..size; 1, at once. The contract
   * is at the head of `spsc.ts`.
   */
  readonly batch?: number;
  /** Whether the shared memory already holds the ring, which is then left as it is; false. */
  readonly attach?: boolean;
}

// Mark, capacity and batch are written once. Each published index lies on lines of its own, 128
// bytes or 32 words apart, since processors fetch neighbouring lines in pairs: an end that waits for
// one reads nothing that the other end keeps writing.
const MARK = 0;
const CAPACITY = 1;
const BATCH = 2;
/** First word of the producer's end. */
export const TAIL_WORDS = 32;
/** First word of the consumer's end. */
export const HEAD_WORDS = 96;
/** Words of an end; which is which stands in `_spsc_end.ts`. */
export const END_WORDS = 64;
const CONTROL_WORDS = 160;
const SPSC_MARK = 0x53505343;

/**
 * Slots of a ring that holds `size` items: the next power of two.
 *
 * @throws {RangeError} when `size` is not 1..RING_SIZE_MAX or, without `exactSize`, no power of two
 */
export function ringSlots(size: number, exactSize: boolean): number {
  if (!Number.isInteger(size) || size < 1 || size > RING_SIZE_MAX) {
    throw new RangeError(`Cannot create ring: size is ${size}, not 1..${RING_SIZE_MAX}`);
  }
  if (!exactSize && (size & (size - 1)) !== 0) {
    throw new RangeError(
      `Cannot create ring: size ${size} is not a power of two; set exactSize for any size`,
    );
  }
  return size === 1 ? 1 : 1 << (32 - Math.clz32(size - 1));
}

/**
 * A first value of ring indices.
 *
 * @throws {RangeError} when it is not a safe integer
 */
export function ringIndex(startIndex: number): number {
  if (!Number.isSafeInteger(startIndex)) {
    throw new RangeError(`Cannot reset ring: startIndex ${startIndex} is not an integer`);
  }
  return startIndex | 0;
}

/**
 * Refuses a burst that is no count or does not lie in its array: it would enqueue zeros, or lose
 * items.
 *
 * @throws {RangeError} when `n` items at `at` are not inside `length`
 */
export function checkBurst(verb: string, n: number, at: number, length: number): void {
  if ((n | 0) === n && (at | 0) === at && (n | at) >= 0 && at + n <= length) return;
  refuseBurst(verb, n, at, length);
}

/** Apart, so that the check is short enough to become part of its callers when they are compiled. */
function refuseBurst(verb: string, n: number, at: number, length: number): never {
  throw new RangeError(`Cannot ${verb} ${n} items at ${at}: the array holds ${length}`);
}

/**
 * Refuses a number of slots to reserve that is no count.
 *
 * @throws {RangeError} when `n` is not an integer from 0 on
 */
export function checkCount(n: number): void {
  if ((n | 0) !== n || n < 0) throw new RangeError(`Cannot reserve ${n} slots: not a count`);
}

/**
 * Refuses to release or commit more than was peeked or reserved.
 *
 * @throws {RangeError} when `n` is not 0..most
 */
export function checkPart(
  n: number,
  verb: string,
  most: number,
  what: string,
  state: string,
): void {
  if ((n | 0) !== n || n < 0 || n > most) {
    throw new RangeError(`Cannot ${verb} ${n} ${what}: ${most} are ${state}`);
  }
}

/**
 * Bytes of shared memory that a ring of `size` items needs.
 *
 * @throws {RangeError} when the size is not one that `SpscRing` accepts
 */
export function spscRingBytes(size: number, exactSize = false): number {
  return (CONTROL_WORDS + ringSlots(size, exactSize)) * 4;
}

/** What a ring works on. */
export interface SpscMemory {
  readonly batch: number;
  readonly control: Int32Array;
  readonly slots: Int32Array;
}

/**
 * Views of the ring's own or of shared memory. With `attach` the control block must be there;
 * without it, it is marked as there. Indices are not touched.
 *
 * @throws {RangeError} when size or batch are refused, the shared memory is too small or holds no
 * such ring
 */
export function openSpscMemory(size: number, options: SpscRingOptions): SpscMemory {
  const exactSize = options.exactSize === true;
  const bytes = spscRingBytes(size, exactSize);
  const shared = options.shared;
  if (shared !== undefined && shared.byteLength < bytes) {
    throw new RangeError(
      `Cannot create ring: ${shared.byteLength} bytes of shared memory, ${bytes} needed`,
    );
  }
  const memory = shared ?? new ArrayBuffer(bytes);
  const control = new Int32Array(memory, 0, CONTROL_WORDS);
  if (options.attach !== true) {
    const { batch = 1 } = options;
    if (!Number.isInteger(batch) || batch < 1 || batch > size) {
      throw new RangeError(`Cannot create ring: batch is ${batch}, not 1..${size}`);
    }
    control[CAPACITY] = size;
    control[BATCH] = batch;
    control[MARK] = SPSC_MARK;
  } else if (control[MARK] !== SPSC_MARK || control[CAPACITY] !== size) {
    throw new RangeError(`Cannot attach ring: the memory holds no ring of size ${size}`);
  }
  const slots = new Int32Array(memory, CONTROL_WORDS * 4, ringSlots(size, exactSize));
  return { batch: control[BATCH]!, control, slots };
}

/**
 * Size of the ring in `shared`.
 *
 * @throws {RangeError} when there is none
 */
export function sharedRingSize(shared: SharedArrayBuffer): number {
  if (shared.byteLength >= CONTROL_WORDS * 4) {
    const control = new Int32Array(shared, 0, CONTROL_WORDS);
    if (control[MARK] === SPSC_MARK) return control[CAPACITY]!;
  }
  throw new RangeError(`Cannot attach ring: the ${shared.byteLength} bytes of memory hold no ring`);
}
