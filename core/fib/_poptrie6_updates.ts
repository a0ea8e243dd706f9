import { checkNextHopUpTo, type ChunkLimits } from "./_chunk_updates.ts";
import { Poptrie6Builder } from "./_poptrie6_build.ts";
import type { Poptrie6Store } from "./_poptrie6_store.ts";
import type { Rib6 } from "./_rib6.ts";
import { checkPrefix6, maskInto } from "./_route6.ts";
import type { RouteSet6 } from "./fib6.ts";

/**
 * How an IPv6 Poptrie is updated, as `ChunkUpdates` does it: change the rules, build what this
 * touches, look at the bytes. A refused addition is undone in the same way: what is built is a
 * function of the rules, so the table then takes and answers what it did.
 *
 * A deletion, too, can need bytes, where it splits what was merged. It is never refused for that: a
 * table may so pass `maxBytes`, and then refuses every addition that leaves it there.
 */
export class Poptrie6Updates {
  /** Why the last set of routes was refused. */
  refusal = "";
  private readonly builder: Poptrie6Builder;
  private readonly masked = new Uint32Array(4);

  /** Updates `store`, behind `bits` direct bits, as `rules` change. */
  constructor(
    private readonly rules: Rib6,
    private readonly store: Poptrie6Store,
    bits: number,
    private readonly limits: ChunkLimits,
  ) {
    this.builder = new Poptrie6Builder(rules, store, bits);
  }

  /** See `Fib6.add`. */
  add(prefix: Uint32Array, at: number, depth: number, nextHop: number): boolean {
    const { limits, masked, rules, store } = this;
    this.checkRoute(prefix, at, depth, nextHop);
    maskInto(masked, prefix, at, depth);
    const before = rules.get(masked, depth);
    if (before === nextHop) return true;
    if (before < 0 && rules.count >= limits.maxRules) return false;
    this.change(masked, depth, nextHop);
    const fits = store.bytesOccupied <= limits.maxBytes;
    if (!fits) this.change(masked, depth, before);
    store.settle();
    return fits;
  }

  /**
   * See `Fib6.delete`.
   * @throws {RangeError} when what is left could not be addressed; the route is then still there
   */
  delete(prefix: Uint32Array, at: number, depth: number): boolean {
    const { limits, masked, rules, store } = this;
    checkPrefix6("delete", prefix, at, depth, limits.depthMin);
    maskInto(masked, prefix, at, depth);
    const before = rules.get(masked, depth);
    if (before < 0) return false;
    this.change(masked, depth, -1);
    const bytes = store.bytesOccupied;
    if (bytes > limits.bytesAddressed) this.change(masked, depth, before);
    store.settle();
    if (bytes <= limits.bytesAddressed) return true;
    const room = `the structure can address ${limits.bytesAddressed}`;
    throw new RangeError(`Cannot delete route: the rest needs ${bytes} bytes, ${room}`);
  }

  /** Adds all routes or none. Where a route occurs twice the later one stands. */
  addBulk(routes: RouteSet6): boolean {
    const { limits, rules, store } = this;
    const { count, depth, nextHop, prefix } = routes;
    for (let i = 0; i < count; i++) this.checkRoute(prefix, 4 * i, depth[i]!, nextHop[i]!);
    const before = new Int32Array(count);
    for (let i = 0; i < count; i++) {
      before[i] = this.setRule(prefix, 4 * i, depth[i]!, nextHop[i]!);
    }
    const inRules = rules.count <= limits.maxRules;
    if (inRules) this.builder.rebuild();
    const bytes = store.bytesOccupied;
    const fits = inRules && bytes <= limits.maxBytes;
    if (!fits) {
      for (let i = count - 1; i >= 0; i--) this.setRule(prefix, 4 * i, depth[i]!, before[i]!);
      if (inRules) this.builder.rebuild();
      this.refusal = inRules
        ? `need ${bytes} bytes, maxBytes is ${limits.maxBytes}`
        : `are more than maxRules ${limits.maxRules}`;
    }
    store.settle();
    if (fits) store.move(store.arena.live);
    return fits;
  }

  /** Sets or (-1) removes a route of the rules and builds what this touches. */
  private change(prefix: Uint32Array, depth: number, nextHop: number): void {
    if (nextHop < 0) this.rules.remove(prefix, depth);
    else this.rules.set(prefix, depth, nextHop);
    this.builder.update(prefix, depth);
  }

  /** Sets or (-1) removes a route of the rules alone; answers the next hop that it had, or -1. */
  private setRule(prefix: Uint32Array, at: number, depth: number, nextHop: number): number {
    const { masked, rules } = this;
    maskInto(masked, prefix, at, depth);
    const before = rules.get(masked, depth);
    if (nextHop < 0) rules.remove(masked, depth);
    else rules.set(masked, depth, nextHop);
    return before;
  }

  private checkRoute(prefix: Uint32Array, at: number, depth: number, nextHop: number): void {
    checkPrefix6("add", prefix, at, depth, this.limits.depthMin);
    checkNextHopUpTo(nextHop, this.limits.nextHopMax);
  }
}
