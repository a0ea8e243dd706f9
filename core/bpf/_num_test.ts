// Aim: what the verifier knows of a number is true of every number that it can be: whatever a and b are, if they are
// among those that two ranges hold, the result of an operation is among those of its range; and it is not all.
// Method: ranges drawn around values near the limits of both signs and of 32 bits, results reckoned on 64-bit words.
import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { CLASS, type Code, JMP, SOURCE_X } from "./isa.ts";
import * as num from "./_num.ts";
import { Num } from "./_num.ts";
import { refine } from "./_verifier_branch.ts";
import { newFrame, scalar } from "./_verifier_state.ts";

const u = (value: bigint): bigint => BigInt.asUintN(64, value);
const s = (value: bigint): bigint => BigInt.asIntN(64, value);

/** Whether a range holds a value, by each of the three ways in which it is described. */
function holds({ value, mask, umin, umax, smin, smax }: Num, word: bigint): boolean {
  return (word & ~mask) === value && umin <= word && word <= umax && smin <= s(word) &&
    s(word) <= smax;
}

function show({ value, mask, umin, umax, smin, smax }: Num): string {
  const hex = (n: bigint) => `0x${n.toString(16)}`;
  return `${umin}..${umax}, signed ${smin}..${smax}, bits ${hex(value)} of ${hex(u(~mask))}`;
}

const near = fc.tuple(
  fc.constantFrom(0n, 1n << 31n, 1n << 32n, 1n << 63n, (1n << 64n) - 1n, 0xffn, 1000n),
  fc.bigInt({ min: -70n, max: 70n }),
).map(([base, off]) => u(base + off));
const word = fc.oneof(
  near,
  near,
  fc.bigInt({ min: 0n, max: (1n << 64n) - 1n }),
  fc.bigInt(0n, 70n),
);

/** A range that holds a word, and that word. */
const known = fc.tuple(word, fc.constantFrom("const", "unsigned", "signed", "bits", "any"), word)
  .map(([at, how, other]): [Num, bigint] => {
    const [low, high] = at < other ? [at, other] : [other, at];
    switch (how) {
      case "const":
        return [Num.of(at), at];
      case "unsigned":
        return [Num.between(low, high), at];
      case "signed": {
        const [smin, smax] = s(at) < s(other) ? [s(at), s(other)] : [s(other), s(at)];
        return [num.bounded(num.UNKNOWN, { smin, smax }), at];
      }
      case "bits":
        return [num.and(num.UNKNOWN, Num.of(at | other)), at];
      default:
        return [num.UNKNOWN, at];
    }
  })
  .filter(([range, at]) => holds(range, at));

type Operation = readonly [
  name: string,
  abstract: (a: Num, b: Num) => Num,
  concrete: (a: bigint, b: bigint) => bigint,
];

const OPERATIONS: readonly Operation[] = [
  ["add", num.add, (a, b) => a + b],
  ["sub", num.sub, (a, b) => a - b],
  ["mul", num.mul, (a, b) => a * b],
  ["div", num.div, (a, b) => b === 0n ? 0n : a / b],
  ["mod", num.mod, (a, b) => b === 0n ? a : a % b],
  ["and", num.and, (a, b) => a & b],
  ["or", num.or, (a, b) => a | b],
  ["xor", num.xor, (a, b) => a ^ b],
  ["low 4", (a) => num.low(a, 4), (a) => a & 0xffffffffn],
  ["low 2", (a) => num.low(a, 2), (a) => a & 0xffffn],
  ["low 1", (a) => num.low(a, 1), (a) => a & 0xffn],
];
/** By amounts that are known: an instruction takes their lowest bits first. */
const SHIFTS: readonly Operation[] = [
  ["lsh", num.lsh, (a, b) => a << b],
  ["rsh", num.rsh, (a, b) => a >> b],
  ["arsh", num.arsh, (a, b) => s(a) >> b],
];

for (const [name, abstract, concrete] of OPERATIONS) {
  Deno.test(`Num ${name} holds whatever can come out`, () => {
    let bounded = 0;
    fc.assert(
      fc.property(known, known, ([a, x], [b, y]) => {
        const result = abstract(a, b);
        const out = u(concrete(x, y));
        assert(
          holds(result, out),
          `${name} of ${x} and ${y} is ${out}, not in ${show(result)}\n  a ${show(a)}\n  b ${
            show(b)
          }`,
        );
        if (!num.UNKNOWN.equals(result)) bounded++;
      }),
      { numRuns: 1000 },
    );
    assert(bounded > 100, `${bounded} results of which anything is known`);
  });
}

for (const [name, abstract, concrete] of SHIFTS) {
  Deno.test(`Num ${name} holds whatever can come out`, () => {
    fc.assert(
      fc.property(known, fc.bigInt(0n, 63n), ([a, x], n) => {
        const result = abstract(a, Num.of(n));
        const out = u(concrete(x, n));
        assert(
          holds(result, out),
          `${name} of ${x} by ${n} is ${out}, not in ${show(result)}\n  a ${show(a)}`,
        );
        assert(holds(abstract(a, num.UNKNOWN), out), `${name} of ${x} by an amount unknown`);
      }),
      { numRuns: 1000 },
    );
  });
}

Deno.test("Num meet and bounded keep what both hold, and contains is true of what it holds", () => {
  fc.assert(
    fc.property(known, known, word, ([a, x], [b], other) => {
      if (holds(b, x)) assert(holds(num.meet(a, b), x), `${x} in both, not in what they share`);
      const below = num.bounded(a, { umax: other });
      if (x <= other) assert(holds(below, x), `${x} is at most ${other}`);
      const signed = num.bounded(a, { smin: s(other) });
      if (s(x) >= s(other)) assert(holds(signed, x), `${s(x)} is at least ${s(other)}`);
      if (a.contains(b)) {
        for (const at of [b.umin, b.umax, u(b.smin), u(b.smax)]) {
          if (holds(b, at)) assert(holds(a, at), `${at} of ${show(b)} is not in ${show(a)}`);
        }
      }
      assertEquals(num.isEmpty(num.meet(a, Num.of(x))), false);
    }),
    { numRuns: 1000 },
  );
});

const CONDITIONS: readonly (readonly [keyof typeof JMP, (a: bigint, b: bigint) => boolean])[] = [
  ["JEQ", (a, b) => a === b],
  ["JNE", (a, b) => a !== b],
  ["JGT", (a, b) => a > b],
  ["JGE", (a, b) => a >= b],
  ["JLT", (a, b) => a < b],
  ["JLE", (a, b) => a <= b],
  ["JSGT", (a, b) => s(a) > s(b)],
  ["JSGE", (a, b) => s(a) >= s(b)],
  ["JSLT", (a, b) => s(a) < s(b)],
  ["JSLE", (a, b) => s(a) <= s(b)],
  ["JSET", (a, b) => (a & b) !== 0n],
];
/** Two ranges with a word of each; in half of the pairs the words are next to each other, and a range ends there. */
const pairs = fc.oneof(
  fc.tuple(known, known),
  fc.tuple(known, fc.bigInt(-2n, 2n), fc.constantFrom("const", "up", "down"), fc.bigInt(0n, 90n))
    .map(([one, off, how, n]): [typeof one, typeof one] => {
      const at = u(one[1] + off);
      if (how === "up" && at + n < 1n << 64n) return [one, [Num.between(at, at + n), at]];
      if (how === "down" && at >= n) return [one, [Num.between(at - n, at), at]];
      return [one, [Num.of(at), at]];
    }),
);

for (const [name, concrete] of CONDITIONS) {
  Deno.test(`refine after ${name} holds every pair of numbers that goes that way`, () => {
    let learnt = 0;
    fc.assert(
      fc.property(pairs, fc.boolean(), fc.boolean(), ([[a, x], [b, y]], isNarrow, isSwapped) => {
        const [dst, src] = isSwapped ? [b, a] : [a, b];
        const [left, right] = isSwapped ? [y, x] : [x, y];
        const of = (n: bigint) => isNarrow ? u(BigInt.asIntN(32, n)) : n;
        const isTaken = concrete(of(left), of(right));
        const op = JMP[name] | SOURCE_X | (isNarrow ? CLASS.JMP32 : CLASS.JMP);
        const code = { op: [op], dst: [1], src: [2], imm: [0] } as unknown as Code;
        const frame = newFrame([scalar(num.UNKNOWN), scalar(dst), scalar(src)], -1, 0);
        const what = `${name}${isNarrow ? "32" : ""} of ${left} and ${right}, which is ${isTaken}`;
        assert(refine([frame], code, 0, isTaken), `${what}, taken for impossible`);
        const [, r1, r2] = frame.regs;
        assert(holds(r1!.num, left), `${what}: ${left} is not in ${show(r1!.num)}\n  ${show(dst)}`);
        assert(
          holds(r2!.num, right),
          `${what}: ${right} is not in ${show(r2!.num)}\n  ${show(src)}`,
        );
        if (!r1!.num.equals(dst) || !r2!.num.equals(src)) learnt++;
      }),
      { numRuns: 2000 },
    );
    assert(learnt > 20, `${learnt} jumps that taught anything`);
  });
}
