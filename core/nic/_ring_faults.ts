/** What a device finds wrong with a descriptor ring, for the ledger. */
import type { Observation } from "../machine/observation.ts";
import type { Ledger } from "../memory/ledger.ts";
import type { DescriptorRing } from "./rings.ts";

/** A doorbell has moved the tail of a ring where it must not be. */
export function noteTail(observation: Observation, now: number, ring: DescriptorRing): void {
  observation.fault("tail-past-head", now, -1, -1, ring.place, ring.place);
}

/** The device has read a descriptor: it must name a buffer that the driver has posted. */
export function noteRead(
  ledger: Ledger | null,
  ring: DescriptorRing,
  slot: number,
  place: number,
): void {
  if (ledger === null) return;
  const b = ring.buffer[slot]!;
  if (b >= 0 && ledger.isPosted(b)) return;
  const packet = b < 0 ? -1 : ledger.packet[b]!;
  ledger.observation.fault("read-unposted", ledger.now, b, packet, place, ring.place);
}
