import { Arena } from "./_arena.ts";

/**
 * The range table of DXR: runs of range entries, each shared by all chunks whose addresses are
 * answered alike, and a descriptor for each run that counts them. Runs are compared word by word;
 * a hash leads to those that may be equal.
 *
 * A run belongs to its references: `hold` makes it or counts one more, `drop` counts one less and
 * gives the run back with the last. A descriptor's number stays what it is while the run lives; its
 * base changes when `move` packs the runs. (FreeBSD's in_fib_dxr.c: chunk_desc, chunk_ref,
 * chunk_unref.) Descriptors and hash heads are doubled as they run out.
 */
export class DxrChunks {
  /** The range entries. */
  readonly arena: Arena;
  /** Of each descriptor: first word, words, references (0 = free), hash, next in chain or free. */
  private bases = new Int32Array(DESCRIPTORS_MIN);
  private lengths = new Int32Array(DESCRIPTORS_MIN);
  private references = new Int32Array(DESCRIPTORS_MIN);
  private hashes = new Int32Array(DESCRIPTORS_MIN);
  private nexts = new Int32Array(DESCRIPTORS_MIN);
  /** First descriptor of each chain, + 1. */
  private heads = new Int32Array(DESCRIPTORS_MIN);
  private freeFirst = 0;
  private top = 0;
  private used = 0;

  /** Plans to stay within `limit` words of range entries. */
  constructor(limit: number) {
    this.arena = new Arena(limit);
  }

  /** How many different runs there are. */
  get count(): number {
    return this.used;
  }

  /** Bytes of the descriptors. */
  get bytes(): number {
    return 20 * this.bases.length + 4 * this.heads.length;
  }

  /** First word of a run. */
  baseOf(descriptor: number): number {
    return this.bases[descriptor]!;
  }

  /** Words of a run. */
  lengthOf(descriptor: number): number {
    return this.lengths[descriptor]!;
  }

  /** How many chunks share a run; 0 when there is none of this number. */
  referencesOf(descriptor: number): number {
    return this.references[descriptor]!;
  }

  /** Descriptors ever used are 0..limit-1. */
  get limit(): number {
    return this.top;
  }

  /** The run that equals the first `length` words, with one more reference; -1 when there is none. */
  find(words: Int32Array, length: number): number {
    const hash = hashOf(words, length);
    const entries = this.arena.words;
    for (let d = this.heads[hash & (this.heads.length - 1)]! - 1; d >= 0; d = this.nexts[d]! - 1) {
      if (this.hashes[d] !== hash || this.lengths[d] !== length) continue;
      const base = this.bases[d]!;
      let i = 0;
      while (i < length && entries[base + i] === words[i]) i++;
      if (i < length) continue;
      this.references[d]!++;
      return d;
    }
    return -1;
  }

  /** A new run of the first `length` words, with one reference; -1 when the arena has no room. */
  insert(words: Int32Array, length: number): number {
    const base = this.arena.allocate(length);
    if (base < 0) return -1;
    for (let i = 0; i < length; i++) this.arena.words[base + i] = words[i]!;
    if (this.used === this.bases.length) this.grow();
    const reused = this.freeFirst - 1;
    const d = reused >= 0 ? reused : this.top++;
    if (reused >= 0) this.freeFirst = this.nexts[d]!;
    this.used++;
    this.bases[d] = base;
    this.lengths[d] = length;
    this.references[d] = 1;
    this.hashes[d] = hashOf(words, length);
    this.link(d);
    return d;
  }

  /** One reference less; with the last one the run goes. */
  drop(d: number): void {
    if (--this.references[d]! > 0) return;
    this.arena.release(this.bases[d]!, this.lengths[d]!);
    const head = this.hashes[d]! & (this.heads.length - 1);
    if (this.heads[head] === d + 1) {
      this.heads[head] = this.nexts[d]!;
    } else {
      let before = this.heads[head]! - 1;
      while (this.nexts[before] !== d + 1) before = this.nexts[before]! - 1;
      this.nexts[before] = this.nexts[d]!;
    }
    this.nexts[d] = this.freeFirst;
    this.freeFirst = d + 1;
    this.used--;
  }

  /** Moves all runs to an array of `words` words, one behind the other. */
  move(words: number): void {
    const old = this.arena.restart(words);
    for (let d = 0; d < this.top; d++) {
      if (this.references[d] === 0) continue;
      const from = this.bases[d]!;
      const base = this.arena.allocate(this.lengths[d]!);
      for (let i = 0; i < this.lengths[d]!; i++) this.arena.words[base + i] = old[from + i]!;
      this.bases[d] = base;
    }
  }

  /** Forgets all runs. */
  clear(): void {
    this.arena.clear();
    this.references.fill(0, 0, this.top);
    this.heads.fill(0);
    this.freeFirst = 0;
    this.top = 0;
    this.used = 0;
  }

  private link(d: number): void {
    const head = this.hashes[d]! & (this.heads.length - 1);
    this.nexts[d] = this.heads[head]!;
    this.heads[head] = d + 1;
  }

  private grow(): void {
    const longer = (from: Int32Array): Int32Array<ArrayBuffer> => {
      const to = new Int32Array(2 * from.length);
      to.set(from);
      return to;
    };
    this.bases = longer(this.bases);
    this.lengths = longer(this.lengths);
    this.references = longer(this.references);
    this.hashes = longer(this.hashes);
    this.nexts = longer(this.nexts);
    this.heads = new Int32Array(this.bases.length);
    for (let d = 0; d < this.top; d++) this.link(d);
  }
}

/** Multiply and mix, as the finalizer of MurmurHash3 does (Appleby, 2011; in the public domain). */
function hashOf(words: Int32Array, length: number): number {
  let h = length;
  for (let i = 0; i < length; i++) {
    h = Math.imul(h ^ words[i]!, 0x85eb_ca6b);
    h ^= h >>> 13;
  }
  h = Math.imul(h, 0xc2b2_ae35);
  return h ^ (h >>> 16);
}

const DESCRIPTORS_MIN = 64;
