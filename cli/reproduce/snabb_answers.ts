/** The model's answers to the rows of Snabb. */
import {
  type MachineProfile,
  type Observation,
  type Scenario,
  SCENARIO_MAXIMA,
  Testbed,
} from "../../core/mod.ts";
import { CLAIMS, machineProfile, SOFTWARE, x520Host } from "../../fixtures/mod.ts";
import { snabb, SNABB_APPS, type SnabbModules, type SnabbOptions } from "../../stacks/mod.ts";
import { type CoreSetup, processedMpps } from "./one_core.ts";
import { routesTo } from "./traffic.ts";

/** The model's number, and more in a few words. */
interface Answer {
  readonly value: number;
  readonly detail: string;
}

/** Clock of the document's arithmetic, in MHz. */
const TUNING_MHZ = 2000;
/** How much more than a system takes is offered by `processedMpps`; no more than the line carries. */
const OVERLOAD = 1.3;
const LINE_MPPS = 14.88;
/** Until when and from when on a generator is watched, in ps. */
const FROM = 400e6;
const UNTIL = 900e6;

function profileAt(mhz: number): MachineProfile {
  const profile = machineProfile(x520Host);
  return { ...profile, cpuMhz: mhz, costs: { ...profile.costs, mhz } };
}

/** The NICs of two ports, joined without anything between. */
function crossover({ config, engine, env }: SnabbModules): void {
  const c = config.new();
  for (const { port } of env.hardware.nics) {
    config.app(c, `nic${port}`, SNABB_APPS.Intel, { pciaddr: `0000:0${port}:00.0` });
    config.link(c, `nic${port}.output -> nic${1 - port}.input`);
  }
  engine.configure(c);
}

/** A run in which nothing is offered but one frame at its end. */
function generated(options: SnabbOptions): { o: Observation; testbed: Testbed } {
  const { routes, neighbours } = routesTo(2);
  const scenario: Scenario = {
    geometry: {
      ...{ ports: 2, lcores: 1, rxRing: 64, txRing: 2048, ingress: 64, spareBuffers: 64 },
      ...{ poolCache: 0, peerSlots: 8, fidelity: "coarse" },
      ...{ headerCredits: 64, dataCredits: 1024, mps: 256 },
    },
    routes,
    neighbours,
    traffic: {
      count: 1,
      port: Uint8Array.of(0),
      at: Float64Array.of(UNTIL),
      offset: Uint32Array.of(0),
      length: Uint32Array.of(60),
      bytes: new Uint8Array(60),
    },
    deviations: [],
  };
  const testbed = new Testbed(snabb(options), machineProfile(x520Host), {
    maxima: { ...SCENARIO_MAXIMA, buffers: 10_000 },
    patiencePs: 1e6,
  });
  return { o: testbed.run(scenario), testbed };
}

function rateLimiter(): Answer {
  const design = ({ config, engine }: SnabbModules): void => {
    const c = config.new();
    config.app(c, "source", SNABB_APPS.Source!, { size: 60 });
    config.app(c, "limit", SNABB_APPS.RateLimiter!, { rate: 1e12, bucket_capacity: 1e9 });
    config.app(c, "sink", SNABB_APPS.Sink!);
    config.link(c, "source.output -> limit.input");
    config.link(c, "limit.output -> sink.input");
    engine.configure(c);
  };
  const { testbed, o } = generated({ design });
  const spec = "0/links/limit.output -> sink.input/txpackets";
  const packets = testbed.report().find(({ name }) => name === spec)!.value;
  return { value: packets / (o.endPs * 1e-6), detail: `${packets} packets` };
}

function loadGen(): Answer {
  const design = ({ config, engine }: SnabbModules): void => {
    const c = config.new();
    config.app(c, "source", SNABB_APPS.Source!, { size: 60 });
    config.app(c, "gen", SNABB_APPS.LoadGen!, { pciaddr: "0000:01:00.0" });
    config.link(c, "source.output -> gen.input");
    engine.configure(c);
  };
  const { o } = generated({ design, maxPackets: 8400 });
  let frames = 0;
  for (let i = 0; i < o.outCount; i++) {
    if (o.outPort[i] === 1 && o.outStart[i]! >= FROM && o.outStart[i]! < UNTIL) frames++;
  }
  return { value: frames / ((UNTIL - FROM) * 1e-6), detail: `${frames} frames` };
}

const claimed = (id: string): number => CLAIMS.find((claim) => claim.id === id)!.value;

/** How each of these rows is answered. */
export const SNABB_ANSWERS: Readonly<Record<string, () => Answer>> = {
  N01: () => {
    const { rxPacket, appPacket, txPacket } = SOFTWARE.snabb!;
    return { value: rxPacket!.value + appPacket!.value + txPacket!.value, detail: "" };
  },
  N02: () => {
    const setup: CoreSetup = {
      host: x520Host,
      machine: profileAt(TUNING_MHZ),
      stack: () => snabb(),
    };
    const mpps = processedMpps(setup, claimed("N02"));
    return { value: mpps, detail: `${Math.round(TUNING_MHZ / mpps)} cycles a packet` };
  },
  N03: () => {
    const setup: CoreSetup = { host: x520Host, stack: () => snabb({ design: crossover }) };
    const mpps = processedMpps(setup, LINE_MPPS / OVERLOAD);
    const { value } = x520Host.cpu.clockMhz;
    return { value: mpps, detail: `${Math.round(value / mpps)} cycles a packet, or the line` };
  },
  N04: rateLimiter,
  N05: loadGen,
};
