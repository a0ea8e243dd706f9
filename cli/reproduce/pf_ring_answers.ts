/** The model's answers to the rows about PF_RING: one core at 2.5 GHz with a port of an 82599. */
import { type MachineProfile, maximaFor, Testbed } from "../../core/mod.ts";
import { CLAIMS, machineProfile, x520Host } from "../../fixtures/mod.ts";
import { pfRing, pfRingZc, type PfRingZcOptions } from "../../stacks/mod.ts";
import { processedMpps } from "./one_core.ts";
import type { SystemAnswer } from "./system_answers.ts";
import { routesTo } from "./traffic.ts";

/** The Xeon of README and survey. */
const MHZ = 2500;
/** Offered a third more, this is what a line of 10 Gb/s carries. */
const LINE_MPPS = 11.44;
/** Frames that each pfsend sends, of which the second half is counted. */
const SENT = 4000;

function xeon(): MachineProfile {
  const machine = machineProfile(x520Host);
  return { ...machine, cpuMhz: MHZ, costs: { ...machine.costs, mhz: MHZ } };
}

function answer(mpps: number): SystemAnswer {
  return { value: mpps, detail: `${Math.round(MHZ / mpps)} cycles a packet` };
}

function zc(options: PfRingZcOptions, expected: number, linkGbps = 10): number {
  const stack = () => pfRingZc(options);
  return processedMpps({ host: x520Host, machine: xeon(), rings: 4096, linkGbps, stack }, expected);
}

/** Two processes on one core, each of which sends on a port of its own. */
function pfsend(): SystemAnswer {
  const geometry = {
    ...{ ports: 2, lcores: 1, rxRing: 512, txRing: 512, ingress: 512, spareBuffers: 4000 },
    ...{ poolCache: 256, peerSlots: 64, fidelity: "coarse" as const },
    ...{ headerCredits: 64, dataCredits: 1024, mps: 256 },
  };
  const machine = xeon();
  const stack = pfRing({ applications: [{ application: "pfsend", frames: SENT }] });
  const testbed = new Testbed(stack, machine, { maxima: maximaFor(geometry, machine) });
  // one frame, long after the last was sent, so that the run does not end before
  const bytes = new Uint8Array(60);
  const traffic = {
    ...{ count: 1, port: Uint8Array.of(1), at: Float64Array.of(9e9), bytes },
    ...{ offset: Uint32Array.of(0), length: Uint32Array.of(60) },
  };
  const { outEnd } = testbed.run({ geometry, ...routesTo(2), traffic, deviations: [] });
  return answer(SENT / ((outEnd[2 * SENT - 1]! - outEnd[SENT - 1]!) / 1e6));
}

/** ZC over vanilla, both receiving and counting. */
function ratio(): SystemAnswer {
  const vanilla = processedMpps({
    host: x520Host,
    machine: xeon(),
    stack: () => pfRing({ applications: [{ application: "pfcount", direction: "rx" }] }),
  }, 2);
  const byZc = zc({ application: "zcount" }, LINE_MPPS);
  return {
    value: byZc >= 5 * vanilla ? 1 : 0,
    detail: `${byZc.toFixed(2)} / ${vanilla.toFixed(2)} Mpps`,
  };
}

const claimed = (id: string): number => CLAIMS.find((claim) => claim.id === id)!.value;

/** How each of these rows is answered. */
export const PF_RING_ANSWERS: Readonly<Record<string, () => SystemAnswer>> = {
  S08: () => answer(zc({ application: "zcount" }, LINE_MPPS)),
  R01: () => answer(zc({ application: "zcount" }, claimed("R01"), 40)),
  R02: () => answer(zc({ application: "zcount" }, LINE_MPPS)),
  R03: () => answer(zc({ application: "zbounce" }, LINE_MPPS)),
  R04: pfsend,
  R06: ratio,
};
