/**
 * A hash table with keys of one length, as rte_hash: exact match for flows, MAC addresses, sessions.
 *
 * It maps a key to a position, 0 to `entries - 1`, which stays the key's until it is deleted; what
 * belongs to a key lies in the caller's own arrays at that place. Keys lie in a store by position,
 * buckets hold signatures and positions (see `_buckets.ts`). Positions are given out first come
 * first served, so that one that came back rests as long as possible.
 *
 * At the limit `add` refuses and changes nothing that a look-up could see. Without `extendable` it may refuse before
 * `entries` keys are in, when a bucket is full and no moves make room in it; with it never.
 *
 * Who looks up while another thread changes the table needs a lock: a key may be on its way from one
 * bucket to the other.
 *
 * Source: DPDK lib/hash/rte_cuckoo_hash at 26.11-rc0 (behaviour), MemC3 (algorithm).
 */
import { Buckets, SLOTS } from "./_buckets.ts";
import { checkBuckets } from "./_buckets_check.ts";
import { crc32cUpdate } from "./crc32c.ts";

/** Most keys of a table. */
export const HASH_ENTRIES_MAX = 2 ** 24;
/** Most bytes of a key. */
export const HASH_KEY_BYTES_MAX = 1024;
const NONE = -1;
const LIVE = 1;
const RETIRED = 2;

/** A hash of the `len` bytes at `off`; any number, of which 32 bits are used. */
export type HashFunction = (bytes: Uint8Array, off: number, len: number) => number;

/** What a table is made for. */
export interface HashTableOptions {
  /** Keys that it holds, 1..2^24. */
  readonly entries: number;
  /** Bytes of every key, 1..1024. */
  readonly keyBytes: number;
  /** Whether buckets may be chained, so that `entries` keys fit whatever their hashes are. */
  readonly extendable?: boolean;
  /** Whether a deleted key's position waits for `reclaim`, e.g. until readers of its data are done. */
  readonly deferredReclaim?: boolean;
  /** CRC32C when left out. */
  readonly hash?: HashFunction;
}

/** CRC32C without its last step, which would not spread keys any better. */
function crcHash(bytes: Uint8Array, off: number, len: number): number {
  return crc32cUpdate(0, bytes, off, len);
}

/**
 * A table from keys to positions.
 *
 * `add`, `lookup`, `delete` take O(keyBytes) as a rule; `add` looks at 1,000 buckets at most, and a
 * chain is as long as the keys that collide. Memory: `entries * (keyBytes + 4)` bytes and 48 a bucket of
 * eight, of which there are as many as hold the next power of two of `entries`, twice with chains.
 *
 * @example
 * ```ts
 * import { HashTable } from "@planecheck/planecheck/core";
 * import { assertEquals } from "@std/assert";
 *
 * const table = new HashTable({ entries: 100, keyBytes: 6 });
 * const mac = Uint8Array.of(2, 0, 0, 0, 0, 7);
 * const port = new Int32Array(100);
 * port[table.add(mac)] = 3;
 * assertEquals(port[table.lookup(mac)], 3);
 * assertEquals([table.delete(mac), table.lookup(mac), table.count], [0, -1, 0]);
 * ```
 */
export class HashTable {
  /** Keys that it holds at most. */
  readonly entries: number;
  /** Bytes of every key. */
  readonly keyBytes: number;
  readonly #hash: HashFunction;
  readonly #extendable: boolean;
  readonly #deferred: boolean;
  readonly #buckets: Buckets;
  readonly #keys: Uint8Array;
  readonly #state: Uint8Array;
  /** A ring of free positions. */
  readonly #free: Int32Array;
  #freeHead = 0;
  #freeCount: number;
  #count = 0;

  /**
   * An empty table.
   * @throws {RangeError} naming the size that is out of range
   */
  constructor(options: HashTableOptions) {
    const { entries, keyBytes } = options;
    checkSize("entries", entries, HASH_ENTRIES_MAX);
    checkSize("keyBytes", keyBytes, HASH_KEY_BYTES_MAX);
    this.entries = entries;
    this.keyBytes = keyBytes;
    this.#hash = options.hash ?? crcHash;
    this.#extendable = options.extendable ?? false;
    this.#deferred = options.deferredReclaim ?? false;
    const buckets = 2 ** Math.max(0, Math.ceil(Math.log2(entries / SLOTS)));
    this.#buckets = new Buckets(
      buckets,
      this.#extendable ? Math.ceil(entries / SLOTS) + buckets : 0,
    );
    this.#keys = new Uint8Array(entries * keyBytes);
    this.#state = new Uint8Array(entries);
    this.#free = Int32Array.from({ length: entries }, (_, i) => i);
    this.#freeCount = entries;
  }

  /** Keys in the table. */
  get count(): number {
    return this.#count;
  }

  /** Positions that deleted keys still hold. */
  get retired(): number {
    return this.entries - this.#freeCount - this.#count;
  }

  /**
   * The position of the key at `key[off..off + keyBytes - 1]`, which is put into the table if it is not in it.
   * @returns -1 when there is no room, and then nothing has changed for look-ups
   * @throws {RangeError} when the key would end beyond `key`
   */
  add(key: Uint8Array, off = 0): number {
    this.#check(key, off);
    const hash = this.#hash(key, off, this.keyBytes);
    const known = this.#find(key, off, hash);
    if (known !== NONE) return this.#buckets.positions[known]! - 1;
    const slot = this.#freeCount === 0 ? NONE : this.#room(hash);
    if (slot === NONE) return NONE;
    const position = this.#free[this.#freeHead]!;
    this.#freeHead = this.#freeHead + 1 === this.entries ? 0 : this.#freeHead + 1;
    this.#freeCount--;
    this.#state[position] = LIVE;
    const at = position * this.keyBytes;
    for (let i = 0; i < this.keyBytes; i++) this.#keys[at + i] = key[off + i]!;
    this.#buckets.set(slot, hash >>> 16, position);
    this.#count++;
    return position;
  }

  /** An empty slot where a key of this hash may lie. */
  #room(hash: number): number {
    const buckets = this.#buckets;
    const first = hash & buckets.mask;
    const second = (first ^ hash >>> 16) & buckets.mask;
    let slot = buckets.emptySlot(first);
    if (slot === NONE) slot = buckets.makeRoom(first);
    if (slot === NONE) slot = buckets.makeRoom(second);
    if (slot === NONE && this.#extendable) slot = buckets.roomInChain(second);
    return slot;
  }

  /**
   * The position of a key, or -1.
   * @throws {RangeError} when the key would end beyond `key`
   */
  lookup(key: Uint8Array, off = 0): number {
    this.#check(key, off);
    const slot = this.#find(key, off, this.#hash(key, off, this.keyBytes));
    return slot === NONE ? NONE : this.#buckets.positions[slot]! - 1;
  }

  /**
   * The positions of the `n` keys that lie one behind the other in `keys`.
   * @throws {RangeError} when the keys would end beyond `keys`
   */
  lookupBulk(keys: Uint8Array, positions: Int32Array, n: number): void {
    for (let i = 0; i < n; i++) positions[i] = this.lookup(keys, i * this.keyBytes);
  }

  /**
   * Takes a key out.
   * @returns its position, or -1 when it was not in
   * @throws {RangeError} when the key would end beyond `key`
   */
  delete(key: Uint8Array, off = 0): number {
    this.#check(key, off);
    const hash = this.#hash(key, off, this.keyBytes);
    const slot = this.#find(key, off, hash);
    if (slot === NONE) return NONE;
    const buckets = this.#buckets;
    const position = buckets.positions[slot]! - 1;
    const first = hash & buckets.mask;
    const inFirst = Math.floor(slot / SLOTS) === first;
    buckets.clear(inFirst ? first : (first ^ hash >>> 16) & buckets.mask, slot);
    this.#count--;
    if (this.#deferred) this.#state[position] = RETIRED;
    else this.#release(position);
    return position;
  }

  /**
   * Gives back the position of a deleted key, when nobody looks at what belongs to it any more.
   * @throws {RangeError} when the position is not that of a deleted key
   */
  reclaim(position: number): void {
    if (this.#state[position] !== RETIRED) {
      throw new RangeError(`Cannot reclaim position ${position}: no key was deleted there`);
    }
    this.#release(position);
  }

  #release(position: number): void {
    this.#state[position] = 0;
    const end = this.#freeHead + this.#freeCount++;
    this.#free[end < this.entries ? end : end - this.entries] = position;
  }

  /**
   * Copies the key at a position.
   * @returns whether there is one; a deleted key's stays until its position is free
   */
  keyAt(position: number, out: Uint8Array, off = 0): boolean {
    if (!(this.#state[position]! > 0)) return false;
    const at = position * this.keyBytes;
    for (let i = 0; i < this.keyBytes; i++) out[off + i] = this.#keys[at + i]!;
    return true;
  }

  /** Visits the position of every key in the table once, in ascending order. */
  walk(visit: (position: number) => void): void {
    for (let position = 0; position < this.entries; position++) {
      if (this.#state[position] === LIVE) visit(position);
    }
  }

  #find(key: Uint8Array, off: number, hash: number): number {
    const buckets = this.#buckets;
    const signature = hash >>> 16;
    const first = hash & buckets.mask;
    const slot = this.#findIn(first, signature, key, off);
    if (slot !== NONE) return slot;
    let bucket = (first ^ signature) & buckets.mask;
    while (bucket !== NONE) {
      const slot = this.#findIn(bucket, signature, key, off);
      if (slot !== NONE) return slot;
      bucket = buckets.next[bucket]!;
    }
    return NONE;
  }

  #findIn(bucket: number, signature: number, key: Uint8Array, off: number): number {
    const { signatures, positions } = this.#buckets;
    for (let slot = bucket * SLOTS; slot < (bucket + 1) * SLOTS; slot++) {
      if (signatures[slot] !== signature || positions[slot] === 0) continue;
      if (this.#equals(positions[slot]! - 1, key, off)) return slot;
    }
    return NONE;
  }

  #equals(position: number, key: Uint8Array, off: number): boolean {
    const at = position * this.keyBytes;
    for (let i = 0; i < this.keyBytes; i++) {
      if (this.#keys[at + i] !== key[off + i]) return false;
    }
    return true;
  }

  #check(key: Uint8Array, off: number): void {
    const n = this.keyBytes;
    if (off >= 0 && off + n <= key.length) return;
    throw new RangeError(`Cannot read a key: ${n} bytes from ${off} on, of ${key.length}`);
  }

  /** What is wrong inside, in words, or null. O(entries). */
  check(): string | null {
    const free = new Uint8Array(this.entries);
    for (let i = 0; i < this.#freeCount; i++) {
      const position = this.#free[(this.#freeHead + i) % this.entries]!;
      if (free[position]!++ > 0) return `position ${position} is free twice`;
    }
    const slots = new Uint8Array(this.entries);
    const hashAt = (position: number) =>
      this.#hash(this.#keys, position * this.keyBytes, this.keyBytes);
    const wrong = checkBuckets(this.#buckets, slots, hashAt);
    if (wrong !== null) return wrong;
    let live = 0;
    for (let position = 0; position < this.entries; position++) {
      const state = this.#state[position]!;
      if (state === LIVE) live++;
      const expected = state === LIVE ? 1 : 0;
      if (slots[position] !== expected) {
        return `position ${position} lies in ${slots[position]} slots, not in ${expected}`;
      }
      if ((state === 0) !== (free[position] === 1)) return `position ${position} is lost`;
    }
    return live === this.#count ? null : `${live} keys live, ${this.#count} counted`;
  }
}

function checkSize(name: string, value: number, most: number): void {
  if (Number.isInteger(value) && value >= 1 && value <= most) return;
  throw new RangeError(
    `Cannot make a hash table: ${name} is ${value}, not a whole number of 1..${most}`,
  );
}
