/**
 * Packet buffers as rte_mbuf has them, over the indices of a {@link Memory}: a packet is a chain of
 * segments linked by `next`, named by its first; its length is the sum of theirs.
 *
 * Who owns what: whoever holds the first segment holds the chain. Each buffer counts its `references`.
 * The bytes of a buffer with one reference are its holder's alone, who may use the rooms before and
 * behind them; the rooms of a shared buffer count as 0, since what one holder writes there another would
 * see. (rte_mbuf leaves that to the caller; here it costs a caller who knows better a copy.) Taking bytes
 * away at either end changes nobody's bytes and is always allowed.
 *
 * At the limit: an operation for which there is no room answers -1 or false and changes nothing. A chain
 * of more than {@link SEGMENTS_MAX} segments is taken for one that closes on itself.
 *
 * Source: DPDK lib/mbuf/rte_mbuf.h and rte_mbuf_core.h at 26.11-rc0; DPDK Programmer's Guide, Mbuf Library.
 */
import { type PacketMemory, STRIDE } from "./memory.ts";

/** Most segments of a packet: `nb_segs` of rte_mbuf has 16 bits. */
export const SEGMENTS_MAX = 65535;

/** Ends a walk that would not end. */
function tooLong(b: number): never {
  throw new RangeError(
    `Cannot walk the segments of buffer ${b}: more than ${SEGMENTS_MAX}, or they close on themselves`,
  );
}

/**
 * Bytes of a packet, all segments together; O(segments).
 *
 * @throws {RangeError} when the chain closes on itself
 *
 * @example
 * ```ts
 * import { mbufAppend, mbufLength, mbufPrepend, Memory } from "@planecheck/planecheck/core";
 * import { assertEquals } from "@std/assert";
 *
 * const memory = new Memory(1);
 * const { first } = memory.region("mempool", 0, 1);
 * const payload = mbufAppend(memory, first, 40);
 * assertEquals(mbufPrepend(memory, first, 14), payload - 14);
 * assertEquals(mbufLength(memory, first), 54);
 * assertEquals(mbufPrepend(memory, first, 128), -1);
 * ```
 */
export function mbufLength(memory: PacketMemory, b: number): number {
  const { length, next } = memory;
  let sum = 0;
  let n = 0;
  for (let s = b; s >= 0; s = next[s]!) {
    if (++n > SEGMENTS_MAX) tooLong(b);
    sum += length[s]!;
  }
  return sum;
}

/**
 * Segments of a packet; O(segments).
 * @throws {RangeError} when the chain closes on itself
 */
export function mbufSegments(memory: PacketMemory, b: number): number {
  const { next } = memory;
  let n = 0;
  for (let s = b; s >= 0; s = next[s]!) if (++n > SEGMENTS_MAX) tooLong(b);
  return n;
}

/**
 * The last segment of a packet; O(segments).
 * @throws {RangeError} when the chain closes on itself
 */
export function mbufLast(memory: PacketMemory, b: number): number {
  const { next } = memory;
  let n = 1;
  let s = b;
  for (; next[s]! >= 0; s = next[s]!) if (++n > SEGMENTS_MAX) tooLong(b);
  return s;
}

/** Whether what is written into a buffer, or into external bytes, is seen by its holder alone. */
export function isExclusive(memory: PacketMemory, b: number): boolean {
  if (memory.references[b] !== 1) return false;
  return memory.owner[b] === b || memory.external.get(b)?.references === 1;
}

/** Bytes that can be prepended to a segment: those before its data; 0 when its bytes are shared. */
export function mbufHeadroom(memory: PacketMemory, b: number): number {
  if (!isExclusive(memory, b)) return 0;
  const start = memory.owner[b] === b ? b * STRIDE : memory.external.get(b)!.at;
  return memory.offset[b]! - start;
}

/** Bytes that can be appended to a segment: those behind its data; 0 when its bytes are shared. */
export function mbufTailroom(memory: PacketMemory, b: number): number {
  if (!isExclusive(memory, b)) return 0;
  const end = memory.owner[b] === b ? (b + 1) * STRIDE : memory.external.get(b)!.end;
  return end - memory.offset[b]! - memory.length[b]!;
}

/**
 * Makes room for `n` bytes before a packet, in its first segment. Answers where they begin in the arena,
 * or -1 when there is no room. Source: rte_pktmbuf_prepend.
 */
export function mbufPrepend(memory: PacketMemory, b: number, n: number): number {
  if (n < 0 || n > mbufHeadroom(memory, b)) return -1;
  const at = memory.offset[b]! - n;
  memory.offset[b] = at;
  memory.length[b] = memory.length[b]! + n;
  return at;
}

/**
 * Makes room for `n` bytes behind a packet, in its last segment. Answers where they begin in the arena, or
 * -1 when there is no room. Source: rte_pktmbuf_append.
 */
export function mbufAppend(memory: PacketMemory, b: number, n: number): number {
  const last = mbufLast(memory, b);
  if (n < 0 || n > mbufTailroom(memory, last)) return -1;
  const at = memory.offset[last]! + memory.length[last]!;
  memory.length[last] = memory.length[last]! + n;
  memory.note(last);
  return at;
}

/**
 * Takes `n` bytes away from the front of a packet. Answers where the rest begins in the arena, or -1 when
 * the first segment has not so many. Source: rte_pktmbuf_adj.
 */
export function mbufAdjust(memory: PacketMemory, b: number, n: number): number {
  if (n < 0 || n > memory.length[b]!) return -1;
  memory.note(b);
  const at = memory.offset[b]! + n;
  memory.offset[b] = at;
  memory.length[b] = memory.length[b]! - n;
  return at;
}

/**
 * Takes `n` bytes away from the end of a packet; false when the last segment has not so many. Source:
 * rte_pktmbuf_trim.
 */
export function mbufTrim(memory: PacketMemory, b: number, n: number): boolean {
  const last = mbufLast(memory, b);
  if (n < 0 || n > memory.length[last]!) return false;
  memory.note(last);
  memory.length[last] = memory.length[last]! - n;
  return true;
}

/**
 * Puts the segments of packet `tail` behind those of packet `head`, which holds them from then on. False
 * when there would be more than {@link SEGMENTS_MAX}, or when the two share their last segment and would
 * close on themselves. Source: rte_pktmbuf_chain.
 */
export function mbufChain(memory: PacketMemory, head: number, tail: number): boolean {
  if (mbufSegments(memory, head) + mbufSegments(memory, tail) > SEGMENTS_MAX) return false;
  const last = mbufLast(memory, head);
  if (last === mbufLast(memory, tail)) return false;
  memory.next[last] = tail;
  return true;
}

/**
 * Reads `n` bytes of a packet from byte `from` on, across segments, into `out[at..]`. False, with nothing
 * read, when the packet has not so many. Source: rte_pktmbuf_read.
 */
export function mbufRead(
  memory: PacketMemory,
  b: number,
  from: number,
  n: number,
  out: Uint8Array,
  at: number,
): boolean {
  if (from < 0 || n < 0 || from + n > mbufLength(memory, b)) return false;
  const { bytes, length, next, offset } = memory;
  let s = b;
  while (s >= 0 && from >= length[s]!) {
    from -= length[s]!;
    s = next[s]!;
  }
  while (n > 0) {
    const part = Math.min(n, length[s]! - from);
    const start = offset[s]! + from;
    for (let i = 0; i < part; i++) out[at + i] = bytes[start + i]!;
    at += part;
    n -= part;
    from = 0;
    s = next[s]!;
  }
  return true;
}
