/**
 * Where cycles go, by zone: the engine itself and each app's class, as vmprofile attributes samples. And whether the
 * code of a zone is compiled yet: a callback is interpreted until it has run hotLoop times, then a trace is recorded,
 * once. Source: core/app.lua (setvmprofile); LuaJIT's parameters.
 */

/** What the interpreter costs. */
export interface JitCosts {
  /** How many times as much as a trace. */
  readonly interpreter: number;
  /** Callbacks until a trace is recorded. */
  readonly hotLoop: number;
  /** Cycles of recording it. */
  readonly compile: number;
}

/** Cycles and callbacks of one zone. */
export interface Zone {
  readonly name: string;
  /** Cycles charged in it. */
  cycles: number;
  /** Callbacks that ran in it. */
  calls: number;
  /** Cycles of those that were interpreted, recording included. */
  interpreted: number;
}

/** The zones of a process. */
export class Zones {
  readonly #zones = new Map<string, Zone>();
  readonly #costs: JitCosts;
  readonly #cold: boolean;
  #current: Zone;

  /** All code compiled already, or, `cold`, none. */
  constructor(costs: JitCosts, cold: boolean) {
    this.#costs = costs;
    this.#cold = cold;
    this.#current = this.#zone("engine");
  }

  /** Enters a zone. */
  enter(name: string): void {
    this.#current = this.#zone(name);
    this.#current.calls++;
  }

  /** Books cycles to the present zone; answers how many they come to be. */
  book(cycles: number): number {
    const zone = this.#current;
    const { interpreter, hotLoop } = this.#costs;
    const interpreted = this.#cold && zone.calls <= hotLoop;
    const spent = interpreted ? cycles * interpreter : cycles;
    zone.cycles += spent;
    if (interpreted) zone.interpreted += spent;
    return spent;
  }

  /** Cycles of recording a trace, if the zone has just become hot. */
  record(): number {
    const zone = this.#current;
    const { hotLoop, compile } = this.#costs;
    if (!this.#cold || zone.calls !== hotLoop) return 0;
    zone.cycles += compile;
    zone.interpreted += compile;
    return compile;
  }

  /** All zones. */
  all(): Iterable<Zone> {
    return this.#zones.values();
  }

  #zone(name: string): Zone {
    const known = this.#zones.get(name);
    if (known !== undefined) return known;
    const zone = { name, cycles: 0, calls: 0, interpreted: 0 };
    this.#zones.set(name, zone);
    return zone;
  }
}
