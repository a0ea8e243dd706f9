/**
 * Fragmentation of packet buffers without copying payload, as rte_ipv4_fragment_packet and
 * rte_ipv6_fragment_packet do it: each fragment is a fresh buffer with its header, and behind it
 * indirect buffers that show their parts of the packet.
 *
 * The packet begins with its network header, the link header taken off, and has been judged by
 * `checkHeader` or `checkHeader6`; a fresh buffer has the headroom for the next link header. The
 * packet stays with its holder, who gives it back as if nothing had happened: its bytes live on as
 * long as a fragment shows them, and are not to be written to meanwhile.
 */

import { mbufLength } from "../memory/mbuf.ts";
import { freeChain, mbufAttach } from "../memory/mbuf_share.ts";
import type { Mempool } from "../memory/mempool.ts";
import { ipv4HeaderLength, ipv4TotalLength } from "./ipv4.ts";
import { ipv4FragmentCount, writeIpv4FragmentHeader } from "./ipv4_fragment.ts";
import { IPV6_HEADER_BYTES, ipv6PayloadLength } from "./ipv6.ts";
import { IPV6_FRAGMENT_BYTES } from "./ipv6_extensions.ts";
import { ipv6FragmentCount, writeIpv6FragmentHeaders } from "./ipv6_fragment.ts";

/** Refuses a packet that has not been judged. */
function checkTotal(pool: Mempool, b: number, total: number): void {
  const length = mbufLength(pool.memory, b);
  if (total > length) {
    throw new RangeError(
      `Cannot fragment buffer ${b}: its header says ${total} bytes, it has ${length}`,
    );
  }
}

/** A buffer for the header of a fragment of packet `b`, or -1. */
function headerBuffer(pool: Mempool, lcore: number, b: number): number {
  const { flags, hash, port } = pool.memory;
  const made = pool.get(lcore);
  if (made < 0) return -1;
  port[made] = port[b]!;
  hash[made] = hash[b]!;
  flags[made] = flags[b]!;
  return made;
}

/** Chains indirect buffers behind `head` that show `n` bytes of packet `b` from `from` on. */
function show(
  pool: Mempool,
  lcore: number,
  head: number,
  b: number,
  from: number,
  n: number,
): boolean {
  const { memory } = pool;
  const { length, next, offset } = memory;
  let s = b;
  let last = head;
  for (let left = n; left > 0;) {
    if (from >= length[s]!) {
      from -= length[s]!;
      s = next[s]!;
      continue;
    }
    const made = pool.get(lcore);
    if (made < 0) return false;
    next[last] = made;
    last = made;
    if (!mbufAttach(memory, made, s)) return false;
    const part = Math.min(left, length[s]! - from);
    offset[made] = offset[made]! + from;
    length[made] = part;
    left -= part;
    from += part;
  }
  return true;
}

/** Gives back the first `count` packets in `out`. */
function undo(pool: Mempool, lcore: number, out: Int32Array, count: number): number {
  for (let i = 0; i < count; i++) freeChain(pool, lcore, out[i]!);
  return -1;
}

/**
 * Puts the fragments of IPv4 packet `b` for an MTU into `out`, in order, and answers how many: see
 * `ipv4FragmentCount`, where 1 (it fits as it is) and 0 (it must not be cut) make nothing. -1, with
 * nothing taken, when the pool has too few buffers or `out` too few places. O(bytes of headers +
 * fragments x segments).
 *
 * @throws {RangeError} when `mtu` is not an integer 68..65535, or the packet is shorter than its
 * header says
 * @example
 * ```ts
 * import { mbufAppend, mbufFragmentIpv4, mbufLength, Memory, Mempool } from "@planecheck/planecheck/core";
 * import { writeUdpFrame } from "@planecheck/planecheck/core";
 * import { assertEquals } from "@std/assert";
 *
 * const memory = new Memory(8);
 * const pool = new Mempool(memory, memory.region("mempool", 0, 8), [-1], 0);
 * const packet = pool.get(0);
 * const at = mbufAppend(memory, packet, 1500);
 * writeUdpFrame(memory.bytes, at - 14, { dstMac: 1, srcMac: 2, src: 3, dst: 4, payload: 1472 });
 * const out = new Int32Array(4);
 * assertEquals(mbufFragmentIpv4(pool, 0, packet, 1000, out), 2);
 * assertEquals([mbufLength(memory, out[0]!), mbufLength(memory, out[1]!)], [996, 524]);
 * ```
 */
export function mbufFragmentIpv4(
  pool: Mempool,
  lcore: number,
  b: number,
  mtu: number,
  out: Int32Array,
): number {
  const { bytes, length, offset } = pool.memory;
  const off = offset[b]!;
  const header = ipv4HeaderLength(bytes, off);
  if (header > length[b]!) return 0;
  const count = ipv4FragmentCount(bytes, off, mtu);
  if (count <= 1) return count;
  checkTotal(pool, b, ipv4TotalLength(bytes, off));
  if (count > out.length) return -1;
  let from = header;
  for (let i = 0; i < count; i++) {
    const head = headerBuffer(pool, lcore, b);
    if (head < 0) return undo(pool, lcore, out, i);
    out[i] = head;
    const n = writeIpv4FragmentHeader(bytes, off, mtu, i, bytes, offset[head]!);
    length[head] = n;
    const data = ipv4TotalLength(bytes, offset[head]!) - n;
    if (!show(pool, lcore, head, b, from, data)) return undo(pool, lcore, out, i + 1);
    from += data;
  }
  return count;
}

/**
 * Puts the fragments of IPv6 packet `b` for an MTU, with identification `id`, into `out`, as
 * {@link mbufFragmentIpv4} does; 0 also where the extension headers do not lie in the packet's first
 * segment.
 *
 * @throws {RangeError} when `mtu` is not an integer 1280..65535, or the packet is shorter than its
 * header says
 */
export function mbufFragmentIpv6(
  pool: Mempool,
  lcore: number,
  b: number,
  mtu: number,
  id: number,
  out: Int32Array,
): number {
  const { bytes, length, offset } = pool.memory;
  const off = offset[b]!;
  if (length[b]! < IPV6_HEADER_BYTES) return 0;
  const count = ipv6FragmentCount(bytes, off, mtu, length[b]!);
  if (count <= 1) return count;
  checkTotal(pool, b, IPV6_HEADER_BYTES + ipv6PayloadLength(bytes, off));
  if (count > out.length) return -1;
  let from = -1;
  for (let i = 0; i < count; i++) {
    const head = headerBuffer(pool, lcore, b);
    if (head < 0) return undo(pool, lcore, out, i);
    out[i] = head;
    const n = writeIpv6FragmentHeaders(bytes, off, mtu, i, id, bytes, offset[head]!);
    length[head] = n;
    if (i === 0) from = n - IPV6_FRAGMENT_BYTES;
    const data = IPV6_HEADER_BYTES + ipv6PayloadLength(bytes, offset[head]!) - n;
    if (!show(pool, lcore, head, b, from, data)) return undo(pool, lcore, out, i + 1);
    from += data;
  }
  return count;
}
