import type { RouteSet } from "../machine/scenario.ts";
import type { ChunkRules } from "./_chunk_rules.ts";
import { checkPrefix, maskOf } from "./route.ts";
import { RuleTable } from "./rule_table.ts";

/** What holds the compiled chunks. */
export interface ChunkStore {
  /** Bytes of what is compiled. */
  readonly bytesOccupied: number;
  /** Compiles a chunk anew from the rules and puts it in the place of the old one. */
  compile(chunk: number): void;
  /** Ends an update: sets aside no more memory than the limit where what is compiled fits it. */
  settle(): void;
  /** Sets aside just what is compiled. */
  trim(): void;
  /** Forgets all chunks, when `compile` has seen them empty. */
  clear(): void;
}

/** The limits of a table. */
export interface ChunkLimits {
  /** Most rules. */
  readonly maxRules: number;
  /** Most bytes of what is compiled. */
  readonly maxBytes: number;
  /** Bytes beyond which the structure cannot address its blocks. */
  readonly bytesAddressed: number;
  /** 1 when depth 0 is refused. */
  readonly depthMin: number;
  /** The greatest next hop. */
  readonly nextHopMax: number;
}

/**
 * How tables that are compiled chunk by chunk are updated: change the rules, compile the chunks
 * that this touches, look at the bytes. A refused addition is undone in the same way: what a table
 * has compiled is a function of its rules, so it is then what it was, byte for byte.
 *
 * A deletion, too, can need bytes, where it splits what was merged. It is never refused for that: a
 * table may so pass `maxBytes`, and then refuses every addition that leaves it there.
 */
export class ChunkUpdates {
  private readonly compile: (chunk: number) => void;

  /** Updates `store` as `rules` change. */
  constructor(
    private readonly rules: ChunkRules,
    private readonly store: ChunkStore,
    private readonly limits: ChunkLimits,
  ) {
    this.compile = (chunk) => this.store.compile(chunk);
  }

  /** See `Fib4.add`. */
  add(prefix: number, depth: number, nextHop: number): boolean {
    this.checkRoute(prefix, depth, nextHop);
    const { rules, compile } = this;
    const masked = (prefix & maskOf(depth)) >>> 0;
    const before = rules.get(masked, depth);
    if (before === nextHop) return true;
    if (before < 0 && rules.count >= this.limits.maxRules) return false;
    rules.set(masked, depth, nextHop, compile);
    const fits = this.store.bytesOccupied <= this.limits.maxBytes;
    if (!fits) {
      if (before < 0) rules.remove(masked, depth, compile);
      else rules.set(masked, depth, before, compile);
    }
    this.store.settle();
    return fits;
  }

  /**
   * See `Fib4.delete`.
   * @throws {RangeError} when what is left could not be addressed; the route is then still there
   */
  delete(prefix: number, depth: number): boolean {
    checkPrefix("delete", prefix, depth, this.limits.depthMin);
    const { rules, compile } = this;
    const masked = (prefix & maskOf(depth)) >>> 0;
    const hop = rules.get(masked, depth);
    if (!rules.remove(masked, depth, compile)) return false;
    const bytes = this.store.bytesOccupied;
    if (bytes > this.limits.bytesAddressed) {
      rules.set(masked, depth, hop, compile);
      const room = `the structure can address ${this.limits.bytesAddressed}`;
      throw new RangeError(`Cannot delete route: the rest needs ${bytes} bytes, ${room}`);
    }
    this.store.settle();
    return true;
  }

  /** Adds all routes or none. Where a route occurs twice the later one stands. */
  addBulk(routes: RouteSet): boolean {
    for (let i = 0; i < routes.count; i++) {
      this.checkRoute(routes.prefix[i]!, routes.depth[i]!, routes.nextHop[i]!);
    }
    if (this.rules.count > 0) return this.addEach(routes);
    const fits = this.fillEmpty(routes);
    if (fits) this.store.trim();
    else this.clear();
    return fits;
  }

  /** Removes every route. */
  clear(): void {
    this.rules.clear(this.compile);
    this.store.clear();
  }

  /** Puts all rules in place, and then compiles each chunk once. */
  private fillEmpty(routes: RouteSet): boolean {
    const { rules, store } = this;
    const nothing = (): void => {};
    if (isAscending(routes)) {
      for (let i = 0; i < routes.count; i++) {
        const depth = routes.depth[i]!;
        const prefix = (routes.prefix[i]! & maskOf(depth)) >>> 0;
        rules.set(prefix, depth, routes.nextHop[i]!, nothing);
      }
    } else {
      const sorted = new RuleTable();
      for (let i = 0; i < routes.count; i++) {
        const depth = routes.depth[i]!;
        sorted.set((routes.prefix[i]! & maskOf(depth)) >>> 0, depth, routes.nextHop[i]!);
      }
      sorted.walk((prefix, depth, hop) => rules.set(prefix, depth, hop, nothing));
    }
    if (rules.count > this.limits.maxRules) return false;
    for (let chunk = 0; chunk < rules.chunks; chunk++) {
      if (rules.countIn(chunk) > 0 || rules.coverOf(chunk) >= 0) store.compile(chunk);
      if (store.bytesOccupied > this.limits.maxBytes) return false;
    }
    return true;
  }

  /** Adds the routes in their order; at the first refusal takes back, in reverse, what was added. */
  private addEach(routes: RouteSet): boolean {
    const before = new Int32Array(routes.count);
    for (let i = 0; i < routes.count; i++) {
      const depth = routes.depth[i]!;
      const prefix = (routes.prefix[i]! & maskOf(depth)) >>> 0;
      before[i] = this.rules.get(prefix, depth);
      if (this.add(prefix, depth, routes.nextHop[i]!)) continue;
      while (--i >= 0) this.restore(routes.prefix[i]!, routes.depth[i]!, before[i]!);
      this.store.settle();
      return false;
    }
    return true;
  }

  /** Makes a rule what it was, whatever the limits say on the way. */
  private restore(prefix: number, depth: number, before: number): void {
    const masked = (prefix & maskOf(depth)) >>> 0;
    if (before < 0) this.rules.remove(masked, depth, this.compile);
    else this.rules.set(masked, depth, before, this.compile);
  }

  private checkRoute(prefix: number, depth: number, nextHop: number): void {
    checkPrefix("add", prefix, depth, this.limits.depthMin);
    checkNextHopUpTo(nextHop, this.limits.nextHopMax);
  }
}

/**
 * Refuses a next hop that the entries of a table cannot hold.
 * @throws {RangeError} naming the value and the range
 */
export function checkNextHopUpTo(nextHop: number, max: number): void {
  if (nextHop >>> 0 !== nextHop || nextHop > max) {
    throw new RangeError(`Cannot add route: next hop ${nextHop} is not an integer 0..${max}`);
  }
}

/** Whether the rules come in ascending prefix, so that each chunk is filled at its end. */
function isAscending(routes: RouteSet): boolean {
  for (let i = 1; i < routes.count; i++) {
    if (routes.prefix[i]! < routes.prefix[i - 1]!) return false;
  }
  return true;
}
