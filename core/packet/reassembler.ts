/**
 * Putting IPv4 and IPv6 fragments together again (RFC 791, 3.2; RFC 815; RFC 8200, 4.5), over packet
 * buffers and without copying payload: the whole packet is the chain of its fragments' data behind
 * the first one's header.
 *
 * Who owns what: a fragment given in belongs to the table, which gives it back to its pool unless it
 * becomes part of a whole packet. A packet answered belongs to the caller. A fragment begins with its
 * network header, the link header taken off, and that header lies in its first segment, which nobody
 * else holds, for it is written to.
 *
 * Policy on overlaps: bytes are never written over. An exact copy of a fragment that is there (same
 * range, same bytes) is given back alone, which RFC 8200, 4.5 allows. Any other overlap, and any
 * contradiction about where the packet ends, ends the whole packet, and what still comes of it is
 * dropped until its time is over (RFC 5722, 4). The same for IPv4, where RFC 791 would have the later
 * bytes win: with that a filter that sees fragments one by one can be deceived (RFC 1858, 4; RFC
 * 3128), and Linux drops such packets too.
 *
 * Limits: `packets` in the table, `fragments` of each, and `timeout` from the arrival of the first
 * (RFC 8200, 4.5: 60 s; RFC 1122, 3.3.2: 60 to 120 s). A fragment of a new packet that finds the
 * table full is given back. No memory is taken after construction.
 */

import { mbufAdjust, mbufLength, mbufRead } from "../memory/mbuf.ts";
import type { MbufHome } from "../memory/mbuf_share.ts";
import { REASON } from "../policy.ts";
import {
  type Fragment,
  FragmentEntries,
  type ReassemblerCounts,
  type ReassemblerLimits,
} from "./_fragment_entries.ts";
import { mbufCut } from "./_mbuf_cut.ts";
import { readU32 } from "./bytes.ts";
import * as ip from "./ipv4.ts";
import { checkHeader } from "./ipv4_forward.ts";
import * as ip6 from "./ipv6.ts";
import * as ext from "./ipv6_extensions.ts";

export type { ReassemblerCounts, ReassemblerLimits } from "./_fragment_entries.ts";

/** Bytes of the longest packet behind an IPv6 header, and of the longest IPv4 packet. */
const LONGEST = 0xffff;
/** Bytes of a first fragment in which its extension headers have to lie. */
const HEADERS_SEEN = 2048;

/**
 * A table of packets that are being put together.
 *
 * @example
 * ```ts
 * import { mbufAppend, mbufFragmentIpv4, mbufLength, Memory, Mempool } from "@planecheck/planecheck/core";
 * import { Reassembler, writeUdpFrame } from "@planecheck/planecheck/core";
 * import { assertEquals } from "@std/assert";
 *
 * const memory = new Memory(8);
 * const pool = new Mempool(memory, memory.region("mempool", 0, 8), [-1], 0);
 * const packet = pool.get(0);
 * const at = mbufAppend(memory, packet, 1500);
 * writeUdpFrame(memory.bytes, at - 14, { dstMac: 1, srcMac: 2, src: 3, dst: 4, payload: 1472 });
 * const out = new Int32Array(2);
 * mbufFragmentIpv4(pool, 0, packet, 1000, out);
 *
 * const table = new Reassembler(pool, { packets: 16, fragments: 8, timeout: 60e9 });
 * assertEquals(table.ipv4(0, out[1]!, 0), -1); // the second one first: it waits
 * const whole = table.ipv4(0, out[0]!, 5);
 * assertEquals([mbufLength(memory, whole), table.counts.reassembled], [1500, 1]);
 * ```
 */
export class Reassembler {
  readonly #home: MbufHome;
  readonly #entries: FragmentEntries;
  readonly #headers: ext.Ipv6Headers = new ext.Ipv6Headers();
  readonly #seen: Uint8Array = new Uint8Array(HEADERS_SEEN);
  /** The fragment at hand, written over by the next. */
  readonly #f: Fragment = { buffer: 0, header: 0, start: 0, end: 0, isLast: false, ecn: 0 };

  /**
   * An empty table whose fragments go back to `home`.
   *
   * @throws {RangeError} when a limit is out of its range
   */
  constructor(home: MbufHome, limits: ReassemblerLimits) {
    this.#home = home;
    this.#entries = new FragmentEntries(home, limits);
  }

  /** What became of what was given in. */
  get counts(): Readonly<ReassemblerCounts> {
    return this.#entries.counts;
  }

  /** Fragments held. */
  get held(): number {
    return this.#entries.held;
  }

  /** Packets in the table, ended ones whose time is not over included. */
  get packets(): number {
    return this.#entries.used;
  }

  /**
   * Takes IPv4 packet `b` and answers a whole packet, or -1: `b` itself when it is no fragment, else
   * that which it completes. The whole packet has the first fragment's header without "more
   * fragments", with its own length and a right checksum. Padding is cut off fragments. What
   * `checkHeader` would refuse is counted as malformed. O(fragments of the packet + segments).
   *
   * @throws {RangeError} when somebody else holds the first segment
   */
  ipv4(lcore: number, b: number, now: number): number {
    const { memory } = this.#home;
    const { bytes, length, offset } = memory;
    this.#entries.expire(lcore, now);
    const off = offset[b]!;
    const header = ip.ipv4HeaderLength(bytes, off);
    const isRight = checkHeader(bytes, off, mbufLength(memory, b), false) === REASON.none;
    if (!isRight || header > length[b]!) return this.#malformed(lcore, b);
    if (!ip.isIpv4Fragment(bytes, off)) return b;
    this.#refuseShared(b);
    const start = ip.ipv4FragmentOffset(bytes, off) * 8;
    const total = ip.ipv4TotalLength(bytes, off);
    const isLast = (ip.ipv4Flags(bytes, off) & ip.IPV4_MF) === 0;
    const data = total - header;
    if (!this.#isPossible(data, isLast) || start + total > LONGEST) {
      return this.#malformed(lcore, b);
    }
    const { key } = this.#entries;
    key.fill(0);
    key[0] = 0x400 | ip.ipv4Protocol(bytes, off);
    key[1] = ip.ipv4Id(bytes, off);
    key[2] = ip.ipv4Src(bytes, off);
    key[3] = ip.ipv4Dst(bytes, off);
    mbufCut(this.#home, lcore, b, total);
    this.#describe(b, header, start, data);
    this.#f.isLast = isLast;
    this.#f.ecn = ip.ipv4Ecn(bytes, off);
    const e = this.#entries.take(lcore, this.#f, now);
    return e < 0 ? -1 : this.#wholeIpv4(lcore, e);
  }

  /**
   * Takes IPv6 packet `b` as {@link ipv4} does. The whole packet has the first fragment's headers
   * without the fragment header. A fragment that is the whole packet is looked at by itself (RFC
   * 6946, 4). Malformed are also headers up to the fragment header that are not whole in the first
   * segment, and a first fragment that does not reach through the transport header (RFC 8200, 4.5).
   *
   * @throws {RangeError} when somebody else holds the first segment
   */
  ipv6(lcore: number, b: number, now: number): number {
    const { memory } = this.#home;
    const { bytes, length, offset } = memory;
    this.#entries.expire(lcore, now);
    const off = offset[b]!;
    const headers = this.#headers;
    const isRight = length[b]! >= ip6.IPV6_HEADER_BYTES &&
      ip6.checkHeader6(bytes, off, mbufLength(memory, b)) === REASON.none;
    const how = headers.walk(bytes, off, length[b]!);
    const { fragmentAt } = headers;
    if (!isRight) return this.#malformed(lcore, b);
    if (fragmentAt < 0) return how === "whole" ? b : this.#malformed(lcore, b);
    this.#refuseShared(b);
    const header = fragmentAt + ext.IPV6_FRAGMENT_BYTES - off;
    const total = ip6.IPV6_HEADER_BYTES + ip6.ipv6PayloadLength(bytes, off);
    const start = ext.ipv6FragmentOffset(bytes, fragmentAt) * 8;
    const isLast = !ext.ipv6FragmentMore(bytes, fragmentAt);
    const data = total - header;
    if (!this.#isPossible(data, isLast) || start + data > LONGEST) {
      return this.#malformed(lcore, b);
    }
    if (start === 0 && !isLast && !this.#reachesTransport(b, total)) {
      return this.#malformed(lcore, b);
    }
    mbufCut(this.#home, lcore, b, total);
    if (start === 0 && isLast) return this.#unwrapIpv6(lcore, b, data);
    const { key } = this.#entries;
    key[0] = 0x600;
    key[1] = ext.ipv6FragmentId(bytes, fragmentAt);
    for (let i = 0; i < 8; i++) key[2 + i] = readU32(bytes, off + ip6.IPV6_SRC_AT + 4 * i);
    this.#describe(b, header, start, data);
    this.#f.isLast = isLast;
    this.#f.ecn = ip6.ipv6Ecn(bytes, off);
    const e = this.#entries.take(lcore, this.#f, now);
    return e < 0 ? -1 : this.#wholeIpv6(lcore, e);
  }

  /**
   * Gives up every packet that has taken `timeout` or longer by `now`; the other methods do so first.
   * Answers how many. O(packets given up and their segments).
   */
  expire(lcore: number, now: number): number {
    return this.#entries.expire(lcore, now);
  }

  /** The whole IPv4 packet of an entry. */
  #wholeIpv4(lcore: number, e: number): number {
    const b = this.#entries.collect(lcore, e);
    if (b < 0) return -1;
    const { bytes, offset } = this.#home.memory;
    const off = offset[b]!;
    const total = ip.ipv4HeaderLength(bytes, off) + this.#entries.total;
    if (total > LONGEST) return this.#malformed(lcore, b);
    ip.setIpv4TotalLength(bytes, off, total);
    ip.setIpv4Flags(bytes, off, ip.ipv4Flags(bytes, off) & ~ip.IPV4_MF);
    if (this.#entries.ecn >= 0) ip.setIpv4Ecn(bytes, off, this.#entries.ecn);
    ip.fillIpv4Checksum(bytes, off);
    this.#entries.counts.reassembled++;
    return b;
  }

  /** The whole IPv6 packet of an entry. */
  #wholeIpv6(lcore: number, e: number): number {
    const b = this.#entries.collect(lcore, e);
    if (b < 0) return -1;
    const { bytes, length, offset } = this.#home.memory;
    const off = offset[b]!;
    this.#headers.walk(bytes, off, length[b]!);
    if (this.#entries.ecn >= 0) ip6.setIpv6Ecn(bytes, off, this.#entries.ecn);
    return this.#unwrapIpv6(lcore, b, this.#entries.total);
  }

  /** Whether the first `total` bytes of a packet, in whatever segments, hold the transport header. */
  #reachesTransport(b: number, total: number): boolean {
    const n = Math.min(total, HEADERS_SEEN);
    mbufRead(this.#home.memory, b, 0, n, this.#seen, 0);
    const how = this.#headers.walk(this.#seen, 0, n);
    return how === "whole" &&
      this.#headers.offset + ext.ipv6UpperBytes(this.#headers.protocol) <= total;
  }

  /** Takes the fragment header, found by a walk, out of a packet with `data` bytes behind it. */
  #unwrapIpv6(lcore: number, b: number, data: number): number {
    const { memory } = this.#home;
    const { bytes } = memory;
    const { fragmentAt, fragmentNextAt } = this.#headers;
    const off = memory.offset[b]!;
    const payload = fragmentAt - off - ip6.IPV6_HEADER_BYTES + data;
    if (payload > LONGEST) return this.#malformed(lcore, b);
    bytes[fragmentNextAt] = bytes[fragmentAt]!;
    ip6.setIpv6PayloadLength(bytes, off, payload);
    bytes.copyWithin(off + ext.IPV6_FRAGMENT_BYTES, off, fragmentAt);
    mbufAdjust(memory, b, ext.IPV6_FRAGMENT_BYTES);
    this.#entries.counts.reassembled++;
    return b;
  }

  /** Whether a packet can have such a part: not empty, and a multiple of eight bytes but the last. */
  #isPossible(data: number, isLast: boolean): boolean {
    return data > 0 && (isLast || data % 8 === 0);
  }

  #describe(b: number, header: number, start: number, data: number): void {
    this.#f.buffer = b;
    this.#f.header = header;
    this.#f.start = start;
    this.#f.end = start + data;
  }

  #malformed(lcore: number, b: number): number {
    return this.#entries.drop(lcore, b, "malformed");
  }

  /** Writing to a header that another holder sees would change his packet. */
  #refuseShared(b: number): void {
    const { owner, references } = this.#home.memory;
    if (owner[b] === b && references[b] === 1) return;
    throw new RangeError(`Cannot reassemble buffer ${b}: somebody else holds its header`);
  }
}
