/** A machine as CSIT's, streams at a rate, and looks at reports, for the tests of this folder. */
import {
  type Offer,
  scenarioOf as build,
  stream,
  towards,
} from "../../core/machine/_scenario_for_tests.ts";
import type { Geometry, Scenario } from "../../core/machine/device.ts";
import type { Observation } from "../../core/machine/observation.ts";
import type { MachineProfile } from "../../core/machine/profile.ts";
import { SCENARIO_MAXIMA } from "../../core/machine/sizes.ts";
import { Testbed } from "../../core/machine/testbed.ts";
import type { ReportRow } from "../../core/stack.ts";
import { csitHost, machineProfile } from "../../fixtures/machines/mod.ts";
import { vpp } from "./mod.ts";
import type { VppOptions } from "./options.ts";

/** One core of 2.3 GHz and an X520. */
export const CSIT: MachineProfile = machineProfile(csitHost);

/** Name of a port. */
export const IF0 = "TenGigabitEthernet5/0/0";
export const IF1 = "TenGigabitEthernet5/0/1";
export const IF2 = "TenGigabitEthernet5/0/2";

/** Rings as VPP sets them, and buffers of a machine that holds them. */
export const VPP_RINGS = { rxRing: 1024, txRing: 1024, spareBuffers: 2048, poolCache: 256 };
export const VPP_BUFFERS = 16_384;
/** Smaller ones, for what does not depend on them. */
const RINGS = { rxRing: 256, txRing: 256, spareBuffers: 512, poolCache: 64 };

/** A machine with VPP on it. */
export function testbedOf(
  options: VppOptions = {},
  machine: MachineProfile = CSIT,
  buffers = 6144,
): Testbed {
  return new Testbed(vpp(options), machine, { maxima: { ...SCENARIO_MAXIMA, buffers } });
}

/** A scenario whose frames are for the ports they come in on: each port's own MAC address. */
export function scenarioOf(
  offers: readonly Offer[],
  geometry: Partial<Geometry> = {},
): Scenario {
  const own = offers.map((offer) => ({
    ...offer,
    edit: (frame: Uint8Array): void => {
      frame.set([2, 1, 3, 4, 5, offer.port]);
      offer.edit?.(frame);
    },
  }));
  return build(own, { ...RINGS, ...geometry });
}

/** `count` frames of 64 bytes on each of both ports to the other, `gapPs` apart. */
export function bothWays(count: number, gapPs: number, flows = 64): Offer[] {
  return [0, 1].flatMap((port) =>
    stream(
      count,
      gapPs,
      (i) => ({ port, dst: towards(port ^ 1, 1 + i % flows), srcPort: i % flows }),
    )
  );
}

/** Frames that left per second between two instants. */
export function ratePps(o: Observation, fromPs: number, toPs: number): number {
  let frames = 0;
  for (let i = 0; i < o.outCount; i++) {
    if (o.outEnd[i]! >= fromPs && o.outEnd[i]! < toPs) frames++;
  }
  return frames / ((toPs - fromPs) * 1e-12);
}

/** Value of a row of a report, 0 where there is none. */
export function valueOf(report: readonly ReportRow[], name: string): number {
  return report.find((row) => row.name === name)?.value ?? 0;
}

/** What `show runtime` says of a node: clocks a vector, and vectors a call. */
export function nodeOf(
  report: readonly ReportRow[],
  node: string,
  thread = 0,
): { calls: number; vectors: number; clocks: number; perCall: number } {
  const of = (counter: string): number =>
    valueOf(report, `show runtime thread ${thread} node ${node} ${counter}`);
  const [calls, vectors] = [of("calls"), of("vectors")];
  return { calls, vectors, clocks: of("clocks") / vectors, perCall: vectors / calls };
}

/** `show errors` as text by node and reason, with counts. */
export function errorsOf(report: readonly ReportRow[]): Record<string, number> {
  return Object.fromEntries(
    report.filter(({ name }) => name.startsWith("show errors "))
      .map(({ name, value }) => [name.slice("show errors ".length), value]),
  );
}
