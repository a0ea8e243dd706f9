// Aim: every instruction does what RFC 9669 says, and the interpreter lets nothing out of bounds by itself.
// Method: operands drawn with corners, results against arithmetic on BigInt; calls and tail calls by example.
import { assert, assertEquals, assertThrows } from "@std/assert";
import * as fc from "fast-check";
import {
  alu,
  type AluName,
  atomic,
  call,
  callLocal,
  exit,
  imm64,
  type Insn,
  type JmpName,
  jump,
  load,
  mapRef,
  packet,
  program,
  raw,
  result,
  store,
  storeImm,
  TEST_TYPE,
} from "./_asm_for_tests.ts";
import { Bpf } from "./bpf.ts";
import { u32 } from "./_map_parts.ts";
import { Program } from "./program.ts";
import { Vm } from "./vm.ts";

const CORNERS = [
  0n,
  1n,
  2n,
  31n,
  32n,
  63n,
  64n,
  0x7fffffffn,
  0x80000000n,
  0xffffffffn,
  0x100000000n,
]
  .flatMap((n) => [n, BigInt.asUintN(64, -n), BigInt.asUintN(64, n - 1n)]);
const word = fc.oneof(fc.constantFrom(...CORNERS), fc.bigInt(0n, 2n ** 64n - 1n));
const u = (n: bigint, bits: number): bigint => BigInt.asUintN(bits, n);
const s = (n: bigint, bits: number): bigint => BigInt.asIntN(bits, n);

const MODEL: { readonly [name in AluName]: (a: bigint, b: bigint, bits: number) => bigint } = {
  add: (a, b) => a + b,
  sub: (a, b) => a - b,
  mul: (a, b) => a * b,
  div: (a, b) => b === 0n ? 0n : a / b,
  mod: (a, b) => b === 0n ? a : a % b,
  or: (a, b) => a | b,
  and: (a, b) => a & b,
  xor: (a, b) => a ^ b,
  mov: (_, b) => b,
  neg: (a) => -a,
  lsh: (a, b, bits) => a << (b % BigInt(bits)),
  rsh: (a, b, bits) => a >> (b % BigInt(bits)),
  arsh: (a, b, bits) => s(a, bits) >> (b % BigInt(bits)),
};

for (const name of Object.keys(MODEL) as AluName[]) {
  Deno.test(`Vm computes ${name} as integers of 64 and of 32 bits do`, () => {
    fc.assert(
      fc.property(word, word, fc.boolean(), (a, b, wide) => {
        const bits = wide ? 64 : 32;
        const by: number | [number] = name === "neg" ? 0 : [2];
        const got = result([imm64(0, a), imm64(2, b), alu(name, 0, by, wide), exit]);
        assertEquals(got, u(MODEL[name](u(a, bits), u(b, bits), bits), bits));
      }),
      { numRuns: 150 },
    );
  });
}

Deno.test("Vm signed division, remainder, moves with sign extension: version 4 of the instruction set", () => {
  fc.assert(
    fc.property(word, word, fc.boolean(), fc.boolean(), (a, b, wide, rest) => {
      const bits = wide ? 64 : 32;
      const op = (rest ? 0x90 : 0x30) | 8 | (wide ? 7 : 4);
      const [x, y] = [s(a, bits), s(b, bits)];
      const model = y === 0n ? (rest ? x : 0n) : rest ? x % y : x / y;
      const got = result([imm64(0, a), imm64(2, b), raw(op, 0, 2, 1, 0), exit]);
      assertEquals(got, u(model, bits));
    }),
    { numRuns: 200 },
  );
  for (const off of [8, 16, 32]) {
    const got = result([imm64(2, 0xfedcba9876543280n), raw(0xbf, 0, 2, off, 0), exit]);
    assertEquals(got, u(s(0xfedcba9876543280n, off), 64));
  }
});

const CONDITION: { readonly [name in JmpName]: (a: bigint, b: bigint, bits: number) => boolean } = {
  eq: (a, b) => a === b,
  ne: (a, b) => a !== b,
  gt: (a, b) => a > b,
  ge: (a, b) => a >= b,
  lt: (a, b) => a < b,
  le: (a, b) => a <= b,
  set: (a, b) => (a & b) !== 0n,
  sgt: (a, b, bits) => s(a, bits) > s(b, bits),
  sge: (a, b, bits) => s(a, bits) >= s(b, bits),
  slt: (a, b, bits) => s(a, bits) < s(b, bits),
  sle: (a, b, bits) => s(a, bits) <= s(b, bits),
};

for (const name of Object.keys(CONDITION) as JmpName[]) {
  Deno.test(`Vm takes a jump on ${name} exactly when numbers of 64 or 32 bits are so`, () => {
    fc.assert(
      fc.property(word, word, fc.boolean(), fc.boolean(), (a, b, wide, alike) => {
        const bits = wide ? 64 : 32;
        const other = alike ? a : b;
        // read from the packet: what the verifier knew beforehand it would not follow
        const bytes = new Uint8Array(16);
        const view = new DataView(bytes.buffer);
        view.setBigUint64(0, a, true);
        view.setBigUint64(8, other, true);
        const got = result(
          [
            ...packetAt(2, 16),
            load(8, 3, 2, 0),
            load(8, 4, 2, 8),
            alu("mov", 0, 1),
            jump(name, 3, [4], 1, wide),
            alu("mov", 0, 0),
            exit,
          ],
          [],
          packet(bytes),
        );
        assertEquals(got === 1n, CONDITION[name](u(a, bits), u(other, bits), bits));
      }),
      { numRuns: 150 },
    );
  });
}

/** Register `dst` is the packet, of which `bytes` are there; else 0 is answered. */
function packetAt(dst: number, bytes: number): Insn[] {
  return [
    load(4, dst, 1, 0),
    load(4, 5, 1, 4),
    alu("mov", 0, [dst]),
    alu("add", 0, bytes),
    jump("le", 0, [5], 2),
    alu("mov", 0, 0),
    exit,
  ];
}

Deno.test("Vm byte swaps: to big-endian swaps, to little-endian cuts off, bswap swaps", () => {
  const value = 0x0102030405060708n;
  for (
    const [op, bits, expected] of [
      [0xdc, 16, 0x0807n],
      [0xdc, 32, 0x08070605n],
      [0xdc, 64, 0x0807060504030201n],
      [0xd4, 16, 0x0708n],
      [0xd4, 32, 0x05060708n],
      [0xd4, 64, value],
      [0xd7, 16, 0x0807n],
      [0xd7, 32, 0x08070605n],
      [0xd7, 64, 0x0807060504030201n],
    ] as const
  ) assertEquals(result([imm64(0, value), raw(op, 0, 0, 0, bits), exit]), expected);
});

Deno.test("Vm atomic operations change memory and fetch what was there, in 4 and 8 bytes", () => {
  const model = {
    0x00: (a: bigint, b: bigint) => a + b,
    0x40: (a: bigint, b: bigint) => a | b,
    0x50: (a: bigint, b: bigint) => a & b,
    0xa0: (a: bigint, b: bigint) => a ^ b,
    0xe0: (_: bigint, b: bigint) => b,
  };
  fc.assert(
    fc.property(word, word, fc.constantFrom(4 as const, 8 as const), (a, b, size) => {
      for (const [imm, of] of Object.entries(model)) {
        const bits = size * 8;
        const before = [imm64(2, a), store(8, 10, -8, 2), imm64(3, b)];
        const fetch = Number(imm) | 1;
        const old = [...before, atomic(size, 10, -8, 3, fetch), alu("mov", 0, [3]), exit];
        assertEquals(result(old), u(a, bits));
        const after = [...before, atomic(size, 10, -8, 3, fetch), load(size, 0, 10, -8), exit];
        assertEquals(result(after), u(of(u(a, bits), u(b, bits)), bits));
      }
    }),
    { numRuns: 60 },
  );
});

Deno.test("Vm compare and exchange: R0 gets what was there, memory the new value where that was R0, in 4 and 8 bytes", () => {
  // the same low halves and other high ones, so that 4 and 8 bytes decide differently
  const likeOf = (a: bigint, how: number) => [a, a ^ (1n << 40n), a ^ 1n][how]!;
  fc.assert(
    fc.property(
      word,
      word,
      fc.nat({ max: 2 }),
      fc.constantFrom(4 as const, 8 as const),
      (a, b, how, size) => {
        const bits = size * 8;
        const expected = likeOf(a, how);
        const before = [
          ...[imm64(2, a), store(8, 10, -8, 2), imm64(3, b), imm64(0, expected)],
          atomic(size, 10, -8, 3, 0xf1),
        ];
        const same = u(a, bits) === u(expected, bits);
        const part = same ? u(b, bits) : u(a, bits);
        assertEquals(result([...before, exit]), u(a, bits));
        assertEquals(
          result([...before, load(8, 0, 10, -8), exit]),
          a >> BigInt(bits) << BigInt(bits) | part,
        );
        assertEquals(result([...before, alu("mov", 0, [3]), exit]), b);
      },
    ),
    { numRuns: 60 },
  );
});

Deno.test("Vm atomic operations that fetch nothing leave their register as it was", () => {
  for (const size of [4, 8] as const) {
    for (const imm of [0x00, 0x40, 0x50, 0xa0]) {
      const insns = [
        imm64(2, 5n),
        store(8, 10, -8, 2),
        imm64(3, -3n),
        atomic(size, 10, -8, 3, imm),
      ];
      assertEquals(result([...insns, alu("mov", 0, [3]), exit]), u(-3n, 64));
    }
  }
});

Deno.test("Vm loads and stores of every size, least significant byte first, with and without sign", () => {
  const bytes = Uint8Array.of(0x81, 0x82, 0x83, 0x84, 0x85, 0x86, 0x87, 0x88);
  for (const size of [1, 2, 4, 8] as const) {
    const expected = [...bytes.slice(0, size)].reduceRight((sum, b) => (sum << 8n) | BigInt(b), 0n);
    assertEquals(
      result([...packetAt(2, 8), load(size, 0, 2, 0), exit], [], packet(bytes)),
      expected,
    );
    if (size === 8) continue;
    const signed = raw({ 1: 0x91, 2: 0x89, 4: 0x81 }[size], 0, 2, 0, 0);
    const got = result([...packetAt(2, 8), signed, exit], [], packet(bytes));
    assertEquals(got, u(s(expected, size * 8), 64));
  }
  const on = packet(bytes);
  result(
    [...packetAt(2, 8), storeImm(8, 2, 0, -2), storeImm(1, 2, 0, 7), alu("mov", 0, 0), exit],
    [],
    on,
  );
  assertEquals([...on.bytes.subarray(on.data, on.dataEnd)], [7, 255, 255, 255, 255, 255, 255, 255]);
});

Deno.test("Vm calls a function with registers 1 to 5, a stack of its own, and keeps 6 to 9", () => {
  assertEquals(
    result([
      alu("mov", 6, 100),
      storeImm(8, 10, -8, 1),
      alu("mov", 1, 40),
      callLocal(4),
      load(8, 1, 10, -8),
      alu("add", 0, [6]),
      alu("add", 0, [1]),
      exit,
      alu("mov", 6, 1000),
      storeImm(8, 10, -8, 7777),
      alu("mov", 0, [1]),
      alu("add", 0, 2),
      exit,
    ]),
    143n,
  );
});

Deno.test("Vm tail calls end at 33, and an index without a program just returns", () => {
  const bpf = new Bpf(TEST_TYPE);
  const table = {
    name: "t",
    type: "prog_array",
    keySize: 4,
    valueSize: 4,
    maxEntries: 2,
    flags: 0,
  } as const;
  const counter = {
    name: "c",
    type: "array",
    keySize: 4,
    valueSize: 8,
    maxEntries: 1,
    flags: 0,
  } as const;
  // counts, then goes on in the program at index 0, which is itself
  const insns = [
    mapRef(2, 0),
    load(8, 3, 2, 0),
    alu("add", 3, 1),
    store(8, 2, 0, 3),
    mapRef(2),
    alu("mov", 3, 0),
    call(12),
    alu("mov", 0, 1),
    exit,
  ];
  const spec = { ...program(insns), references: program(insns, [1, 0]).references };
  const { maps, programs } = bpf.load({ license: "GPL", maps: [table, counter], programs: [spec] });
  const vm = bpf.vm(packet(new Uint8Array(16)));
  vm.run(programs.get("test")!);
  const counted = maps.get("c")!.values;
  assertEquals([vm.tailCalls, counted[0]], [0, 1]);
  maps.get("t")!.update(u32(0), 0, u32(programs.get("test")!.id), 0, 0);
  assertEquals(vm.run(programs.get("test")!), 1);
  assertEquals([vm.tailCalls, counted[0]], [33, 1 + 34]);
});

Deno.test("Vm throws where a program that nobody verified reaches out of bounds", () => {
  const escapes: [Insn[], string][] = [
    [[load(4, 2, 1, 0), load(1, 0, 2, 64), exit], "beyond the packet"],
    [[load(4, 2, 1, 0), load(1, 0, 2, -1), exit], "beyond the packet"],
    [[load(1, 0, 10, 0), exit], "beyond the stack"],
    [[load(1, 0, 10, -513), exit], "beyond the stack"],
    [[alu("mov", 2, 5), load(1, 0, 2, 0), exit], "register 2 is no pointer"],
    [[load(4, 0, 1, 16), exit], "the context has no field at 16"],
    [[call(999), exit], "there is no helper 999"],
  ];
  for (const [insns, message] of escapes) {
    const one = new Program(program(insns), 1, [], 0);
    const vm = new Vm(TEST_TYPE, [], [one], packet(new Uint8Array(64)));
    assertThrows(() => vm.run(one), RangeError, message);
  }
  assert(result([alu("mov", 0, 1), exit]) === 1n);
});
