/**
 * A queue of a ZC cluster between two threads or processes (pfring_zc_create_queue): one producer, one consumer, no
 * lock, no system call. Every slot holds a buffer: an empty one until a packet is pushed, which is exchanged for it,
 * and a full one until it is popped, which the consumer's empty one is exchanged for. So a push or pop allocates
 * nothing, and a queue of n slots holds n buffers at any time. A push to a full queue fails and does nothing.
 *
 * Two rings in virtual time carry it, packets one way and empties the other: neither end sees a buffer before the
 * other has put it there.
 *
 * Source: PF_RING 8.9.0, userland/lib/pfring_zc.h (pfring_zc_send_pkt, pfring_zc_recv_pkt_burst on queues).
 */
import type { Context } from "../../core/host/context.ts";
import { TimedRing } from "../../core/ring/timed_ring.ts";
import type { Cpu } from "../../core/stack.ts";
import type { ZcCluster, ZcHandles, ZcHolder } from "./zc_cluster.ts";
import type { ZcCosts } from "./zc_costs.ts";
import { QueueWatch } from "./zc_queue_watch.ts";

/** A queue. */
export class ZcQueue implements ZcHolder {
  readonly name: string;
  /** Its slots (queue_len). */
  readonly length: number;
  /** pfring_zc_stat: what the consumer has popped, what was pushed, what found it full. */
  recv = 0;
  sent = 0;
  drop = 0;
  /** Where packets are while they are in it, for who gives one up. */
  readonly place: number;
  /** Who pops, woken by a push. */
  consumer: Cpu | null = null;
  /** Looks on, for the audit. */
  readonly watch: QueueWatch;
  readonly #costs: ZcCosts;
  readonly #full: TimedRing;
  readonly #empty: TimedRing;
  readonly #one = new Int32Array(1);
  readonly #burst = new Int32Array(64);

  /** Takes a buffer for each slot. */
  constructor(cluster: ZcCluster, name: string, length: number, costs: ZcCosts, lcore: number) {
    this.name = name;
    this.length = length;
    this.place = cluster.env.place(name, length);
    this.watch = new QueueWatch(name, length);
    this.#costs = costs;
    this.#full = new TimedRing(length);
    this.#empty = new TimedRing(length);
    for (let i = 0; i < length; i++) {
      this.#one[0] = cluster.take(lcore, name);
      this.#empty.enqueueBurst(this.#one, 0, 1, 0);
    }
    cluster.join(this);
  }

  get entitled(): number {
    return this.length;
  }

  /** Packets in it. */
  get count(): number {
    return this.#full.count;
  }

  /** Whether its producer finds it full at an instant. */
  isFullAt(nowPs: number): boolean {
    return this.#empty.nextPs() > nowPs;
  }

  held(): readonly number[] {
    const held: number[] = [];
    for (const ring of [this.#full, this.#empty]) {
      const { count } = ring;
      const out = new Int32Array(count);
      ring.dequeueBurst(out, count, Infinity);
      held.push(...out);
    }
    return held;
  }

  /** Exchanges a handle's packet for an empty buffer; false, and nothing done, when the queue is full. */
  push(cpu: Cpu, handles: ZcHandles, i: number): boolean {
    cpu.charge(this.#costs.exchange);
    const now = (cpu as Context).nowPs;
    if (this.#empty.dequeueBurst(this.#one, 1, now) === 0) {
      this.drop++;
      this.watch.push(handles.buffer[i]!, false, now);
      return false;
    }
    this.#full.enqueueBurst(handles.buffer, i, 1, now);
    this.watch.push(handles.buffer[i]!, true, now);
    handles.buffer[i] = this.#one[0]!;
    this.sent++;
    if (this.consumer !== null) cpu.wake(this.consumer);
    return true;
  }

  /** Exchanges up to `max` handles, from the first, for packets; answers how many. */
  popBurst(cpu: Cpu, handles: ZcHandles, max: number): number {
    const now = (cpu as Context).nowPs;
    const burst = this.#burst;
    const n = this.#full.dequeueBurst(burst, Math.min(max, burst.length), now);
    if (n === 0) {
      cpu.charge(this.#costs.emptyPoll);
      return 0;
    }
    this.#empty.enqueueBurst(handles.buffer, 0, n, now);
    for (let i = 0; i < n; i++) {
      handles.buffer[i] = burst[i]!;
      this.watch.pop(burst[i]!, now);
    }
    cpu.charge(n * this.#costs.exchange);
    this.recv += n;
    return n;
  }
}
