// Aim: states that differ in any word have different numbers, equal ones the same, and each is given back as it came.
// Method: drawn states of few values, so that many are equal or nearly so, against a map of their text.
import { assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { StateSet } from "./_state_set.ts";

Deno.test("StateSet numbers states as a map of their text does, between two seals", () => {
  const state = fc.array(fc.constantFrom(0, 1, -1, 1 << 31), { minLength: 4, maxLength: 4 });
  const step = fc.oneof({ weight: 30, arbitrary: state }, {
    weight: 1,
    arbitrary: fc.constant("seal" as const),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 400, size: "max" }), (steps) => {
      const set = new StateSet(4, 1000);
      const model = new Map<string, number>();
      const all: string[] = [];
      for (const step of steps) {
        if (step === "seal") {
          assertEquals(set.seal(), all.length);
          model.clear();
          continue;
        }
        const text = step.join(" ");
        if (!model.has(text)) model.set(text, all.push(text) - 1);
        assertEquals(set.add(Int32Array.from(step)), model.get(text));
        assertEquals(set.size, all.length);
      }
      const out = new Int32Array(4);
      all.forEach((text, number) => {
        set.get(number, out);
        assertEquals(out.join(" "), text);
      });
    }),
    { numRuns: 50 },
  );
});

Deno.test("StateSet grows to thousands of states that differ in one word, and refuses one more than it may have", () => {
  for (let word = 0; word < 3; word++) {
    const set = new StateSet(3, 5000);
    const state = new Int32Array(3);
    for (const round of [0, 1]) {
      for (let i = 0; i < 5000; i++) {
        state[word] = i;
        assertEquals(set.add(state), i, `round ${round}`);
      }
    }
    state[word] = 5000;
    assertThrows(() => set.add(state), RangeError, "more than 5000 states");
  }
});
