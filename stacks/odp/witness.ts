/**
 * What happened to queues, threads and packets in a run, as bare facts: who did what to which queue when. The
 * scheduler and the others write them down and never read them; the checkers (`check_*.ts`) read nothing else.
 * Facts are bounded: a run that has more than can be kept is not judged by them.
 */
import type { OdpQueue } from "./queue.ts";
import type { SchedLocal } from "./sched_local.ts";

/** Facts kept at most, and numbers of each. */
const FACTS_MAX = 1 << 16;

/** Kinds of facts about queues. */
export const FACT = {
  /** Event `detail` was put into a queue. */
  enqueued: 0,
  /** The queue's index was put into its ring. */
  ready: 1,
  /** Event `detail` was taken out by a thread. */
  taken: 2,
  /** A thread left the queue's context. */
  released: 3,
  /** A thread got ticket `detail` of an ordered queue. */
  ticket: 4,
  /** Something was put out in the context of ticket `detail`. */
  out: 5,
  /** Order lock `detail / 2^20` was taken by ticket `detail % 2^20`, or given back. */
  locked: 6,
  unlocked: 7,
  /** A thread joined group `detail`, or left it. */
  joined: 8,
  left: 9,
} as const;

/** One fact. */
export interface Fact {
  readonly kind: number;
  readonly ps: number;
  readonly queue: number;
  readonly thread: number;
  readonly detail: number;
}

/** Rows of five numbers, as many as may be kept. */
export class FactLog {
  /** Whether some did not fit. */
  truncated = false;
  #rows = new Float64Array(64 * 5);
  #count = 0;

  /** Facts kept. */
  get count(): number {
    return this.#count;
  }

  /** Writes one down. */
  add(kind: number, ps: number, queue: number, thread: number, detail: number): void {
    if (this.#count === FACTS_MAX) {
      this.truncated = true;
      return;
    }
    let at = this.#count++ * 5;
    if (at === this.#rows.length) {
      const rows = new Float64Array(2 * at);
      rows.set(this.#rows);
      this.#rows = rows;
    }
    this.#rows[at++] = kind;
    this.#rows[at++] = ps;
    this.#rows[at++] = queue;
    this.#rows[at++] = thread;
    this.#rows[at] = detail;
  }

  /** All facts, by time; those of one instant as they were written. */
  read(): Fact[] {
    const facts = Array.from({ length: this.#count }, (_, i): Fact => {
      const [kind, ps, queue, thread, detail] = this.#rows.subarray(5 * i, 5 * i + 5);
      return { kind: kind!, ps: ps!, queue: queue!, thread: thread!, detail: detail! };
    });
    return facts.sort((a, b) => a.ps - b.ps);
  }
}

/** Writes down what is done to queues. */
export class Witness {
  readonly log: FactLog = new FactLog();

  enqueued(queue: OdpQueue, events: Int32Array, at: number, n: number, ps: number): void {
    for (let i = at; i < at + n; i++) this.log.add(FACT.enqueued, ps, queue.index, -1, events[i]!);
  }

  ready(queue: OdpQueue, ps: number): void {
    this.log.add(FACT.ready, ps, queue.index, -1, 0);
  }

  taken(queue: OdpQueue, local: SchedLocal, events: Int32Array, n: number, ps: number): void {
    for (let i = 0; i < n; i++) {
      this.log.add(FACT.taken, ps, queue.index, local.thread, events[i]!);
    }
  }

  released(queue: OdpQueue, local: SchedLocal, ps: number): void {
    this.log.add(FACT.released, ps, queue.index, local.thread, local.ticket);
  }

  ticket(queue: OdpQueue, local: SchedLocal, ps: number): void {
    this.log.add(FACT.ticket, ps, queue.index, local.thread, local.ticket);
  }

  /** A thread puts something out; only the order of ordered contexts is of interest. */
  out(local: SchedLocal, ps: number): void {
    const queue = local.held;
    if (queue === null || queue.param.sync !== "ordered") return;
    this.log.add(FACT.out, ps, queue.index, local.thread, local.ticket);
  }

  locked(queue: OdpQueue, local: SchedLocal, lock: number, ps: number): void {
    this.log.add(FACT.locked, ps, queue.index, local.thread, lock * 2 ** 20 + local.ticket);
  }

  unlocked(queue: OdpQueue, local: SchedLocal, lock: number, ps: number): void {
    this.log.add(FACT.unlocked, ps, queue.index, local.thread, lock * 2 ** 20 + local.ticket);
  }

  joined(thread: number, group: number, ps: number): void {
    this.log.add(FACT.joined, ps, -1, thread, group);
  }

  left(thread: number, group: number, ps: number): void {
    this.log.add(FACT.left, ps, -1, thread, group);
  }
}
