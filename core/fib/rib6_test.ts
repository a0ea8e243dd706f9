// Aim: the RIB of the IPv6 tables is a set of routes that knows covers and what lies beneath. Method:
// drawn operations beside a list of binary texts, everything compared after each; its own form
// checked after each.
import { assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { Rib6 } from "./_rib6.ts";

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
    { numRuns: 60 },
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
