/** Scenarios, machines and a look at the report for the tests of this folder. */
import type { Geometry, Scenario } from "../../core/machine/device.ts";
import { FATE, type Observation } from "../../core/machine/observation.ts";
import type { MachineProfile } from "../../core/machine/profile.ts";
import { writeUdpFrame } from "../../core/packet/mod.ts";
import type { ReportRow } from "../../core/stack.ts";
import { machineProfile, x520Host } from "../../fixtures/mod.ts";

/** An 82599 in the Xeon of the documentation's samples: 2.5 GHz, 10 Gb/s. */
export const XEON: MachineProfile = clockedAt(machineProfile(x520Host), 2500);

/** The same machine at another clock. */
export function clockedAt(profile: MachineProfile, mhz: number): MachineProfile {
  return { ...profile, cpuMhz: mhz, costs: { ...profile.costs, mhz } };
}

/** One frame to be offered. */
export interface FramePlan {
  readonly at: number;
  readonly port: number;
  /** Port that its destination is routed to; the other one of two unless given. */
  readonly to?: number;
  readonly size?: number;
  readonly src?: number;
  readonly dst?: number;
  readonly srcPort?: number;
  readonly dstPort?: number;
  readonly change?: (bytes: Uint8Array, at: number) => void;
}

const GEOMETRY: Geometry = {
  ports: 2,
  lcores: 1,
  rxRing: 512,
  txRing: 512,
  ingress: 512,
  spareBuffers: 256,
  poolCache: 32,
  peerSlots: 8,
  fidelity: "coarse",
  headerCredits: 64,
  dataCredits: 1024,
  mps: 256,
};

/** Last byte of a port's MAC address is its number. */
export const OWN_MAC = 0x02_00_00_00_aa_00;

/** 10.P.0.0/16 leads to port P. */
export function scenarioOf(plan: readonly FramePlan[], geometry: Partial<Geometry> = {}): Scenario {
  const all = { ...GEOMETRY, ...geometry };
  const frames = [...plan].sort((a, b) => a.at - b.at);
  const count = frames.length;
  const length = Uint32Array.from(frames, (frame) => frame.size ?? 60);
  const offset = new Uint32Array(count);
  for (let i = 1; i < count; i++) offset[i] = offset[i - 1]! + length[i - 1]!;
  const bytes = new Uint8Array(length.reduce((sum, n) => sum + n, 0));
  frames.forEach(({ port, to = port ^ 1, src, dst, srcPort, dstPort, change }, i) => {
    const at = offset[i]!;
    writeUdpFrame(bytes, at, {
      dstMac: OWN_MAC + port,
      srcMac: 0x02_00_00_00_bb_00,
      src: src ?? 0xc0a80001,
      dst: dst ?? (0x0a000005 | (to << 16)) >>> 0,
      srcPort: srcPort ?? 1000,
      dstPort: dstPort ?? i & 0xffff,
      ttl: 64,
      payload: length[i]! - 42,
    });
    change?.(bytes, at);
  });
  const ports = Array.from({ length: all.ports }, (_, p) => p);
  return {
    geometry: all,
    routes: {
      count: all.ports,
      prefix: Uint32Array.from(ports, (p) => (0x0a000000 | (p << 16)) >>> 0),
      depth: new Uint8Array(all.ports).fill(16),
      nextHop: Uint32Array.from(ports),
    },
    neighbours: {
      count: all.ports,
      port: Uint8Array.from(ports),
      mac: Uint8Array.from(ports.flatMap((p) => [2, 0, 0, 0, 0xcc, p])),
      portMac: Uint8Array.from(ports.flatMap((p) => [2, 0, 0, 0, 0xaa, p])),
    },
    traffic: {
      count,
      port: Uint8Array.from(frames, (frame) => frame.port),
      at: Float64Array.from(frames, (frame) => frame.at),
      offset,
      length,
      bytes,
    },
    deviations: [],
  };
}

/** `count` frames on port 0, `gapPs` apart, from 20 us on; what `fields` says of frame i. */
export function steady(
  count: number,
  gapPs: number,
  fields: (i: number) => Partial<FramePlan> = () => ({}),
): FramePlan[] {
  return Array.from({ length: count }, (_, i) => ({
    at: 20_000_000 + Math.round(i * gapPs),
    port: 0,
    srcPort: 1000 + (i & 63),
    ...fields(i),
  }));
}

/** Sum of all rows of a report whose name matches. */
export function counter(report: readonly ReportRow[], name: RegExp): number {
  const rows = report.filter((row) => name.test(row.name));
  if (rows.length === 0) throw new RangeError(`Cannot read counter ${name}: no row has that name`);
  return rows.reduce((sum, row) => sum + row.value, 0);
}

/** Values of all rows whose name matches, in order. */
export function counters(report: readonly ReportRow[], name: RegExp): number[] {
  return report.filter((row) => name.test(row.name)).map(({ value }) => value);
}

/** Packets that met a fate. */
export function fates(o: Observation, fate: keyof typeof FATE): number {
  return o.fate.subarray(0, o.count).filter((one) => one === FATE[fate]).length;
}

/** Packets per second that left between two instants. */
export function ratePps(o: Observation, fromPs: number, toPs: number): number {
  let frames = 0;
  for (let i = 0; i < o.outCount; i++) {
    if (o.outEnd[i]! >= fromPs && o.outEnd[i]! < toPs) frames++;
  }
  return frames / ((toPs - fromPs) * 1e-12);
}

/** What the audit of a run says is broken. */
export function brokenIn(o: Observation): string[] {
  return o.findings.flatMap(({ id, broken }) => broken === null ? [] : [`${id}: ${broken}`]);
}
