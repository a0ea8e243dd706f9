// A table that judges itself while a law drives it. No test of its own.

/** A table of either family with invariants of its own. */
interface Judged {
  add(...route: never[]): boolean;
  delete(...route: never[]): boolean;
  checkInvariants(): void;
}

/** The same table, which from now on checks its invariants after every `add` and `delete`. */
export function checkedAfterEach<T extends Judged>(fib: T): T {
  for (const name of ["add", "delete"] as const) {
    const change = fib[name].bind(fib);
    fib[name] = (...route) => {
      const answer = change(...route);
      fib.checkInvariants();
      return answer;
    };
  }
  return fib;
}
