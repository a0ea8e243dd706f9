/**
 * The scheduler, as odp_schedule_basic.c has it: for each group, priority and spread a ring of queue *indexes*. A
 * thread pops an index, takes a burst of that queue's events, and puts the index back: at once if the queue is
 * parallel or ordered, when its context is released if it is atomic, so that nobody else finds it meanwhile. A queue
 * that is found empty is in no ring until something is put in; an input queue that is found empty is polled, and
 * goes back to its ring in any case. Where what came went into queues (an ordered one, the classifier's) the call
 * goes on, as schedule_grp_prio does: a flood on one input does not keep the spreads behind it waiting.
 *
 * One call is one step: what other threads did is looked at as it was when the body began. A call that finds nothing
 * leaves no trace, neither in the rings nor in the thread's weights: an empty poll of an input queue does not hold
 * its index, and calls that found nothing do not count towards the turn of another spread.
 */
import type { Context } from "../../core/host/context.ts";
import type { Cpu } from "../../core/stack.ts";
import type { OdpCosts } from "./costs.ts";
import { OdpQueue, type QueueParam } from "./queue.ts";
import { PrioRings, PRIOS, QUEUES_MAX } from "./prio_rings.ts";
import { burstOf, type SchedConfig } from "./sched_config.ts";
import { SchedContexts } from "./sched_context.ts";
import type { SchedLocal } from "./sched_local.ts";
import type { TimedQueue } from "./timed_queue.ts";
import type { Witness } from "./witness.ts";

/** A look at one queue gave no events: its index is to be put back, or is where it belongs already. */
const PUT_BACK = 0;
const SETTLED = -1;

/** The scheduler. */
export class Scheduler {
  /** Packets that the last call moved without handing any out: input that went to other queues. */
  moved = 0;
  readonly config: SchedConfig;
  readonly queues: OdpQueue[] = [];
  readonly #costs: OdpCosts;
  readonly #witness: Witness;
  /** Of the call that is under way: when it began, where events go, and how many. */
  #ps = 0;
  #out: Int32Array = new Int32Array(0);
  #max = 0;
  readonly #aside = new Int32Array(QUEUES_MAX);
  /** Queues by group, priority and spread, and the contexts that threads hold. */
  readonly rings: PrioRings;
  readonly contexts: SchedContexts;

  /** No queues, no threads. */
  constructor(config: SchedConfig, costs: OdpCosts, witness: Witness) {
    this.config = config;
    this.#costs = costs;
    this.#witness = witness;
    this.rings = new PrioRings(config.prioSpread, witness);
    this.contexts = new SchedContexts(this.rings, costs, witness);
  }

  /** Adds a queue; an input queue is scheduled from the start. */
  create(param: QueueParam, place: number): OdpQueue {
    if (this.queues.length === QUEUES_MAX) {
      throw new RangeError(`Cannot create queue ${param.name}: there are ${QUEUES_MAX} already`);
    }
    const queue = new OdpQueue(this.queues.length, param, place);
    this.queues.push(queue);
    return queue;
  }

  /** A pktin event queue is in its ring from the start of its interface on. */
  start(queue: OdpQueue): void {
    queue.scheduled = true;
    this.rings.push(queue, 0);
  }

  /** Puts events into a queue; answers how many fitted. */
  enqueue(cpu: Cpu, queue: OdpQueue, buffers: Int32Array, at: number, n: number): number {
    cpu.charge(this.#costs["queue.burst"] + n * this.#costs["queue.event"]);
    const moved = queue.put(cpu, buffers, at, n);
    if (moved === 0) return 0;
    const ps = (cpu as Context).nowPs;
    this.#witness.enqueued(queue, buffers, at, moved, ps);
    if (queue.param.sync !== undefined && !queue.scheduled) {
      queue.scheduled = true;
      this.rings.push(queue, ps);
    }
    this.rings.wake(cpu);
    return moved;
  }

  /**
   * odp_schedule_multi: hands out up to `max` events of one queue, which `local.from` names. Releases the context
   * before; where that has to wait for its turn, the call is to be made again.
   * @param waitPs time to wait for events: 0 is ODP_SCHED_NO_WAIT, Infinity ODP_SCHED_WAIT; `local.expired` says
   * that it is over
   */
  schedule(cpu: Cpu, local: SchedLocal, out: Int32Array, max: number, waitPs = Infinity): number {
    this.moved = 0;
    local.expired = false;
    if (local.stashed > 0) return local.fromStash(out, max);
    // others are seen as they were before anything was spent: what they do later is not known yet
    this.#ps = (cpu as Context).nowPs;
    this.#out = out;
    this.#max = max;
    if (!this.contexts.release(cpu, local)) return 0;
    cpu.charge(this.#costs.schedule);
    if (!local.paused) {
      let n = 0;
      for (const group of local.groups) if (n === 0) n = this.#scheduleGroup(cpu, local, group);
      if (n > 0 || this.moved > 0) {
        local.advance();
        local.waitingSincePs = -1;
        return n;
      }
    }
    local.wait(cpu, waitPs);
    return 0;
  }

  /** The most urgent priority first; in each, the first spread of the thread's choice and then the others. */
  #scheduleGroup(cpu: Cpu, local: SchedLocal, group: number): number {
    const { prioSpread } = this.config;
    const first = local.firstSpread;
    for (let prio = 0; prio < PRIOS; prio++) {
      for (let i = 0; i < prioSpread; i++) {
        const spread = (first + i) % prioSpread;
        const ring = this.rings.at(group, prio, spread);
        if (ring === undefined) continue;
        const n = this.#scheduleRing(cpu, local, ring);
        if (n > 0) return n;
      }
    }
    return 0;
  }

  /** Pops indexes until a queue has something; input queues that had nothing go back in their order. */
  #scheduleRing(cpu: Cpu, local: SchedLocal, ring: TimedQueue): number {
    const ps = this.#ps;
    const aside = this.#aside;
    let empty = 0;
    let found = 0;
    for (let left = ring.count; left > 0 && found <= 0; left--) {
      const index = ring.pop(ps);
      if (index < 0) break;
      found = this.#scheduleQueue(cpu, local, this.queues[index]!);
      if (found === PUT_BACK) aside[empty++] = index;
    }
    for (let i = 0; i < empty; i++) ring.push(aside[i]!, ps);
    return Math.max(0, found);
  }

  #scheduleQueue(cpu: Cpu, local: SchedLocal, queue: OdpQueue): number {
    const ps = this.#ps;
    const { sync } = queue.param;
    const burst = burstOf(this.config, queue.param, this.#max);
    let n = queue.take(local.stash, 0, burst, ps);
    if (n === 0) {
      if (queue.events.count > 0) {
        // somebody who is ahead of this thread has put it there
        this.rings.push(queue, queue.events.nextPs);
        return SETTLED;
      }
      if (queue.pktin === null) {
        queue.scheduled = false;
        return SETTLED;
      }
      n = queue.pktin.input(cpu, queue, local.stash, burst, sync !== "ordered");
      if (n === 0) {
        if (queue.pktin.received === 0) return PUT_BACK;
        this.moved += queue.pktin.received;
        this.rings.push(queue, (cpu as Context).nowPs);
        this.rings.wake(cpu);
        return SETTLED;
      }
    } else cpu.charge(this.#costs["queue.burst"] + n * this.#costs["queue.event"]);
    this.#witness.taken(queue, local, local.stash, n, ps);
    this.#enter(cpu, local, queue);
    local.stashAt = 0;
    local.stashed = n;
    return local.fromStash(this.#out, this.#max);
  }

  /** The thread enters the queue's context. */
  #enter(cpu: Cpu, local: SchedLocal, queue: OdpQueue): void {
    const { sync } = queue.param;
    local.from = queue;
    if (sync === "atomic") {
      if (queue.lastThread !== local.thread) cpu.charge(this.#costs.atomic);
      queue.lastThread = local.thread;
      local.held = queue;
      return;
    }
    if (sync === "ordered") {
      cpu.charge(this.#costs.order);
      local.ticket = queue.nextCtx++;
      local.held = queue;
      this.#witness.ticket(queue, local, (cpu as Context).nowPs);
    }
    cpu.charge(this.#costs.requeue);
    this.rings.push(queue, (cpu as Context).nowPs);
    this.rings.wake(cpu);
  }
}
