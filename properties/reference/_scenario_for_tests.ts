/** For tests: small frames and scenarios, written by hand. */
import type { Scenario } from "../../core/machine/device.ts";
import type { SpecialHop } from "../../core/machine/scenario.ts";
import type { Policy } from "../../core/policy.ts";
import { STRICT } from "../../core/stack.ts";

/** Address of dotted decimals. */
export function ip(text: string): number {
  return text.split(".").reduce((sum, part) => sum * 256 + Number(part), 0);
}

export interface FrameFields {
  dstMac?: number[];
  type?: number;
  first?: number;
  total?: number;
  fragment?: number;
  ttl?: number;
  protocol?: number;
  src?: string;
  dst?: string;
  options?: number[];
  ports?: [number, number];
  /** Added to the right checksum, modulo 65536. */
  checksumError?: number;
  length?: number;
}

function put16(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value >> 8;
  bytes[at + 1] = value & 255;
}

function put32(bytes: Uint8Array, at: number, value: number): void {
  put16(bytes, at, Math.floor(value / 65536));
  put16(bytes, at + 2, value % 65536);
}

/** A UDP packet in a frame of 60 bytes with 8 bytes of payload and padding 0xee, unless told otherwise. */
export function frame(f: FrameFields = {}): Uint8Array {
  const options = f.options ?? [];
  const header = 20 + options.length;
  const bytes = new Uint8Array(f.length ?? Math.max(60, 14 + header + 16)).fill(0xee);
  const whole = new Uint8Array(Math.max(bytes.length, 34 + options.length + 16)).fill(0xee);
  whole.set(f.dstMac ?? [2, 0, 0, 0, 0, 0]);
  whole.set([6, 0, 0, 0, 0, 1], 6);
  put16(whole, 12, f.type ?? 0x0800);
  whole[14] = f.first ?? 0x40 + header / 4;
  whole[15] = 0;
  put16(whole, 16, f.total ?? header + 16);
  put16(whole, 18, 0x1234);
  put16(whole, 20, f.fragment ?? 0);
  whole[22] = f.ttl ?? 64;
  whole[23] = f.protocol ?? 17;
  put16(whole, 24, 0);
  put32(whole, 26, ip(f.src ?? "10.9.9.9"));
  put32(whole, 30, ip(f.dst ?? "10.1.2.3"));
  whole.set(options, 34);
  put16(whole, 14 + header, f.ports?.[0] ?? 1000);
  put16(whole, 16 + header, f.ports?.[1] ?? 2000);
  put16(whole, 18 + header, 16);
  let sum = 0;
  for (let at = 14; at < 14 + header; at += 2) sum += whole[at]! * 256 + whole[at + 1]!;
  while (sum > 0xffff) sum = (sum % 65536) + Math.floor(sum / 65536);
  put16(whole, 24, (0xffff - sum + (f.checksumError ?? 0)) % 65536);
  bytes.set(whole.subarray(0, bytes.length));
  return bytes;
}

export interface ScenarioFields {
  frames?: Uint8Array[];
  /** Ingress port of each frame; 0. */
  ports?: number[];
  /** Arrival times; 0, 100 ns, 200 ns, ... */
  at?: number[];
  /** "10.1.0.0/16 2": prefix and next hop. */
  routes?: string[];
  geometry?: Partial<Scenario["geometry"]>;
  /** Next hops from 6 on that are none. */
  special?: SpecialHop[];
}

/** MAC address of next hop `n` and of port `p` in {@link scenario}. */
export function hopMac(n: number): number[] {
  return [0xaa, 0, 0, 0, 0, n];
}
export function portMac(p: number): number[] {
  return [2, 0, 0, 0, 0, p];
}

/** Four ports; next hop n lies behind port n, except that next hops 4 and 5 share port 1. */
export function scenario(f: ScenarioFields = {}): Scenario {
  const frames = f.frames ?? [frame()];
  const length = Uint32Array.from(frames, (bytes) => bytes.length);
  const offset = new Uint32Array(frames.length);
  let used = 0;
  for (let i = 0; i < frames.length; i++) {
    offset[i] = used;
    used += length[i]!;
  }
  const bytes = new Uint8Array(used);
  frames.forEach((one, i) => bytes.set(one, offset[i]));
  const routes = (f.routes ?? ["10.1.0.0/16 1", "10.2.0.0/16 2", "10.0.0.0/8 3"])
    .map((line) => line.split(/[/ ]/));
  return {
    geometry: {
      ports: 4,
      lcores: 1,
      rxRing: 8,
      txRing: 8,
      ingress: 4,
      spareBuffers: 8,
      poolCache: 1,
      peerSlots: 8,
      fidelity: "tlp",
      headerCredits: 8,
      dataCredits: 64,
      mps: 128,
      ...f.geometry,
    },
    routes: {
      count: routes.length,
      prefix: Uint32Array.from(routes, (r) => ip(r[0]!)),
      depth: Uint8Array.from(routes, (r) => Number(r[1])),
      nextHop: Uint32Array.from(routes, (r) => Number(r[2])),
    },
    neighbours: {
      count: 6 + (f.special?.length ?? 0),
      port: Uint8Array.of(0, 1, 2, 3, 1, 1, 0, 0, 0, 0),
      mac: Uint8Array.from([0, 1, 2, 3, 4, 5, 0, 0, 0, 0].flatMap(hopMac)),
      portMac: Uint8Array.from([0, 1, 2, 3].flatMap(portMac)),
      ...f.special === undefined
        ? {}
        : { special: new Map(f.special.map((one, i) => [6 + i, one])) },
    },
    traffic: {
      count: frames.length,
      port: Uint8Array.from(frames, (_, i) => f.ports?.[i] ?? 0),
      at: Float64Array.from(frames, (_, i) => f.at?.[i] ?? i * 100_000),
      offset,
      length,
      bytes,
    },
    deviations: [],
  };
}

/** What DPDK's l3fwd declares. */
export const L3FWD: Policy = {
  ...STRICT,
  onMiss: "reflect",
  ttl: "ignore",
  checksum: "trust",
  checksumUpdate: "increment",
  header: "minimal",
  dstMac: "port",
  defaultRoute: false,
};
