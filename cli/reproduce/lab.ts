/**
 * The measurements of the paper's evaluation on the model, each made once.
 *
 * Steady state. A run is offered frames for some time; of what leaves, only what leaves between the end of the
 * warm-up and the last arrival counts. The two halves of that window have to agree within {@link STEADY}; until
 * they do the run is made again with twice the time, {@link TRIES} times at most, and the difference is kept.
 *
 * Latency. The background's own packets are the probes, from the last bit in to the last bit out, as the tester's
 * time stamps have it. The paper samples 1,000 a second for 30 s, here as many follow each other: a random
 * sample of a stream has its distribution.
 */
import {
  type Clock,
  createFib4,
  type Fib4,
  type Fidelity,
  type Geometry,
  maximaFor,
  type Observation,
  Testbed,
} from "../../core/mod.ts";
import {
  type GeneratedTraffic,
  type HostProfile,
  paperHost,
  type Pattern,
  type PatternName,
} from "../../fixtures/mod.ts";
import { quantile } from "../measure.ts";
import { type System, type SystemName, systemOf } from "./systems.ts";
import { type Background, LINK_GBPS, type Load, routesTo, trafficOf } from "./traffic.ts";

/** How far the halves of a window may differ, as a share. */
export const STEADY = 0.005;
const TRIES = 4;
/** Share of the time that is warm-up. */
const WARM_UP = 0.4;
/** Packets whose latency is taken (the paper: around 30,000 samples). */
const SAMPLES = 30_000;
/** And of those before them, as a share, that are not. */
const BEFORE_SAMPLES = 0.1;

/** Throughput in the steady state. */
export interface Throughput {
  readonly mpps: number;
  /** Busy share of each lcore. */
  readonly cpu: readonly number[];
  /** How far the halves of the window differ, as a share. */
  readonly spread: number;
}

/** A system on its machine, run again and again. */
export class Bench {
  readonly #testbed: Testbed;
  readonly #geometry: Geometry;
  readonly #ports: ReturnType<typeof routesTo>;

  /** Builds the machine; the stack is booted by each run. */
  constructor(system: System, fidelity: Fidelity = "coarse") {
    const { ports, lcores, rings, ingress, peerSlots, mps } = system;
    this.#geometry = {
      ports,
      lcores,
      rxRing: rings,
      txRing: rings,
      ingress,
      spareBuffers: 64,
      poolCache: 256,
      peerSlots,
      fidelity,
      headerCredits: 64,
      dataCredits: 1024,
      mps,
    };
    this.#ports = routesTo(ports);
    this.#testbed = new Testbed(system.stack(), system.machine, {
      fib: tableOf(this.#ports.routes),
      maxima: maximaFor(this.#geometry, system.machine),
    });
  }

  /** Runs the traffic. The answer is overwritten by the next run. */
  run(traffic: GeneratedTraffic): Observation {
    const scenario = { geometry: this.#geometry, ...this.#ports, traffic, deviations: [] };
    return this.#testbed.run(scenario);
  }

  /** Ports of the machine. */
  get ports(): number {
    return this.#geometry.ports;
  }

  /** The machine's clock: for what runs beside the stack. */
  get clock(): Clock {
    return this.#testbed.machine.clock;
  }

  /** What the stack calls itself; known once it has run. */
  get name(): string {
    return this.#testbed.name;
  }
}

function tableOf(routes: ReturnType<typeof routesTo>["routes"]): Fib4 {
  const fib = createFib4("dir24-8", { firstBits: 8, groups: 1, maxRules: routes.count });
  for (let i = 0; i < routes.count; i++) {
    fib.add(routes.prefix[i]!, routes.depth[i]!, routes.nextHop[i]!);
  }
  return fib;
}

/** What a lab is set up with. */
export interface LabOptions {
  readonly host?: HostProfile;
  readonly fidelity?: Fidelity;
  readonly background?: Background;
  /** Told of each measurement before it is made. */
  readonly onMeasure?: (what: string) => void;
}

/** A place to measure in; what was measured once is remembered. */
export class Lab {
  readonly host: HostProfile;
  readonly fidelity: Fidelity;
  readonly background: Background;
  readonly #onMeasure: (what: string) => void;
  readonly #benches = new Map<SystemName, Bench | null>();
  readonly #throughputs = new Map<string, Throughput>();
  readonly #latencies = new Map<string, Float64Array>();
  readonly #others = new Map<string, unknown>();

  constructor(options: LabOptions = {}) {
    this.host = options.host ?? paperHost;
    this.fidelity = options.fidelity ?? "coarse";
    this.background = options.background ?? "poisson";
    this.#onMeasure = options.onMeasure ?? (() => {});
  }

  /** Whether a system can be measured: stacks of the project may not have it yet. */
  has(name: SystemName): boolean {
    return this.#bench(name) !== null;
  }

  /**
   * What a system forwards of a saturating load: every input port at line rate.
   * @throws {RangeError} when the project has no such system yet
   */
  throughput(name: SystemName, pattern: PatternName, size: number): Throughput {
    const key = `${name} ${pattern} ${size}`;
    const known = this.#throughputs.get(key);
    if (known !== undefined) return known;
    this.#onMeasure(`${name}, ${pattern}, ${size} B`);
    const load = loadOf(pattern, size, LINK_GBPS, "cbr");
    const found = saturate(
      (traffic) => this.#need(name).run(traffic),
      load,
      systemOf(name, this.host).ports,
    );
    this.#throughputs.set(key, found);
    return found;
  }

  /**
   * Latencies in ns, ascending, over a background of one flow of frames (1in-1out).
   * @throws {RangeError} when the project has no such system yet
   */
  latencies(name: SystemName, size: number, gbps: number): Float64Array {
    const key = `${name} ${size} ${gbps}`;
    const known = this.#latencies.get(key);
    if (known !== undefined) return known;
    this.#onMeasure(`${name}, latency, ${size} B, ${gbps} Gb/s`);
    const { constantNs, ports } = systemOf(name, this.host);
    const us = (SAMPLES * (1 + BEFORE_SAMPLES) * (size + 20) * 8) / (gbps * 1000);
    const traffic = trafficOf(loadOf("1in-1out", size, gbps, this.background), us, ports);
    const found = sampled(this.#need(name).run(traffic), traffic, constantNs);
    this.#latencies.set(key, found);
    return found;
  }

  /** The 90th percentile of these latencies, in ns. */
  p90(name: SystemName, size: number, gbps: number): number {
    return quantile(this.latencies(name, size, gbps), 0.9);
  }

  /** Anything else that takes long, made once under a name of its own. */
  once<T>(what: string, make: () => T): T {
    if (!this.#others.has(what)) {
      this.#onMeasure(what);
      this.#others.set(what, make());
    }
    return this.#others.get(what) as T;
  }

  #need(name: SystemName): Bench {
    const bench = this.#bench(name);
    if (bench === null) {
      throw new RangeError(`Cannot measure ${name}: no stack of the project is it`);
    }
    return bench;
  }

  #bench(name: SystemName): Bench | null {
    let bench = this.#benches.get(name);
    if (bench === undefined) {
      bench = benchOf(systemOf(name, this.host), this.fidelity);
      this.#benches.set(name, bench);
    }
    return bench;
  }
}

/** A bench, or null when the stack refuses to boot as the system or boots as another one. */
function benchOf(system: System, fidelity: Fidelity): Bench | null {
  try {
    const bench = new Bench(system, fidelity);
    bench.run(trafficOf(loadOf("1in-1out", 64, 1, "cbr"), 1, system.ports));
    return system.isIt.test(bench.name) ? bench : null;
  } catch (error) {
    if (error instanceof RangeError && /is not built/.test(error.message)) return null;
    throw error;
  }
}

function loadOf(pattern: Load["pattern"], size: number, gbps: number, arrivals: Background): Load {
  return { pattern, size, gbps, linkGbps: LINK_GBPS, arrivals };
}

/** Measures any system with a saturating load, as {@link Lab.throughput} does. */
export function saturated(
  bench: Bench,
  pattern: Pattern,
  size: number,
  linkGbps: number = LINK_GBPS,
): Throughput {
  const load: Load = { pattern, size, gbps: linkGbps, linkGbps, arrivals: "cbr" };
  return saturate((traffic) => bench.run(traffic), load, bench.ports);
}

function saturate(
  run: (traffic: GeneratedTraffic) => Observation,
  load: Load,
  ports: number,
): Throughput {
  // about 2,000 frames in the window of each port
  let us = Math.max(200, (3500 * (load.size + 20) * 8) / (load.gbps * 1000));
  for (let tries = 1;; tries++, us *= 2) {
    const traffic = trafficOf(load, us, ports);
    const found = steady(run(traffic), traffic);
    if (found.spread <= STEADY || tries === TRIES) return found;
  }
}

function steady(o: Observation, traffic: GeneratedTraffic): Throughput {
  const end = traffic.at[traffic.count - 1]!;
  const from = traffic.at[0]! + WARM_UP * (end - traffic.at[0]!);
  const middle = (from + end) / 2;
  let first = 0, second = 0;
  for (let i = 0; i < o.outCount; i++) {
    const at = o.outEnd[i]!;
    if (at > from && at <= middle) first++;
    else if (at > middle && at <= end) second++;
  }
  return {
    mpps: ((first + second) / (end - from)) * 1e6,
    cpu: o.lcores.map(({ busyPs, totalPs }) => Math.min(1, busyPs / totalPs)),
    spread: Math.abs(first - second) / Math.max(1, (first + second) / 2),
  };
}

function sampled(o: Observation, traffic: GeneratedTraffic, constantNs: number): Float64Array {
  const first = Math.floor((traffic.count * BEFORE_SAMPLES) / (1 + BEFORE_SAMPLES));
  const ns: number[] = [];
  for (let i = 0; i < o.outCount; i++) {
    const p = o.outPacket[i]!;
    if (p >= first) ns.push((o.outEnd[i]! - traffic.at[p]!) / 1000 + constantNs);
  }
  return Float64Array.from(ns).sort();
}
