// Aim: an arena gives each word to one block, reuses lengths that came back, and says when and how
// far it should grow; the runs that DXR keeps in one are shared when equal, told apart when only their
// hashes are, and come and go with their references. Method: the life of a small arena and of a few
// runs, written out; runs of two words made to collide.
import { assertEquals, assertNotEquals, assertThrows } from "@std/assert";
import { Arena } from "./_arena.ts";
import { checkStretches } from "./_arena_check.ts";
import { DxrChunks } from "./_dxr_chunks.ts";

Deno.test("Arena gives out the end, and first what came back of the same length", () => {
  const arena = new Arena(10);
  assertEquals([arena.allocate(4), arena.allocate(4), arena.allocate(3)], [0, 4, -1]);
  arena.release(0, 4);
  assertEquals([arena.live, arena.allocate(2), arena.allocate(1)], [4, 8, -1]);
  arena.release(4, 4);
  assertEquals([arena.allocate(4), arena.allocate(4), arena.allocate(4)], [4, 0, -1]);
  assertEquals(arena.live, 10);
});

Deno.test("Arena restarts in the same length while a quarter is waste, else doubles to the limit", () => {
  const arena = new Arena(1000);
  assertEquals(arena.words.length, 256);
  arena.allocate(192);
  assertEquals([arena.lengthFor(0), arena.lengthFor(1)], [256, 512]);
  arena.restart(512);
  arena.allocate(500);
  assertEquals([arena.lengthFor(1), arena.lengthFor(500), arena.lengthFor(501)], [
    1000,
    1000,
    1001,
  ]);
  assertEquals(arena.isOver, false);
  arena.restart(1001);
  arena.allocate(1000);
  assertEquals([arena.isOver, arena.lengthFor(0)], [true, 1000]);
});

Deno.test("Arena of a limit below its usual start sets no more aside, cleared too", () => {
  const arena = new Arena(0);
  assertEquals([arena.words.length, arena.allocate(1)], [0, -1]);
  arena.restart(7);
  arena.clear();
  assertEquals(arena.words.length, 0);
});

Deno.test("checkStretches reports overlaps, wrong counts and free lists that do not end", () => {
  const arena = new Arena(20);
  const block = (at: number, length: number) => ({ at, length, name: `Block ${at}` });
  arena.allocate(5);
  arena.allocate(5);
  checkStretches(arena, [block(0, 5), block(5, 5)]);
  assertThrows(() => checkStretches(arena, [block(0, 5)]), Error, "5 words are in blocks, 10 coun");
  const overlap = "Block 0 at word 0 of 6 words runs into Block 5";
  assertThrows(() => checkStretches(arena, [block(0, 6), block(5, 4)]), Error, overlap);
  arena.release(5, 5);
  checkStretches(arena, [block(0, 5)]);
  arena.words[5] = 6;
  assertThrows(() => arena.freeBlocks(), Error, "Free list of length 5 does not end, see block 5");
});

/** What the hash makes of the first of two words, before the second goes in by exclusive or. */
function afterFirst(word: number): number {
  const h = Math.imul(2 ^ word, 0x85eb_ca6b);
  return h ^ (h >>> 13);
}

/** Looks a run up, and makes it when it is not there. */
function hold(chunks: DxrChunks, words: Int32Array): number {
  const found = chunks.find(words, words.length);
  return found >= 0 ? found : chunks.insert(words, words.length);
}

Deno.test("HASH-2 DxrChunks keeps runs apart whose hashes are equal", () => {
  const chunks = new DxrChunks(1000);
  const runs = Array.from({ length: 20 }, (_, i) => Int32Array.of(i, 77 ^ afterFirst(i)));
  const descriptors = runs.map((words) => hold(chunks, words));
  assertEquals(new Set(descriptors).size, 20);
  // All in one chain: each is found, and leaves from its head, its middle and its end.
  assertEquals(runs.map((words) => chunks.find(words, 2)), descriptors);
  for (const i of [19, 0, 7, 12, 1]) {
    chunks.drop(descriptors[i]!);
    chunks.drop(descriptors[i]!);
    assertEquals(chunks.find(runs[i]!, 2), -1);
  }
  assertEquals([chunks.count, chunks.arena.live], [15, 30]);
  assertEquals(chunks.find(runs[8]!, 2), descriptors[8]!);
});

Deno.test("DxrChunks counts references, reuses descriptors and survives growth and moves", () => {
  const chunks = new DxrChunks(10_000);
  const runs = Array.from({ length: 300 }, (_, i) => new Int32Array(1 + i % 3).fill(i));
  chunks.move(10_000);
  const descriptors = runs.map((words) => hold(chunks, words));
  assertEquals(runs.map((words) => hold(chunks, words)), descriptors);
  for (let i = 0; i < 300; i += 2) chunks.drop(descriptors[i]!);
  assertEquals([chunks.count, chunks.referencesOf(0), chunks.referencesOf(1)], [300, 1, 2]);
  for (let i = 0; i < 300; i += 2) chunks.drop(descriptors[i]!);
  assertEquals([chunks.count, chunks.limit, chunks.referencesOf(0)], [150, 300, 0]);
  const base = chunks.baseOf(299);
  chunks.move(chunks.arena.live);
  assertNotEquals(chunks.baseOf(299), base);
  for (let i = 1; i < 300; i += 2) {
    assertEquals(chunks.find(runs[i]!, runs[i]!.length), descriptors[i]!);
  }
  assertEquals(chunks.insert(Int32Array.of(-1), 1), -1, "no room");
  chunks.move(1000);
  assertEquals(chunks.insert(Int32Array.of(-1), 1), 298, "the descriptor that came back last");
});
