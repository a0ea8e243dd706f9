/** The memory of mapped rings, from run to run. */

/** Shared memory that runs take one after the other, so that none is made for each: by bytes. */
export class RingMemories {
  readonly #free = new Map<number, Uint8Array[]>();
  #taken: Uint8Array[] = [];

  /** All memory is free again: a new run begins. */
  reset(): void {
    for (const one of this.#taken) {
      const same = this.#free.get(one.length) ?? [];
      same.push(one);
      this.#free.set(one.length, same);
    }
    this.#taken = [];
  }

  /** Memory of so many bytes; what is in it nobody reads before it is written. */
  take(bytes: number): Uint8Array {
    const one = this.#free.get(bytes)?.pop() ?? new Uint8Array(bytes);
    this.#taken.push(one);
    return one;
  }
}
