// Aim: a frame that comes out is told by its bytes, whatever a forwarder may rewrite, and one that is no packet's is a
// stranger. Method: packets that differ in one byte each, at every byte, and frames with every byte changed in turn.
import { assertEquals } from "@std/assert";
import type { Traffic } from "../../core/machine/scenario.ts";
import { Identities } from "./identity.ts";

const SIZE = 60;
/** MAC addresses, TTL and header checksum of an IPv4 frame. */
const REWRITTEN = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 22, 24, 25];

/** A frame whose bytes are told apart by nothing but what is set in it. */
function frame(isIp: boolean): Uint8Array {
  const bytes = Uint8Array.from({ length: SIZE }, (_, i) => i * 3 & 255);
  bytes.set(isIp ? [8, 0, 0x45, 0, 0, SIZE - 14] : [8, 6], 12);
  return bytes;
}

function trafficOf(frames: readonly Uint8Array[]): Traffic {
  const count = frames.length;
  return {
    count,
    port: new Uint8Array(count),
    at: new Float64Array(count),
    offset: Uint32Array.from(frames, (_, i) => i * SIZE),
    length: new Uint32Array(count).fill(SIZE),
    bytes: Uint8Array.of(...frames.flatMap((each) => [...each])),
  };
}

for (const isIp of [true, false]) {
  Deno.test(`Identities tells ${isIp ? "IPv4" : "other"} packets apart by any byte that is not rewritten`, () => {
    const plain = frame(isIp);
    // neither type nor version nor length, which say what the frame is
    const rewritten = isIp ? REWRITTEN : REWRITTEN.slice(0, 12);
    const differing = [...Array(SIZE).keys()].filter((at) =>
      !rewritten.includes(at) && !(at >= 12 && at <= 17)
    );
    const frames = differing.map((at) => plain.with(at, plain[at]! ^ 0x55));
    const identities = new Identities(trafficOf(frames));
    frames.forEach((each, i) => {
      const out = each.slice();
      for (const at of rewritten) out[at]! ^= 0xff;
      assertEquals(identities.exactly(out, 0, SIZE), i, `byte ${differing[i]}`);
    });
  });
}

Deno.test("Identities: whatever of TTL, checksum and addresses is rewritten, packets that are alike come out in turn", () => {
  const plain = frame(true);
  const identities = new Identities(trafficOf([plain, plain, plain]));
  const found = REWRITTEN.slice(-3).map((at) =>
    identities.exactly(plain.with(at, plain[at]! ^ 1), 0, SIZE)
  );
  // told by all of its bytes and not by what is behind the header, which three packets share
  assertEquals(found, [0, 1, 2]);
  assertEquals(identities.exactly(plain, 0, SIZE), 2);
  const other = plain.map((byte) => byte ^ 0x21);
  assertEquals(identities.exactly(other, 0, SIZE), -1);
});

Deno.test("Identities tells a frame that was cut, or whose last byte is another, by how its data begins", () => {
  // the same addresses, and data that ends alike and begins with an identity
  const frames = [1, 2, 3].map((identity) => frame(true).with(14 + 20 + 8, identity));
  frames.forEach((each, i) => {
    const identities = new Identities(trafficOf(frames));
    const last = each.with(SIZE - 1, each[SIZE - 1]! ^ 1);
    assertEquals(identities.exactly(last, 0, SIZE), -1);
    assertEquals(identities.likely(last, 0, SIZE), i);
    assertEquals(identities.likely(each, 0, SIZE - 2), i);
    // of another flow
    assertEquals(identities.likely(last.with(29, 99), 0, SIZE), -1);
  });
});

/** The fragment of a frame's packet that holds the bytes from `from` to `to` of its data, behind `header` bytes of header. */
function fragment(whole: Uint8Array, from: number, to: number, header = 20): Uint8Array {
  const data = 14 + (whole[14]! & 15) * 4;
  const bytes = Uint8Array.of(
    ...whole.subarray(0, 14 + header),
    ...whole.subarray(data + from, data + to),
  );
  bytes[14] = 0x40 + header / 4;
  bytes.set([0, bytes.length - 14], 16);
  bytes.set([data + to < SIZE ? 0x20 : 0, from / 8], 20);
  return bytes;
}

Deno.test("Identities tells fragments by their packet's data, code point and, of the first, header length", () => {
  const whole = frame(true);
  whole.set([0, 0], 20);
  const told = (bytes: Uint8Array): [number, boolean] => {
    // another with the same identification, and no data in common
    const other = whole.map((byte, i) => i < 34 ? byte : byte ^ 0xff);
    const identities = new Identities(trafficOf([other, whole]));
    return [identities.likely(bytes, 0, bytes.length), identities.isPart];
  };
  const [first, last] = [fragment(whole, 0, 16), fragment(whole, 16, 26)];
  assertEquals([told(first), told(last)], [[1, true], [1, true]]);
  assertEquals(told(whole)[1], false, "all of it");
  for (const part of [first, last]) {
    assertEquals(told(part.with(15, part[15]! ^ 4))[1], false, "another code point");
    assertEquals(told(part.with(35, part[35]! ^ 1))[1], false, "another byte");
  }
  // the first has all options, and those behind it need not
  whole[14] = 0x47;
  const short = (from: number, to: number, header: number) =>
    told(fragment(whole, from, to, header))[1];
  assertEquals([short(0, 16, 28), short(0, 16, 20), short(16, 18, 20)], [true, false, true]);
});
