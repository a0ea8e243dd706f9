// Aim: the trie that a stack is given holds the routes of its run, whatever it was given before and did with it.
// Method: tables of more routes than a trie is kept for, each differing from the one before in one route, or in none;
// every look-up as the table's own.
import { assert, assertEquals, assertStrictEquals } from "@std/assert";
import fc from "fast-check";
import { createFib4 } from "../fib/create.ts";
import type { LcTrie } from "../fib/lc_trie.ts";
import { KernelFib } from "./kernel_fib.ts";

/** Routes to 24 bits in 10.0.0.0/8, one in four to 28 bits. */
const COUNT = 4200;
interface Route {
  readonly prefix: number;
  readonly depth: number;
  readonly nextHop: number;
}
const ROUTES = Array.from({ length: COUNT }, (_, i): Route => {
  return { prefix: (0x0a000000 + (i << 8)) >>> 0, depth: i % 4 === 0 ? 28 : 24, nextHop: i % 7 };
});

const change = fc.record({
  what: fc.constantFrom(
    "nothing",
    "nothing",
    "nothing",
    "next hop",
    "next hop",
    "depth",
    "prefix",
    "fewer",
    "own",
  ),
  route: fc.nat(COUNT - 1),
  // whether the run is to change its routes
  mine: fc.constantFrom(false, false, true),
});

Deno.test("KernelFib answers with the routes of each run, and with the same trie only for the same ones", () => {
  let kept = 0;
  fc.assert(
    fc.property(fc.array(change, { minLength: 2, maxLength: 8, size: "max" }), (changes) => {
      const tables = new KernelFib();
      const routes = [...ROUTES];
      let last: LcTrie | null = null;
      for (const { what, route, mine } of changes) {
        const old = routes[route % routes.length]!;
        if (what === "next hop") {
          routes[route % routes.length] = { ...old, nextHop: old.nextHop + 9 };
        }
        if (what === "depth") routes[route % routes.length] = { ...old, depth: 52 - old.depth };
        if (what === "prefix") {
          routes[route % routes.length] = { ...old, prefix: (old.prefix ^ 0x40000000) >>> 0 };
        }
        if (what === "fewer") routes.splice(route % routes.length, 1);
        const fib = createFib4("dir24-8", { firstBits: 16, groups: 2000, maxRules: COUNT });
        for (const { prefix, depth, nextHop } of routes) fib.add(prefix, depth, nextHop);
        const trie = tables.of(fib, mine);
        assertEquals(trie.size, fib.size);
        for (const { prefix } of routes) {
          for (const address of [prefix, prefix + 20]) {
            assertEquals(trie.lookup(address), fib.lookup(address), `${what}: ${address}`);
          }
        }
        if (mine) {
          assert(trie !== last, "who changes routes has a trie of its own");
          trie.add(old.prefix, 32, 99);
          trie.delete(old.prefix, old.depth);
        } else {
          if (what === "nothing" && last !== null) {
            assertStrictEquals(trie, last);
            kept++;
          }
          last = trie;
        }
        if (what !== "nothing" && mine) last = null;
      }
    }),
    { numRuns: 16 },
  );
  assert(kept > 0, "no trie was kept");
});
