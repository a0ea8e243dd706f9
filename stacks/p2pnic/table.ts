/**
 * The look-up table in the memory of the NICs (P2PNIC, 4 and 6.1): the routes of the machine, written into a
 * structure of the NIC's own at start, or refused with the bytes that it would need.
 */
import { createFib4, type Fib4Options } from "../../core/fib/create.ts";
import type { Fib4 } from "../../core/fib/fib.ts";
import type { P2pnicTable } from "./options.ts";

/**
 * Shape of each table. The state-jump table takes 16 bits of the address first, so that a route of up to 16 bits
 * is one read, and 4 bits at each further one; the paper does not print its strides. DIR-24-8 in the layout of
 * rte_lpm has 4 bytes for each of 2^24 addresses, of which those count that hold something.
 */
const SHAPES: { readonly [table in P2pnicTable]: Fib4Options } = {
  "state-jump": { strides: [16, 4, 4, 4, 4] },
  dxr: { directBits: 16 },
  "dir24-8-compact": {},
  "dir24-8": {},
};

/** Routes as they were walked, three numbers for each. */
class Routes {
  #words = new Uint32Array(192);
  #count = 0;

  /** Takes the routes of a table; answers whether they are the same as before. */
  take(from: Fib4): boolean {
    let same = from.size * 3 === this.#count;
    this.#count = from.size * 3;
    if (this.#words.length < this.#count) {
      this.#words = new Uint32Array(this.#count);
      same = false;
    }
    const words = this.#words;
    let at = 0;
    from.walk((prefix, depth, nextHop) => {
      same &&= words[at] === prefix && words[at + 1] === depth && words[at + 2] === nextHop;
      words[at++] = prefix;
      words[at++] = depth;
      words[at++] = nextHop;
    });
    return same;
  }

  /** Adds them to a table; answers whether all went in. */
  addTo(fib: Fib4): boolean {
    let fits = true;
    for (let at = 0; at < this.#count; at += 3) {
      fits = fib.add(this.#words[at]!, this.#words[at + 1]!, this.#words[at + 2]!) && fits;
    }
    return fits;
  }
}

/** The table of a stack. It is filled at each start, unless the routes are those of the last one. */
export class NicTable {
  /** Bytes that it may occupy. */
  readonly limit: number = 0;
  readonly #kinds: readonly P2pnicTable[];
  readonly #made = new Map<P2pnicTable, Fib4>();
  readonly #routes = new Routes();
  #loaded: Fib4 | null = null;

  /** A table of the first of these kinds that occupies no more than `limit` bytes. */
  constructor(kinds: readonly P2pnicTable[], limit: number) {
    this.#kinds = kinds;
    this.limit = limit;
  }

  /**
   * Writes the routes of a table into the NICs' memory.
   * @throws {RangeError} naming the bytes of each kind, when none fits
   */
  load(routes: Fib4): Fib4 {
    const same = this.#routes.take(routes);
    if (same && this.#loaded !== null) return this.#loaded;
    this.#loaded = null;
    const refused: string[] = [];
    for (const kind of this.#kinds) {
      const fib = this.#table(kind);
      const fits = this.#routes.addTo(fib);
      if (fits && fib.bytesOccupied <= this.limit) return this.#loaded = fib;
      refused.push(`${kind} needs ${fib.bytesOccupied} bytes`);
    }
    throw new RangeError(
      `Cannot load ${routes.size} routes into the NICs' table: ${refused.join(", ")}, ` +
        `and ${this.limit} are there`,
    );
  }

  /** An empty table of a kind; one object serves all starts. */
  #table(kind: P2pnicTable): Fib4 {
    const known = this.#made.get(kind);
    if (known !== undefined) {
      known.clear();
      return known;
    }
    const made = createFib4(kind, SHAPES[kind]);
    this.#made.set(kind, made);
    return made;
  }
}
