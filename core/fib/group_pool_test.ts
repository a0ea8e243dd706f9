// Aim: groups are given out once, come back last in first out, and a cleared pool is a new one.
// Method: the life of a pool of three groups, written out.
import { assertEquals } from "@std/assert";
import { GroupPool } from "./group_pool.ts";

Deno.test("GroupPool gives out each group once and then answers -1", () => {
  const pool = new GroupPool(3);
  assertEquals([pool.allocate(), pool.allocate(), pool.allocate(), pool.allocate()], [0, 1, 2, -1]);
  assertEquals([pool.free, pool.used], [0, 3]);
  assertEquals(new GroupPool(0).allocate(), -1);
});

Deno.test("GroupPool gives the group that came back last out first", () => {
  const pool = new GroupPool(3);
  pool.allocate();
  pool.allocate();
  pool.release(0);
  pool.release(1);
  assertEquals([pool.free, pool.used, pool.isFree(0), pool.isFree(2)], [3, 0, true, true]);
  assertEquals([pool.allocate(), pool.allocate(), pool.allocate(), pool.allocate()], [1, 0, 2, -1]);
  assertEquals(pool.isFree(1), false);
});

Deno.test("GroupPool equals a new one after clear, whatever was written", () => {
  const pool = new GroupPool(3);
  pool.allocate();
  pool.allocate();
  pool.entries.fill(7, 0, 512);
  pool.release(0);
  pool.clear();
  assertEquals(pool, new GroupPool(3));
});
