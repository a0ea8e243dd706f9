import type { Ledger } from "./ledger.ts";

/** Buffer `b` came back to a pool that does not own it, and perhaps to a memory that has not so many. */
export function noteForeign(ledger: Ledger, b: number, place: number, used: number): void {
  const known = b >= 0 && b < used;
  const packet = known ? ledger.packet[b]! : -1;
  const holder = known ? ledger.holder[b]! : -1;
  ledger.observation.fault("foreign-free", ledger.now, b, packet, place, holder);
}
