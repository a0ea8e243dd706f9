/**
 * The fragments of packets that are being put together: which are there, and what their ranges say of
 * the next. Contract and policy stand in `reassembler.ts`; here is neither IPv4 nor IPv6.
 */

import { mbufLast, mbufLength, mbufRead } from "../memory/mbuf.ts";
import { freeChain, type MbufHome } from "../memory/mbuf_share.ts";
import { FragmentTable } from "./_fragment_table.ts";
import { mbufBehind } from "./_mbuf_cut.ts";

/** Limits of a {@link Reassembler}. */
export interface ReassemblerLimits {
  /** Most packets at a time, 1..2^20. */
  readonly packets: number;
  /** Most fragments of a packet, 2..8192. */
  readonly fragments: number;
  /** How long a packet may take, in the unit of the times given in; above 0. */
  readonly timeout: number;
}

/** What became of the fragments given in, and of the packets that they were of. */
export interface ReassemblerCounts {
  /** Packets put together. */
  reassembled: number;
  /** Fragments that were there already, byte for byte. */
  duplicates: number;
  /** Packets ended by an overlap or by two different ends. */
  overlaps: number;
  /** Packets ended by more fragments than the limit. */
  crowded: number;
  /** Packets ended by ECN: some fragments say "congestion", others "not capable" (RFC 3168, 5.3). */
  ecn: number;
  /** Packets whose time was over before they were whole. */
  expired: number;
  /** Fragments that no packet can have: empty, a part of eight bytes, beyond the longest packet. */
  malformed: number;
  /** Fragments for which the table had no place. */
  refused: number;
  /** Fragments of packets that had been ended. */
  late: number;
}

/** Bytes compared at a time. */
const CHUNK = 256;
const NOT_ECT = 0, CE = 3;

/** One fragment as its header describes it. */
export interface Fragment {
  /** First segment of the packet buffer. */
  buffer: number;
  /** Bytes before its data. */
  header: number;
  /** Where its data lies in the packet's. */
  start: number;
  /** See `start`. */
  end: number;
  /** Whether no more fragments follow. */
  isLast: boolean;
  /** Its ECN. */
  ecn: number;
}

/** Fragments by packet. */
export class FragmentEntries {
  /** What became of what was given in. */
  readonly counts: ReassemblerCounts = {
    ...{ reassembled: 0, duplicates: 0, overlaps: 0, crowded: 0, ecn: 0 },
    ...{ expired: 0, malformed: 0, refused: 0, late: 0 },
  };
  /** Fragments held. */
  held = 0;
  /** ECN of the packet that {@link collect} answered last. */
  ecn = 0;
  /** Bytes of its data. */
  total = 0;
  readonly #home: MbufHome;
  readonly #limits: ReassemblerLimits;
  readonly #table: FragmentTable;
  /** Fragments of each entry in order of their data, `limits.fragments` places each. */
  readonly #start: Int32Array;
  readonly #end: Int32Array;
  readonly #buffer: Int32Array;
  /** By entry: fragments, bytes they have, where the packet's data ends (-1: not known yet). */
  readonly #count: Int32Array;
  readonly #bytes: Int32Array;
  readonly #total: Int32Array;
  /** By entry: a bit for each value of ECN seen. */
  readonly #ecn: Uint8Array;
  /** By entry: 1 when the packet was ended. */
  readonly #ended: Uint8Array;
  readonly #one: Uint8Array = new Uint8Array(CHUNK);
  readonly #other: Uint8Array = new Uint8Array(CHUNK);

  constructor(home: MbufHome, limits: ReassemblerLimits) {
    const { packets, fragments, timeout } = limits;
    const whole = (n: number, min: number, max: number, name: string): void => {
      if (Number.isInteger(n) && n >= min && n <= max) return;
      throw new RangeError(`Cannot build reassembly table: ${name} is ${n}, not ${min}..${max}`);
    };
    whole(packets, 1, 2 ** 20, "packets");
    whole(fragments, 2, 8192, "fragments");
    if (!(timeout > 0)) {
      throw new RangeError(`Cannot build reassembly table: timeout is ${timeout}, not above 0`);
    }
    this.#home = home;
    this.#limits = limits;
    this.#table = new FragmentTable(packets);
    this.#start = new Int32Array(packets * fragments);
    this.#end = new Int32Array(packets * fragments);
    this.#buffer = new Int32Array(packets * fragments);
    this.#count = new Int32Array(packets);
    this.#bytes = new Int32Array(packets);
    this.#total = new Int32Array(packets);
    this.#ecn = new Uint8Array(packets);
    this.#ended = new Uint8Array(packets);
  }

  /** Entries in use. */
  get used(): number {
    return this.#table.used;
  }

  /** The key of the packet that the next fragment taken is of. */
  get key(): Uint32Array {
    return this.#table.key;
  }

  /** Gives up what has taken too long; answers how many packets. */
  expire(lcore: number, now: number): number {
    const before = this.counts.expired;
    for (let left = this.#table.used; left > 0; left--) {
      const e = this.#table.oldest;
      if (!(now - this.#table.began[e]! >= this.#limits.timeout)) break;
      if (this.#ended[e] === 0) this.counts.expired++;
      this.#give(lcore, e);
      this.#table.end(e);
    }
    return this.counts.expired - before;
  }

  /** Takes a fragment; answers the entry whose packet is whole now, or -1. */
  take(lcore: number, f: Fragment, now: number): number {
    let e = this.#table.find();
    if (e < 0) {
      e = this.#table.begin(now);
      if (e < 0) return this.drop(lcore, f.buffer, "refused");
      this.#count[e] = 0;
      this.#bytes[e] = 0;
      this.#total[e] = -1;
      this.#ecn[e] = 0;
      this.#ended[e] = 0;
    }
    if (this.#ended[e] === 1) return this.drop(lcore, f.buffer, "late");
    const base = e * this.#limits.fragments;
    let at = base + this.#count[e]!;
    while (at > base && this.#start[at - 1]! >= f.start) at--;
    const isThere = at < base + this.#count[e]! && this.#start[at] === f.start &&
      this.#end[at] === f.end && f.isLast === (f.end === this.#total[e]) && this.#equal(at, f);
    if (isThere) return this.drop(lcore, f.buffer, "duplicates");
    if (this.#contradicts(e, at, f)) return this.#endPacket(lcore, e, f.buffer, "overlaps");
    if (this.#count[e] === this.#limits.fragments) {
      return this.#endPacket(lcore, e, f.buffer, "crowded");
    }
    this.#insert(lcore, e, at, f);
    return this.#bytes[e] === this.#total[e] ? e : -1;
  }

  /** Gives a fragment back and counts it. */
  drop(lcore: number, b: number, why: keyof ReassemblerCounts): number {
    this.counts[why]++;
    freeChain(this.#home, lcore, b);
    return -1;
  }

  /**
   * Chains the fragments of a whole packet and ends its entry. Answers the first segment, which has
   * the first fragment's header still, or -1 where ECN forbids it.
   */
  collect(lcore: number, e: number): number {
    const seen = this.#ecn[e]!;
    if ((seen >>> CE & 1) === 1 && (seen >>> NOT_ECT & 1) === 1) {
      return this.#endPacket(lcore, e, -1, "ecn");
    }
    const base = e * this.#limits.fragments;
    const { memory } = this.#home;
    const head = this.#buffer[base]!;
    this.ecn = (seen >>> CE & 1) === 1 ? CE : -1;
    this.total = this.#total[e]!;
    for (let at = base, last = -1; at < base + this.#count[e]!; at++) {
      const b = this.#buffer[at]!;
      if (last >= 0) memory.next[last] = b;
      last = mbufLast(memory, b);
    }
    this.held -= this.#count[e]!;
    this.#table.end(e);
    return head;
  }

  /** Whether a fragment that would go to place `at` overlaps another, or ends the packet otherwise. */
  #contradicts(e: number, at: number, f: Fragment): boolean {
    const base = e * this.#limits.fragments;
    const behind = base + this.#count[e]!;
    if (at > base && this.#end[at - 1]! > f.start) return true;
    if (at < behind && this.#start[at]! < f.end) return true;
    const total = this.#total[e]!;
    if (f.isLast) return total >= 0 || at < behind;
    return total >= 0 && f.end > total;
  }

  #insert(lcore: number, e: number, at: number, f: Fragment): void {
    for (let i = e * this.#limits.fragments + this.#count[e]!; i > at; i--) {
      this.#start[i] = this.#start[i - 1]!;
      this.#end[i] = this.#end[i - 1]!;
      this.#buffer[i] = this.#buffer[i - 1]!;
    }
    this.#start[at] = f.start;
    this.#end[at] = f.end;
    this.#buffer[at] = f.start === 0 ? f.buffer : mbufBehind(this.#home, lcore, f.buffer, f.header);
    this.#count[e] = this.#count[e]! + 1;
    this.#bytes[e] = this.#bytes[e]! + f.end - f.start;
    this.#ecn[e] = this.#ecn[e]! | 1 << f.ecn;
    if (f.isLast) this.#total[e] = f.end;
    this.held++;
  }

  /** Whether the fragment in place `at` has the bytes of another of its length. */
  #equal(at: number, f: Fragment): boolean {
    const { memory } = this.#home;
    const held = this.#buffer[at]!;
    const from = mbufLength(memory, held) - (f.end - f.start);
    for (let done = 0; done < f.end - f.start; done += CHUNK) {
      const n = Math.min(CHUNK, f.end - f.start - done);
      mbufRead(memory, held, from + done, n, this.#one, 0);
      mbufRead(memory, f.buffer, f.header + done, n, this.#other, 0);
      for (let i = 0; i < n; i++) if (this.#one[i] !== this.#other[i]) return false;
    }
    return true;
  }

  /** Ends a packet: its fragments and `b` go back, and its entry stays until its time is over. */
  #endPacket(lcore: number, e: number, b: number, why: keyof ReassemblerCounts): number {
    this.counts[why]++;
    this.#give(lcore, e);
    this.#ended[e] = 1;
    if (b >= 0) freeChain(this.#home, lcore, b);
    return -1;
  }

  /** Gives the fragments of an entry back. */
  #give(lcore: number, e: number): void {
    const base = e * this.#limits.fragments;
    const count = this.#count[e]!;
    for (let at = base; at < base + count; at++) freeChain(this.#home, lcore, this.#buffer[at]!);
    this.held -= count;
    this.#count[e] = 0;
  }
}
