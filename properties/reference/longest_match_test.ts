import { assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { ip, scenario } from "./_scenario_for_tests.ts";
import { longestMatch, matchByLength, matchByScan } from "./longest_match.ts";

function match(routes: string[], address: string, shortest = 0): number {
  return longestMatch(scenario({ routes }).routes, ip(address), shortest);
}

Deno.test("longestMatch takes the longest of nested prefixes", () => {
  const routes = ["10.0.0.0/8 0", "10.1.0.0/16 1", "10.1.1.0/24 2", "10.1.1.1/32 3", "0.0.0.0/0 4"];
  assertEquals(match(routes, "10.1.1.1"), 3);
  assertEquals(match(routes, "10.1.1.2"), 2);
  assertEquals(match(routes, "10.1.2.1"), 1);
  assertEquals(match(routes, "10.255.255.255"), 0);
  assertEquals(match(routes, "11.0.0.0"), 4);
  assertEquals(match(routes, "255.255.255.255"), 4);
  assertEquals(match(routes, "11.0.0.0", 1), -1);
  assertEquals(match([], "10.0.0.1"), -1);
});

Deno.test("longestMatch keeps to the bounds of a prefix", () => {
  const routes = ["128.0.0.0/1 0", "192.168.4.0/23 1"];
  assertEquals(match(routes, "127.255.255.255"), -1);
  assertEquals(match(routes, "128.0.0.0"), 0);
  assertEquals(match(routes, "192.168.3.255"), 0);
  assertEquals(match(routes, "192.168.4.0"), 1);
  assertEquals(match(routes, "192.168.5.255"), 1);
  assertEquals(match(routes, "192.168.6.0"), 0);
});

Deno.test("longestMatch lets the later of two equal prefixes count", () => {
  assertEquals(match(["10.0.0.0/8 0", "10.0.0.0/8 1", "0.0.0.0/0 2"], "10.1.1.1"), 1);
});

Deno.test("longestMatch refuses a length above 32", () => {
  assertThrows(
    () => match(["10.0.0.0/8 0", "10.0.0.0/33 1"], "10.0.0.1"),
    RangeError,
    "Cannot match route 1: its prefix length is 33",
  );
});

Deno.test("longestMatch answers the same by scan and by length", () => {
  // Two bases and few low bits, so that prefixes nest and repeat.
  const address = fc.tuple(fc.constantFrom(0x0a000000, 0xfffffe00), fc.nat(0x1ff))
    .map(([base, low]) => base + low);
  const route = fc.record({ prefix: address, depth: fc.nat(32), nextHop: fc.nat(3) });
  fc.assert(
    fc.property(
      fc.array(route, { maxLength: 100, size: "max" }),
      fc.array(address, { minLength: 1, maxLength: 20 }),
      fc.nat(2),
      (list, addresses, shortest) => {
        const routes = {
          count: list.length,
          prefix: Uint32Array.from(list, (r) => r.prefix),
          depth: Uint8Array.from(list, (r) => r.depth),
          nextHop: Uint32Array.from(list, (r) => r.nextHop),
        };
        for (const a of addresses) {
          const expected = matchByScan(routes, a, shortest);
          assertEquals(matchByLength(routes, a, shortest), expected);
          assertEquals(longestMatch(routes, a, shortest), expected);
        }
      },
    ),
    { numRuns: 200 },
  );
});
