/**
 * The environment as the kernel below PF_RING sees it. It is the stack's own but for one thing: a skb whose packet was
 * copied to an application that decides about it is freed without a word, since it is the copy that counts.
 */
import type { Env } from "../../core/stack.ts";

/** Skbs of which the packet is somebody else's by now. */
export class CopiedSkbs {
  readonly #marked = new Set<number>();

  /** The packet of a skb was copied on, or lost on the way. */
  mark(skb: number): void {
    this.#marked.add(skb);
  }

  /** Whether a skb that ends is such a one; it is none any more. */
  take(skb: number): boolean {
    return this.#marked.delete(skb);
  }
}

/** What the kernel is booted in. */
export function kernelEnv(env: Env, copied: CopiedSkbs): Env {
  const { fib, neighbours, memory, lcores, choices, hardware } = env;
  const { cost, configure, addPool, spawn, drop, end, dropCopy, originate, place } = env;
  return {
    ...{ fib, neighbours, memory, lcores, choices, hardware },
    ...{ cost, configure, addPool, spawn, end, dropCopy, originate, place },
    get ports() {
      return env.ports;
    },
    get pool() {
      return env.pool;
    },
    drop(cpu, buffer, reason, where, occupancy): void {
      if (copied.take(buffer)) env.pool.put(cpu.lcore, buffer);
      else drop(cpu, buffer, reason, where, occupancy);
    },
  };
}
