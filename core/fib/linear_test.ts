// Aim: the lists that the other tables are compared with keep every law themselves. Method: the
// conformance suites against their models, then the limits that the suites leave to the table.
import { assertEquals, assertThrows } from "@std/assert";
import { fibConformance, linearLedger } from "../../properties/fib/mod.ts";
import { LinearFib } from "./linear.ts";
import { fib6Conformance, linear6Ledger } from "../../properties/fib6/mod.ts";
import { LinearFib6 } from "./linear6.ts";

fibConformance("LinearFib", (geometry) => new LinearFib(geometry), { ledger: linearLedger() });

Deno.test("LinearFib refuses a default route when told to", () => {
  const fib = new LinearFib({ defaultRoute: false });
  assertThrows(() => fib.add(0, 0, 1), RangeError, "Cannot add route: depth 0");
  assertEquals(fib.size, 0);
});

Deno.test("LinearFib refuses options that make no table", () => {
  for (const maxRules of [0, -1, 1.5, NaN]) {
    assertThrows(() => new LinearFib({ maxRules }), RangeError, `maxRules ${maxRules}`);
  }
});

Deno.test("LinearFib lookupBulk refuses to read or write past its arrays", () => {
  const fib = new LinearFib();
  for (const n of [-1, 3, 0.5]) {
    assertThrows(
      () => fib.lookupBulk(new Uint32Array(2), new Int32Array(4), n),
      RangeError,
      `n ${n} does not fit 2 addresses and 4 next hops`,
    );
  }
});

fib6Conformance("LinearFib6", (geometry) => new LinearFib6(geometry), { ledger: linear6Ledger() });

Deno.test("LinearFib6 refuses a default route when told to", () => {
  const fib = new LinearFib6({ defaultRoute: false });
  assertThrows(() => fib.add(new Uint32Array(4), 0, 1), RangeError, "Cannot add route: depth 0");
  assertEquals(fib.size, 0);
});

Deno.test("LinearFib6 refuses options that make no table", () => {
  for (const maxRules of [0, -1, 1.5, NaN]) {
    assertThrows(() => new LinearFib6({ maxRules }), RangeError, `maxRules ${maxRules}`);
  }
});

Deno.test("LinearFib6 reads prefixes and addresses at a position, and keeps neither array", () => {
  const fib = new LinearFib6();
  const words = Uint32Array.of(7, 0x20010db8, 0x80000000, 1, 2, 0x20010db8, 0x7fffffff, 1, 2);
  assertEquals(fib.add(words, 33, 4, 1), true);
  const addresses = words.slice();
  words.fill(0);
  assertEquals([fib.lookup(addresses, 1), fib.lookup(addresses, 5)], [4, -1]);
  assertEquals(fib.delete(addresses, 33, 5), false);
  assertEquals(fib.delete(addresses, 33, 1), true);
  assertThrows(() => fib.add(addresses, 33, 1, 6), RangeError, "no 4 words of prefix at 6 of 9");
});
