import type { Ranges } from "./_ranges.ts";

/**
 * Entries of DXR as FreeBSD's in_fib_dxr.c lays them out.
 *
 * A direct entry is 32 bits, fragments 10 and base 22. Fragments all ones (HIT): base is the
 * answer. Else base is the first word of a run of ranges, and fragments tell how many ranges come
 * after the first: with the SHORT bit they are 16 bits each, without it 32; XL, the largest number
 * without SHORT, means that the number of ranges is in the first word of the run.
 *
 * A range entry is (start, next hop): long, start in 32 - bits bits and next hop in `bits`; short,
 * for runs that begin at multiples of 256 only, start / 256 in 24 - bits bits and the rest of 16
 * for the next hop. Next hops are stored + 1, and 0 is a miss.
 */
export const BASE_BITS = 22;
/** The base in a direct entry. */
export const BASE = 2 ** BASE_BITS - 1;
/** Fragments of a direct entry that is an answer. */
export const HIT = 0x3ff;
/** Set in fragments: the ranges are short ones. */
export const SHORT = 0x200;
/** Fragments when the number of ranges is in the run. */
export const XL = 0x1ff;

/** Writes the ranges of chunks into scratch memory. */
export class DxrEncoder {
  /** The run. */
  words: Int32Array = new Int32Array(64);
  /** Words of the run. */
  length = 0;
  /** Fragments for the direct entry. */
  fragments = 0;
  private halves = new Uint16Array(this.words.buffer);

  /** Encodes for chunks of addresses that share `bits` bits. */
  constructor(private readonly bits: number) {}

  /** Encodes two ranges or more. */
  encode(ranges: Ranges): void {
    const n = ranges.count;
    if (n + 1 > this.words.length) {
      this.words = new Int32Array(2 * (n + 1));
      this.halves = new Uint16Array(this.words.buffer);
    }
    if (this.isShort(ranges)) this.encodeShort(ranges);
    else this.encodeLong(ranges);
  }

  private isShort({ starts, hops, count }: Ranges): boolean {
    if (count > XL) return false;
    const top = 2 ** (this.bits - 8) - 2;
    for (let i = 0; i < count; i++) {
      if (starts[i]! % 256 !== 0 || hops[i]! > top) return false;
    }
    return true;
  }

  private encodeShort({ starts, hops, count }: Ranges): void {
    this.fragments = SHORT | (count - 1);
    this.length = (count + 1) >>> 1;
    // The last half of an odd run is 0, so that equal runs have equal words.
    this.words[this.length - 1] = 0;
    const hopBits = this.bits - 8;
    for (let i = 0; i < count; i++) {
      this.halves[i] = ((starts[i]! >>> 8) << hopBits) | (hops[i]! + 1);
    }
  }

  private encodeLong({ starts, hops, count }: Ranges): void {
    const extra = count - 1 >= XL ? 1 : 0;
    this.fragments = extra === 1 ? XL : count - 1;
    this.length = count + extra;
    this.words[0] = count;
    for (let i = 0; i < count; i++) {
      this.words[i + extra] = (starts[i]! << this.bits) | (hops[i]! + 1);
    }
  }
}
