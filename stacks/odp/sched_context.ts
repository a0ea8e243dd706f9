/**
 * The contexts that threads hold between two calls of the scheduler: an atomic queue that nobody else may take from,
 * or a ticket of an ordered one, whose turn comes when all tickets before have been given back.
 */
import type { Context } from "../../core/host/context.ts";
import type { Cpu } from "../../core/stack.ts";
import type { OdpCosts } from "./costs.ts";
import type { PrioRings } from "./prio_rings.ts";
import type { OdpQueue } from "./queue.ts";
import type { SchedLocal } from "./sched_local.ts";
import type { Witness } from "./witness.ts";

/** Taking and giving back. */
export class SchedContexts {
  readonly #rings: PrioRings;
  readonly #costs: OdpCosts;
  readonly #witness: Witness;

  constructor(rings: PrioRings, costs: OdpCosts, witness: Witness) {
    this.#rings = rings;
    this.#costs = costs;
    this.#witness = witness;
  }

  /**
   * Releases the context that a thread holds, as odp_schedule_release_atomic and _ordered do; false when it is an
   * ordered one whose turn has not come.
   */
  release(cpu: Cpu, local: SchedLocal): boolean {
    const queue = local.held;
    if (queue === null) return true;
    if (queue.param.sync === "atomic") this.#rings.push(queue, (cpu as Context).nowPs);
    else if (!this.inTurn(cpu, local)) return false;
    else this.#releaseOrdered(cpu, queue, local);
    this.#witness.released(queue, local, (cpu as Context).nowPs);
    local.held = null;
    this.#rings.wake(cpu);
    return true;
  }

  /** Whether an ordered context may put something out: its ticket is the queue's. Other contexts always may. */
  inTurn(cpu: Cpu, local: SchedLocal): boolean {
    const queue = local.held;
    if (queue === null || queue.param.sync !== "ordered") return true;
    if (queue.ctx === local.ticket && queue.ctxPs <= (cpu as Context).nowPs) return true;
    cpu.charge(this.#costs.spin);
    return false;
  }

  /** odp_schedule_order_lock: false when others come first. */
  orderLock(cpu: Cpu, local: SchedLocal, index: number): boolean {
    const queue = local.held!;
    const ps = (cpu as Context).nowPs;
    if (queue.lock[index] !== local.ticket || queue.lockPs[index]! > ps) {
      cpu.charge(this.#costs.spin);
      return false;
    }
    local.locksCalled |= 1 << index;
    this.#witness.locked(queue, local, index, ps);
    return true;
  }

  /** odp_schedule_order_unlock. */
  orderUnlock(cpu: Cpu, local: SchedLocal, index: number): void {
    const queue = local.held!;
    const ps = (cpu as Context).nowPs;
    this.#witness.unlocked(queue, local, index, ps);
    queue.lock[index] = local.ticket + 1;
    queue.lockPs[index] = ps;
    this.#rings.wake(cpu);
  }

  #releaseOrdered(cpu: Cpu, queue: OdpQueue, local: SchedLocal): void {
    cpu.charge(this.#costs.order);
    const ps = (cpu as Context).nowPs;
    for (let i = 0; i < queue.param.lockCount; i++) {
      if ((local.locksCalled >>> i & 1) === 1) continue;
      queue.lock[i] = local.ticket + 1;
      queue.lockPs[i] = ps;
    }
    local.locksCalled = 0;
    queue.ctx = local.ticket + 1;
    queue.ctxPs = ps;
  }
}
