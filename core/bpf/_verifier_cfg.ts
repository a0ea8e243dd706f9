/**
 * What can be said of a program without following it: opcodes, jumps, functions, unreachable code, and which
 * registers are live where. Source: kernel/bpf/verifier.c, check_subprogs, check_cfg; kernel/bpf/core.c.
 */
import {
  ALU,
  ATOMIC,
  CALL,
  CLASS,
  type Code,
  EXIT,
  FP,
  JMP,
  MODE,
  sizeOf,
  SOURCE_X,
} from "./isa.ts";

/** What is wrong, and where. */
export interface Refusal {
  readonly insn: number;
  readonly why: string;
}

/** The shape of a program. */
export interface Cfg {
  /** First instruction of each function, ascending; the program's own is 0. */
  readonly entries: readonly number[];
  /** Whether states are kept at an instruction: it is a target of a jump, or behind a call. */
  readonly joins: Uint8Array;
  /** Registers, by bit, that may be read from an instruction on. */
  readonly live: Uint16Array;
}

/** The shape, or why there is none. */
export function shapeOf(code: Code): Cfg | Refusal {
  const starts = new Uint8Array(code.length);
  for (let i = 0; i < code.length; i += code.width(i)) starts[i] = 1;
  const bad = (insn: number, why: string): Refusal => ({ insn, why });
  for (let i = 0; i < code.length; i += code.width(i)) {
    const why = checkInsn(code, i);
    if (why !== "") return bad(i, why);
  }
  const entries = [0];
  for (let i = 0; i < code.length; i += code.width(i)) {
    if (code.op[i] !== CALL || code.src[i] !== 1) continue;
    const to = code.target(i);
    if (to < 0 || to >= code.length || starts[to] === 0) return bad(i, `call to insn ${to}`);
    if (!entries.includes(to)) entries.push(to);
  }
  entries.sort((a, b) => a - b);
  const joins = new Uint8Array(code.length);
  for (let e = 0; e < entries.length; e++) {
    const [from, end] = [entries[e]!, entries[e + 1] ?? code.length];
    const refusal = checkFunction(code, starts, joins, from, end);
    if (refusal !== null) return refusal;
  }
  return { entries, joins, live: liveRegisters(code) };
}

/** Whether an instruction is one at all: an empty string, or what is wrong with it. */
function checkInsn(code: Code, i: number): string {
  const [op, dst, src, off] = [code.op[i]!, code.dst[i]!, code.src[i]!, code.off[i]!];
  const unknown = `unknown opcode ${op.toString(16).padStart(2, "0")}`;
  if (dst > FP || (src > FP && op !== CALL)) return `R${Math.max(dst, src)} is invalid`;
  if (writes(op) && dst === FP) return "frame pointer is read only";
  switch (op & 7) {
    case CLASS.LD:
      if (!code.isWide(i)) return unknown;
      if (i + 1 >= code.length || code.op[i + 1] !== 0) return "invalid bpf_ld_imm64 insn";
      return src > 2 || off !== 0 ? "unrecognized bpf_ld_imm64 insn" : "";
    case CLASS.LDX: {
      const mode = op & 0xe0;
      const sign = mode === MODE.MEMSX && sizeOf(op) < 8;
      return mode === MODE.MEM || sign ? "" : unknown;
    }
    case CLASS.ST:
      return (op & 0xe0) === MODE.MEM ? "" : unknown;
    case CLASS.STX:
      return (op & 0xe0) === MODE.MEM ? "" : checkAtomic(code, i, unknown);
    case CLASS.ALU:
    case CLASS.ALU64:
      return checkAlu(op, src, off, code.imm[i]!, unknown);
    default: {
      const operation = op & 0xf0;
      if (operation > JMP.JSLE) return unknown;
      const only64 = operation === JMP.CALL || operation === JMP.EXIT;
      if (only64 && (op !== CALL && op !== EXIT)) return unknown;
      return op === CALL && src > 1 ? "calling kernel functions is not supported" : "";
    }
  }
}

function checkAtomic(code: Code, i: number, unknown: string): string {
  const op = code.op[i]!;
  if ((op & 0xe0) !== MODE.ATOMIC || sizeOf(op) < 4) return unknown;
  const imm = code.imm[i]!;
  const plain: readonly number[] = [ATOMIC.ADD, ATOMIC.OR, ATOMIC.AND, ATOMIC.XOR];
  const known = plain.includes(imm & ~ATOMIC.FETCH) || imm === ATOMIC.XCHG ||
    imm === ATOMIC.CMPXCHG;
  return known ? "" : `BPF_ATOMIC uses invalid atomic opcode ${imm.toString(16)}`;
}

function checkAlu(op: number, src: number, off: number, imm: number, unknown: string): string {
  const operation = op & 0xf0;
  if (operation > ALU.END) return unknown;
  const wide = (op & 7) === CLASS.ALU64;
  const byRegister = (op & SOURCE_X) !== 0;
  if (operation === ALU.END) {
    return imm === 16 || imm === 32 || imm === 64 ? "" : "BPF_END uses reserved fields";
  }
  if (!byRegister && src !== 0) return "BPF_ALU uses reserved fields";
  const signed = off === 1 && (operation === ALU.DIV || operation === ALU.MOD);
  const extends_ = operation === ALU.MOV && byRegister && (off === 8 || off === 16 || off === 32);
  if (off !== 0 && !signed && !extends_) return "BPF_ALU uses reserved fields";
  if ((operation === ALU.DIV || operation === ALU.MOD) && !byRegister && imm === 0) {
    return "div by zero";
  }
  const shift = operation === ALU.LSH || operation === ALU.RSH || operation === ALU.ARSH;
  if (shift && !byRegister && (imm < 0 || imm >= (wide ? 64 : 32))) return `invalid shift ${imm}`;
  return "";
}

/** Whether an instruction writes its destination register. */
function writes(op: number): boolean {
  const kind = op & 7;
  return kind === CLASS.ALU || kind === CLASS.ALU64 || kind === CLASS.LD || kind === CLASS.LDX;
}

/** Jumps of a function stay in it, it ends by itself, and all of it is reached. */
function checkFunction(
  code: Code,
  starts: Uint8Array,
  joins: Uint8Array,
  from: number,
  end: number,
): Refusal | null {
  const seen = new Uint8Array(end - from);
  const open = [from];
  for (let i = open.pop(); i !== undefined; i = open.pop()) {
    if (seen[i - from] === 1) continue;
    seen[i - from] = 1;
    for (const to of successors(code, i)) {
      if (to < from || to >= end) {
        const op = code.op[i]!;
        const isJump = code.target(i) >= 0 && op !== CALL && to === code.target(i);
        return {
          insn: i,
          why: isJump
            ? `jump out of range from insn ${i} to ${to}`
            : "last insn is not an exit or jmp",
        };
      }
      if (starts[to] === 0) return { insn: i, why: `jump into the middle of ldimm64 insn ${to}` };
      if (to !== i + code.width(i) || code.op[i] === CALL) joins[to] = 1;
      open.push(to);
    }
  }
  for (let i = from; i < end; i += code.width(i)) {
    if (seen[i - from] === 0) return { insn: i, why: `unreachable insn ${i}` };
  }
  return null;
}

/** Instructions that may come next in the same function. */
function successors(code: Code, i: number): number[] {
  const op = code.op[i]!;
  const next = i + code.width(i);
  const kind = op & 7;
  if ((kind !== CLASS.JMP && kind !== CLASS.JMP32) || op === CALL) return [next];
  if (op === EXIT) return [];
  return (op & 0xf0) === JMP.JA ? [code.target(i)] : [next, code.target(i)];
}

/** Backwards until nothing changes. */
function liveRegisters(code: Code): Uint16Array {
  const live = new Uint16Array(code.length);
  const order: number[] = [];
  for (let i = 0; i < code.length; i += code.width(i)) order.push(i);
  order.reverse();
  for (let changed = true; changed;) {
    changed = false;
    for (const i of order) {
      let after = 0;
      for (const to of successors(code, i)) after |= live[to]!;
      const [used, killed] = usesOf(code, i);
      const before = (after & ~killed) | used | (1 << FP);
      if (before !== live[i]) changed = true;
      live[i] = before;
    }
  }
  return live;
}

/** Registers that an instruction reads and overwrites. */
function usesOf(code: Code, i: number): [number, number] {
  const [op, dst, src] = [code.op[i]!, 1 << code.dst[i]!, 1 << code.src[i]!];
  const byRegister = (op & SOURCE_X) !== 0 ? src : 0;
  switch (op & 7) {
    case CLASS.LD:
      return [0, dst];
    case CLASS.LDX:
      return [src, dst];
    case CLASS.ST:
      return [dst, 0];
    case CLASS.STX:
      return [dst | src | ((op & 0xe0) === MODE.ATOMIC ? 1 : 0), 0];
    case CLASS.ALU:
    case CLASS.ALU64:
      return (op & 0xf0) === ALU.MOV ? [byRegister, dst] : [dst | byRegister, 0];
    default:
      if (op === CALL) return [0x3e, 0x3f];
      return op === EXIT ? [1, 0] : [dst | byRegister, 0];
  }
}
