/**
 * Fences for routers: a UDP packet for each ingress and egress, to a host route that leads there. The addresses
 * are out of 198.18.0.0/16, for benchmarks between isolated networks (RFC 2544, C.2.2), and such that nothing in
 * the scenario is from, to or routed by them.
 */
import type { Scenario } from "../../../core/machine/device.ts";
import { writeUdpFrame } from "../../../core/packet/mod.ts";
import type { FenceFrame } from "./fence.ts";
import { PORTS_MAX } from "./rig.ts";

const NETWORK = 0xc6120000;
const BLOCKS = 0x10000 / PORTS_MAX;
const SIZE = 60;
/** Of Ethernet, IPv4 and UDP. */
const HEADERS = 42;
const IP = 14;
const TESTER_MAC = 0x02fd00000001;

/** Fences of a router. */
export interface Ipv4Fence {
  /** First of the addresses: that of port p is p more. It stays while the scenario allows. */
  choose(scenario: Scenario): number;
  /** The frames, for the scenario that was chosen for. */
  readonly frame: FenceFrame;
}

/** Fences of a router that decrements TTL and looks at its own MAC address. */
export function ipv4Fence(): Ipv4Fence {
  let block = 0;
  let portMac: Uint8Array = new Uint8Array(0);
  return {
    choose(scenario) {
      portMac = scenario.neighbours.portMac;
      while (isUsed(scenario, NETWORK + block * PORTS_MAX)) block = (block + 1) % BLOCKS;
      return NETWORK + block * PORTS_MAX;
    },
    frame(ingress, egress) {
      const bytes = new Uint8Array(SIZE);
      const mac = portMac.subarray(ingress * 6, ingress * 6 + 6);
      const dstMac = mac.reduce((sum, byte) => sum * 256 + byte, 0);
      const dst = NETWORK + block * PORTS_MAX + egress;
      // from where the way back leads out of the ingress port, whatever filter looks at sources
      const src = NETWORK + block * PORTS_MAX + ingress;
      const addresses = { dstMac, srcMac: TESTER_MAC, src, dst };
      // all behind the headers is payload: what only pads a frame does not come through
      writeUdpFrame(bytes, 0, { ...addresses, payload: SIZE - HEADERS, udpChecksum: false });
      return bytes;
    },
  };
}

/** Whether a scenario has one of the addresses from `first` on, or a host route to it. */
function isUsed({ traffic, routes }: Scenario, first: number): boolean {
  const { bytes, offset, length, count } = traffic;
  const isOne = (address: number) => address >= first && address < first + PORTS_MAX;
  const at = (from: number) =>
    (bytes[from]! * 2 ** 24) +
    (bytes[from + 1]! << 16 | bytes[from + 2]! << 8 | bytes[from + 3]!);
  for (let i = 0; i < count; i++) {
    const ip = offset[i]! + IP;
    if (length[i]! >= IP + 20 && (isOne(at(ip + 12)) || isOne(at(ip + 16)))) return true;
  }
  for (let i = 0; i < routes.count; i++) {
    if (routes.depth[i] === 32 && isOne(routes.prefix[i]!)) return true;
  }
  return false;
}
