// Aim: claims and publications of participants that are in the ring at the same time. Method: two or
// three handles of one side, one thread, in an order in which nobody has to wait.

import { assert, assertEquals, assertThrows } from "@std/assert";
import { MpmcSide } from "./_mpmc_side.ts";
import {
  CONSUMER_WORDS,
  PRODUCER_WORDS,
  type RingSync,
  SIDE_HEAD,
  SIDE_TAIL,
} from "./mpmc_memory.ts";

function producers(sync: RingSync, size = 8, htdMax = 8, start = 0) {
  const control = new Int32Array(new SharedArrayBuffer(160 * 4)).fill(start, 32);
  const side = () =>
    new MpmcSide(control, PRODUCER_WORDS, CONSUMER_WORDS, size, sync, htdMax, true);
  const word = PRODUCER_WORDS + SIDE_TAIL;
  const tail = (set?: number) =>
    set === undefined ? Atomics.load(control, word) : Atomics.store(control, word, set);
  return { a: side(), b: side(), c: side(), d: side(), tail };
}

Deno.test("MpmcSide mt publishes in the order of the claims", () => {
  const { a, b, c, d, tail } = producers("mt", 8, 8, 2 ** 31 - 2);
  assertEquals([a.claim(2, true), b.claim(3, true), c.claim(9, false)], [2, 3, 3]);
  assertEquals([a.start, b.start, c.start], [2 ** 31 - 2, -(2 ** 31), -(2 ** 31) + 3]);
  assertEquals(d.claim(1, true), 0, "what is claimed is not free");
  a.publish(2);
  assertEquals(tail(), -(2 ** 31));
  b.publish(3);
  c.publish(3);
  assertEquals(tail(), -(2 ** 31) + 6);
});

Deno.test("MpmcSide mt-rts publishes when the last one has finished, in any order", () => {
  for (const start of [0, 2 ** 31 - 2, -2]) {
    for (const order of ["abc", "acb", "bac", "bca", "cab", "cba"]) {
      const { a, b, c, tail } = producers("mt-rts", 8, 8, start);
      const sides = { a, b, c };
      const claimed = { a: a.claim(1, true), b: b.claim(2, true), c: c.claim(3, false) };
      assertEquals(claimed, { a: 1, b: 2, c: 3 });
      const seen = [...order].map((name) => {
        sides[name as "a" | "b" | "c"].publish(claimed[name as "a" | "b" | "c"]);
        return (tail() - start) | 0;
      });
      assertEquals(seen, [0, 0, 6], `${order} from ${start}`);
    }
  }
});

Deno.test("MpmcSide mt-hts gives part of a claim back without letting others in between", () => {
  for (const [kept, tails] of [[0, 0], [1, 1], [3, 3]] as const) {
    const { a, b, tail } = producers("mt-hts");
    assertEquals(a.claim(3, true), 3);
    a.settle(3, kept);
    assertEquals([tail(), b.claim(2, true), b.start], [tails, 2, kept]);
    b.publish(2);
    assertEquals(tail(), tails + 2);
  }
});

Deno.test("MpmcSide mt-hts that keeps nothing leaves alone what others have published by then", () => {
  const { a, tail } = producers("mt-hts");
  assertEquals(a.claim(3, true), 3);
  tail(2);
  a.settle(3, 0);
  assertEquals(tail(), 2);
});

Deno.test("MpmcSide waits for whom its mode says, and for nobody else", () => {
  const { pause } = Atomics;
  const waits = (body: () => void) => assertThrows(body, Error, "it waits");
  try {
    Object.assign(Atomics, {
      pause() {
        throw new Error("it waits");
      },
    });
    const mt = producers("mt");
    assertEquals([mt.a.claim(1, true), mt.b.claim(1, true)], [1, 1]);
    waits(() => mt.b.publish(1));
    assertEquals(mt.tail(), 0, "published before an earlier claim");
    const hts = producers("mt-hts");
    assertEquals(hts.a.claim(1, true), 1);
    waits(() => hts.b.claim(1, true));
    for (const htdMax of [0, 2, 8]) {
      const rts = producers("mt-rts", 8, htdMax);
      assertEquals(rts.a.claim(htdMax + 1 > 8 ? 8 : htdMax + 1, true), Math.min(htdMax + 1, 8));
      // Beyond the limit claims wait; within it they find the ring full at most.
      if (htdMax < 8) waits(() => rts.b.claim(1, true));
      else assertEquals(rts.b.claim(1, true), 0);
    }
  } finally {
    Object.assign(Atomics, { pause });
  }
});

Deno.test("MpmcSide mt-rts raises the tail to what is done although another one raised it less", () => {
  const { compareExchange } = Atomics;
  const { a, b, tail } = producers("mt-rts");
  assertEquals([a.claim(1, true), b.claim(2, true)], [1, 2]);
  b.publish(2);
  assertEquals(tail(), 0);
  try {
    let raised = false;
    const late = (array: Int32Array, index: number, expected: number, value: number) => {
      if (!raised) tail(1); // by one who finished when only 1 was claimed
      raised = true;
      return compareExchange(array, index, expected, value);
    };
    Object.assign(Atomics, { compareExchange: late });
    a.publish(1);
  } finally {
    Object.assign(Atomics, { compareExchange });
  }
  assertEquals(tail(), 3);
});

/** The words that `body` loads atomically, in order. */
function loaded(body: () => void): number[] {
  const { load } = Atomics;
  const words: number[] = [];
  const noted = (array: Int32Array, word: number) => {
    words.push(word);
    return load(array, word);
  };
  Object.assign(Atomics, { load: noted });
  try {
    body();
  } finally {
    Object.assign(Atomics, { load });
  }
  return words;
}

Deno.test("MpmcSide answers less than was asked only by a head that was loaded, in order, before the opposite tail", () => {
  // a plain load may be moved behind an atomic one, and then room that was there is missed (RING-5, weak memory)
  for (const sync of ["mt", "mt-rts", "mt-hts"] as const) {
    for (const [want, bulk, n] of [[5, false, 3], [5, true, 0], [9, false, 3]] as const) {
      const { a, b } = producers(sync);
      assertEquals(a.claim(5, true), 5);
      a.publish(5);
      const words = loaded(() => assertEquals(b.claim(want, bulk), n));
      const opposite = words.lastIndexOf(CONSUMER_WORDS + SIDE_TAIL);
      const head = words.indexOf(PRODUCER_WORDS + SIDE_HEAD);
      assert(head >= 0 && head < opposite, `${sync}, ${want} asked for: ${words}`);
    }
  }
});
