/**
 * Scenarios for the tests of machines and stacks: packets as fields, a route 10.p.0.0/16 to every port p.
 * Nothing here is random.
 */
import { writeUdpFrame } from "../packet/frame.ts";
import type { Geometry, Scenario } from "./device.ts";
import { FATE, type Observation } from "./observation.ts";

/** What every test starts from: two ports, one lcore, ample sizes. */
export const GEOMETRY: Geometry = {
  ports: 2,
  lcores: 1,
  rxRing: 512,
  txRing: 512,
  ingress: 512,
  spareBuffers: 64,
  poolCache: 32,
  peerSlots: 64,
  fidelity: "coarse",
  headerCredits: 64,
  dataCredits: 1024,
  mps: 256,
};

/** One packet to offer. */
export interface Offer {
  readonly port: number;
  /** When its last bit arrives, in picoseconds. */
  readonly at: number;
  /** By default 10.(port ^ 1).0.1, which leads to the neighbour port. */
  readonly dst?: number;
  readonly src?: number;
  readonly srcPort?: number;
  readonly ttl?: number;
  /** Bytes of the frame without FCS; 60. */
  readonly size?: number;
  /** Changes the finished frame. */
  readonly edit?: (frame: Uint8Array) => void;
}

/** Picoseconds that a frame of `size` bytes without FCS takes on a wire of 40 Gb/s. */
export function wirePs(size: number): number {
  return (size + 24) * 8 * 25;
}

/** An address that leads to port `port`. */
export function towards(port: number, host = 1): number {
  return (10 << 24 | port << 16 | host) >>> 0;
}

/** MAC address of neighbour p, or (with `own`) of port p itself. */
export function macOf(port: number, own = false): number[] {
  return [2, own ? 1 : 2, 3, 4, 5, port];
}

/** `count` packets with the last bits `gapPs` apart; what `fields` says of packet i. */
export function stream(
  count: number,
  gapPs: number,
  fields: (i: number) => Partial<Offer> = () => ({}),
  firstPs = 1_000_000,
): Offer[] {
  return Array.from(
    { length: count },
    (_, i) => ({ port: 0, at: firstPs + i * gapPs, ...fields(i) }),
  );
}

/** The scenario of these packets, in the order of their times. */
export function scenarioOf(
  offers: readonly Offer[],
  geometry: Partial<Geometry> = {},
  deviations: Scenario["deviations"] = [],
): Scenario {
  const packets = [...offers].sort((a, b) => a.at - b.at);
  const g = { ...GEOMETRY, ...geometry };
  const ports = Array.from({ length: g.ports }, (_, p) => p);
  const count = packets.length;
  const length = Uint32Array.from(packets, (p) => p.size ?? 60);
  const offset = new Uint32Array(count);
  for (let i = 1; i < count; i++) offset[i] = offset[i - 1]! + length[i - 1]!;
  const bytes = new Uint8Array(count === 0 ? 0 : offset[count - 1]! + length[count - 1]!);
  packets.forEach((packet, i) => writeOffer(packet, i, bytes.subarray(offset[i]!), length[i]!));
  return {
    geometry: g,
    routes: {
      count: g.ports,
      prefix: Uint32Array.from(ports, (p) => towards(p, 0)),
      depth: new Uint8Array(g.ports).fill(16),
      nextHop: Uint32Array.from(ports),
    },
    neighbours: {
      count: g.ports,
      port: Uint8Array.from(ports),
      mac: Uint8Array.from(ports.flatMap((p) => macOf(p))),
      portMac: Uint8Array.from(ports.flatMap((p) => macOf(p, true))),
    },
    traffic: {
      count,
      port: Uint8Array.from(packets, (p) => p.port),
      at: Float64Array.from(packets, (p) => p.at),
      offset,
      length,
      bytes,
    },
    deviations,
  };
}

/** The identity stands in the IPv4 identification and in the UDP source port unless that is given. */
function writeOffer(packet: Offer, i: number, to: Uint8Array, size: number): void {
  const whole = new Uint8Array(Math.max(size, 60));
  writeUdpFrame(whole, 0, {
    dstMac: 0x020103040500 + packet.port,
    srcMac: 0x02aabbccdd00,
    src: packet.src ?? 0xc0a80001,
    dst: packet.dst ?? towards(packet.port ^ 1),
    ttl: packet.ttl ?? 64,
    id: i & 0xffff,
    srcPort: packet.srcPort ?? i & 0xffff,
    dstPort: 9,
    payload: Math.max(size, 60) - 42,
  });
  packet.edit?.(whole);
  to.set(whole.subarray(0, size));
}

/** How many packets had each fate. */
export function fates(
  o: Observation,
): { none: number; emitted: number; dropped: number; freed: number } {
  const counts = [0, 0, 0, 0];
  for (let p = 0; p < o.count; p++) counts[o.fate[p]!]!++;
  return {
    none: counts[FATE.none]!,
    emitted: counts[FATE.emitted]!,
    dropped: counts[FATE.dropped]!,
    freed: counts[FATE.freed]!,
  };
}

/** Identities that left on a port, in order. */
export function left(o: Observation, port: number): number[] {
  return [...o.outPacket.subarray(0, o.outCount)].filter((_, i) => o.outPort[i] === port);
}

/** The bytes of emitted frame i. */
export function frame(o: Observation, i: number): Uint8Array {
  return o.outBytes.subarray(o.outOffset[i]!, o.outOffset[i]! + o.outLength[i]!);
}
