// Aim: a copy brings the bytes that it is asked for, and touches none beside, whichever of its ways it takes.
// Method: all alignments of both ends with lengths about the ends of words and of the ways, within one array and
// between two; pairs of words between arrays that come in turn, that begin anywhere and that shrink.
import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { copyBytes, copyFrame } from "./copy.ts";
import { PairedWords } from "./pairs.ts";

const LENGTHS = [0, 1, 2, 3, 4, 5, 7, 8, 60, 61, 62, 63, 71, 72, 73, 191, 192, 193];

function bytesOf(seed: number): Uint8Array {
  return Uint8Array.from({ length: 512 }, (_, i) => i * 7 + seed & 255);
}

Deno.test("copyFrame and copyBytes copy what they are asked for, at every alignment of both ends", () => {
  for (const n of LENGTHS) {
    for (let fromAt = 0; fromAt < 5; fromAt++) {
      for (let toAt = 250; toAt < 255; toAt++) {
        const from = bytesOf(1);
        const expected = bytesOf(3);
        expected.set(from.subarray(fromAt, fromAt + n), toAt);
        const [one, other] = [bytesOf(3), bytesOf(3)];
        copyBytes(from, fromAt, one, toAt, n);
        const words = (bytes: Uint8Array) => new Int32Array(bytes.buffer);
        copyFrame(from, words(from), fromAt, other, words(other), toAt, n);
        const where = `${n} bytes from ${fromAt} to ${toAt}`;
        assertEquals([one, other], [expected, expected], where);
        const same = bytesOf(3);
        const inPlace = bytesOf(3);
        inPlace.copyWithin(toAt, fromAt, fromAt + n);
        copyFrame(same, words(same), fromAt, same, words(same), toAt, n);
        assertEquals(same, inPlace, `${where} in one array`);
      }
    }
  }
});

Deno.test("copyFrame reads no words behind the last whole one of what it copies from", () => {
  const buffer = new ArrayBuffer(70);
  const from = new Uint8Array(buffer).map((_, i) => i + 1);
  const words = new Int32Array(from.buffer, 0, 17);
  const to = new Uint8Array(256);
  copyFrame(from, words, 8, to, new Int32Array(to.buffer), 4, 62);
  assertEquals([...to.subarray(0, 68)], [0, 0, 0, 0, ...from.subarray(8), 0, 0]);
});

Deno.test("PairedWords copies between its words and those of whoever comes, in any turn", () => {
  const copy = fc.record({
    array: fc.nat(2),
    way: fc.constantFrom("in", "out", "off the top"),
    mine: fc.nat(20),
    at: fc.nat(20),
    n: fc.constantFrom(1, 15, 16, 17, 18, 32, 33),
  });
  fc.assert(fc.property(fc.array(copy, { maxLength: 30, size: "max" }), (copies) => {
    const mine = new Int32Array(64);
    const model = new Int32Array(64);
    const paired = new PairedWords(mine);
    const shared = new ArrayBuffer(4 * 130);
    // one that begins on a pair and one that does not, in one buffer, and one of its own
    const arrays = [
      new Int32Array(shared, 0, 64),
      new Int32Array(shared, 4 * 65, 64),
      new Int32Array(64),
    ];
    arrays.forEach((array, k) => array.forEach((_, i) => array[i] = 1000 * k + i));
    const models = arrays.map((array) => array.slice());
    for (const { array, way, mine: place, at, n } of copies) {
      const [theirs, copyOf] = [arrays[array]!, models[array]!];
      if (way === "in") {
        paired.copyIn(place, theirs, at, n);
        model.set(copyOf.subarray(at, at + n), place);
      } else if (way === "off the top") {
        paired.copyOffTop(place + n, theirs, at, n);
        copyOf.set(model.slice(place, place + n).reverse(), at);
      } else {
        paired.copyOut(place, theirs, at, n);
        copyOf.set(model.subarray(place, place + n), at);
      }
      assertEquals([mine, ...arrays], [model, ...models]);
    }
  }));
});
