/**
 * The memory of an MPMC ring: a control block, then the slots, in 32-bit words. Size, modes and
 * distance limit lie in the control block, so that all who attach agree on them.
 *
 * Each side has three words: `head` counts items that were claimed, `done` items that were copied
 * (mt-rts only), `tail` items that the other side may rely on. All run freely and wrap.
 */

import { ringSlots } from "./spsc_memory.ts";

/**
 * How the participants of one side agree, as in rte_ring: `st` one participant only; `mt` claims by
 * CAS and publishes in the order of the claims; `mt-rts` (relaxed tail sync) lets the last to
 * finish publish for all; `mt-hts` (head/tail sync) lets one in at a time.
 */
export type RingSync = "st" | "mt" | "mt-rts" | "mt-hts";

/** How an `MpmcRing` is made. */
export interface MpmcRingOptions {
  /** Any size instead of a power of two (RING_F_EXACT_SZ); false. */
  readonly exactSize?: boolean;
  /** First value of all indices, an integer taken modulo 2^32; 0. */
  readonly startIndex?: number;
  /** How producers agree; `mt`. */
  readonly producers?: RingSync;
  /** How consumers agree; `mt`. */
  readonly consumers?: RingSync;
  /**
   * With `mt-rts`, how far claims may run ahead of what is published, in items, 0..size: nobody
   * claims beyond. An eighth of the size, rounded down, as rte_ring_create_elem sets it.
   */
  readonly htdMax?: number;
  /** Memory of at least {@link mpmcRingBytes} bytes for a ring used by several threads; none. */
  readonly shared?: SharedArrayBuffer | undefined;
  /**
   * Whether the shared memory already holds the ring, which is then left as it is, modes and limit
   * included; false.
   */
  readonly attach?: boolean;
}

// Mark, capacity and modes are written once. The words that claims move and the words that
// publications move lie on lines of their own, 128 bytes or 32 words apart, since processors fetch
// neighbouring lines of 64 bytes in pairs: who waits for the other side's tail does not take the
// line away from those who claim there.
const MARK = 0;
const CAPACITY = 1;
const PRODUCERS = 2;
const CONSUMERS = 3;
const HTD_MAX = 4;
/** First word of the producers' side. */
export const PRODUCER_WORDS = 32;
/** First word of the consumers' side. */
export const CONSUMER_WORDS = 96;
/** Word of `head` within a side. */
export const SIDE_HEAD = 0;
/** Word of `tail` within a side. */
export const SIDE_TAIL = 32;
/** Word of `done` within a side. */
export const SIDE_DONE = 33;
const CONTROL_WORDS = 160;
const MPMC_MARK = 0x4d504d43;
const SYNCS: readonly RingSync[] = ["st", "mt", "mt-rts", "mt-hts"];

/**
 * Bytes of shared memory that a ring of `size` items needs.
 *
 * @throws {RangeError} when the size is not one that `MpmcRing` accepts
 */
export function mpmcRingBytes(size: number, exactSize = false): number {
  return (CONTROL_WORDS + ringSlots(size, exactSize)) * 4;
}

/** What a handle on a ring works with. */
export interface MpmcMemory {
  readonly producers: RingSync;
  readonly consumers: RingSync;
  readonly htdMax: number;
  readonly control: Int32Array;
  readonly slots: Int32Array;
}

/**
 * Views of the ring's own or of shared memory. With `attach` the ring must be there; without it,
 * the memory is marked as a ring. Indices are not touched.
 *
 * @throws {RangeError} when the size or an option is refused, the shared memory is too small or
 * holds no such ring
 */
export function openMpmcMemory(size: number, options: MpmcRingOptions): MpmcMemory {
  const bytes = mpmcRingBytes(size, options.exactSize === true);
  const { shared } = options;
  if (shared !== undefined && shared.byteLength < bytes) {
    throw new RangeError(
      `Cannot create ring: ${shared.byteLength} bytes of shared memory, ${bytes} needed`,
    );
  }
  const memory = shared ?? new ArrayBuffer(bytes);
  const control = new Int32Array(memory, 0, CONTROL_WORDS);
  const slots = new Int32Array(memory, CONTROL_WORDS * 4, bytes / 4 - CONTROL_WORDS);
  if (options.attach !== true) writeControl(control, size, options);
  const producers = SYNCS[control[PRODUCERS]!];
  const consumers = SYNCS[control[CONSUMERS]!];
  const there = control[MARK] === MPMC_MARK && control[CAPACITY] === size;
  if (!there || producers === undefined || consumers === undefined) {
    throw new RangeError(`Cannot attach ring: the memory holds no MPMC ring of size ${size}`);
  }
  return { producers, consumers, htdMax: control[HTD_MAX]!, control, slots };
}

function writeControl(control: Int32Array, size: number, options: MpmcRingOptions): void {
  const { producers = "mt", consumers = "mt", htdMax = size >>> 3 } = options;
  for (const sync of [producers, consumers]) {
    if (!SYNCS.includes(sync)) {
      throw new RangeError(`Cannot create ring: mode "${sync}" is none of ${SYNCS.join(", ")}`);
    }
  }
  if (!Number.isInteger(htdMax) || htdMax < 0 || htdMax > size) {
    throw new RangeError(`Cannot create ring: htdMax is ${htdMax}, not 0..${size}`);
  }
  control[CAPACITY] = size;
  control[PRODUCERS] = SYNCS.indexOf(producers);
  control[CONSUMERS] = SYNCS.indexOf(consumers);
  control[HTD_MAX] = htdMax;
  control[MARK] = MPMC_MARK;
}

/**
 * Size of the ring in `shared`.
 *
 * @throws {RangeError} when there is none
 */
export function sharedMpmcSize(shared: SharedArrayBuffer): number {
  if (shared.byteLength >= CONTROL_WORDS * 4) {
    const control = new Int32Array(shared, 0, CONTROL_WORDS);
    if (control[MARK] === MPMC_MARK) return control[CAPACITY]!;
  }
  throw new RangeError(
    `Cannot attach ring: the ${shared.byteLength} bytes of memory hold no MPMC ring`,
  );
}
