/**
 * Binary search on prefix lengths (Waldvogel, Varghese, Turner, Plattner, SIGCOMM 1997) as words that CPU and GPU
 * read alike: for IPv6 a hash table of all prefixes and markers, at most seven probes of it for 127 lengths in use.
 *
 *     word 0           answer of a miss: the default route, or 0
 *     word 1           lengths in use
 *     word 2           slots of the hash table, a power of two
 *     words 8..135     the lengths, ascending
 *     word 136 on      slots of six words: the address masked, length plus 1 (0: empty slot), best match here
 *
 * A slot's last word is the next hop plus 1 of the longest prefix of this length or shorter that covers it, whether
 * the entry is a prefix or a marker; so a search that a marker led astray never has to turn back.
 */
import type { DeviceTable } from "./kernel.ts";

/** Where the lengths begin, and the slots. */
export const LENGTHS_AT = 8;
export const SLOTS_AT = 136;
/** Words of a slot. */
export const SLOT_WORDS = 6;
const SLOTS_MIN = 16;

/** An IPv6 route: four words, the most significant first. */
export interface Route6 {
  /** Its prefix; bits below `depth` do not matter. */
  readonly prefix: readonly [number, number, number, number];
  /** Length of the prefix, 0..128. */
  readonly depth: number;
  /** Where it leads. */
  readonly nextHop: number;
}

/** The part of a word of an address that a prefix of `depth` bits covers, which begins with bit `at`. */
function wordMask(depth: number, at: number): number {
  const bits = depth - at;
  return bits <= 0 ? 0 : bits >= 32 ? 0xffff_ffff : (0xffff_ffff << (32 - bits)) >>> 0;
}

/** The hash of a masked address and its length: FNV-1a by words, with a last mix. */
function hash(a: number, b: number, c: number, d: number, length: number): number {
  let h = Math.imul(0x811c_9dc5 ^ a, 0x0100_0193);
  h = Math.imul(h ^ b, 0x0100_0193);
  h = Math.imul(h ^ c, 0x0100_0193);
  h = Math.imul(h ^ d, 0x0100_0193);
  h = Math.imul(h ^ length, 0x0100_0193);
  h ^= h >>> 15;
  return (h ^ (h >>> 7)) >>> 0;
}

/** Word of the slot that has this entry, or of the empty one where it would be. */
function find(w: Uint32Array, a: number, b: number, c: number, d: number, length: number): number {
  const last = w[2]! - 1;
  let slot = hash(a, b, c, d, length) & last;
  for (;;) {
    const at = SLOTS_AT + slot * SLOT_WORDS;
    const tag = w[at + 4]!;
    if (tag === 0) return at;
    if (
      tag === length + 1 && w[at] === a && w[at + 1] === b && w[at + 2] === c && w[at + 3] === d
    ) return at;
    slot = (slot + 1) & last;
  }
}

/**
 * Puts the next hop plus 1 of the address `keys[4 * id..]`, or 0, into `results[id]`; answers the probes that took.
 * The plain twin of `shader/ipv6.ts`.
 */
export function lookupLengths(
  w: Uint32Array,
  keys: Uint32Array,
  results: Uint32Array,
  id: number,
): number {
  const at = 4 * id;
  let best = w[0]!;
  let low = 0;
  let high = w[1]!;
  let probes = 0;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const length = w[LENGTHS_AT + middle]!;
    const slot = find(
      w,
      (keys[at]! & wordMask(length, 0)) >>> 0,
      (keys[at + 1]! & wordMask(length, 32)) >>> 0,
      (keys[at + 2]! & wordMask(length, 64)) >>> 0,
      (keys[at + 3]! & wordMask(length, 96)) >>> 0,
      length,
    );
    probes++;
    if (w[slot + 4] === 0) high = middle;
    else {
      best = w[slot + 5]!;
      low = middle + 1;
    }
  }
  results[id] = best;
  return probes;
}

/**
 * Words of a table; made anew from the routes at each change.
 *
 * @example
 * ```ts
 * import { LengthSearchWords } from "@planecheck/planecheck/stacks";
 * import { assertEquals } from "@std/assert";
 *
 * const table = new LengthSearchWords([{ prefix: [0x20010db8, 0, 0, 0], depth: 32, nextHop: 3 }]);
 * // no default route, one length in use, 16 slots
 * assertEquals([...table.words.subarray(0, 3)], [0, 1, 16]);
 * assertEquals(table.upload(), 4 * table.words.length);
 * assertEquals(table.upload(), 0);
 * ```
 */
export class LengthSearchWords implements DeviceTable {
  /** The host's words. */
  words: Uint32Array = new Uint32Array(SLOTS_AT + SLOTS_MIN * SLOT_WORDS);
  /** The device's, as of the last upload. */
  device: Uint32Array = new Uint32Array(0);
  #isUploaded = false;

  /** A table of these routes. */
  constructor(routes: readonly Route6[] = []) {
    this.set(routes);
  }

  /** Holds these routes, and no others; of two for one prefix the later. O(routes of each length). */
  set(routes: readonly Route6[]): void {
    this.#isUploaded = false;
    const lengths = [...new Set(routes.map(({ depth }) => depth))].filter((depth) => depth > 0)
      .sort((a, b) => a - b);
    let slots = SLOTS_MIN;
    // half full at most: a prefix has a marker for each probe but its last
    while (slots < 2 * routes.length * 7) slots *= 2;
    const w = new Uint32Array(SLOTS_AT + slots * SLOT_WORDS);
    w[1] = lengths.length;
    w[2] = slots;
    w.set(lengths, LENGTHS_AT);
    this.words = w;
    // shorter ones first: what covers a marker is in the table when the marker is made
    for (const route of [...routes].sort((a, b) => a.depth - b.depth)) this.#insert(route, lengths);
  }

  /** Copies the words to the device if they are new; answers the bytes. O(words). */
  upload(): number {
    if (this.#isUploaded) return 0;
    this.#isUploaded = true;
    this.device = this.words.slice();
    return 4 * this.words.length;
  }

  #insert({ prefix, depth, nextHop }: Route6, lengths: readonly number[]): void {
    const w = this.words;
    if (depth === 0) {
      w[0] = nextHop + 1;
      return;
    }
    const word = (i: number, length: number): number =>
      (prefix[i]! & wordMask(length, 32 * i)) >>> 0;
    const slotOf = (length: number): number =>
      find(w, word(0, length), word(1, length), word(2, length), word(3, length), length);
    let low = 0;
    let high = lengths.length;
    for (;;) {
      const middle = (low + high) >>> 1;
      const length = lengths[middle]!;
      if (length > depth) {
        high = middle;
        continue;
      }
      const at = slotOf(length);
      if (w[at + 4] === 0) {
        const best = length === depth ? 0 : this.#best(slotOf, lengths, length);
        for (let i = 0; i < 4; i++) w[at + i] = word(i, length);
        w[at + 4] = length + 1;
        w[at + 5] = best;
      }
      if (length === depth) {
        w[at + 5] = nextHop + 1;
        return;
      }
      low = middle + 1;
    }
  }

  /** What covers a marker best: the longest entry of a shorter length that is there, or the default route. */
  #best(slotOf: (length: number) => number, lengths: readonly number[], length: number): number {
    const w = this.words;
    for (let i = lengths.length - 1; i >= 0; i--) {
      if (lengths[i]! >= length) continue;
      const at = slotOf(lengths[i]!);
      if (w[at + 4] !== 0) return w[at + 5]!;
    }
    return w[0]!;
  }
}
