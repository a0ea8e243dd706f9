/**
 * The look-up table in the memory of the NICs (P2PNIC, 4 and 6.1): the routes of the machine, written into a
 * structure of the NIC's own at start, or refused with the bytes that it would need.
 */
import { createFib4, type Fib4Options } from "../../core/fib/create.ts";
import type { Fib4 } from "../../core/fib/fib.ts";
import type { P2pnicTable } from "./options.ts";

/**
 * Shape of each table. The state-jump table takes 16, 8 and 8 bits of the address, so that a route of up to 16
 * bits is one read, and the paper's look-up of 330 ns is one read of IMEM; the paper does not print its strides.
 * DIR-24-8 in the layout of rte_lpm has 4 bytes for each of 2^24 addresses.
 */
const SHAPES: { readonly [table in P2pnicTable]: Fib4Options } = {
  "state-jump": { strides: [16, 8, 8] },
  dxr: { directBits: 16 },
  "dir24-8-compact": {},
  "dir24-8": {},
};

/** The table of a stack, filled anew at each start. */
export class NicTable {
  readonly #kind: P2pnicTable;
  /** Bytes that it may occupy. */
  readonly limit: number;
  #fib: Fib4 | null = null;

  /** A table of at most `limit` occupied bytes; made at the first start. */
  constructor(kind: P2pnicTable, limit: number) {
    this.#kind = kind;
    this.limit = limit;
  }

  /**
   * Writes the routes of `routes` into the NICs' memory.
   * @throws {RangeError} naming the bytes, when they do not fit
   */
  load(routes: Fib4): Fib4 {
    const fib = this.#fib ??= createFib4(this.#kind, SHAPES[this.#kind]);
    fib.clear();
    let fits = true;
    routes.walk((prefix, depth, nextHop) => {
      fits = fib.add(prefix, depth, nextHop) && fits;
    });
    const needed = fib.bytesOccupied;
    if (!fits || needed > this.limit) {
      throw new RangeError(
        `Cannot load ${routes.size} routes into the NICs' ${this.#kind} table: ` +
          `${needed} bytes are needed, ${this.limit} are there`,
      );
    }
    return fib;
  }
}
