// Aim: what the laws say of every table, told by cases that people of the field know, and the
// limits of rte_lpm; that `entriesTouched`, which the bound of LPM-13 is checked against, counts what
// an update does; that a group of equal entries is given back only when one entry of its parent can
// say the same. Method: the cases of DPDK's LPM tests and of RFC 5737 prefixes around the /24
// boundary, updates whose slots can be told by hand, and two halves of a block, written out.
import { assertEquals, assertThrows } from "@std/assert";
import { createFib4, readsHistogram } from "./create.ts";
import { Dir24_8 } from "./dir24_8.ts";

function table(firstBits: 24 | 16 | 8, groups: number): Dir24_8 {
  return new Dir24_8({ firstBits, groups, maxRules: 100, defaultRoute: false });
}

function address(text: string): number {
  return text.split(".").reduce((sum, byte) => sum * 256 + Number(byte), 0);
}

function add(fib: Dir24_8, prefix: string, nextHop: number): boolean {
  const [base, depth] = prefix.split("/");
  return fib.add(address(base!), Number(depth), nextHop);
}

function remove(fib: Dir24_8, prefix: string): boolean {
  const [base, depth] = prefix.split("/");
  return fib.delete(address(base!), Number(depth));
}

Deno.test("LPM-1 each depth falls back to the one before it as deletions descend", () => {
  // The chain of DPDK's LPM tests: depths 1..32 on one base, next hop = depth, the other half
  // always misses.
  const fib = table(24, 1);
  const base = address("192.0.2.129");
  for (let depth = 1; depth <= 32; depth++) {
    assertEquals(fib.add(base, depth, depth), true);
    assertEquals(fib.lookup(base), depth);
    assertEquals(fib.lookup(address("127.255.255.255")), -1);
  }
  assertEquals(fib.groupsUsed, 1);
  for (let depth = 32; depth >= 1; depth--) {
    assertEquals(fib.delete(base, depth), true);
    assertEquals(fib.lookup(base), depth === 1 ? -1 : depth - 1);
  }
  assertEquals([fib.groupsUsed, fib.bytesOccupied, fib.size], [0, 0, 0]);
});

Deno.test("LPM-1 the boundary of the first level is where the longest prefix says", () => {
  const fib = table(24, 2);
  add(fib, "198.51.100.0/23", 1);
  add(fib, "198.51.100.0/24", 2);
  add(fib, "198.51.100.0/25", 3);
  add(fib, "198.51.100.128/26", 4);
  add(fib, "198.51.101.255/32", 5);
  for (
    const [at, nextHop] of [
      ["198.51.99.255", -1],
      ["198.51.100.127", 3],
      ["198.51.100.128", 4],
      ["198.51.100.191", 4],
      ["198.51.100.192", 2],
      ["198.51.101.0", 1],
      ["198.51.101.254", 1],
      ["198.51.101.255", 5],
      ["198.51.102.0", -1],
    ] as const
  ) {
    assertEquals(fib.lookup(address(at)), nextHop, at);
  }
  // D7: one read in the first level, two below a group.
  assertEquals(fib.reads(address("198.51.99.255")), 1);
  assertEquals(fib.reads(address("198.51.101.0")), 2);
});

Deno.test("LPM-2 the 257th group is refused with the 256 that rte_lpm has by default", () => {
  const fib = new Dir24_8({ firstBits: 24, groups: 256, maxRules: 300, defaultRoute: false });
  for (let i = 0; i < 256; i++) assertEquals(fib.add(0x0a000000 + i * 256, 25, i), true);
  const occupied = fib.bytesOccupied;
  assertEquals(fib.add(0x0a010000, 25, 1), false);
  assertEquals([fib.bytesOccupied, fib.lookup(0x0a010000), fib.size], [occupied, -1, 256]);
  assertEquals(fib.add(0x0a000080, 25, 9), true, "a group that is there has room");
  assertEquals(fib.delete(0x0a000000, 25) && fib.delete(0x0a000080, 25), true);
  assertEquals(fib.add(0x0a010000, 25, 1), true, "the group that came back is given out");
});

Deno.test("LPM-6 a /28 gives its group back over a /23 and over a /24", () => {
  const fib = table(24, 1);
  for (const cover of ["10.0.0.0/23", "10.0.1.0/24"]) {
    add(fib, cover, 1);
    for (let round = 0; round < 1000; round++) {
      assertEquals(add(fib, "10.0.1.16/28", 2), true);
      assertEquals(remove(fib, "10.0.1.16/28"), true);
    }
    assertEquals([fib.groupsUsed, fib.lookup(address("10.0.1.16"))], [0, 1]);
  }
});

Deno.test("Dir24_8 counts its memory as rte_lpm does", () => {
  const fib = new Dir24_8({ firstBits: 24, groups: 256, maxRules: 1000, defaultRoute: false });
  assertEquals(fib.bytesReserved, 64 * 2 ** 20 + 256 * 1024 + 8000);
  add(fib, "10.0.0.0/16", 1);
  add(fib, "10.0.7.128/25", 2);
  assertEquals(fib.bytesOccupied, 256 * 4 + 1024 + 2 * 8);
});

Deno.test("Dir24_8 refuses what makes no table, naming the option", () => {
  const good = { firstBits: 8 as const, groups: 1, maxRules: 1, defaultRoute: false };
  assertThrows(
    () => new Dir24_8({ ...good, firstBits: 12 as unknown as 8 }),
    RangeError,
    "firstBits 12 is not 24, 16 or 8",
  );
  assertThrows(() => new Dir24_8({ ...good, groups: -1 }), RangeError, "groups -1");
  assertThrows(() => new Dir24_8({ ...good, maxRules: 0 }), RangeError, "maxRules 0");
  assertThrows(() => new Dir24_8(good).add(0, 0, 1), RangeError, "depth 0 is not an integer 1..32");
  assertThrows(
    () => new Dir24_8(good).lookupBulk(new Uint32Array(1), new Int32Array(1), 2),
    RangeError,
    "n 2 does not fit 1 addresses and 1 next hops",
  );
});

Deno.test("createFib4 makes the faithful table by default and names what it does not know", () => {
  assertEquals(createFib4("dir24-8").bytesReserved, 64 * 2 ** 20 + 4096 * 1024 + 8 * 2 ** 21);
  assertEquals(createFib4("linear", { maxRules: 1 }).kind, "linear");
  assertThrows(
    () => createFib4("patricia" as unknown as "linear"),
    RangeError,
    'kind "patricia" is not one of linear, dir24-8',
  );
  assertThrows(
    () => readsHistogram(createFib4("linear"), new Uint32Array(1), 2),
    RangeError,
    "n 2 does not fit 1 addresses",
  );
});

Deno.test("Dir24_8 LPM-13: entriesTouched counts every slot that an update reads or writes", () => {
  const fib = new Dir24_8({ firstBits: 16, groups: 8, maxRules: 16, defaultRoute: true });
  const touched = (update: () => boolean): number => {
    const before = fib.entriesTouched;
    assertEquals(update(), true);
    return fib.entriesTouched - before;
  };
  const [a, b] = [0x0a000000, 0x0a010000];
  assertEquals(touched(() => fib.add(0, 0, 1)), 0, "a default route lies beside the table");
  assertEquals(touched(() => fib.add(a, 8, 2)), 256, "2^(16 - 8) slots of the first level");
  assertEquals(touched(() => fib.add(b, 16, 3)), 1);
  assertEquals(
    touched(() => fib.add(b, 17, 4)),
    256 + 1,
    "a group, and the store that leads to it",
  );
  assertEquals(touched(() => fib.add(b, 18, 5)), 64, "2^(24 - 18) slots of a group that is there");
  assertEquals(touched(() => fib.add(b, 25, 6)), 256 + 1, "one below it");
  assertEquals(touched(() => fib.add(a, 8, 7)), 256 + 2 * 256, "the slots of both groups, too");
  assertEquals(
    touched(() => fib.delete(b, 25)),
    128 + 256 + 1 + 256,
    "one group goes, one is looked at",
  );
  fib.clear();
  assertEquals(fib.entriesTouched, 0);
});

for (const firstBits of [24, 16, 8] as const) {
  Deno.test(`Dir24_8 of ${firstBits} first bits keeps a group of two equal halves (D3)`, () => {
    const fib = new Dir24_8({ firstBits, groups: 8, maxRules: 16, defaultRoute: false });
    // a level boundary below the first level, where two rules of one bit more make a whole block
    const level = firstBits === 24 ? 24 : firstBits + 8;
    const base = 0x0a000000;
    const half = 2 ** (31 - level);
    const rules = [[base, level + 1], [base + half, level + 1]] as const;
    for (const [prefix, depth] of rules) fib.add(prefix, depth, 5);
    const groups = fib.groupsUsed;
    fib.add(base, level + 2, 6);
    assertEquals(fib.delete(base, level + 2), true);
    assertEquals(fib.groupsUsed, groups, "rules longer than the block are there");
    fib.checkInvariants();
    assertEquals([fib.lookup(base), fib.lookup(base + half)], [5, 5]);
    assertEquals(fib.delete(base, level + 1), true);
    fib.checkInvariants();
    assertEquals([fib.lookup(base), fib.lookup(base + half)], [-1, 5]);
    assertEquals(fib.delete(base + half, level + 1), true);
    assertEquals([fib.lookup(base + half), fib.groupsUsed, fib.bytesOccupied], [-1, 0, 0]);
  });
}
