/**
 * One instruction of a path, all but conditional jumps: registers and stack after it, or what is wrong with it.
 * Source: kernel/bpf/verifier.c, do_check.
 */
import { afterAlu } from "./_verifier_alu.ts";
import { afterHelper, isWritable } from "./_verifier_call.ts";
import {
  contextField,
  loaded,
  refusedAccess,
  refusedStack,
  stackRead,
  stackWrite,
} from "./_verifier_memory.ts";
import {
  type Frame,
  isPointer,
  newFrame,
  NONE,
  pointer,
  type Reg,
  scalar,
  type State,
} from "./_verifier_state.ts";
import { CALL_FRAMES_MAX, STACK_BYTES } from "./_limits.ts";
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
  PSEUDO,
  sizeOf,
  SOURCE_X,
} from "./isa.ts";
import type { MapSpec } from "./map_spec.ts";
import { Num } from "./_num.ts";
import type { ProgramSpec } from "./object.ts";
import type { ProgramType } from "./program_type.ts";

/** Follows instructions of one program. */
export class Stepper {
  readonly #code: Code;
  readonly #program: ProgramSpec;
  readonly #type: ProgramType;
  readonly #maps: readonly MapSpec[];
  /** Bytes of stack that each function, by its entry, uses. */
  readonly #depth = new Map<number, number>();
  #ids = 0;
  readonly #newId = (): number => ++this.#ids;

  constructor(code: Code, program: ProgramSpec, type: ProgramType, maps: readonly MapSpec[]) {
    this.#code = code;
    this.#program = program;
    this.#type = type;
    this.#maps = maps;
  }

  /** The number of the next instruction, -1 at the end of the path, or what is wrong; null: a conditional jump. */
  step(state: State): number | string | null {
    const { pc, frames } = state;
    const code = this.#code;
    const op = code.op[pc]!;
    const frame = frames[frames.length - 1]!;
    switch (op & 7) {
      case CLASS.ALU:
      case CLASS.ALU64:
        return this.#alu(frame, pc) || pc + 1;
      case CLASS.LD:
        frame.regs[code.dst[pc]!] = this.#constant(pc);
        return pc + 2;
      case CLASS.LDX:
        return this.#load(frames, pc) || pc + 1;
      case CLASS.ST:
      case CLASS.STX:
        return this.#store(frames, pc) || pc + 1;
      default:
        state.jumps++;
        if (op === EXIT) return this.#exit(state);
        if (op === CALL) return this.#call(state);
        return (op & 0xf0) === JMP.JA ? code.target(pc) : null;
    }
  }

  #alu(frame: Frame, pc: number): string {
    const code = this.#code;
    const { regs } = frame;
    const [op, dst, src] = [code.op[pc]!, code.dst[pc]!, code.src[pc]!];
    const copies = (op & (0xf0 | SOURCE_X)) === (ALU.MOV | SOURCE_X);
    // a copy and its source are one number from here on: what is learnt of one is known of the other
    if (copies && regs[src]!.kind === "scalar" && regs[src]!.id === 0 && !regs[src]!.num.isConst) {
      regs[src] = { ...regs[src]!, id: this.#newId() };
    }
    const after = afterAlu(code, pc, regs[dst]!, regs[src]!, this.#newId);
    if (typeof after === "string") return after;
    regs[dst] = after;
    return "";
  }

  /** What an LD_IMM64 gives. */
  #constant(pc: number): Reg {
    const code = this.#code;
    const kind = code.src[pc]!;
    if (kind === PSEUDO.IMM) {
      const value = (BigInt(code.imm[pc + 1]! >>> 0) << 32n) | BigInt(code.imm[pc]! >>> 0);
      return scalar(Num.of(value));
    }
    const reference = this.#program.references.find(({ insn }) => insn === pc);
    const map = reference === undefined ? undefined : this.#maps[reference.map];
    if (reference === undefined || map === undefined) return NONE;
    const mapNumber = reference.map;
    if (kind === PSEUDO.MAP) return pointer("map_ptr", { map, mapNumber });
    return pointer("map_value", { map, mapNumber, off: reference.offset });
  }

  #load(frames: Frame[], pc: number): string {
    const code = this.#code;
    const { regs } = frames[frames.length - 1]!;
    const [op, dst, src, off] = [code.op[pc]!, code.dst[pc]!, code.src[pc]!, code.off[pc]!];
    const size = sizeOf(op);
    const signed = (op & 0xe0) === MODE.MEMSX;
    const base = regs[src]!;
    let value: Reg | string;
    if (base.kind === "ctx") {
      value = signed
        ? "invalid bpf_context access"
        : contextField(this.#type.context, base, off, size);
    } else if (base.kind === "fp") {
      const why = this.#stack(frames, base, `R${src}`, off, size);
      value = why !== "" ? why : stackRead(frames[base.frame]!, base.off + off, size, signed);
    } else {
      const why = base.kind === "none"
        ? `R${src} !read_ok`
        : refusedAccess(base, `R${src}`, off, size);
      value = why !== "" ? why : loaded(size, signed);
    }
    if (typeof value === "string") return value;
    regs[dst] = value;
    return "";
  }

  #store(frames: Frame[], pc: number): string {
    const code = this.#code;
    const { regs } = frames[frames.length - 1]!;
    const [op, dst, src, off] = [code.op[pc]!, code.dst[pc]!, code.src[pc]!, code.off[pc]!];
    const size = sizeOf(op);
    const base = regs[dst]!;
    const immediate = (op & 7) === CLASS.ST;
    const atomic = !immediate && (op & 0xe0) === MODE.ATOMIC;
    const value = immediate ? scalar(Num.of(BigInt(code.imm[pc]!))) : regs[src]!;
    if (base.kind === "none") return `R${dst} !read_ok`;
    if (value.kind === "none") return `R${src} !read_ok`;
    if (base.kind === "ctx") return `R${dst} cannot write into ctx`;
    if (atomic && isPointer(value)) return `R${src} leaks addr into mem`;
    if (base.kind === "fp") {
      const why = this.#stack(frames, base, `R${dst}`, off, size);
      if (why !== "") return why;
      const owner = frames[base.frame]!;
      if (atomic) {
        const old = stackRead(owner, base.off + off, size, false);
        if (typeof old === "string") return old;
        if (isPointer(old)) return `R${dst} atomic access to a spilled pointer`;
      }
      const refusal = stackWrite(owner, base.off + off, size, atomic ? loaded(size, false) : value);
      if (refusal !== "") return refusal;
    } else {
      if (isPointer(value)) {
        return `R${src} leaks addr into ${base.kind === "map_value" ? "map" : "mem"}`;
      }
      if (atomic && base.kind !== "map_value") {
        return `BPF_ATOMIC stores into R${dst} ${base.kind} is not allowed`;
      }
      const why = refusedAccess(base, `R${dst}`, off, size);
      if (why !== "") return why;
      if (base.kind === "map_value" && !isWritable(base)) return "write into map forbidden";
    }
    return atomic ? this.#fetch(regs, pc, src, size) : "";
  }

  /** What an atomic instruction leaves in registers. */
  #fetch(regs: Reg[], pc: number, src: number, size: number): string {
    const imm = this.#code.imm[pc]!;
    if (imm === ATOMIC.CMPXCHG) {
      if (regs[0]!.kind === "none") return "R0 !read_ok";
      if (isPointer(regs[0]!)) return "R0 leaks addr into mem";
      regs[0] = loaded(size, false);
    } else if ((imm & ATOMIC.FETCH) !== 0) {
      regs[src] = loaded(size, false);
    }
    return "";
  }

  /** What is wrong with an access to a stack; notes how deep its function's is. */
  #stack(frames: readonly Frame[], base: Reg, name: string, off: number, size: number): string {
    const why = refusedStack(base, name, off, size);
    if (why !== "") return why;
    if ((base.off + off) % size !== 0) {
      return `misaligned stack access off ${base.off + off} size ${size}`;
    }
    return this.#deepen(frames, base.frame, -(base.off + off));
  }

  /** The functions that are being called may use 512 bytes of stack between them (check_max_stack_depth). */
  #deepen(frames: readonly Frame[], frame: number, bytes: number): string {
    const { entry } = frames[frame]!;
    const known = this.#depth.get(entry) ?? 0;
    if (bytes > known) this.#depth.set(entry, bytes);
    const used = frames.reduce(
      (sum, { entry }) => sum + ((Math.max(this.#depth.get(entry) ?? 0, 1) + 31) & ~31),
      0,
    );
    return frames.length > 1 && used > STACK_BYTES
      ? `combined stack size of ${frames.length} calls is ${used}. Too large`
      : "";
  }

  #exit(state: State): number | string {
    const { frames } = state;
    const frame = frames[frames.length - 1]!;
    const result = frame.regs[0]!;
    if (result.kind === "none") return "R0 !read_ok";
    if (frames.length === 1) {
      return isPointer(result) ? "R0 leaks addr as return value" : -1;
    }
    if (result.kind === "fp") return "cannot return stack pointer to the caller";
    frames.pop();
    frames[frames.length - 1]!.regs[0] = result;
    return frame.back;
  }

  #call(state: State): number | string {
    const { pc, frames } = state;
    const code = this.#code;
    const { regs } = frames[frames.length - 1]!;
    if (code.src[pc] === 1) {
      if (frames.length === CALL_FRAMES_MAX) {
        return `the call stack of ${CALL_FRAMES_MAX + 1} frames is too deep`;
      }
      const entry = code.target(pc);
      const own = Array<Reg>(11).fill(NONE);
      for (let r = 1; r <= 5; r++) own[r] = regs[r]!;
      own[FP] = pointer("fp", { frame: frames.length });
      for (let r = 0; r <= 5; r++) regs[r] = NONE;
      frames.push(newFrame(own, pc + 1, entry));
      return this.#deepen(frames, frames.length - 1, 0) || entry;
    }
    const helper = this.#type.helpers.get(code.imm[pc]!);
    if (helper === undefined) return `invalid func unknown#${code.imm[pc]}`;
    return afterHelper(frames, helper, this.#newId) || pc + 1;
  }
}
