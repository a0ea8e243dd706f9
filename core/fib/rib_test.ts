// Aim: the routes beside the tables: the hash of IPv4 rules is a map of (prefix, depth), whatever was
// removed from the middle of a run of collisions, and finds what covers a prefix with bits as without;
// the trie of IPv6 routes knows covers and what lies beneath. Method: drawn operations on few prefixes
// beside a Map and a list of binary texts; each fault of the bits by hand.
import { assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { RuleTable } from "./rule_table.ts";
import { Rib6 } from "./_rib6.ts";

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
  assertEquals(resized > 20, true, `only ${resized} runs outgrew the first slots`);
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

/** Prefixes that nest: of every depth around the joints of the bits, on few addresses. */
const nested = fc.tuple(
  fc.constantFrom(0, 0x0a01_0203, 0x0a01_0283, 0x0a81_0203, 0x8a01_0203, 0xffff_ffff),
  fc.constantFrom(0, 1, 2, 15, 16, 17, 18, 21, 22, 23, 24, 25, 31, 32),
).map(([address, depth]) => ({ prefix: depth === 0 ? 0 : address >>> (32 - depth), depth }));

Deno.test("RuleTable asked for a cover has bits from 2^15 rules and one more until clear", () => {
  const table = new RuleTable();
  for (let i = 0; i < 2 ** 15; i++) table.set(0x4000_0000 + i * 256, 24, 1);
  assertEquals(table.bytes, 8 * 2 ** 16);
  const covers = () => [0x4000_0100, 0x4000_0101].map((p, i) => table.coveringDepth(p, 24 + 8 * i));
  assertEquals([...covers(), table.bytes], [0, 24, 8 * 2 ** 16]);
  table.set(0x4000_0000, 16, 2);
  assertEquals(table.bytes, 8 * 2 ** 17);
  assertEquals([...covers(), table.bytes], [16, 24, 8 * 2 ** 17 + 4 * (2 ** 12 + 2 ** 20)]);
  table.checkBits();
  table.clear();
  assertEquals([table.bytes, ...covers()], [8 * 64, 0, 0]);
});

Deno.test("RuleTable with bits finds covers as a list of texts does, whatever came and went", () => {
  const step = fc.record({ route: nested, remove: fc.boolean() });
  const property = fc.property(fc.array(step, { maxLength: 60, size: "max" }), (steps) => {
    const table = new RuleTable();
    table.reserve(2 ** 16);
    assertEquals(table.coveringDepth(0, 32), 0);
    const model = new Set<string>();
    const digits = (prefix: number, depth: number) =>
      depth === 0 ? "" : prefix.toString(2).padStart(depth, "0");
    const apply = (prefix: number, depth: number, remove: boolean) => {
      const whole = prefix * 2 ** (32 - depth);
      const text = digits(prefix, depth);
      if (remove) assertEquals(table.remove(whole, depth), model.delete(text));
      else table.set(whole, depth, model.add(text).size);
    };
    for (const { route: { prefix, depth }, remove } of steps) {
      apply(prefix, depth, remove);
      const text = digits(prefix, depth);
      const covers = [...model].filter((other) => other !== text && text.startsWith(other));
      const longest = Math.max(0, ...covers.map((other) => other.length));
      const whole = prefix * 2 ** (32 - depth);
      assertEquals(table.coveringDepth(whole, depth), longest, `covering depth of ${text}`);
    }
    table.checkBits();
    assertEquals(table.count, model.size);
  });
  fc.assert(property, { numRuns: 40, seed: 2 });
});

Deno.test("RuleTable checkBits names a rule without its bit, and a bit without its rule", () => {
  const table = new RuleTable();
  table.reserve(2 ** 16);
  table.set(0x0a01_0200, 24, 1);
  assertEquals(table.coveringDepth(0x0a01_0203, 32), 24);
  const { words } = (table as unknown as { bits: { words: Uint32Array } }).bits;
  const at = words.findIndex((word) => word !== 0);
  const word = words[at]!;
  words[at] = 0;
  assertThrows(() => table.checkBits(), Error, "Rule 10.1.2.0/24 has no bit");
  words[at] = word | (word << 1);
  assertThrows(() => table.checkBits(), Error, "2 bits are set for 1 rules");
  words[at] = word;
  table.checkBits();
});

function words(bits: string): Uint32Array {
  const all = bits.padEnd(128, "0");
  return Uint32Array.from([0, 32, 64, 96], (at) => parseInt(all.slice(at, at + 32), 2));
}

function text(prefix: Uint32Array, at: number, depth: number): string {
  const bits = Array.from(
    prefix.slice(at, at + 4),
    (word) => word.toString(2).padStart(32, "0"),
  );
  return bits.join("").slice(0, depth);
}

/** Prefixes that share much: a stem that crosses a word limit or not, and few digits after it. */
const prefixes = fc.tuple(
  fc.constantFrom(0, 1, 30, 31, 32, 62, 95, 125),
  fc.array(fc.constantFrom("0", "1"), { maxLength: 3 }),
).map(([stem, digits]) => "10".repeat(64).slice(0, stem) + digits.join(""));

Deno.test("Rib6 equals a list of routes in get, cover, beneath and walk", () => {
  const step = fc.record({ bits: prefixes, hop: fc.nat(5), remove: fc.boolean() });
  fc.assert(
    fc.property(fc.array(step, { minLength: 1, maxLength: 40, size: "max" }), (steps) => {
      const rib = new Rib6();
      const model = new Map<string, number>();
      for (const { bits, hop, remove } of steps) {
        if (remove) assertEquals(rib.remove(words(bits), bits.length), model.delete(bits));
        else {
          rib.set(words(bits), bits.length, hop);
          model.set(bits, hop);
        }
        rib.checkInvariants();
        assertEquals(rib.count, model.size);
        const walked: [string, number][] = [];
        rib.walk((prefix, depth, nextHop) => walked.push([text(prefix, 0, depth), nextHop]));
        assertEquals(walked, [...model].sort(([a], [b]) => a < b ? -1 : 1));
        const covers = [...model.keys()].filter((key) => bits.startsWith(key));
        const longest = covers.sort((a, b) => b.length - a.length)[0];
        const expected = longest === undefined ? -1 : 256 * model.get(longest)! + longest.length;
        assertEquals(rib.cover(words(bits), bits.length), expected);
        assertEquals(rib.get(words(bits), bits.length), model.get(bits) ?? -1);
        const under = [...model.keys()].filter((key) => key !== bits && key.startsWith(bits));
        const top = under.filter((key) => !under.some((k) => k !== key && key.startsWith(k)));
        const found: string[] = [];
        rib.beneath(words(bits), bits.length, (w, at, depth) => found.push(text(w, at, depth)));
        assertEquals(found, top.sort());
      }
      while (model.size > 0) {
        const [bits] = model.keys();
        assertEquals(rib.remove(words(bits!), bits!.length), model.delete(bits!));
        rib.checkInvariants();
      }
      rib.set(words("01"), 2, 3);
      rib.clear();
      assertEquals([rib.count, rib.get(words("01"), 2), rib.cover(words("01"), 128)], [0, -1, -1]);
      rib.checkInvariants();
    }),
    { seed: 1, numRuns: 60 },
  );
});

Deno.test("Rib6 checkInvariants names a node that stands in the wrong place", () => {
  const rib = new Rib6();
  for (const bits of ["1", "10", "101", "0"]) rib.set(words(bits), bits.length, 1);
  const { children, tags } = rib as unknown as { children: Int32Array; tags: Int32Array };
  const root = children.slice(2, 4);
  children.set([root[1]!, root[0]!], 2);
  assertThrows(() => rib.checkInvariants(), Error, "RIB node 0:0:0:0:0:0:0:0/0 has ");
  children.set(root, 2);
  rib.checkInvariants();
  tags[root[1]!] = 1;
  assertThrows(() => rib.checkInvariants(), Error, "8000:0:0:0:0:0:0:0/1 holds no route");
});
