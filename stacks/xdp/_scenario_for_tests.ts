/** Scenarios, the machine of the XDP paper and a look at the report for the tests of this folder. */
import type { Geometry, Scenario } from "../../core/machine/device.ts";
import type { Observation } from "../../core/machine/observation.ts";
import { Testbed } from "../../core/machine/testbed.ts";
import { writeUdpFrame } from "../../core/packet/mod.ts";
import type { Dataplane, Finding, ReportRow, Stack } from "../../core/stack.ts";
import { machineProfile, xdpHost } from "../../fixtures/machines/mod.ts";

/** One frame to be offered. */
export interface FramePlan {
  readonly at: number;
  readonly port?: number;
  /** Port that its destination is routed to. */
  readonly to?: number;
  readonly size?: number;
  readonly src?: number;
  readonly srcPort?: number;
  readonly dstPort?: number;
  readonly ttl?: number;
  readonly change?: (bytes: Uint8Array, at: number) => void;
}

/** Last byte of a port's MAC address is its number. */
export const OWN_MAC = 0x02_00_00_00_aa_00;
const GEOMETRY: Geometry = {
  ...{ ports: 2, lcores: 1, rxRing: 256, txRing: 256, ingress: 128, spareBuffers: 512 },
  ...{ poolCache: 32, peerSlots: 8, fidelity: "coarse", headerCredits: 64, dataCredits: 1024 },
  mps: 256,
};

/** 10.P.0.0/16 leads to port P. */
export function scenarioOf(plan: readonly FramePlan[], geometry: Partial<Geometry> = {}): Scenario {
  const all = { ...GEOMETRY, ...geometry };
  const frames = [...plan].sort((a, b) => a.at - b.at);
  const count = frames.length;
  const length = Uint32Array.from(frames, (frame) => frame.size ?? 60);
  const offset = new Uint32Array(count);
  for (let i = 1; i < count; i++) offset[i] = offset[i - 1]! + length[i - 1]!;
  const bytes = new Uint8Array(length.reduce((sum, n) => sum + n, 0));
  frames.forEach((frame, i) => {
    const { port = 0, to = 1, ttl = 64, src = 0xc0a80001, srcPort = 1000, dstPort, change } = frame;
    const at = offset[i]!;
    writeUdpFrame(bytes, at, {
      ...{ dstMac: OWN_MAC + port, srcMac: 0x02_00_00_00_bb_00, src, srcPort, ttl },
      dst: (0x0a000005 | (to << 16)) >>> 0,
      dstPort: dstPort ?? 2000 + (i & 1023),
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
      port: Uint8Array.from(frames, ({ port = 0 }) => port),
      at: Float64Array.from(frames, ({ at }) => at),
      offset,
      length,
      bytes,
    },
    deviations: [],
  };
}

/** `count` frames on port 0, `gapPs` apart, from 20 us on. */
export function steady(
  count: number,
  gapPs: number,
  more: Omit<FramePlan, "at"> = {},
): FramePlan[] {
  return Array.from({ length: count }, (_, i) => ({
    ...more,
    at: 20_000_000 + Math.round(i * gapPs),
    srcPort: 1000 + (i & 63),
  }));
}

/** What a run has shown. */
export interface Run {
  readonly o: Observation;
  readonly report: readonly ReportRow[];
  /** Invariants that were broken. */
  readonly broken: readonly Finding[];
  readonly plane: Dataplane;
}

/** Runs frames through a stack on the XDP paper's machine. */
export function run(
  stack: Stack,
  plan: readonly FramePlan[],
  geometry: Partial<Geometry> = {},
  patiencePs = 2e9,
): Run {
  let plane: Dataplane | null = null;
  const seen: Stack = Object.assign(
    (env: Parameters<Stack>[0]) => plane = stack(env),
    { policy: stack.policy!, invariants: stack.invariants! },
  );
  const device = new Testbed(seen, machineProfile(xdpHost), { patiencePs });
  const o = device.run(scenarioOf(plan, geometry));
  const broken = plane!.audit!().filter((finding) => finding.broken !== null);
  return { o, report: device.report(), broken, plane: plane! };
}

/** Sum of all rows of a report whose name matches. */
export function counter(report: readonly ReportRow[], name: RegExp): number {
  const rows = report.filter((row) => name.test(row.name));
  if (rows.length === 0) throw new RangeError(`Cannot read counter ${name}: no row has that name`);
  return rows.reduce((sum, row) => sum + row.value, 0);
}

/** Bytes of the frame that left as number `i`. */
export function outFrame(o: Observation, i: number): Uint8Array {
  const at = o.outOffset[i]!;
  return o.outBytes.slice(at, at + o.outLength[i]!);
}
