/**
 * eBPF instructions: the encoding of RFC 9669 and how a program lies in typed arrays.
 *
 * An instruction is 8 bytes: opcode, source and destination register in one byte, a signed 16-bit offset, a
 * signed 32-bit immediate. LD_IMM64 takes two of them; the second half keeps an index of its own, so jumps count
 * in units of 8 bytes as the encoding does.
 */

/** Bytes of an instruction slot. */
export const INSN_BYTES = 8;

/** Instruction classes: the low three bits of an opcode (RFC 9669, 3.2). */
export const CLASS = { LD: 0, LDX: 1, ST: 2, STX: 3, ALU: 4, JMP: 5, JMP32: 6, ALU64: 7 } as const;

/** Operations of ALU and ALU64 (RFC 9669, 4.1): the high four bits. */
export const ALU = {
  ADD: 0x00,
  SUB: 0x10,
  MUL: 0x20,
  DIV: 0x30,
  OR: 0x40,
  AND: 0x50,
  LSH: 0x60,
  RSH: 0x70,
  NEG: 0x80,
  MOD: 0x90,
  XOR: 0xa0,
  MOV: 0xb0,
  ARSH: 0xc0,
  END: 0xd0,
} as const;

/** Operations of JMP and JMP32 (RFC 9669, 4.3). */
export const JMP = {
  JA: 0x00,
  JEQ: 0x10,
  JGT: 0x20,
  JGE: 0x30,
  JSET: 0x40,
  JNE: 0x50,
  JSGT: 0x60,
  JSGE: 0x70,
  CALL: 0x80,
  EXIT: 0x90,
  JLT: 0xa0,
  JLE: 0xb0,
  JSLT: 0xc0,
  JSLE: 0xd0,
} as const;

/** Modes of loads and stores (RFC 9669, 5): the high three bits. */
export const MODE = { IMM: 0x00, MEM: 0x60, MEMSX: 0x80, ATOMIC: 0xc0 } as const;

/** Operations of an atomic instruction, in its immediate (RFC 9669, 5.3). */
export const ATOMIC = {
  ADD: 0x00,
  OR: 0x40,
  AND: 0x50,
  XOR: 0xa0,
  FETCH: 0x01,
  XCHG: 0xe1,
  CMPXCHG: 0xf1,
} as const;

/** The operand is a register, not the immediate. */
export const SOURCE_X = 0x08;
/** Opcode of LD_IMM64. */
export const LD_IMM64 = 0x18;
/** Opcode of a call, and of the return. */
export const CALL = 0x85;
/** Opcode of EXIT. */
export const EXIT = 0x95;

/** Meaning of an LD_IMM64 by its source register (RFC 9669, 5.4). */
export const PSEUDO = { IMM: 0, MAP: 1, MAP_VALUE: 2 } as const;

/** Registers; the last is the frame pointer, which is read only. */
export const REGISTERS = 11;
/** Register 10. */
export const FP = 10;

/** Bytes that a load or store moves, by bits 3 and 4 of its opcode: W, H, B, DW. */
const SIZES = [4, 2, 1, 8] as const;

/** Bytes that a load or store of this opcode moves. */
export function sizeOf(op: number): number {
  return SIZES[(op >> 3) & 3]!;
}

/** A program as the encoding has it, field by field. */
export class Code {
  /** Slots of 8 bytes. */
  readonly length: number;
  /** Opcodes. */
  readonly op: Uint8Array;
  /** Destination registers. */
  readonly dst: Uint8Array;
  /** Source registers. */
  readonly src: Uint8Array;
  /** Offsets. */
  readonly off: Int32Array;
  /** Immediates. */
  readonly imm: Int32Array;

  /**
   * Takes the bytes of a program apart.
   * @throws {RangeError} when the bytes are no whole number of instructions
   */
  constructor(bytes: Uint8Array) {
    if (bytes.length === 0 || bytes.length % INSN_BYTES !== 0) {
      throw new RangeError(`Cannot read eBPF code: ${bytes.length} bytes are no instructions`);
    }
    const n = bytes.length / INSN_BYTES;
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    this.length = n;
    this.op = new Uint8Array(n);
    this.dst = new Uint8Array(n);
    this.src = new Uint8Array(n);
    this.off = new Int32Array(n);
    this.imm = new Int32Array(n);
    for (let i = 0, at = 0; i < n; i++, at += INSN_BYTES) {
      this.op[i] = bytes[at]!;
      this.dst[i] = bytes[at + 1]! & 15;
      this.src[i] = bytes[at + 1]! >> 4;
      this.off[i] = view.getInt16(at + 2, true);
      this.imm[i] = view.getInt32(at + 4, true);
    }
  }

  /** Whether slot `i` begins an LD_IMM64. */
  isWide(i: number): boolean {
    return this.op[i] === LD_IMM64;
  }

  /** Slots from one instruction to the next. */
  width(i: number): number {
    return this.isWide(i) ? 2 : 1;
  }

  /** Target of the jump or local call in slot `i`, or -1 where it is none. */
  target(i: number): number {
    const op = this.op[i]!;
    const kind = op & 7;
    if (kind !== CLASS.JMP && kind !== CLASS.JMP32) return -1;
    const code = op & 0xf0;
    if (code === JMP.EXIT) return -1;
    if (code === JMP.CALL) return this.src[i] === 1 ? i + 1 + this.imm[i]! : -1;
    // JA of class JMP32 has its distance in the immediate (RFC 9669, 4.3)
    const far = kind === CLASS.JMP32 && code === JMP.JA;
    return i + 1 + (far ? this.imm[i]! : this.off[i]!);
  }
}
