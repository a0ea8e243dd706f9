// Aim: a bad header is refused for the right reason and never read past its end (PKT-5, PKT-6); a
// time to live that falls by one leaves a right checksum (PKT-2, PKT-3, PKT-4). Method: the rules
// of RFC 1812 as a list of sentences; every cut of random headers; all corners of the sum.

import { assertEquals, assertGreater } from "@std/assert";
import fc from "fast-check";
import { REASON, REASONS } from "../policy.ts";
import { checkHeader, decrementTtl } from "./ipv4_forward.ts";

/** One's complement sum of `n` bytes, word by word. */
function onesSum(bytes: readonly number[]): number {
  let sum = 0;
  for (let i = 0; i < bytes.length; i += 2) {
    sum += bytes[i]! * 256 + bytes[i + 1]!;
    if (sum >= 0x10000) sum = sum - 0x10000 + 1;
  }
  return sum;
}

/** RFC 1812, 5.2.2, over the bytes that were delivered and no others. */
function oracle(delivered: readonly number[], verify: boolean): string {
  if (delivered.length < 20) return "bad-header";
  const words = delivered[0]! % 16;
  if (words < 5 || words * 4 > delivered.length) return "bad-header";
  if (verify && onesSum(delivered.slice(0, words * 4)) !== 0xffff) return "bad-checksum";
  const total = delivered[2]! * 256 + delivered[3]!;
  if (Math.floor(delivered[0]! / 16) !== 4) return "bad-header";
  return total < words * 4 || total > delivered.length ? "bad-header" : "none";
}

/** Headers that are right but for at most one thing, with options, and payload behind. */
const packet = fc.record({
  words: fc.integer({ min: 5, max: 15 }),
  payload: fc.nat(30),
  body: fc.array(fc.nat(255), { minLength: 96, maxLength: 96, size: "max" }),
  damage: fc.constantFrom("none", "version", "ihl", "checksum", "total", "noise"),
  value: fc.nat(255),
}).map(({ words, payload, body, damage, value }) => {
  const bytes = body.slice(0, words * 4 + payload);
  bytes[0] = 0x40 + words;
  bytes[2] = 0;
  bytes[3] = bytes.length;
  if (damage === "version") bytes[0] = (value & 0xf0) + words;
  if (damage === "ihl") bytes[0] = 0x40 + (value & 15);
  if (damage === "total") bytes[3] = value;
  bytes[10] = 0;
  bytes[11] = 0;
  const covered = bytes.slice(0, Math.max(20, (bytes[0]! & 15) * 4));
  while (covered.length < (bytes[0]! & 15) * 4) covered.push(0);
  const sum = 0xffff - onesSum(covered);
  bytes[10] = sum >>> 8;
  bytes[11] = sum & 255;
  if (damage === "checksum") bytes[11] ^= value;
  if (damage === "noise") bytes[value % bytes.length]! ^= 1 + (value >>> 1);
  return bytes;
});

Deno.test("checkHeader gives the reason of RFC 1812 for every cut, whatever lies behind the cut", () => {
  const seen = new Map<string, number>();
  fc.assert(
    fc.property(packet, fc.nat(5), fc.boolean(), (bytes, off, verify) => {
      const room = off + bytes.length + 64;
      for (let available = 0; available <= bytes.length + 3; available++) {
        const padding = Array(Math.max(0, available - bytes.length)).fill(0);
        const delivered = [...bytes, ...padding].slice(0, available);
        const expected = oracle(delivered, verify);
        for (const behind of [0xee, 0x00, 0xff]) {
          const placed = new Uint8Array(room).fill(behind);
          placed.set(delivered, off);
          const reason = REASONS[checkHeader(placed, off, available, verify)]!;
          assertEquals(reason, expected, `${available} of ${bytes.length} bytes`);
        }
        seen.set(expected, (seen.get(expected) ?? 0) + 1);
      }
    }),
    { seed: 1, numRuns: 200 },
  );
  for (const name of ["none", "bad-header", "bad-checksum"]) {
    assertGreater(seen.get(name) ?? 0, 100, `HARN-3: "${name}" was met too seldom`);
  }
});

Deno.test("checkHeader never believes a length beyond the array", () => {
  fc.assert(
    fc.property(
      fc.uint8Array({ maxLength: 64 }),
      fc.nat(70),
      fc.oneof(fc.integer(), fc.constantFrom(NaN, Infinity, -Infinity, 0.5, 2 ** 40)),
      fc.boolean(),
      (bytes, off, available, verify) => {
        const end = off + (available > 0 ? Math.min(Math.floor(available), 70) : 0);
        const delivered = [...bytes.slice(off, end)];
        assertEquals(
          REASONS[checkHeader(bytes, off, available, verify)],
          oracle(delivered, verify),
        );
      },
    ),
    { seed: 1, numRuns: 500 },
  );
});

Deno.test("checkHeader asks for the checksum before the version (RFC 1812, 5.2.2 (2), (3))", () => {
  const header = Uint8Array.from([
    ...[0x65, 0, 0, 20, 0, 0, 0, 0, 64, 17, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2],
  ]);
  assertEquals(checkHeader(header, 0, 20, true), REASON["bad-checksum"]);
  assertEquals(checkHeader(header, 0, 20, false), REASON["bad-header"]);
});

Deno.test("decrementTtl gives the checksums of a published header", () => {
  // 192.168.0.1 to 192.168.0.199, UDP, 115 bytes: computed in full for each time to live.
  for (
    const [ttl, before, after] of [
      [255, 0xf960, 0xfa60],
      [128, 0x7861, 0x7961],
      [64, 0xb861, 0xb961],
      [63, 0xb961, 0xba61],
      [2, 0xf661, 0xf761],
      [1, 0xf761, 0xf861],
    ] as const
  ) {
    const header = Uint8Array.from(
      [0x45, 0, 0, 0x73, 0, 0, 0x40, 0, ttl, 17, before >>> 8, before & 255, 192, 168, 0, 1]
        .concat(192, 168, 0, 199),
    );
    assertEquals(decrementTtl(header, 0), ttl - 1);
    assertEquals((header[10]! << 8) | header[11]!, after, `from ttl ${ttl}`);
  }
});

Deno.test("decrementTtl keeps the checksum right for every time to live and every sum (PKT-3, PKT-4)", () => {
  const header = [0x45, 0, 0, 20, 0, 0, 0, 0, 0, 17, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
  const bytes = new Uint8Array(22);
  const wanted = Array.from({ length: 0xffff }, (_, sum) => sum)
    .filter((sum) =>
      sum < 0x202 || sum > 0xfcff || Math.abs(sum - 0x8000) < 0x102 || sum % 97 === 0
    );
  for (let ttl = 0; ttl <= 255; ttl++) {
    header.fill(0, 4, 6);
    header[8] = ttl;
    const rest = onesSum(header);
    for (const checksum of wanted) {
      // The identification that makes the header's checksum the wanted one.
      const id = (2 * 0xffff - checksum - rest) % 0xffff;
      header[4] = id >>> 8;
      header[5] = id & 255;
      header[8] = ttl;
      const before = 0xffff - onesSum(header);
      const next = ttl === 0 ? 255 : ttl - 1;
      header[8] = next;
      const full = 0xffff - onesSum(header);
      bytes.set(header, 1);
      bytes[9] = ttl;
      bytes[11] = before >>> 8;
      bytes[12] = before;
      const answer = decrementTtl(bytes, 1);
      const got = (bytes[11]! << 8) | bytes[12]!;
      if (answer !== next || bytes[9] !== next || got !== full) {
        assertEquals([answer, bytes[9], got], [next, next, full], `ttl ${ttl}, was ${before}`);
      }
      if (before !== checksum) assertEquals(before, checksum, "the test's own arithmetic");
    }
  }
});

Deno.test("decrementTtl takes both zeros of a checksum for the same, and touches three bytes", () => {
  for (const zero of [0x00, 0xff]) {
    const bytes = new Uint8Array(20).fill(0xaa);
    bytes.set([9, 0xaa, zero, zero], 8);
    decrementTtl(bytes, 0);
    const expected = new Uint8Array(20).fill(0xaa);
    expected.set([8, 0xaa, 0x01, 0x00], 8);
    assertEquals([...bytes], [...expected]);
  }
});
