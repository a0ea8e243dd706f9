/** A frame that a link refused, and at which the kernel stays in a transmit ring. */
import * as P from "./if_packet.ts";

/** Bytes of a frame to nobody. */
const BYTES = 60;
const ADDRESSES = [2, 0, 0, 0, 0, 0, 2, 0, 0, 0, 0, 0];

/**
 * Puts a short frame to nobody (IEEE 802, 9.2.3: for experiments) in place of the first that waits in the transmit slots
 * from `from` on, behind as many of the other ring. Answers its slot.
 */
export function replaceRefused(
  bytes: Uint8Array,
  words: Int32Array,
  slots: number,
  from: number,
): number {
  let slot = from;
  const at = () => (slots + slot) * P.SLOT;
  while (Atomics.load(words, at() / 4) !== P.STATUS.request) slot = (slot + 1) % slots;
  bytes.fill(0, at() + P.TX_DATA, at() + P.TX_DATA + BYTES);
  bytes.set([...ADDRESSES, 0x88, 0xb5], at() + P.TX_DATA);
  words[at() / 4 + 1] = P.VNET_HEADER + BYTES;
  words[(at() + P.TX_DATA - P.VNET_HEADER + 2) / 4] = BYTES;
  return slot;
}
