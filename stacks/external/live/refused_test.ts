// Aim: a frame that the other end of a link is too small for makes room for those behind it, and a link that takes
// nothing is told from one that took all but one. Method: transmit slots in an array.
import { assertEquals } from "@std/assert";
import * as P from "./if_packet.ts";
import { replaceRefused } from "./refused.ts";

const SLOTS = 4;
/** Slots of the other ring. */
const BEFORE = 6;

/** Transmit slots, those named waiting with a long frame. */
function ring(waiting: readonly number[]) {
  const bytes = new Uint8Array((BEFORE + SLOTS) * P.SLOT).fill(7);
  const words = new Int32Array(bytes.buffer);
  const at = (slot: number) => (BEFORE + slot) * P.SLOT;
  for (let slot = 0; slot < SLOTS; slot++) words[at(slot) / 4] = 0;
  for (const slot of waiting) words.set([P.STATUS.request, 1514], at(slot) / 4);
  const lengths = () => Array.from({ length: SLOTS }, (_, slot) => words[at(slot) / 4 + 1]);
  return { bytes, words, at, lengths };
}

Deno.test("replaceRefused makes the first frame that waits a short one to nobody, round the end of the ring", () => {
  const { bytes, words, at, lengths } = ring([3, 0, 1]);
  const before = lengths();
  assertEquals(replaceRefused(bytes, words, BEFORE, SLOTS, 2), true);
  assertEquals([lengths(), words[(at(3) + P.TX_HDR_LEN) / 4]], [before.with(3, 70), 60]);
  const frame = bytes.slice(at(3) + P.TX_DATA, at(3) + P.TX_DATA + 61);
  assertEquals([...frame.subarray(0, 14)], [2, 0, 0, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0x88, 0xb5]);
  assertEquals([frame.subarray(14, 60).every((byte) => byte === 0), frame[60]], [true, 7]);
  // the kernel has sent it, and stays at the next
  words[at(3) / 4] = 0;
  assertEquals(replaceRefused(bytes, words, BEFORE, SLOTS, 2), true);
  assertEquals(lengths(), before.with(3, 70).with(0, 70));
});

Deno.test("replaceRefused says when the short frame was refused too, and when nothing waits", () => {
  const { bytes, words } = ring([1, 2]);
  assertEquals(replaceRefused(bytes, words, BEFORE, SLOTS, 0), true);
  const left = bytes.slice();
  assertEquals(replaceRefused(bytes, words, BEFORE, SLOTS, 0), false);
  assertEquals(bytes, left);
  const empty = ring([]);
  assertEquals(replaceRefused(empty.bytes, empty.words, BEFORE, SLOTS, 0), false);
});
