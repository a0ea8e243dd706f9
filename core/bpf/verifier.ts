/**
 * The verifier: follows every path of a program with what can be known of each register and of the stack, and
 * refuses the program where an access could be out of bounds, a value unchecked, a pointer seen, a loop without
 * end. Its work is bounded: after `budget` instructions it gives up and refuses.
 *
 * A path ends where it exits, or where a state that was followed to its end before allowed all that this one may
 * be. States are kept at targets of jumps. Refusals carry the kernel's own words.
 *
 * Stricter than the kernel for a privileged loader: no pointer comparison but with NULL and within the packet, no
 * stack access at an unknown offset, no read of stack that was not written, no tail call from a called function.
 * Source: Linux kernel/bpf/verifier.c, Documentation/bpf/verifier.rst.
 */
import { refine, refusedComparison } from "./_verifier_branch.ts";
import { type Cfg, type Refusal, shapeOf } from "./_verifier_cfg.ts";
import { covers, same } from "./_verifier_prune.ts";
import {
  copyFrames,
  type Kept,
  newFrame,
  NONE,
  pointer,
  type Reg,
  type State,
} from "./_verifier_state.ts";
import { Stepper } from "./_verifier_step.ts";
import { Code, FP } from "./isa.ts";
import type { MapSpec } from "./map_spec.ts";
import type { ProgramSpec } from "./object.ts";
import type { ProgramType } from "./program_type.ts";

/** Instructions that the verifier follows at most (BPF_COMPLEXITY_LIMIT_INSNS since 5.2). */
export const VERIFIER_BUDGET = 1_000_000;
/** Branches that may wait to be followed (BPF_COMPLEXITY_LIMIT_JMP_SEQ). */
const PENDING_MAX = 8192;
/** States that are kept for one instruction; the oldest gives way. */
const KEPT_MAX = 64;

/** What the verifier says of a program. */
export interface Verification {
  /** Why it is refused, in the kernel's words, or null. */
  readonly refused: string | null;
  /** Instruction at which, or -1. */
  readonly insn: number;
  /** Instructions followed. */
  readonly processed: number;
}

/**
 * Verifies a program of a kind; `maps` are those that it may name.
 *
 * @example
 * ```ts
 * import { verify } from "@planecheck/planecheck/core";
 * import { assertEquals } from "@std/assert";
 *
 * const type = { name: "none", context: [], helpers: new Map() };
 * // r0 = *(u64 *)(r10 - 520); exit
 * const code = Uint8Array.of(0x79, 0xa0, 0xf8, 0xfd, 0, 0, 0, 0, 0x95, 0, 0, 0, 0, 0, 0, 0);
 * const { refused, insn } = verify({ name: "deep", section: "", code, references: [] }, type, []);
 * assertEquals([refused, insn], ["invalid stack access off=-520 size=8", 0]);
 * ```
 */
export function verify(
  program: ProgramSpec,
  type: ProgramType,
  maps: readonly MapSpec[],
  budget: number = VERIFIER_BUDGET,
): Verification {
  const code = new Code(program.code);
  const shape = shapeOf(code);
  if ("why" in shape) return { refused: shape.why, insn: shape.insn, processed: 0 };
  return new Verifier(code, shape, new Stepper(code, program, type, maps), budget).run();
}

class Verifier {
  readonly #code: Code;
  readonly #cfg: Cfg;
  readonly #stepper: Stepper;
  readonly #budget: number;
  readonly #kept = new Map<number, Kept[]>();
  readonly #pending: State[] = [];
  #processed = 0;

  constructor(code: Code, cfg: Cfg, stepper: Stepper, budget: number) {
    this.#code = code;
    this.#cfg = cfg;
    this.#stepper = stepper;
    this.#budget = budget;
  }

  run(): Verification {
    const regs = Array<Reg>(11).fill(NONE);
    regs[1] = pointer("ctx");
    regs[FP] = pointer("fp");
    const first: State = {
      pc: 0,
      frames: [newFrame(regs, -1, 0)],
      parent: null,
      jumps: 0,
      insns: 0,
    };
    for (let state: State | undefined = first; state !== undefined; state = this.#pending.pop()) {
      const refusal = this.#path(state);
      if (refusal !== null) {
        return { refused: refusal.why, insn: refusal.insn, processed: this.#processed };
      }
    }
    return { refused: null, insn: -1, processed: this.#processed };
  }

  /** Follows one path to its end. */
  #path(state: State): Refusal | null {
    for (;;) {
      const { pc } = state;
      if (++this.#processed > this.#budget) {
        return { insn: pc, why: `BPF program is too large. Processed ${this.#processed} insn` };
      }
      if (this.#cfg.joins[pc] === 1) {
        const seen = this.#compare(state);
        if (seen === "loop") return { insn: pc, why: `infinite loop detected at insn ${pc}` };
        if (seen === "known") break;
      }
      state.insns++;
      const next = this.#stepper.step(state) ?? this.#branch(state);
      if (typeof next === "string") return { insn: pc, why: next };
      if (next < 0) break;
      state.pc = next;
    }
    this.#ended(state);
    return null;
  }

  /** Compares a state with those kept here, and keeps it if it is worth it. */
  #compare(state: State): "known" | "loop" | "new" {
    const { pc, frames } = state;
    let list = this.#kept.get(pc);
    if (list === undefined) this.#kept.set(pc, list = []);
    for (const kept of list) {
      if (kept.branches > 0) {
        if (same(kept.frames, frames) && isAncestor(kept, state)) return "loop";
      } else if (covers(kept.frames, frames, this.#cfg.live[pc]!)) {
        return "known";
      }
    }
    if (state.jumps < 2 || state.insns < 8) return "new";
    if (list.length >= KEPT_MAX) list.shift();
    const kept: Kept = { frames: copyFrames(frames), parent: state.parent, branches: 1 };
    list.push(kept);
    state.parent = kept;
    state.jumps = 0;
    state.insns = 0;
    return "new";
  }

  /** A path has been followed to its end: so have the states that only led here. */
  #ended(state: State): void {
    for (let kept = state.parent; kept !== null && --kept.branches === 0;) kept = kept.parent;
  }

  /** Both ways of a conditional jump, as far as they can be. */
  #branch(state: State): number | string {
    const { pc, frames } = state;
    const code = this.#code;
    const { regs } = frames[frames.length - 1]!;
    const why = refusedComparison(code, pc, regs[code.dst[pc]!]!, regs[code.src[pc]!]!);
    if (why !== "") return why;
    const other = copyFrames(frames);
    const taken = refine(other, code, pc, true);
    if (!refine(frames, code, pc, false)) {
      state.frames = other;
      return taken ? code.target(pc) : -1;
    }
    if (!taken) return pc + 1;
    if (this.#pending.length >= PENDING_MAX) {
      return `The sequence of ${PENDING_MAX} jumps is too complex.`;
    }
    this.#pending.push({ ...state, pc: code.target(pc), frames: other });
    if (state.parent !== null) state.parent.branches++;
    return pc + 1;
  }
}

/** Whether a kept state lies on the way to a state. */
function isAncestor(kept: Kept, state: State): boolean {
  for (let one = state.parent; one !== null; one = one.parent) if (one === kept) return true;
  return false;
}
