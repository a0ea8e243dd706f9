// Aim: an arena gives each word to one block, reuses lengths that came back, and says when and how
// far it should grow. Method: the life of a small arena, written out.
import { assertEquals, assertThrows } from "@std/assert";
import { Arena } from "./_arena.ts";
import { checkStretches } from "./_arena_check.ts";

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
