/**
 * What fragments are in the words of RFC 791 and RFC 8200, over plain arrays; packet buffers from and
 * to arrays; and a model of the reassembly policy that knows bytes and ranges alone.
 */

import { mbufAppend, mbufChain, mbufLength, mbufRead } from "../memory/mbuf.ts";
import type { Memory } from "../memory/memory.ts";
import type { Mempool } from "../memory/mempool.ts";

/** One's complement sum of bytes, an odd one padded. */
export function onesSum(bytes: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < bytes.length; i += 2) sum += bytes[i]! * 256 + (bytes[i + 1] ?? 0);
  while (sum > 0xffff) sum = Math.floor(sum / 0x10000) + sum % 0x10000;
  return sum;
}

/** A fragment taken apart. */
export interface Part {
  readonly header: Uint8Array;
  readonly start: number;
  readonly more: boolean;
  readonly data: Uint8Array;
}

/** An IPv4 packet taken apart by the drawing of RFC 791, 3.1. */
export function part4(packet: Uint8Array): Part {
  const header = packet.slice(0, packet[0]! % 16 * 4);
  const field = packet[6]! * 256 + packet[7]!;
  return {
    header,
    start: field % 0x2000 * 8,
    more: (packet[6]! & 0x20) !== 0,
    data: packet.slice(header.length, packet[2]! * 256 + packet[3]!),
  };
}

/** An IPv6 fragment taken apart by the drawing of RFC 8200, 4.5; `at` is where its fragment header is. */
export function part6(packet: Uint8Array, at: number): Part {
  const field = packet[at + 2]! * 256 + packet[at + 3]!;
  return {
    header: packet.slice(0, at),
    start: field >>> 3 << 3,
    more: (field & 1) === 1,
    data: packet.slice(at + 8, 40 + packet[4]! * 256 + packet[5]!),
  };
}

/** An IPv4 packet with a right checksum. */
export function packet4(o: {
  id?: number;
  protocol?: number;
  flags?: number;
  units?: number;
  tos?: number;
  options?: readonly number[];
  data: ArrayLike<number>;
}): Uint8Array {
  const options = [...o.options ?? []];
  while (options.length % 4 !== 0) options.push(0);
  const words = 5 + options.length / 4;
  const total = words * 4 + o.data.length;
  const field = (o.flags ?? 0) * 0x2000 + (o.units ?? 0);
  const id = o.id ?? 1;
  const head = [0x40 + words, o.tos ?? 0, total >>> 8, total & 255, id >>> 8, id & 255];
  head.push(
    field >>> 8,
    field & 255,
    64,
    o.protocol ?? 17,
    0,
    0,
    10,
    0,
    0,
    1,
    10,
    0,
    0,
    2,
    ...options,
  );
  const sum = 0xffff - onesSum(head);
  head[10] = sum >>> 8;
  head[11] = sum & 255;
  const packet = new Uint8Array(total);
  packet.set(head);
  packet.set(o.data, head.length);
  return packet;
}

/** Puts a packet into buffers, `first` bytes into the first and `each` into the others. */
export function load(
  memory: Memory,
  pool: Mempool,
  packet: Uint8Array,
  first: number,
  each: number,
): number {
  let head = -1;
  for (let at = 0, n = first; at < packet.length || head < 0; at += n, n = each) {
    const b = pool.get(0);
    if (b < 0) throw new Error("the test's pool is too small");
    const piece = packet.subarray(at, at + n);
    memory.bytes.set(piece, mbufAppend(memory, b, piece.length));
    if (head < 0) head = b;
    else mbufChain(memory, head, b);
  }
  return head;
}

/**
 * The bytes of a packet buffer.
 * @throws {Error} when one of several segments holds none of them
 */
export function unload(memory: Memory, b: number): Uint8Array {
  for (let s = b; s >= 0; s = memory.next[s]!) {
    if (memory.length[s] === 0 && memory.next[b]! >= 0) throw new Error(`segment ${s} is empty`);
  }
  const out = new Uint8Array(mbufLength(memory, b));
  mbufRead(memory, b, 0, out.length, out, 0);
  return out;
}

/** One packet of {@link PolicyModel}: its bytes by position, and the ranges they came in. */
interface Held {
  readonly began: number;
  bytes: Map<number, number>;
  ranges: Set<string>;
  end: number | undefined;
  isEnded: boolean;
}

/** The policy of `reassembler.ts`, over a map from position to byte. */
export class PolicyModel {
  readonly packets = new Map<string, Held>();
  readonly counts = {
    ...{ reassembled: 0, duplicates: 0, overlaps: 0, crowded: 0, ecn: 0 },
    ...{ expired: 0, malformed: 0, refused: 0, late: 0 },
  };
  constructor(readonly limits: { packets: number; fragments: number; timeout: number }) {}

  get held(): number {
    return [...this.packets.values()].reduce((n, one) => n + one.ranges.size, 0);
  }

  expire(now: number): void {
    for (const [key, one] of this.packets) {
      if (now - one.began < this.limits.timeout) continue;
      if (!one.isEnded) this.counts.expired++;
      this.packets.delete(key);
    }
  }

  /** Takes a fragment; answers the data of the packet that is whole by it, or undefined. */
  take(key: string, start: number, data: Uint8Array, more: boolean, now: number) {
    this.expire(now);
    let one = this.packets.get(key);
    if (one === undefined) {
      if (this.packets.size === this.limits.packets) return void this.counts.refused++;
      one = { began: now, bytes: new Map(), ranges: new Set(), end: undefined, isEnded: false };
      this.packets.set(key, one);
    }
    if (one.isEnded) return void this.counts.late++;
    const end = start + data.length;
    const range = `${start}-${end}${more ? "+" : ""}`;
    const covered = [...data].map((_, i) => one.bytes.get(start + i));
    if (one.ranges.has(range) && covered.every((byte, i) => byte === data[i])) {
      return void this.counts.duplicates++;
    }
    const furthest = Math.max(0, ...[...one.bytes.keys()].map((at) => at + 1));
    const isBad = covered.some((byte) => byte !== undefined) ||
      (more ? one.end !== undefined && end >= one.end : one.end !== undefined || furthest > end);
    if (isBad || one.ranges.size === this.limits.fragments) {
      this.counts[isBad ? "overlaps" : "crowded"]++;
      one.isEnded = true;
      one.ranges.clear();
      return;
    }
    data.forEach((byte, i) => one.bytes.set(start + i, byte));
    one.ranges.add(range);
    if (!more) one.end = end;
    if (one.bytes.size !== one.end) return;
    this.packets.delete(key);
    this.counts.reassembled++;
    return Uint8Array.from({ length: one.end }, (_, at) => one.bytes.get(at)!);
  }
}
