/**
 * Sharing and giving back packet buffers: references, indirect buffers, clones.
 *
 * A buffer is *direct* when it shows its own bytes, *indirect* when it was attached to a direct one and
 * shows a part of that one's bytes. `references` of a direct buffer counts its own holders and the
 * indirect buffers that show it; that of an indirect one its holders. Giving back a buffer with several
 * references takes one away; the last one returns the buffer to its pool, and an indirect buffer takes
 * its reference to the direct one with it. So a direct buffer outlives its holder while others show it.
 * External bytes (`mbuf_external.ts`) are shown in the same way, but have no holder of their own.
 *
 * Who calls `put` of a pool on a buffer with several references, or on an indirect one, breaks the count:
 * use {@link freeChain}.
 *
 * Source: DPDK lib/mbuf/rte_mbuf.h at 26.11-rc0, rte_pktmbuf_attach, _detach, _clone, _prefree_seg.
 */
import { mbufSegments } from "./mbuf.ts";
import { EXTERNAL, hideExternal, mbufAttachExternal } from "./mbuf_external.ts";
import { HEADROOM, type PacketMemory, STRIDE } from "./memory.ts";
import type { Mempool } from "./mempool.ts";

/** Most references of a buffer: `refcnt` of rte_mbuf has 16 bits. */
export const REFERENCES_MAX = 65535;

/** Where buffers go back to: a {@link Mempool}, or several behind {@link mempoolsOf}. */
export interface MbufHome {
  /** The memory that the buffers are in. */
  readonly memory: PacketMemory;
  /** Takes one buffer back from an lcore. */
  put(lcore: number, b: number): void;
  /** Takes `n` buffers back, `buffers[at..at+n-1]`. */
  putBulk(lcore: number, buffers: Int32Array, at: number, n: number): void;
}

/**
 * Several pools of one memory as one place to give buffers back to: each buffer returns to the pool that
 * owns it, a buffer that none owns to the first, whose ledger names it. A give-back takes O(pools) for
 * each buffer; of a bulk, buffers of one pool that follow each other go back at once.
 *
 * @throws {RangeError} when there is no pool, or the pools are of different memories
 */
export function mempoolsOf(pools: readonly Mempool[]): MbufHome {
  const first = pools[0];
  if (first === undefined) throw new RangeError("Cannot join mempools: there are none");
  for (const { name, memory } of pools) {
    if (memory !== first.memory) {
      throw new RangeError(`Cannot join mempools: ${name} and ${first.name} are of two memories`);
    }
  }
  const homeOf = (b: number): Mempool => {
    for (let i = 1; i < pools.length; i++) {
      const pool = pools[i]!;
      if (b >= pool.first && b < pool.first + pool.size) return pool;
    }
    return first;
  };
  return {
    memory: first.memory,
    put: (lcore, b) => homeOf(b).put(lcore, b),
    putBulk(lcore, buffers, at, n) {
      for (let from = at; from < at + n;) {
        const home = homeOf(buffers[from]!);
        let end = from + 1;
        while (end < at + n && homeOf(buffers[end]!) === home) end++;
        home.putBulk(lcore, buffers, from, end - from);
        from = end;
      }
    },
  };
}

/**
 * Adds `n` holders to every segment of a packet, each of whom gives it back with {@link freeChain}. False
 * when a segment would have more than {@link REFERENCES_MAX}. Source: rte_pktmbuf_refcnt_update.
 */
export function mbufRetain(memory: PacketMemory, b: number, n: number): boolean {
  const { next, references } = memory;
  if (n < 0) return false;
  mbufSegments(memory, b);
  for (let s = b; s >= 0; s = next[s]!) if (references[s]! + n > REFERENCES_MAX) return false;
  for (let s = b; s >= 0; s = next[s]!) references[s] = references[s]! + n;
  return true;
}

/**
 * Makes buffer `b` show what segment `from` shows: its bytes, length, port, hash and flags. The owner of
 * the bytes has one reference more. False when `b` is shared, attached already, in a chain, or the owner
 * itself, or when the owner has {@link REFERENCES_MAX} references.
 */
export function mbufAttach(memory: PacketMemory, b: number, from: number): boolean {
  const { next, owner, references } = memory;
  const of = owner[from]!;
  if (of === EXTERNAL) {
    if (!mbufAttachExternal(memory, b, memory.external.get(from)!)) return false;
  } else {
    if (b === of || owner[b] !== b || references[b] !== 1 || next[b]! >= 0) return false;
    if (references[of]! >= REFERENCES_MAX) return false;
    memory.note(b);
    references[of] = references[of]! + 1;
    owner[b] = of;
  }
  memory.offset[b] = memory.offset[from]!;
  memory.length[b] = memory.length[from]!;
  memory.port[b] = memory.port[from]!;
  memory.hash[b] = memory.hash[from]!;
  memory.flags[b] = memory.flags[from]!;
  memory.shown(from, b);
  return true;
}

/**
 * Makes an indirect buffer direct again, with no bytes; the owner of those it showed loses a reference,
 * and returns to its pool with the last; external bytes are told to be free then. False when the buffer
 * is direct or shared. Source: rte_pktmbuf_detach, rte_pktmbuf_detach_extbuf.
 */
export function mbufDetach(home: MbufHome, lcore: number, b: number): boolean {
  const { memory } = home;
  const of = memory.owner[b]!;
  if (of === b || memory.references[b] !== 1) return false;
  memory.owner[b] = b;
  memory.offset[b] = b * STRIDE + HEADROOM;
  memory.length[b] = 0;
  memory.hidden(b);
  if (of === EXTERNAL) hideExternal(memory, b);
  else freeSegment(home, lcore, of);
  return true;
}

/**
 * Takes a reference of a segment away. Answers whether it was the last: then the segment is direct and unlinked,
 * and the caller returns it to its pool. Source: rte_pktmbuf_prefree_seg.
 */
export function releaseSegment(home: MbufHome, lcore: number, b: number): boolean {
  const { next, owner, references } = home.memory;
  const count = references[b]!;
  if (count > 1) {
    references[b] = count - 1;
    return false;
  }
  if (owner[b] !== b) mbufDetach(home, lcore, b);
  next[b] = -1;
  return true;
}

/**
 * Gives one segment back, whatever it is linked to: takes a reference away, and the last returns it to its
 * pool, direct and unlinked. Source: rte_pktmbuf_free_seg.
 */
export function freeSegment(home: MbufHome, lcore: number, b: number): void {
  if (releaseSegment(home, lcore, b)) home.put(lcore, b);
}

/**
 * Gives every segment of a packet back; O(segments). Source: rte_pktmbuf_free.
 *
 * @example
 * ```ts
 * import { freeChain, mbufClone, Memory, Mempool } from "@planecheck/planecheck/core";
 * import { assertEquals } from "@std/assert";
 *
 * const memory = new Memory(4);
 * const pool = new Mempool(memory, memory.region("mempool", 0, 4), [-1], 0);
 * const packet = pool.get(0);
 * const clone = mbufClone(pool, 0, packet);
 * freeChain(pool, 0, packet);
 * assertEquals(pool.free, 2); // the clone still shows the bytes of the packet
 * freeChain(pool, 0, clone);
 * assertEquals(pool.free, 4);
 * ```
 */
export function freeChain(home: MbufHome, lcore: number, b: number): void {
  const { next } = home.memory;
  for (let s = b; s >= 0;) {
    const following = next[s]!;
    freeSegment(home, lcore, s);
    s = following;
  }
}

/** Most buffers that wait to be given back at once (RTE_PKTMBUF_FREE_PENDING_SZ). */
const PENDING_MAX = 64;

/**
 * Gives the packets `buffers[at..at+n-1]` back, all their segments; where -1 stands, there is none. What
 * one pool gets goes back in bulks of up to 64, a pool without caches is used once for each. O(segments).
 * Source: rte_pktmbuf_free_bulk.
 */
export function freeBulk(
  home: MbufHome,
  lcore: number,
  buffers: Int32Array,
  at: number,
  n: number,
): void {
  const { next } = home.memory;
  const pending = new Int32Array(PENDING_MAX);
  let waiting = 0;
  for (let i = at; i < at + n; i++) {
    for (let s = buffers[i]!; s >= 0;) {
      const following = next[s]!;
      if (releaseSegment(home, lcore, s)) pending[waiting++] = s;
      if (waiting === PENDING_MAX) {
        home.putBulk(lcore, pending, 0, waiting);
        waiting = 0;
      }
      s = following;
    }
  }
  if (waiting > 0) home.putBulk(lcore, pending, 0, waiting);
}

/**
 * A packet of indirect buffers from `pool` that shows the same bytes, segment by segment. Answers its first
 * segment, or -1, with nothing taken, when the pool has too few or an owner too many references. Source:
 * rte_pktmbuf_clone.
 *
 * @throws {RangeError} when the chain closes on itself
 */
export function mbufClone(pool: Mempool, lcore: number, b: number): number {
  const { memory } = pool;
  const { next } = memory;
  mbufSegments(memory, b);
  let head = -1;
  let last = -1;
  for (let s = b; s >= 0; s = next[s]!) {
    const made = pool.get(lcore);
    const attached = made >= 0 && mbufAttach(memory, made, s);
    if (!attached) {
      if (made >= 0) pool.put(lcore, made);
      if (head >= 0) freeChain(pool, lcore, head);
      return -1;
    }
    if (head < 0) head = made;
    else next[last] = made;
    last = made;
  }
  return head;
}
