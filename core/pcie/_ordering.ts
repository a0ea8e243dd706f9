/** Who may overtake whom (PCI Express base specification, 2.4.1; relaxed and ID-based ordering off). */

/**
 * `MAY_PASS[later * 3 + earlier]`: whether a TLP may overtake an earlier one of another class. Posted and
 * completion must be able to pass non-posted, or requests that wait for each other's answers stop for ever.
 */
export const MAY_PASS: Uint8Array = Uint8Array.of(
  // posted: not its own class; non-posted, completion
  ...[0, 1, 1],
  // non-posted: not posted; completion
  ...[0, 0, 1],
  // completion: not posted; non-posted
  ...[0, 1, 0],
);
