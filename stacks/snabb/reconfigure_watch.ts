/**
 * Checks reconfigurations from outside: links of both designs hold the very packets that they held, and what was in
 * those that went is free.
 */
import type { Link } from "./link.ts";

/** Compares before and after. */
export class ReconfigureWatch {
  /** What is wrong, or null. */
  broken: string | null = null;
  /** Reconfigurations that removed or kept a link. */
  judged = 0;
  #kept = new Map<string, string>();
  #gone = 0;
  #frees = 0;

  /** The old links, which of their names will stay, and how many packets were freed so far. */
  before(links: ReadonlyMap<string, Link>, stay: ReadonlySet<string>, frees: number): void {
    this.#kept = new Map();
    this.#gone = 0;
    for (const [name, link] of links) {
      if (stay.has(name)) this.#kept.set(name, inside(link).join(" "));
      else this.#gone += inside(link).length;
    }
    this.#frees = frees;
    if (links.size > 0) this.judged++;
  }

  /** The new links, and how many packets were freed by now. */
  after(links: ReadonlyMap<string, Link>, frees: number): void {
    if (this.broken !== null) return;
    for (const [name, held] of this.#kept) {
      const now = inside(links.get(name)!).join(" ");
      if (now === held) continue;
      this.broken = `link ${name}, of both designs, held packets ${held || "none"} before and ${
        now || "none"
      } after`;
      return;
    }
    const freed = frees - this.#frees;
    if (freed >= this.#gone) return;
    this.broken =
      `links that were removed held ${this.#gone} packets, of which ${freed} were freed`;
  }
}

function inside(link: Link): number[] {
  const mask = link.packets.length - 1;
  const held = (link.write - link.read) & mask;
  return Array.from({ length: held }, (_, i) => link.packets[(link.read + i) & mask]!);
}
