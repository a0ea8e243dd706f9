// Aim: equal runs are one, different ones are not, even when their hashes are equal; references and
// descriptors come and go. Method: runs of two words made to collide; the life of a few runs.
import { assertEquals, assertNotEquals } from "@std/assert";
import { DxrChunks } from "./_dxr_chunks.ts";

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
