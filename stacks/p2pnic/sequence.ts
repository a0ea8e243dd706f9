/**
 * Keeps packets in the order in which they arrived, though threads finish them in another: a queue whose
 * head may leave once it is ready. The paper is silent about order; a router's users are not.
 *
 * A ring of the packets that threads have, which grows by doubling; one that is ready is kept as its complement.
 */

/** Packets of one ordered pair of NICs, by ingress buffer. */
export class Sequence {
  #ring = new Int32Array(8);
  #first = 0;
  #count = 0;

  /** A thread has taken buffer `b`. */
  enter(b: number): void {
    if (this.#count === this.#ring.length) this.#grow();
    this.#ring[(this.#first + this.#count++) & (this.#ring.length - 1)] = b;
  }

  /** The thread is done with it. O(packets before it): threads are as many at most. */
  ready(b: number): void {
    const ring = this.#ring;
    for (let i = 0; i < this.#count; i++) {
      const at = (this.#first + i) & (ring.length - 1);
      if (ring[at] !== b) continue;
      ring[at] = ~b;
      return;
    }
  }

  /** The first in order if it is ready, else -1. */
  get head(): number {
    if (this.#count === 0) return -1;
    const b = this.#ring[this.#first]!;
    return b < 0 ? ~b : -1;
  }

  /** The first in order leaves. */
  leave(): void {
    this.#first = (this.#first + 1) & (this.#ring.length - 1);
    this.#count--;
  }

  #grow(): void {
    const old = this.#ring;
    const ring = new Int32Array(old.length * 2);
    for (let i = 0; i < old.length; i++) ring[i] = old[(this.#first + i) & (old.length - 1)]!;
    this.#ring = ring;
    this.#first = 0;
  }
}
