/** What is compared on: routes, neighbours, frames with times, read from files or generated. */
import {
  ARRIVAL_MAX_PS,
  type Neighbours,
  type RouteSet,
  type SpecialHop,
  type Traffic,
} from "../core/mod.ts";
import {
  bgpLikeTable,
  checkCaptureStart,
  type Fault,
  FAULTS,
  type FaultShares,
  generateTraffic,
  neighboursOnPorts,
  readCapture,
  readPrefixList,
  replayTraffic,
} from "../fixtures/mod.ts";
import { readInput } from "./files.ts";
import { type CompareOptions, LINK_GBPS } from "./options.ts";
import { counted } from "./report/format.ts";
import type { RoutesRecord, TrafficRecord } from "./report/types.ts";
import { UserError } from "./user_error.ts";

/** Ports of the simulated host. */
export const PORTS = 4;
/** Routes and next hops of a generated table. */
const ROUTES_DEFAULT = 20_000;
const NEXT_HOPS_DEFAULT = 4;

const ROUTES_BYTES_MAX = 2 ** 28;
const CAPTURE_BYTES_MAX = 2 ** 31 - 1;
/** Most bytes of frames: a run keeps them three times, as offered, as expected and as emitted. */
const FRAMES_BYTES_MAX = 2 ** 28;
/** What a short packet is padded to: a file of empty ones is not short. */
const FRAME_MIN = 60;
const FCS_BYTES = 4;
/** Mean size of the simple IMIX on the wire, rounded up. */
const IMIX_BYTES = 362;

/** Everything that a comparison is made on, and the record of it for the report. */
export interface Inputs {
  readonly routes: RouteSet;
  readonly neighbours: Neighbours;
  readonly traffic: Traffic;
  readonly routesRecord: RoutesRecord;
  readonly trafficRecord: TrafficRecord;
}

/**
 * Reads and generates what the options name.
 *
 * @param faults shares of generated frames that must be dropped
 * @param routeTypes whether routes may be nowhere, or to several next hops
 * @throws {UserError} or {InputError} when a file is not as expected
 */
export function readInputs(
  options: CompareOptions,
  faults: FaultShares = {},
  routeTypes = false,
): Inputs {
  // The capture is opened before the table is loaded: a wrong name should not cost a second.
  const capture = options.pcap === null ? null : readCaptureFile(options.pcap);
  const { routes, routesRecord, special } = readRoutes(options, routeTypes);
  const plain = neighboursOnPorts({ nextHops: routesRecord.nextHops + special.size, ports: PORTS });
  const neighbours = special.size === 0 ? plain : { ...plain, special };
  const [traffic, trafficRecord] = capture === null
    ? generate(options, routes, neighbours, faults)
    : replay(options, capture, neighbours);
  const last = traffic.at[traffic.count - 1]!;
  if (last > ARRIVAL_MAX_PS) {
    throw new UserError(
      `--rate: expected the last of ${traffic.count} packets within ${ARRIVAL_MAX_PS / 1e12} s, ` +
        `got one after ${(last / 1e12).toPrecision(3)} s at ${options.rateGbps} Gb/s`,
    );
  }
  return { routes, neighbours, traffic, routesRecord, trafficRecord };
}

/**
 * The routes of a prefix list, or a table like BGP's from a seed.
 * @throws {UserError} or {InputError} when the file is not as expected
 */
export function readRoutes(
  { routes: path, seed }: { routes: string | null; seed: number },
  routeTypes = false,
): {
  routes: RouteSet;
  routesRecord: RoutesRecord;
  special: ReadonlyMap<number, SpecialHop>;
} {
  if (path === null) {
    const routes = bgpLikeTable({ routes: ROUTES_DEFAULT, seed, nextHops: NEXT_HOPS_DEFAULT });
    const record: RoutesRecord = {
      source: "generated",
      name: `BGP-like table, seed ${seed}`,
      count: routes.count,
      nextHops: NEXT_HOPS_DEFAULT,
      skippedIpv6: 0,
      masked: 0,
      duplicates: 0,
    };
    return { routes, routesRecord: record, special: new Map() };
  }
  const bytes = readInput(path, "a prefix list", ROUTES_BYTES_MAX);
  const list = readPrefixList(path, bytes, { special: routeTypes });
  const { routes, nextHops, special, skippedIpv6, masked, duplicates } = list;
  return {
    routes,
    special,
    routesRecord: {
      source: "file",
      name: path,
      count: routes.count,
      nextHops: nextHops.length,
      skippedIpv6,
      masked,
      duplicates,
    },
  };
}

function generate(
  options: CompareOptions,
  routes: RouteSet,
  neighbours: Neighbours,
  faults: FaultShares,
): [Traffic, TrafficRecord] {
  const { size, pattern, rateGbps, seed } = options;
  const count = options.count!;
  const most = Math.floor(FRAMES_BYTES_MAX / (size === "imix" ? IMIX_BYTES : size));
  if (count > most) {
    throw new UserError(
      `--count: expected at most ${most} packets of this size (${FRAMES_BYTES_MAX} bytes), ` +
        `got ${count}`,
    );
  }
  const linkGbps = LINK_GBPS;
  const wanted = { routes, neighbours, pattern, size, rateGbps, count, seed, linkGbps, faults };
  const traffic = unlessUnreachable(options, () => {
    try {
      return generateTraffic(wanted);
    } catch (error) {
      if (!(error instanceof RangeError) || !/all is covered/.test(error.message)) throw error;
      // a default route: nothing goes nowhere
      return generateTraffic({ ...wanted, faults: { ...faults, noRoute: 0 } });
    }
  });
  const found = Object.fromEntries(FAULTS.slice(1).map((name) => [name, 0])) as Record<
    Exclude<Fault, "none">,
    number
  >;
  for (const fault of traffic.fault) {
    const name = FAULTS[fault]!;
    if (name !== "none") found[name]++;
  }
  const name = size === "imix" ? "simple IMIX (64, 594, 1518 B; 7:4:1)" : `frames of ${size} B`;
  return [traffic, {
    ...shapeOf(traffic, options),
    source: "generated",
    name,
    pattern,
    seed,
    faults: found,
    capture: null,
  }];
}

/** A table without a way to some port is the user's; any other range error is ours. */
function unlessUnreachable<T>(options: CompareOptions, make: () => T): T {
  try {
    return make();
  } catch (error) {
    if (
      !(error instanceof RangeError) || !/no address leads there|is covered/.test(error.message)
    ) {
      throw error;
    }
    throw new UserError(
      `${options.routes ?? "--seed"}: expected routes to the ports of pattern ${options.pattern} ` +
        `(next hop N is on port N modulo ${PORTS}), got none that serves: ${error.message}`,
    );
  }
}

/**
 * The frames of a capture, spread over the ports of a router that somebody has set up.
 * @throws {UserError} or {InputError} when the file is not as expected
 */
export function readCaptureTraffic(
  path: string,
  on: { readonly ports: number; readonly neighbours: Neighbours; readonly count: number | null },
): [Traffic, TrafficRecord] {
  const rateGbps = LINK_GBPS / 4;
  return replay({ rateGbps, count: on.count }, readCaptureFile(path), on.neighbours, on.ports);
}

type CaptureFile = ReturnType<typeof readCapture> & { readonly path: string };

function readCaptureFile(path: string): CaptureFile {
  const expected = "a pcap or pcapng file";
  const capture = readCapture(
    path,
    readInput(path, expected, CAPTURE_BYTES_MAX, checkCaptureStart),
  );
  let bytes = 0;
  for (const length of capture.length) bytes += Math.max(FRAME_MIN, length);
  if (bytes > FRAMES_BYTES_MAX) {
    throw new UserError(
      `${path}: expected at most ${FRAMES_BYTES_MAX} bytes of packets (of ${FRAME_MIN} at least), ` +
        `got ${bytes}`,
    );
  }
  return { ...capture, path };
}

function replay(
  options: Pick<CompareOptions, "rateGbps" | "count">,
  capture: CaptureFile,
  neighbours: Neighbours,
  ports = PORTS,
): [Traffic, TrafficRecord] {
  const { rateGbps } = options;
  const replayed = replayTraffic({
    capture,
    ports,
    rateGbps,
    linkGbps: LINK_GBPS,
    neighbours,
    rewriteDstMac: true,
  });
  const cut = capture.cut === undefined
    ? null
    : { offset: capture.cut.offset, reason: capture.cut.reason };
  if (replayed.count === 0) {
    const { oversize, skipped } = replayed;
    const why = [
      oversize > 0 ? `; ${oversize} too long` : "",
      skipped > 0 ? `; ${skipped} not Ethernet` : "",
      cut === null ? "" : `; cut at offset 0x${cut.offset.toString(16)}: ${cut.reason}`,
    ];
    throw new UserError(
      `${capture.path}: expected at least one frame that a port can receive, got none ` +
        `of ${counted(capture.count, "packet")}${why.join("")}`,
    );
  }
  const traffic = firstOf(replayed, options.count ?? replayed.count);
  return [traffic, {
    ...shapeOf(traffic, options),
    source: "capture",
    name: capture.path,
    pattern: null,
    seed: null,
    faults: null,
    capture: {
      format: capture.format,
      packets: capture.count,
      offered: traffic.count,
      padded: replayed.padded,
      truncated: replayed.truncated,
      oversize: replayed.oversize,
      otherLink: replayed.skipped,
      beyondCount: replayed.count - traffic.count,
      cut,
    },
  }];
}

/** The first `n` frames of a traffic. */
export function firstOf(traffic: Traffic, n: number): Traffic {
  const count = Math.min(n, traffic.count);
  return {
    count,
    port: traffic.port.subarray(0, count),
    at: traffic.at.subarray(0, count),
    offset: traffic.offset.subarray(0, count),
    length: traffic.length.subarray(0, count),
    bytes: traffic.bytes,
  };
}

function shapeOf(
  traffic: Traffic,
  { rateGbps }: Pick<CompareOptions, "rateGbps">,
): Pick<TrafficRecord, "packets" | "wireBytes" | "inputPorts" | "rateGbps"> {
  let wireBytes = 0;
  const ports = new Set<number>();
  for (let i = 0; i < traffic.count; i++) {
    wireBytes += traffic.length[i]! + FCS_BYTES;
    ports.add(traffic.port[i]!);
  }
  return {
    packets: traffic.count,
    wireBytes,
    inputPorts: [...ports].sort((a, b) => a - b),
    rateGbps,
  };
}
