/**
 * Counterexamples for the tests of this folder: the fake device loses the fifth packet, or too many
 * at once.
 */
import { build } from "../arbitraries/build.ts";
import { PLAIN_GEOMETRY, PLAIN_PACKET, type ScenarioDraw } from "../arbitraries/draw.ts";
import { FakeDevice, type FakeFault } from "../run/_fake_device_for_tests.ts";
import { checkConformance } from "../run/check.ts";
import type { Counterexample } from "./counterexample.ts";

const packet = { ...PLAIN_PACKET, src: 0xac100000, dst: 0x0a000001 };

/** A draw of five packets with two routes, one of them a /32, and one deviation. */
export const DRAW: ScenarioDraw = {
  geometry: { ...PLAIN_GEOMETRY, ingress: 2, fidelity: "tlp", headerCredits: 1, dataCredits: 16 },
  neighbours: [0, 1],
  routes: [
    { prefix: 0x0a000000, depth: 24, nextHop: 1 },
    { prefix: 0xc0a80001, depth: 32, nextHop: 0 },
  ],
  packets: [
    packet,
    { ...packet, gapNs: 0, options: 2, protocol: "tcp", size: 70 },
    { ...packet, gapNs: 0, type: "vlan", size: 64 },
    { ...packet, gapNs: 0, port: 1, checksum: "wrong" },
    { ...packet, ttl: 2 },
  ],
  deviations: [{ site: "tie", occurrence: 3, value: 2 }],
};

/** The counterexample of one law that a faulty device breaks on a draw. */
export function exampleOf(fault: FakeFault, law: string, draw = DRAW): Counterexample {
  const result = checkConformance(new FakeDevice(fault), { replay: build(draw) });
  return result.laws.find((one) => one.law.id === law)!.counterexample!;
}
