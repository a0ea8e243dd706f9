// Aim: minimise ends in a draw from which nothing can be taken away, within its bound, for any
// predicate.
// Method: predicates whose smallest draw is known.
import { assert, assertEquals } from "@std/assert";
import * as fc from "fast-check";
import { STRICT } from "../../core/stack.ts";
import type { ScenarioDraw } from "./draw.ts";
import { minimise } from "./minimise.ts";
import { scenario } from "./scenario.ts";
import { simplerDraws } from "./simpler.ts";

function drawWhere(holds: (draw: ScenarioDraw) => boolean): ScenarioDraw {
  return fc.sample(scenario(STRICT).filter(holds), { numRuns: 1, seed: 3 })[0]!;
}

Deno.test("minimise keeps what the predicate needs and makes the rest plain", () => {
  const needs = (draw: ScenarioDraw) =>
    draw.packets.some((packet) => packet.options > 2 && packet.size >= 1000) &&
    draw.routes.some((route) => route.depth === 32);
  const { draw, minimal } = minimise(drawWhere(needs), needs, 20_000);
  assert(minimal);
  assertEquals(draw.packets.map(({ options, size }) => [options, size]), [[3, 1000]]);
  assertEquals(draw.routes, [{ prefix: 0x0a000000, depth: 32, nextHop: 1 }]);
  assertEquals(draw.packets[0]!.ttl, 64);
});

Deno.test("minimise makes the buffer smaller where that takes fewer packets", () => {
  const overruns = ({ packets, geometry }: ScenarioDraw) => packets.length > geometry.ingress;
  const start = drawWhere((draw) => overruns(draw) && draw.geometry.ingress > 8);
  const { draw, minimal } = minimise(start, overruns, 20_000);
  assert(minimal);
  assert(draw.packets.length <= 3, `${draw.packets.length} packets`);
});

Deno.test("minimise establishes that removing any one packet makes it pass", () => {
  const fails = ({ packets }: ScenarioDraw) =>
    packets.filter((packet) => packet.port === 0).length >= 2 &&
    packets.some((packet) => packet.port === 1);
  const { draw, minimal } = minimise(drawWhere(fails), fails, 20_000);
  assert(minimal);
  assertEquals(draw.packets.length, 3);
  draw.packets.forEach((_, i) =>
    assert(!fails({ ...draw, packets: draw.packets.toSpliced(i, 1) }))
  );
});

Deno.test("minimise stops at its bound and says that it did", () => {
  let asked = 0;
  const result = minimise(drawWhere((draw) => draw.packets.length > 30), () => {
    asked++;
    return asked % 3 === 0;
  }, 25);
  assertEquals(asked, 25);
  assertEquals(result.runs, 25);
  assertEquals(result.minimal, false);
});

Deno.test("minimise answers the draw itself when nothing simpler fails", () => {
  const start = drawWhere((draw) => draw.packets.length > 3);
  const result = minimise(start, () => false, 100_000);
  assertEquals(result.draw, start);
  assert(result.minimal && result.runs > 0);
});

Deno.test("simplerDraws leaves the times of the packets that stay when it removes others", () => {
  const start = drawWhere(({ packets }) => packets.length === 3);
  const gaps = [10, 700, 900];
  const draw = {
    ...start,
    packets: start.packets.map((packet, i) => ({ ...packet, srcPort: i, gapNs: gaps[i]! })),
  };
  const without = (gone: number) =>
    [...simplerDraws(draw)].find(({ packets, geometry }) =>
      packets.length === 2 && packets.every((packet) => packet.srcPort !== gone) &&
      geometry.ingress === draw.geometry.ingress && geometry.rxRing === draw.geometry.rxRing &&
      geometry.spareBuffers === draw.geometry.spareBuffers
    )!.packets.map((packet) => packet.gapNs);
  assertEquals(without(0), [700, 900]);
  assertEquals(without(1), [10, 1600]);
});
