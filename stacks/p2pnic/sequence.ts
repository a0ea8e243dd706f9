/**
 * Keeps packets in the order in which they arrived, though threads finish them in another: a queue whose
 * head may leave once it is ready. The paper is silent about order; a router's users are not.
 */

/** Packets of one ordered pair of NICs, by ingress buffer. */
export class Sequence {
  readonly #queue: number[] = [];
  readonly #ready = new Set<number>();
  #first = 0;

  /** A thread has taken buffer `b`. */
  enter(b: number): void {
    this.#queue.push(b);
  }

  /** The thread is done with it. */
  ready(b: number): void {
    this.#ready.add(b);
  }

  /** The first in order if it is ready, else -1. */
  get head(): number {
    const b = this.#queue[this.#first];
    return b !== undefined && this.#ready.has(b) ? b : -1;
  }

  /** The first in order leaves. */
  leave(): void {
    this.#ready.delete(this.#queue[this.#first++]!);
    if (this.#first > 256 && this.#first * 2 > this.#queue.length) {
      this.#queue.splice(0, this.#first);
      this.#first = 0;
    }
  }
}
