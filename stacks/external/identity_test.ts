// Aim: a frame that comes out is told by its bytes, whatever a forwarder may rewrite, and one that is no packet's is a
// stranger. Method: packets that differ in one byte each, at every byte, and frames with every byte changed in turn.
import { assertEquals, assertThrows } from "@std/assert";
import type { Traffic } from "../../core/machine/scenario.ts";
import { Identities } from "./identity.ts";
import { isPart } from "./likeness.ts";
import { readRecords } from "./records.ts";
import { RunFailure } from "../../core/machine/device.ts";

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
      !rewritten.includes(at) && (at === 15 || at < 12 || at > 17)
    );
    // the packet that they differ from is the first, so that who passes over a byte takes one for the other
    const frames = [plain, ...differing.map((at) => plain.with(at, plain[at]! ^ 0x55))];
    const identities = new Identities(trafficOf(frames));
    [...frames.keys()].reverse().forEach((i) => {
      const out = frames[i]!.slice();
      for (const at of rewritten) out[at]! ^= 0xff;
      assertEquals(identities.exactly(out, 0, SIZE), i, `byte ${differing[i - 1]}`);
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

Deno.test("isPart: a fragment lies in its datagram from the first byte to the last, and is not all of it", () => {
  /** A datagram of 48 bytes in 24 of which is data, or a fragment of it; all bytes are alike, those behind it too. */
  const packet = (data: number, units: number): Uint8Array => {
    const bytes = new Uint8Array(128);
    bytes.set([8, 0, 0x45, 0, 0, 20 + data, 1, 2, 0, units], 12);
    return bytes;
  };
  const whole = packet(48, 0);
  const fits: [number, number, boolean][] = [
    ...[[48, 0, false], [40, 0, true], [8, 5, true], [8, 6, false], [16, 5, false]] as const,
    ...[[24, 3, true], [25, 3, false], [1, 0, true], [56, 0, false]] as const,
  ].map(([data, units, is]) => [data, units, is]);
  for (const [data, units, is] of fits) {
    const part = packet(data, units);
    assertEquals(isPart(part, 0, 34 + data, whole, 0, 82), is, `${data} bytes at ${8 * units}`);
  }
});

Deno.test("readRecords takes frames of 14 bytes for every port there is, and nothing beside", () => {
  const record = (length: number, port: number, there: number = length): Uint8Array => {
    const bytes = new Uint8Array(6 + there);
    bytes.set([0, 0, 0, length + 2, 0x46, port]);
    return bytes;
  };
  for (const port of [0, 1]) assertEquals(readRecords(record(14, port), 2).length, 1);
  for (const wrong of [record(14, 2), record(13, 0), record(15, 0, 14), record(0, 0).subarray(1)]) {
    assertThrows(() => readRecords(wrong, 2), RunFailure);
  }
});

/** The part of an IPv4 frame with data from `from` to `to`, as a fragment of its packet. */
function cut(whole: Uint8Array, from: number, to: number): Uint8Array {
  const field = from / 8 | (to < whole.length - 34 ? 0x2000 : 0);
  const bytes = Uint8Array.of(...whole.subarray(0, 34), ...whole.subarray(34 + from, 34 + to));
  bytes.set([bytes.length - 14 >> 8, bytes.length - 14 & 255], 16);
  bytes.set([field >> 8, field & 255], 20);
  return bytes;
}

Deno.test("Identities tells fragments by the packet that they were cut from, and of equal packets each part in turn", () => {
  const first = frame(true);
  first.set([0, 0], 20);
  const other = first.with(19, first[19]! ^ 1);
  const identities = new Identities(trafficOf([first, first, other]));
  const told = (bytes: Uint8Array) => {
    const packet = identities.exactly(bytes, 0, bytes.length);
    assertEquals(packet, -1, "it is no whole packet");
    return [identities.likely(bytes, 0, bytes.length), identities.isPart];
  };
  for (const [from, to] of [[0, 8], [8, 16], [16, 26]] as const) {
    const part = cut(first, from, to);
    assertEquals([told(part), told(part), told(part)], [[0, true], [1, true], [1, true]]);
    assertEquals(told(cut(other, from, to)), [2, true]);
    // another type of service, one byte of data, or data behind the end
    assertEquals(told(part.with(15, 4))[1], false);
    assertEquals(told(part.with(34, part[34]! ^ 1))[1], false);
    assertEquals(told(part.with(21, 9))[1], false);
  }
  // all of its data is no part
  assertEquals(told(first.with(20, 0x40))[1], false);
  // a first fragment has all options of its packet, a later one none
  const plain = frame(true).with(20, 0).with(21, 0);
  const long = Uint8Array.of(
    ...plain.with(14, 0x46).subarray(0, 34),
    1,
    1,
    1,
    0,
    ...plain.subarray(34, 56),
  );
  const one = new Identities(trafficOf([long]));
  const isPart = (bytes: Uint8Array) => (one.likely(bytes, 0, bytes.length), one.isPart);
  assertEquals([[0, 8], [8, 16]].map(([from, to]) => isPart(cut(plain, from!, to!))), [
    false,
    true,
  ]);
  assertEquals(identities.exactly(first, 0, SIZE), 0);
  assertEquals(identities.isPart, false);
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
