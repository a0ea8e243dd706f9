/**
 * A wait queue (NM_SELINFO_T): processes whose poll has looked at a ring and found nothing. They are told of the
 * next event even if they have not gone to sleep yet, which is what keeps an event between the last look and the
 * sleep from being forgotten.
 */
import type { Cpu } from "../../core/stack.ts";

/** Somebody who waits. */
export interface Waiter {
  /** Called in the context of who has something to tell. */
  woken(cpu: Cpu): void;
}

/** Who waits for one ring. */
export class WaitQueue {
  readonly #waiters: Waiter[] = [];

  /** Adds a waiter, once (nm_os_selrecord). */
  record(waiter: Waiter): void {
    if (!this.#waiters.includes(waiter)) this.#waiters.push(waiter);
  }

  /** Takes a waiter away. */
  forget(waiter: Waiter): void {
    const at = this.#waiters.indexOf(waiter);
    if (at >= 0) this.#waiters.splice(at, 1);
  }

  /** Tells everybody but one (nm_os_selwakeup). */
  wake(cpu: Cpu, except: Waiter | null = null): void {
    for (const waiter of this.#waiters) if (waiter !== except) waiter.woken(cpu);
  }
}
