// Aim: a group whose entries are all equal is given back only when one entry of its parent can say the same:
// two halves with one next hop, each by a rule of its own, are no such case.
// Method: both halves, a longer rule inside one of them, and its deletion; then the halves go one by one.
import { assertEquals } from "@std/assert";
import { Dir24_8 } from "./dir24_8.ts";

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
