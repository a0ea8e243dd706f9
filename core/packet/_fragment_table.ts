/**
 * Which packets are being put together: a hash table of a fixed number of entries, found by ten
 * words (kind, identification, source, destination), in order of their beginning.
 *
 * A bucket is a list; whoever makes keys collide makes a search O(entries), which is bounded, and
 * not more. The list by age serves the time-out, which is one number for all, so that the oldest
 * entry is the first to go.
 */

/** Words of a key. */
export const KEY_WORDS = 10;
const NONE = -1;

/** Entries by key and by age. */
export class FragmentTable {
  /** Most entries. */
  readonly capacity: number;
  /** Entries in use. */
  used = 0;
  /** When each entry began. */
  readonly began: Float64Array;
  /** The key to be found or to be given to the next entry. */
  readonly key: Uint32Array = new Uint32Array(KEY_WORDS);
  readonly #keys: Uint32Array;
  readonly #buckets: Int32Array;
  /** Next in the bucket, or next free entry. */
  readonly #next: Int32Array;
  readonly #older: Int32Array;
  readonly #younger: Int32Array;
  #oldest = NONE;
  #youngest = NONE;
  #free = 0;

  constructor(capacity: number) {
    this.capacity = capacity;
    this.began = new Float64Array(capacity);
    this.#keys = new Uint32Array(capacity * KEY_WORDS);
    this.#buckets = new Int32Array(2 ** Math.ceil(Math.log2(capacity))).fill(NONE);
    this.#next = Int32Array.from({ length: capacity }, (_, e) => e + 1 < capacity ? e + 1 : NONE);
    this.#older = new Int32Array(capacity).fill(NONE);
    this.#younger = new Int32Array(capacity).fill(NONE);
  }

  /** The entry that began first, or -1. */
  get oldest(): number {
    return this.#oldest;
  }

  /** The entry of the key, or -1. */
  find(): number {
    for (let e = this.#buckets[this.#bucketOf(this.key, 0)]!; e !== NONE; e = this.#next[e]!) {
      let same = true;
      for (let i = 0; i < KEY_WORDS && same; i++) {
        same = this.#keys[e * KEY_WORDS + i] === this.key[i];
      }
      if (same) return e;
    }
    return NONE;
  }

  /** A new entry for the key, begun `now`, or -1 when all are in use. */
  begin(now: number): number {
    const e = this.#free;
    if (e === NONE) return NONE;
    this.#free = this.#next[e]!;
    this.#keys.set(this.key, e * KEY_WORDS);
    const bucket = this.#bucketOf(this.key, 0);
    this.#next[e] = this.#buckets[bucket]!;
    this.#buckets[bucket] = e;
    this.began[e] = now;
    this.#older[e] = this.#youngest;
    this.#younger[e] = NONE;
    if (this.#youngest === NONE) this.#oldest = e;
    else this.#younger[this.#youngest] = e;
    this.#youngest = e;
    this.used++;
    return e;
  }

  /** Ends an entry. */
  end(e: number): void {
    const bucket = this.#bucketOf(this.#keys, e * KEY_WORDS);
    if (this.#buckets[bucket] === e) this.#buckets[bucket] = this.#next[e]!;
    else {
      let before = this.#buckets[bucket]!;
      while (this.#next[before] !== e) {
        before = this.#next[before]!;
        if (!(before >= 0)) throw new Error(`Cannot end entry ${e}: it is in no bucket`);
      }
      this.#next[before] = this.#next[e]!;
    }
    const [older, younger] = [this.#older[e]!, this.#younger[e]!];
    if (older === NONE) this.#oldest = younger;
    else this.#younger[older] = younger;
    if (younger === NONE) this.#youngest = older;
    else this.#older[younger] = older;
    this.#next[e] = this.#free;
    this.#free = e;
    this.used--;
  }

  /** FNV-1a over the words of a key, its high bits brought down. */
  #bucketOf(words: Uint32Array, at: number): number {
    let hash = 0x811c9dc5;
    for (let i = 0; i < KEY_WORDS; i++) hash = Math.imul(hash ^ words[at + i]!, 0x01000193);
    return (hash ^ hash >>> 15) & (this.#buckets.length - 1);
  }
}
