/**
 * The interpreter. Registers are pairs of 32-bit integers. A pointer is a region in the high half and a biased
 * offset in the low one, so that pointer arithmetic is plain 64-bit arithmetic; every access resolves its region
 * and is held against its bounds. The verifier is there so that this check never fails: a program that it let
 * through and that fails here shows a fault of the verifier, and running it throws.
 *
 * Source of the semantics: RFC 9669.
 */
import { alu32, alu64, atomicOf } from "./_alu.ts";
import { taken } from "./_branch.ts";
import { BIAS, CALL_FRAMES_MAX, REGION, STACK_BYTES, TAIL_CALLS_MAX } from "./_limits.ts";
import { CALL, CLASS, EXIT, FP, JMP, LD_IMM64, MODE } from "./isa.ts";
import type { BpfMap } from "./map.ts";
import type { Program } from "./program.ts";
import type { PacketContext, ProgramType } from "./program_type.ts";

/** Instructions of one run: far above what the verifier lets through. */
const INSNS_MAX = 50_000_000;

const NO_BYTES = new Uint8Array(0);

/** An interpreter for programs of one kind and their maps. */
export class Vm {
  /** Low halves of the registers. */
  readonly lo: Int32Array = new Int32Array(11);
  /** High halves. */
  readonly hi: Int32Array = new Int32Array(11);
  /** Instructions run since it was made. */
  executed = 0;
  /** Helpers called since it was made. */
  helperCalls = 0;
  /** Tail calls that the last run made. */
  tailCalls = 0;
  /** What the program works on. */
  context: PacketContext;
  /** Bytes that the last `resolve` led to. */
  bytes: Uint8Array = NO_BYTES;
  readonly #type: ProgramType;
  readonly #maps: readonly BpfMap[];
  /** All programs: what a value n of a prog_array means is the one at n - 1. */
  readonly programs: readonly Program[];
  readonly #stack = new Uint8Array(STACK_BYTES * CALL_FRAMES_MAX);
  /** Registers 6 to 9 of callers, and where each goes on. */
  readonly #saved = new Int32Array(CALL_FRAMES_MAX * 9);
  #frame = 0;
  #program: Program | null = null;
  #next: Program | null = null;
  #pc = 0;

  /** Maps are named by their place in `maps`, programs by theirs, from 1. */
  constructor(
    type: ProgramType,
    maps: readonly BpfMap[],
    programs: readonly Program[],
    context: PacketContext,
  ) {
    this.#type = type;
    this.#maps = maps;
    this.programs = programs;
    this.context = context;
  }

  /**
   * Runs a program to its end on `context`; answers the low half of register 0.
   * @throws {RangeError} when it does what no verified program does
   */
  run(program: Program): number {
    this.#program = program;
    this.#frame = 0;
    this.tailCalls = 0;
    this.#pointer(1, REGION.ctx, 0);
    this.#pointer(FP, REGION.stack, STACK_BYTES);
    this.#pc = 0;
    const limit = this.executed + INSNS_MAX;
    while (this.#step()) {
      if (++this.executed >= limit) this.fault("it does not end");
    }
    this.executed++;
    return this.lo[0]! >>> 0;
  }

  /** One instruction; answers false when it was the last. */
  #step(): boolean {
    const { code } = this.#program!;
    const pc = this.#pc;
    const op = code.op[pc]!;
    this.#pc = pc + 1;
    switch (op & 7) {
      case CLASS.ALU64:
        alu64(this.lo, this.hi, code, pc);
        return true;
      case CLASS.ALU:
        alu32(this.lo, this.hi, code, pc);
        return true;
      case CLASS.JMP:
        if (op === CALL) return this.#call(pc);
        if (op === EXIT) return this.#exit();
        if (taken(this.lo, this.hi, code, pc)) this.#pc += code.off[pc]!;
        return true;
      case CLASS.JMP32:
        if (op === (CLASS.JMP32 | JMP.JA)) this.#pc += code.imm[pc]!;
        else if (taken(this.lo, this.hi, code, pc)) this.#pc += code.off[pc]!;
        return true;
      case CLASS.LDX:
        this.#load(pc, op);
        return true;
      case CLASS.LD:
        if (op !== LD_IMM64) this.fault(`opcode 0x${op.toString(16)} is unknown`);
        this.lo[code.dst[pc]!] = code.imm[pc]!;
        this.hi[code.dst[pc]!] = code.imm[pc + 1]!;
        this.#pc = pc + 2;
        return true;
      default:
        this.#store(pc, op);
        return true;
    }
  }

  #load(pc: number, op: number): void {
    const { code } = this.#program!;
    const [src, dst, off] = [code.src[pc]!, code.dst[pc]!, code.off[pc]!];
    if (this.hi[src] === REGION.ctx) return this.#loadContext(dst, this.lo[src]! - BIAS + off);
    const size = 1 << LOG_SIZE[(op >> 3) & 3]!;
    const at = this.resolve(src, off, size, false);
    const { bytes } = this;
    let low = 0;
    for (let i = size > 4 ? 3 : size - 1; i >= 0; i--) low = (low << 8) | bytes[at + i]!;
    let high = 0;
    if (size === 8) { for (let i = 7; i >= 4; i--) high = (high << 8) | bytes[at + i]!; }
    if ((op & 0xe0) === MODE.MEMSX) {
      if (size < 4) low = (low << (32 - 8 * size)) >> (32 - 8 * size);
      high = low >> 31;
    }
    this.lo[dst] = low;
    this.hi[dst] = high;
  }

  /** A field of the context: pointers into the packet become pointers of this machine. */
  #loadContext(dst: number, offset: number): void {
    const index = offset >> 2;
    const { context } = this;
    const { hardStart } = context;
    switch (this.#type.context[index]) {
      case "data":
        return this.#pointer(dst, REGION.packet, context.data - hardStart);
      case "data_end":
        return this.#pointer(dst, REGION.packet, context.dataEnd - hardStart);
      case "data_meta":
        return this.#pointer(dst, REGION.packet, context.dataMeta - hardStart);
      case "u32":
        this.lo[dst] = context.field(index) | 0;
        this.hi[dst] = 0;
        return;
      default:
        return this.fault(`the context has no field at ${offset}`);
    }
  }

  #store(pc: number, op: number): void {
    const { code } = this.#program!;
    const size = 1 << LOG_SIZE[(op >> 3) & 3]!;
    const at = this.resolve(code.dst[pc]!, code.off[pc]!, size, true);
    if ((op & 0xe0) === MODE.ATOMIC) {
      atomicOf(this.lo, this.hi, code, pc, this.bytes, at);
      return;
    }
    const immediate = (op & 7) === CLASS.ST;
    const low = immediate ? code.imm[pc]! : this.lo[code.src[pc]!]!;
    const high = immediate ? code.imm[pc]! >> 31 : this.hi[code.src[pc]!]!;
    const { bytes } = this;
    for (let i = 0; i < size; i++) bytes[at + i] = (i < 4 ? low : high) >>> ((i & 3) * 8);
  }

  #call(pc: number): boolean {
    const { code } = this.#program!;
    if (code.src[pc] === 1) {
      this.#enter(pc);
      return true;
    }
    const helper = this.#type.helpers.get(code.imm[pc]!);
    if (helper === undefined) return this.fault(`there is no helper ${code.imm[pc]}`);
    this.helperCalls++;
    helper.run(this);
    if (this.#next !== null) {
      this.#program = this.#next;
      this.#next = null;
      this.#pc = 0;
      this.#pointer(1, REGION.ctx, 0);
    }
    return true;
  }

  #enter(pc: number): void {
    const at = this.#frame * 9;
    if (++this.#frame === CALL_FRAMES_MAX) this.fault("too many functions are being called");
    for (let r = 0; r < 4; r++) {
      this.#saved[at + r] = this.lo[6 + r]!;
      this.#saved[at + 4 + r] = this.hi[6 + r]!;
    }
    this.#saved[at + 8] = pc + 1;
    this.#pointer(FP, REGION.stack, (this.#frame + 1) * STACK_BYTES);
    this.#pc = pc + 1 + this.#program!.code.imm[pc]!;
  }

  #exit(): boolean {
    if (this.#frame === 0) return false;
    this.#frame--;
    const at = this.#frame * 9;
    for (let r = 0; r < 4; r++) {
      this.lo[6 + r] = this.#saved[at + r]!;
      this.hi[6 + r] = this.#saved[at + 4 + r]!;
    }
    this.#pc = this.#saved[at + 8]!;
    this.#pointer(FP, REGION.stack, (this.#frame + 1) * STACK_BYTES);
    return true;
  }

  #pointer(reg: number, region: number, offset: number): void {
    this.lo[reg] = BIAS + offset;
    this.hi[reg] = region;
  }

  /**
   * Where `size` bytes at a pointer and an offset lie: `bytes` is set, and the index answered.
   * @throws {RangeError} when they are not all within what the pointer may reach
   */
  resolve(reg: number, off: number, size: number, write: boolean): number {
    const region = this.hi[reg]!;
    const at = this.lo[reg]! - BIAS + off;
    if (region === REGION.packet) {
      const { bytes, hardStart, dataMeta, dataEnd } = this.context;
      const from = hardStart + at;
      if (from < dataMeta || from + size > dataEnd) this.#outside("the packet", at, size);
      this.bytes = bytes;
      return from;
    }
    if (region === REGION.stack) {
      if (at < 0 || at + size > (this.#frame + 1) * STACK_BYTES) {
        this.#outside("the stack", at, size);
      }
      this.bytes = this.#stack;
      return at;
    }
    const map = this.#maps[region - REGION.values];
    if (map === undefined) return this.fault(`register ${reg} is no pointer to memory`);
    if (write && map.programMay !== "write") this.fault(`map ${map.spec.name} is read only`);
    if (at < 0 || at + size > map.values.length) this.#outside(`map ${map.spec.name}`, at, size);
    this.bytes = map.values;
    return at;
  }

  /** The map that an argument names. */
  mapOf(reg: number): BpfMap {
    return this.#maps[this.hi[reg]! - REGION.map] ?? this.fault(`register ${reg} is no map`);
  }

  /** Whether an argument is NULL. */
  isNull(reg: number): boolean {
    return this.lo[reg] === 0 && this.hi[reg] === 0;
  }

  /** Register 0 becomes a number. */
  answer(value: number): void {
    this.lo[0] = value;
    this.hi[0] = value < 0 ? -1 : 0;
  }

  /** Register 0 becomes a pointer to a value of a map, or NULL for -1. */
  answerValue(map: BpfMap, offset: number): void {
    if (offset < 0) this.answer(0);
    else this.#pointer(0, REGION.values + this.#maps.indexOf(map), offset);
  }

  /** The run goes on in another program, unless 33 have been gone through; answers whether it does. */
  tailCall(program: Program): boolean {
    if (this.tailCalls >= TAIL_CALLS_MAX) return false;
    this.tailCalls++;
    this.#next = program;
    return true;
  }

  #outside(what: string, at: number, size: number): never {
    this.fault(`it reaches ${size} bytes at offset ${at}, beyond ${what}`);
  }

  /** Ends a run that does what no verified program does. */
  fault(why: string): never {
    const name = this.#program?.name ?? "a program";
    throw new RangeError(`Cannot run ${name}: at insn ${this.#pc - 1} ${why}`);
  }
}

/** Binary logarithms of SIZES. */
const LOG_SIZE = [2, 1, 0, 3] as const;
