import { LawViolation } from "../part.ts";
import { type Family, type Needs, routeText, type RouteTo, type Table } from "./family.ts";
import { RouteList } from "./model.ts";
import type { FibGeometry, FibScenarioOf, Step } from "./scenario.ts";

/** What a step did. */
export interface Outcome<P> {
  /** What was called. */
  readonly verb: "add" | "delete";
  /** The prefix it was called with. */
  readonly prefix: P;
  /** What was to be added; -1 for a deletion. */
  readonly nextHop: number;
  /** What the model answers. */
  readonly expected: boolean;
  /** What the table answered. */
  readonly got: boolean;
  /** The step was the refusal, by RangeError, of a default route that need not be taken. */
  readonly refusedDefault: boolean;
}

/** What can be seen of a table: as it is compared, and as it is read. */
export interface Snapshot {
  /** Values in a fixed order. */
  readonly values: readonly unknown[];
  /** The same, a line each. */
  readonly lines: () => string[];
}

/** A table beside its model; whatever is done to one is done to the other, and written down. */
export class Rig<A, P> {
  /** The routes that the table ought to hold. */
  readonly model: RouteList<A, P>;
  /** What was done, a line each, some of them written when they are read. */
  readonly log: (string | (() => string))[] = [];
  private readonly gone: P[] = [];
  /** Addresses around each prefix, made once. */
  private readonly around = new Map<P, A[]>();
  private refusesDefault: boolean | undefined;

  /** An empty table beside an empty model. */
  constructor(
    readonly fib: Table<A>,
    readonly geometry: FibGeometry,
    readonly ledger: Needs<A, P> | undefined,
    readonly family: Family<A, P>,
  ) {
    this.model = new RouteList(family);
  }

  /** Does a drawn step, resolved against the routes that are live. */
  step(scenario: FibScenarioOf<A>, step: Step): Outcome<P> {
    const { family, model: { routes } } = this;
    const kind = scenario.kinds[step.kind % scenario.kinds.length]!;
    const live = routes.length === 0 ? undefined : routes[step.pick % routes.length]!;
    if (kind === "deleteLive" && live) return this.delete(live);
    if (kind === "change" && live) return this.add(live, step.nextHop);
    const near = kind === "addNear" && live;
    const from = near ? family.first(live) : scenario.bases[step.base % scenario.bases.length]!;
    const [address, depth] = family.target(scenario, step, from);
    const prefix = family.prefixOf(address, depth);
    return kind === "delete"
      ? this.delete(prefix, address)
      : this.add(prefix, step.nextHop, address);
  }

  /** What was done last. */
  lastDone(): string {
    const line = this.log.at(-1)!;
    return typeof line === "string" ? line : line();
  }

  /** Whether the model says that a route can be added. */
  fits(prefix: P, nextHop: number): boolean {
    if (this.model.find(prefix) >= 0) return true;
    if (this.model.routes.length >= this.geometry.maxRules) return false;
    if (!this.ledger?.limited) return true;
    return this.ledger.needs(this.model.with(prefix, nextHop)) <= this.geometry.groups;
  }

  /**
   * Adds to both; the model follows what it expects, so a table that differs is found out. The
   * table is called with `host`, an address of the prefix.
   */
  add(prefix: P, nextHop: number, host: A = this.family.first(prefix)): Outcome<P> {
    const depth = this.family.depthOf(prefix);
    const expected = this.fits(prefix, nextHop);
    const text = (): string => `add ${this.family.text(host)}/${depth} -> ${nextHop}`;
    const got = this.call(text, depth, () => this.fib.add(host, depth, nextHop));
    if (got !== undefined && expected) this.model.add(prefix, nextHop);
    return outcome("add", prefix, nextHop, expected, got);
  }

  /** Deletes from both. */
  delete(prefix: P, host: A = this.family.first(prefix)): Outcome<P> {
    const depth = this.family.depthOf(prefix);
    const text = (): string => `delete ${this.family.text(host)}/${depth}`;
    const got = this.call(text, depth, () => this.fib.delete(host, depth));
    const expected = got !== undefined && this.model.delete(prefix);
    if (expected) this.gone.push(prefix);
    return outcome("delete", prefix, -1, expected, got);
  }

  /**
   * Addresses where a fault would show: first, last, first-1 and last+1 of each route, live or
   * gone, the first and the last of all.
   */
  probes(): A[] {
    const { family } = this;
    const all = family.prefixOf(family.sample, 0);
    const found = new Set([family.first(all), family.last(all)]);
    for (const route of this.model.routes) for (const a of this.endsOf(route)) found.add(a);
    for (const prefix of this.gone.slice(-8)) for (const a of this.endsOf(prefix)) found.add(a);
    return [...found];
  }

  /** First, last, first-1 and last+1 of a prefix. */
  endsOf(prefix: P): readonly A[] {
    const { around, family } = this;
    let ends = around.get(prefix);
    if (ends === undefined) {
      const [first, last] = [family.first(prefix), family.last(prefix)];
      const all = [first, last, family.before(first), family.after(last)];
      around.set(prefix, ends = all.filter((address) => address !== undefined));
    }
    return ends;
  }

  /** The table answers as the model does at every address given. */
  checkAnswers(addresses: readonly A[] = this.probes()): void {
    for (const address of addresses) {
      const expected = this.model.lookup(address);
      const got = this.fib.lookup(address);
      if (got !== expected) {
        this.fail(
          `lookup ${this.family.text(address)}: expected ${hop(expected)}, got ${hop(got)}`,
        );
      }
    }
  }

  /** Everything that can be seen of the table. */
  snapshot(addresses: readonly A[] = this.probes()): Snapshot {
    const { family, fib, ledger } = this;
    const sizes = [fib.size, fib.bytesOccupied, ...(ledger ? [fib.uses()] : [])];
    const routes = this.listed(this.walked());
    const hops = addresses.map((address) => fib.lookup(address));
    const names = ["size", "bytes occupied", "units in use"];
    return {
      values: [...sizes, ...routes.values, ...hops],
      lines: () => [
        ...sizes.map((value, i) => `${names[i]} ${value}`),
        ...routes.lines().map((line) => `route ${line}`),
        ...addresses.map((address, i) => `lookup ${family.text(address)}: ${hop(hops[i]!)}`),
      ],
    };
  }

  /** Routes, to be compared with others. */
  listed(routes: readonly RouteTo<P>[]): Snapshot {
    const { family } = this;
    return {
      values: routes.flatMap((r) => [family.first(r), family.depthOf(r), r.nextHop]),
      lines: () => routes.map((r) => `${routeText(family, r)} -> ${r.nextHop}`),
    };
  }

  /** Two snapshots are the same. */
  checkSame(before: Snapshot, after: Snapshot, when: string): void {
    const length = before.values.length;
    let same = length === after.values.length;
    for (let i = 0; same && i < length; i++) same = before.values[i] === after.values[i];
    if (same) return;
    const [expected, got] = [before.lines(), after.lines()];
    const at = expected.findIndex((line, i) => line !== got[i]);
    const i = at < 0 ? expected.length : at;
    this.fail(
      `${when}: expected "${expected[i] ?? "nothing more"}", got "${got[i] ?? "nothing"}"`,
    );
  }

  /** The routes that the table walks through; ends a walk that does not end. */
  walked(): RouteTo<P>[] {
    const { family } = this;
    const routes: RouteTo<P>[] = [];
    this.fib.walk((address, depth, nextHop) => {
      const prefix = family.prefixOf(address, depth);
      if (family.first(prefix) !== address) {
        this.fail(`walk: expected no host bits, got ${family.text(address)}/${depth}`);
      }
      routes.push({ ...prefix, nextHop });
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
    const lines = this.log.map((line, i) =>
      `  ${String(i + 1).padStart(3)}. ${typeof line === "string" ? line : line()}`
    );
    const served = defaultRoute ? "with" : "no";
    const table = `  table: groups ${groups}, rules ${maxRules}, ${served} default route`;
    throw new LawViolation([table, ...lines, `  ${what}`].join("\n"));
  }

  /**
   * Calls the table; undefined when it refused, as it may, a default route that it need not take.
   */
  private call(text: () => string, depth: number, run: () => boolean): boolean | undefined {
    let got: boolean | undefined;
    try {
      got = run();
      this.log.push(() => `${text()}: ${got}`);
    } catch (error) {
      this.log.push(() => `${text()}: ${error}`);
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

function outcome<P>(
  verb: Outcome<P>["verb"],
  prefix: P,
  nextHop: number,
  expected: boolean,
  got: boolean | undefined,
): Outcome<P> {
  return { verb, prefix, nextHop, expected, got: got ?? false, refusedDefault: got === undefined };
}

function hop(nextHop: number): string {
  return nextHop === -1 ? "miss" : `next hop ${nextHop}`;
}
