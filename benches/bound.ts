/**
 * What bounds a table physically: the same numbers of dependent reads for the same addresses, in an array
 * of the bytes that the table has in use, and nothing else.
 */
import { Prng } from "../fixtures/mod.ts";

/** The array, filled with random words. */
export function wordsOf(bytes: number): Uint32Array {
  const prng = new Prng(3);
  return Uint32Array.from({ length: Math.max(1, bytes >>> 2) }, () => prng.next());
}

/** `reads[i]` reads for `addresses[i * stride]`, each at a place that the one before decides. */
export function passReads(
  words: Uint32Array,
  reads: Uint8Array,
  addresses: Uint32Array,
  stride: number,
): number {
  // A place is the word's share of 2^32: neighbouring addresses have neighbouring places.
  const scale = words.length / 0x1_0000_0000;
  let sum = 0;
  for (let i = 0; i < reads.length; i++) {
    let word = addresses[i * stride]!;
    for (let left = reads[i]!; left > 0; left--) word = words[(word * scale) | 0]!;
    sum = (sum + word) | 0;
  }
  return sum;
}

/** Writes `count` words at the places of `addresses`: what an update does at least. */
export function passWrites(
  words: Uint32Array,
  addresses: Uint32Array,
  stride: number,
  count: number,
): number {
  const scale = words.length / 0x1_0000_0000;
  for (let i = 0; i < count; i++) words[(addresses[i * stride]! * scale) | 0] = i;
  return words[0]!;
}
