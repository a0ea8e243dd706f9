/**
 * What goes into and comes out of one ZC queue, seen from outside: a list of buffers that were pushed, with no look
 * at the queue's own rings. At an instant of the producer's time the queue is full when so many packets are in it
 * that the consumer has not popped by then.
 */
export class QueueWatch {
  /** The first thing that was wrong, in a sentence. */
  broken: string | null = null;
  readonly #name: string;
  readonly #length: number;
  /** Buffers in the queue, oldest first; and when each of the last pops was. */
  #inside: number[] = [];
  #popped: number[] = [];

  constructor(name: string, length: number) {
    this.#name = name;
    this.#length = length;
  }

  /** A push was made, or refused. */
  push(buffer: number, taken: boolean, nowPs: number): void {
    while (this.#popped.length > 0 && this.#popped[0]! <= nowPs) this.#popped.shift();
    const inside = this.#inside.length + this.#popped.length;
    if (!taken && inside < this.#length) {
      this.#note(`refused a push with ${inside} of ${this.#length} packets in it`);
    }
    if (taken && inside >= this.#length) {
      this.#note(`took a push though its ${this.#length} slots had packets in them`);
    }
    if (taken) this.#inside.push(buffer);
  }

  /** A packet was popped. */
  pop(buffer: number, nowPs: number): void {
    const expected = this.#inside.shift();
    this.#popped.push(nowPs);
    if (expected === buffer) return;
    this.#note(
      expected === undefined
        ? `gave out buffer ${buffer}, expected nothing: it was empty`
        : `gave out buffer ${buffer}, expected ${expected}: the oldest`,
    );
  }

  #note(what: string): void {
    this.broken ??= `queue ${this.#name} ${what}`;
  }
}
