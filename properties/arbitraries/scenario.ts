/**
 * Scenarios as a fast-check arbitrary. It draws the integers itself instead of composing some two
 * thousand small arbitraries per scenario, which costs a tenth, and it shrinks any draw, also one
 * that a user wrote down, by the same steps as `minimise`.
 */
import * as fc from "fast-check";
import type { Random } from "fast-check";
import type { Geometry, Setup } from "../../core/machine/device.ts";
import type { Policy } from "../../core/policy.ts";
import type { Arbitrary } from "./arbitrary.ts";
import { drawDeviations } from "./deviations.ts";
import { drawFaults } from "./faults.ts";
import type { HopDraw, ScenarioDraw } from "./draw.ts";
import { drawGeometry, saturatedGeometry } from "./geometry.ts";
import { drawPackets } from "./packets.ts";
import { drawRoutes, drawSpecials } from "./routes.ts";
import { isValid, simplerDraws } from "./simpler.ts";
import { oneIn } from "./_pick.ts";

/** One run in so many has faults: each costs events, and the time of a run is to stay what it is. */
const FAULTS_ONE_IN = 24;

/**
 * One run in so many offers more than any machine takes, for long enough that bursts are full, rings are full and go
 * round, and what happens once in a hundred packets happens. It has as many packets as some twenty others.
 */
const SATURATED_ONE_IN = 48;
const SATURATED_MIN = 100;
/** Most packets of a scenario, and of one that does not saturate the machine. */
const PACKETS_MAX = 400;
const USUAL_MAX = 64;

/** Bounds of what is drawn. */
export interface ScenarioOptions {
  /** Sizes that are not to be drawn. */
  readonly geometry?: Partial<Geometry>;
  /** Most packets of a scenario; 400. Only the few that saturate the machine have more than 64. */
  readonly packetsMax?: number;
  /** Most routes of a scenario; 12. */
  readonly routesMax?: number;
  /** Routes and neighbours that are not to be drawn. */
  readonly setup?: Setup;
  /** Whether the schedule may deviate and faults may happen; true. */
  readonly deviations?: boolean;
}

class ScenarioArbitrary extends fc.Arbitrary<ScenarioDraw> {
  readonly #policy: Policy;
  readonly #options: ScenarioOptions;

  constructor(policy: Policy, options: ScenarioOptions) {
    super();
    this.#policy = policy;
    this.#options = options;
  }

  override generate(random: Random): fc.Value<ScenarioDraw> {
    const options = this.#options;
    if (options.setup !== undefined) return this.#onTable(random, options.setup);
    const geometry = drawGeometry(random, options.geometry ?? {});
    const { ports } = geometry;
    const hops = random.nextInt(ports, 2 * ports);
    const neighbours: HopDraw[] = Array.from({ length: hops }, (_, hop) => hop % ports);
    if (this.#policy.routeTypes && oneIn(random, 2)) neighbours.push(...drawSpecials(random, hops));
    const routes = drawRoutes(random, {
      max: options.routesMax ?? 12,
      neighbours: neighbours.length,
      defaultRoute: this.#policy.defaultRoute,
    });
    const { originates, reversePath } = this.#policy;
    const max = options.packetsMax ?? PACKETS_MAX;
    const on = {
      ...{ ports, routes, hops: neighbours },
      sourcesWithinRoutes: originates !== undefined || reversePath !== undefined,
    };
    const packets = drawPackets(random, { ...on, max: Math.min(max, USUAL_MAX) });
    const deviate = (options.deviations ?? true) && oneIn(random, 2);
    const deviations = deviate ? drawDeviations(random) : [];
    if ((options.deviations ?? true) && oneIn(random, FAULTS_ONE_IN)) {
      deviations.push(...drawFaults(random, geometry));
    }
    const draw = { geometry, neighbours, routes, packets, deviations };
    if (max < SATURATED_MIN || !oneIn(random, SATURATED_ONE_IN)) {
      return new fc.Value(draw, undefined);
    }
    return new fc.Value({
      ...draw,
      geometry: saturatedGeometry(random, geometry, options.geometry ?? {}),
      packets: drawPackets(random, { ...on, min: SATURATED_MIN, max, rhythm: "wire" }),
    }, undefined);
  }

  /** Packets for what a device is set up for: to some of its routes, and beside them. */
  #onTable(random: Random, setup: Setup): fc.Value<ScenarioDraw> {
    const { ports, routes: table, neighbours: { port, special } } = setup;
    const geometry = drawGeometry(random, { ...this.#options.geometry, ports });
    const some = random.nextInt(1, Math.min(table.count, this.#options.routesMax ?? 12));
    const routes = Array.from({ length: some }, () => {
      const i = random.nextInt(0, table.count - 1);
      return { prefix: table.prefix[i]!, depth: table.depth[i]!, nextHop: table.nextHop[i]! };
    });
    const packets = drawPackets(random, {
      ...{
        ports,
        routes,
        max: Math.min(this.#options.packetsMax ?? USUAL_MAX, USUAL_MAX),
        sourcesWithinRoutes: true,
      },
      hops: Array.from(port, (own, hop) => special?.get(hop) ?? own),
    });
    const draw = { geometry, neighbours: [], routes: [], packets, deviations: [], setup };
    return new fc.Value(draw, undefined);
  }

  override canShrinkWithoutContext(value: unknown): value is ScenarioDraw {
    return typeof value === "object" && value !== null && "packets" in value &&
      isValid(value as ScenarioDraw);
  }

  override shrink(draw: ScenarioDraw): fc.Stream<fc.Value<ScenarioDraw>> {
    return fc.stream(simplerDraws(draw, this.#options.geometry)).map((simpler) =>
      new fc.Value(simpler, undefined)
    );
  }
}

/**
 * Scenarios for a device with this policy: small geometries, nested prefixes, colliding flows,
 * corner checksums, gaps drawn from the delays of machines, defects switched on and off per run.
 *
 * @throws {RangeError} when a bound of `options` is not a positive integer
 * @example
 * ```ts
 * import { build, scenario } from "@planecheck/planecheck/properties";
 * import { STRICT } from "@planecheck/planecheck/core";
 * import { assertEquals } from "@std/assert";
 * import fc from "fast-check";
 *
 * fc.assert(fc.property(scenario(STRICT), (draw) => {
 *   assertEquals(build(draw).traffic.count, draw.packets.length);
 * }), { numRuns: 20 });
 * ```
 */
export function scenario(
  policy: Policy,
  options: ScenarioOptions = {},
): Arbitrary<ScenarioDraw> {
  for (const name of ["packetsMax", "routesMax"] as const) {
    const value = options[name];
    if (value !== undefined && !(Number.isInteger(value) && value >= 1)) {
      throw new RangeError(`Cannot draw scenarios: ${name} is ${value}, not a positive integer`);
    }
  }
  return new ScenarioArbitrary(policy, options);
}
