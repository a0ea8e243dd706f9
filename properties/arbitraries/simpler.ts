/**
 * Steps from a draw to simpler ones, boldest first: fewer packets, fewer deviations, fewer routes,
 * then every field toward one plain packet, addresses toward the routes and these toward 10.0.0.0,
 * then the geometry toward an ample one. Each step lowers a measure that is compared
 * lexicographically, so that following the steps in any order ends.
 */
import type { Geometry } from "../../core/machine/device.ts";
import type { Deviation } from "../../core/time/choices.ts";
import {
  type HopDraw,
  type PacketDraw,
  PLAIN_GEOMETRY,
  PLAIN_PACKET,
  type ScenarioDraw,
} from "./draw.ts";
import { measureOf, plainDst, PREFIX_HOME, SRC_HOME } from "./_measure.ts";
import { FAULT_KINDS, isAnyFault, isFault } from "./faults.ts";
import { leastSize } from "./packets.ts";
import { maskOf } from "./routes.ts";

/**
 * The simpler draws of a draw; each is valid when the draw is. What `fixed` gives of the geometry
 * stays. Lazy, since most are never asked for.
 */
export function* simplerDraws(
  draw: ScenarioDraw,
  fixed: Partial<Geometry> = {},
): Generator<ScenarioDraw, void, undefined> {
  const measure = measureOf(draw);
  for (const free of candidates(draw)) {
    const candidate = { ...free, geometry: { ...free.geometry, ...fixed } };
    if (isValid(candidate) && isLess(measureOf(candidate), measure)) yield candidate;
  }
}

/**
 * Whether a device can be given this draw: everything that is named exists, and there is something
 * to do.
 */
export function isValid(draw: ScenarioDraw): boolean {
  const { geometry, neighbours, routes, packets, setup } = draw;
  const prefixes = new Set(routes.map((route) => route.prefix * 64 + route.depth));
  return prefixes.size === routes.length && packets.length > 0 &&
    (routes.length > 0 || setup !== undefined) &&
    neighbours.every((hop, at) => isHop(hop, at, geometry.ports)) &&
    routes.every((route) => route.nextHop < neighbours.length) &&
    packets.every((packet) =>
      packet.port < geometry.ports && (packet.size < 60 || packet.size >= leastSize(packet))
    );
}

function isHop(hop: HopDraw, at: number, ports: number): boolean {
  if (typeof hop === "number") return hop < ports;
  return typeof hop === "string" || hop.length > 0 && hop.every((other) => other < at);
}

function isLess(a: readonly number[], b: readonly number[]): boolean {
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return a[i]! < b[i]!;
  return false;
}

function* candidates(draw: ScenarioDraw): Generator<ScenarioDraw> {
  const ties = draw.deviations.filter((deviation) => !isAnyFault(deviation));
  if (ties.length < draw.deviations.length) yield* withoutFaults(draw, ties);
  yield* tighter(draw);
  for (const packets of withoutChunks(draw.packets)) {
    yield { ...draw, packets: keepTimes(draw.packets, packets) };
  }
  if (draw.deviations.length > 0) yield { ...draw, deviations: [] };
  for (const deviations of withoutChunks(draw.deviations)) yield { ...draw, deviations };
  yield* withItsTies(draw);
  for (const routes of withoutChunks(draw.routes)) yield { ...draw, routes };
  yield* simplerFlows(draw);
  yield* simplerFields(draw);
  yield* simplerRoutes(draw);
  yield* simplerAddresses(draw);
  yield* simplerGeometry(draw);
}

/** Faults go first: all, then those of one kind after the other. */
function* withoutFaults(draw: ScenarioDraw, ties: readonly Deviation[]): Generator<ScenarioDraw> {
  yield { ...draw, deviations: ties };
  for (const kind of FAULT_KINDS) {
    const rest = draw.deviations.filter((deviation) => !isFault(deviation, kind));
    if (rest.length < draw.deviations.length) yield { ...draw, deviations: rest };
  }
}

/** A failure that needs something full needs fewer packets when that something is smaller. */
function* tighter(draw: ScenarioDraw): Generator<ScenarioDraw> {
  const half = Math.ceil(draw.packets.length / 2);
  if (half === draw.packets.length) return;
  const packets = draw.packets.slice(0, half);
  const { geometry } = draw;
  const tight: Partial<Geometry>[] = [{ ingress: 1 }, { ingress: Math.ceil(geometry.ingress / 2) }];
  tight.push({ spareBuffers: 1, poolCache: 0 }, { rxRing: 8, txRing: 8, peerSlots: 8 });
  for (const change of tight) yield { ...draw, packets, geometry: { ...geometry, ...change } };
}

/** The array without one chunk: halves first, single elements last. */
function* withoutChunks<T>(from: readonly T[]): Generator<T[]> {
  for (let size = from.length >> 1; size >= 1; size >>= 1) {
    for (let at = 0; at < from.length; at += size) {
      yield [...from.slice(0, at), ...from.slice(at + size)];
    }
  }
}

/** Ties that a packet that goes takes with it: those that come after are asked about so much earlier. */
const TIES_OF_A_PACKET = [0, 1, 2, 3, 4];

/**
 * One packet less, with the deviations as much earlier as its ties were many, and the second in turn
 * instead of a later one, since there are fewer to choose from.
 */
function* withItsTies(draw: ScenarioDraw): Generator<ScenarioDraw> {
  if (draw.deviations.length === 0) return;
  for (const ties of TIES_OF_A_PACKET) {
    const deviations = draw.deviations.filter(({ occurrence }) => occurrence >= ties)
      .map(({ site, occurrence }) => ({ site, occurrence: occurrence - ties, value: 1 }));
    if (deviations.length === 0) return;
    for (const gone of draw.packets) {
      const packets = draw.packets.filter((packet) => packet !== gone);
      yield { ...draw, deviations, packets: keepTimes(draw.packets, packets) };
    }
  }
}

/**
 * A packet that goes leaves its gap to the next one that stays, so that the others keep their
 * times.
 */
function keepTimes(before: readonly PacketDraw[], after: readonly PacketDraw[]): PacketDraw[] {
  const kept = new Set(after);
  let carriedNs = 0;
  const packets: PacketDraw[] = [];
  for (const packet of before) {
    if (kept.has(packet)) {
      const gapNs = packets.length === 0 ? packet.gapNs : packet.gapNs + carriedNs;
      packets.push({ ...packet, gapNs });
      carriedNs = 0;
    } else {
      carriedNs += packet.gapNs;
    }
  }
  return packets;
}

function* simplerFlows(draw: ScenarioDraw): Generator<ScenarioDraw> {
  const first = draw.packets[0]!;
  const { src, dst, srcPort, protocol } = first;
  yield* eachPacket(draw, { src, dst, srcPort, protocol });
  yield* eachPacket(draw, { port: first.port });
  yield* eachPacket(draw, { src, srcPort, protocol });
}

/** A change to all packets at once, then to one after the other. */
function* eachPacket(draw: ScenarioDraw, change: Partial<PacketDraw>): Generator<ScenarioDraw> {
  const { packets } = draw;
  yield { ...draw, packets: packets.map((packet) => ({ ...packet, ...change })) };
  if (packets.length === 1) return;
  for (let i = 0; i < packets.length; i++) {
    yield { ...draw, packets: packets.with(i, { ...packets[i]!, ...change }) };
  }
}

function* simplerFields(draw: ScenarioDraw): Generator<ScenarioDraw> {
  yield { ...draw, packets: draw.packets.map((packet) => ({ ...packet, ...PLAIN_PACKET })) };
  for (const name of Object.keys(PLAIN_PACKET) as (keyof typeof PLAIN_PACKET)[]) {
    yield* eachPacket(draw, { [name]: PLAIN_PACKET[name] });
  }
  yield* eachPacket(draw, { gapNs: 0 });
  yield* eachPacket(draw, { src: SRC_HOME });
  for (let i = 0; i < draw.packets.length; i++) {
    const packet = draw.packets[i]!;
    for (const name of ["size", "ttl", "gapNs", "options", "dscp", "srcPort"] as const) {
      const plain = name === "size" ? Math.max(60, leastSize(packet)) : PLAIN_PACKET[name];
      for (const value of toward(packet[name], plain)) {
        yield { ...draw, packets: draw.packets.with(i, { ...packet, [name]: value }) };
      }
    }
  }
}

/** Numbers from `plain` to `value` by halves of the way, without `value` itself. */
function* toward(value: number, plain: number): Generator<number> {
  for (let way = value - plain; way !== 0; way = Math.trunc(way / 2)) yield value - way;
}

function* simplerRoutes(draw: ScenarioDraw): Generator<ScenarioDraw> {
  const { routes } = draw;
  if (routes.length === 0) return;
  const turn = (routes[0]!.prefix ^ PREFIX_HOME) >>> 0;
  yield {
    ...draw,
    routes: routes.map((route) => ({
      ...route,
      prefix: ((route.prefix ^ turn) & maskOf(route.depth)) >>> 0,
    })),
    packets: draw.packets.map((packet) => ({ ...packet, dst: (packet.dst ^ turn) >>> 0 })),
  };
  for (let i = 0; i < routes.length; i++) {
    const route = routes[i]!;
    for (const depth of [24, 16, 8]) {
      const prefix = (route.prefix & maskOf(depth)) >>> 0;
      yield { ...draw, routes: routes.with(i, { ...route, depth, prefix }) };
    }
    for (let hop = 0; hop <= Math.max(1, route.nextHop); hop++) {
      yield { ...draw, routes: routes.with(i, { ...route, nextHop: hop }) };
    }
  }
  const used = Math.max(...routes.map((route) => route.nextHop)) + 1;
  if (used < draw.neighbours.length) {
    yield { ...draw, neighbours: draw.neighbours.slice(0, used) };
  }
  for (const [i, hop] of draw.neighbours.entries()) {
    if (typeof hop === "number") continue;
    const plain = i % draw.geometry.ports;
    const simpler: HopDraw[] = typeof hop === "string" || hop.length === 1
      ? [plain]
      : [plain, ...hop.map((_, at) => hop.toSpliced(at, 1))];
    for (const one of simpler) yield { ...draw, neighbours: draw.neighbours.with(i, one) };
  }
}

function* simplerAddresses(draw: ScenarioDraw): Generator<ScenarioDraw> {
  for (const { prefix } of draw.routes) yield* eachPacket(draw, { dst: plainDst(prefix) });
  for (let i = 0; i < draw.packets.length; i++) {
    const packet = draw.packets[i]!;
    for (const { prefix } of draw.routes) {
      for (const dst of toward(packet.dst, plainDst(prefix))) {
        yield { ...draw, packets: draw.packets.with(i, { ...packet, dst }) };
      }
    }
    for (const src of toward(packet.src, SRC_HOME)) {
      yield { ...draw, packets: draw.packets.with(i, { ...packet, src }) };
    }
  }
}

function* simplerGeometry(draw: ScenarioDraw): Generator<ScenarioDraw> {
  const { geometry } = draw;
  yield { ...draw, geometry: { ...PLAIN_GEOMETRY, ports: geometry.ports } };
  // a set-up has its ports
  if (draw.setup !== undefined) return;
  yield { ...draw, geometry: PLAIN_GEOMETRY };
  for (const name of Object.keys(PLAIN_GEOMETRY) as (keyof Geometry)[]) {
    yield { ...draw, geometry: { ...geometry, [name]: PLAIN_GEOMETRY[name] } };
  }
  if (geometry.ports > 3) yield { ...draw, geometry: { ...geometry, ports: 3 } };
}
