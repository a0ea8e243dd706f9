/**
 * What a conditional jump teaches: bounds of numbers, which pointers are not NULL, how many bytes of the packet
 * are there. Source: kernel/bpf/verifier.c, is_branch_taken, reg_set_min_max, find_good_pkt_pointers.
 */
import { CLASS, type Code, JMP, SOURCE_X } from "./isa.ts";
import { bounded, isEmpty, low, meet, norm, Num } from "./_num.ts";
import { changeAll, type Frame, isPointer, type Reg, scalar } from "./_verifier_state.ts";

/** Positions in a packet that comparisons speak of (MAX_PACKET_OFF). */
const MAX_PACKET_OFF = 0xffffn;
/** The condition that holds where another does not. */
const INVERSE: { readonly [operation: number]: number } = {
  [JMP.JEQ]: JMP.JNE,
  [JMP.JNE]: JMP.JEQ,
  [JMP.JGT]: JMP.JLE,
  [JMP.JLE]: JMP.JGT,
  [JMP.JGE]: JMP.JLT,
  [JMP.JLT]: JMP.JGE,
  [JMP.JSGT]: JMP.JSLE,
  [JMP.JSLE]: JMP.JSGT,
  [JMP.JSGE]: JMP.JSLT,
  [JMP.JSLT]: JMP.JSGE,
};
/** The condition with its sides exchanged. */
const MIRROR: { readonly [operation: number]: number } = {
  [JMP.JGT]: JMP.JLT,
  [JMP.JLT]: JMP.JGT,
  [JMP.JGE]: JMP.JLE,
  [JMP.JLE]: JMP.JGE,
  [JMP.JSGT]: JMP.JSLT,
  [JMP.JSLT]: JMP.JSGT,
  [JMP.JSGE]: JMP.JSLE,
  [JMP.JSLE]: JMP.JSGE,
};

/** What is wrong with a comparison, or nothing. */
export function refusedComparison(code: Code, pc: number, dst: Reg, src: Reg): string {
  const op = code.op[pc]!;
  const byRegister = (op & SOURCE_X) !== 0;
  if (dst.kind === "none") return `R${code.dst[pc]!} !read_ok`;
  if (byRegister && src.kind === "none") return `R${code.src[pc]!} !read_ok`;
  const [left, right] = [isPointer(dst), byRegister && isPointer(src)];
  if (!left && !right) return "";
  const pointerName = `R${left ? code.dst[pc]! : code.src[pc]!}`;
  if ((op & 7) === CLASS.JMP32) return `${pointerName} 32-bit pointer comparison prohibited`;
  if (left && right) {
    const family = dst.kind.startsWith("pkt") && src.kind.startsWith("pkt");
    return family ? "" : `${pointerName} pointer comparison prohibited`;
  }
  const operation = op & 0xf0;
  const other = left ? (byRegister ? src.num : Num.of(BigInt(code.imm[pc]!))) : dst.num;
  const withNull = other.isConst && other.value === 0n;
  return withNull && (operation === JMP.JEQ || operation === JMP.JNE)
    ? ""
    : `${pointerName} pointer comparison prohibited`;
}

/** Whether the registers and slots of `frames` can be so that the jump is taken, or not; refines them if so. */
export function refine(frames: Frame[], code: Code, pc: number, taken: boolean): boolean {
  const op = code.op[pc]!;
  const { regs } = frames[frames.length - 1]!;
  const byRegister = (op & SOURCE_X) !== 0;
  const dst = regs[code.dst[pc]!]!;
  const src = byRegister ? regs[code.src[pc]!]! : scalar(Num.of(BigInt(code.imm[pc]!)));
  const operation = op & 0xf0;
  if (isPointer(dst) && isPointer(src)) {
    packetRange(frames, dst, src, operation, taken);
    return true;
  }
  if (isPointer(dst) || isPointer(src)) {
    return nullCheck(frames, isPointer(dst) ? dst : src, (operation === JMP.JEQ) === taken);
  }
  if (operation === JMP.JSET) return refineSet(frames, code, pc, dst, src, taken);
  const condition = taken ? operation : INVERSE[operation]!;
  const pair = (op & 7) === CLASS.JMP32
    ? learn32(condition, dst.num, src.num)
    : learn(condition, dst.num, src.num);
  if (pair === null) return false;
  assign(frames, code.dst[pc]!, dst, pair[0]);
  if (byRegister) assign(frames, code.src[pc]!, src, pair[1]);
  return true;
}

/** A number is known better, and with it every other register that holds the same one. */
function assign(frames: Frame[], register: number, reg: Reg, num: Num): void {
  if (reg.num.equals(num)) return;
  frames[frames.length - 1]!.regs[register] = { ...reg, num };
  if (reg.id === 0) return;
  changeAll(frames, (one) => one.kind === "scalar" && one.id === reg.id ? { ...one, num } : one);
}

/** Both sides after `a condition b` held; null where it cannot. */
function learn(condition: number, a: Num, b: Num): [Num, Num] | null {
  let pair: [Num, Num];
  switch (condition) {
    case JMP.JEQ: {
      const both = meet(a, b);
      pair = [both, both];
      break;
    }
    case JMP.JNE:
      pair = [without(a, b), without(b, a)];
      break;
    case JMP.JGT:
      pair = [bounded(a, { umin: b.umin + 1n }), bounded(b, { umax: a.umax - 1n })];
      break;
    case JMP.JGE:
      pair = [bounded(a, { umin: b.umin }), bounded(b, { umax: a.umax })];
      break;
    case JMP.JSGT:
      pair = [bounded(a, { smin: b.smin + 1n }), bounded(b, { smax: a.smax - 1n })];
      break;
    case JMP.JSGE:
      pair = [bounded(a, { smin: b.smin }), bounded(b, { smax: a.smax })];
      break;
    default: {
      const mirrored = learn(MIRROR[condition]!, b, a);
      return mirrored === null ? null : [mirrored[1], mirrored[0]];
    }
  }
  return isEmpty(pair[0]) || isEmpty(pair[1]) ? null : pair;
}

/** A number that is not a known one: less by that end of its range. */
function without(a: Num, b: Num): Num {
  if (!b.isConst) return a;
  if (a.isConst) return a.value === b.value ? bounded(a, { umin: a.umax + 1n }) : a;
  if (a.umin === b.value) return bounded(a, { umin: a.umin + 1n });
  return a.umax === b.value ? bounded(a, { umax: a.umax - 1n }) : a;
}

/** As `learn` of the low halves; what that says of the whole number where the high half is known to be zero. */
function learn32(condition: number, a: Num, b: Num): [Num, Num] | null {
  const [lowA, lowB] = [extended(condition, a), extended(condition, b)];
  if (lowA === null || lowB === null) return [a, b];
  const pair = learn(condition, lowA, lowB);
  if (pair === null) return null;
  return [
    a.umax <= 0xffffffffn ? positive(pair[0], a) : a,
    b.umax <= 0xffffffffn ? positive(pair[1], b) : b,
  ];
}

/** The low half as a number of 64 bits that compares as it does: signed conditions need to know its sign. */
function extended(condition: number, a: Num): Num | null {
  const half = low(a, 4);
  const signed = condition === JMP.JSGT || condition === JMP.JSGE || condition === JMP.JSLT ||
    condition === JMP.JSLE;
  if (!signed || half.umax < 0x80000000n) return half;
  return half.umin >= 0x80000000n && half.isConst ? Num.of(half.value - 0x100000000n) : null;
}

/** What was learnt of a half that is the whole number; a negative constant stays what it was. */
function positive(half: Num, before: Num): Num {
  return half.smin >= 0n ? half : before;
}

function refineSet(
  frames: Frame[],
  code: Code,
  pc: number,
  dst: Reg,
  src: Reg,
  taken: boolean,
): boolean {
  const is32 = (code.op[pc]! & 7) === CLASS.JMP32;
  const [a, b] = is32 ? [low(dst.num, 4), low(src.num, 4)] : [dst.num, src.num];
  if (!b.isConst) return true;
  const mayBe = ((a.value | a.mask) & b.value) !== 0n;
  const mustBe = (a.value & b.value) !== 0n;
  if (taken) return mayBe;
  if (mustBe) return false;
  const { num } = dst;
  const mask = num.mask & ~b.value;
  assign(frames, code.dst[pc]!, dst, norm(num.value, mask, num.umin, num.umax, num.smin, num.smax));
  return true;
}

/** A pointer compared with NULL. */
function nullCheck(frames: Frame[], reg: Reg, isNull: boolean): boolean {
  if (reg.kind !== "map_value_or_null") return !isNull;
  changeAll(frames, (one) => {
    if (one.kind !== "map_value_or_null" || one.id !== reg.id) return one;
    return isNull ? scalar(Num.of(0n)) : { ...one, kind: "map_value", id: 0 };
  });
  return true;
}

/** A position compared with the end of the packet. */
function packetRange(frames: Frame[], dst: Reg, src: Reg, operation: number, taken: boolean): void {
  const end = (reg: Reg, other: Reg): boolean =>
    reg.kind === "pkt_end" ||
    (reg.kind === "pkt" && reg.off === 0 && reg.id === 0 && other.kind === "pkt_meta");
  let condition = taken ? operation : INVERSE[operation] ?? operation;
  let position = dst;
  if (!end(src, dst)) {
    if (!end(dst, src)) return;
    position = src;
    condition = MIRROR[condition] ?? condition;
  }
  if (condition !== JMP.JLT && condition !== JMP.JLE) return;
  const { num, off } = position;
  if (off < 0 || num.smin < 0n || num.umax + BigInt(off) > MAX_PACKET_OFF) return;
  const range = off + (condition === JMP.JLT ? 1 : 0);
  changeAll(
    frames,
    (one) =>
      one.kind === position.kind && one.id === position.id && one.range < range
        ? { ...one, range }
        : one,
  );
}
