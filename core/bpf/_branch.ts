/** Conditions of jumps in the interpreter (RFC 9669, 4.3). */
import { CLASS, type Code, JMP, SOURCE_X } from "./isa.ts";

/** Whether the jump at `pc` of class JMP or JMP32 is taken. */
export function taken(lo: Int32Array, hi: Int32Array, code: Code, pc: number): boolean {
  const [op, dst] = [code.op[pc]!, code.dst[pc]!];
  if ((op & 0xf0) === JMP.JA) return true;
  const byRegister = (op & SOURCE_X) !== 0;
  const bl = byRegister ? lo[code.src[pc]!]! : code.imm[pc]!;
  if ((op & 7) === CLASS.JMP32) return compare(op & 0xf0, lo[dst]!, 0, bl, 0, lo[dst]! - bl);
  const bh = byRegister ? hi[code.src[pc]!]! : bl >> 31;
  const [al, ah] = [lo[dst]!, hi[dst]!];
  return compare(op & 0xf0, al, ah, bl, bh, ah === bh ? (al >>> 0) - (bl >>> 0) : ah - bh);
}

/** `signed` has the sign of the signed difference. */
function compare(
  condition: number,
  al: number,
  ah: number,
  bl: number,
  bh: number,
  signed: number,
): boolean {
  const unsigned = ah === bh ? (al >>> 0) - (bl >>> 0) : (ah >>> 0) - (bh >>> 0);
  switch (condition) {
    case JMP.JEQ:
      return al === bl && ah === bh;
    case JMP.JNE:
      return al !== bl || ah !== bh;
    case JMP.JSET:
      return ((al & bl) | (ah & bh)) !== 0;
    case JMP.JGT:
      return unsigned > 0;
    case JMP.JGE:
      return unsigned >= 0;
    case JMP.JLT:
      return unsigned < 0;
    case JMP.JLE:
      return unsigned <= 0;
    case JMP.JSGT:
      return signed > 0;
    case JMP.JSGE:
      return signed >= 0;
    case JMP.JSLT:
      return signed < 0;
    default:
      return signed <= 0;
  }
}
