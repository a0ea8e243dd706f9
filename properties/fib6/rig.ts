import type { Fib6 } from "../../core/fib/fib6.ts";
import { LawViolation } from "../fib/rig.ts";
import type { FibGeometry } from "../fib/scenario.ts";
import type { Fib6Ledger } from "./ledger.ts";
import {
  addressText6,
  after6,
  before6,
  bitsOf6,
  firstOf6,
  flipped6,
  lastOf6,
  type Route6,
  RouteList6,
  routeText6,
  wordsOf6,
} from "./model.ts";
import type { Fib6Scenario, Step6 } from "./scenario.ts";

/** What a step did. */
export interface Outcome6 {
  /** What was called. */
  readonly verb: "add" | "delete";
  /** The prefix it was called with. */
  readonly bits: string;
  /** What was to be added; -1 for a deletion. */
  readonly nextHop: number;
  /** What the model answers. */
  readonly expected: boolean;
  /** What the table answered. */
  readonly got: boolean;
  /** The step was the refusal, by RangeError, of a default route that need not be taken. */
  readonly refusedDefault: boolean;
}

/** A table beside its model; whatever is done to one is done to the other, and written down. */
export class Rig6<F extends Fib6> {
  /** The routes that the table ought to hold. */
  readonly model: RouteList6 = new RouteList6();
  /** What was done, a line each. */
  readonly log: string[] = [];
  private readonly gone: string[] = [];
  private readonly words = new Map<string, Uint32Array>();
  private refusesDefault: boolean | undefined;

  /** An empty table beside an empty model. */
  constructor(
    readonly fib: F,
    readonly geometry: FibGeometry,
    readonly ledger: Fib6Ledger<F> | undefined,
  ) {}

  /** Does a drawn step, resolved against the routes that are live. */
  step(scenario: Fib6Scenario, step: Step6): Outcome6 {
    const kind = scenario.kinds[step.kind % scenario.kinds.length]!;
    const base = scenario.bases[step.base % scenario.bases.length]!;
    const routes = this.model.routes;
    const live = routes.length === 0 ? undefined : routes[step.pick % routes.length]!;
    const at = (address: string): string => prefixAt(address, scenario, step);
    if (kind === "delete") return this.delete(at(base));
    if (kind === "deleteLive" && live) return this.delete(live.bits);
    if (kind === "change" && live) return this.add(live.bits, step.nextHop);
    if (kind === "addNear" && live) return this.add(at(firstOf6(live.bits)), step.nextHop);
    return this.add(at(base), step.nextHop);
  }

  /** Whether the model says that a route can be added. */
  fits(bits: string, nextHop: number): boolean {
    if (this.model.find(bits) >= 0) return true;
    const after = this.model.with(bits, nextHop);
    if (after.length > this.geometry.maxRules) return false;
    return !this.ledger?.limited || this.ledger.needs(after) <= this.geometry.groups;
  }

  /**
   * Adds to both; the model follows what it expects, so a table that differs is found out. The
   * table is called with `host`, an address of the prefix, where one is given.
   */
  add(bits: string, nextHop: number, host: string = bits): Outcome6 {
    const expected = this.fits(bits, nextHop);
    const text = `add ${addressText6(host)}/${bits.length} -> ${nextHop}`;
    const words = wordsOf6(host);
    const got = this.call(text, bits, () => this.fib.add(words, bits.length, nextHop));
    if (got !== undefined && expected) this.model.add(bits, nextHop);
    return outcome("add", bits, nextHop, expected, got);
  }

  /** Deletes from both. */
  delete(bits: string, host: string = bits): Outcome6 {
    const text = `delete ${addressText6(host)}/${bits.length}`;
    const words = wordsOf6(host);
    const got = this.call(text, bits, () => this.fib.delete(words, bits.length));
    const expected = got !== undefined && this.model.delete(bits);
    if (expected) this.gone.push(bits);
    return outcome("delete", bits, -1, expected, got);
  }

  /** The answer of the table for 128 binary digits. */
  lookup(address: string): number {
    return this.fib.lookup(this.wordsOf(address), 0);
  }

  /** The four words of an address, made once. */
  wordsOf(address: string): Uint32Array {
    let words = this.words.get(address);
    if (words === undefined) this.words.set(address, words = wordsOf6(address));
    return words;
  }

  /**
   * Addresses where a fault would show: first, last, first-1 and last+1 of each route, live or
   * gone, the first and the last of all.
   */
  probes(): string[] {
    const found = new Set([firstOf6(""), lastOf6("")]);
    for (const bits of [...this.model.routes.map((r) => r.bits), ...this.gone.slice(-8)]) {
      const first = firstOf6(bits);
      const last = lastOf6(bits);
      for (const address of [first, last, before6(first), after6(last)]) {
        if (address !== undefined) found.add(address);
      }
    }
    return [...found];
  }

  /** The table answers as the model does at every address given. */
  checkAnswers(addresses: readonly string[] = this.probes()): void {
    for (const address of addresses) {
      const expected = this.model.lookup(address);
      const got = this.lookup(address);
      if (got !== expected) {
        this.fail(`lookup ${addressText6(address)}: expected ${hop(expected)}, got ${hop(got)}`);
      }
    }
  }

  /** Everything that can be seen of the table, as text. */
  snapshot(addresses: readonly string[] = this.probes()): string[] {
    const lines = [`size ${this.fib.size}`, `bytes occupied ${this.fib.bytesOccupied}`];
    if (this.ledger) lines.push(`units in use ${this.ledger.uses(this.fib)}`);
    for (const { bits, nextHop } of this.walked()) lines.push(`route ${bits} -> ${nextHop}`);
    for (const address of addresses) lines.push(`lookup ${address}: ${hop(this.lookup(address))}`);
    return lines;
  }

  /** Two snapshots are the same. */
  checkSame(before: readonly string[], after: readonly string[], when: string): void {
    const at = before.findIndex((line, i) => line !== after[i]);
    if (at < 0 && before.length === after.length) return;
    const i = at < 0 ? before.length : at;
    const expected = readable(before[i] ?? "nothing more");
    this.fail(`${when}: expected "${expected}", got "${readable(after[i] ?? "nothing")}"`);
  }

  /** The routes that the table walks through; ends a walk that does not end. */
  walked(): Route6[] {
    const routes: Route6[] = [];
    this.fib.walk((prefix, depth, nextHop) => {
      const bits = bitsOf6(prefix);
      if (bits.indexOf("1", depth) >= 0) {
        this.fail(`walk: expected no host bits, got ${addressText6(bits)}/${depth}`);
      }
      routes.push({ bits: bits.slice(0, depth), nextHop });
      if (routes.length > 2 * this.model.routes.length + 16) this.fail("walk does not end");
    });
    return routes;
  }

  /**
   * Ends the run.
   * @throws {LawViolation} with everything that was done so far
   */
  fail(what: string): never {
    const { groups, maxRules, defaultRoute } = this.geometry;
    const lines = this.log.map((line, i) => `  ${String(i + 1).padStart(3)}. ${line}`);
    const served = defaultRoute ? "with" : "no";
    const table = `  table: groups ${groups}, rules ${maxRules}, ${served} default route`;
    throw new LawViolation([table, ...lines, `  ${what}`].join("\n"));
  }

  /**
   * Calls the table; undefined when it refused, as it may, a default route that it need not take.
   */
  private call(text: string, bits: string, run: () => boolean): boolean | undefined {
    let got: boolean | undefined;
    try {
      got = run();
      this.log.push(`${text}: ${got}`);
    } catch (error) {
      this.log.push(`${text}: ${error}`);
      const free = bits === "" && !this.geometry.defaultRoute;
      if (!(error instanceof RangeError && free)) this.fail(`expected no exception, got ${error}`);
    }
    if (bits === "") {
      const refuses = got === undefined;
      if ((this.refusesDefault ??= refuses) !== refuses) {
        this.fail(`expected depth 0 to be ${refuses ? "served" : "refused"} as it was before`);
      }
    }
    return got;
  }
}

/** The prefix that a step means: the address with a digit turned over, cut to the depth. */
export function prefixAt(address: string, scenario: Fib6Scenario, step: Step6): string {
  const depth = scenario.depths[step.depth % scenario.depths.length]!;
  const digit = step.flip < 128 ? step.flip : depth - 1 - (step.flip - 128);
  return flipped6(address, digit).slice(0, depth);
}

function outcome(
  verb: Outcome6["verb"],
  bits: string,
  nextHop: number,
  expected: boolean,
  got: boolean | undefined,
): Outcome6 {
  return { verb, bits, nextHop, expected, got: got ?? false, refusedDefault: got === undefined };
}

function hop(nextHop: number): string {
  return nextHop === -1 ? "miss" : `next hop ${nextHop}`;
}

/** A line with its binary digits as addresses. */
function readable(line: string): string {
  return line.replace(/[01]{17,128}|(?<=route )[01]*/g, (bits) => routeText6(bits));
}
