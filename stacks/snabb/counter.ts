/**
 * Counters: a private value that the process counts in, and the committed one that other processes see in shared
 * memory, as old as the last commit. The engine commits every 100 breaths. Source: core/counter.lua.
 */

/** One counter. */
export class Counter {
  /** What the process has counted. */
  value = 0;
  /** What others see. */
  committed = 0;
}

/** The counters of a process, by their paths in its shared memory. */
export class Counters {
  readonly #counters = new Map<string, Counter>();

  /** A new counter; one of that path that is there already is forgotten. */
  create(path: string): Counter {
    const counter = new Counter();
    this.#counters.set(path, counter);
    return counter;
  }

  /** Removes a counter, as closing a shared-memory frame does. */
  delete(path: string): void {
    this.#counters.delete(path);
  }

  /** Makes all counts visible. O(counters). */
  commit(): void {
    for (const counter of this.#counters.values()) counter.committed = counter.value;
  }

  /** Paths and counters, in order of creation. */
  entries(): Iterable<[string, Counter]> {
    return this.#counters.entries();
  }
}
