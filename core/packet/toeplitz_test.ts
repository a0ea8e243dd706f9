// Aim: the table-driven hash is the Toeplitz hash (RSS-1), and a symmetric key makes it symmetric
// (RSS-2). Method: the vectors of the RSS verification suite for both forms; the bitwise twin on
// random keys and inputs.

import { assertEquals, assertNotEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { writeIcmpv6EchoFrame, writeTcp6Frame, writeUdp6Frame } from "./frame6.ts";
import { fillReta, retaQueue } from "./reta.ts";
import {
  RSS_KEY_MICROSOFT,
  RSS_KEY_SYMMETRIC,
  rssHashIpv4,
  Toeplitz,
  toeplitzPlain,
} from "./toeplitz.ts";
import { rssHashIpv6 } from "./toeplitz6.ts";

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

/** A frame of IPv6 with the addresses and ports of an input of the suite; its header is at 14. */
function frame6(input: Uint8Array, writer: typeof writeUdp6Frame, extensions: number[] = []) {
  const frame = new Uint8Array(200);
  const ports = new DataView(input.buffer, input.byteOffset + 32);
  writer(frame, 0, {
    ...{ dstMac: 1, srcMac: 2, src: input.slice(0, 16), dst: input.slice(16, 32) },
    ...{ srcPort: ports.getUint16(0), dstPort: ports.getUint16(2) },
    extensions: extensions.map((number) => ({ number, bytes: new Uint8Array(8) })),
  });
  return frame;
}

Deno.test("rssHashIpv6 gives the published hashes behind any extension headers (RSS-1)", () => {
  for (const [hex, addresses, ports] of VECTORS.slice(5)) {
    const input = fromHex(hex);
    for (const extensions of [[], [60], [0, 43, 60]]) {
      assertEquals(rssHashIpv6(frame6(input, writeTcp6Frame, extensions), 14), ports, "TCP");
      assertEquals(rssHashIpv6(frame6(input, writeUdp6Frame, extensions), 14), ports, "UDP");
      const icmp = frame6(input, writeIcmpv6EchoFrame, extensions);
      assertEquals(rssHashIpv6(icmp, 14), addresses, "ICMPv6");
    }
    // RSS-4: all fragments of a packet have one hash, the first one too.
    const fragment = frame6(input, writeUdp6Frame, [44]);
    assertEquals(rssHashIpv6(fragment, 14), addresses, "an atomic fragment");
    fragment[14 + 43] = 8;
    assertEquals(rssHashIpv6(fragment, 14), addresses, "a later fragment");
    const short = frame6(input, writeUdp6Frame);
    short[14 + 5] = 3;
    assertEquals(rssHashIpv6(short, 14), addresses, "three bytes of payload");
    short[14 + 5] = 4;
    assertEquals(rssHashIpv6(short, 14), ports, "four bytes of payload");
  }
  const narrow = new Toeplitz(RSS_KEY_MICROSOFT, 12);
  assertThrows(() => rssHashIpv6(new Uint8Array(60), 0, narrow), RangeError, "12 bytes, 36 needed");
});

Deno.test("any key that repeats every 16 bits is symmetric, over IPv4 and IPv6 (RSS-2)", () => {
  const input = fc.uint8Array({ minLength: 36, maxLength: 36, size: "max" });
  fc.assert(
    fc.property(fc.nat(255), fc.nat(255), input, fc.constantFrom(4, 16), (a, b, all, n) => {
      const key = Uint8Array.from({ length: 40 }, (_, i) => i % 2 === 0 ? a : b);
      const flow = all.slice(0, 2 * n + 4);
      const back = Uint8Array.of(
        ...flow.slice(n, 2 * n),
        ...flow.slice(0, n),
        ...flow.slice(2 * n + 2),
        ...flow.slice(2 * n, 2 * n + 2),
      );
      const toeplitz = new Toeplitz(key, 36);
      assertEquals(toeplitz.hash(back, 0, back.length), toeplitz.hash(flow, 0, flow.length));
      // The price: the upper and the lower half of the hash are one and the same 16 bits.
      const hash = toeplitz.hash(flow, 0, flow.length);
      assertEquals(hash >>> 16, hash & 0xffff);
    }),
  );
});

Deno.test("Toeplitz parts of an input add up to the hash of it", () => {
  const toeplitz = new Toeplitz(RSS_KEY_MICROSOFT, 36);
  const input = fc.uint8Array({ minLength: 36, maxLength: 36, size: "max" });
  fc.assert(
    fc.property(input, fc.nat(36), (input, cut) => {
      const parts = toeplitz.part(input, 0, cut, 0) ^ toeplitz.part(input, cut, 36 - cut, cut);
      assertEquals(parts >>> 0, toeplitzPlain(RSS_KEY_MICROSOFT, input, 0, 36));
    }),
  );
  assertThrows(() => toeplitz.part(RSS_KEY_MICROSOFT, 0, 5, 32), RangeError, "from byte 32 on");
});

Deno.test("a redirection table takes the low bits of the hash and shares queues evenly (RSS-4, RSS-5)", () => {
  // Index of the published hashes in tables of 128 and 512 entries (82599, X710): the low 7 and 9 bits.
  const published = [[0x51ccc178, 120, 376], [0xc626b0ea, 106, 234], [
    0x5c2b394a,
    74,
    330,
  ]] as const;
  const half = (size: number, hash: number) =>
    retaQueue(Uint8Array.from({ length: size }, (_, i) => i >>> 1), hash);
  for (const [hash, in128, in512] of published) {
    assertEquals([half(128, hash), half(512, hash)], [in128 >>> 1, in512 >>> 1]);
  }
  for (const size of [1, 2, 128, 512]) {
    for (const queues of [1, 2, 3, 7, 16, 128].filter((n) => n <= size)) {
      const reta = new Uint8Array(size);
      fillReta(reta, queues);
      const share = new Array(queues).fill(0);
      for (let hash = 0; hash < size; hash++) share[retaQueue(reta, hash + 0xffff_0000)]++;
      assertEquals(share, Array.from(share, (_, q) => Math.ceil((size - q) / queues)));
    }
  }
  assertThrows(
    () => fillReta(new Uint8Array(100), 4),
    RangeError,
    "100 entries, not a power of two",
  );
  assertThrows(() => fillReta(new Uint8Array(0), 1), RangeError, "0 entries");
  assertThrows(() => fillReta(new Uint8Array(8), 9), RangeError, "9 queues, not 1..8");
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
