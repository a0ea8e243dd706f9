import type { Arena } from "./_arena.ts";

/** A stretch of an arena and what it is for. */
export interface Stretch {
  /** Its first word. */
  readonly at: number;
  /** How many words. */
  readonly length: number;
  /** Its name in messages. */
  readonly name: string;
}

/**
 * Refuses blocks of an arena that overlap each other or a free one, and a wrong count.
 * @throws {Error} naming both
 */
export function checkStretches(arena: Arena, blocks: Stretch[]): void {
  const live = blocks.reduce((sum, block) => sum + block.length, 0);
  if (live !== arena.live) throw new Error(`${live} words are in blocks, ${arena.live} counted`);
  for (const [at, length] of arena.freeBlocks()) blocks.push({ at, length, name: "a free block" });
  blocks.sort((a, b) => a.at - b.at);
  blocks.forEach(({ at, length, name }, i) => {
    const next = blocks[i + 1] ?? { at: arena.words.length, name: "the end" };
    if (at + length > next.at) {
      throw new Error(`${name} at word ${at} of ${length} words runs into ${next.name}`);
    }
  });
}
