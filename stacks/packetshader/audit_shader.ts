/** PSHADER-9 and 11: results are those of a linear search, and each chunk gets its own and goes back where it belongs. */
import type { Fib4 } from "../../core/fib/fib.ts";
import type { Findings } from "./audit.ts";
import type { PsChunk } from "./chunk.ts";
import type { Route6 } from "./length_search.ts";

/** Answers what a table says, by looking at all of it. */
export interface Oracle {
  /** The result for key `i` of an array. */
  answer(keys: Uint32Array, i: number): number;
  /** Entries that it looks at for one answer. */
  readonly size: number;
}

/** Entries that are looked at in one run; what would take more is not judged. */
const LOOKS_MAX = 2 ** 23;

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

/** The checks of results. */
export class ShaderCheck {
  readonly #findings: Findings;
  readonly #oracle: Oracle | null;
  /** What each chunk is to get: asked when it is launched, as a route may change until it is back. */
  readonly #due = new Map<PsChunk, number[]>();
  #looks = 0;

  constructor(findings: Findings, oracle: Oracle | null) {
    this.#findings = findings;
    this.#oracle = oracle;
  }

  launched(chunks: readonly PsChunk[], results: Uint32Array): void {
    let at = 0;
    for (const chunk of chunks) {
      const due = this.#answers(chunk);
      if (due !== null) {
        this.#due.set(chunk, due);
        this.#compare("PSHADER-9", due, results, at, "a batch of the GPU");
      }
      at += chunk.keyCount;
    }
  }

  scattered(chunk: PsChunk, worker: number): void {
    this.#findings.expect(
      "PSHADER-11",
      chunk.owner === worker,
      () => `chunk ${chunk.id} of worker ${chunk.owner} came back to worker ${worker}`,
    );
    const due = this.#due.get(chunk);
    if (due === undefined) return;
    this.#due.delete(chunk);
    this.#compare("PSHADER-11", due, chunk.results, 0, `chunk ${chunk.id} of worker ${worker}`);
  }

  answered(chunk: PsChunk): void {
    const due = this.#answers(chunk);
    if (due !== null) this.#compare("PSHADER-9", due, chunk.results, 0, "a chunk shaded on a core");
  }

  #answers({ keys, keyCount }: PsChunk): number[] | null {
    if (this.#oracle === null) return null;
    this.#looks += keyCount * this.#oracle.size;
    if (this.#looks > LOOKS_MAX) return null;
    return Array.from({ length: keyCount }, (_, i) => this.#oracle!.answer(keys, i));
  }

  #compare(id: string, due: number[], results: Uint32Array, at: number, where: string): void {
    for (let i = 0; i < due.length; i++) {
      this.#findings.expect(
        id,
        results[at + i] === due[i],
        () =>
          `result ${i} in ${where} is ${results[at + i]}, expected ${due[i]} by a linear search`,
      );
    }
  }
}
