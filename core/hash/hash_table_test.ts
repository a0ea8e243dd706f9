// Aim: HashTable is a map from keys to positions (HASH-1, HASH-2), whatever the hashes are, and
// CRC32C is that of RFC 3720. Method: a Map of strings is the model; random operations on live
// keys, in a geometry drawn for each run, with hashes that collide fully, in part, or hardly; the
// table's inside is checked after every operation. CRC32C against published values and the shift
// register of its definition.

import { assert, assertEquals, assertGreater, assertThrows } from "@std/assert";
import fc from "fast-check";
import { crc32c, crc32cUpdate } from "./crc32c.ts";
import { HASH_KEY_BYTES_MAX, type HashFunction, HashTable } from "./hash_table.ts";

/** All keys alike; alike but for the signature; for the bucket; a weak sum; the default. */
const HASHES: Record<string, HashFunction | undefined> = {
  constant: () => 0x1234_5678,
  signature: (bytes, off) => bytes[off]! << 16 | 3,
  bucket: (bytes, off) => 0x7777_0000 | bytes[off]!,
  sum: (bytes, off, len) => {
    let sum = 0;
    for (let i = 0; i < len; i++) sum = (sum * 31 + bytes[off + i]!) | 0;
    return sum;
  },
  crc32c: undefined,
};

const geometry = fc.record({
  entries: fc.oneof(fc.integer({ min: 1, max: 9 }), fc.integer({ min: 10, max: 80 })),
  keyBytes: fc.constantFrom(1, 2, 4, 5, 16),
  extendable: fc.boolean(),
  deferredReclaim: fc.boolean(),
  hash: fc.constantFrom(...Object.keys(HASHES)),
});

const operations = fc.array(
  fc.record({
    kind: fc.constantFrom("add", "add", "add", "delete", "lookup", "reclaim"),
    key: fc.integer({ min: 0, max: 120 }),
  }),
  { maxLength: 200, size: "max" },
);

/** Keys that differ in one byte only, the first or the last. */
function keyOf(number: number, bytes: number): Uint8Array {
  const key = new Uint8Array(bytes).fill(0xa5);
  key[number % 2 === 0 ? 0 : bytes - 1] = number;
  return key;
}

Deno.test("HashTable equals a map under every operation (HASH-1)", () => {
  const seen = { refused: 0, full: 0, chained: 0, retired: 0, deleted: 0 };
  fc.assert(
    fc.property(geometry, operations, (g, steps) => {
      const table = new HashTable({ ...g, hash: HASHES[g.hash] } as never);
      const model = new Map<string, number>();
      const retired: number[] = [];
      const keys = new Map<number, string>();
      for (const { kind, key: number } of steps) {
        const key = keyOf(number, g.keyBytes);
        const name = key.join();
        const known = model.get(name) ?? -1;
        if (kind === "lookup") assertEquals(table.lookup(key), known);
        else if (kind === "delete") {
          assertEquals(table.delete(key), known, `delete ${name}`);
          if (known >= 0 && g.deferredReclaim) retired.push(known);
          if (known >= 0) seen.deleted++;
          model.delete(name);
        } else if (kind === "reclaim") {
          if (retired.length > 0) table.reclaim(retired.shift()!);
        } else {
          const position = table.add(key);
          if (known >= 0) assertEquals(position, known, `a known key keeps its place: ${name}`);
          else if (position < 0) {
            const full = model.size + retired.length === g.entries;
            assert(full || !g.extendable, `refused with ${model.size} of ${g.entries} keys`);
            if (full) seen.full++;
            else seen.refused++;
          } else {
            assert(![...model.values(), ...retired].includes(position), `${position} given twice`);
            assert(position < g.entries);
            model.set(name, position);
            keys.set(position, name);
          }
        }
        assertEquals(table.check(), null);
        assertEquals([table.count, table.retired], [model.size, retired.length]);
        // a deleted key stays readable until its position is free
        const there = new Set([...model.values(), ...retired]);
        const out = new Uint8Array(g.keyBytes);
        for (const [position, own] of keys) {
          assertEquals(table.keyAt(position, out), there.has(position), `key at ${position}`);
          if (there.has(position)) assertEquals(out.join(), own);
        }
        if (g.extendable && g.hash === "constant" && model.size > 16) seen.chained++;
        if (retired.length > 0) seen.retired++;
      }
      for (const [name, position] of model) {
        const key = Uint8Array.from(name.split(","), Number);
        assertEquals(table.lookup(key), position, `look-up of ${name}`);
        const out = new Uint8Array(g.keyBytes);
        assert(table.keyAt(position, out));
        assertEquals(out, key);
      }
      const walked: number[] = [];
      table.walk((position) => walked.push(position));
      assertEquals(walked, [...model.values()].sort((a, b) => a - b));
    }),
    { seed: 1, numRuns: 150 },
  );
  for (const [label, times] of Object.entries(seen)) assertGreater(times, 20, label);
});

Deno.test("HashTable keeps keys apart that differ in one bit anywhere (HASH-2)", () => {
  const keyBytes = 13;
  const table = new HashTable({ entries: 1 + keyBytes * 8, keyBytes, extendable: true });
  const base = Uint8Array.from({ length: keyBytes }, (_, i) => i * 17);
  const home = table.add(base);
  for (let bit = 0; bit < keyBytes * 8; bit++) {
    const other = base.slice();
    other[bit >> 3]! ^= 1 << (bit & 7);
    assertEquals(table.lookup(other), -1, `bit ${bit}`);
    assert(table.add(other) >= 0);
  }
  assertEquals(table.lookup(base), home);
  assertEquals(table.count, 1 + keyBytes * 8);
});

Deno.test("HashTable fills to nine tenths and more before it refuses, and to the last with chains", () => {
  const fill = (extendable: boolean) => {
    const table = new HashTable({ entries: 4096, keyBytes: 4, extendable });
    const key = new Uint8Array(4);
    for (let i = 0; i < 4096; i++) {
      new DataView(key.buffer).setUint32(0, i * 2654435761);
      if (table.add(key) < 0) break;
    }
    assertEquals(table.check(), null);
    return table.count;
  };
  assertGreater(fill(false), 3686);
  assertEquals(fill(true), 4096);
});

Deno.test("HashTable uses a key's second bucket when nothing can move in the first", () => {
  // two buckets; keys below 8 have both places in bucket 0, key 8 its second in bucket 1
  const hash: HashFunction = (bytes, off) => bytes[off]! < 8 ? 0 : 1 << 16;
  const table = new HashTable({ entries: 16, keyBytes: 1, hash });
  for (let key = 0; key <= 8; key++) assertEquals(table.add(Uint8Array.of(key)), key);
  assertEquals(table.check(), null);
});

Deno.test("HashTable lookupBulk answers as lookup, hits and misses", () => {
  const table = new HashTable({ entries: 64, keyBytes: 2 });
  const keys = Uint8Array.from({ length: 128 }, (_, i) => i);
  for (let i = 0; i < 64; i += 2) table.add(keys, i * 2);
  const positions = new Int32Array(64);
  table.lookupBulk(keys, positions, 64);
  for (let i = 0; i < 64; i++) assertEquals(positions[i], table.lookup(keys, i * 2));
  assertEquals(positions.filter((p) => p < 0).length, 32);
});

Deno.test("HashTable hands a position out again as late as it can", () => {
  const table = new HashTable({ entries: 3, keyBytes: 1 });
  assertEquals([table.add(Uint8Array.of(1)), table.delete(Uint8Array.of(1))], [0, 0]);
  assertEquals([2, 3, 4].map((key) => table.add(Uint8Array.of(key))), [1, 2, 0]);
});

Deno.test("HashTable refuses sizes and keys that are out of range", () => {
  const made = (entries: number, keyBytes: number) => () => new HashTable({ entries, keyBytes });
  assertThrows(made(0, 4), RangeError, "Cannot make a hash table: entries is 0");
  assertThrows(made(2 ** 24 + 1, 4), RangeError, "entries is 16777217");
  assertThrows(made(4, HASH_KEY_BYTES_MAX + 1), RangeError, "keyBytes is 1025");
  const table = new HashTable({ entries: 4, keyBytes: 4, deferredReclaim: true });
  assertThrows(() => table.lookup(new Uint8Array(4), 1), RangeError, "4 bytes from 1 on, of 4");
  const position = table.add(new Uint8Array(4));
  assertThrows(() => table.reclaim(position), RangeError, "no key was deleted there");
  table.delete(new Uint8Array(4));
  table.reclaim(position);
  assertThrows(() => table.reclaim(position), RangeError);
});

Deno.test("crc32c has the values of RFC 3720, B.4", () => {
  const ascending = Uint8Array.from({ length: 32 }, (_, i) => i);
  assertEquals(crc32c(new Uint8Array(32), 0, 32), 0x8a9136aa);
  assertEquals(crc32c(new Uint8Array(32).fill(255), 0, 32), 0x62a8ab43);
  assertEquals(crc32c(ascending, 0, 32), 0x46dd794e);
  assertEquals(crc32c(ascending.toReversed(), 0, 32), 0x113fdb5c);
});

Deno.test("crc32cUpdate equals the shift register, in one piece and in two", () => {
  const plain = (crc: number, bytes: Uint8Array) => {
    for (const byte of bytes) {
      for (let bit = 0; bit < 8; bit++) {
        const out = (crc ^ byte >>> bit) & 1;
        crc = crc >>> 1 ^ (out === 1 ? 0x82f63b78 : 0);
      }
    }
    return crc >>> 0;
  };
  const input = fc.record({
    bytes: fc.uint8Array({ maxLength: 40, size: "max" }),
    crc: fc.integer({ min: 0, max: 0xffff_ffff }),
    cut: fc.nat(40),
    off: fc.nat(3),
  });
  fc.assert(fc.property(input, ({ bytes, crc, cut, off }) => {
    const moved = new Uint8Array(bytes.length + off);
    moved.set(bytes, off);
    const n = Math.min(cut, bytes.length);
    const half = crc32cUpdate(crc, moved, off, n);
    assertEquals(crc32cUpdate(half, moved, off + n, bytes.length - n), plain(crc, bytes));
  }));
});
