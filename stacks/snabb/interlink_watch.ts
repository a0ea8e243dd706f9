/**
 * Checks an interlink from outside: packets in the order in which they were inserted, how many of them were pushed, and
 * how many were pulled.
 */

/** Watches one interlink. */
export class InterlinkWatch {
  /** What is wrong, or null. */
  broken: string | null = null;
  /** Packets that came out. */
  judged = 0;
  readonly #inserted: number[] = [];
  #pushed = 0;
  #extracted = 0;
  #pulled = 0;
  readonly #name: string;
  readonly #size: number;

  /** Of so many slots. */
  constructor(name: string, size: number) {
    this.#name = name;
    this.#size = size;
  }

  /** A packet was put in. */
  inserted(p: number): void {
    this.#inserted.push(p);
    const used = this.#inserted.length - this.#pulled;
    if (used < this.#size) return;
    this.broken ??=
      `interlink ${this.#name} took packet ${p} into a slot that was not pulled: ${used} of ` +
      `${this.#size - 1} are in use`;
  }

  /** What was put in is visible. */
  pushed(): void {
    this.#pushed = this.#inserted.length;
  }

  /** A packet came out. */
  extracted(p: number): void {
    this.judged++;
    const first = this.#inserted[this.#extracted++];
    if (first === p && this.#extracted <= this.#pushed) return;
    this.broken ??= this.#extracted > this.#pushed
      ? `interlink ${this.#name} gave packet ${p} as number ${this.#extracted} of ${this.#pushed} that were pushed`
      : `interlink ${this.#name} gave packet ${p}, expected ${first}`;
  }

  /** Slots of what came out may be used. */
  pulled(): void {
    this.#pulled = this.#extracted;
  }
}
