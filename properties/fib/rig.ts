import type { Fib4 } from "../../core/fib/fib.ts";
import type { FibLedger } from "./ledger.ts";
import { addressText, firstOf, lastOf, type Route, RouteList, routeText } from "./model.ts";
import type { FibGeometry, FibScenario, Step } from "./scenario.ts";

/** A law that does not hold: what was done, what was expected, what came. */
export class LawViolation extends Error {}

/** What a step did. */
export interface Outcome {
  /** What was called. */
  readonly verb: "add" | "delete";
  /** The prefix it was called with, host bits and all. */
  readonly prefix: number;
  /** The depth it was called with. */
  readonly depth: number;
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
export class Rig<F extends Fib4> {
  /** The routes that the table ought to hold. */
  readonly model: RouteList = new RouteList();
  /** What was done, a line each. */
  readonly log: string[] = [];
  private readonly gone: { prefix: number; depth: number }[] = [];
  private refusesDefault: boolean | undefined;

  /** An empty table beside an empty model. */
  constructor(
    readonly fib: F,
    readonly geometry: FibGeometry,
    readonly ledger: FibLedger<F> | undefined,
  ) {}

  /** Does a drawn step, resolved against the routes that are live. */
  step(scenario: FibScenario, step: Step): Outcome {
    const kind = scenario.kinds[step.kind % scenario.kinds.length]!;
    const base = scenario.bases[step.base % scenario.bases.length]!;
    const routes = this.model.routes;
    const live = routes.length === 0 ? undefined : routes[step.pick % routes.length]!;
    const at = (address: number): number => (address ^ step.flip) >>> 0;
    if (kind === "delete") return this.delete(at(base), step.depth);
    if (kind === "deleteLive" && live) return this.delete(live.prefix, live.depth);
    if (kind === "change" && live) return this.add(live.prefix, live.depth, step.nextHop);
    if (kind === "addNear" && live) return this.add(at(live.prefix), step.depth, step.nextHop);
    return this.add(at(base), step.depth, step.nextHop);
  }

  /** Whether the model says that a route can be added. */
  fits(prefix: number, depth: number, nextHop: number): boolean {
    if (this.model.find(prefix, depth) >= 0) return true;
    const after = this.model.with(prefix, depth, nextHop);
    if (after.length > this.geometry.maxRules) return false;
    return this.ledger === undefined || this.ledger.needs(after) <= this.geometry.groups;
  }

  /** Adds to both; the model follows what it expects, so a table that differs is found out. */
  add(prefix: number, depth: number, nextHop: number): Outcome {
    const expected = this.fits(prefix, depth, nextHop);
    const text = `add ${routeText(prefix, depth)} -> ${nextHop}`;
    const got = this.call(text, depth, () => this.fib.add(prefix, depth, nextHop));
    if (got !== undefined && expected) this.model.add(prefix, depth, nextHop);
    return outcome("add", prefix, depth, nextHop, expected, got);
  }

  /** Deletes from both. */
  delete(prefix: number, depth: number): Outcome {
    const text = `delete ${routeText(prefix, depth)}`;
    const got = this.call(text, depth, () => this.fib.delete(prefix, depth));
    const expected = got !== undefined && this.model.delete(prefix, depth);
    if (expected) this.gone.push({ prefix, depth });
    return outcome("delete", prefix, depth, -1, expected, got);
  }

  /**
   * Addresses where a fault would show: first, last, first-1 and last+1 of each route, live or
   * gone, 0, max.
   */
  probes(): number[] {
    const found = new Set([0, 2 ** 32 - 1]);
    for (const { prefix, depth } of [...this.model.routes, ...this.gone.slice(-8)]) {
      const first = firstOf(prefix, depth);
      const last = lastOf(prefix, depth);
      for (const address of [first, last, first - 1, last + 1]) {
        if (address >= 0 && address < 2 ** 32) found.add(address);
      }
    }
    return [...found];
  }

  /** The table answers as the model does at every address given. */
  checkAnswers(addresses: readonly number[] = this.probes()): void {
    for (const address of addresses) {
      const expected = this.model.lookup(address);
      const got = this.fib.lookup(address);
      if (got !== expected) {
        this.fail(`lookup ${addressText(address)}: expected ${hop(expected)}, got ${hop(got)}`);
      }
    }
  }

  /** Everything that can be seen of the table, as text. */
  snapshot(addresses: readonly number[] = this.probes()): string[] {
    const lines = [`size ${this.fib.size}`, `bytes occupied ${this.fib.bytesOccupied}`];
    if (this.ledger) lines.push(`units in use ${this.ledger.uses(this.fib)}`);
    for (const route of this.walked()) {
      lines.push(`route ${routeText(route.prefix, route.depth)} -> ${route.nextHop}`);
    }
    for (const address of addresses) {
      lines.push(`lookup ${addressText(address)}: ${hop(this.fib.lookup(address))}`);
    }
    return lines;
  }

  /** Two snapshots are the same. */
  checkSame(before: readonly string[], after: readonly string[], when: string): void {
    const at = before.findIndex((line, i) => line !== after[i]);
    if (at < 0 && before.length === after.length) return;
    const i = at < 0 ? before.length : at;
    this.fail(`${when}: expected "${before[i] ?? "nothing more"}", got "${after[i] ?? "nothing"}"`);
  }

  /** The routes that the table walks through; ends a walk that does not end. */
  walked(): Route[] {
    const routes: Route[] = [];
    this.fib.walk((prefix, depth, nextHop) => {
      routes.push({ prefix, depth, nextHop });
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
    throw new LawViolation(
      [
        `  table: groups ${groups}, rules ${maxRules}, ${
          defaultRoute ? "with" : "no"
        } default route`,
        ...lines,
        `  ${what}`,
      ].join("\n"),
    );
  }

  /**
   * Calls the table; undefined when it refused, as it may, a default route that it need not take.
   */
  private call(text: string, depth: number, run: () => boolean): boolean | undefined {
    let got: boolean | undefined;
    try {
      got = run();
      this.log.push(`${text}: ${got}`);
    } catch (error) {
      this.log.push(`${text}: ${error}`);
      const free = depth === 0 && !this.geometry.defaultRoute;
      if (!(error instanceof RangeError && free)) this.fail(`expected no exception, got ${error}`);
    }
    if (depth === 0) {
      const refuses = got === undefined;
      if ((this.refusesDefault ??= refuses) !== refuses) {
        this.fail(`expected depth 0 to be ${refuses ? "served" : "refused"} as it was before`);
      }
    }
    return got;
  }
}

function outcome(
  verb: Outcome["verb"],
  prefix: number,
  depth: number,
  nextHop: number,
  expected: boolean,
  got: boolean | undefined,
): Outcome {
  const refusedDefault = got === undefined;
  return { verb, prefix, depth, nextHop, expected, got: got ?? false, refusedDefault };
}

function hop(nextHop: number): string {
  return nextHop === -1 ? "miss" : `next hop ${nextHop}`;
}
