// Aim: late stores behave as the model says: x86-TSO, or no order but a release. Method: one participant
// stores, another one loads; then the litmus tests of store buffering and message passing, whose
// outcomes are known, in all interleavings.

import { assertEquals, assertThrows } from "@std/assert";
import { LateStores, type StoreOrder } from "./_late_stores.ts";
import { exploreInterleavings, type SteppedSystem } from "./interleave.ts";

function twoParticipants(order: StoreOrder): [Int32Array, LateStores] {
  const words = new Int32Array(2 + LateStores.words(2, order, 3));
  return [words, new LateStores(words, 2, 2, order, 3)];
}

const [X, Y] = [0, 1];

Deno.test("LateStores: a store is seen by its participant, by others once it landed", () => {
  const [words, late] = twoParticipants("any");
  late.store(0, X, 5);
  late.store(0, Y, 6);
  late.store(0, X, 7);
  assertEquals([late.load(0, X), late.load(0, Y)], [7, 6]);
  assertEquals([late.load(1, X), late.load(1, Y)], [0, 0]);
  // Stores to one word land in order, stores to two in any.
  assertEquals([0, 1, 2, 3, 4].map((i) => late.mayLand(i)), [true, true, false, false, false]);
  assertThrows(() => late.store(0, Y, 8), RangeError, "Cannot delay a store: 3 are delayed");
  late.land(1);
  assertEquals([late.load(1, X), late.load(1, Y), late.count(0)], [0, 6, 2]);
  late.land(0);
  assertEquals([late.load(1, X), late.load(0, X), late.mayLand(0)], [5, 7, true]);
  late.land(0);
  assertEquals([late.load(1, X), late.count(0)], [7, 0]);
  assertEquals([...words], [7, 6, ...Array(14).fill(0)], "a landed buffer leaves nothing behind");
});

Deno.test("LateStores: in order only the oldest may land; without delay a store is seen at once", () => {
  const [, fifo] = twoParticipants("fifo");
  fifo.store(1, X, 5);
  fifo.store(1, Y, 6);
  assertEquals([3, 4, 5].map((i) => fifo.mayLand(i)), [true, false, false]);
  const [words, now] = twoParticipants("now");
  now.store(0, X, 9);
  assertEquals([words[X], now.load(1, X), now.count(0), now.actors], [9, 9, 0, 0]);
});

type Instruction = readonly ["store", word: number, value: number] | readonly ["load", number];

/** Two participants with a program each; loads are kept in the order of the programs. */
class Litmus implements SteppedSystem {
  readonly actors: number;
  readonly state: Int32Array;
  readonly #late: LateStores;
  readonly #programs: readonly (readonly Instruction[])[];

  constructor(order: StoreOrder, ...programs: readonly (readonly Instruction[])[]) {
    // x and y, two program counters, two results for each participant.
    this.state = new Int32Array(8 + LateStores.words(2, order, 2));
    this.#late = new LateStores(this.state, 8, 2, order, 2);
    this.actors = 2 + this.#late.actors;
    this.#programs = programs;
  }
  runnable(actor: number): boolean {
    if (actor >= 2) return this.#late.mayLand(actor - 2);
    return this.state[2 + actor]! < this.#programs[actor]!.length;
  }
  step(actor: number): void {
    if (actor >= 2) return this.#late.land(actor - 2);
    const pc = this.state[2 + actor]!++;
    const instruction = this.#programs[actor]![pc]!;
    if (instruction[0] === "store") this.#late.store(actor, instruction[1], instruction[2]);
    else this.state[4 + 2 * actor + pc] = this.#late.load(actor, instruction[1]);
  }
}

function outcomes(order: StoreOrder, ...programs: readonly (readonly Instruction[])[]): string[] {
  const litmus = new Litmus(order, ...programs);
  const seen = new Set<string>();
  exploreInterleavings(litmus, () => {
    const over = Array.from({ length: litmus.actors }, (_, i) => i).every((a) =>
      !litmus.runnable(a)
    );
    if (over) seen.add(litmus.state.slice(4, 8).join(" "));
    return undefined;
  }, 1000);
  return [...seen].sort();
}

Deno.test("LateStores: litmus outcomes of store buffering and message passing (RING-8)", () => {
  // Results of a program stand at the places of its loads.
  const buffering = [[["store", X, 1], ["load", Y]], [["store", Y, 1], ["load", X]]] as const;
  const strong = ["0 0 0 1", "0 1 0 0", "0 1 0 1"];
  assertEquals(outcomes("now", ...buffering), strong);
  for (const order of ["fifo", "any"] as const) {
    assertEquals(outcomes(order, ...buffering), ["0 0 0 0", ...strong], "x86-TSO, SB: both read 0");
  }
  const passing = [[["store", X, 1], ["store", Y, 1]], [["load", Y], ["load", X]]] as const;
  const ordered = ["0 0 0 0", "0 0 0 1", "0 0 1 1"];
  assertEquals(outcomes("now", ...passing), ordered);
  assertEquals(outcomes("fifo", ...passing), ordered, "x86-TSO, MP: no flag without its message");
  const weak = ["0 0 0 0", "0 0 0 1", "0 0 1 0", "0 0 1 1"];
  assertEquals(outcomes("any", ...passing), weak, "the flag without its message");
});
