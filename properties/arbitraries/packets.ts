/**
 * Packets: few flows with addresses at the edges of the routes that there are, and defects that are
 * switched on and off per run (swarm testing: a run with every defect at once hides what each alone
 * would show, and a run with none is the one that shows congestion and order best).
 */
import type { Random } from "fast-check";
import { drawGapNs, drawRhythm, type Rhythm } from "./arrivals.ts";
import type { HopDraw, PacketDraw, ProtocolDraw, RouteDraw } from "./draw.ts";
import { PLAIN_PACKET } from "./draw.ts";
import { maskOf, probesOf } from "./routes.ts";
import { oneIn, pick } from "./_pick.ts";

/** Classes of packets that a run may switch on. */
export const SWARM = [
  "ttl",
  "checksum",
  "corner",
  "header",
  "length",
  "type",
  "mac",
  "options",
  "dscp",
  "runt",
  "oversize",
  "sizes",
  "protocols",
  "fcs",
  "fragments",
] as const;

/** One class of packets that a run may switch on. */
export type SwarmClass = typeof SWARM[number];

const TTLS = [0, 1, 2, 64, 255];
/** Header checksums next to a carry, and both zeros of one's complement. */
const CORNERS = [0x0000, 0xffff, 0x0001, 0xfffe, 0xfeff, 0xff00, 0xfe00, 0x00ff, 0x0100];
/** On the wire 64, 65, 68, 128, 256, 512, 576, 1024, 1280, 1518 bytes. */
const SIZES = [60, 60, 60, 61, 64, 124, 252, 508, 572, 1020, 1276, 1514];
const PROTOCOLS: readonly ProtocolDraw[] = ["udp", "tcp", "icmp"];
const OTHER_TYPES = ["arp", "ipv6", "vlan", "vlan", "priority"] as const;
const OTHER_MACS = ["other", "other", "group", "broadcast"] as const;
const FRAGMENTS = ["df", "df", "first", "middle", "last", "tiny"] as const;
const WRONG_HEADERS = ["version-6", "ihl-4", "ihl-long"] as const;
const OTHER_LENGTHS = ["padded", "short", "long"] as const;
/** Beyond 1518 bytes, the largest frame with one tag and without FCS (IEEE 802.3, 3.2.7). */
const OVERSIZE = [1519, 1540, 1600];

/** Bytes that a packet needs to hold its headers and its identity, at least 60. */
export function leastSize(packet: Pick<PacketDraw, "options" | "protocol" | "type">): number {
  const l3 = packet.type === "vlan" || packet.type === "priority" ? 18 : 14;
  const l4 = packet.protocol === "tcp" ? 20 : 8;
  return Math.max(60, l3 + 20 + 4 * packet.options + l4 + 4);
}

/** What packets are drawn from. */
export interface PacketOptions {
  /** Ports that packets may come in on: 0..ports-1. */
  readonly ports: number;
  /** Destinations lie at and within these. */
  readonly routes: readonly RouteDraw[];
  /** Egress port of each next hop. */
  readonly hops: readonly HopDraw[];
  /** Whether hosts behind the routes send too: where a router looks at sources, or answers them. */
  readonly sourcesWithinRoutes: boolean;
  /** Most packets of a draw. */
  readonly max: number;
  /** Least packets of a draw; 1, where few are likelier. */
  readonly min?: number;
  /** How they follow each other; drawn. */
  readonly rhythm?: Rhythm;
}

interface Flow {
  readonly port: number;
  readonly src: number;
  readonly dst: number;
  readonly srcPort: number;
  readonly protocol: ProtocolDraw;
}

/**
 * The classes that one run switches on: none in a quarter of the runs, else each with even odds.
 */
export function drawSwarm(random: Random): Set<SwarmClass> {
  const on = new Set<SwarmClass>();
  if (oneIn(random, 4)) return on;
  const bits = random.nextInt(0, 2 ** SWARM.length - 1);
  for (let i = 0; i < SWARM.length; i++) if ((bits >> i) & 1) on.add(SWARM[i]!);
  return on;
}

/** Packets in order of arrival. */
export function drawPackets(random: Random, options: PacketOptions): PacketDraw[] {
  const swarm = drawSwarm(random);
  const { rhythm = drawRhythm(random), min, max } = options;
  const probes = probesOf(options.routes);
  const flows: Flow[] = [];
  const flowCount = random.nextInt(1, 8);
  for (let i = 0; i < flowCount; i++) flows.push(drawFlow(random, options, probes, swarm));
  const count = min === undefined ? drawCount(random, max) : random.nextInt(min, max);
  const packets: PacketDraw[] = [];
  for (let i = 0; i < count; i++) {
    const flow = pick(random, flows);
    packets.push(drawPacket(random, flow, drawGapNs(random, rhythm), swarm));
  }
  return packets;
}

/** Tiny, middling or as many as there may be: each size finds what the others miss. */
function drawCount(random: Random, max: number): number {
  switch (random.nextInt(0, 3)) {
    case 0:
      return random.nextInt(1, Math.min(4, max));
    case 1:
      return random.nextInt(Math.min(24, max), max);
    default:
      return random.nextInt(1, Math.min(24, max));
  }
}

function drawFlow(
  random: Random,
  options: PacketOptions,
  probes: readonly number[],
  swarm: ReadonlySet<SwarmClass>,
): Flow {
  let port = random.nextInt(0, options.ports - 1);
  let src = (0xac100000 + random.nextInt(0, 3)) >>> 0;
  if (options.sourcesWithinRoutes && !oneIn(random, 3)) {
    const route = pick(random, options.routes);
    src = within(random, route);
    const hop = options.hops[route.nextHop]!;
    if (typeof hop === "number" && !oneIn(random, 3)) port = hop;
  }
  return {
    port,
    src,
    dst: oneIn(random, 3) ? pick(random, probes) : withinRoute(random, options.routes),
    srcPort: 1024 + random.nextInt(0, 3),
    protocol: swarm.has("protocols") ? pick(random, PROTOCOLS) : "udp",
  };
}

/** An address that a route covers: most packets should be forwarded. */
function withinRoute(random: Random, routes: readonly RouteDraw[]): number {
  return within(random, pick(random, routes));
}

function within(random: Random, { prefix, depth }: RouteDraw): number {
  return (prefix | (random.nextInt(0, 0xff) & ~maskOf(depth))) >>> 0;
}

function drawPacket(
  random: Random,
  flow: Flow,
  gapNs: number,
  swarm: ReadonlySet<SwarmClass>,
): PacketDraw {
  const on = (which: SwarmClass, n: number) => swarm.has(which) && oneIn(random, n);
  const type = on("type", 6) ? pick(random, OTHER_TYPES) : "ipv4";
  const options = on("options", 3) ? random.nextInt(1, 10) : 0;
  const least = leastSize({ options, protocol: flow.protocol, type });
  let size = swarm.has("sizes") ? pick(random, SIZES) : 60;
  if (swarm.has("sizes") && oneIn(random, 8)) size = random.nextInt(60, 1514);
  size = Math.max(size, least);
  if (on("runt", 12)) size = random.nextInt(14, 59);
  else if (on("oversize", 16)) size = pick(random, OVERSIZE);
  return {
    ...PLAIN_PACKET,
    ...flow,
    gapNs,
    size,
    options,
    type,
    ttl: on("ttl", 3) ? pick(random, TTLS) : 64,
    dscp: on("dscp", 3) ? random.nextInt(0, 63) : 0,
    ecn: on("dscp", 3) ? random.nextInt(0, 3) : 0,
    header: on("header", 10) ? pick(random, WRONG_HEADERS) : "right",
    totalLength: on("length", 6) ? pick(random, OTHER_LENGTHS) : "right",
    checksum: on("checksum", 8) ? "wrong" : on("corner", 3) ? pick(random, CORNERS) : "right",
    fragment: on("fragments", 3) ? pick(random, FRAGMENTS) : "whole",
    mac: on("mac", 8) ? pick(random, OTHER_MACS) : "port",
    fcs: on("fcs", 10) ? "wrong" : "right",
  };
}
