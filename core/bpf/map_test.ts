// Aim: maps are what their kinds promise: an LPM trie the longest match, a hash map a map, an array an array, with the
// kernel's error numbers.
// Method: drawn operations on few keys that collide, against a list that is searched from end to end.
import { assert, assertEquals, assertThrows } from "@std/assert";
import * as fc from "fast-check";
import { readU32, u32 } from "./_map_parts.ts";
import { type BpfMap, createMap } from "./map.ts";
import { BPF_F_NO_PREALLOC, ERRNO, type MapSpec, type MapType } from "./map_spec.ts";

function spec(type: MapType, more: Partial<MapSpec> = {}): MapSpec {
  return { name: "m", type, keySize: 4, valueSize: 4, maxEntries: 4, flags: 0, ...more };
}

const operation = fc.record({
  what: fc.constantFrom("update" as const, "delete" as const, "lookup" as const),
  key: fc.nat({ max: 7 }),
  value: fc.nat({ max: 1000 }),
  flags: fc.nat({ max: 2 }),
});

Deno.test("hash map is a map of limited size under drawn operations, and says so by error numbers", () => {
  fc.assert(fc.property(fc.array(operation, { size: "max", maxLength: 60 }), (operations) => {
    const map = createMap(spec("hash"));
    const model = new Map<number, number>();
    for (const { what, key, value, flags } of operations) {
      if (what === "update") {
        const expected = model.has(key)
          ? flags === 1 ? -ERRNO.EEXIST : 0
          : flags === 2
          ? -ERRNO.ENOENT
          : model.size === 4
          ? -ERRNO.E2BIG
          : 0;
        assertEquals(map.update(u32(key), 0, u32(value), 0, flags), expected);
        if (expected === 0) model.set(key, value);
      } else if (what === "delete") {
        assertEquals(map.delete(u32(key), 0), model.delete(key) ? 0 : -ERRNO.ENOENT);
      } else {
        const at = map.lookup(u32(key), 0);
        assertEquals(at < 0 ? undefined : readU32(map.values, at), model.get(key));
      }
      assertEquals(map.size, model.size);
      assertEquals([...map.keys()].map((k) => readU32(k, 0)).sort(), [...model.keys()].sort());
    }
  }));
});

Deno.test("lru_hash gives up the entry that was used longest ago", () => {
  const map = createMap(spec("lru_hash", { maxEntries: 2 }));
  for (const key of [1, 2]) map.update(u32(key), 0, u32(key), 0, 0);
  map.lookup(u32(1), 0);
  assertEquals(map.update(u32(3), 0, u32(3), 0, 0), 0);
  assertEquals([1, 2, 3].map((key) => map.lookup(u32(key), 0) >= 0), [true, false, true]);
});

Deno.test("array has all its entries always; a devmap those that were put there", () => {
  const array = createMap(spec("array"));
  assertEquals(array.update(u32(0), 0, u32(1), 0, 1), -ERRNO.EEXIST);
  assertEquals(array.update(u32(4), 0, u32(1), 0, 0), -ERRNO.E2BIG);
  assertEquals([array.delete(u32(0), 0), array.size], [-ERRNO.EINVAL, 4]);
  const devmap = createMap(spec("devmap"));
  assertEquals([devmap.lookup(u32(1), 0), devmap.size], [-1, 0]);
  assertEquals(devmap.update(u32(1), 0, u32(9), 0, 0), 0);
  assertEquals(readU32(devmap.values, devmap.lookup(u32(1), 0)), 9);
  assertEquals([devmap.delete(u32(1), 0), devmap.lookup(u32(1), 0)], [0, -1]);
});

for (const type of ["array", "percpu_array", "devmap", "cpumap", "xskmap"] as const) {
  Deno.test(`${type} is an array of limited length under drawn operations`, () => {
    const plain = type === "array" || type === "percpu_array";
    const values = (map: BpfMap, key: number): number | undefined => {
      const at = map.lookup(u32(key), 0);
      assert(at < 0 || at + 4 <= map.values.length, `${at} is beyond the values`);
      return at < 0 ? undefined : readU32(map.values, at);
    };
    fc.assert(fc.property(fc.array(operation, { maxLength: 60 }), (operations) => {
      const map = createMap(spec(type), 2);
      const model = new Map<number, number>(plain ? [0, 1, 2, 3].map((key) => [key, 0]) : []);
      for (const { what, key, value, flags } of operations) {
        if (what === "update") {
          const there = model.has(key);
          const expected = key >= 4
            ? -ERRNO.E2BIG
            : flags === 1 && there
            ? -ERRNO.EEXIST
            : flags === 2 && !there
            ? -ERRNO.ENOENT
            : 0;
          assertEquals(map.update(u32(key), 0, u32(value), 0, flags), expected);
          if (expected === 0) model.set(key, value);
        } else if (what === "delete") {
          const expected = plain || key >= 4 ? -ERRNO.EINVAL : model.has(key) ? 0 : -ERRNO.ENOENT;
          assertEquals(map.delete(u32(key), 0), expected);
          if (expected === 0) model.delete(key);
        } else assertEquals(values(map, key), model.get(key));
        assertEquals(map.size, model.size);
        for (let each = 0; each < 6; each++) assertEquals(values(map, each), model.get(each));
      }
    }));
  });
}

Deno.test("percpu_array keeps a value for each CPU", () => {
  const map = createMap(spec("percpu_array"), 3);
  for (const cpu of [0, 1, 2]) map.update(u32(2), 0, u32(cpu + 5), 0, 0, cpu);
  const at = map.lookup(u32(2), 0);
  assertEquals([0, 1, 2].map((cpu) => readU32(map.values, at + cpu * map.perCpu)), [5, 6, 7]);
});

for (const type of ["percpu_hash", "percpu_array"] as const) {
  Deno.test(`${type}: an update is of one CPU, and a new entry is zero on the others`, () => {
    const each = fc.record({
      isDelete: fc.boolean(),
      key: fc.nat(3),
      cpu: fc.nat(2),
      value: fc.nat(999),
    });
    fc.assert(fc.property(fc.array(each, { maxLength: 40, size: "max" }), (operations) => {
      const map = createMap(spec(type, { maxEntries: 4 }), 3);
      const isArray = type === "percpu_array";
      const model = new Map<number, number[]>();
      if (isArray) { for (const key of [0, 1, 2, 3]) model.set(key, [0, 0, 0]); }
      for (const { isDelete, key, cpu, value } of operations) {
        if (isDelete) {
          if (map.delete(u32(key), 0) === 0) assert(model.delete(key));
        } else {
          assertEquals(map.update(u32(key), 0, u32(value), 0, 0, cpu), 0);
          const old = model.get(key) ?? [0, 0, 0];
          model.set(key, old.with(cpu, value));
        }
        for (const key of [0, 1, 2, 3]) {
          const at = map.lookup(u32(key), 0);
          const found = at < 0
            ? undefined
            : [0, 1, 2].map((cpu) => readU32(map.values, at + cpu * map.perCpu));
          assertEquals(found, model.get(key));
        }
      }
    }));
  });
}

Deno.test("createMap refuses what BPF_MAP_CREATE refuses", () => {
  for (
    const [bad, message] of [
      [spec("array", { maxEntries: 0 }), "maxEntries 0"],
      [spec("array", { keySize: 8 }), "keySize 8, expected 4"],
      [spec("devmap", { valueSize: 16 }), "valueSize 16, expected 4 or 8"],
      [spec("lpm_trie", { keySize: 8 }), "it lacks BPF_F_NO_PREALLOC"],
      [spec("lpm_trie", { keySize: 4, flags: BPF_F_NO_PREALLOC }), "keySize 4 is not in 5..260"],
      [spec("hash", { valueSize: -1 }), "valueSize -1"],
    ] as const
  ) assertThrows(() => createMap(bad), RangeError, message);
});

interface Prefix {
  readonly bits: number;
  readonly length: number;
}

/** Prefixes near two bases, so that they nest and part late. */
const prefix: fc.Arbitrary<Prefix> = fc.record({
  bits: fc.constantFrom(0x0a000000, 0x0a0000ff, 0x0a00ff00, 0x80000000, 0x0a000001, 0, 0xffffffff),
  length: fc.constantFrom(0, 1, 7, 8, 9, 16, 23, 24, 25, 30, 31, 32),
});

function keyOf({ bits, length }: Prefix): Uint8Array {
  const key = u32(length, 0);
  new DataView(key.buffer).setUint32(4, bits >>> 0, false);
  return key;
}

const covers = (a: Prefix, address: number, length: number): boolean =>
  a.length <= length && (a.length === 0 || ((a.bits ^ address) >>> (32 - a.length)) === 0);

Deno.test("LPM trie answers the longest match of a list, after every operation, and counts as it does", () => {
  const step = fc.record({
    what: fc.constantFrom("add" as const, "add" as const, "delete" as const),
    prefix,
    flags: fc.nat({ max: 2 }),
  });
  let hits = 0;
  fc.assert(
    fc.property(fc.array(step, { size: "max", maxLength: 40 }), (steps) => {
      const map = createMap(
        spec("lpm_trie", { keySize: 8, maxEntries: 8, flags: BPF_F_NO_PREALLOC }),
      );
      const list: (Prefix & { value: number })[] = [];
      const probes = steps.flatMap(({ prefix: { bits } }) => [bits, bits ^ 1, bits ^ 0x100]);
      steps.forEach(({ what, prefix, flags }, value) => {
        const at = list.findIndex((one) =>
          one.length === prefix.length && covers(one, prefix.bits, prefix.length)
        );
        if (what === "delete") {
          assertEquals(map.delete(keyOf(prefix), 0), at < 0 ? -ERRNO.ENOENT : 0);
          if (at >= 0) list.splice(at, 1);
        } else {
          const expected = at >= 0
            ? flags === 1 ? -ERRNO.EEXIST : 0
            : flags === 2
            ? -ERRNO.ENOENT
            : list.length === 8
            ? -ERRNO.ENOSPC
            : 0;
          assertEquals(map.update(keyOf(prefix), 0, u32(value), 0, flags), expected);
          if (expected === 0) {
            if (at >= 0) list.splice(at, 1);
            list.push({ ...prefix, value });
          }
        }
        assertEquals([map.size, [...map.keys()].length], [list.length, list.length]);
        for (const address of probes) {
          for (const length of [32, 24, 9]) {
            const best = list.filter((one) => covers(one, address >>> 0, length))
              .sort((a, b) => b.length - a.length)[0];
            const found = map.lookup(keyOf({ bits: address, length }), 0);
            assertEquals(found < 0 ? undefined : readU32(map.values, found), best?.value);
            if (found >= 0) hits++;
          }
        }
      });
    }),
    { numRuns: 150 },
  );
  assert(hits > 1000, `${hits} look-ups hit`);
});

Deno.test("LPM trie gives all of its nodes back: it can be filled and emptied without end", () => {
  const map = createMap(spec("lpm_trie", { keySize: 8, maxEntries: 8, flags: BPF_F_NO_PREALLOC }));
  for (let round = 0; round < 50; round++) {
    const keys = Array.from(
      { length: 8 },
      (_, i) => keyOf({ bits: (i * (round + 1)) << 20, length: 13 + i }),
    );
    for (const key of keys) assert(map.update(key, 0, u32(1), 0, 0) === 0);
    for (const key of keys) map.delete(key, 0);
    assertEquals(map.size, 0);
  }
});
