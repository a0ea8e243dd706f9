/**
 * Classic BPF: a check that a program ends and stays inside itself, and its interpreter. A program answers how many
 * bytes of the packet are wanted; 0 rejects it. A load beyond the packet rejects it, a division by zero too.
 *
 * Source: McCanne and Jacobson, "The BSD Packet Filter" (USENIX 1993); Linux net/core/filter.c (bpf_check_classic),
 * include/uapi/linux/bpf_common.h for the codes.
 */
import { readU16, readU32 } from "../../core/packet/mod.ts";

/** One instruction, as `tcpdump -dd` prints it. */
export interface BpfInsn {
  /** Class, size, mode or operation, and source of the operand. */
  readonly code: number;
  /** Instructions passed over where a jump's test is true. */
  readonly jt: number;
  /** And where it is false. */
  readonly jf: number;
  /** Constant, offset or distance. */
  readonly k: number;
}

/** Instructions of a program, and words of its scratch memory (BPF_MAXINSNS, BPF_MEMWORDS). */
const INSNS_MAX = 4096;
const MEM_WORDS = 16;

const CLASS = { ld: 0, ldx: 1, st: 2, stx: 3, alu: 4, jmp: 5, ret: 6, misc: 7 } as const;
const MODE = { imm: 0x00, abs: 0x20, ind: 0x40, mem: 0x60, len: 0x80, msh: 0xa0 } as const;
const SIZE = { w: 0x00, h: 0x08, b: 0x10 } as const;

/**
 * A program that may be run.
 * @throws {RangeError} when it is empty or too long, jumps or ends beyond its end, or has an unknown instruction
 */
export function checkBpf(program: readonly BpfInsn[]): readonly BpfInsn[] {
  const { length } = program;
  if (length < 1 || length > INSNS_MAX) {
    throw new RangeError(`Cannot attach a filter: ${length} instructions, not 1..${INSNS_MAX}`);
  }
  program.forEach((insn, i) => {
    const fault = faultOf(insn, i, length);
    if (fault !== null) {
      throw new RangeError(`Cannot attach a filter: instruction ${i} ${fault}`);
    }
  });
  if ((program[length - 1]!.code & 7) !== CLASS.ret) {
    throw new RangeError("Cannot attach a filter: its last instruction is no return");
  }
  return program;
}

function faultOf({ code, jt, jf, k }: BpfInsn, i: number, length: number): string | null {
  if (!KNOWN.has(code)) return `has code 0x${code.toString(16)}, which is none`;
  if (!(Number.isInteger(k) && k >= 0 && k < 2 ** 32)) return `has k ${k}, not 32 bits`;
  const scratch = code === 0x60 || code === 0x61 || code === 0x02 || code === 0x03;
  if (scratch && k >= MEM_WORDS) return `names scratch word ${k} of ${MEM_WORDS}`;
  if ((code === 0x34 || code === 0x94) && k === 0) return "divides by 0";
  if ((code & 7) !== CLASS.jmp) return null;
  const furthest = code === 0x05 ? k : Math.max(jt, jf);
  return i + 1 + furthest < length ? null : `jumps to ${i + 1 + furthest} of ${length}`;
}

/** ALU operations by their bits; all but NEG take a constant or X. */
const ALU = [0x00, 0x10, 0x20, 0x30, 0x40, 0x50, 0x60, 0x70, 0x90, 0xa0];
const JUMPS = [0x10, 0x20, 0x30, 0x40];

const KNOWN: ReadonlySet<number> = new Set([
  ...[SIZE.w, SIZE.h, SIZE.b].flatMap((size) => [MODE.abs | size, MODE.ind | size]),
  ...[MODE.imm, MODE.mem, MODE.len],
  ...[MODE.imm, MODE.mem, MODE.len].map((mode) => mode | CLASS.ldx),
  MODE.msh | SIZE.b | CLASS.ldx,
  ...[CLASS.st, CLASS.stx],
  ...ALU.flatMap((op) => [op | CLASS.alu, op | 0x08 | CLASS.alu]),
  0x80 | CLASS.alu,
  0x05,
  ...JUMPS.flatMap((op) => [op | CLASS.jmp, op | 0x08 | CLASS.jmp]),
  ...[CLASS.ret, 0x10 | CLASS.ret],
  ...[CLASS.misc, 0x80 | CLASS.misc],
]);

/** A program on one socket. */
export class BpfFilter {
  /** Instructions run so far. */
  executed = 0;
  readonly #program: readonly BpfInsn[];
  readonly #mem = new Uint32Array(MEM_WORDS);

  /** @throws {RangeError} as {@link checkBpf} */
  constructor(program: readonly BpfInsn[]) {
    this.#program = checkBpf(program);
  }

  /** Runs it on the `length` bytes at `at`; answers how many of them are wanted. O(instructions). */
  run(bytes: Uint8Array, at: number, length: number): number {
    let a = 0;
    let x = 0;
    for (let pc = 0;; pc++) {
      const { code, jt, jf, k } = this.#program[pc]!;
      this.executed++;
      switch (code & 7) {
        case CLASS.ld:
        case CLASS.ldx: {
          const value = this.#load(code, k, x, bytes, at, length);
          if (value < 0) return 0;
          if ((code & 7) === CLASS.ld) a = value;
          else x = value;
          break;
        }
        case CLASS.st:
          this.#mem[k] = a;
          break;
        case CLASS.stx:
          this.#mem[k] = x;
          break;
        case CLASS.alu: {
          const operand = (code & 8) === 0 ? k : x;
          if (operand === 0 && ((code & 0xf0) === 0x30 || (code & 0xf0) === 0x90)) return 0;
          a = alu(code & 0xf0, a, operand);
          break;
        }
        case CLASS.jmp:
          if (code === 0x05) pc += k;
          else pc += test(code & 0xf0, a, (code & 8) === 0 ? k : x) ? jt : jf;
          break;
        case CLASS.ret:
          return (code & 0x10) === 0 ? k : a;
        default:
          if ((code & 0x80) === 0) x = a;
          else a = x;
      }
    }
  }

  /** A value, or -1 where the packet ends before it. */
  #load(
    code: number,
    k: number,
    x: number,
    bytes: Uint8Array,
    at: number,
    length: number,
  ): number {
    switch (code & 0xe0) {
      case MODE.imm:
        return k;
      case MODE.mem:
        return this.#mem[k]!;
      case MODE.len:
        return length;
      case MODE.msh:
        return k < length ? (bytes[at + k]! & 15) << 2 : -1;
    }
    const from = (code & 0xe0) === MODE.ind ? x + k : k;
    const size = code & 0x18;
    const n = size === SIZE.w ? 4 : size === SIZE.h ? 2 : 1;
    if (from + n > length) return -1;
    return n === 4
      ? readU32(bytes, at + from)
      : n === 2
      ? readU16(bytes, at + from)
      : bytes[at + from]!;
  }
}

function alu(op: number, a: number, b: number): number {
  switch (op) {
    case 0x00:
      return (a + b) >>> 0;
    case 0x10:
      return (a - b) >>> 0;
    case 0x20:
      return Math.imul(a, b) >>> 0;
    case 0x30:
      return Math.floor(a / b);
    case 0x40:
      return (a | b) >>> 0;
    case 0x50:
      return (a & b) >>> 0;
    case 0x60:
      return b > 31 ? 0 : (a << b) >>> 0;
    case 0x70:
      return b > 31 ? 0 : a >>> b;
    case 0x80:
      return -a >>> 0;
    case 0x90:
      return a % b;
    default:
      return (a ^ b) >>> 0;
  }
}

function test(op: number, a: number, b: number): boolean {
  if (op === 0x10) return a === b;
  if (op === 0x20) return a > b;
  if (op === 0x30) return a >= b;
  return (a & b) !== 0;
}
