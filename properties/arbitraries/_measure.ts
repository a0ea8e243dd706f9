/**
 * How far a draw is from the simplest one: numbers to be compared lexicographically, the first ones
 * first.
 */
import type { Geometry } from "../../core/machine/device.ts";
import {
  type PacketDraw,
  PLAIN_GEOMETRY,
  PLAIN_PACKET,
  type RouteDraw,
  type ScenarioDraw,
} from "./draw.ts";

/** The prefix and the source that shrinking leads to: 10.0.0.0 and 172.16.0.0. */
export const PREFIX_HOME = 0x0a000000;
export const SRC_HOME = 0xac100000;

const FIELDS = Object.keys(PLAIN_PACKET) as (keyof typeof PLAIN_PACKET)[];
const SIZES = Object.keys(PLAIN_GEOMETRY) as (keyof Geometry)[];
const DEPTH_RANK = [24, 16, 8];

/**
 * The destination that shrinking leads to under a prefix: its second address, as hosts begin at 1.
 */
export function plainDst(prefix: number): number {
  return (prefix + 1) >>> 0;
}

/** The measure of a draw. O(packets x routes). */
export function measureOf(draw: ScenarioDraw): number[] {
  const { packets, routes, deviations, neighbours, geometry } = draw;
  const flows = new Set(packets.map((p) => `${p.src} ${p.dst} ${p.srcPort} ${p.protocol}`));
  const ports = new Set(packets.map((packet) => packet.port));
  return [
    packets.length,
    deviations.length,
    routes.length,
    flows.size,
    ports.size,
    sum(packets, strangeFields),
    neighbours.length,
    sum(
      neighbours,
      (hop) => typeof hop === "number" ? 0 : typeof hop === "string" ? 1 : hop.length,
    ),
    sum(routes, (route) => hopRank(route.nextHop)),
    sum(routes, (route) => depthRank(route.depth)),
    sum(routes, (route) => Math.abs(route.prefix - PREFIX_HOME)),
    sum(packets, (packet) => dstDistance(packet.dst, routes)),
    sum(packets, (packet) => Math.abs(packet.src - SRC_HOME)),
    sum(packets, distance),
    geometry.ports,
    SIZES.filter((name) => geometry[name] !== PLAIN_GEOMETRY[name]).length,
  ];
}

function sum<T>(of: readonly T[], f: (one: T) => number): number {
  let total = 0;
  for (const one of of) total += f(one);
  return total;
}

/** Fields that are not plain; a gap of 0 (back to back) is the second simplest. */
function strangeFields(packet: PacketDraw): number {
  let strange = 0;
  for (const name of FIELDS) {
    if (packet[name] !== PLAIN_PACKET[name]) {
      strange += name === "gapNs" && packet.gapNs > 0 ? 2 : 1;
    }
  }
  return strange;
}

function distance(packet: PacketDraw): number {
  return Math.abs(packet.size - 60) + Math.abs(packet.ttl - 64) + packet.options + packet.dscp +
    Math.abs(packet.gapNs - PLAIN_PACKET.gapNs) + Math.abs(packet.srcPort - PLAIN_PACKET.srcPort);
}

/**
 * Next hop 1 first: it is on another port than the packets of the simplest draw, so nothing is a
 * hairpin.
 */
function hopRank(hop: number): number {
  return hop === 1 ? 0 : hop + 1;
}

function depthRank(depth: number): number {
  const rank = DEPTH_RANK.indexOf(depth);
  return rank < 0 ? DEPTH_RANK.length : rank;
}

function dstDistance(dst: number, routes: readonly RouteDraw[]): number {
  let least = routes.length === 0 ? 0 : Infinity;
  for (const { prefix } of routes) least = Math.min(least, Math.abs(dst - plainDst(prefix)));
  return least;
}
