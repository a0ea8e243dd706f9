import type { Ranges } from "./_ranges.ts";
import { maskOf } from "./route.ts";
import { RuleTable } from "./rule_table.ts";

/**
 * The routes (RIB) beside a table that is compiled chunk by chunk. A chunk is the 2^(32 - bits)
 * addresses that share their first `bits` bits. Rules of depth <= bits cover whole chunks: they are
 * in a hash, and each chunk knows the longest of them. Longer rules lie in one chunk, which keeps
 * its own in ascending (prefix, depth): what compiling it reads, in order and in one piece.
 *
 * A rule of a chunk is two words, prefix and depth << 24 | next hop; the list of n rules is a block
 * of the least power of two that holds n, and moves when n passes one. Memory is taken by doubling;
 * a block that came back waits for a list of its size.
 *
 * An update of a long rule moves the rules behind it in its chunk, one of a short rule visits the
 * 2^(bits - depth) chunks of its prefix. Nobody else changes the arrays.
 */
export class ChunkRules {
  /** How many first bits the addresses of a chunk share, 0..20. */
  readonly bits: number;
  /** How many chunks there are. */
  readonly chunks: number;
  private readonly short = new RuleTable();
  /** Depth + 1 of the longest short rule over each chunk, 0 = none; and its next hop. */
  private readonly coverDepth: Uint8Array;
  private readonly coverHop: Int32Array;
  /** The list of each chunk: its first rule in `words`, and how many. */
  private readonly at: Uint32Array;
  private readonly counts: Uint32Array;
  private words = new Uint32Array(2 * RULES_MIN);
  private top = 0;
  /** First free block of 2^i rules, + 1; the next one is in its first word. */
  private readonly free = new Uint32Array(33);
  private longCount = 0;

  /** No rules. */
  constructor(bits: number) {
    this.bits = bits;
    this.chunks = 2 ** bits;
    this.coverDepth = new Uint8Array(this.chunks);
    this.coverHop = new Int32Array(this.chunks);
    this.at = new Uint32Array(this.chunks);
    this.counts = new Uint32Array(this.chunks);
  }

  /** How many rules there are. */
  get count(): number {
    return this.short.count + this.longCount;
  }

  /** Bytes of all arrays. */
  get bytes(): number {
    return 13 * this.chunks + 4 * this.words.length + this.short.bytes;
  }

  /** Chunk of an address. A shift by 32 - 0 would be one by 0, hence two shifts. */
  chunkOf(address: number): number {
    return (address >>> 1) >>> (31 - this.bits);
  }

  /** Next hop of a rule, or -1. */
  get(prefix: number, depth: number): number {
    if (depth <= this.bits) return this.short.get(prefix, depth);
    const chunk = this.chunkOf(prefix);
    const i = this.position(chunk, prefix, depth);
    return this.isAt(chunk, i, prefix, depth) ? this.words[this.word(chunk, i) + 1]! & HOP : -1;
  }

  /** Adds a rule or changes it; then calls `touch` for each chunk whose answers may differ. */
  set(prefix: number, depth: number, hop: number, touch: (chunk: number) => void): void {
    const from = this.chunkOf(prefix);
    if (depth > this.bits) {
      const i = this.position(from, prefix, depth);
      if (!this.isAt(from, i, prefix, depth)) this.open(from, i);
      this.words[this.word(from, i)] = prefix;
      this.words[this.word(from, i) + 1] = (depth << 24) | hop;
      return touch(from);
    }
    this.short.set(prefix, depth, hop);
    for (let c = from; c < from + 2 ** (this.bits - depth); c++) {
      if (this.coverDepth[c]! > depth + 1) continue;
      this.coverDepth[c] = depth + 1;
      this.coverHop[c] = hop;
      touch(c);
    }
  }

  /** Removes a rule; false when it is not there. `touch` as in `set`. */
  remove(prefix: number, depth: number, touch: (chunk: number) => void): boolean {
    const from = this.chunkOf(prefix);
    if (depth > this.bits) {
      const i = this.position(from, prefix, depth);
      if (!this.isAt(from, i, prefix, depth)) return false;
      this.close(from, i);
      touch(from);
      return true;
    }
    if (!this.short.remove(prefix, depth)) return false;
    const covering = this.short.coveringDepth(prefix, depth);
    const hop = this.short.get((prefix & maskOf(covering)) >>> 0, covering);
    for (let c = from; c < from + 2 ** (this.bits - depth); c++) {
      if (this.coverDepth[c] !== depth + 1) continue;
      this.coverDepth[c] = hop < 0 ? 0 : covering + 1;
      this.coverHop[c] = hop;
      touch(c);
    }
    return true;
  }

  /** How many rules longer than `bits` a chunk has. */
  countIn(chunk: number): number {
    return this.counts[chunk]!;
  }

  /** Next hop of what covers a chunk, or -1. */
  coverOf(chunk: number): number {
    return this.coverDepth[chunk] === 0 ? -1 : this.coverHop[chunk]!;
  }

  /** Makes the runs of equal answers of a chunk. O(its rules). */
  sweep(chunk: number, ranges: Ranges): void {
    ranges.begin(this.coverOf(chunk));
    const n = this.counts[chunk]!;
    if (n === 0) return;
    const words = this.words;
    const size = 2 ** (32 - this.bits);
    for (let i = 0, w = 2 * this.at[chunk]!; i < n; i++, w += 2) {
      const word = words[w + 1]!;
      ranges.rule(words[w]! % size, 2 ** (32 - (word >>> 24)), word & HOP);
    }
    ranges.end(size);
  }

  /** Calls `visit` for each rule in ascending (prefix, depth), as they were when it began. */
  walk(visit: (prefix: number, depth: number, hop: number) => void): void {
    const found = new Uint32Array(2 * this.count);
    let n = 0;
    let chunk = 0;
    const copyUpTo = (end: number): void => {
      for (; chunk < end; chunk++) {
        const from = 2 * this.at[chunk]!;
        for (let w = from; w < from + 2 * this.counts[chunk]!; w++) found[n++] = this.words[w]!;
      }
    };
    this.short.walk((prefix, depth, hop) => {
      copyUpTo(this.chunkOf(prefix));
      found[n++] = prefix;
      found[n++] = (depth << 24) | hop;
    });
    copyUpTo(this.chunks);
    for (let i = 0; i < n; i += 2) visit(found[i]!, found[i + 1]! >>> 24, found[i + 1]! & HOP);
  }

  /** Removes every rule; calls `touch` for each chunk that one covered, at least once. */
  clear(touch: (chunk: number) => void): void {
    for (let c = 0; c < this.chunks && this.count > 0; c++) {
      if (this.coverDepth[c] === 0 && this.counts[c] === 0) continue;
      this.coverDepth[c] = 0;
      this.coverHop[c] = 0;
      this.at[c] = 0;
      this.counts[c] = 0;
      touch(c);
    }
    this.short.clear();
    this.words = new Uint32Array(2 * RULES_MIN);
    this.top = 0;
    this.free.fill(0);
    this.longCount = 0;
  }

  /**
   * Looks at every list.
   * @throws {Error} naming the chunk and the rule that is out of place
   */
  check(): void {
    let count = 0;
    for (let chunk = 0; chunk < this.chunks; chunk++) {
      count += this.counts[chunk]!;
      for (let i = 0; i < this.counts[chunk]!; i++) {
        const w = this.word(chunk, i);
        const [prefix, depth] = [this.words[w]!, this.words[w + 1]! >>> 24];
        const before = i > 0 && this.position(chunk, prefix, depth) !== i;
        if (before || depth <= this.bits || this.chunkOf(prefix) !== chunk) {
          throw new Error(`Rule ${i} of chunk ${chunk}, ${prefix}/${depth}, is out of place`);
        }
      }
    }
    this.checkBlocks();
    if (count !== this.longCount) {
      throw new Error(`${count} long rules are listed, ${this.longCount} are counted`);
    }
  }

  /** @throws {Error} when a block is neither a chunk's nor free, or both */
  private checkBlocks(): void {
    let listed = 0;
    for (const n of this.counts) if (n > 0) listed += 2 ** sizeOf(n);
    for (let size = 0; size < this.free.length; size++) {
      for (let at = this.free[size]!; at > 0 && listed <= this.top; at = this.words[2 * at - 2]!) {
        listed += 2 ** size;
      }
    }
    if (listed === this.top) return;
    throw new Error(`Blocks of ${listed} rules are used or free, ${this.top} were handed out`);
  }

  private word(chunk: number, i: number): number {
    return 2 * (this.at[chunk]! + i);
  }

  private isAt(chunk: number, i: number, prefix: number, depth: number): boolean {
    if (i >= this.counts[chunk]!) return false;
    const w = this.word(chunk, i);
    return this.words[w] === prefix && this.words[w + 1]! >>> 24 === depth;
  }

  /** How many rules of a chunk come before (prefix, depth). */
  private position(chunk: number, prefix: number, depth: number): number {
    let from = 0;
    let to = this.counts[chunk]!;
    while (from < to) {
      const middle = (from + to) >>> 1;
      const w = this.word(chunk, middle);
      const other = this.words[w]!;
      if (other < prefix || (other === prefix && this.words[w + 1]! >>> 24 < depth)) {
        from = middle + 1;
      } else {
        to = middle;
      }
    }
    return from;
  }

  /** Makes room for a rule at place i of a chunk. */
  private open(chunk: number, i: number): void {
    const n = this.counts[chunk]!;
    const from = this.at[chunk]!;
    let to = from;
    if (n === 0 || sizeOf(n + 1) !== sizeOf(n)) {
      to = this.take(sizeOf(n + 1));
      this.words.copyWithin(2 * to, 2 * from, 2 * (from + i));
      this.at[chunk] = to;
    }
    this.words.copyWithin(2 * (to + i + 1), 2 * (from + i), 2 * (from + n));
    if (to !== from && n > 0) this.giveBack(from, sizeOf(n));
    this.counts[chunk] = n + 1;
    this.longCount++;
  }

  /** Takes the rule at place i out of a chunk. */
  private close(chunk: number, i: number): void {
    const n = this.counts[chunk]! - 1;
    const from = this.at[chunk]!;
    let to = from;
    if (n > 0 && sizeOf(n) !== sizeOf(n + 1)) {
      to = this.take(sizeOf(n));
      this.words.copyWithin(2 * to, 2 * from, 2 * (from + i));
      this.at[chunk] = to;
    }
    this.words.copyWithin(2 * (to + i), 2 * (from + i + 1), 2 * (from + n + 1));
    if (n === 0 || to !== from) this.giveBack(from, sizeOf(n + 1));
    this.counts[chunk] = n;
    this.longCount--;
  }

  private take(size: number): number {
    const reused = this.free[size]!;
    if (reused > 0) {
      this.free[size] = this.words[2 * (reused - 1)]!;
      return reused - 1;
    }
    const at = this.top;
    this.top += 2 ** size;
    if (2 * this.top > this.words.length) {
      const words = new Uint32Array(Math.max(2 * this.words.length, 2 * this.top));
      words.set(this.words);
      this.words = words;
    }
    return at;
  }

  private giveBack(at: number, size: number): void {
    this.words[2 * at] = this.free[size]!;
    this.free[size] = at + 1;
  }
}

/** A list of n rules is in a block of 2^sizeOf(n). */
function sizeOf(n: number): number {
  return 32 - Math.clz32(n - 1);
}

const HOP = 0xff_ffff;
const RULES_MIN = 64;
