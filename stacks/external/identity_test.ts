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
