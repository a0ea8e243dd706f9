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
  /** Whether the shared memory already holds the ring, which is then left as it is; false. */
  readonly attach?: boolean;
}

// What producer and consumer write lies on lines of its own (64 bytes, 16 words), so that neither
// takes the other's line away; mark and capacity are written once.
const MARK = 0;
const CAPACITY = 1;
/** Word of the producer's index. */
export const TAIL = 16;
/** Word of the producer's copy of the consumer's index. */
export const HEAD_SEEN = 17;
/** Word of the consumer's index. */
export const HEAD = 32;
/** Word of the consumer's copy of the producer's index. */
export const TAIL_SEEN = 33;
const CONTROL_WORDS = 48;
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
  if ((n | 0) !== n || (at | 0) !== at || n < 0 || at < 0 || at + n > length) {
    throw new RangeError(`Cannot ${verb} ${n} items at ${at}: the array holds ${length}`);
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

/** The two views that a ring works on. */
export interface SpscMemory {
  readonly control: Int32Array;
  readonly slots: Int32Array;
}

/**
 * Views of the ring's own or of shared memory. With `attach` the control block must be there;
 * without it, it is marked as there. Indices are not touched.
 *
 * @throws {RangeError} when the size is refused, the shared memory is too small or holds no such
 * ring
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
    control[CAPACITY] = size;
    control[MARK] = SPSC_MARK;
  } else if (control[MARK] !== SPSC_MARK || control[CAPACITY] !== size) {
    throw new RangeError(`Cannot attach ring: the memory holds no ring of size ${size}`);
  }
  const slots = new Int32Array(memory, CONTROL_WORDS * 4, ringSlots(size, exactSize));
  return { control, slots };
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
