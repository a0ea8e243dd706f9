/**
 * Event queues (`odp_queue_t`). A queue is plain, read by who dequeues, or scheduled: then its index stands in a
 * ring of the scheduler while it has something, and its events go to one thread at a time (atomic), to any in any
 * order (parallel), or to any but out in the order in which they came (ordered).
 *
 * An ordered queue has two counters: `nextCtx` is the ticket of the thread that dequeues next, `ctx` the ticket
 * whose turn it is. An order lock has one: the ticket that may take it.
 *
 * Source: platform/linux-generic/odp_queue_basic.c, odp_schedule_basic.c.
 */
import type { Context } from "../../core/host/context.ts";
import type { Cpu } from "../../core/stack.ts";
import type { Pktio } from "./pktio.ts";
import { TimedQueue } from "./timed_queue.ts";

/** Synchronisation of a scheduled queue (ODP_SCHED_SYNC_*). */
export type OdpSync = "parallel" | "atomic" | "ordered";

/** What a queue is made with (`odp_queue_param_t`). */
export interface QueueParam {
  readonly name: string;
  /** Absent: a plain queue. */
  readonly sync?: OdpSync;
  /** 0..7, a larger one is more urgent (ODP_SCHED_PRIO_HIGHEST is 7). */
  readonly prio: number;
  /** Scheduler group. */
  readonly group: number;
  /** Most events. */
  readonly size: number;
  /** Ordered locks, 0..2. */
  readonly lockCount: number;
  /** What the application is to do with its events: the queue's context. */
  readonly action: OdpAction;
}

/** What an application does with the events of a queue: forward, send to the loop interface, take VXLAN off first. */
export type OdpAction = "forward" | "loop" | "decap";

/** Most ordered locks of a queue. */
export const ORDER_LOCKS_MAX = 2;

/** An event queue. */
export class OdpQueue {
  /** Number of the queue: what the scheduler's rings hold. */
  readonly index: number;
  readonly param: QueueParam;
  readonly events: TimedQueue;
  /** Place of what it has no room for. */
  readonly place: number;
  /** Interface and input queue behind a pktin event queue. */
  pktin: Pktio | null = null;
  pktinQueue = 0;
  /** Whether its index is in a ring, or with the thread that holds it. */
  scheduled = false;
  /** Thread that dequeued last. */
  lastThread = -1;
  /** Ordered: whose turn it is and since when; the next ticket. */
  ctx = 0;
  ctxPs = 0;
  nextCtx = 0;
  /** Ordered locks: the ticket that may take each, and since when. */
  readonly lock: Int32Array = new Int32Array(ORDER_LOCKS_MAX);
  readonly lockPs: Float64Array = new Float64Array(ORDER_LOCKS_MAX);
  /** Events put in and taken out, and those for which there was no room. */
  enqueued = 0;
  dequeued = 0;
  discards = 0;

  /** An empty queue; `place` is where its overflow is lost. */
  constructor(index: number, param: QueueParam, place: number) {
    this.index = index;
    this.param = param;
    this.place = place;
    this.events = new TimedQueue(param.size);
  }

  /** Puts events in at the body's own time; answers how many fitted. */
  put(cpu: Cpu, buffers: Int32Array, at: number, n: number): number {
    const ps = (cpu as Context).nowPs;
    let moved = 0;
    while (moved < n && this.events.push(buffers[at + moved]!, ps)) moved++;
    this.enqueued += moved;
    this.discards += n - moved;
    return moved;
  }

  /** Takes up to `max` events out that were there at `ps`; answers how many. */
  take(out: Int32Array, at: number, max: number, ps: number): number {
    const n = this.events.take(out, at, max, ps);
    this.dequeued += n;
    return n;
  }
}
