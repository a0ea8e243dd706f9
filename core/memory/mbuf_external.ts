/**
 * External bytes: packets that lie in memory of no pool, as those that an application has at hand already
 * and wants to send without a copy.
 *
 * They lie in the arena behind its buffers, since a device reads frames nowhere else; rte_mbuf wants such
 * memory registered with the device for the same reason. Who made an {@link ExternalBuffer} keeps its
 * bytes unchanged while buffers show it, and is told when the last of them does not any more: then the
 * bytes are his again, to be freed or attached anew. Clones of a buffer that shows external bytes show
 * them too. `references` counts the buffers, so that there is none to begin with (the shared info of
 * rte_mbuf starts at 1, for the first attach, and each further one has to be counted by its caller).
 *
 * Pools whose every buffer is pinned to external memory need nothing of this: the arena of a `Memory` is
 * whatever buffer it is given.
 *
 * Source: DPDK lib/mbuf/rte_mbuf.h at 26.11-rc0, rte_pktmbuf_attach_extbuf, rte_pktmbuf_free_extbuf.
 */
import { type PacketMemory, STRIDE } from "./memory.ts";

/** Owner of a buffer that shows external bytes. */
export const EXTERNAL = -1;

/** Most buffers that show the same external bytes: `refcnt` of the shared info has 16 bits. */
const REFERENCES_MAX = 65535;

/**
 * A run of bytes outside all pools.
 *
 * @example
 * ```ts
 * import {
 *   ExternalBuffer,
 *   freeChain,
 *   mbufAppend,
 *   mbufAttachExternal,
 *   Memory,
 *   Mempool,
 *   STRIDE,
 * } from "@planecheck/planecheck/core";
 * import { assertEquals } from "@std/assert";
 *
 * const memory = new Memory(2, new ArrayBuffer(2 * STRIDE + 9000));
 * const pool = new Mempool(memory, memory.region("mempool", 0, 2), [-1], 0);
 * let freed = 0;
 * const jumbo = new ExternalBuffer(memory, 2 * STRIDE, 9000, () => freed++);
 * const b = pool.get(0);
 * assertEquals(mbufAttachExternal(memory, b, jumbo), true);
 * assertEquals(mbufAppend(memory, b, 9000), 2 * STRIDE);
 * freeChain(pool, 0, b);
 * assertEquals([pool.free, freed], [2, 1]);
 * ```
 */
export class ExternalBuffer {
  /** First byte in the arena. */
  readonly at: number = 0;
  /** The byte behind the last. */
  readonly end: number = 0;
  /** Buffers that show it. */
  references = 0;
  /** Called when the last of them does not any more. */
  readonly onFree: (external: ExternalBuffer) => void;

  /**
   * The `length` bytes of the arena from `at` on.
   *
   * @throws {RangeError} when they do not all lie behind the buffers of the arena
   */
  constructor(
    memory: PacketMemory,
    at: number,
    length: number,
    onFree: (external: ExternalBuffer) => void,
  ) {
    const first = memory.owner.length * STRIDE;
    const { length: end } = memory.bytes;
    const whole = Number.isInteger(at) && Number.isInteger(length);
    if (!whole || at < first || length < 1 || at + length > end) {
      throw new RangeError(
        `Cannot use ${length} bytes at ${at} as external: behind the buffers of the arena lie ` +
          (first < end ? `${first}..${end - 1}` : "none"),
      );
    }
    this.at = at;
    this.end = at + length;
    this.onFree = onFree;
  }
}

/**
 * Makes buffer `b` show external bytes, none of them to begin with: headroom is 0 and all are tailroom, or
 * none while other buffers show them. False when `b` is shared, attached already or in a chain, or when
 * 65535 buffers show the bytes. Undone by `mbufDetach`, or when `b` is given back. Source:
 * rte_pktmbuf_attach_extbuf.
 */
export function mbufAttachExternal(
  memory: PacketMemory,
  b: number,
  external: ExternalBuffer,
): boolean {
  const { next, owner, references } = memory;
  if (owner[b] !== b || references[b] !== 1 || next[b]! >= 0) return false;
  if (external.references >= REFERENCES_MAX) return false;
  memory.note(b);
  external.references++;
  owner[b] = EXTERNAL;
  memory.external.set(b, external);
  memory.offset[b] = external.at;
  memory.length[b] = 0;
  return true;
}

/** Takes the reference of a buffer that shows external bytes away, and tells of the last. */
export function hideExternal(memory: PacketMemory, b: number): void {
  const external = memory.external.get(b)!;
  memory.external.delete(b);
  if (--external.references === 0) external.onFree(external);
}
