/**
 * Fences for a router whose table is given: UDP packets to addresses that its own routes lead out of a port, from
 * addresses that they lead back to.
 */
import type { Neighbours, RouteSet } from "../../../core/machine/scenario.ts";
import { FenceLost } from "./fence.ts";
import { writeUdpFrame } from "../../../core/packet/mod.ts";

const SIZE = 60;
/** Of Ethernet, IPv4 and UDP. */
const HEADERS = 42;
const TESTER_MAC = 0x02fd00000001;
/** From where a fence comes to a port that nothing leads back to (RFC 2544, C.2.2). */
const ELSEWHERE = 0xc6120001;

/** Fences along the routes of a table. */
export class TableFences {
  readonly #neighbours: Neighbours;
  /** Address behind each next hop that some address leads to, and to it alone. */
  readonly #address = new Map<number, number>();

  /** Next hop that a fence reaches, of each pair of ports. */
  readonly #reached = new Map<number, number>();

  /** Looks for an address behind each next hop. */
  constructor({ routes, neighbours }: { routes: RouteSet; neighbours: Neighbours }) {
    this.#neighbours = neighbours;
    for (let i = 0; i < routes.count; i++) {
      const hop = routes.nextHop[i]!;
      if (this.#address.has(hop) || neighbours.special?.has(hop) === true) continue;
      const address = addressOf(routes, i);
      if (address !== null) this.#address.set(hop, address);
    }
  }

  /**
   * Finds out which next hops fences reach, by `reaches`; the others are left to be judged.
   * @throws {FenceLost} when nothing that goes into some port comes out
   */
  tryAll(reaches: (ingress: number, hop: number) => boolean): void {
    const { port, portMac } = this.#neighbours;
    const ports = portMac.length / 6;
    for (let ingress = 0; ingress < ports; ingress++) {
      for (const hop of this.#address.keys()) {
        const pair = ingress * ports + port[hop]!;
        // the first of a port is enough, but every next hop is tried once
        if (this.#reached.has(pair) && ingress !== (port[hop]! + 1) % ports) continue;
        if (reaches(ingress, hop) && !this.#reached.has(pair)) this.#reached.set(pair, hop);
      }
      const isMute = !Array.from({ length: ports }, (_, egress) => ingress * ports + egress)
        .some((pair) => this.#reached.has(pair));
      if (isMute) {
        throw new FenceLost(
          `nothing that goes into port ${ingress} comes out of a port that routes lead to: expected a ` +
            "router that forwards, with these MAC addresses, next hops and routes",
        );
      }
    }
  }

  /** A fence from a port to a next hop. */
  frame(ingress: number, hop: number): Uint8Array {
    const { portMac } = this.#neighbours;
    const bytes = new Uint8Array(SIZE);
    const mac = portMac.subarray(ingress * 6, ingress * 6 + 6);
    const dstMac = mac.reduce((sum, byte) => sum * 256 + byte, 0);
    const back = this.#hopOn(ingress);
    const src = back < 0 ? ELSEWHERE : this.#address.get(back)!;
    const addresses = { dstMac, srcMac: TESTER_MAC, src, dst: this.#address.get(hop)! };
    writeUdpFrame(bytes, 0, { ...addresses, payload: SIZE - HEADERS, udpChecksum: false });
    return bytes;
  }

  /** A fence from port to port; null where none comes through. */
  between(ingress: number, egress: number): Uint8Array | null {
    const hop = this.#reached.get(ingress * (this.#neighbours.portMac.length / 6) + egress);
    return hop === undefined ? null : this.frame(ingress, hop);
  }

  #hopOn(port: number): number {
    return [...this.#address.keys()].find((hop) => this.#neighbours.port[hop] === port) ?? -1;
  }
}

/** An address that route `i` leads to, and no longer or later one; null when none of those looked at is such. */
function addressOf(routes: RouteSet, i: number): number | null {
  const size = 2 ** (32 - routes.depth[i]!);
  const first = routes.prefix[i]!;
  // near its end: what is connected has its own addresses at the beginning
  for (const at of [size - 6, size - 2, Math.floor(size / 2), 2, 1, 0]) {
    const address = first + at;
    if (at < 0 || at >= size || isNoHost(address)) continue;
    if (!isCovered(routes, i, address)) return address;
  }
  return null;
}

function isNoHost(address: number): boolean {
  const top = Math.floor(address / 2 ** 24);
  return top === 0 || top === 127 || top >= 224;
}

/** Whether a longer prefix than that of route `i`, or a later one of the same, covers an address. */
function isCovered(routes: RouteSet, i: number, address: number): boolean {
  for (let k = 0; k < routes.count; k++) {
    const size = 2 ** (32 - routes.depth[k]!);
    const isLonger = routes.depth[k]! > routes.depth[i]! ||
      k > i && routes.depth[k] === routes.depth[i];
    if (isLonger && Math.floor(address / size) === Math.floor(routes.prefix[k]! / size)) {
      return true;
    }
  }
  return false;
}
