// Aim: a scenario is for a device that is set up already if it has its routes and next hops, and only then.
// Method: the same tables made again, and with one thing other in each.
import { assertEquals } from "@std/assert";
import type { Neighbours, RouteSet } from "../../../core/machine/scenario.ts";
import { isSame } from "./given_device.ts";

const ROUTES: RouteSet = {
  count: 2,
  prefix: Uint32Array.of(0x0a000000, 0x0b000000),
  depth: Uint8Array.of(8, 8),
  nextHop: Uint32Array.of(0, 1),
};
const NEIGHBOURS: Neighbours = {
  count: 2,
  port: Uint8Array.of(1, 0),
  mac: new Uint8Array(12).fill(2),
  portMac: new Uint8Array(12).fill(4),
  special: new Map([[1, "blackhole"]]),
};

Deno.test("isSame tells tables that are the same from those with one thing other", () => {
  assertEquals(isSame(structuredClone(ROUTES), ROUTES), true);
  assertEquals(isSame(structuredClone(NEIGHBOURS), NEIGHBOURS), true);
  const routes: Partial<RouteSet>[] = [
    { prefix: Uint32Array.of(0x0a000000, 0x0c000000) },
    { depth: Uint8Array.of(8, 9) },
    { nextHop: Uint32Array.of(0, 0) },
  ];
  for (const other of routes) assertEquals(isSame({ ...ROUTES, ...other }, ROUTES), false);
  const { special: _, ...plain } = NEIGHBOURS;
  const neighbours: Neighbours[] = [
    plain,
    { ...NEIGHBOURS, port: Uint8Array.of(1, 1) },
    { ...NEIGHBOURS, portMac: new Uint8Array(18).fill(4) },
    { ...NEIGHBOURS, portMac: new Uint8Array(6).fill(4) },
    { ...NEIGHBOURS, special: new Map([[1, "unreachable"]]) },
    { ...NEIGHBOURS, special: new Map([[1, [0]]]) },
  ];
  for (const other of neighbours) assertEquals(isSame(other, NEIGHBOURS), false);
});
