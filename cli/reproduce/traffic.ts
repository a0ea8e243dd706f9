/** What the paper's tester sends: patterns, frame sizes, background of a rate, into a router of four ports. */
import type { Neighbours, RouteSet } from "../../core/mod.ts";
import {
  type GeneratedTraffic,
  generateTraffic,
  neighboursOnPorts,
  type Pattern,
  type PatternName,
  patternOf,
} from "../../fixtures/mod.ts";

/** Frame sizes of the paper on the wire, in bytes (5.1). */
export const SIZES: readonly number[] = [64, 128, 256, 512, 1024, 1280, 1518];
/** Link speed of the paper's ports in Gb/s. */
export const LINK_GBPS = 40;
/** Seed of flows and gaps. */
const SEED = 1;

/** How frames of a background are spaced; the paper does not say, so it is an input. */
export type Background = "poisson" | "cbr";

/** What is offered. */
export interface Load {
  readonly pattern: PatternName | Pattern;
  /** Frame size on the wire with FCS, in bytes. */
  readonly size: number;
  /** Rate of each input port in Gb/s, with 20 bytes of overhead a frame. */
  readonly gbps: number;
  /** Rate of the links in Gb/s. */
  readonly linkGbps: number;
  readonly arrivals: Background;
}

/** A router of so many ports: one route of 8 bits to each, so that a look-up reads its table once. */
export function routesTo(ports: number): { routes: RouteSet; neighbours: Neighbours } {
  const each = Array.from({ length: ports }, (_, port) => port);
  return {
    routes: {
      count: ports,
      prefix: Uint32Array.from(each, (port) => (20 + port) * 2 ** 24),
      depth: new Uint8Array(ports).fill(8),
      nextHop: Uint32Array.from(each),
    },
    neighbours: neighboursOnPorts({ nextHops: ports, ports }),
  };
}

/** Frames of a load over so many microseconds, of 256 flows for each input and output (5.1). */
export function trafficOf(load: Load, us: number, ports: number): GeneratedTraffic {
  const { pattern, size, gbps, linkGbps, arrivals } = load;
  const perPort = Math.ceil((us * gbps * 1000) / ((size + 20) * 8));
  return generateTraffic({
    ...routesTo(ports),
    pattern,
    size,
    rateGbps: gbps,
    linkGbps,
    count: perPort * patternOf(pattern).inputs.length,
    seed: SEED,
    arrivals,
  });
}

/** The wire's rate of frames in Mpps (the paper's equation 1, divided by the bits of a frame). */
export function wireMpps(size: number, gbps = LINK_GBPS): number {
  return (gbps * 1000) / ((size + 20) * 8);
}
