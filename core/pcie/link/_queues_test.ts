// Aim: PCIE-3: what waits goes on as the ordering table says, whatever else waits: nothing passes what it may not pass,
// nothing waits that may go, and nothing is lost. Method: drawn TLPs with and without attributes in two sets, some of
// which have no credits for a while, against a list that is searched from end to end.
import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { Queues } from "./_queues.ts";
import { type Tlp, Tlps } from "./_tlp.ts";
import { pcieOptions } from "./options.ts";

/** Rows: later P, NP, Cpl; columns: earlier P, NP, Cpl. y: yes, n: no, r: if relaxed, i: if ID-based and other source. */
const TABLE = [["ri", "y", "y"], ["i", "n", "y"], ["ri", "y", "n"]];

function mayPass(later: Tlp, earlier: Tlp): boolean {
  const rule = TABLE[later.cls]![earlier.cls]!;
  const isOther = later.src !== earlier.src;
  return rule.includes("y") || (rule.includes("r") && (later.attributes & 1) !== 0) ||
    (rule.includes("i") && (later.attributes & 2) !== 0 && isOther);
}

const step = fc.record({
  what: fc.constantFrom("append", "append", "pick"),
  set: fc.nat(1),
  cls: fc.nat(2),
  attributes: fc.constantFrom(0, 0, 1, 2, 3),
  src: fc.nat(1),
  closed: fc.nat(255),
});

Deno.test("PCIE-3: Queues pick what no earlier TLP keeps back, and pick something whenever there is such a TLP", () => {
  const tlps = new Tlps();
  const queues = new Queues(2, pcieOptions({}));
  let [outOfTurn, kept] = [0, 0];
  fc.assert(
    fc.property(fc.array(step, { minLength: 1, maxLength: 40, size: "max" }), (steps) => {
      queues.reset();
      const waiting: Tlp[][] = [[], []];
      const pick = (set: number, closed: number): void => {
        const list = waiting[set]!;
        const open = (tlp: Tlp): boolean => (closed >> list.indexOf(tlp) % 8 & 1) === 0;
        const legal = list.filter((tlp, i) =>
          open(tlp) && list.slice(0, i).every((earlier) => mayPass(tlp, earlier))
        );
        const picked = queues.pick(set, open);
        if (picked === null) {
          if (list.length > 0) kept++;
          return assertEquals(legal.length, 0, `${legal.length} may go and wait`);
        }
        assert(legal.includes(picked), "it passed what it may not pass");
        if (list.findIndex(({ cls }) => cls === picked.cls) !== list.indexOf(picked)) outOfTurn++;
        queues.remove(set, picked);
        list.splice(list.indexOf(picked), 1);
        tlps.give(picked);
      };
      for (const { what, set, cls, attributes, src, closed } of steps) {
        if (what === "pick") pick(set, closed);
        else {
          const tlp = tlps.take(0, cls, src, 9);
          tlp.attributes = attributes;
          queues.append(set, tlp);
          waiting[set]!.push(tlp);
        }
        for (const set of [0, 1]) {
          const list = waiting[set]!;
          assertEquals(queues.isEmpty(set), list.length === 0);
          for (const cls of [0, 1, 2]) {
            assert(queues.first(set, cls) === (list.find((tlp) => tlp.cls === cls) ?? null));
          }
        }
      }
      for (const set of [0, 1]) while (waiting[set]!.length > 0) pick(set, 0);
      assert(queues.isEmpty(0) && queues.isEmpty(1));
    }),
    { numRuns: 400 },
  );
  assert(outOfTurn > 20 && kept > 20, `HARN-3: ${outOfTurn} out of turn, ${kept} kept`);
});
