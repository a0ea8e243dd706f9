/**
 * A scheduler of promises: who waits for a turn goes on when it is given one, and which of those that
 * wait is next is a question to {@link Choices}. So every order in which awaiting steps may continue can
 * be explored, and each is replayed from its few deviations.
 *
 * Between two turns all that is ready runs, by rounds of the microtask queue, whose order ECMAScript fixes
 * ("Jobs and Host Operations to Enqueue Jobs"): no timer, no I/O, no clock. What awaits something else than
 * turns and promises that these resolve, a timer say, is not waited for.
 */
import type { Choices } from "./choices.ts";

/** Rounds of the microtask queue after each turn: as deep a chain of awaits is followed to its end. */
const ROUNDS = 32;
/** Of those that wait, how many of the oldest may be next, as with ties of the clock. */
const ELIGIBLE_MAX = 8;

/** Lets everything that is ready run. */
export async function settle(): Promise<void> {
  for (let round = 0; round < ROUNDS; round++) await null;
}

/**
 * The turns of one run.
 *
 * @example
 * ```ts
 * import { Choices, Turns } from "@planecheck/planecheck/core";
 * import { assertEquals } from "@std/assert";
 *
 * const choices = new Choices();
 * const turns = new Turns(choices);
 * const done: string[] = [];
 * const step = async (name: string) => {
 *   await turns.wait();
 *   done.push(name);
 * };
 * choices.reset([{ site: "tie", occurrence: 0, value: 1 }]); // not the oldest, but the next one
 * for (const name of ["a", "b", "c"]) step(name);
 * while (turns.waiting > 0) await turns.next();
 * assertEquals(done, ["b", "a", "c"]);
 * ```
 */
export class Turns {
  readonly #choices: Choices;
  readonly #site: number = 0;
  readonly #waiting: (() => void)[] = [];

  /** Asks `choices` at the site `tie`, where the clock asks for events of one instant. */
  constructor(choices: Choices) {
    this.#choices = choices;
    this.#site = choices.site("tie");
  }

  /** How many wait for a turn. */
  get waiting(): number {
    return this.#waiting.length;
  }

  /** Waits for a turn. */
  wait(): Promise<void> {
    return new Promise((go) => this.#waiting.push(go));
  }

  /**
   * Gives a turn to the oldest that waits, or to another of the oldest eight, and answers when all that
   * can go on without a further turn has. Does nothing when nobody waits. O(1), and what is run.
   */
  async next(): Promise<void> {
    const n = Math.min(this.#waiting.length, ELIGIBLE_MAX);
    const [go] = this.#waiting.splice(n < 2 ? 0 : this.#choices.pick(this.#site, n), 1);
    if (go !== undefined) go();
    await settle();
  }
}
