import { checkStretches, type Stretch } from "./_arena_check.ts";
import type { ChunkRules } from "./_chunk_rules.ts";
import type { DxrChunks } from "./_dxr_chunks.ts";
import { BASE, BASE_BITS, HIT, SHORT, XL } from "./_dxr_entry.ts";
import type { DxrStore } from "./_dxr_store.ts";
import { Ranges } from "./_ranges.ts";
import { prefixText } from "./route.ts";

/**
 * Compares the runs of a DXR table with the rules, and the descriptors with the chunks.
 * @throws {Error} naming the chunk or the run and what is wrong with it
 */
export function checkDxr(rules: ChunkRules, store: DxrStore): void {
  const { chunks, descriptors, direct } = store;
  const ranges = new Ranges();
  const held = new Map<number, number>();
  for (let chunk = 0; chunk < rules.chunks; chunk++) {
    const entry = direct[chunk]!;
    const descriptor = descriptors[chunk]! - 1;
    const isHit = entry >>> BASE_BITS === HIT;
    rules.sweep(chunk, ranges);
    const isAlike = isHit && ranges.count === 1 && (entry & BASE) - 1 === ranges.hops[0];
    if (isAlike && descriptor < 0) continue;
    const name = `Chunk ${prefixText(chunk * 2 ** (32 - rules.bits), rules.bits)}`;
    if (isHit !== descriptor < 0) throw new Error(`${name}: descriptor ${descriptor} of its run`);
    if (!isHit) {
      held.set(descriptor, (held.get(descriptor) ?? 0) + 1);
      if (chunks.baseOf(descriptor) !== (entry & BASE)) {
        throw new Error(`${name} has base ${entry & BASE}, its run ${chunks.baseOf(descriptor)}`);
      }
    }
    compare(name, isHit ? [[0, (entry & BASE) - 1]] : decode(chunks, entry, rules.bits), ranges);
  }
  const runs = new Map<string, number>();
  const blocks: Stretch[] = [];
  for (let d = 0; d < chunks.limit; d++) {
    const [references, base, length] = [
      chunks.referencesOf(d),
      chunks.baseOf(d),
      chunks.lengthOf(d),
    ];
    if (references !== (held.get(d) ?? 0)) {
      throw new Error(`Run ${d} counts ${references} chunks, ${held.get(d) ?? 0} hold it`);
    }
    if (references === 0) continue;
    blocks.push({ at: base, length, name: `Run ${d}` });
    const text = chunks.arena.words.slice(base, base + length).join();
    if (runs.has(text)) throw new Error(`Runs ${runs.get(text)} and ${d} are equal, not shared`);
    runs.set(text, d);
  }
  if (runs.size !== chunks.count) {
    throw new Error(`${runs.size} runs are held, ${chunks.count} are counted`);
  }
  checkStretches(chunks.arena, blocks);
}

/** The ranges of a run, by division instead of shifts. */
function decode(chunks: DxrChunks, entry: number, bits: number): [number, number][] {
  const { words, halves } = chunks.arena;
  const fragments = entry >>> BASE_BITS;
  const base = entry & BASE;
  const isShort = (fragments & SHORT) !== 0;
  const isLarge = fragments === XL;
  const count = isLarge ? words[base]! : fragments % SHORT + 1;
  const unit = 2 ** (isShort ? bits - 8 : bits);
  return Array.from({ length: count }, (_, i) => {
    const range = isShort ? halves[2 * base + i]! : words[base + i + (isLarge ? 1 : 0)]! >>> 0;
    return [Math.floor(range / unit) * (isShort ? 256 : 1), range % unit - 1];
  });
}

/** The first range starts at 0, starts ascend, neighbours differ, and all is as the rules say. */
function compare(name: string, got: [number, number][], ranges: Ranges): void {
  if (got[0]![0] !== 0) throw new Error(`${name}: its first range starts at ${got[0]![0]}`);
  for (let i = 0; i < Math.max(got.length, ranges.count); i++) {
    const [start, hop] = got[i] ?? [];
    if (i > 0 && start !== undefined && start <= got[i - 1]![0]) {
      throw new Error(`${name}: range ${i} starts at ${start}, not after ${got[i - 1]![0]}`);
    }
    if (i > 0 && hop === got[i - 1]![1]) throw new Error(`${name}: range ${i} repeats ${hop}`);
    const expected = i < ranges.count ? [ranges.starts[i], ranges.hops[i]] : [];
    if (start !== expected[0] || hop !== expected[1]) {
      throw new Error(`${name}: range ${i} is ${start}, ${hop}; the rules say ${expected}`);
    }
  }
}
