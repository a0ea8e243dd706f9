/**
 * Which offered packet a frame carries that came out of a device. The device knows nothing of identities, so
 * they are told by the bytes: first by all that forwarding leaves alone, then as fragments, then, since a faulty
 * forwarder changes more than it may, by what follows the IPv4 header, by how that begins, then by the last bytes. A
 * frame that is told by none of these is a stranger.
 */
import type { Traffic } from "../../core/machine/scenario.ts";
import {
  alike,
  behindKey,
  datagramKey,
  dataOffset,
  hash,
  headKey,
  ipv4At,
  isPart,
  tailKey,
} from "./likeness.ts";

const STRANGER = -1;

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
  #heads: Map<string, number[]> | null = null;
  #tails: Map<string, number[]> | null = null;
  #datagrams: Map<string, number[]> | null = null;
  /** Fragments that have been told: packet and offset. */
  readonly #parts: Set<number> = new Set();

  /** Whether the frame last told was a fragment of its packet. */
  isPart = false;

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
    this.isPart = false;
    let last = STRANGER;
    let i = this.#first[hash(bytes, offset, length) & this.#mask]!;
    for (; i >= 0; i = this.#next[i]!) {
      if (!alike(bytes, offset, length, t.bytes, t.offset[i]!, t.length[i]!)) continue;
      last = i;
      if (this.#told[i] === 0) break;
    }
    if (last >= 0) this.#told[last] = 1;
    if (last < 0) last = this.#wholeOf(bytes, offset, length);
    return last;
  }

  /** The packet in a frame in which more was changed than may be, by what is left of it; or -1. */
  likely(bytes: Uint8Array, offset: number, length: number): number {
    this.#behind ??= by(this.#traffic, behindKey);
    const behind = this.#behind.get(behindKey(bytes, offset, length));
    if (behind?.length === 1) return behind[0]!;
    this.#heads ??= by(this.#traffic, headKey);
    const heads = this.#heads.get(headKey(bytes, offset, length));
    if (heads?.length === 1) return heads[0]!;
    this.#tails ??= by(this.#traffic, tailKey);
    const tails = this.#tails.get(tailKey(bytes, offset, length));
    return tails?.length === 1 ? tails[0]! : STRANGER;
  }

  /** The packet that a frame holds a fragment of, the first of which this fragment has not been told yet; or -1. */
  #wholeOf(bytes: Uint8Array, at: number, length: number): number {
    const t = this.#traffic;
    this.#datagrams ??= by(t, datagramKey);
    const whole = (this.#datagrams.get(datagramKey(bytes, at, length)) ?? [])
      .filter((i) => isPart(bytes, at, length, t.bytes, t.offset[i]!, t.length[i]!));
    const where = (i: number) => i * 65536 + dataOffset(bytes, ipv4At(bytes, at, length));
    const found = whole.find((i) => !this.#parts.has(where(i))) ?? whole.at(-1) ?? STRANGER;
    if (found >= 0) this.#parts.add(where(found));
    return found;
  }
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
