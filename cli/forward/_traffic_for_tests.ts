/** Frames for a forwarder of two ports, and what the reference router expects to come out. */
import { REASON, type Traffic } from "../../core/mod.ts";
import {
  generateTraffic,
  neighboursOnPorts,
  readCapture,
  toEthernet,
  writePcap,
} from "../../fixtures/mod.ts";
import { referenceRouter } from "../../properties/mod.ts";
import { l3fwd } from "../../stacks/mod.ts";

/** Half of all addresses to each port. */
const HALVES = {
  count: 2,
  prefix: Uint32Array.of(0, 2 ** 31),
  depth: Uint8Array.of(1, 1),
  nextHop: Uint32Array.of(0, 1),
};
const NEIGHBOURS = neighboursOnPorts({ nextHops: 2, ports: 2 });

/** Frames both ways, some with TTL 1 or a wrong checksum. */
export function traffic(count: number): Traffic {
  return generateTraffic({
    ...{ routes: HALVES, neighbours: NEIGHBOURS, size: "imix", rateGbps: 10, count, seed: 3 },
    pattern: {
      name: "both ways",
      inputs: [{ port: 0, outputs: [1] }, { port: 1, outputs: [0] }],
    },
    faults: { ttl1: 0.05, badChecksum: 0.05 },
  });
}

/** The frames that come in by a port, as a capture. */
export function captureOf(t: Traffic, port: number): Uint8Array {
  const mine = Array.from({ length: t.count }, (_, i) => i).filter((i) => t.port[i] === port);
  const packets = mine.map((i) => ({
    timeNs: i,
    bytes: t.bytes.subarray(t.offset[i]!, t.offset[i]! + t.length[i]!),
  }));
  return writePcap({ linkType: 1, packets });
}

/** Frames of a capture without MAC addresses, which are those of the machine. */
export function payloads(path: string): string[] {
  const { count, offset, length, bytes } = toEthernet(readCapture(path, Deno.readFileSync(path)));
  return Array.from(
    { length: count },
    (_, i) => bytes.subarray(offset[i]! + 12, offset[i]! + length[i]!).join(),
  );
}

/** What comes out of a router that obeys RFC 1812: frames by port without MAC addresses, and counts by reason. */
export function expected(t: Traffic): { frames: string[][]; dropped: Record<string, number> } {
  const geometry = { ...{ ports: 2, lcores: 1, rxRing: 64, txRing: 64, ingress: 64 } };
  const e = referenceRouter({
    geometry: geometry as never,
    ...{ routes: HALVES, neighbours: NEIGHBOURS, traffic: t, deviations: [] },
  }, l3fwd("strict").policy!);
  const frames: string[][] = [[], []];
  const dropped = { ttl: 0, "bad-checksum": 0 };
  for (let i = 0; i < t.count; i++) {
    if (e.forward[i] === 1) {
      const bytes = e.bytes.subarray(e.offset[i]! + 12, e.offset[i]! + e.length[i]!);
      frames[e.port[i]!]!.push(bytes.join());
    } else if (e.reasons[i] === 1 << REASON.ttl) dropped.ttl++;
    else dropped["bad-checksum"]++;
  }
  return { frames, dropped };
}
