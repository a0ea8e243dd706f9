// Aim: classic BPF accepts and rejects as tcpdump's programs mean, and no program can leave the packet or loop.
// Method: programs as tcpdump -dd prints them against predicates written by hand; one refusal for each rule.
import { assert, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { writeTcpFrame, writeUdpFrame } from "../../core/packet/mod.ts";
import { BpfFilter, type BpfInsn, checkBpf } from "./bpf.ts";

const insns = (...list: [number, number, number, number][]): BpfInsn[] =>
  list.map(([code, jt, jf, k]) => ({ code, jt, jf, k }));

/** tcpdump -dd "udp dst port 53" over Ethernet, IPv4 only. */
export const UDP_DST_53 = insns(
  [0x28, 0, 0, 12],
  [0x15, 0, 8, 0x0800],
  [0x30, 0, 0, 23],
  [0x15, 0, 6, 17],
  [0x28, 0, 0, 20],
  [0x45, 4, 0, 0x1fff],
  [0xb1, 0, 0, 14],
  [0x48, 0, 0, 16],
  [0x15, 0, 1, 53],
  [0x06, 0, 0, 262144],
  [0x06, 0, 0, 0],
);

Deno.test("BpfFilter runs a port filter as tcpdump compiles it", () => {
  const filter = new BpfFilter(UDP_DST_53);
  const frame = new Uint8Array(80);
  const base = { dstMac: 1, srcMac: 2, src: 0x0a000001, dst: 0x0a000002, srcPort: 9, payload: 20 };
  writeUdpFrame(frame, 0, { ...base, dstPort: 53 });
  assertEquals(filter.run(frame, 0, 62), 262144);
  assertEquals(filter.executed, 10);
  writeUdpFrame(frame, 0, { ...base, dstPort: 54 });
  assertEquals(filter.run(frame, 0, 62), 0);
  writeTcpFrame(frame, 0, { ...base, dstPort: 53 });
  assertEquals(filter.run(frame, 0, 74), 0);
  writeUdpFrame(frame, 0, { ...base, dstPort: 53 });
  frame[21] = 1; // a later fragment has no ports
  assertEquals(filter.run(frame, 0, 62), 0);
  assertEquals(filter.run(frame, 0, 20), 0, "a load beyond the packet rejects it");
});

Deno.test("BpfFilter computes as 32-bit words do", () => {
  const alu = (op: number, x: boolean, a: number, b: number): number =>
    new BpfFilter(insns(
      [0x01, 0, 0, x ? b : 0], // ldx #b
      [0x00, 0, 0, a], // ld #a
      [op | 4 | (x ? 8 : 0), 0, 0, x ? 0 : b],
      [0x16, 0, 0, 0], // ret a
    )).run(new Uint8Array(1), 0, 1);
  const word = fc.nat(0xffffffff);
  fc.assert(
    fc.property(word, word, fc.boolean(), (a, b, x) => {
      const [ba, bb] = [BigInt(a), BigInt(b)];
      const mask = (n: bigint) => Number(BigInt.asUintN(32, n));
      assertEquals(alu(0x00, x, a, b), mask(ba + bb));
      assertEquals(alu(0x10, x, a, b), mask(ba - bb));
      assertEquals(alu(0x20, x, a, b), mask(ba * bb));
      if (b > 0) {
        assertEquals([alu(0x30, x, a, b), alu(0x90, x, a, b)], [mask(ba / bb), mask(ba % bb)]);
      }
      assertEquals(alu(0x60, x, a, b & 31), mask(ba << BigInt(b & 31)));
      assertEquals(alu(0x70, x, a, b & 31), mask(ba >> BigInt(b & 31)));
      assertEquals([alu(0x40, x, a, b), alu(0x50, x, a, b), alu(0xa0, x, a, b)], [
        mask(ba | bb),
        mask(ba & bb),
        mask(ba ^ bb),
      ]);
    }),
    { numRuns: 100, seed: 3 },
  );
  assertEquals(alu(0x30, true, 7, 0), 0, "division by an X of 0 rejects the packet");
});

Deno.test("BpfFilter keeps values in scratch memory and takes lengths", () => {
  const filter = new BpfFilter(insns(
    [0x80, 0, 0, 0], // ld len
    [0x02, 0, 0, 3], // st M[3]
    [0x07, 0, 0, 0], // tax
    [0x60, 0, 0, 3], // ld M[3]
    [0x1d, 0, 1, 0], // jeq x
    [0x06, 0, 0, 1],
    [0x06, 0, 0, 0],
  ));
  assertEquals(filter.run(new Uint8Array(99), 0, 99), 1);
});

Deno.test("checkBpf refuses a program that could do harm", () => {
  const refused: [BpfInsn[], string][] = [
    [[], "0 instructions"],
    [insns([0x06, 0, 0, 0], [0x00, 0, 0, 0]), "no return"],
    [insns([0x15, 1, 0, 0], [0x06, 0, 0, 0]), "jumps to 2 of 2"],
    [insns([0x05, 0, 0, 5], [0x06, 0, 0, 0]), "jumps to 6 of 2"],
    [insns([0xff, 0, 0, 0], [0x06, 0, 0, 0]), "code 0xff"],
    [insns([0x34, 0, 0, 0], [0x06, 0, 0, 0]), "divides by 0"],
    [insns([0x02, 0, 0, 16], [0x06, 0, 0, 0]), "scratch word 16"],
    [insns([0x00, 0, 0, -1], [0x06, 0, 0, 0]), "k -1"],
  ];
  for (const [program, why] of refused) assertThrows(() => checkBpf(program), RangeError, why);
  assert(checkBpf(UDP_DST_53).length === 11);
});
