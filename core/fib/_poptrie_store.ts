import { Arena } from "./_arena.ts";
import type { ChunkRules } from "./_chunk_rules.ts";
import type { ChunkStore } from "./_chunk_updates.ts";
import { PoptrieBuilder, rebase } from "./_poptrie_build.ts";
import { BASE0, LEAF, NODE_WORDS } from "./_poptrie_node.ts";
import { Ranges } from "./_ranges.ts";

/**
 * The direct array of a Poptrie and the blocks behind it, one for each chunk whose addresses have
 * more than one answer. A block belongs to its direct entry; it is written whole before the one
 * store that puts it there, and the old one is given back after that store. `moved` is called when
 * the arena has new arrays.
 */
export class PoptrieStore implements ChunkStore {
  /** Entry of each chunk: a leaf, or the word of a block's first node. */
  direct: Int32Array;
  /** The blocks. */
  readonly arena: Arena;
  /** Words of the block of each chunk, 0 = none. */
  readonly lengths: Uint32Array;
  /** Nodes of all blocks. */
  nodes = 0;
  private readonly ranges = new Ranges();
  private readonly builder = new PoptrieBuilder();

  /** No blocks, and at most `words` words of them planned. */
  constructor(
    private readonly rules: ChunkRules,
    words: number,
    private readonly moved: (arena: Arena) => void,
  ) {
    this.direct = new Int32Array(rules.chunks).fill(LEAF);
    this.lengths = new Uint32Array(rules.chunks);
    this.arena = new Arena(words);
  }

  /** Bytes of the direct array and the blocks. */
  get bytesOccupied(): number {
    return 4 * this.direct.length + 4 * this.arena.live;
  }

  /** See `ChunkStore.compile`. */
  compile(chunk: number): void {
    const { arena, builder, direct, lengths, ranges } = this;
    this.rules.sweep(chunk, ranges);
    let entry = LEAF | (ranges.hops[0]! + 1);
    let length = 0;
    if (ranges.count > 1) {
      builder.build(ranges, this.rules.bits);
      length = builder.length;
      this.nodes += builder.nodes;
      entry = arena.allocate(length);
      if (entry < 0) {
        this.move(arena.lengthFor(length));
        entry = arena.allocate(length);
      }
      builder.write(arena.words, arena.halves, entry);
    }
    const old = direct[chunk]!;
    direct[chunk] = entry;
    if (old >= 0) {
      this.nodes -= nodesOf(arena.words, old);
      arena.release(old, lengths[chunk]!);
    }
    lengths[chunk] = length;
  }

  /** See `ChunkStore.settle`. */
  settle(): void {
    if (this.arena.isOver) this.move(this.arena.lengthFor(0));
  }

  /** See `ChunkStore.trim`. */
  trim(): void {
    this.move(this.arena.live);
  }

  /** See `ChunkStore.clear`. */
  clear(): void {
    this.arena.clear();
    this.moved(this.arena);
  }

  /** Moves all blocks to an array of `length` words, one behind the other. */
  move(length: number): void {
    const { arena, direct, lengths } = this;
    const old = arena.restart(length);
    for (let chunk = 0; chunk < direct.length; chunk++) {
      const from = direct[chunk]!;
      if (from < 0) continue;
      const at = arena.allocate(lengths[chunk]!);
      for (let i = 0; i < lengths[chunk]!; i++) arena.words[at + i] = old[from + i]!;
      rebase(arena.words, at, nodesOf(old, from), 2 * (at - from), at - from);
      direct[chunk] = at;
    }
    this.moved(arena);
  }
}

/** Nodes of a block: its leaves begin behind them, with those of its first node. */
function nodesOf(words: Int32Array, at: number): number {
  return (words[at + BASE0]! / 2 - at) / NODE_WORDS;
}
