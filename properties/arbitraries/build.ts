/** From a draw to the scenario that a device takes. */
import type { Scenario } from "../../core/machine/device.ts";
import { wirePs } from "./arrivals.ts";
import type { ScenarioDraw } from "./draw.ts";
import { neighbourMac, portMac, writeFrame } from "./frame.ts";

/**
 * The scenario of a draw, in arrays of its own. A frame's identity is its index. No two last bits
 * on one port are closer than a wire of 40 Gb/s allows.
 */
export function build(draw: ScenarioDraw): Scenario {
  const { routes, packets, neighbours, geometry } = draw;
  const count = packets.length;
  const traffic = {
    count,
    port: new Uint8Array(count),
    at: new Float64Array(count),
    offset: new Uint32Array(count),
    length: new Uint32Array(count),
    bytes: new Uint8Array(packets.reduce((sum, packet) => sum + packet.size, 0)),
  };
  const wireFreeAt = new Float64Array(geometry.ports);
  let now = 0;
  let used = 0;
  packets.forEach((packet, i) => {
    now = Math.max(now + packet.gapNs * 1000, wireFreeAt[packet.port]! + wirePs(packet.size));
    wireFreeAt[packet.port] = now;
    traffic.port[i] = packet.port;
    traffic.at[i] = now;
    traffic.offset[i] = used;
    traffic.length[i] = packet.size;
    writeFrame(packet, i, traffic.bytes, used);
    used += packet.size;
  });
  return {
    geometry,
    routes: {
      count: routes.length,
      prefix: Uint32Array.from(routes, (route) => route.prefix),
      depth: Uint8Array.from(routes, (route) => route.depth),
      nextHop: Uint32Array.from(routes, (route) => route.nextHop),
    },
    neighbours: {
      count: neighbours.length,
      port: Uint8Array.from(neighbours),
      mac: Uint8Array.from(neighbours.flatMap((_, hop) => neighbourMac(hop))),
      portMac: Uint8Array.from(
        Array.from({ length: geometry.ports }, (_, port) => portMac(port)).flat(),
      ),
    },
    traffic,
    deviations: draw.deviations,
  };
}
