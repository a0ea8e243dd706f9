// Aim: `entriesTouched` counts what an update does: it is what the bound of its cost is checked against, so one
// that counted too little would pass any bound.
// Method: updates whose slots can be told by hand from the statement of the cost.
import { assertEquals } from "@std/assert";
import { Dir24_8 } from "./dir24_8.ts";

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
