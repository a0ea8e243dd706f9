/**
 * The threads of an lcore in their turns, and the arithmetic of skipping those whose turn is known to be an
 * empty poll: the last one was empty, took `emptyPs`, and nothing that the thread could see has changed since.
 * Skipping such a turn costs its time and nothing else.
 */
import type { Context } from "./context.ts";

/** Threads that take turns. */
export class Rotation {
  readonly #threads: Context[] = [];
  #next = 0;

  /** No threads. */
  reset(): void {
    this.#threads.length = 0;
    this.#next = 0;
  }

  /** Adds a thread; its turn comes after those that are there. */
  add(thread: Context): void {
    this.#threads.push(thread);
  }

  /** Whether any thread may run. */
  get runnable(): boolean {
    for (const thread of this.#threads) if (thread.runnable) return true;
    return false;
  }

  /** The thread whose turn it is, or null when none may run; the turn passes on. */
  pick(): Context | null {
    for (let i = 0; i < this.#threads.length; i++) {
      const thread = this.#turn();
      if (thread.runnable) return thread;
    }
    return null;
  }

  /**
   * When the turn of the first thread comes whose poll may find something, if the next turn begins at `ps`;
   * Infinity when there is none. O(threads).
   */
  firstBusy(ps: number): number {
    const threads = this.#threads;
    let at = ps;
    for (let i = 0; i < threads.length; i++) {
      const thread = threads[(this.#next + i) % threads.length]!;
      if (!thread.runnable) continue;
      if (!thread.idles) return at;
      at += thread.emptyPs;
    }
    return Infinity;
  }

  /**
   * Skips empty turns, the first of which begins at `from`, until one begins at or after `to`; answers when.
   * The caller knows that no thread may find something before.
   */
  skip(from: number, to: number): number {
    let at = from;
    if (to <= at) return at;
    let whole = 0;
    for (const thread of this.#threads) {
      if (!thread.runnable) continue;
      // NaN when a thread may find something: then less than a round is skipped
      whole += thread.emptyPs > 0 ? thread.emptyPs : NaN;
    }
    if (to - at >= whole) at += Math.floor((to - at) / whole) * whole;
    while (at < to) {
      const thread = this.#turn();
      if (thread.runnable) at += thread.emptyPs;
    }
    return at;
  }

  #turn(): Context {
    const thread = this.#threads[this.#next]!;
    this.#next = this.#next + 1 === this.#threads.length ? 0 : this.#next + 1;
    return thread;
  }
}
