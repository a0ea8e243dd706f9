/**
 * The smallest scenario that still fails, from a concrete one: a capture, not a draw. Packets go
 * first, in ever smaller pieces (delta debugging: Zeller and Hildebrandt, "Simplifying and Isolating
 * Failure-Inducing Input", IEEE TSE 2002), then deviations and routes, then each packet is made
 * simpler; last come times, ports and sizes, each all at once.
 */
import type { Geometry, Scenario } from "../../core/machine/device.ts";
import type { RouteSet, Traffic } from "../../core/machine/scenario.ts";
import { SRC_HOME } from "../arbitraries/_measure.ts";
import { PLAIN_GEOMETRY } from "../arbitraries/draw.ts";
import { addressesAway, type Home, simplerFrames } from "./frames.ts";

/** What shrinking came to. */
export interface ShrunkScenario {
  /** The smallest scenario found that fails. */
  readonly scenario: Scenario;
  /** Whether it was established that no removal of any one packet still fails. */
  readonly minimal: boolean;
  /** How often `stillFails` was asked. */
  readonly runs: number;
}

/**
 * Shrinks a scenario that fails. Asks `stillFails` at most `maxRuns` times, some two times the number of
 * packets left, times the logarithm of those there were, as a rule. It must give the same answer to
 * the same scenario. `keepsRoutes` says that the device cannot be told others.
 *
 * @example
 * ```ts
 * import { build, PLAIN_GEOMETRY, PLAIN_PACKET, shrinkScenario } from "@planecheck/planecheck/properties";
 * import { assertEquals } from "@std/assert";
 *
 * const scenario = build({
 *   geometry: PLAIN_GEOMETRY,
 *   neighbours: [1],
 *   routes: [{ prefix: 0x0a000000, depth: 8, nextHop: 0 }],
 *   packets: Array.from({ length: 50 }, (_, i) => ({ ...PLAIN_PACKET, src: i, dst: 0x0a000000 + i, ttl: i })),
 *   deviations: [],
 * });
 * // something goes wrong when a packet with TTL 3 comes after one with TTL 1
 * const { scenario: least } = shrinkScenario(scenario, ({ traffic: { bytes, offset, count } }) => {
 *   const ttls = Array.from({ length: count }, (_, i) => bytes[offset[i]! + 22]);
 *   return ttls.indexOf(3) > ttls.indexOf(1) && ttls.includes(1);
 * }, 1000);
 * assertEquals([least.traffic.count, least.routes.count], [2, 0]);
 * ```
 */
export function shrinkScenario(
  scenario: Scenario,
  stillFails: (scenario: Scenario) => boolean,
  maxRuns: number,
  keepsRoutes = false,
): ShrunkScenario {
  const search = new Search(scenario, stillFails, maxRuns);
  search.packets();
  search.deviations();
  if (!keepsRoutes) search.routes();
  search.frames();
  search.settings();
  // a simpler packet may have made others superfluous
  const minimal = search.packets();
  return { scenario: search.current, minimal, runs: search.runs };
}

class Search {
  current: Scenario;
  runs = 0;
  readonly #stillFails: (scenario: Scenario) => boolean;
  readonly #maxRuns: number;

  constructor(scenario: Scenario, stillFails: (scenario: Scenario) => boolean, maxRuns: number) {
    this.current = scenario;
    this.#stillFails = stillFails;
    this.#maxRuns = maxRuns;
  }

  /** Answers whether no single packet can go, as far as there were runs to tell. */
  packets(): boolean {
    return this.#reduce(
      () => this.current.traffic.count,
      (keep) => ({ ...this.current, traffic: packetsOf(this.current.traffic, keep) }),
      1,
    );
  }

  deviations(): void {
    this.#reduce(
      () => this.current.deviations.length,
      (keep) => ({ ...this.current, deviations: keep.map((i) => this.current.deviations[i]!) }),
    );
  }

  routes(): void {
    const { routes, traffic } = this.current;
    const keep = coveringRoutes(routes, traffic);
    if (keep.length < routes.count && this.runs < this.#maxRuns) {
      this.#take({ ...this.current, routes: routesOf(routes, keep) });
    }
    this.#reduce(
      () => this.current.routes.count,
      (keep) => ({ ...this.current, routes: routesOf(this.current.routes, keep) }),
    );
  }

  /** Makes each packet as simple as it may be. */
  frames(): void {
    for (let i = 0; i < this.current.traffic.count; i++) {
      again: for (;;) {
        const { bytes, offset, length } = this.current.traffic;
        const frame = bytes.slice(offset[i]!, offset[i]! + length[i]!);
        const home = homeOf(this.current.routes, frame);
        for (const simpler of simplerFrames(frame, i, home)) {
          if (this.runs === this.#maxRuns) return;
          if (cost(simpler, home) >= cost(frame, home)) continue;
          if (
            this.#take({ ...this.current, traffic: withFrame(this.current.traffic, i, simpler) })
          ) {
            continue again;
          }
        }
        break;
      }
    }
  }

  /** Times, ports and sizes, as far as it still fails with simpler ones. */
  settings(): void {
    for (const simpler of SETTINGS) {
      const candidate = simpler(this.current);
      if (candidate === null) continue;
      if (this.runs === this.#maxRuns) return;
      this.#take(candidate);
    }
  }

  /** Removes pieces as long as it fails without them: halves first, single ones last. */
  #reduce(count: () => number, keeping: (keep: readonly number[]) => Scenario, least = 0): boolean {
    let size = Math.max(1, Math.ceil(count() / 2));
    for (;;) {
      let removed = false;
      for (let from = 0; from < count();) {
        const n = count();
        const keep = Array.from({ length: n }, (_, i) => i)
          .filter((i) => i < from || i >= from + size);
        if (keep.length < least || keep.length === n) break;
        if (this.runs === this.#maxRuns) return false;
        if (this.#take(keeping(keep))) removed = true;
        else from += size;
      }
      if (size === 1 && !removed) return true;
      // what is left after a removal is looked through again in pieces of the same size
      if (!removed || size > count()) size = Math.max(1, Math.ceil(size / 2));
    }
  }

  #take(candidate: Scenario): boolean {
    this.runs++;
    if (!this.#stillFails(candidate)) return false;
    this.current = candidate;
    return true;
  }
}

/** Simpler settings of a scenario, boldest first; null where it has them. */
const SETTINGS: readonly ((from: Scenario) => Scenario | null)[] = [
  (from) => paced(from),
  (from) => onePort(from, 0),
  (from) => onePort(from, from.traffic.port[0] ?? 0),
  (from) => ample(from, { lcores: PLAIN_GEOMETRY.lcores }),
  (from) => ample(from, {}),
];

/** A microsecond between packets. */
function paced(from: Scenario): Scenario | null {
  const at = from.traffic.at.map((_, i) => (i + 1) * 1e6);
  const isPaced = at.every((ps, i) => ps === from.traffic.at[i]);
  return isPaced ? null : { ...from, traffic: { ...from.traffic, at } };
}

/** All by one port; what was sent to the MAC address of its own goes to that of this one. */
function onePort(from: Scenario, port: number): Scenario | null {
  const { traffic, neighbours: { portMac } } = from;
  if (traffic.port.every((one) => one === port)) return null;
  const bytes = traffic.bytes.slice();
  for (let i = 0; i < traffic.count; i++) {
    const own = portMac.subarray(traffic.port[i]! * 6, traffic.port[i]! * 6 + 6);
    const mac = bytes.subarray(traffic.offset[i]!, traffic.offset[i]! + 6);
    if (mac.every((byte, k) => byte === own[k])) mac.set(portMac.subarray(port * 6, port * 6 + 6));
  }
  return { ...from, traffic: { ...traffic, bytes, port: traffic.port.map(() => port) } };
}

function ample(from: Scenario, sizes: Partial<Geometry>): Scenario | null {
  const { ports, lcores } = from.geometry;
  const geometry = { ...PLAIN_GEOMETRY, ports, lcores, ...sizes };
  const names = Object.keys(geometry) as (keyof Geometry)[];
  return names.every((name) => geometry[name] === from.geometry[name])
    ? null
    : { ...from, geometry };
}

/** Where a frame may come from and go to instead: the first source that is drawn, and the base of its longest route. */
function homeOf(routes: RouteSet, frame: Uint8Array): Home {
  const src = SRC_HOME;
  if (frame.length < 34) return { src, dst: null };
  const to = new DataView(frame.buffer, frame.byteOffset).getUint32(30);
  let longest = -1;
  for (let i = 0; i < routes.count; i++) {
    const [prefix, depth] = [routes.prefix[i]!, routes.depth[i]!];
    if (to < prefix || to >= prefix + 2 ** (32 - depth) || prefix === 0) continue;
    if (longest < 0 || depth > routes.depth[longest]!) longest = i;
  }
  if (longest < 0) return { src, dst: null };
  return { src, dst: routes.prefix[longest]! + (routes.depth[longest] === 32 ? 0 : 1) };
}

/** What each step of a frame lowers: its length, addresses that are not home, then what of it is not zero. */
function cost(frame: Uint8Array, home: Home): number {
  let set = 0;
  for (const byte of frame) if (byte !== 0) set++;
  const elsewhere = addressesAway(frame, home);
  return (frame.length * 4 + elsewhere) * 65536 + set * 2 + (frame[22] === 64 ? 0 : 1);
}

function packetsOf(traffic: Traffic, keep: readonly number[]): Traffic {
  return framesOf(traffic, keep.map((i) => ({ i, bytes: null })));
}

function withFrame(traffic: Traffic, at: number, frame: Uint8Array): Traffic {
  const all = Array.from({ length: traffic.count }, (_, i) => i);
  return framesOf(traffic, all.map((i) => ({ i, bytes: i === at ? frame : null })));
}

/** Packets of a traffic, in arrays of their own; `bytes` where a packet has others than it had. */
function framesOf(
  from: Traffic,
  packets: readonly { readonly i: number; readonly bytes: Uint8Array | null }[],
): Traffic {
  const count = packets.length;
  const length = Uint32Array.from(packets, ({ i, bytes }) => bytes?.length ?? from.length[i]!);
  const offset = new Uint32Array(count);
  let used = 0;
  for (let p = 0; p < count; p++) {
    offset[p] = used;
    used += length[p]!;
  }
  const bytes = new Uint8Array(used);
  packets.forEach((packet, p) => {
    const at = from.offset[packet.i]!;
    bytes.set(packet.bytes ?? from.bytes.subarray(at, at + length[p]!), offset[p]!);
  });
  const { badFcs } = from;
  return {
    ...(badFcs === undefined ? {} : { badFcs: Uint8Array.from(packets, ({ i }) => badFcs[i]!) }),
    count,
    port: Uint8Array.from(packets, ({ i }) => from.port[i]!),
    at: Float64Array.from(packets, ({ i }) => from.at[i]!),
    offset,
    length,
    bytes,
  };
}

/** Routes that cover where a packet goes to, if it is one of IPv4 without a tag. */
function coveringRoutes(routes: RouteSet, { count, bytes, offset, length }: Traffic): number[] {
  const keep: number[] = [];
  const destinations = Array.from({ length: count }, (_, p) => p)
    .filter((p) => length[p]! >= 34)
    .map((p) => new DataView(bytes.buffer, bytes.byteOffset).getUint32(offset[p]! + 30));
  for (let i = 0; i < routes.count; i++) {
    const span = 2 ** (32 - routes.depth[i]!);
    const prefix = routes.prefix[i]!;
    if (destinations.some((to) => to >= prefix && to < prefix + span)) keep.push(i);
  }
  return keep;
}

function routesOf(routes: RouteSet, keep: readonly number[]): RouteSet {
  return {
    count: keep.length,
    prefix: Uint32Array.from(keep, (i) => routes.prefix[i]!),
    depth: Uint8Array.from(keep, (i) => routes.depth[i]!),
    nextHop: Uint32Array.from(keep, (i) => routes.nextHop[i]!),
  };
}
