// Aim: what the laws say of every IPv6 table, told by cases that people of the field know, and the
// limits of rte_lpm6. Method: published edge cases, the cases of DPDK's LPM6 tests, and RFC 3849
// prefixes, written out.
import { assertEquals, assertThrows } from "@std/assert";
import { createFib6, FIB6_KINDS, installRoutes6 } from "./create6.ts";
import type { Fib6 } from "./fib6.ts";
import { Lpm6 } from "./lpm6.ts";

/** Four words of `2001:db8::1`. */
function address(text: string): Uint32Array {
  const [head, tail] = text.split("::").map((side) => side.split(":").filter((g) => g !== ""));
  const zeros = new Array(8 - head!.length - (tail?.length ?? 0)).fill("0");
  const groups = [...head!, ...(tail ? zeros : []), ...(tail ?? [])].map((g) => parseInt(g, 16));
  return Uint32Array.from([0, 2, 4, 6], (i) => groups[i]! * 65536 + groups[i + 1]!);
}

function add(fib: Fib6, prefix: string, nextHop: number): boolean {
  const [base, depth] = prefix.split("/");
  return fib.add(address(base!), Number(depth), nextHop);
}

function remove(fib: Fib6, prefix: string): boolean {
  const [base, depth] = prefix.split("/");
  return fib.delete(address(base!), Number(depth));
}

const cases: readonly {
  name: string;
  prefixes: readonly string[];
  queries: readonly (readonly [address: string, prefix: string | null])[];
}[] = [
  {
    name: "a default route alone hits everywhere",
    prefixes: ["::/0"],
    queries: [["::", "::/0"], ["2001:db8::1", "::/0"], [
      "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
      "::/0",
    ]],
  },
  {
    name: "boundary lengths",
    prefixes: [
      "2001:db8::/32",
      "2001:db8::/48",
      "2001:db8::/64",
      "2001:db8::/127",
      "2001:db8::1/128",
      "2000::/3",
    ],
    queries: [
      ["2001:db8::", "2001:db8::/127"],
      ["2001:db8::1", "2001:db8::1/128"],
      ["2001:db8::2", "2001:db8::/64"],
      ["2001:db8:0:1::", "2001:db8::/48"],
      ["2001:db8:1::", "2001:db8::/32"],
      ["2001:db9::", "2000::/3"],
      ["3fff::", "2000::/3"],
      ["4000::", null],
      ["1fff:ffff::", null],
    ],
  },
  {
    name: "the middle of the address",
    prefixes: ["2001:db8:0:0:8000::/65", "2001:db8::/64", "2001:db8:0:0:8000::/66"],
    queries: [
      ["2001:db8::7fff:0:0:0", "2001:db8::/64"],
      ["2001:db8:0:0:8000::", "2001:db8:0:0:8000::/66"],
      ["2001:db8::bfff:0:0:0", "2001:db8:0:0:8000::/66"],
      ["2001:db8::c000:0:0:0", "2001:db8:0:0:8000::/65"],
      ["2001:db8::ffff:ffff:ffff:ffff", "2001:db8:0:0:8000::/65"],
      ["2001:db8:0:1::", null],
    ],
  },
  {
    name: "IPv4-mapped addresses are not IPv4",
    prefixes: ["::ffff:0:0/96"],
    queries: [["::ffff:a01:101", "::ffff:0:0/96"], ["::a01:101", null]],
  },
];

for (const kind of FIB6_KINDS) {
  Deno.test(`LPM-1 ${kind} answers the published IPv6 cases`, () => {
    for (const { name, prefixes, queries } of cases) {
      const fib = createFib6(kind, { firstBits: 16, groups: 64 });
      prefixes.forEach((prefix, i) => assertEquals(add(fib, prefix, i), true));
      for (const [text, prefix] of queries) {
        const expected = prefix === null ? -1 : prefixes.indexOf(prefix);
        assertEquals(fib.lookup(address(text), 0), expected, `${name}: ${text}`);
      }
    }
  });
}

function table(firstBits: 24 | 16 | 8, groups: number): Lpm6 {
  return new Lpm6({ firstBits, groups, maxRules: 1000, defaultRoute: false });
}

Deno.test("LPM-2 Lpm6 refuses a chain that does not fit whole, and gives out what came back", () => {
  const fib = table(24, 13);
  assertEquals(add(fib, "2001:db8::1/128", 1), true, "13 groups below a /24");
  const occupied = fib.bytesOccupied;
  assertEquals(add(fib, "2002::/25", 2), false);
  assertEquals([fib.size, fib.groupsUsed, fib.bytesOccupied], [1, 13, occupied]);
  assertEquals(fib.lookup(address("2002::"), 0), -1);
  assertEquals(add(fib, "2001:db8::2/128", 2), true, "the groups that are there have room");
  assertEquals(remove(fib, "2001:db8::1/128"), true);
  assertEquals(fib.groupsUsed, 13);
  assertEquals(remove(fib, "2001:db8::2/128"), true);
  assertEquals([fib.groupsUsed, fib.bytesOccupied], [0, 0]);
  assertEquals(add(fib, "2001:db8::/112", 3), true);
  assertEquals(fib.groupsUsed, 11);
  // Extending that chain to /128 needs two groups and there are two; beside it one is one too many.
  assertEquals(add(fib, "2001:db8::/128", 4), true);
  assertEquals(add(fib, "2001:db8::1:0/113", 5), false);
  assertEquals(fib.groupsUsed, 13);
});

Deno.test("LPM-6 Lpm6 gives the groups of a /128 and a /112 back in either order, 1000 times", () => {
  const fib = table(16, 14);
  for (const [first, second] of [["/128", "/112"], ["/112", "/128"]]) {
    for (let round = 0; round < 500; round++) {
      add(fib, `2001:db8::${first}`, 1);
      add(fib, `2001:db8::${second}`, 2);
      assertEquals(fib.groupsUsed, 14);
      remove(fib, `2001:db8::${first}`);
      assertEquals(fib.groupsUsed, second === "/112" ? 12 : 14);
      remove(fib, `2001:db8::${second}`);
      assertEquals(fib.groupsUsed, 0);
    }
  }
});

Deno.test("LPM-13 Lpm6 reads 14 entries for a /128, 4 under a /48, 1 above a /24", () => {
  const fib = table(24, 20);
  add(fib, "2001:db8::1/128", 1);
  add(fib, "2002:db8:1::/48", 2);
  assertEquals(fib.reads(address("2001:db8::1"), 0), 14);
  assertEquals(fib.reads(address("2001:db8::101"), 0), 13);
  assertEquals(fib.reads(address("2002:db8:1::9"), 0), 4);
  assertEquals(fib.reads(address("2003::"), 0), 1);
  fib.clear();
  assertEquals([fib.entriesTouched, fib.bytesOccupied, fib.reads(address("2001:db8::1"), 0)], [
    0,
    0,
    1,
  ]);
});

Deno.test("Lpm6 counts its memory: first level, groups and their headers", () => {
  const fib = table(24, 256);
  assertEquals(fib.bytesReserved, 64 * 2 ** 20 + 256 * (1024 + 12));
  add(fib, "2000::/16", 1);
  add(fib, "2000:700::/25", 2);
  assertEquals(fib.bytesOccupied, 256 * 4 + 1024 + 12);
  assertEquals(fib.entriesTouched, 256 + 256 + 1);
});

Deno.test("Lpm6 refuses what makes no table, naming the option or the bytes", () => {
  const good = { firstBits: 8 as const, groups: 1, maxRules: 1, defaultRoute: false };
  const wrong: [Partial<typeof good & { maxBytes: number }>, string][] = [
    [{ firstBits: 12 as unknown as 8 }, "firstBits 12 is not 24, 16 or 8"],
    [{ groups: -1 }, "groups -1"],
    [{ groups: 2 ** 21 + 1 }, "groups 2097153 is not an integer 0..2097152"],
    [{ maxRules: 0 }, "maxRules 0"],
    [{ maxBytes: 2059 }, "Cannot create Lpm6: 2060 bytes are more than maxBytes 2059"],
  ];
  for (const [option, text] of wrong) {
    assertThrows(() => new Lpm6({ ...good, ...option }), RangeError, text);
  }
  assertEquals(new Lpm6({ ...good, maxBytes: 2060 }).bytesReserved, 2060);
  assertThrows(
    () => add(new Lpm6(good), "::/0", 1),
    RangeError,
    "depth 0 is not an integer 1..128",
  );
  assertThrows(() => add(new Lpm6(good), "::/8", 2 ** 21), RangeError, "next hop 2097152");
});

Deno.test("createFib6 makes DPDK's table by default and names what it does not know", () => {
  const fib = createFib6("lpm6");
  assertEquals(fib.bytesReserved, 64 * 2 ** 20 + 65536 * (1024 + 12));
  assertThrows(
    () => createFib6("patricia" as unknown as "linear"),
    RangeError,
    'kind "patricia" is not one of linear, lpm6',
  );
  const routes = {
    count: 3,
    prefix: Uint32Array.of(...address("2001::"), ...address("2002::"), ...address("2003::")),
    depth: Uint8Array.of(16, 16, 16),
    nextHop: Uint32Array.of(1, 2, 3),
  };
  assertEquals(installRoutes6(createFib6("linear", { maxRules: 2 }), routes), 2);
});
