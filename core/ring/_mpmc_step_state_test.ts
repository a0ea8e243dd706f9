// Aim: delayed stores behave as the model says. Method: one participant stores, another one loads.

import { assertEquals, assertThrows } from "@std/assert";
import { MpmcStepState } from "./_mpmc_step_state.ts";

function twoParticipants(delayedMax: number): MpmcStepState {
  const layout = { size: 4, startIndex: 0, participants: 2, itemsMax: 4, logMax: 0 };
  return new MpmcStepState({ ...layout, delayedMax });
}

Deno.test("MpmcStepState: a delayed store is seen by its participant, by others once it landed", () => {
  const state = twoParticipants(3);
  const [x, y] = [state.slot(0), state.slot(1)];
  state.store(0, x, 5);
  state.store(0, y, 6);
  state.store(0, x, 7);
  assertEquals([state.load(0, x), state.load(0, y)], [7, 6]);
  assertEquals([state.load(1, x), state.load(1, y)], [0, 0]);
  // Stores to one word land in order, stores to two in any.
  assertEquals([0, 1, 2, 3].map((i) => state.mayLand(0, i)), [true, true, false, false]);
  assertThrows(() => state.store(0, y, 8), RangeError, "Cannot delay a store: 3 are delayed");
  state.land(0, 1);
  assertEquals([state.load(1, x), state.load(1, y), state.delayed(0)], [0, 6, 2]);
  state.land(0, 0);
  assertEquals([state.load(1, x), state.load(0, x), state.mayLand(0, 0)], [5, 7, true]);
  state.land(0, 0);
  assertEquals([state.load(1, x), state.delayed(0)], [7, 0]);
  assertEquals(state.words, landed(), "a landed buffer leaves nothing behind");
});

function landed(): Int32Array {
  const state = twoParticipants(3);
  state.words[state.slot(0)] = 7;
  state.words[state.slot(1)] = 6;
  return state.words;
}

Deno.test("MpmcStepState: without delay a store is seen at once", () => {
  const state = twoParticipants(0);
  state.store(0, state.slot(5), 9);
  assertEquals([state.load(1, state.slot(1)), state.delayed(0)], [9, 0]);
});
