/**
 * Looks address 0 up in an empty table as if its entry of the first level led to a group, `deep`.
 *
 * V8 takes nothing out of a loop in which a branch has never been taken: such a branch leaves the
 * optimised code, and the loop has an exit that loops must not have to be peeled. A full table of
 * BGP's may have no route longer than /24; without this, loops of look-ups in it had 0.6 of their
 * rate. V8 begins to note what a function does when it has been called some ten times.
 */
export function rehearse(
  fib: { lookup(address: number): number },
  first: { [entry: number]: number },
  deep: number,
): void {
  first[0] = deep;
  for (let i = 0; i < 100; i++) fib.lookup(0);
  first[0] = 0;
}
