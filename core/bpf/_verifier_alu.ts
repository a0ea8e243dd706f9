/** Arithmetic as the verifier follows it: on numbers, and on pointers and a number. */
import { ALU, CLASS, type Code, SOURCE_X } from "./isa.ts";
import {
  add,
  and,
  arsh,
  div,
  low,
  lsh,
  mod,
  mul,
  Num,
  or,
  rsh,
  sub,
  UNKNOWN,
  xor,
} from "./_num.ts";
import { isPointer, pointer, type Reg, scalar } from "./_verifier_state.ts";

/** Offsets of pointers stay below this (BPF_MAX_VAR_OFF). */
const MAX_VAR_OFF = 1 << 29;

/** Register after an instruction of class ALU or ALU64, or what is wrong with it. */
export function afterAlu(
  code: Code,
  pc: number,
  dst: Reg,
  src: Reg,
  newId: () => number,
): Reg | string {
  const op = code.op[pc]!;
  const operation = op & 0xf0;
  const wide = (op & 7) === CLASS.ALU64;
  const byRegister = (op & SOURCE_X) !== 0 && operation !== ALU.END;
  const name = (r: number): string => `R${r}`;
  if (byRegister && src.kind === "none") return `${name(code.src[pc]!)} !read_ok`;
  if (operation === ALU.MOV) return moved(code, pc, wide, byRegister, src);
  if (dst.kind === "none") return `${name(code.dst[pc]!)} !read_ok`;
  const [left, right] = [isPointer(dst), byRegister && isPointer(src)];
  const operand = byRegister ? src.num : Num.of(BigInt(code.imm[pc]!));
  if (!left && !right) {
    return scalar(numbers(operation, wide, dst.num, operand, code.off[pc]!, code.imm[pc]!, op));
  }
  const which = name(left ? code.dst[pc]! : code.src[pc]!);
  if (!wide) return `${which} 32-bit pointer arithmetic prohibited`;
  if (operation === ALU.SUB && left && right) {
    // the length of a packet: a difference that shows no address
    const family = (reg: Reg): boolean => reg.kind.startsWith("pkt");
    return family(dst) && family(src) ? scalar(UNKNOWN) : `${which} pointer -= pointer prohibited`;
  }
  if (left && right) return `${which} pointer ${sign(operation)} pointer prohibited`;
  if (operation !== ALU.ADD && operation !== ALU.SUB) {
    return `${which} pointer arithmetic with ${sign(operation)} operator prohibited`;
  }
  if (operation === ALU.SUB && right) return `${which} tried to subtract pointer from scalar`;
  return left
    ? displaced(dst, operand, operation === ALU.SUB, which, newId)
    : displaced(src, dst.num, false, which, newId);
}

function moved(code: Code, pc: number, wide: boolean, byRegister: boolean, src: Reg): Reg | string {
  const [imm, off] = [code.imm[pc]!, code.off[pc]!];
  if (!byRegister) return scalar(Num.of(wide ? BigInt(imm) : BigInt(imm >>> 0)));
  if (wide && off === 0) return src;
  if (isPointer(src)) return `R${code.src[pc]!} partial copy of pointer`;
  if (off === 0) {
    return src.num.umax <= 0xffffffffn ? src : scalar(low(src.num, 4));
  }
  // sign extension of the low bits: kept where they are no negative number
  const bytes = off / 8;
  const part = low(src.num, bytes);
  const positive = part.umax < 1n << BigInt(off - 1);
  return scalar(positive ? part : wide ? UNKNOWN : low(UNKNOWN, 4));
}

function numbers(
  operation: number,
  wide: boolean,
  left: Num,
  right: Num,
  off: number,
  imm: number,
  op: number,
): Num {
  if (operation === ALU.END) return swapped(left, wide, imm, (op & SOURCE_X) !== 0);
  if (wide) return operate(operation, left, right, off, 63n);
  const [a, b] = [low(left, 4), low(right, 4)];
  if (operation === ALU.ARSH) {
    return a.umax < 0x80000000n ? low(operate(ALU.RSH, a, b, 0, 31n), 4) : low(UNKNOWN, 4);
  }
  return low(operate(operation, a, b, off, 31n), 4);
}

function operate(operation: number, a: Num, b: Num, off: number, shiftMask: bigint): Num {
  // a shift by more than the register has goes by the low bits of the number
  const shift = b.isConst ? Num.of(b.value & shiftMask) : b;
  switch (operation) {
    case ALU.ADD:
      return add(a, b);
    case ALU.SUB:
      return sub(a, b);
    case ALU.MUL:
      return mul(a, b);
    case ALU.DIV:
      return off === 1 ? UNKNOWN : div(a, b);
    case ALU.MOD:
      return off === 1 ? UNKNOWN : mod(a, b);
    case ALU.OR:
      return or(a, b);
    case ALU.AND:
      return and(a, b);
    case ALU.XOR:
      return xor(a, b);
    case ALU.LSH:
      return lsh(a, shift);
    case ALU.RSH:
      return rsh(a, shift);
    case ALU.ARSH:
      return arsh(a, shift);
    case ALU.NEG:
      return sub(Num.of(0n), a);
    default:
      return UNKNOWN;
  }
}

/** Bytes swapped, or cut off; known where the number is. */
function swapped(a: Num, wide: boolean, bits: number, toBig: boolean): Num {
  if (!wide && !toBig) return low(a, bits / 8);
  if (!a.isConst) return low(UNKNOWN, bits / 8);
  let value = 0n;
  for (let i = 0; i < bits; i += 8) value = (value << 8n) | ((a.value >> BigInt(i)) & 0xffn);
  return Num.of(value);
}

/** A pointer moved by a number. */
function displaced(
  from: Reg,
  by: Num,
  minus: boolean,
  which: string,
  newId: () => number,
): Reg | string {
  if (from.kind === "map_value_or_null") {
    return `${which} pointer arithmetic on map_value_or_null prohibited, null-check it first`;
  }
  if (from.kind === "map_ptr" || from.kind === "pkt_end") {
    return `${which} pointer arithmetic on ${from.kind} prohibited`;
  }
  if (by.isConst) {
    const off = from.off + Number(minus ? -by.smin : by.smin);
    if (!(Math.abs(off) < MAX_VAR_OFF)) return `${which} offset ${off} is not allowed`;
    return { ...from, off };
  }
  if (by.smin <= -BigInt(MAX_VAR_OFF) || by.smax >= BigInt(MAX_VAR_OFF)) {
    return `math between ${from.kind} pointer and register with unbounded value`;
  }
  if (from.kind === "ctx" || from.kind === "fp") {
    return `${which} variable ${from.kind} offset prohibited`;
  }
  const num = minus ? sub(from.num, by) : add(from.num, by);
  if (num.smin <= -BigInt(MAX_VAR_OFF) || num.smax >= BigInt(MAX_VAR_OFF)) {
    return `value of ${which} makes a pointer be out of bounds`;
  }
  // what was known to be there is no longer said from where this pointer begins
  return pointer(from.kind, { ...from, num, id: newId(), range: 0 });
}

function sign(operation: number): string {
  const names: { readonly [operation: number]: string } = {
    [ALU.ADD]: "+=",
    [ALU.SUB]: "-=",
    [ALU.MUL]: "*=",
    [ALU.DIV]: "/=",
    [ALU.OR]: "|=",
    [ALU.AND]: "&=",
    [ALU.LSH]: "<<=",
    [ALU.RSH]: ">>=",
    [ALU.NEG]: "neg",
    [ALU.MOD]: "%=",
    [ALU.XOR]: "^=",
    [ALU.ARSH]: "s>>=",
  };
  return names[operation] ?? "bswap";
}
