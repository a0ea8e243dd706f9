/**
 * Explores every order in which the steps of several actors can follow one another.
 *
 * The system under exploration is a state machine whose whole state is one Int32Array. Layer k
 * holds each distinct state that some order of k steps reaches, with the number of orders that
 * reach it: states that meet again are followed once, which is why millions of orders cost
 * thousands of steps. A broken invariant is reported by the first layer that shows it, so its
 * schedule is a shortest one. One step is one memory access that others can see; what happens
 * inside a step is atomic, and stores become visible in the order they are made.
 */

/** A state machine of several actors. */
export interface SteppedSystem {
  /** Number of actors; they are numbered from 0. */
  readonly actors: number;
  /** Whether the actor has a step left. */
  runnable(actor: number): boolean;
  /** Makes the actor's next step. Only when it is runnable. */
  step(actor: number): void;
  /** A copy of the whole state. */
  save(): Int32Array;
  /** Takes a saved state back. */
  restore(state: Int32Array): void;
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

interface Node {
  readonly state: Int32Array;
  readonly parent: Node | undefined;
  readonly actor: number;
  orders: number;
}

function scheduleOf(node: Node): number[] {
  const schedule: number[] = [];
  for (let at = node; at.parent !== undefined; at = at.parent) schedule.push(at.actor);
  return schedule.reverse();
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
  let states = 0;
  let orders = 0;
  const root: Node = { state: system.save(), parent: undefined, actor: -1, orders: 1 };
  let layer = new Map<string, Node>([["", root]]);
  while (layer.size > 0) {
    const next = new Map<string, Node>();
    for (const node of layer.values()) {
      if (++states > maxStates) {
        throw new RangeError(`Cannot explore interleavings: more than ${maxStates} states`);
      }
      system.restore(node.state);
      const message = check();
      if (message !== undefined) {
        return { states, orders, failure: { message, schedule: scheduleOf(node) } };
      }
      if (!expand(system, node, next)) orders += node.orders;
    }
    layer = next;
  }
  return { states, orders, failure: undefined };
}

/** Puts the successors of `node` into the next layer; false when it has none. */
function expand(system: SteppedSystem, node: Node, next: Map<string, Node>): boolean {
  let moved = false;
  for (let actor = 0; actor < system.actors; actor++) {
    system.restore(node.state);
    if (!system.runnable(actor)) continue;
    moved = true;
    system.step(actor);
    const state = system.save();
    const key = state.join();
    const known = next.get(key);
    if (known === undefined) next.set(key, { state, parent: node, actor, orders: node.orders });
    else known.orders += node.orders;
  }
  return moved;
}
