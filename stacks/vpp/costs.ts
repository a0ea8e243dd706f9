/**
 * Cycles of nodes, from the machine's profile: `vpp.NODE.call` once for a call and `vpp.NODE.vector` for each vector
 * in it. Loops that hide less of memory cost more a vector: `vpp.loop.dual`, `vpp.loop.single`.
 */
import type { Env } from "../../core/stack.ts";
import type { VppLoop } from "./options.ts";
import type { NodeCost } from "./vlib_node.ts";

/** Costs that nodes are registered with. */
export class VppCosts {
  readonly #env: Pick<Env, "cost">;
  readonly #stall: number;

  constructor(env: Pick<Env, "cost">, loop: VppLoop) {
    this.#env = env;
    this.#stall = loop === "quad" ? 0 : env.cost(`vpp.loop.${loop}`);
  }

  /** Cost of a node that has one kind of loop only. */
  of(node: string): NodeCost {
    return { call: this.named(`${node}.call`), vector: this.named(`${node}.vector`) };
  }

  /** Cost of a node whose loop can be chosen. */
  looped(node: string): NodeCost {
    const { call, vector } = this.of(node);
    return { call, vector: vector + this.#stall };
  }

  /** One figure by its name. */
  named(name: string): number {
    return this.#env.cost(`vpp.${name}`);
  }
}
