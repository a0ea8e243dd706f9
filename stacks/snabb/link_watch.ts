/**
 * Checks links from outside: a plain list of what went in and did not come out, beside each ring. Knows nothing of
 * slots and cursors but what the link says it holds.
 */
import type { Link, LinkCheck } from "./link.ts";

/** The list of one link, and the first thing that was wrong. */
export class LinkWatch implements LinkCheck {
  /** What is wrong with its order or its fill, or null. */
  broken: string | null = null;
  /** Packets that came out. */
  judged = 0;
  readonly #inside: number[] = [];

  /** A packet was taken by the link. */
  transmitted(l: Link, p: number): void {
    this.#inside.push(p);
    if (this.#inside.length <= l.packets.length - 1) return;
    this.broken ??= `link ${l.name} took packet ${p} with ${this.#inside.length - 1} in it, ` +
      `expected ${l.packets.length - 1} at most`;
  }

  /** A packet came out. */
  received(l: Link, p: number): void {
    this.judged++;
    const first = this.#inside.shift();
    if (first === p) return;
    this.broken ??= `link ${l.name} gave packet ${p}, expected ` +
      `${first === undefined ? "none: it is empty" : `${first}, which went in before`}`;
  }

  /** Packets that went in and did not come out. */
  get occupancy(): number {
    return this.#inside.length;
  }
}
