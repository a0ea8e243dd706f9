// Aim: an instance is taken once, a second call is remembered, and the lists keep order and membership.
// Method: plain calls; the list against an array under drawn operations.
import { assert, assertEquals, assertThrows } from "@std/assert";
import * as fc from "fast-check";
import { IntrusiveList, type Listed, Napi, NAPI_POLL_WEIGHT } from "./napi.ts";

const IDLE = { poll: () => 0 };

Deno.test("Napi schedulePrep takes an idle instance and remembers a call to a scheduled one", () => {
  const napi = new Napi("eth0", IDLE);
  assertEquals(napi.weight, NAPI_POLL_WEIGHT);
  assert(napi.schedulePrep(), "an idle instance can be taken");
  assertEquals([napi.scheduled, napi.missed], [true, false]);
  assert(!napi.schedulePrep(), "a scheduled one cannot");
  assertEquals([napi.scheduled, napi.missed], [true, true]);
});

Deno.test("Napi refuses a weight that is no positive integer", () => {
  for (const weight of [0, -1, 1.5, NaN]) {
    assertThrows(() => new Napi("eth0", IDLE, weight), RangeError, `eth0: weight ${weight}`);
  }
});

interface Item extends Listed<Item> {
  readonly id: number;
}

Deno.test("IntrusiveList equals two arrays under drawn operations", () => {
  const operation = fc.tuple(fc.constantFrom("push", "shift", "take"), fc.nat({ max: 1 }));
  fc.assert(fc.property(fc.array(operation, { size: "max", maxLength: 60 }), (operations) => {
    const lists = [new IntrusiveList<Item>(), new IntrusiveList<Item>()];
    const models: number[][] = [[], []];
    let id = 0;
    for (const [what, on] of operations) {
      const [list, model, other] = [lists[on]!, models[on]!, 1 - on];
      if (what === "push") {
        list.push({ id, listed: false, next: null });
        model.push(id++);
      } else if (what === "shift") {
        const first = list.shift();
        assertEquals(first?.id, model.shift());
        assertEquals([first?.listed ?? false, first?.next ?? null], [false, null]);
      } else {
        list.take(lists[other]!);
        model.push(...models[other]!.splice(0));
      }
      assertEquals(lists.map((l) => l.isEmpty), models.map((m) => m.length === 0));
    }
  }));
});

Deno.test("IntrusiveList refuses a member that is on a list", () => {
  const item: Item = { id: 0, listed: false, next: null };
  new IntrusiveList<Item>().push(item);
  assertThrows(() => new IntrusiveList<Item>().push(item), RangeError, "it is on a list already");
});
