/**
 * Explores every order in which the steps of several actors can follow one another.
 *
 * The system under exploration is a state machine whose whole state is one Int32Array. Layer k
 * holds each distinct state that some order of k steps reaches, with the number of orders that
 * reach it: states that meet again are followed once, which is why millions of orders cost
 * thousands of steps. A broken invariant is reported by the first layer that shows it, so its
 * schedule is a shortest one. One step is one memory access that others can see; what happens
 * inside a step is atomic.
 */

import { StateSet } from "./_state_set.ts";

/** A state machine of several actors. */
export interface SteppedSystem {
  /** Number of actors; they are numbered from 0. */
  readonly actors: number;
  /** The whole state, in place: steps change these words, and who writes them changes the state. */
  readonly state: Int32Array;
  /** Whether the actor has a step left. */
  runnable(actor: number): boolean;
  /** Makes the actor's next step. Only when it is runnable. */
  step(actor: number): void;
}

/** A broken invariant and how to come to it. */
export interface InterleavingFailure {
  /** What the check said. */
  readonly message: string;
  /** The actor of each step from the initial state on. */
  readonly schedule: readonly number[];
}

/** What an exploration saw. */
export interface Interleavings {
  /** Distinct states, the initial one included. */
  readonly states: number;
  /** Complete orders, from the initial state until no actor is runnable; exact below 2^53. */
  readonly orders: number;
  /** The first broken invariant, if any; the counts then end there. */
  readonly failure: InterleavingFailure | undefined;
}

/**
 * Runs `system` from its present state through every order of steps; `check` is asked in every
 * state reached and answers what is wrong, or undefined. The system is left in some state that was
 * reached. O(states x actors x size of a state).
 *
 * @throws {RangeError} when there are more than `maxStates` states
 * @example
 * ```ts
 * import { exploreInterleavings, SpscSteps } from "@planecheck/planecheck/core";
 * import { assertEquals } from "@std/assert";
 *
 * const ring = new SpscSteps({ size: 2, produce: [1, 2], consume: [2, 1] });
 * const seen = exploreInterleavings(ring, () => {
 *   const wrong = ring.received().findIndex((id, i) => id !== i + 1);
 *   return wrong < 0 ? undefined : `item ${wrong} is out of order`;
 * }, 10_000);
 * assertEquals(seen.failure, undefined);
 * ```
 */
export function exploreInterleavings(
  system: SteppedSystem,
  check: () => string | undefined,
  maxStates: number,
): Interleavings {
  const { state } = system;
  const seen = new StateSet(state.length, maxStates);
  const from: number[] = [];
  const by: number[] = [];
  const paths = [1];
  let orders = 0;
  seen.add(state);
  for (let node = 0, layer = 1; node < seen.size; node++) {
    // The states of the next layer are told apart among themselves only.
    if (node === layer) layer = seen.seal();
    seen.get(node, state);
    const message = check();
    if (message !== undefined) {
      const schedule: number[] = [];
      for (let at = node; at > 0; at = from[at]!) schedule.push(by[at]!);
      return { states: node + 1, orders, failure: { message, schedule: schedule.reverse() } };
    }
    let moved = false;
    for (let actor = 0; actor < system.actors; actor++) {
      if (!system.runnable(actor)) continue;
      moved = true;
      system.step(actor);
      const next = seen.add(state);
      if (next === paths.length) {
        from[next] = node;
        by[next] = actor;
        paths.push(0);
      }
      paths[next]! += paths[node]!;
      seen.get(node, state);
    }
    if (!moved) orders += paths[node]!;
  }
  return { states: seen.size, orders, failure: undefined };
}
