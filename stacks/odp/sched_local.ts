/** What the scheduler keeps for each thread: stash, context, groups, preferred spread. */
import type { Context } from "../../core/host/context.ts";
import type { Cpu } from "../../core/stack.ts";
import type { OdpQueue } from "./queue.ts";

/** Most events of a stash: the largest burst that can be set for a priority. */
export const STASH_MAX = 255;

/** One thread's part of the scheduler. */
export class SchedLocal {
  /** Number of the thread. */
  readonly thread: number;
  /** Events dequeued and not yet handed out. */
  readonly stash: Int32Array = new Int32Array(STASH_MAX);
  stashAt = 0;
  stashed = 0;
  /** Queue whose context the thread holds, if any, and the ticket where it is an ordered one. */
  held: OdpQueue | null = null;
  ticket = 0;
  /** Queue of the events handed out last. */
  from: OdpQueue | null = null;
  /** Ordered locks taken in this context, as bits. */
  locksCalled = 0;
  /** Between odp_schedule_pause and odp_schedule_resume. */
  paused = false;
  /** Groups that the thread is in, as a set of bits by number, and the one that it looks into first. */
  readonly groups: Set<number> = new Set();
  /** Calls that found something since the other spreads were looked at first. */
  #round = 0;
  #other = 0;
  /** When the present wait began, or -1. */
  waitingSincePs = -1;
  /** The last call ran out of time. */
  expired = false;
  readonly #spread: number;
  readonly #spreads: number;
  readonly #weight: number;

  /** The part of thread `thread` where rings have `spreads` spreads, its own preferred `weight` to one. */
  constructor(thread: number, spreads: number, weight: number) {
    this.thread = thread;
    this.#spread = thread % spreads;
    this.#spreads = spreads;
    this.#weight = weight;
  }

  /** The spread that the thread prefers. */
  get preferred(): number {
    return this.#spread;
  }

  /** The spread to look into first: the preferred one `weight` times, then another once, each in turn. */
  get firstSpread(): number {
    if (this.#round < this.#weight || this.#spreads === 1) return this.#spread;
    return (this.#spread + 1 + this.#other) % this.#spreads;
  }

  /** A call found something. */
  advance(): void {
    if (this.#round++ < this.#weight) return;
    this.#round = 0;
    this.#other = (this.#other + 1) % Math.max(1, this.#spreads - 1);
  }

  /** Hands out up to `max` events of the stash. */
  fromStash(out: Int32Array, max: number): number {
    const n = Math.min(this.stashed, max);
    for (let i = 0; i < n; i++) out[i] = this.stash[this.stashAt + i]!;
    this.stashAt += n;
    this.stashed -= n;
    return n;
  }

  /** A call found nothing: whether it ran out of time, and when the thread looks again by itself. */
  wait(cpu: Cpu, waitPs: number): void {
    if (waitPs === Infinity) return;
    const context = cpu as Context;
    const ps = context.nowPs;
    if (this.waitingSincePs < 0) this.waitingSincePs = ps;
    const untilPs = this.waitingSincePs + waitPs;
    this.expired = ps >= untilPs;
    if (this.expired) this.waitingSincePs = -1;
    else cpu.wakeAt(Math.ceil(untilPs / context.home.psPerCycle));
  }
}
