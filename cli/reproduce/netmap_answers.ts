/** The model's answers to the rows about netmap: pkt-gen on the port that a row is about. */
import { type Geometry, type MachineProfile, SCENARIO_MAXIMA, Testbed } from "../../core/mod.ts";
import { machineProfile, x520Host } from "../../fixtures/mod.ts";
import { pktGen, type PktGenOptions } from "../../stacks/mod.ts";
import type { Lab } from "./lab.ts";
import type { SystemAnswer } from "./system_answers.ts";

const GEOMETRY: Geometry = {
  ...{ ports: 1, lcores: 1, rxRing: 2048, txRing: 2048, ingress: 512, spareBuffers: 0 },
  ...{ poolCache: 0, peerSlots: 8, fidelity: "coarse" as const },
  ...{ headerCredits: 64, dataCredits: 1024, mps: 256 },
};
/** Rings of a NIC that nobody uses. */
const IDLE_NIC = { rxRing: 8, txRing: 8, lcores: 4 };
/** Clock of the machines on which the software ports were measured. */
const SOFTWARE_MHZ = 3400;
/** Picoseconds of a frame of 64 bytes at 10 Gb/s. */
const WIRE_PS = 67_200;

/** Packets a microsecond between the first batch and the last, of the receiver if there is one. */
export function pktGenMpps(
  options: PktGenOptions,
  mhz: number,
  geometry: Partial<Geometry> = {},
  arrivals = 0,
): number {
  const profile = machineProfile(x520Host);
  const machine: MachineProfile = { ...profile, cpuMhz: mhz, costs: { ...profile.costs, mhz } };
  const maxima = { ...SCENARIO_MAXIMA, buffers: 16_000 };
  const testbed = new Testbed(pktGen(options), machine, { maxima });
  const bytes = new Uint8Array(60).fill(1);
  const o = testbed.run({
    geometry: { ...GEOMETRY, ...geometry },
    routes: {
      count: 0,
      prefix: new Uint32Array(),
      depth: new Uint8Array(),
      nextHop: new Uint32Array(),
    },
    neighbours: {
      count: 0,
      port: new Uint8Array(),
      mac: new Uint8Array(),
      portMac: new Uint8Array(6),
    },
    traffic: {
      count: arrivals,
      port: new Uint8Array(arrivals),
      at: Float64Array.from({ length: arrivals }, (_, i) => 1e6 + i * WIRE_PS),
      offset: new Uint32Array(arrivals),
      length: new Uint32Array(arrivals).fill(60),
      bytes,
    },
    deviations: [],
  });
  if (o.outCount > 0) {
    const from = o.outCount >> 2;
    return (o.outCount - 1 - from) / ((o.outStart[o.outCount - 1]! - o.outStart[from]!) / 1e6);
  }
  const of = options.rx === undefined ? "tx" : "rx";
  const row = (name: string) =>
    testbed.report().find((one) => one.name === `pkt-gen ${of}: ${name}`)!.value;
  return row("pkts") / row("usec");
}

function answer(mpps: number, mhz: number): SystemAnswer {
  return { value: mpps, detail: `${(mhz / mpps).toFixed(1)} cycles a packet` };
}

function software(options: PktGenOptions): SystemAnswer {
  return answer(pktGenMpps({ count: 40_000, ...options }, SOFTWARE_MHZ, IDLE_NIC), SOFTWARE_MHZ);
}

/** How each of these rows is answered. */
export const NETMAP_ANSWERS: Readonly<Record<string, (lab: Lab) => SystemAnswer>> = {
  M01: () => answer(pktGenMpps({ tx: "netmap:eth0", batch: 64 }, 900), 900),
  M02: () => answer(pktGenMpps({ rx: "netmap:eth0" }, 900, {}, 10_000), 900),
  M03: () => software({ tx: "vale0:a", rx: "vale0:b" }),
  M04: () => {
    const { value, detail } = software({ tx: "vale0:a", rx: "vale0:b", length: 1514, count: 5000 });
    return { value: (value * 1514 * 8) / 1000, detail };
  },
  M05: () => software({ tx: "netmap:p{1", rx: "netmap:p}1" }),
  M06: () => software({ tx: "vale0:a", rx: "vale0:b", guest: "ptnet" }),
  M07: () => software({ tx: "vale0:a", rx: "vale0:b", guest: "virtio", count: 6000 }),
};
