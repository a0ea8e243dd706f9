/**
 * Which offered packet a frame carries that came out of a device. The device knows nothing of identities, so
 * they are told by the bytes: first by all that forwarding leaves alone, then, since a faulty forwarder changes
 * more than it may, by what follows the IPv4 header, then by the last bytes. A frame that is told by none of
 * these is a stranger.
 */
import type { Traffic } from "../../core/machine/scenario.ts";

const ETHERNET = 14;
/** Bytes of the MAC addresses. */
const MACS = 12;
/** Fewer bytes tell no packet from others. */
const TAIL = 12;
const STRANGER = -1;
/** Bytes that are hashed; all are compared. */
const HASHED = 64;

/** The packets of one run, by what they can be told by. */
export class Identities {
  readonly #traffic: Traffic;
  readonly #mask: number;
  /** First packet of each bucket, -1 where it is empty, and the packet after each in its bucket. */
  readonly #first: Int32Array;
  readonly #next: Int32Array;
  /** Whether a frame has been told to be this packet. */
  readonly #told: Uint8Array;
  #behind: Map<string, number[]> | null = null;
  #tails: Map<string, number[]> | null = null;

  /** Looks at every packet once. */
  constructor(traffic: Traffic) {
    const { count, bytes, offset, length } = traffic;
    this.#traffic = traffic;
    const buckets = 2 ** Math.ceil(Math.log2(2 * count + 2));
    this.#mask = buckets - 1;
    this.#first = new Int32Array(buckets).fill(-1);
    this.#next = new Int32Array(count);
    this.#told = new Uint8Array(count);
    // from the last to the first, so that a bucket is met in order of arrival
    for (let i = count - 1; i >= 0; i--) {
      const bucket = hash(bytes, offset[i]!, length[i]!) & this.#mask;
      this.#next[i] = this.#first[bucket]!;
      this.#first[bucket] = i;
    }
  }

  /**
   * The packet in a frame by all that forwarding leaves alone, or -1. Of packets that are alike the first that has
   * not come out yet; when all have, the last, which is then a duplicate.
   */
  exactly(bytes: Uint8Array, offset: number, length: number): number {
    const t = this.#traffic;
    let last = STRANGER;
    let i = this.#first[hash(bytes, offset, length) & this.#mask]!;
    for (; i >= 0; i = this.#next[i]!) {
      if (!alike(bytes, offset, length, t.bytes, t.offset[i]!, t.length[i]!)) continue;
      last = i;
      if (this.#told[i] === 0) break;
    }
    if (last >= 0) this.#told[last] = 1;
    return last;
  }

  /** The packet in a frame in which more was changed than may be, by what is left of it; or -1. */
  likely(bytes: Uint8Array, offset: number, length: number): number {
    this.#behind ??= by(this.#traffic, behindKey);
    const behind = this.#behind.get(behindKey(bytes, offset, length));
    if (behind?.length === 1) return behind[0]!;
    this.#tails ??= by(this.#traffic, tailKey);
    const tails = this.#tails.get(tailKey(bytes, offset, length));
    return tails?.length === 1 ? tails[0]! : STRANGER;
  }
}

/** Of all but MAC addresses, TTL and header checksum, and what pads the frame. */
function hash(bytes: Uint8Array, at: number, length: number): number {
  const isIp = isIpv4(bytes, at, length);
  let h = 0x811c9dc5;
  const from = at + (isIp ? ETHERNET : MACS);
  const to = Math.min(endOf(bytes, at, length), from + HASHED);
  for (let i = from; i < to; i++) {
    if (isIp && isRewritten(i - from)) continue;
    h = Math.imul(h ^ bytes[i]!, 0x01000193);
  }
  return (h ^ h >>> 15) >>> 0;
}

function alike(
  a: Uint8Array,
  aAt: number,
  aLength: number,
  b: Uint8Array,
  bAt: number,
  bLength: number,
): boolean {
  const isIp = isIpv4(a, aAt, aLength);
  if (isIp !== isIpv4(b, bAt, bLength)) return false;
  const count = endOf(a, aAt, aLength) - aAt;
  if (count !== endOf(b, bAt, bLength) - bAt) return false;
  for (let i = isIp ? ETHERNET : MACS; i < count; i++) {
    if (a[aAt + i] !== b[bAt + i] && !(isIp && isRewritten(i - ETHERNET))) return false;
  }
  return true;
}

/** Whether a forwarder writes this byte of the IPv4 header: TTL and checksum. */
function isRewritten(at: number): boolean {
  return at === 8 || at === 10 || at === 11;
}

function by(
  { count, bytes, offset, length }: Traffic,
  key: (bytes: Uint8Array, at: number, length: number) => string,
): Map<string, number[]> {
  const map = new Map<string, number[]>();
  for (let i = 0; i < count; i++) {
    const own = key(bytes, offset[i]!, length[i]!);
    if (own === "") continue;
    const known = map.get(own);
    if (known === undefined) map.set(own, [i]);
    else known.push(i);
  }
  return map;
}

/** What follows the IPv4 header. */
function behindKey(bytes: Uint8Array, at: number, length: number): string {
  const end = ipv4End(bytes, at, length);
  const from = at + ETHERNET + (bytes[at + ETHERNET]! & 15) * 4;
  return end - from < TAIL ? "" : text(bytes, from, end);
}

function tailKey(bytes: Uint8Array, at: number, length: number): string {
  return length < ETHERNET + TAIL ? "" : text(bytes, at + length - TAIL, at + length);
}

/** Whether a frame says that it carries IPv4, and has room for a header. */
function isIpv4(bytes: Uint8Array, at: number, length: number): boolean {
  return length >= ETHERNET + 20 && bytes[at + 12] === 8 && bytes[at + 13] === 0;
}

/** Where what a frame carries ends: an IPv4 packet that is whole where its header says, anything else with the frame. */
function endOf(bytes: Uint8Array, at: number, length: number): number {
  const whole = ipv4End(bytes, at, length);
  return whole < 0 ? at + length : whole;
}

/** Where an IPv4 packet ends, or -1 when the frame does not carry one that is whole. */
function ipv4End(bytes: Uint8Array, at: number, length: number): number {
  const l3 = at + ETHERNET;
  if (!isIpv4(bytes, at, length)) return -1;
  const total = bytes[l3 + 2]! << 8 | bytes[l3 + 3]!;
  const header = (bytes[l3]! & 15) * 4;
  const whole = bytes[l3]! >> 4 === 4 && header >= 20 && total >= header;
  return whole && total <= length - ETHERNET ? l3 + total : -1;
}

function text(bytes: Uint8Array, from: number, to: number): string {
  return String.fromCharCode(...bytes.subarray(from, to));
}
