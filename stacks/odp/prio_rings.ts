/**
 * The scheduler's rings of queue indexes, one for each group, priority and spread, and the threads that look into
 * them. A queue is always of the same spread, by its number.
 */
import type { Cpu } from "../../core/stack.ts";
import type { OdpQueue } from "./queue.ts";
import { TimedQueue } from "./timed_queue.ts";
import type { Witness } from "./witness.ts";

/** Priorities of the API, 0..7; inside, 0 is the most urgent. */
export const PRIOS = 8;
/** Groups that every thread belongs to, that workers do, and that control threads do. */
export const GROUP = { all: 0, worker: 1, control: 2 } as const;
/** Queues at most, of all kinds. */
export const QUEUES_MAX = 1024;

/** The rings. */
export class PrioRings {
  /** Threads that take events: woken when there may be something. */
  readonly threads: Cpu[] = [];
  readonly #spreads: number;
  readonly #witness: Witness;
  readonly #rings: (TimedQueue | undefined)[] = [];

  constructor(spreads: number, witness: Witness) {
    this.#spreads = spreads;
    this.#witness = witness;
  }

  /** The ring of a group, of a priority inside, and a spread; undefined while no queue is of it. */
  at(group: number, prio: number, spread: number): TimedQueue | undefined {
    return this.#rings[(group * PRIOS + prio) * this.#spreads + spread];
  }

  /** Puts a queue's index into its ring, visible from `ps` on. */
  push(queue: OdpQueue, ps: number): void {
    const { group, prio } = queue.param;
    const spread = queue.index % this.#spreads;
    const at = (group * PRIOS + PRIOS - 1 - prio) * this.#spreads + spread;
    const ring = this.#rings[at] ??= new TimedQueue(QUEUES_MAX);
    ring.push(queue.index, ps);
    if (queue.events.count > 0) this.#witness.ready(queue, Math.max(ps, queue.events.nextPs));
  }

  /** Something changed at the own time of `cpu`: every thread looks again, each at its own pace. */
  wake(cpu: Cpu): void {
    for (let i = 0; i < this.threads.length; i++) cpu.wake(this.threads[i]!);
  }
}
