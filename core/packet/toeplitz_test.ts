// Aim: the table-driven hash is the Toeplitz hash (RSS-1), and a symmetric key makes it symmetric
// (RSS-2). Method: the vectors of the RSS verification suite for both forms; the bitwise twin on
// random keys and inputs.

import { assertEquals, assertNotEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import {
  RSS_KEY_MICROSOFT,
  RSS_KEY_SYMMETRIC,
  rssHashIpv4,
  Toeplitz,
  toeplitzPlain,
} from "./toeplitz.ts";

/** Input in the order of the suite, hash over addresses, hash over addresses and ports. */
const VECTORS: readonly (readonly [input: string, addresses: number, ports: number])[] = [
  ["420995bba18e64500aea06e6", 0x323e8fc2, 0x51ccc178],
  ["c75c6f0241458c5337961283", 0xd718262a, 0xc626b0ea],
  ["1813c65f0c16cfb832629488", 0xd2d0a5de, 0x5c2b394a],
  ["261bcd1ed18ea306bc6408a9", 0x82989176, 0xafc7327f],
  ["9927a3bfcabc7f02acdb0517", 0x5d1809c5, 0x10e828a2],
  [
    "3ffe250102001fff00000000000000073ffe25010200000300000000000000010aea06e6",
    0x2cc18cd5,
    0x40207d3d,
  ],
  [
    "3ffe050100080000026097fffe40efabff02000000000000000000000000000137961283",
    0x0f0c461c,
    0xdde51bbf,
  ],
  [
    "3ffe1900454500030200f8fffe2167cffe800000000000000200f8fffe2167cfacdb9488",
    0x4b61e985,
    0x02d1feef,
  ],
];

function fromHex(hex: string): Uint8Array {
  return Uint8Array.from(hex.match(/../g)!, (pair) => Number.parseInt(pair, 16));
}

/** A minimal IPv4 packet: header of `words`, then the ports. */
function packet(input: Uint8Array, protocol: number, words = 5, fragment = 0): Uint8Array {
  const bytes = new Uint8Array(3 + words * 4 + 8).fill(0xee);
  const total = words * 4 + 8;
  bytes.set([0x40 + words, 0, 0, total, 0, 0, fragment >>> 8, fragment & 255, 64, protocol], 3);
  bytes.set(input.subarray(0, 8), 3 + 12);
  bytes.set(input.subarray(8, 12), 3 + words * 4);
  return bytes;
}

Deno.test("Toeplitz gives the published hashes by table and bit by bit (RSS-1)", () => {
  const toeplitz = new Toeplitz(RSS_KEY_MICROSOFT, 36);
  for (const [hex, addresses, ports] of VECTORS) {
    const input = fromHex(hex);
    const n = input.length;
    assertEquals(toeplitz.hash(input, 0, n - 4), addresses, hex);
    assertEquals(toeplitz.hash(input, 0, n), ports, hex);
    assertEquals(toeplitzPlain(RSS_KEY_MICROSOFT, input, 0, n - 4), addresses, hex);
    assertEquals(toeplitzPlain(RSS_KEY_MICROSOFT, input, 0, n), ports, hex);
  }
});

Deno.test("Toeplitz equals its bitwise twin under any key, at any offset and length", () => {
  const key = fc.uint8Array({ minLength: 40, maxLength: 40, size: "max" });
  const input = fc.uint8Array({ minLength: 36, maxLength: 36, size: "max" });
  fc.assert(
    fc.property(key, input, fc.integer({ min: 12, max: 36 }), fc.nat(5), (key, input, len, off) => {
      const placed = Uint8Array.of(...Array(off).fill(0xee), ...input);
      const toeplitz = new Toeplitz(key, len);
      for (const n of [0, 1, 8, 12, len]) {
        assertEquals(
          toeplitz.hash(placed, off, n),
          toeplitzPlain(key, placed, off, n),
          `${n} bytes`,
        );
      }
      const parts = toeplitz.hashAddresses(placed, off) ^ toeplitz.hashPorts(placed, off + 8);
      assertEquals(parts >>> 0, toeplitzPlain(key, placed, off, 12));
    }),
  );
});

Deno.test("rssHashIpv4 hashes addresses and ports of TCP and UDP, with and without options", () => {
  for (const [hex, addresses, ports] of VECTORS.slice(0, 5)) {
    const input = fromHex(hex);
    for (const words of [5, 6, 15]) {
      assertEquals(rssHashIpv4(packet(input, 6, words), 3), ports, `TCP, IHL ${words}`);
      assertEquals(rssHashIpv4(packet(input, 17, words), 3), ports, `UDP, IHL ${words}`);
      assertEquals(rssHashIpv4(packet(input, 1, words), 3), addresses, `ICMP, IHL ${words}`);
    }
  }
});

Deno.test("rssHashIpv4 hashes addresses alone where ports are missing: fragments, short packets (RSS-4)", () => {
  const [hex, addresses, ports] = VECTORS[0]!;
  const input = fromHex(hex);
  assertEquals(rssHashIpv4(packet(input, 17, 5, 0x2000), 3), addresses, "first fragment");
  assertEquals(rssHashIpv4(packet(input, 17, 5, 0x0001), 3), addresses, "last fragment");
  assertEquals(rssHashIpv4(packet(input, 17, 5, 0x4000), 3), ports, "don't fragment");
  const short = packet(input, 17);
  short[3 + 3] = 23;
  assertEquals(rssHashIpv4(short, 3), addresses, "three bytes of payload");
  short[3 + 3] = 24;
  assertEquals(rssHashIpv4(short, 3), ports, "four bytes of payload");
});

Deno.test("rssHashIpv4 with the symmetric key gives both directions one hash (RSS-2)", () => {
  const symmetric = new Toeplitz(RSS_KEY_SYMMETRIC, 12);
  const known = fromHex(VECTORS[0]![0]);
  assertEquals(rssHashIpv4(packet(known, 6), 3, symmetric), 0x9fcc9fcc);
  const four = fc.uint8Array({ minLength: 12, maxLength: 12, size: "max" });
  fc.assert(
    fc.property(four, (input) => {
      const back = Uint8Array.of(...input.slice(4, 8), ...input.slice(0, 4));
      const reversed = Uint8Array.of(...back, ...input.slice(10, 12), ...input.slice(8, 10));
      const hash = rssHashIpv4(packet(input, 17), 3, symmetric);
      assertEquals(rssHashIpv4(packet(reversed, 17), 3, symmetric), hash);
    }),
  );
  const swapped = Uint8Array.of(...known.slice(4, 8), ...known.slice(0, 4), 0x06, 0xe6, 0x0a, 0xea);
  assertNotEquals(
    rssHashIpv4(packet(swapped, 6), 3),
    VECTORS[0]![2],
    "the other key is not symmetric",
  );
});

Deno.test("Toeplitz refuses keys and inputs that its tables cannot hold", () => {
  const key = RSS_KEY_MICROSOFT;
  assertThrows(() => new Toeplitz(key, 37), RangeError, "inputBytes is 37, not 1..36");
  assertThrows(() => new Toeplitz(key, 0), RangeError, "inputBytes is 0, not 1..36");
  assertThrows(() => new Toeplitz(key.slice(0, 15), 12), RangeError, "has 15 bytes, 16 needed");
  assertThrows(() => toeplitzPlain(key, key, 0, 37), RangeError, "the key has 40, 41 needed");
  assertThrows(() => new Toeplitz(key, 12).hash(key, 0, 13), RangeError, "Cannot hash 13 bytes");
  const narrow = new Toeplitz(key, 8);
  assertThrows(
    () => rssHashIpv4(packet(key, 6), 3, narrow),
    RangeError,
    "reach 8 bytes, 12 needed",
  );
});
