// Aim: the hash of rules is a map of (prefix, depth), whatever was removed from the middle of a run
// of collisions. Method: drawn operations on few prefixes, so that slots collide and empty, against
// a Map and plain arithmetic.
import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { RuleTable } from "./rule_table.ts";

const key = fc.record({
  // Neighbours and far-off prefixes; 200 of them outgrow the first 64 slots.
  block: fc.nat(199),
  depth: fc.constantFrom(8, 16, 24),
});
const operation = fc.record({ key, nextHop: fc.nat(9), remove: fc.boolean() });

Deno.test("RuleTable equals a map under every drawn sequence of operations", () => {
  let resized = 0;
  const property = fc.property(
    fc.array(operation, { minLength: 1, maxLength: 300, size: "max" }),
    (operations) => {
      const table = new RuleTable();
      const model = new Map<number, number>();
      for (const { key: { block, depth }, nextHop, remove } of operations) {
        const span = 2 ** (32 - depth);
        const prefix = Math.floor((block * 0x01010101) % 2 ** 32 / span) * span;
        const id = prefix * 64 + depth;
        if (remove) assertEquals(table.remove(prefix, depth), model.delete(id));
        else {
          table.set(prefix, depth, nextHop);
          model.set(id, nextHop);
        }
        assertEquals(table.count, model.size);
        assertEquals(table.get(prefix, depth), model.get(id) ?? -1);
      }
      if (table.capacity > 64) resized++;
      checkWhole(table, model);
      table.clear();
      checkWhole(table, new Map());
    },
  );
  fc.assert(property, { numRuns: 100, seed: 1 });
  assertEquals(resized > 0, true, "no run outgrew the first slots");
});

function checkWhole(table: RuleTable, model: Map<number, number>): void {
  const walked: number[][] = [];
  table.walk((prefix, depth, nextHop) => walked.push([prefix * 64 + depth, nextHop]));
  assertEquals(walked, [...model].sort((a, b) => a[0] - b[0]));
  for (const depth of [8, 16, 24]) {
    const expected = [...model.keys()].filter((id) => id % 64 === depth).length;
    assertEquals(table.countAt(depth), expected, `count of depth ${depth}`);
  }
  for (const id of model.keys()) {
    const prefix = Math.floor(id / 64);
    const covering = [16, 8].find((d) => {
      const span = 2 ** (32 - d);
      return d < id % 64 && model.has(Math.floor(prefix / span) * span * 64 + d);
    });
    assertEquals(table.coveringDepth(prefix, id % 64), covering ?? 0);
  }
}

Deno.test("RuleTable walk visits what was there when it began", () => {
  const table = new RuleTable();
  for (let i = 0; i < 10; i++) table.set(i * 256, 24, i);
  const seen: number[] = [];
  table.walk((prefix, depth, nextHop) => {
    seen.push(nextHop);
    table.remove(prefix + 256, depth);
  });
  assertEquals(seen, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  assertEquals(table.count, 1);
});
