/** Scenarios, a machine and a look at the report for the tests of this folder. */
import { TEST_PROFILE } from "../../core/machine/_profile_for_tests.ts";
import type { Geometry, Scenario } from "../../core/machine/device.ts";
import type { Observation } from "../../core/machine/observation.ts";
import type { MachineProfile } from "../../core/machine/profile.ts";
import { writeUdpFrame } from "../../core/packet/mod.ts";
import type { ReportRow } from "../../core/stack.ts";

/** The machine of the published figure: 3.6 GHz; the split of the costs as the fixtures have it. */
export const LINUX_TEST_PROFILE: MachineProfile = {
  ...TEST_PROFILE,
  name: "linux test",
  cpuMhz: 3600,
  costs: {
    ...TEST_PROFILE.costs,
    mhz: 3600,
    "linux.irq": 300,
    "linux.softirq": 150,
    "linux.ksoftirqd": 1000,
    "linux.napi.poll": 250,
    "linux.irq_enable": 100,
    "linux.rx": 180,
    "linux.skb.alloc": 160,
    "linux.netif_receive": 170,
    "linux.ip_rcv": 130,
    "linux.skb.free": 110,
    "linux.fib.base": 112,
    "linux.fib.read": 30,
    "linux.fib.read_far": 87,
    "linux.ip_forward": 190,
    "linux.neigh": 110,
    "linux.qdisc": 230,
    "linux.xmit": 300,
    "linux.doorbell": 90,
    "linux.tx_clean": 130,
    "linux.legacy.rx": 923,
    "linux.legacy.netif_receive": 250,
    "linux.legacy.ip_rcv": 172,
    "linux.legacy.skb.alloc": 1200,
    "linux.legacy.skb.free": 1100,
    "linux.legacy.copy": 1250,
  },
};

/** One frame to be offered. */
export interface FramePlan {
  readonly at: number;
  readonly port: number;
  /** Port that its destination is routed to. */
  readonly to: number;
  readonly size?: number;
  readonly srcPort?: number;
  readonly ttl?: number;
  readonly change?: (bytes: Uint8Array, at: number) => void;
}

/** Last byte of a port's MAC address is its number. */
const OWN_MAC = 0x02_00_00_00_aa_00;
const GEOMETRY: Geometry = {
  ports: 2,
  lcores: 1,
  rxRing: 512,
  txRing: 512,
  ingress: 128,
  spareBuffers: 256,
  poolCache: 32,
  peerSlots: 8,
  fidelity: "coarse",
  headerCredits: 64,
  dataCredits: 1024,
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
  frames.forEach(({ port, to, ttl = 64, srcPort, change }, i) => {
    const at = offset[i]!;
    const payload = length[i]! - 42;
    writeUdpFrame(bytes, at, {
      dstMac: OWN_MAC + port,
      srcMac: 0x02_00_00_00_bb_00,
      src: 0xc0a80001,
      dst: (0x0a000005 | (to << 16)) >>> 0,
      srcPort: srcPort ?? 1000,
      dstPort: i & 0xffff,
      ttl,
      payload,
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

/** `count` frames on each of `ports` ports to the next port, `gapPs` apart, from 20 us on. */
export function steady(count: number, gapPs: number, ports = 2, size = 60): FramePlan[] {
  const plan: FramePlan[] = [];
  for (let i = 0; i < count; i++) {
    for (let port = 0; port < ports; port++) {
      const at = 20_000_000 + Math.round(i * gapPs) + port;
      plan.push({ at, port, to: (port + 1) % ports, size, srcPort: 1000 + (i & 63) });
    }
  }
  return plan;
}

/** Sum of all rows of a report whose name matches. */
export function counter(report: readonly ReportRow[], name: RegExp): number {
  const rows = report.filter((row) => name.test(row.name));
  if (rows.length === 0) throw new RangeError(`Cannot read counter ${name}: no row has that name`);
  return rows.reduce((sum, row) => sum + row.value, 0);
}

/** Packets per second that left between two instants. */
export function ratePps(o: Observation, fromPs: number, toPs: number): number {
  let frames = 0;
  for (let i = 0; i < o.outCount; i++) {
    if (o.outEnd[i]! >= fromPs && o.outEnd[i]! < toPs) frames++;
  }
  return frames / ((toPs - fromPs) * 1e-12);
}
