/**
 * What a scenario must be before a machine runs it. Everything else that a stack or a judge finds later is
 * then the stack's doing.
 */
import type { Maxima } from "../nic/nic.ts";
import type { Geometry, Scenario } from "./device.ts";
import type { Repeat, Traffic } from "./scenario.ts";

/** Latest arrival of a scenario: 100 s. Virtual time is cheap, but not free: timers go on in it. */
export const ARRIVAL_MAX_PS = 1e14;

/** A scenario is not one that the machine can run: whoever made the scenario is at fault, not the stack. */
export class ScenarioError extends RangeError {
  /** Always `"ScenarioError"`. */
  override readonly name: string = "ScenarioError";

  /** Says what is wrong, and what was expected. */
  constructor(what: string) {
    super(`Cannot run a scenario: ${what}`);
  }
}

/** @throws {ScenarioError} when a size, a port or a time of the scenario is not one that the machine has */
export function checkScenario(scenario: Scenario, most: Maxima): void {
  checkGeometry(scenario.geometry, most);
  const { traffic, neighbours, geometry: { ports } } = scenario;
  for (let i = 0; i < traffic.count; i++) {
    const port = traffic.port[i]!;
    if (!(port < ports)) throw outside(`frame ${i} arrives on port ${port}`, ports);
    const at = traffic.at[i]!;
    if (!(Number.isInteger(at) && at >= (i === 0 ? 0 : traffic.at[i - 1]!))) {
      throw new ScenarioError(
        `frame ${i} arrives at ${at} ps, expected a whole time not before ` +
          `the frame that comes first`,
      );
    }
    if (at > ARRIVAL_MAX_PS) {
      throw new ScenarioError(
        `frame ${i} arrives at ${at} ps, expected all within ${ARRIVAL_MAX_PS} ps`,
      );
    }
  }
  for (let hop = 0; hop < neighbours.count; hop++) {
    const port = neighbours.port[hop]!;
    if (!(port < ports)) throw outside(`next hop ${hop} lies on port ${port}`, ports);
  }
}

/** When the last frame of all arrives; 0 when there is none. */
export function lastArrival(traffic: Traffic, { times, periodPs }: Repeat): number {
  return traffic.count === 0 ? 0 : traffic.at[traffic.count - 1]! + (times - 1) * periodPs;
}

/** @throws {ScenarioError} when traffic cannot be repeated so */
export function checkRepeat(traffic: Traffic, repeat: Repeat): void {
  const { times, periodPs } = repeat;
  if (!(Number.isInteger(times) && times >= 1)) {
    throw new ScenarioError(
      `its frames are offered ${times} times, expected a whole number from 1`,
    );
  }
  const { count, at } = traffic;
  const least = count === 0 ? 0 : at[count - 1]! - at[0]!;
  if (!(Number.isInteger(periodPs) && periodPs >= least)) {
    throw new ScenarioError(
      `its frames are repeated every ${periodPs} ps, expected whole ones that last from the first ` +
        `frame to the last: at least ${least}`,
    );
  }
  const last = lastArrival(traffic, repeat);
  if (last > ARRIVAL_MAX_PS) {
    throw new ScenarioError(
      `the last repeated frame arrives at ${last} ps, expected all within ${ARRIVAL_MAX_PS} ps`,
    );
  }
}

function checkGeometry(geometry: Geometry, most: Maxima): void {
  const limits: { readonly [size in keyof Geometry]?: readonly [number, number] } = {
    ports: [1, most.ports],
    lcores: [1, most.lcores],
    rxRing: [2, most.ring],
    txRing: [2, most.ring],
    ingress: [1, most.ingress],
    spareBuffers: [0, most.buffers],
    poolCache: [0, 512],
    peerSlots: [1, most.ring],
    headerCredits: [1, 127],
    dataCredits: [1, 2047],
    mps: [128, 4096],
  };
  for (const [size, [least, limit]] of Object.entries(limits)) {
    const value = geometry[size as keyof Geometry];
    if (Number.isInteger(value) && (value as number) >= least && (value as number) <= limit) {
      continue;
    }
    throw new ScenarioError(
      `${size} is ${value}, and the machine was built for ${least}..${limit}`,
    );
  }
  for (const size of ["rxRing", "txRing", "mps"] as const) {
    const value = geometry[size];
    if ((value & (value - 1)) === 0) continue;
    throw new ScenarioError(`${size} is ${value}, expected a power of two`);
  }
  // a receiver that cannot take one whole payload never lets it start (a credit stands for 16 bytes)
  if (geometry.dataCredits * 16 < geometry.mps) {
    throw new ScenarioError(
      `dataCredits is ${geometry.dataCredits}, expected at least ${geometry.mps / 16}: one payload`,
    );
  }
  if (!["coarse", "tlp", "link"].includes(geometry.fidelity)) {
    throw new ScenarioError(`fidelity is ${geometry.fidelity}, expected coarse, tlp or link`);
  }
}

function outside(what: string, ports: number): ScenarioError {
  return new ScenarioError(`${what}, and it has ports 0..${ports - 1}`);
}
