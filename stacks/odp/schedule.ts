/**
 * The scheduler, as odp_schedule_basic.c has it: for each group, priority and spread a ring of queue *indexes*. A
 * thread pops an index, takes a burst of that queue's events, and puts the index back: at once if the queue is
 * parallel or ordered, when its context is released if it is atomic, so that nobody else finds it meanwhile. A queue
 * that is found empty is in no ring until something is put in; an input queue that is found empty is polled, and
 * goes back to its ring in any case.
 *
 * One call is one step: what other threads did is looked at as it was when the body began. A call that finds nothing
 * leaves no trace, neither in the rings nor in the thread's weights: an empty poll of an input queue does not hold
 * its index, and calls that found nothing do not count towards the turn of another spread.
 */
import type { Context } from "../../core/host/context.ts";
import type { Cpu } from "../../core/stack.ts";
import type { OdpCosts } from "./costs.ts";
import { OdpQueue, type QueueParam } from "./queue.ts";
import { type SchedLocal, STASH_MAX } from "./sched_local.ts";
import { TimedQueue } from "./timed_queue.ts";
import type { Witness } from "./witness.ts";

/** Priorities of the API, 0..7; inside, 0 is the most urgent. */
export const PRIOS = 8;
/** Groups that every thread belongs to, that workers do, and that control threads do. */
export const GROUP = { all: 0, worker: 1, control: 2 } as const;
/** Most groups. */
export const GROUPS_MAX = 64;
/** Queues at most, of all kinds. */
const QUEUES_MAX = 1024;

/** What can be set (config/odp-linux-generic.conf, sched_basic). */
export interface SchedConfig {
  readonly prioSpread: number;
  readonly prioSpreadWeight: number;
  readonly burstDefault: readonly number[];
  readonly burstMax: readonly number[];
}

/** What a look at one queue found. */
const NOTHING = -1;
const REMOVED = -2;
const MOVED = 0;

/** The scheduler. */
export class Scheduler {
  /** Packets that the last call moved without handing any out: input that went to other queues. */
  moved = 0;
  readonly config: SchedConfig;
  readonly queues: OdpQueue[] = [];
  readonly #costs: OdpCosts;
  readonly #witness: Witness;
  readonly #rings: (TimedQueue | undefined)[] = [];
  readonly #aside = new Int32Array(QUEUES_MAX);
  /** Threads that take events. */
  readonly threads: Cpu[] = [];

  /** No queues, no threads. */
  constructor(config: SchedConfig, costs: OdpCosts, witness: Witness) {
    this.config = config;
    this.#costs = costs;
    this.#witness = witness;
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
    this.#ringOf(queue).push(queue.index, 0);
  }

  /** Adds a thread: who is woken when there may be something. */
  join(cpu: Cpu): void {
    this.threads.push(cpu);
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
      this.#push(queue, ps);
    }
    this.wakeOthers(cpu);
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
    if (!this.release(cpu, local)) return 0;
    cpu.charge(this.#costs.schedule);
    if (!local.paused) {
      for (const group of local.groups) {
        const n = this.#scheduleGroup(cpu, local, group, out, max);
        if (n === NOTHING) continue;
        local.advance();
        local.waitingSincePs = -1;
        return n;
      }
    }
    this.#wait(cpu, local, waitPs);
    return 0;
  }

  /** Wakes every thread but the caller's own: each looks again at its own pace. */
  wakeOthers(cpu: Cpu): void {
    for (let i = 0; i < this.threads.length; i++) cpu.wake(this.threads[i]!);
  }

  /**
   * Releases the context that a thread holds, as odp_schedule_release_atomic and _ordered do; false when it is an
   * ordered one whose turn has not come.
   */
  release(cpu: Cpu, local: SchedLocal): boolean {
    const queue = local.held;
    if (queue === null) return true;
    const ps = (cpu as Context).nowPs;
    if (queue.param.sync === "atomic") this.#push(queue, ps);
    else if (!this.inTurn(cpu, local)) return false;
    else this.#releaseOrdered(cpu, queue, local);
    this.#witness.released(queue, local, ps);
    local.held = null;
    this.wakeOthers(cpu);
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
    this.wakeOthers(cpu);
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

  /** The most urgent priority first; in each, the first spread of the thread's choice and then the others. */
  #scheduleGroup(
    cpu: Cpu,
    local: SchedLocal,
    group: number,
    out: Int32Array,
    max: number,
  ): number {
    const { prioSpread } = this.config;
    const first = local.firstSpread;
    const ps = (cpu as Context).nowPs;
    for (let prio = 0; prio < PRIOS; prio++) {
      for (let i = 0; i < prioSpread; i++) {
        const spread = (first + i) % prioSpread;
        const ring = this.#rings[(group * PRIOS + prio) * prioSpread + spread];
        if (ring === undefined) continue;
        const n = this.#scheduleRing(cpu, local, ring, ps, out, max);
        if (n !== NOTHING) return n;
      }
    }
    return NOTHING;
  }

  /** Pops indexes until a queue has something; input queues that had nothing go back in their order. */
  #scheduleRing(
    cpu: Cpu,
    local: SchedLocal,
    ring: TimedQueue,
    ps: number,
    out: Int32Array,
    max: number,
  ): number {
    const aside = this.#aside;
    let empty = 0;
    let found = NOTHING;
    for (let left = ring.count; left > 0 && found < 0; left--) {
      const index = ring.pop(ps);
      if (index < 0) break;
      found = this.#scheduleQueue(cpu, local, this.queues[index]!, ps, out, max);
      if (found === NOTHING) aside[empty++] = index;
    }
    for (let i = 0; i < empty; i++) ring.push(aside[i]!, ps);
    return found < 0 ? NOTHING : found;
  }

  #scheduleQueue(
    cpu: Cpu,
    local: SchedLocal,
    queue: OdpQueue,
    ps: number,
    out: Int32Array,
    max: number,
  ): number {
    const { sync } = queue.param;
    const burst = this.#burstOf(queue, max);
    let n = queue.take(local.stash, 0, burst, ps);
    if (n === 0) {
      if (queue.events.count > 0) {
        // somebody who is ahead of this thread has put it there
        this.#push(queue, queue.events.nextPs);
        return REMOVED;
      }
      if (queue.pktin === null) {
        queue.scheduled = false;
        return REMOVED;
      }
      n = queue.pktin.input(cpu, queue, local.stash, burst, sync !== "ordered");
      if (n === 0) {
        if (queue.pktin.received === 0) return NOTHING;
        this.moved = queue.pktin.received;
        this.#push(queue, (cpu as Context).nowPs);
        this.wakeOthers(cpu);
        return MOVED;
      }
    } else cpu.charge(this.#costs["queue.burst"] + n * this.#costs["queue.event"]);
    this.#witness.taken(queue, local, local.stash, n, ps);
    this.#enter(cpu, local, queue);
    local.stashAt = 0;
    local.stashed = n;
    return local.fromStash(out, max);
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
    this.#push(queue, (cpu as Context).nowPs);
    this.wakeOthers(cpu);
  }

  /** Events of one call: ordered queues are not stashed, so that threads work on them at once. */
  #burstOf(queue: OdpQueue, max: number): number {
    const prio = PRIOS - 1 - queue.param.prio;
    const burst = this.config.burstDefault[prio]!;
    if (queue.param.sync === "ordered") return Math.min(max, burst);
    return max > burst ? Math.min(max, this.config.burstMax[prio]!, STASH_MAX) : burst;
  }

  #wait(cpu: Cpu, local: SchedLocal, waitPs: number): void {
    if (waitPs === Infinity) return;
    const context = cpu as Context;
    const ps = context.nowPs;
    if (local.waitingSincePs < 0) local.waitingSincePs = ps;
    const untilPs = local.waitingSincePs + waitPs;
    local.expired = ps >= untilPs;
    if (local.expired) local.waitingSincePs = -1;
    else cpu.wakeAt(Math.ceil(untilPs / context.home.psPerCycle));
  }

  #push(queue: OdpQueue, ps: number): void {
    this.#ringOf(queue).push(queue.index, ps);
    if (queue.events.count > 0) this.#witness.ready(queue, Math.max(ps, queue.events.nextPs));
  }

  #ringOf(queue: OdpQueue): TimedQueue {
    const { prioSpread } = this.config;
    const { group, prio } = queue.param;
    const spread = queue.index % prioSpread;
    const at = (group * PRIOS + PRIOS - 1 - prio) * prioSpread + spread;
    return this.#rings[at] ??= new TimedQueue(QUEUES_MAX);
  }
}
