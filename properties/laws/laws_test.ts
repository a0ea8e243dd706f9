// Aim: the catalogue is whole: every law says what stresses it, in labels that have floors, and every law that a test
// judges is named in that test. Method: the data against itself and against the files.
import { assert, assertEquals } from "@std/assert";
import { STRICT } from "../../core/stack.ts";
import { Labels } from "../run/labels.ts";
import { LAWS } from "./laws.ts";
import { TESTED_LAWS } from "./tested.ts";

const ALL = new Set(["occupancy"] as const);

Deno.test("LAWS each name labels that a long run has to contain", () => {
  const congestion = ["rx-missed"] as const;
  const policy = { ...STRICT, congestion, routeTypes: true, tooLong: "cut", mtu: 576 } as const;
  const counts = new Labels().counts(1000, { policy, offers: ALL, fixed: {}, drawsRoutes: true });
  const floors = new Map(counts.map(({ label, floor }) => [label, floor]));
  for (const { id, stress = [] } of LAWS) {
    assert(stress.length > 0, `${id} names none`);
    for (const label of stress) assert((floors.get(label) ?? 0) > 0, `${id}: ${label}`);
  }
});

Deno.test("TESTED_LAWS are named in the test that judges them, and no id stands twice", () => {
  const ids = [...LAWS, ...TESTED_LAWS].map(({ id }) => id);
  assertEquals(new Set(ids).size, ids.length);
  for (const { id, test, statement, clause } of TESTED_LAWS) {
    const text = Deno.readTextFileSync(new URL(`../../${test}`, import.meta.url));
    assert(new RegExp(`\\b${id}\\b`).test(text), `${id} is not in ${test}`);
    assert(statement.endsWith(".") && clause.length > 5, id);
  }
});
