// Aim: shrinking finds the few packets, routes and bytes that a failure needs, in few runs, and
// never turns a right header into a wrong one. Method: failures that are known to need exactly
// certain packets of long generated traffic; every step of many drawn frames is looked at.
import { assert, assertEquals, assertLessOrEqual } from "@std/assert";
import * as fc from "fast-check";
import type { Scenario } from "../../core/machine/device.ts";
import { STRICT } from "../../core/stack.ts";
import { build } from "../arbitraries/build.ts";
import { PLAIN_GEOMETRY, PLAIN_PACKET } from "../arbitraries/draw.ts";
import { scenario } from "../arbitraries/scenario.ts";
import { simplerFrames } from "./frames.ts";
import { shrinkScenario } from "./scenario.ts";

/** 600 packets of many sizes over 40 routes; packet i comes from 11.0.0.0 + i. */
const LONG: Scenario = build({
  geometry: PLAIN_GEOMETRY,
  neighbours: [1, 0],
  routes: Array.from(
    { length: 40 },
    (_, i) => ({ prefix: (10 * 256 + i) * 65536, depth: 16, nextHop: 0 }),
  ),
  packets: Array.from({ length: 600 }, (_, i) => ({
    ...PLAIN_PACKET,
    src: 0x0b000000 + i,
    dst: (10 * 256 + i % 40) * 65536 + 7,
    size: 60 + i,
    options: i % 3,
    ttl: 2 + i % 90,
    checksum: i % 50 === 49 ? "wrong" as const : "right" as const,
  })),
  deviations: [{ site: "tie", occurrence: 3, value: 1 }],
});

/** The low bits of the source address of each packet. */
function sources({ traffic: { bytes, offset, count } }: Scenario): number[] {
  return Array.from({ length: count }, (_, i) => {
    const at = offset[i]! + 26;
    return bytes[at + 2]! << 8 | bytes[at + 3]!;
  });
}

Deno.test("shrinkScenario leaves the packets that a failure needs, plain, and one route for it", () => {
  const needs = [17, 300, 301, 555];
  const seen = new Set<Scenario>();
  const { scenario: least, minimal, runs } = shrinkScenario(LONG, (one) => {
    assert(!seen.has(one));
    seen.add(one);
    const there = sources(one);
    const has = needs.every((n) => there.includes(n));
    return has && [...one.routes.prefix].includes((10 * 256 + 300 % 40) * 65536);
  }, 2000);
  assertEquals([sources(least), least.routes.count, least.deviations.length], [needs, 1, 0]);
  assertEquals(minimal, true);
  assertLessOrEqual(runs, 160);
  assertEquals([...least.traffic.length], [60, 60, 60, 60]);
  assertEquals([...least.traffic.at], [1e6, 2e6, 3e6, 4e6]);
  const { bytes, offset } = least.traffic;
  assertEquals(needs.map((_, p) => bytes[offset[p]! + 22]), [64, 64, 64, 64]);
});

Deno.test("shrinkScenario keeps what of a packet a failure is about", () => {
  const hasOptions = ({ traffic: { bytes, offset, count } }: Scenario) =>
    Array.from({ length: count }, (_, i) => bytes[offset[i]! + 14]! & 15).includes(7);
  const { scenario: least } = shrinkScenario(LONG, hasOptions, 2000);
  assertEquals([least.traffic.count, least.traffic.length[0], least.routes.count], [1, 60, 0]);
  assertEquals(least.traffic.bytes[14], 0x47);
});

Deno.test("shrinkScenario brings packets home: addresses, times, port and sizes", () => {
  const { traffic, geometry } = LONG;
  const captured: Scenario = {
    ...LONG,
    geometry: { ...geometry, rxRing: 1024, ingress: 7, lcores: 2 },
    traffic: { ...traffic, port: traffic.port.map(() => 1), at: traffic.at.map((ps) => ps + 5) },
  };
  const { scenario: least } = shrinkScenario(captured, ({ traffic: t }) => t.count > 1, 2000);
  assertEquals([...least.traffic.port, ...least.traffic.at], [0, 0, 1e6, 2e6]);
  assertEquals(least.geometry, { ...PLAIN_GEOMETRY });
  const { bytes } = least.traffic;
  assertEquals(bytes.slice(26, 30).toHex(), "ac100000");
  // what it is about stays: here the second port, and that there are two lcores
  const needs = ({ geometry: g, traffic: t }: Scenario) => t.port.includes(1) && g.lcores === 2;
  const { scenario: other } = shrinkScenario(captured, needs, 2000);
  assertEquals([[...other.traffic.port], other.geometry], [[1], { ...PLAIN_GEOMETRY, lcores: 2 }]);
});

Deno.test("shrinkScenario stops when its runs are used up, and says that it is not minimal", () => {
  const { runs, minimal, scenario: least } = shrinkScenario(
    LONG,
    (one) => sources(one).includes(3),
    5,
  );
  assertEquals([runs, minimal, sources(least).includes(3)], [5, false, true]);
});

/** Whether the one's complement sum of a header is all ones, in plain arithmetic. */
function verifies(frame: Uint8Array): boolean {
  let sum = 0;
  for (let i = 14; i < 14 + (frame[14]! & 15) * 4; i += 2) sum += frame[i]! * 256 + frame[i + 1]!;
  return sum % 65535 === 0 && sum > 0;
}

const HOME = { src: 0x0b0c0d0e, dst: 0x0a000001 };

Deno.test("simplerFrames keeps addresses or takes those it is given, a right checksum right and a wrong one wrong", () => {
  let steps = 0;
  fc.assert(
    fc.property(scenario(STRICT), (draw) => {
      const { traffic: { bytes, offset, length, count } } = build(draw);
      for (let i = 0; i < count; i++) {
        const frame = bytes.slice(offset[i]!, offset[i]! + length[i]!);
        for (const step of simplerFrames(frame, i, HOME)) {
          steps++;
          assertEquals(verifies(step), verifies(frame));
          const [src, dst] = [step.slice(26, 30).toHex(), step.slice(30, 34).toHex()];
          assert([frame.slice(26, 30).toHex(), "0b0c0d0e"].includes(src), src);
          assert([frame.slice(30, 34).toHex(), "0a000001"].includes(dst), dst);
          assertEquals(step.slice(0, 14), frame.slice(0, 14));
        }
      }
    }),
    { numRuns: 30, seed: 1 },
  );
  assert(steps > 500, `${steps} steps`);
});

Deno.test("shrinkScenario keeps a wrong FCS with its packet", () => {
  const { traffic } = LONG;
  const badFcs = Uint8Array.from({ length: traffic.count }, (_, i) => i === 577 ? 1 : 0);
  const fails = ({ traffic: { badFcs: bad } }: Scenario) => bad?.includes(1) === true;
  const long = { ...LONG, traffic: { ...traffic, badFcs } };
  const { scenario: least } = shrinkScenario(long, fails, 2000);
  assertEquals([least.traffic.count, [...least.traffic.badFcs!]], [1, [1]]);
});
