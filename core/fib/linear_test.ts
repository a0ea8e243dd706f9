// Aim: the list that the other tables are compared with keeps every law itself. Method: the
// conformance suite against its model, then the limits that the suite leaves to the table.
import { assertEquals, assertThrows } from "@std/assert";
import { fibConformance, linearLedger } from "../../properties/fib/mod.ts";
import { LinearFib } from "./linear.ts";

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
