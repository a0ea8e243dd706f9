/** From a draw to the scenario that a device takes. */
import type { Scenario } from "../../core/machine/device.ts";
import type { Neighbours, RouteSet, SpecialHop } from "../../core/machine/scenario.ts";
import { wirePs } from "./arrivals.ts";
import type { HopDraw, PacketDraw, RouteDraw, ScenarioDraw } from "./draw.ts";
import { neighbourMac, portMac, writeFrame } from "./frame.ts";

/**
 * The scenario of a draw, in arrays of its own. A frame's identity is its index. No two last bits
 * on one port are closer than a wire of 40 Gb/s allows.
 */
export function build(draw: ScenarioDraw): Scenario {
  const { routes, packets, neighbours, geometry, setup } = draw;
  const count = packets.length;
  const traffic = {
    count,
    port: new Uint8Array(count),
    at: new Float64Array(count),
    offset: new Uint32Array(count),
    length: new Uint32Array(count),
    bytes: new Uint8Array(totalSize(packets)),
  };
  const wireFreeAt = new Float64Array(geometry.ports);
  let now = 0;
  let used = 0;
  for (let i = 0; i < count; i++) {
    const packet = packets[i]!;
    now = Math.max(now + packet.gapNs * 1000, wireFreeAt[packet.port]! + wirePs(packet.size));
    wireFreeAt[packet.port] = now;
    traffic.port[i] = packet.port;
    traffic.at[i] = now;
    traffic.offset[i] = used;
    traffic.length[i] = packet.size;
    writeFrame(packet, i, traffic.bytes, used);
    if (setup !== undefined && packet.mac === "port") {
      traffic.bytes.set(
        setup.neighbours.portMac.subarray(packet.port * 6, packet.port * 6 + 6),
        used,
      );
    }
    used += packet.size;
  }
  return {
    geometry,
    routes: setup?.routes ?? routeSet(routes),
    neighbours: setup?.neighbours ?? neighbourTable(neighbours, geometry.ports),
    traffic: packets.some(({ fcs }) => fcs === "wrong")
      ? { ...traffic, badFcs: Uint8Array.from(packets, ({ fcs }) => fcs === "wrong" ? 1 : 0) }
      : traffic,
    deviations: draw.deviations,
  };
}

function totalSize(packets: readonly PacketDraw[]): number {
  let size = 0;
  for (const packet of packets) size += packet.size;
  return size;
}

function routeSet(routes: readonly RouteDraw[]): RouteSet {
  const count = routes.length;
  const prefix = new Uint32Array(count);
  const depth = new Uint8Array(count);
  const nextHop = new Uint32Array(count);
  for (let i = 0; i < count; i++) {
    prefix[i] = routes[i]!.prefix;
    depth[i] = routes[i]!.depth;
    nextHop[i] = routes[i]!.nextHop;
  }
  return { count, prefix, depth, nextHop };
}

function neighbourTable(hops: readonly HopDraw[], portCount: number): Neighbours {
  const count = hops.length;
  const special = new Map<number, SpecialHop>();
  const port = new Uint8Array(count);
  const mac = new Uint8Array(count * 6);
  const own = new Uint8Array(portCount * 6);
  for (let hop = 0; hop < count; hop++) {
    const one = hops[hop]!;
    if (typeof one === "number") port[hop] = one;
    else special.set(hop, one);
    mac.set(neighbourMac(hop), hop * 6);
  }
  for (let p = 0; p < portCount; p++) own.set(portMac(p), p * 6);
  return { count, port, mac, portMac: own, ...special.size > 0 ? { special } : {} };
}
