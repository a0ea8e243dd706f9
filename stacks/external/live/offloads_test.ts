// Aim: a checksum that was left to an interface is what the sender would have computed, also where it comes out as 0, and
// a header that points outside its frame changes nothing. Method: frames behind headers written by hand.
import { assertEquals } from "@std/assert";
import { fold, pseudoHeaderSum, writeUdpFrame } from "../../../core/packet/mod.ts";
import { VNET_HEADER } from "./if_packet.ts";
import { finishChecksum } from "./offloads.ts";

const [SRC, DST] = [0x0a000001, 0x0a000002];
const UDP = 34;

/** A frame with its checksum, and the same as a sender leaves it to its interface, behind its header. */
function left(payload: number, dstPort: number, { start = UDP, offset = 6 } = {}) {
  const whole = new Uint8Array(80);
  const length = writeUdpFrame(whole, 0, {
    ...{ dstMac: 1, srcMac: 2, src: SRC, dst: DST, srcPort: 1, dstPort, id: 1, payload },
  });
  const sent = whole.slice(0, length);
  const bytes = new Uint8Array(VNET_HEADER + length);
  const view = new DataView(bytes.buffer);
  bytes.set(sent, VNET_HEADER);
  view.setUint16(6, start, true);
  view.setUint16(8, offset, true);
  const partial = fold(pseudoHeaderSum(SRC, DST, 17, length - UDP));
  view.setUint16(VNET_HEADER + UDP + 6, partial);
  return { sent, bytes, view, length };
}

Deno.test("finishChecksum computes what the sender left out, 0xffff where that is 0", () => {
  let zeros = 0;
  // one of all ports makes the sum 0
  for (let port = 0; port < 0x10000; port++) {
    const { sent, bytes, view, length } = left(19, port);
    const isZero = sent[UDP + 6] === 0xff && sent[UDP + 7] === 0xff;
    if (isZero) zeros++;
    else if (port % 97 !== 0) continue;
    finishChecksum(bytes, view, VNET_HEADER, length);
    assertEquals(bytes.subarray(VNET_HEADER), sent, `port ${port}`);
  }
  assertEquals(zeros, 1);
});

Deno.test("finishChecksum leaves a frame alone whose header points behind it", () => {
  for (const where of [{ start: 70 }, { offset: 60 }, { start: 0xffff, offset: 0xffff }]) {
    const { bytes, view, length } = left(18, 7, where);
    const before = bytes.slice();
    finishChecksum(bytes, view, VNET_HEADER, length);
    assertEquals(bytes, before);
  }
});
