/** For tests of tables in which a default route is a rule like any other, and so writes entries too. */
import type { Fib4 } from "../../core/fib/fib.ts";
import type { FibLedger } from "./ledger.ts";

/** The ledger with as many entries for a default route as for both its halves. */
export function withDefaultRule<F extends Fib4>(ledger: FibLedger<F>): FibLedger<F> {
  const touchLimit = ledger.touchLimit!;
  return {
    ...ledger,
    touchLimit: (before, after, prefix, depth) =>
      depth > 0
        ? touchLimit(before, after, prefix, depth)
        : touchLimit(before, after, 0, 1) + touchLimit(before, after, 2 ** 31, 1),
  };
}
