/** A frame that a link refused, and at which the kernel stays in a transmit ring. */
import * as P from "./if_packet.ts";

/** Bytes of a frame to nobody, and how it begins (IEEE 802, 9.2.3: for experiments). */
const BYTES = 60;
const BEGINS = [2, 0, 0, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0x88, 0xb5];

/**
 * Puts a short frame to nobody in place of the first that waits in the `slots` transmit slots from `from` on, which lie
 * behind `before` others. False when none waits, or when that is what was refused: the link takes nothing.
 */
export function replaceRefused(
  bytes: Uint8Array,
  words: Int32Array,
  before: number,
  slots: number,
  from: number,
): boolean {
  for (let n = 0; n < slots; n++) {
    const at = (before + (from + n) % slots) * P.SLOT;
    if (Atomics.load(words, at / 4) !== P.STATUS.request) continue;
    const frame = bytes.subarray(at + P.TX_DATA, at + P.TX_DATA + BYTES);
    if (
      words[at / 4 + 1] === P.VNET_HEADER + BYTES && BEGINS.every((byte, i) => frame[i] === byte)
    ) return false;
    frame.fill(0);
    frame.set(BEGINS);
    words[at / 4 + 1] = P.VNET_HEADER + BYTES;
    words[(at + P.TX_HDR_LEN) / 4] = BYTES;
    return true;
  }
  return false;
}
