/**
 * What the verifier knows at an instruction: registers and stack of each function that is being called.
 * Registers and slots are immutable, so that a copy of a state is a copy of its arrays.
 */
import { Num, UNKNOWN } from "./_num.ts";
import type { MapSpec } from "./map_spec.ts";
import { STACK_BYTES } from "./_limits.ts";

/** Kinds of contents of a register. */
export type Kind =
  | "none"
  | "scalar"
  | "ctx"
  | "pkt"
  | "pkt_meta"
  | "pkt_end"
  | "fp"
  | "map_ptr"
  | "map_value"
  | "map_value_or_null";

/** Contents of a register. */
export interface Reg {
  readonly kind: Kind;
  /** A number, or the unknown part of a pointer's offset. */
  readonly num: Num;
  /** The known part of a pointer's offset. */
  readonly off: number;
  /** Same number: same unknown offset, or same value. 0: like no other. */
  readonly id: number;
  /** Packet: bytes from where the pointer's id begins that are known to be there. */
  readonly range: number;
  /** Declaration and number of the map. */
  readonly map: MapSpec | null;
  readonly mapNumber: number;
  /** Stack: whose. */
  readonly frame: number;
}

const ZERO = Num.of(0n);
const BARE = { num: ZERO, off: 0, id: 0, range: 0, map: null, mapNumber: -1, frame: 0 } as const;

/** Never written. */
export const NONE: Reg = { kind: "none", ...BARE };
/** Any number. */
export const ANY: Reg = { kind: "scalar", ...BARE, num: UNKNOWN };

export function scalar(num: Num, id = 0): Reg {
  return { kind: "scalar", ...BARE, num, id };
}

export function pointer(kind: Kind, more: Partial<Reg> = {}): Reg {
  return { kind, ...BARE, ...more };
}

export function isPointer({ kind }: Reg): boolean {
  return kind !== "none" && kind !== "scalar";
}

/** Eight bytes of stack. */
export interface Slot {
  /** What was stored there whole, or null. */
  readonly reg: Reg | null;
  /** Bit for each byte that was written, and for each that is zero. */
  readonly written: number;
  readonly zero: number;
}

/** Never written. */
export const EMPTY_SLOT: Slot = { reg: null, written: 0, zero: 0 };
export const SLOTS = STACK_BYTES / 8;

/** A function that is being called. */
export interface Frame {
  regs: Reg[];
  stack: Slot[];
  /** Instruction that its caller goes on at; -1 for the program itself. */
  readonly back: number;
  /** First instruction of it. */
  readonly entry: number;
}

export function newFrame(regs: Reg[], back: number, entry: number): Frame {
  return { regs, stack: Array<Slot>(SLOTS).fill(EMPTY_SLOT), back, entry };
}

/** A point of a path. */
export interface State {
  pc: number;
  frames: Frame[];
  /** The last state that was kept on the way here. */
  parent: Kept | null;
  /** Jumps and instructions since then. */
  jumps: number;
  insns: number;
}

/** A state that was kept to compare later ones with. */
export interface Kept {
  readonly frames: readonly Frame[];
  readonly parent: Kept | null;
  /** Paths from here on that are not followed to their end yet. */
  branches: number;
}

export function copyFrames(frames: readonly Frame[]): Frame[] {
  return frames.map(({ regs, stack, back, entry }) => ({
    regs: regs.slice(),
    stack: stack.slice(),
    back,
    entry,
  }));
}

/** Changes each register, and each one stored on a stack, that `of` says is meant. */
export function changeAll(frames: Frame[], of: (reg: Reg) => Reg): void {
  for (const { regs, stack } of frames) {
    for (let i = 0; i < regs.length; i++) regs[i] = of(regs[i]!);
    for (let i = 0; i < stack.length; i++) {
      const slot = stack[i]!;
      if (slot.reg === null) continue;
      const reg = of(slot.reg);
      if (reg !== slot.reg) stack[i] = { ...slot, reg };
    }
  }
}
