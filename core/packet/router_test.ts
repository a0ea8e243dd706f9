// Aim: a frame that may not be forwarded is told by its first reason, and one that may leaves with exactly its
// TTL, its checksum and both of its MAC addresses changed.
// Method: one frame of each kind with every other kind of wrong behind it; every byte of a frame rewritten.
import { assertEquals } from "@std/assert";
import { REASONS } from "../policy.ts";
import { writeUdpFrame } from "./frame.ts";
import { checkFrame, rewriteFrame } from "./router.ts";

const AT = 6;
const LENGTH = 70;

function frame(ttl: number, edit: (bytes: Uint8Array) => void = () => {}): Uint8Array {
  const bytes = new Uint8Array(AT + LENGTH).fill(0xa5);
  const fields = {
    dstMac: 0x0a0b0c0d0e0f,
    srcMac: 0x1a1b1c1d1e1f,
    src: 0x0a000001,
    dst: 0x0a000002,
  };
  writeUdpFrame(bytes, AT, { ...fields, ttl, payload: LENGTH - 42 });
  edit(bytes.subarray(AT));
  return bytes;
}

/** One's complement sum of the header, one word at a time: 0xffff when it is right (RFC 1071). */
function headerSum(bytes: Uint8Array): number {
  let sum = 0;
  for (let i = AT + 14; i < AT + 34; i += 2) {
    sum += bytes[i]! * 256 + bytes[i + 1]!;
    if (sum > 0xffff) sum -= 0xffff;
  }
  return sum;
}

Deno.test("checkFrame tells the first of its reasons, in their order", () => {
  const notIp = (b: Uint8Array) => void (b[13] = 6);
  const wrongSum = (b: Uint8Array) => void (b[25]! ^= 1);
  const shortHeader = (b: Uint8Array) => void (b[14] = 0x44);
  const both = (...edits: ((b: Uint8Array) => void)[]) => (b: Uint8Array) => {
    for (const edit of edits) edit(b);
  };
  const cases: [string, Uint8Array][] = [
    ["none", frame(64)],
    ["none", frame(2)],
    ["ttl", frame(1)],
    ["ttl", frame(0)],
    ["bad-checksum", frame(64, wrongSum)],
    ["bad-checksum", frame(1, wrongSum)],
    ["bad-header", frame(64, shortHeader)],
    ["bad-header", frame(1, both(shortHeader, wrongSum))],
    ["not-ip", frame(64, notIp)],
    ["not-ip", frame(1, both(notIp, shortHeader, wrongSum))],
  ];
  for (const [reason, bytes] of cases) {
    assertEquals(REASONS[checkFrame(bytes, AT, LENGTH)], reason);
  }
  // what the frame says is longer than what came of it
  assertEquals(REASONS[checkFrame(frame(64), AT, LENGTH - 1)], "bad-header");
});

Deno.test("rewriteFrame changes TTL, checksum and MAC addresses, and no other byte", () => {
  const mac = Uint8Array.from({ length: 18 }, (_, i) => 0x30 + i);
  const portMac = Uint8Array.from({ length: 24 }, (_, i) => 0x60 + i);
  const neighbours = { count: 3, port: Uint8Array.of(2, 0, 3), mac, portMac };
  for (let hop = 0; hop < 3; hop++) {
    for (const ttl of [2, 64, 255]) {
      const bytes = frame(ttl);
      const expected = bytes.slice();
      expected.set(mac.subarray(hop * 6, hop * 6 + 6), AT);
      const port = neighbours.port[hop]!;
      expected.set(portMac.subarray(port * 6, port * 6 + 6), AT + 6);
      expected[AT + 22] = ttl - 1;
      rewriteFrame(bytes, AT, neighbours, hop);
      assertEquals(headerSum(bytes), 0xffff, `checksum after TTL ${ttl}`);
      expected.set(bytes.subarray(AT + 24, AT + 26), AT + 24);
      assertEquals(bytes, expected, `hop ${hop}, TTL ${ttl}`);
    }
  }
});
