/**
 * Copies of packet buffers, for those who want to write where others read, or one segment where there are
 * several. Bytes that are copied are counted in `copiedBytes` of the memory.
 *
 * Source: DPDK lib/mbuf/rte_mbuf.{h,c} at 26.11-rc0.
 */
import { isExclusive, mbufLength, mbufTailroom } from "./mbuf.ts";
import { freeChain, type MbufHome } from "./mbuf_share.ts";
import { HEADROOM, type PacketMemory, STRIDE } from "./memory.ts";
import type { Mempool } from "./mempool.ts";

/** Bytes that a fresh buffer takes. */
const ROOM = STRIDE - HEADROOM;

/**
 * Gathers a packet in its first segment and gives the others back. False, with nothing changed, when they
 * do not fit behind it, or when its bytes are shared and others would be written over. Source:
 * rte_pktmbuf_linearize.
 *
 * @throws {RangeError} when the chain closes on itself
 */
export function mbufLinearise(home: MbufHome, lcore: number, b: number): boolean {
  const { memory } = home;
  const { length, next, offset } = memory;
  const rest = next[b]!;
  if (rest < 0) return true;
  // With another holder of the chain there would be one who still counts on the segments given back.
  if (!isExclusive(memory, b)) return false;
  if (mbufLength(memory, rest) > mbufTailroom(memory, b)) return false;
  let end = offset[b]! + length[b]!;
  for (let s = rest; s >= 0; s = next[s]!) {
    memory.copyWithin(offset[s]!, end, length[s]!);
    end += length[s]!;
  }
  length[b] = end - offset[b]!;
  memory.note(b);
  next[b] = -1;
  freeChain(home, lcore, rest);
  return true;
}

/**
 * A packet of direct buffers from `pool` with up to `n` bytes of packet `b` from byte `from` on, and its
 * port, hash and flags. Answers its first segment, or -1, with nothing taken, when `b` ends before `from`
 * or the pool has too few buffers. A copy of all bytes carries the packet from then on, as with
 * `Memory.copy`; a copy of a part does not. Source: rte_pktmbuf_copy.
 *
 * @throws {RangeError} when the chain closes on itself
 *
 * @example
 * ```ts
 * import { mbufAppend, mbufCopy, mbufRead, Memory, Mempool } from "@planecheck/planecheck/core";
 * import { assertEquals } from "@std/assert";
 *
 * const memory = new Memory(2);
 * const pool = new Mempool(memory, memory.region("mempool", 0, 2), [-1], 0);
 * const packet = pool.get(0);
 * memory.bytes.set([1, 2, 3, 4], mbufAppend(memory, packet, 4));
 * const part = mbufCopy(pool, 0, packet, 1, 2);
 * const read = new Uint8Array(2);
 * assertEquals(mbufRead(memory, part, 0, 2, read, 0), true);
 * assertEquals([...read], [2, 3]);
 * assertEquals(mbufCopy(pool, 0, packet, 0, 4), -1);
 * ```
 */
export function mbufCopy(
  pool: Mempool,
  lcore: number,
  b: number,
  from: number,
  n: number,
): number {
  const { memory } = pool;
  const total = mbufLength(memory, b);
  if (from < 0 || n < 0 || from >= total) return -1;
  const length = Math.min(n, total - from);
  const head = fresh(pool, lcore, b);
  if (head < 0) return -1;
  let last = head;
  let done = 0;
  let s = b;
  let skip = from;
  while (done < length) {
    if (skip >= memory.length[s]!) {
      skip -= memory.length[s]!;
      s = memory.next[s]!;
      continue;
    }
    if (memory.length[last] === ROOM) {
      const more = fresh(pool, lcore, b);
      if (more < 0) {
        freeChain(pool, lcore, head);
        return -1;
      }
      memory.next[last] = more;
      last = more;
    }
    const part = Math.min(length - done, memory.length[s]! - skip, ROOM - memory.length[last]!);
    copyPart(memory, s, skip, last, part);
    done += part;
    skip += part;
  }
  if (length === total) memory.copied(b, head);
  return head;
}

/** An empty buffer with the fields of `b`, or -1. */
function fresh(pool: Mempool, lcore: number, b: number): number {
  const { flags, hash, port } = pool.memory;
  const made = pool.get(lcore);
  if (made < 0) return -1;
  port[made] = port[b]!;
  hash[made] = hash[b]!;
  flags[made] = flags[b]!;
  return made;
}

/** Appends `n` bytes of one segment, from its byte `skip` on, to another. */
function copyPart(memory: PacketMemory, s: number, skip: number, to: number, n: number): void {
  const end = memory.offset[to]! + memory.length[to]!;
  memory.copyWithin(memory.offset[s]! + skip, end, n);
  memory.length[to] = memory.length[to]! + n;
}
