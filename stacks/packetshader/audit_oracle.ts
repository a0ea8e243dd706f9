/** What results are held against: every table searched from end to end, field by field, bit by bit. */
import type { Fib4 } from "../../core/fib/fib.ts";
import type { FlowMatch, PsFlow } from "./flow.ts";
import type { Route6 } from "./length_search.ts";

/** Answers what a table says, by looking at all of it. */
export interface Oracle {
  /** The result for key `i` of an array. */
  answer(keys: Uint32Array, i: number): number;
  /** Entries that it looks at for one answer. */
  readonly size: number;
}

/** The routes of a machine, searched from end to end. */
export class LinearRoutes implements Oracle {
  readonly #routes: { prefix: number; depth: number; nextHop: number }[] = [];

  constructor(fib: Fib4) {
    fib.walk((prefix, depth, nextHop) => void this.#routes.push({ prefix, depth, nextHop }));
  }

  get size(): number {
    return this.#routes.length;
  }

  /** A route is added, or changed, or (next hop -1) taken out. */
  change(prefix: number, depth: number, nextHop: number): void {
    const at = this.#routes.findIndex((r) => r.prefix === prefix && r.depth === depth);
    if (at >= 0) this.#routes.splice(at, 1);
    if (nextHop >= 0) this.#routes.push({ prefix, depth, nextHop });
  }

  answer(keys: Uint32Array, i: number): number {
    let best = -1;
    let result = 0;
    for (const { prefix, depth, nextHop } of this.#routes) {
      const size = 2 ** (32 - depth);
      if (depth > best && Math.floor(keys[i]! / size) === Math.floor(prefix / size)) {
        best = depth;
        result = nextHop + 1;
      }
    }
    return result;
  }
}

/** IPv6 routes, searched from end to end, bit by bit. */
export class LinearRoutes6 implements Oracle {
  readonly #routes: readonly Route6[];

  constructor(routes: readonly Route6[]) {
    this.#routes = routes;
  }

  get size(): number {
    return this.#routes.length;
  }

  answer(keys: Uint32Array, i: number): number {
    let best = -1;
    let result = 0;
    for (const { prefix, depth, nextHop } of this.#routes) {
      let bit = 0;
      const same = (at: number): boolean =>
        (prefix[at >> 5]! >>> (31 - at % 32) & 1) ===
          (keys[4 * i + (at >> 5)]! >>> (31 - at % 32) & 1);
      while (bit < depth && same(bit)) bit++;
      if (bit === depth && depth >= best) {
        best = depth;
        result = nextHop + 1;
      }
    }
    return result;
  }
}

/** The fields of a key, each by where it lies in the words. */
const FIELDS: { readonly [field in keyof FlowMatch]-?: (w: Uint32Array) => number } = {
  inPort: (w) => w[0]! >>> 16,
  dlVlan: (w) => w[0]! & 0xffff,
  dlSrc: (w) => w[1]! * 2 ** 16 + (w[2]! >>> 16),
  dlDst: (w) => (w[2]! & 0xffff) * 2 ** 32 + w[3]!,
  dlType: (w) => w[4]! >>> 16,
  nwProto: (w) => (w[4]! >>> 8) & 255,
  nwSrc: (w) => w[5]!,
  nwDst: (w) => w[6]!,
  tpSrc: (w) => w[7]! >>> 16,
  tpDst: (w) => w[7]! & 0xffff,
};

/** The flows of a switch, all of them looked at for each packet. */
export class LinearFlows implements Oracle {
  readonly #flows: readonly PsFlow[];

  constructor(flows: readonly PsFlow[]) {
    this.#flows = flows;
  }

  get size(): number {
    return this.#flows.length;
  }

  answer(keys: Uint32Array, i: number): number {
    const key = keys.subarray(8 * i, 8 * i + 8);
    let best: PsFlow | null = null;
    let rank = -1;
    for (const flow of this.#flows) {
      const given = Object.entries(flow.match).filter(([, value]) => value !== undefined);
      if (given.some(([field, value]) => FIELDS[field as keyof FlowMatch](key) !== value)) continue;
      // an exact entry is above all, and of two for one key the later counts
      const exact = given.length === 10;
      const its = exact ? Infinity : flow.priority ?? 0;
      if (its > rank || (exact && its === rank)) [best, rank] = [flow, its];
    }
    if (best === null) return 0;
    return best.output === "drop" ? 0xffff_ffff : best.output + 1;
  }
}
