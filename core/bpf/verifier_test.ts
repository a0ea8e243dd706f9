// Aim: the verifier refuses what the kernel refuses, in its words, accepts what compilers write, and what it accepts
// never fails when it runs.
// Method: programs by hand for each rule; programs drawn near the limits and run on drawn packets.
import { assert, assertEquals } from "@std/assert";
import * as fc from "fast-check";
import {
  alu,
  atomic,
  call,
  callLocal,
  exit,
  imm64,
  type Insn,
  ja,
  jump,
  load,
  mapRef,
  MOVE,
  packet,
  program,
  raw,
  store,
  storeImm,
  TEST_TYPE,
  verified,
} from "./_asm_for_tests.ts";
import { Bpf } from "./bpf.ts";
import type { MapSpec } from "./map_spec.ts";
import { VERIFIER_BUDGET } from "./verifier.ts";

const MAP: MapSpec = {
  name: "m",
  type: "array",
  keySize: 4,
  valueSize: 16,
  maxEntries: 4,
  flags: 0,
};
const DEV: MapSpec = {
  name: "d",
  type: "devmap",
  keySize: 4,
  valueSize: 4,
  maxEntries: 4,
  flags: 0,
};
const zero = alu("mov", 0, 0);
/** r2 data, r3 data_end. */
const ends = [load(4, 2, 1, 0), load(4, 3, 1, 4)];
/** Looks key 0 up: r0 is the value or NULL. */
const lookup = [
  storeImm(4, 10, -4, 0),
  alu("mov", 2, [10]),
  alu("add", 2, -4),
  mapRef(1),
  call(1),
];

/** `n` bytes of the packet at r2 are there from here on. */
const checked = (n: number): Insn[] => [
  alu("mov", 4, [2]),
  alu("add", 4, n),
  jump("le", 4, [3], 2),
  zero,
  exit,
];

/** Moves the packet of the context that is in r6. */
const moved = [alu("mov", 1, [6]), alu("mov", 2, 0), call(MOVE)];
/** r6 is a map value that is there. */
const value = [...lookup, jump("ne", 0, 0, 1), exit, alu("mov", 6, [0])];

const eight = Array.from({ length: 8 }, () => alu("mov", 8, 0));
/** The verifier keeps a state two jumps and eight instructions after the last: one is kept in here and one behind. */
const longer = [...eight, ...[9, 10, 11, 12].map((n) => jump("eq", 5, n, 0)), ...eight];

/**
 * Two ways to one place, where `then` begins: `one` is taken when a byte of the packet is 3, else `other`. The
 * paths are followed in some order, so each pair is tried both ways round.
 */
function joined(one: readonly Insn[], other: readonly Insn[], then: readonly Insn[]): Insn[] {
  const slots = (insns: readonly Insn[]) => insns.flat().length / 8;
  const way = (insns: readonly Insn[]) => [...insns, ...longer];
  return [
    ...[alu("mov", 6, [1]), ...ends, ...checked(8), load(1, 5, 2, 0)],
    ...[jump("eq", 5, 3, slots(way(other)) + 1), ...way(other), ja(slots(way(one))), ...way(one)],
    ...then,
  ];
}

const more = [alu("mov", 4, [2]), alu("add", 4, 20), jump("le", 4, [3], 2), zero, exit];
const JOINS: readonly (readonly [string, readonly Insn[], readonly Insn[], string])[] = [
  ["bytes that one of two ways has compared", more, [load(1, 0, 2, 16), zero, exit], "packet"],
  [
    "stack that one of two ways has written",
    [storeImm(8, 10, -8, 0)],
    [load(8, 0, 10, -8), exit],
    "invalid read from stack",
  ],
  [
    "a number that is a pointer on one of two ways",
    [alu("mov", 7, 1)],
    [alu("mov", 0, [7]), exit],
    "R0 leaks addr",
  ],
];
for (const [what, one, then, words] of JOINS) {
  for (const way of ["first", "second"]) {
    Deno.test(`verify refuses ${what}, the ${way}`, () => {
      const other = [alu("mov", 7, [10])];
      const both = [alu("mov", 7, [10]), ...one];
      const insns = way === "first" ? joined(both, other, then) : joined(other, both, then);
      const { refused } = verified(insns);
      assert(refused !== null, "it was accepted");
      assert(refused.includes(words), `refused for another reason: ${refused}`);
      assertEquals(verified(joined(both, both, then)).refused, null);
    });
  }
}

const REFUSED: readonly (readonly [string, readonly Insn[], string])[] = [
  [
    "a packet access without a comparison",
    [...ends, load(1, 0, 2, 0), exit],
    "invalid access to packet, off=0 size=1",
  ],
  [
    "one byte more than was compared",
    [...ends, ...checked(14), load(2, 0, 2, 13), exit],
    "invalid access to packet, off=13 size=2",
  ],
  [
    "a byte in front of the packet",
    [...ends, ...checked(14), load(1, 0, 2, -1), exit],
    "invalid access to packet",
  ],
  ["a comparison in the wrong direction", [
    ...ends,
    alu("mov", 4, [2]),
    alu("add", 4, 8),
    jump("le", 4, [3], 2),
    load(1, 0, 2, 0),
    exit,
    zero,
    exit,
  ], "invalid access to packet, off=0 size=1"],
  ["an unchecked variable offset", [
    ...ends,
    ...checked(20),
    load(1, 5, 2, 0),
    alu("add", 2, [5]),
    load(1, 0, 2, 0),
    exit,
  ], "invalid access to packet"],
  [
    "a map value that may be NULL",
    [...lookup, load(8, 0, 0, 0), exit],
    "invalid mem access 'map_value_or_null'",
  ],
  [
    "arithmetic on a map value that may be NULL",
    [...lookup, alu("add", 0, 8), jump("ne", 0, 0, 1), exit, load(8, 0, 0, 0), exit],
    "null-check it first",
  ],
  [
    "a packet pointer from before the packet was moved",
    [
      ...[alu("mov", 6, [1]), ...ends, ...checked(14), alu("mov", 7, [2])],
      ...[...moved, load(1, 0, 7, 0), exit],
    ],
    "R7 invalid mem access 'scalar'",
  ],
  [
    "a packet pointer that lay on the stack when the packet was moved",
    [
      ...[alu("mov", 6, [1]), ...ends, ...checked(14), store(8, 10, -8, 2)],
      ...[...moved, load(8, 7, 10, -8), load(1, 0, 7, 0), exit],
    ],
    "R7 invalid mem access 'scalar'",
  ],
  [
    "a stack pointer from a function",
    [callLocal(2), zero, exit, alu("mov", 0, [10]), exit],
    "cannot return stack pointer",
  ],
  [
    "what a fetch-and-add has brought as an index",
    [...value, alu("mov", 1, 1), atomic(8, 6, 0, 1, 1), alu("add", 6, [1]), load(1, 0, 6, 0), exit],
    "unbounded",
  ],
  [
    "a compare and exchange with a pointer",
    [...value, alu("mov", 1, 1), atomic(8, 6, 0, 1, 0xf1), zero, exit],
    "R0 leaks addr",
  ],
  [
    "an index of 32 bits that is not sign-extended",
    [
      ...value,
      alu("mov", 1, -1, false),
      alu("add", 1, 1),
      alu("add", 6, [1]),
      load(1, 0, 6, 0),
      exit,
    ],
    "is not allowed",
  ],
  [
    "a map value beyond its end",
    [...lookup, jump("ne", 0, 0, 1), exit, load(8, 0, 0, 9), exit],
    "invalid access to map value, value_size=16 off=9 size=8",
  ],
  ["an unbounded index into a map value", [
    ...lookup,
    jump("ne", 0, 0, 1),
    exit,
    alu("mov", 6, [0]),
    load(8, 1, 6, 0),
    alu("add", 6, [1]),
    load(1, 0, 6, 0),
    exit,
  ], "unbounded value"],
  ["an index one too far", [
    ...lookup,
    jump("ne", 0, 0, 1),
    exit,
    alu("mov", 6, [0]),
    load(1, 1, 6, 0),
    alu("and", 1, 15),
    alu("add", 6, [1]),
    load(2, 0, 6, 0),
    exit,
  ], "max value is outside"],
  [
    "more than 512 bytes of stack",
    [storeImm(8, 10, -520, 0), zero, exit],
    "invalid stack access off=-520 size=8",
  ],
  ["512 bytes in two functions", [
    storeImm(8, 10, -512, 0),
    callLocal(2),
    zero,
    exit,
    storeImm(8, 10, -8, 0),
    zero,
    exit,
  ], "combined stack size of 2 calls is 544. Too large"],
  ["stack that was not written", [load(8, 0, 10, -8), exit], "invalid read from stack"],
  [
    "a pointer cut in half",
    [store(8, 10, -8, 1), load(4, 0, 10, -8), exit],
    "corrupted spill memory",
  ],
  ["a pointer as the answer", [alu("mov", 0, [1]), exit], "R0 leaks addr as return value"],
  [
    "a pointer in a packet",
    [...ends, ...checked(8), store(8, 2, 0, 1), zero, exit],
    "R1 leaks addr into mem",
  ],
  ["a pointer in a map", [
    alu("mov", 6, [1]),
    ...lookup,
    jump("ne", 0, 0, 1),
    exit,
    store(8, 0, 0, 6),
    zero,
    exit,
  ], "R6 leaks addr into map"],
  ["a pointer as a number", [alu("mov", 0, [1], false), exit], "R1 partial copy of pointer"],
  [
    "pointer arithmetic in 32 bits",
    [...ends, alu("sub", 3, [2], false), zero, exit],
    "32-bit pointer arithmetic prohibited",
  ],
  [
    "a pointer times two",
    [...ends, alu("mul", 2, 2), zero, exit],
    "pointer arithmetic with *= operator prohibited",
  ],
  [
    "a pointer compared with a number",
    [jump("gt", 1, 5, 0), zero, exit],
    "pointer comparison prohibited",
  ],
  ["a write to the context", [storeImm(4, 1, 0, 0), zero, exit], "cannot write into ctx"],
  [
    "a field that the context has not",
    [load(4, 0, 1, 16), exit],
    "invalid bpf_context access off=16 size=4",
  ],
  [
    "half a field of the context",
    [load(2, 0, 1, 12), exit],
    "invalid bpf_context access off=12 size=2",
  ],
  ["a register that was never set", [alu("mov", 0, [5]), exit], "R5 !read_ok"],
  ["an answer that was never set", [exit], "R0 !read_ok"],
  [
    "registers that a call has used up",
    [alu("mov", 5, 1), call(8), alu("mov", 0, [5]), exit],
    "R5 !read_ok",
  ],
  [
    "the frame pointer as a destination",
    [alu("mov", 10, 0), zero, exit],
    "frame pointer is read only",
  ],
  ["a division by the constant zero", [zero, alu("div", 0, 0), exit], "div by zero"],
  ["a shift beyond the register", [zero, alu("lsh", 0, 64), exit], "invalid shift 64"],
  ["a jump out of the program", [zero, ja(5), exit], "jump out of range"],
  ["a program without an end", [zero], "last insn is not an exit or jmp"],
  ["code that is never reached", [zero, exit, zero, exit], "unreachable insn 2"],
  [
    "a jump into the middle of a number",
    [zero, jump("eq", 0, 1, 1), imm64(2, 1n), exit],
    "jump into the middle",
  ],
  ["an unknown opcode", [raw(0xff, 0, 0, 0, 0), exit], "unknown opcode ff"],
  ["an unknown helper", [call(200), exit], "invalid func unknown#200"],
  ["a map of the wrong kind", [
    storeImm(4, 10, -4, 0),
    alu("mov", 2, [10]),
    alu("add", 2, -4),
    alu("mov", 3, [10]),
    alu("add", 3, -4),
    alu("mov", 4, 0),
    mapRef(1),
    call(2),
    zero,
    exit,
  ], "cannot pass map_type devmap"],
  ["a key that was not written", [
    alu("mov", 2, [10]),
    alu("add", 2, -4),
    mapRef(1),
    call(1),
    zero,
    exit,
  ], "invalid indirect read from stack"],
  ["an atomic operation on a packet", [
    ...ends,
    ...checked(8),
    alu("mov", 0, 1),
    atomic(8, 2, 0, 0, 0),
    exit,
  ], "BPF_ATOMIC stores into R2 pkt is not allowed"],
  ["a loop that changes nothing", [zero, ja(-1), exit].slice(0, 2), "infinite loop detected"],
  ["a loop that counts for ever", [zero, alu("add", 0, 1), ja(-2)], "BPF program is too large"],
  [
    "functions that call themselves",
    [callLocal(1), exit, callLocal(-1), exit],
    "call stack of 9 frames is too deep",
  ],
];

Deno.test("verify refuses a compare and exchange that finds R0 set on one of two ways only", () => {
  const set = [alu("mov", 0, 0)];
  for (const [eq, ne] of [[set, [alu("mov", 7, 0)]], [[alu("mov", 7, 0)], set]] as const) {
    const insns = [
      ...[...value, load(8, 5, 6, 8), alu("mov", 1, 1)],
      ...[jump("eq", 5, 3, 2), ...ne, ja(1), ...eq],
      ...[atomic(8, 6, 0, 1, 0xf1), zero, exit],
    ];
    const { refused } = verified(insns, [MAP]);
    assert(refused?.includes("R0 leaks addr"), `${refused}`);
  }
});

for (const [what, insns, words] of REFUSED) {
  Deno.test(`verify refuses ${what}`, () => {
    const maps = [what.includes("wrong kind") ? DEV : MAP];
    const { refused } = verified(insns, maps, 20_000);
    assert(refused !== null, "it was accepted");
    assert(refused.includes(words), `refused for another reason: ${refused}`);
  });
}

Deno.test("verify accepts a loop with an end, as far as its budget goes", () => {
  const loop = (times: number) => [zero, alu("add", 0, 1), jump("lt", 0, times, -2), exit];
  assertEquals(verified(loop(100)).refused, null);
  assertEquals(verified(loop(4000), [], 10_000).refused, null);
  const { refused, processed } = verified(loop(6000), [], 10_000);
  assert(refused!.startsWith("BPF program is too large"));
  assertEquals([processed, VERIFIER_BUDGET], [10_001, 1_000_000]);
});

Deno.test("verify takes what a copy teaches of its source, and what a spill keeps", () => {
  const bytes = [...ends, ...checked(20), load(1, 5, 2, 0)];
  // r6 is a copy of r5: what is learnt of r6 bounds r5
  const copy = [...bytes, alu("mov", 6, [5]), jump("gt", 6, 4, 4), ...shifted(), zero, exit];
  assertEquals(verified([...copy]).refused, null);
  const spill = [
    ...ends,
    store(8, 10, -8, 2),
    ...checked(4),
    load(8, 7, 10, -8),
    load(4, 0, 7, 0),
    exit,
  ];
  // the pointer on the stack learns what its twin has
  assertEquals(verified(spill).refused, null);
});

function shifted(): Insn[] {
  return [alu("add", 2, [5]), alu("mov", 4, [2]), alu("add", 4, 1), ja(0)];
}

Deno.test("verify follows only what can be: a branch that never happens may do what it likes", () => {
  const insns = [alu("mov", 2, 7), jump("eq", 2, 7, 1), load(1, 0, 2, 0), zero, exit];
  assertEquals(verified(insns).refused, null);
});

Deno.test("verify knows registers again after 2^20 paths that come to the same", () => {
  // 20 branches on packet bytes whose two ways leave nothing different behind
  const insns: Insn[] = [...ends, ...checked(20)];
  for (let i = 0; i < 20; i++) {
    insns.push(
      load(1, 5, 2, i),
      alu("mov", 0, 0),
      alu("mov", 6, 1),
      jump("eq", 5, 3, 1),
      alu("mov", 6, 1),
      alu("mov", 5, 0),
    );
  }
  const { refused, processed } = verified([...insns, zero, exit]);
  assertEquals(refused, null);
  assert(processed < 5000, `followed ${processed} instructions`);
});

/** A program near its limits: packet, stack and map accesses with lengths and offsets that may be one off. */
const near = fc.record({
  compared: fc.integer({ min: 0, max: 40 }),
  mask: fc.constantFrom(0, 1, 3, 7, 15, 31),
  shift: fc.integer({ min: 0, max: 3 }),
  at: fc.integer({ min: -2, max: 40 }),
  size: fc.constantFrom(1 as const, 2 as const, 4 as const, 8 as const),
  again: fc.integer({ min: -3, max: 12 }),
  condition: fc.constantFrom("gt" as const, "ge" as const, "lt" as const, "le" as const),
  bound: fc.integer({ min: 0, max: 18 }),
  minus: fc.boolean(),
  signed: fc.boolean(),
  narrow: fc.boolean(),
  mirrored: fc.boolean(),
});
type Near = typeof near extends fc.Arbitrary<infer T> ? T : never;

/** Moves a pointer by a byte of the packet that was masked, shifted and compared, compares again, then reads. */
function drawn(d: Near): Insn[] {
  const learn = d.signed
    ? ({ gt: "sgt", ge: "sge", lt: "slt", le: "sle" } as const)[d.condition]
    : d.condition;
  const again: Insn[] = d.mirrored
    ? [jump("ge", 3, [7], 2), zero, exit]
    : [jump("le", 7, [3], 2), zero, exit];
  return [
    ...ends,
    ...checked(d.compared),
    load(1, 5, 2, Math.max(0, d.compared - 1)),
    d.mask === 0 ? alu("sub", 5, 128, !d.narrow) : alu("and", 5, d.mask, !d.narrow),
    alu("lsh", 5, d.shift, !d.narrow),
    jump(learn, 5, d.bound, 2, !d.narrow),
    zero,
    exit,
    alu("mov", 6, [2]),
    alu(d.minus ? "sub" : "add", 6, [5]),
    alu("mov", 7, [6]),
    alu("add", 7, d.again),
    ...again,
    load(d.size, 0, 6, d.at),
    zero,
    exit,
  ];
}

/** The same number as an index into a map value of 16 bytes. */
function intoMap(d: Near): Insn[] {
  return [
    ...ends,
    ...checked(d.compared),
    load(1, 6, 2, Math.max(0, d.compared - 1)),
    ...(d.mask === 0 ? [] : [alu("and", 6, d.mask)]),
    ...(d.minus ? [alu("neg", 6, 0)] : []),
    storeImm(4, 10, -4, 0),
    alu("mov", 2, [10]),
    alu("add", 2, -4),
    mapRef(1),
    call(1),
    jump("ne", 0, 0, 2),
    zero,
    exit,
    jump(d.signed ? "sle" : d.condition, 6, d.bound, 2, !d.narrow),
    zero,
    exit,
    alu("add", 0, [6]),
    alu("mov", 7, [0]),
    load(d.size, 0, 7, d.at - 8),
    zero,
    exit,
  ];
}

for (const [what, make] of [["a packet", drawn], ["a map value", intoMap]] as const) {
  Deno.test(`verify lets nothing through that reaches beyond ${what} when it runs`, () => {
    const seen = { accepted: 0, refused: 0, read: 0 };
    fc.assert(
      fc.property(near, fc.uint8Array({ maxLength: 60, size: "max" }), (d, bytes) => {
        const insns = make(d);
        if (verified(insns, [MAP]).refused !== null) {
          seen.refused++;
          return;
        }
        seen.accepted++;
        const bpf = new Bpf(TEST_TYPE);
        const { programs } = bpf.load({ license: "", maps: [MAP], programs: [program(insns)] });
        const vm = bpf.vm(packet(bytes));
        vm.run(programs.get("test")!);
        if (vm.executed >= insns.length - 4) seen.read++;
      }),
      { numRuns: 2000 },
    );
    assert(seen.accepted > 200 && seen.refused > 200, JSON.stringify(seen));
  });
}
