/** A stack on the simulated host between the ports of a tester, as a device of RFC 2544. */
import {
  type Fidelity,
  type Geometry,
  maximaFor,
  type Neighbours,
  type Observation,
  type RouteSet,
  type Scenario,
  Testbed,
  type Traffic,
} from "../../core/mod.ts";
import {
  flatten,
  generateTraffic,
  type HostProfile,
  machineProfile,
  type PatternName,
  PATTERNS,
  WIRE_OVERHEAD_BYTES,
} from "../../fixtures/mod.ts";
import { geometryOf } from "../geometry.ts";
import { quantile } from "../measure.ts";
import type { StackEntry } from "../stacks.ts";
import { SharedTables } from "../tables.ts";
import { UserError } from "../user_error.ts";
import type { Device, Latency, Load, Outcome } from "./device.ts";

/** Different frames into each port, offered in turn: a multiple of the outputs of every pattern. */
const FRAMES_DIFFERENT = 1536;

/** What a rig is built from. */
export interface RigOptions {
  readonly entry: StackEntry;
  readonly host: HostProfile;
  readonly fidelity: Fidelity;
  readonly lcores: number;
  readonly pattern: PatternName;
  /** Flows of each input port to each of its outputs. */
  readonly flows: number;
  readonly seed: number;
  readonly routes: RouteSet;
  readonly neighbours: Neighbours;
}

/** A machine with a stack, for frames of any size. */
export class Rig {
  readonly #options: RigOptions;
  readonly #geometry: Geometry;
  readonly #testbed: Testbed;
  /** Rate of each port in Gb/s. */
  readonly linkGbps: number;

  /**
   * Builds the machine and fills the table.
   * @throws {UserError} when the routes need more memory than the model is given
   */
  constructor(options: RigOptions) {
    const { entry, host, fidelity, lcores, routes } = options;
    const { nic } = flatten(host);
    this.#options = options;
    this.linkGbps = nic.portGbps;
    this.#geometry = geometryOf(entry, host, { lcores, fidelity });
    const stack = entry.create();
    const profile = machineProfile(host);
    this.#testbed = new Testbed(stack, profile, {
      fib: new SharedTables(routes).table(stack.policy?.defaultRoute ?? true),
      maxima: maximaFor(this.#geometry, profile),
    });
  }

  /** What the stack calls itself; known once it has run. */
  get title(): string {
    return this.#testbed.name;
  }

  /**
   * The device, for frames of a size (bytes on the wire with FCS).
   * @throws {UserError} when no route leads to a port of the pattern
   */
  device(size: number): Device {
    const { linkGbps } = this;
    const { pattern, flows, seed, routes, neighbours } = this.#options;
    const ports = PATTERNS[pattern].inputs.map(({ port }) => port);
    const count = FRAMES_DIFFERENT * ports.length;
    const wanted = { routes, neighbours, pattern, size, flows, seed, linkGbps };
    let different: Traffic;
    try {
      different = generateTraffic({ ...wanted, rateGbps: linkGbps, count });
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      throw new UserError(
        `--routes: expected routes to the ports of pattern ${pattern}, got none: ${error.message}`,
      );
    }
    const lineGapPs = Math.ceil(((size + WIRE_OVERHEAD_BYTES) * 8000) / linkGbps);
    return new OnTestbed(this.#testbed, {
      geometry: this.#geometry,
      routes,
      neighbours,
      traffic: different,
      deviations: [],
    }, { lineGapPs, inputs: ports.length });
  }
}

class OnTestbed implements Device {
  readonly lineGapPs: number;
  readonly inputs: number;
  readonly buffers: number;
  readonly #testbed: Testbed;
  readonly #scenario: Scenario;
  /** As many frames as the longest load so far had. */
  #frames: Traffic;

  constructor(
    testbed: Testbed,
    scenario: Scenario,
    { lineGapPs, inputs }: { lineGapPs: number; inputs: number },
  ) {
    this.#testbed = testbed;
    this.#scenario = scenario;
    this.#frames = scenario.traffic;
    this.lineGapPs = lineGapPs;
    this.inputs = inputs;
    const { lcores, rxRing, ingress, peerSlots } = scenario.geometry;
    this.buffers = lcores * rxRing + ingress + peerSlots;
  }

  trial(load: Load): Outcome {
    const traffic = this.#trafficOf(load);
    const first = traffic.at[0]!;
    const { lossesMax = Infinity } = load;
    let losses = 0;
    let lastLossPs: number | null = null;
    const onDrop = (at: number): boolean => {
      lastLossPs = at - first;
      return ++losses > lossesMax;
    };
    const periodPs = traffic.at[traffic.count - 1]! - first;
    const o = this.#testbed.stream({ ...this.#scenario, traffic }, { times: 1, periodPs, onDrop });
    const cut = losses > lossesMax;
    // what a stack frees without a word is lost too, and nobody knows when
    const lost = cut ? losses : o.offered - o.emitted;
    return { offered: o.offered, lost, cut, lastLossPs };
  }

  latency(load: Load): Latency | null {
    const traffic = this.#trafficOf(load);
    return latencyOf(traffic, this.#testbed.run({ ...this.#scenario, traffic }));
  }

  /** The different frames over and over, all ports at once, at the times of a load. */
  #trafficOf({ gapPs, frames, then }: Load): Traffic {
    const { inputs } = this;
    const count = (frames + (then?.frames ?? 0)) * inputs;
    if (this.#frames.count < count) this.#frames = repeated(this.#scenario.traffic, count);
    const { port, offset, length, at, bytes } = this.#frames;
    let time = this.lineGapPs;
    for (let i = 0; i < count; i += inputs) {
      at.fill(time, i, i + inputs);
      // the gap behind a frame is that of the frame that follows it
      time += i + inputs < frames * inputs ? gapPs : then?.gapPs ?? 0;
    }
    return { count, port, at, offset, length, bytes };
  }
}

/** Latencies of the second half of the frames, from the last bit in to the first bit out; null when none came out. */
export function latencyOf(
  { count, at }: Traffic,
  o: Pick<Observation, "outCount" | "outPacket" | "outStart">,
): Latency | null {
  const ns = new Float64Array(o.outCount);
  let n = 0;
  for (let i = 0; i < o.outCount; i++) {
    const p = o.outPacket[i]!;
    if (p >= count / 2) ns[n++] = (o.outStart[i]! - at[p]!) / 1000;
  }
  if (n === 0) return null;
  const sorted = ns.subarray(0, n).sort();
  return {
    frames: n,
    min: sorted[0]!,
    mean: sorted.reduce((sum, one) => sum + one, 0) / n,
    p50: quantile(sorted, 0.5),
    p99: quantile(sorted, 0.99),
    max: sorted[n - 1]!,
  };
}

function repeated({ count: n, port, offset, length, bytes }: Traffic, count: number): Traffic {
  const each = { length: count };
  return {
    count,
    port: Uint8Array.from(each, (_, i) => port[i % n]!),
    at: new Float64Array(count),
    offset: Uint32Array.from(each, (_, i) => offset[i % n]!),
    length: Uint32Array.from(each, (_, i) => length[i % n]!),
    bytes,
  };
}
