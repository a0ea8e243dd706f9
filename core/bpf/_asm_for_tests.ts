/** An assembler for tests: one function for each form of an instruction, and a machine to run what comes out. */
import type { MapSpec } from "./map_spec.ts";
import { Bpf } from "./bpf.ts";
import { BASE_HELPERS } from "./helpers.ts";
import type { ProgramSpec } from "./object.ts";
import type { Helper, PacketContext, ProgramType } from "./program_type.ts";
import { type Verification, verify } from "./verifier.ts";

/** One instruction, or two slots. */
export type Insn = readonly number[];

const ALU_CODES = {
  ...{ add: 0x00, sub: 0x10, mul: 0x20, div: 0x30, or: 0x40, and: 0x50, lsh: 0x60, rsh: 0x70 },
  ...{ neg: 0x80, mod: 0x90, xor: 0xa0, mov: 0xb0, arsh: 0xc0 },
} as const;
const JMP_CODES = {
  ...{ eq: 0x10, gt: 0x20, ge: 0x30, set: 0x40, ne: 0x50, sgt: 0x60, sge: 0x70 },
  ...{ lt: 0xa0, le: 0xb0, slt: 0xc0, sle: 0xd0 },
} as const;
const SIZE_CODES = { 1: 0x10, 2: 0x08, 4: 0x00, 8: 0x18 } as const;

export type AluName = keyof typeof ALU_CODES;
export type JmpName = keyof typeof JMP_CODES;
export type Bytes = keyof typeof SIZE_CODES;

/** Any instruction by its fields. */
export function raw(op: number, dst: number, src: number, off: number, imm: number): Insn {
  const bytes = new Uint8Array(8);
  const view = new DataView(bytes.buffer);
  bytes[0] = op;
  bytes[1] = dst | (src << 4);
  view.setInt16(2, off, true);
  view.setInt32(4, imm, true);
  return [...bytes];
}

/** dst op= imm, or src where `src` is an array of one register. */
export function alu(name: AluName, dst: number, by: number | readonly [number], wide = true): Insn {
  const register = typeof by !== "number";
  const op = ALU_CODES[name] | (wide ? 7 : 4) | (register ? 8 : 0);
  return raw(op, dst, register ? by[0] : 0, 0, register ? 0 : by);
}

export function jump(
  name: JmpName,
  dst: number,
  by: number | readonly [number],
  to: number,
  wide = true,
): Insn {
  const register = typeof by !== "number";
  const op = JMP_CODES[name] | (wide ? 5 : 6) | (register ? 8 : 0);
  return raw(op, dst, register ? by[0] : 0, to, register ? 0 : by);
}

export const ja = (to: number): Insn => raw(0x05, 0, 0, to, 0);
export const load = (size: Bytes, dst: number, src: number, off: number): Insn =>
  raw(0x61 | SIZE_CODES[size], dst, src, off, 0);
export const store = (size: Bytes, dst: number, off: number, src: number): Insn =>
  raw(0x63 | SIZE_CODES[size], dst, src, off, 0);
export const storeImm = (size: Bytes, dst: number, off: number, imm: number): Insn =>
  raw(0x62 | SIZE_CODES[size], dst, 0, off, imm);
export const atomic = (size: 4 | 8, dst: number, off: number, src: number, imm: number): Insn =>
  raw(0xc3 | SIZE_CODES[size], dst, src, off, imm);
export const call = (helper: number): Insn => raw(0x85, 0, 0, 0, helper);
export const callLocal = (to: number): Insn => raw(0x85, 0, 1, 0, to);
export const exit: Insn = raw(0x95, 0, 0, 0, 0);

/** A number of 64 bits. */
export function imm64(dst: number, value: bigint): Insn {
  const low = Number(BigInt.asIntN(32, value));
  const high = Number(BigInt.asIntN(32, value >> 32n));
  return [...raw(0x18, dst, 0, 0, low), ...raw(0, 0, 0, 0, high)];
}

/** The map at `index`: itself, or `offset` bytes into its value. */
export function mapRef(dst: number, offset = -1): Insn {
  return [...raw(0x18, dst, offset < 0 ? 1 : 2, 0, 0), ...raw(0, 0, 0, 0, Math.max(offset, 0))];
}

/** A program; `mapRef` slots name maps in the order of `maps`. */
export function program(insns: readonly Insn[], maps: readonly number[] = []): ProgramSpec {
  const code = Uint8Array.from(insns.flat());
  const references: ProgramSpec["references"][number][] = [];
  for (let slot = 0, next = 0; slot < code.length / 8; slot++) {
    if (code[slot * 8] !== 0x18) continue;
    const kind = code[slot * 8 + 1]! >> 4;
    if (kind > 0) {
      const offset = new DataView(code.buffer).getInt32(slot * 8 + 12, true);
      references.push({ insn: slot, map: maps[next++] ?? 0, offset: kind === 1 ? -1 : offset });
    }
    slot++;
  }
  return { name: "test", section: "test", code, references };
}

/** Number of a helper that moves the packet, of {@link TEST_TYPE}. */
export const MOVE = 44;

/** A kind of program with a packet, one number, the helpers that all have and one that moves the packet. */
export const TEST_TYPE: ProgramType = {
  name: "test",
  context: ["data", "data_end", "data_meta", "u32"],
  helpers: new Map<number, Helper>([
    ...BASE_HELPERS,
    [MOVE, {
      name: "move",
      args: ["ctx", "anything"],
      returns: "number",
      changesPacket: true,
      run: (vm) => vm.answer(0),
    }],
  ]),
};

/** A packet for programs of {@link TEST_TYPE}. */
export function packet(bytes: Uint8Array, headroom = 32): PacketContext {
  const all = new Uint8Array(headroom + bytes.length + 32);
  all.set(bytes, headroom);
  const [data, dataEnd] = [headroom, headroom + bytes.length];
  const at = { hardStart: 0, dataMeta: data, data, dataEnd, cpu: 0 };
  return { bytes: all, ...at, nowNs: () => 5_000_000_000, field: () => 0x80000001 };
}

/** Loads and runs instructions; answers registers 0 as a number of 64 bits. */
export function result(
  insns: readonly Insn[],
  maps: readonly MapSpec[] = [],
  on: PacketContext = packet(new Uint8Array(64)),
): bigint {
  const bpf = new Bpf(TEST_TYPE);
  const { programs } = bpf.load({ license: "GPL", maps, programs: [program(insns)] });
  const vm = bpf.vm(on);
  vm.run(programs.get("test")!);
  return (BigInt(vm.hi[0]! >>> 0) << 32n) | BigInt(vm.lo[0]! >>> 0);
}

/** What the verifier says of instructions. */
export function verified(
  insns: readonly Insn[],
  maps: readonly MapSpec[] = [],
  budget?: number,
): Verification {
  return verify(program(insns), TEST_TYPE, maps, budget);
}
