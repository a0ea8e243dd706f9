// Aim: every checksum path gives the number of RFC 1071, and an incremental update the number of a
// full one. Method: published vectors; the plain twin on random bytes; all time-to-live and
// checksum corners one by one.

import { assert, assertEquals, assertFalse, assertGreater, assertThrows } from "@std/assert";
import fc from "fast-check";
import {
  checksum,
  checksumIpv4Header20,
  checksumPlain,
  checksumWithout,
  fold,
  pseudoHeaderSum,
  pseudoHeaderSumAt,
  sumWords,
  updateChecksum,
  updateChecksum32,
  verifyChecksum,
} from "./checksum.ts";

function fromHex(hex: string): Uint8Array {
  return Uint8Array.from(hex.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
}

/**
 * RFC 1071 in the words of a specification: a sum without bound, carries brought round at the end.
 */
function oracle(bytes: Uint8Array): number {
  let sum = 0n;
  for (let i = 0; i < bytes.length; i += 2) {
    sum += BigInt(bytes[i]!) * 256n + BigInt(bytes[i + 1] ?? 0);
  }
  while (sum > 0xffffn) sum = sum / 0x10000n + sum % 0x10000n;
  return Number(0xffffn - sum);
}

/** Bytes rich in 0x00 and 0xff, where carries and the two zeros live. */
const cornerBytes = (min: number, max: number): fc.Arbitrary<Uint8Array> =>
  fc.array(
    fc.oneof(fc.constantFrom(0, 0xff, 1, 0xfe), fc.integer({ min: 0, max: 255 })),
    { minLength: min, maxLength: max, size: "max" },
  ).map((list) => Uint8Array.from(list));

Deno.test("checksum gives the published numbers", () => {
  for (
    const [hex, expected] of [
      ["0001f203f4f5f6f7", 0x220d], // RFC 1071, section 3
      ["0001f203f4f5f6", 0x2304],
      ["", 0xffff],
      ["00".repeat(20), 0xffff],
      ["ff".repeat(20), 0x0000],
      ["450000730000400040110000c0a80001c0a800c7", 0xb861],
      ["45000073000040004011b861c0a80001c0a800c7", 0x0000],
    ] as const
  ) {
    const bytes = fromHex(hex);
    assertEquals(checksum(bytes, 0, bytes.length), expected, hex);
    assertEquals(checksumPlain(bytes, 0, bytes.length), expected, hex);
    if (bytes.length === 20) assertEquals(checksumIpv4Header20(bytes, 0), expected, hex);
  }
});

Deno.test("checksum equals its plain twin and the specification at any offset, length and initial sum", () => {
  fc.assert(
    fc.property(
      cornerBytes(0, 120),
      fc.nat(7),
      fc.oneof(fc.constantFrom(0, 0xffff, 0x10000, 0xffff_ffff), fc.nat(0xffff_ffff)),
      (bytes, off, initial) => {
        const placed = new Uint8Array(off + bytes.length + 3).fill(0xee);
        placed.set(bytes, off);
        const got = checksum(placed, off, bytes.length, initial);
        assertEquals(got, checksumPlain(placed, off, bytes.length, initial), "plain twin");
        const prefix = fromHex(initial.toString(16).padStart(8, "0"));
        assertEquals(got, oracle(Uint8Array.of(...prefix, ...bytes)), "specification");
        assertEquals(verifyChecksum(placed, off, bytes.length, initial), got === 0, "verify");
      },
    ),
    { seed: 1, numRuns: 500 },
  );
});

Deno.test("checksumIpv4Header20 equals checksum on any 20 bytes", () => {
  fc.assert(
    fc.property(cornerBytes(20, 20), fc.nat(3), (bytes, off) => {
      const placed = new Uint8Array(off + 24).fill(0xee);
      placed.set(bytes, off);
      assertEquals(checksumIpv4Header20(placed, off), checksumPlain(placed, off, 20));
    }),
    { seed: 1, numRuns: 500 },
  );
});

Deno.test("checksum brings carries round in data longer than its inner sums may grow", () => {
  for (const length of [0x7fff, 0x8000, 0x8001, 0xffff, 0x10000, 0x30001]) {
    const ones = new Uint8Array(length).fill(0xff);
    assertEquals(checksum(ones, 0, length), oracle(ones), `${length} bytes of ones`);
    const mixed = ones.map((_, i) => (i * 37) & 0xff);
    assertEquals(checksum(mixed, 0, length), oracle(mixed), `${length} mixed bytes`);
  }
});

Deno.test("fold is 0 for 0 alone and stays within 16 bits", () => {
  for (
    const [sum, expected] of [
      [0, 0],
      [0xffff, 0xffff],
      [0x10000, 1],
      [0x1fffe, 0xffff],
      [0x1ffff, 1],
      [0xffff_ffff, 0xffff],
      [0xffff_0001, 1],
      [0x2ddf0, 0xddf2],
    ] as const
  ) {
    assertEquals(fold(sum), expected, `fold(0x${sum.toString(16)})`);
  }
});

Deno.test("sumWords may be split at even distances (RFC 1071, section 2 (A))", () => {
  fc.assert(
    fc.property(cornerBytes(0, 60), fc.nat(30), (bytes, half) => {
      const cut = Math.min(half * 2, bytes.length & ~1);
      const first = sumWords(bytes, 0, cut, 0);
      const both = sumWords(bytes, cut, bytes.length - cut, first);
      assertEquals(~fold(both) & 0xffff, checksumPlain(bytes, 0, bytes.length));
    }),
  );
});

Deno.test("updateChecksum gives the example of RFC 1624, section 4, with the right zero", () => {
  assertEquals(updateChecksum(0xdd2f, 0x5555, 0x3285), 0x0000);
});

Deno.test("RFC 1141 eqn 2 goes wrong where the new sum is zero, and RFC 1624 eqn 3 nowhere", () => {
  // RFC 1141, eqn 2, in the plain words of the RFC: HC' = HC + m + ~m', end-around carry.
  const rfc1141 = (sum: number, before: number, after: number) => {
    let next = sum + before + (0xffff - after);
    while (next > 0xffff) next = next - 0x10000 + 1;
    return next;
  };
  const corners = [0x0000, 0x0001, 0x5555, 0x7fff, 0x8000, 0xcd7a, 0xfffe, 0xffff];
  let wrong = 0;
  for (const before of corners) {
    for (const after of corners) {
      // With the last of these the new words sum to 0xffff, so that the new checksum is zero.
      for (const rest of [...corners, oracle(Uint8Array.of(0x45, 0, after >>> 8, after))]) {
        const words = (m: number) => Uint8Array.of(0x45, 0, m >>> 8, m, rest >>> 8, rest);
        const old = oracle(words(before));
        const full = oracle(words(after));
        const what = `${before} to ${after} beside ${rest}`;
        // Its sum is never 0x0000 unless each of its three terms is.
        const isWrong = full === 0 && old + before + (0xffff - after) > 0;
        assertEquals(rfc1141(old, before, after), isWrong ? 0xffff : full, what);
        assertEquals(updateChecksum(old, before, after), full, what);
        if (isWrong) wrong++;
      }
    }
  }
  assertGreater(wrong, 50, "HARN-3");
  assertEquals(rfc1141(0xdd2f, 0x5555, 0x3285), 0xffff, "the example of RFC 1624, section 4");
});

Deno.test("the sum does not care for byte order or for even cuts (RFC 1071, section 2)", () => {
  fc.assert(
    fc.property(cornerBytes(0, 60), fc.nat(59), (bytes, cut) => {
      const even = bytes.slice(0, bytes.length & ~1);
      const swapped = even.map((_, i) => even[i ^ 1]!);
      const sum = checksum(even, 0, even.length);
      assertEquals(checksum(swapped, 0, even.length), (sum >>> 8) | (sum & 255) << 8, "2 (B)");
      // Pieces that begin at an odd distance are summed with their bytes swapped, and added.
      const at = Math.min(cut, bytes.length);
      const rest = fold(sumWords(bytes, at, bytes.length - at, 0));
      const turned = at % 2 === 1 ? (rest >>> 8) | (rest & 255) << 8 : rest;
      const both = fold(sumWords(bytes, 0, at, 0) + turned);
      assertEquals(~both & 0xffff, oracle(bytes), `cut at ${at} of ${bytes.length}`);
    }),
    { seed: 1, numRuns: 300 },
  );
});

Deno.test("updateChecksum equals a full checksum for every corner of sum and word (PKT-3, PKT-4)", () => {
  const corners = [0x0000, 0x0001, 0x00ff, 0x0100, 0x7fff, 0x8000, 0xfeff, 0xff00, 0xfffe, 0xffff];
  const words = new Uint8Array(6);
  for (const before of corners) {
    for (const after of corners) {
      // The third word runs over everything, so the old checksum does too.
      for (let third = 0; third <= 0xffff; third += third < 0x200 || third > 0xfe00 ? 1 : 0x1f) {
        words.set([0x45, 0x00, before >>> 8, before, third >>> 8, third]);
        const old = checksumPlain(words, 0, 6);
        words.set([after >>> 8, after], 2);
        const full = checksumPlain(words, 0, 6);
        const got = updateChecksum(old, before, after);
        if (got !== full) {
          assertEquals(got, full, `${before} to ${after} beside ${third}, checksum was ${old}`);
        }
      }
    }
  }
});

Deno.test("updateChecksum takes both zeros for the same and never answers 0xffff for words not all zero", () => {
  fc.assert(
    fc.property(fc.nat(0xffff), fc.nat(0xffff), (before, after) => {
      // The one change that takes all ones away from a sum that was zero.
      if (before === 0xffff && after === 0) return;
      assertEquals(updateChecksum(0x0000, before, after), updateChecksum(0xffff, before, after));
    }),
  );
  fc.assert(
    fc.property(cornerBytes(8, 8), fc.nat(0xffff_ffff), (bytes, after) => {
      bytes[0] = 0x45;
      const view = new DataView(bytes.buffer);
      const [old, before] = [checksumPlain(bytes, 0, 8), view.getUint32(4)];
      view.setUint32(4, after);
      assertEquals(updateChecksum32(old, before, after), checksumPlain(bytes, 0, 8), "32 bits");
    }),
    { seed: 1, numRuns: 500 },
  );
});

Deno.test("checksumWithout takes the field for zero whatever it holds", () => {
  fc.assert(
    fc.property(cornerBytes(2, 40), fc.nat(19), (bytes, half) => {
      const field = Math.min(half * 2, (bytes.length - 2) & ~1);
      const zeroed = bytes.slice();
      zeroed.fill(0, field, field + 2);
      assertEquals(checksumWithout(bytes, 0, bytes.length, field, 0), oracle(zeroed));
    }),
  );
  assertThrows(
    () => checksumWithout(new Uint8Array(8), 0, 7, 6, 0),
    RangeError,
    "Cannot compute checksum: 7 bytes do not hold the field at byte 6",
  );
});

Deno.test("pseudoHeaderSum sums the twelve bytes of RFC 768", () => {
  fc.assert(
    fc.property(cornerBytes(20, 20), fc.nat(255), fc.nat(0xffff), (header, protocol, length) => {
      const pseudo = Uint8Array.of(...header.slice(12), 0, protocol, length >>> 8, length);
      const view = new DataView(header.buffer);
      const [src, dst] = [view.getUint32(12), view.getUint32(16)];
      const expected = fold(sumWords(pseudo, 0, 12, 0));
      assertEquals(fold(pseudoHeaderSum(src, dst, protocol, length)), expected);
      assertEquals(fold(pseudoHeaderSumAt(header, 0, protocol, length)), expected);
    }),
  );
});

Deno.test("verifyChecksum refuses words that are all zero", () => {
  assertFalse(verifyChecksum(new Uint8Array(20), 0, 20));
  assert(verifyChecksum(new Uint8Array(20).fill(0xff), 0, 20));
});
