/**
 * When a path need not be followed: a state that was followed to its end before allowed all that this one may
 * be. And when it must not: a state is what it was before on the same path, so the loop never ends.
 * Source: kernel/bpf/verifier.c, states_equal, regsafe, stacksafe.
 */
import type { Frame, Reg, Slot } from "./_verifier_state.ts";

/** Which of the new ids each of the old ones stands for. */
type Ids = Map<number, number>;

/** Whether every run from `now` is one that `then` allowed; `live` are the registers that matter, by bit. */
export function covers(then: readonly Frame[], now: readonly Frame[], live: number): boolean {
  if (then.length !== now.length) return false;
  const ids: Ids = new Map();
  for (let f = 0; f < then.length; f++) {
    const [a, b] = [then[f]!, now[f]!];
    if (a.back !== b.back || a.entry !== b.entry) return false;
    // of a caller, the registers that a call keeps
    const needed = f === then.length - 1 ? live : 0x7c0;
    for (let r = 0; r < a.regs.length; r++) {
      if ((needed & (1 << r)) !== 0 && !regCovers(a.regs[r]!, b.regs[r]!, ids)) return false;
    }
    for (let i = 0; i < a.stack.length; i++) {
      if (!slotCovers(a.stack[i]!, b.stack[i]!, ids)) return false;
    }
  }
  return true;
}

function slotCovers(then: Slot, now: Slot, ids: Ids): boolean {
  if (then === now && then.reg === null) return true;
  if ((then.written & ~now.written) !== 0 || (then.zero & ~now.zero) !== 0) return false;
  if (then.reg === null) return now.reg === null || now.reg.kind === "scalar" || then.written === 0;
  return now.reg !== null && regCovers(then.reg, now.reg, ids);
}

function regCovers(then: Reg, now: Reg, ids: Ids): boolean {
  if (then.kind === "none") return true;
  if (then.kind !== now.kind || then.map !== now.map || then.frame !== now.frame) return false;
  if (then.off !== now.off || then.range > now.range || !then.num.contains(now.num)) return false;
  return sameId(then.id, now.id, ids);
}

/** Two that were linked then have to be linked now. */
function sameId(then: number, now: number, ids: Ids): boolean {
  if (then === 0) return true;
  if (now === 0) return false;
  const known = ids.get(then);
  if (known === undefined) ids.set(then, now);
  return known === undefined || known === now;
}

/** Whether two states are the same in everything. */
export function same(a: readonly Frame[], b: readonly Frame[]): boolean {
  return a.length === b.length && a.every((frame, f) => {
    const other = b[f]!;
    return frame.back === other.back && frame.regs.every((reg, r) =>
      sameReg(reg, other.regs[r]!)
    ) &&
      frame.stack.every((slot, i) => sameSlot(slot, other.stack[i]!));
  });
}

function sameSlot(a: Slot, b: Slot): boolean {
  if (a === b) return true;
  if (a.written !== b.written || a.zero !== b.zero) return false;
  return a.reg === null || b.reg === null ? a.reg === b.reg : sameReg(a.reg, b.reg);
}

function sameReg(a: Reg, b: Reg): boolean {
  return a === b ||
    (a.kind === b.kind && a.off === b.off && a.range === b.range && a.map === b.map &&
      a.frame === b.frame && a.num.equals(b.num));
}
