/**
 * A virtual machine: a guest on an lcore of its own. Its processes are processes of that lcore, which pay for leaving
 * it; interrupts reach it as an event of that lcore.
 */
import type { Cpu, Env } from "../../core/stack.ts";
import type { NetmapCosts } from "./costs.ts";
import type { WaitQueue } from "./wait_queue.ts";

/** An interrupt of a guest: wakes who waits for a ring. */
export class GuestInterrupt {
  /** Interrupts taken. */
  taken = 0;
  readonly #costs: NetmapCosts;
  readonly #handler: Cpu;

  constructor(env: Env, lcore: number, costs: NetmapCosts, si: WaitQueue) {
    this.#costs = costs;
    this.#handler = env.spawn(lcore, "softirq", (cpu) => {
      this.taken++;
      cpu.charge(costs.irq);
      si.wake(cpu);
      cpu.sleep();
      return 1;
    });
  }

  /** The host injects it, and pays for that. */
  inject(cpu: Cpu): void {
    cpu.charge(this.#costs.inject);
    cpu.wake(this.#handler);
  }
}
