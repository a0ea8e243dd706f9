import type { Arena } from "./_arena.ts";
import type { ChunkRules } from "./_chunk_rules.ts";
import type { ChunkStore } from "./_chunk_updates.ts";
import { DxrChunks } from "./_dxr_chunks.ts";
import { BASE, BASE_BITS, DxrEncoder, HIT } from "./_dxr_entry.ts";
import { Ranges } from "./_ranges.ts";

/**
 * The direct table of DXR and the runs behind it. A chunk with one answer is a HIT; any other holds
 * a reference to the run of its ranges. A run is written whole before the one store to the direct
 * table that leads to it, and the old reference is dropped after that store. `moved` is called when
 * the arena has new arrays.
 */
export class DxrStore implements ChunkStore {
  /** Entry of each chunk. */
  direct: Int32Array;
  /** The runs. */
  readonly chunks: DxrChunks;
  /** Descriptor of the run of each chunk, + 1; 0 = none. */
  readonly descriptors: Int32Array;
  private readonly ranges = new Ranges();
  private readonly encoder: DxrEncoder;

  /** No runs, and at most `words` words of them planned. */
  constructor(
    private readonly rules: ChunkRules,
    words: number,
    private readonly moved: (arena: Arena) => void,
  ) {
    this.direct = new Int32Array(rules.chunks).fill(HIT << BASE_BITS);
    this.descriptors = new Int32Array(rules.chunks);
    this.chunks = new DxrChunks(words);
    this.encoder = new DxrEncoder(rules.bits);
  }

  /** Bytes of the direct table and the runs. */
  get bytesOccupied(): number {
    return 4 * this.direct.length + 4 * this.chunks.arena.live;
  }

  /** See `ChunkStore.compile`. */
  compile(chunk: number): void {
    const { chunks, direct, descriptors, encoder, ranges } = this;
    this.rules.sweep(chunk, ranges);
    let entry = (HIT << BASE_BITS) | (ranges.hops[0]! + 1);
    let descriptor = -1;
    if (ranges.count > 1) {
      encoder.encode(ranges);
      descriptor = this.hold();
      entry = (encoder.fragments << BASE_BITS) | chunks.baseOf(descriptor);
    }
    direct[chunk] = entry;
    const old = descriptors[chunk]! - 1;
    descriptors[chunk] = descriptor + 1;
    if (old >= 0) chunks.drop(old);
  }

  /** See `ChunkStore.settle`. */
  settle(): void {
    if (this.chunks.arena.isOver) this.move(this.chunks.arena.lengthFor(0));
  }

  /** See `ChunkStore.trim`. */
  trim(): void {
    this.move(this.chunks.arena.live);
  }

  /** See `ChunkStore.clear`. */
  clear(): void {
    this.chunks.clear();
    this.moved(this.chunks.arena);
  }

  /** A reference to a run as it was encoded, the one that there is or a new one. */
  hold(): number {
    const { chunks, encoder: { words, length } } = this;
    const found = chunks.find(words, length);
    if (found >= 0) return found;
    const made = chunks.insert(words, length);
    if (made >= 0) return made;
    this.move(chunks.arena.lengthFor(length));
    return chunks.insert(words, length);
  }

  /** Moves all runs to an array of `length` words, one behind the other. */
  move(length: number): void {
    const { chunks, direct, descriptors } = this;
    chunks.move(length);
    for (let chunk = 0; chunk < direct.length; chunk++) {
      const descriptor = descriptors[chunk]! - 1;
      if (descriptor < 0) continue;
      direct[chunk] = (direct[chunk]! & ~BASE) | chunks.baseOf(descriptor);
    }
    this.moved(chunks.arena);
  }
}
