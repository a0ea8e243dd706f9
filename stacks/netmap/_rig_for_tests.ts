/** Machines with netmap on them, and applications that a test chooses, for the tests of this folder. */
import { GEOMETRY, type Offer, scenarioOf } from "../../core/machine/_scenario_for_tests.ts";
import type { Geometry, Scenario } from "../../core/machine/device.ts";
import type { Observation } from "../../core/machine/observation.ts";
import type { MachineProfile } from "../../core/machine/profile.ts";
import { SCENARIO_MAXIMA } from "../../core/machine/sizes.ts";
import { Testbed } from "../../core/machine/testbed.ts";
import { writeUdpFrame } from "../../core/packet/mod.ts";
import type { Env, Stack } from "../../core/stack.ts";
import { machineProfile, x520Host } from "../../fixtures/mod.ts";
import { NetmapHost } from "./host.ts";
import { type NetmapOptions, settingsOf } from "./options.ts";

/** A port of 10 Gb/s on an 82599; the clock as a test wants it. */
export function x520At(mhz: number): MachineProfile {
  const profile = machineProfile(x520Host);
  return { ...profile, cpuMhz: mhz, costs: { ...profile.costs, mhz } };
}

/** What a test has after a run. */
export interface Rig {
  readonly o: Observation;
  readonly host: NetmapHost;
  readonly testbed: Testbed;
}

/** How a machine is set up. */
export interface RigOptions {
  readonly profile?: MachineProfile;
  readonly settings?: NetmapOptions;
  readonly geometry?: Partial<Geometry>;
  readonly offers?: readonly Offer[];
  /** Buffers of the machine. */
  readonly buffers?: number;
}

/** Runs applications that `boot` starts; NICs are up when it returns. */
export function rig(options: RigOptions, boot: (host: NetmapHost, env: Env) => void): Rig {
  const { profile = x520At(3400), settings = {}, geometry = {}, offers = [] } = options;
  const { buffers = 24_000 } = options;
  let host: NetmapHost | null = null;
  const stack: Stack = (env) => {
    const made = new NetmapHost(env, settingsOf(settings));
    host = made;
    boot(made, env);
    const idle = Array.from(
      { length: env.lcores },
      (_, lcore) => env.spawn(lcore, "softirq", () => 0),
    );
    made.up(idle);
    return { name: "rig", interrupt: (cpu, vector) => made.interrupt(cpu, vector) };
  };
  const maxima = { ...SCENARIO_MAXIMA, buffers };
  const testbed = new Testbed(stack, profile, { maxima });
  const o = testbed.run(scenarioOf(offers, geometry));
  return { o, host: host!, testbed };
}

/** A scenario on the geometry of these tests. */
export function scenario(offers: readonly Offer[], geometry: Partial<Geometry> = {}): Scenario {
  return scenarioOf(offers, { ...GEOMETRY, ...geometry });
}

/** A UDP frame; addresses that a switch learns are 02:..:SRC and 02:..:DST. */
export function frame(size = 60, src = 1, dst = 2): Uint8Array {
  const bytes = new Uint8Array(Math.max(size, 60));
  writeUdpFrame(bytes, 0, {
    dstMac: 0x02_00_00_00_00_00 + dst,
    srcMac: 0x02_00_00_00_00_00 + src,
    src: 0x0a000001,
    dst: 0x0a010001,
    payload: Math.max(size, 60) - 42,
  });
  return bytes.subarray(0, size);
}

/** Picoseconds of a frame on a wire of 10 Gb/s, gap, preamble and FCS included. */
export function wire10Ps(size: number): number {
  return (size + 24) * 800;
}

/** Frames a second that left between the first and the last of the run. */
export function sentPps(o: Observation, skip = 0): number {
  const n = o.outCount - 1;
  return (n - skip) / ((o.outStart[n]! - o.outStart[skip]!) * 1e-12);
}
