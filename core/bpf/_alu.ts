/** Arithmetic of the interpreter on pairs of 32-bit integers (RFC 9669, 4.1, 4.2, 5.3). */
import { ALU, ATOMIC, type Code, SOURCE_X } from "./isa.ts";

/** High half of the last 64-bit result. */
let high = 0;

/** An instruction of class ALU64. */
export function alu64(lo: Int32Array, hi: Int32Array, code: Code, pc: number): void {
  const [op, dst, off] = [code.op[pc]!, code.dst[pc]!, code.off[pc]!];
  const [al, ah] = [lo[dst]!, hi[dst]!];
  const byRegister = (op & SOURCE_X) !== 0;
  const bl = byRegister ? lo[code.src[pc]!]! : code.imm[pc]!;
  const bh = byRegister ? hi[code.src[pc]!]! : bl >> 31;
  lo[dst] = compute64(op & 0xf0, al, ah, bl, bh, off, code.imm[pc]!);
  hi[dst] = high;
}

function compute64(
  operation: number,
  al: number,
  ah: number,
  bl: number,
  bh: number,
  off: number,
  imm: number,
): number {
  switch (operation) {
    case ALU.ADD:
      return add64(al, ah, bl, bh);
    case ALU.SUB: {
      high = (ah - bh - (al >>> 0 < bl >>> 0 ? 1 : 0)) | 0;
      return (al - bl) | 0;
    }
    case ALU.MUL:
      return multiply64(al, ah, bl, bh);
    case ALU.DIV:
    case ALU.MOD:
      return divide64(operation === ALU.MOD, off === 1, al, ah, bl, bh);
    case ALU.OR:
      high = ah | bh;
      return al | bl;
    case ALU.AND:
      high = ah & bh;
      return al & bl;
    case ALU.XOR:
      high = ah ^ bh;
      return al ^ bl;
    case ALU.LSH:
    case ALU.RSH:
    case ALU.ARSH:
      return shift64(operation, al, ah, bl & 63);
    case ALU.NEG:
      high = (~ah + (al === 0 ? 1 : 0)) | 0;
      return -al | 0;
    case ALU.MOV: {
      if (off === 0) {
        high = bh;
        return bl;
      }
      const value = extend(bl, off);
      high = value >> 31;
      return value;
    }
    default:
      return swap64(al, ah, imm);
  }
}

/** Low half of a sum. */
function add64(al: number, ah: number, bl: number, bh: number): number {
  const sum = (al + bl) | 0;
  high = (ah + bh + (sum >>> 0 < al >>> 0 ? 1 : 0)) | 0;
  return sum;
}

function multiply64(al: number, ah: number, bl: number, bh: number): number {
  const [a0, a1, b0, b1] = [al & 0xffff, al >>> 16, bl & 0xffff, bl >>> 16];
  const middle = a1 * b0 + ((a0 * b0) >>> 16);
  const carry = a0 * b1 + (middle & 0xffff);
  const top = a1 * b1 + Math.floor(middle / 0x10000) + Math.floor(carry / 0x10000);
  high = (top + Math.imul(ah, bl) + Math.imul(al, bh)) | 0;
  return Math.imul(al, bl);
}

/** Division by zero answers 0, a remainder by zero the dividend (RFC 9669, 4.1). */
function divide64(
  rest: boolean,
  signed: boolean,
  al: number,
  ah: number,
  bl: number,
  bh: number,
): number {
  if (bl === 0 && bh === 0) {
    high = rest ? ah : 0;
    return rest ? al : 0;
  }
  if (ah === 0 && bh === 0 && !signed) {
    high = 0;
    return (rest ? (al >>> 0) % (bl >>> 0) : Math.floor((al >>> 0) / (bl >>> 0))) | 0;
  }
  const width = (l: number, h: number): bigint => {
    const value = (BigInt(h >>> 0) << 32n) | BigInt(l >>> 0);
    return signed ? BigInt.asIntN(64, value) : value;
  };
  const [a, b] = [width(al, ah), width(bl, bh)];
  const result = BigInt.asUintN(64, rest ? a % b : a / b);
  high = Number(result >> 32n) | 0;
  return Number(result & 0xffffffffn) | 0;
}

function shift64(operation: number, al: number, ah: number, n: number): number {
  if (n === 0) {
    high = ah;
    return al;
  }
  if (operation === ALU.LSH) {
    high = n > 31 ? al << (n - 32) : (ah << n) | (al >>> (32 - n));
    return n > 31 ? 0 : al << n;
  }
  const fill = operation === ALU.ARSH ? ah >> 31 : 0;
  if (n > 31) {
    high = fill;
    return operation === ALU.ARSH ? ah >> (n - 32) : ah >>> (n - 32);
  }
  high = operation === ALU.ARSH ? ah >> n : ah >>> n;
  return (al >>> n) | (ah << (32 - n));
}

/** An instruction of class ALU: the upper half becomes zero. */
export function alu32(lo: Int32Array, hi: Int32Array, code: Code, pc: number): void {
  const [op, dst, off] = [code.op[pc]!, code.dst[pc]!, code.off[pc]!];
  const a = lo[dst]!;
  if ((op & 0xf0) === ALU.END) {
    // bit 3: to big-endian, which this little-endian machine does by swapping; else it cuts off only
    const [imm, ah] = [code.imm[pc]!, hi[dst]!];
    lo[dst] = (op & SOURCE_X) !== 0 ? swap64(a, ah, imm) : truncate(a, ah, imm);
    hi[dst] = high;
    return;
  }
  const b = (op & SOURCE_X) !== 0 ? lo[code.src[pc]!]! : code.imm[pc]!;
  lo[dst] = compute32(op & 0xf0, a, b, off);
  hi[dst] = 0;
}

function compute32(operation: number, a: number, b: number, off: number): number {
  switch (operation) {
    case ALU.ADD:
      return (a + b) | 0;
    case ALU.SUB:
      return (a - b) | 0;
    case ALU.MUL:
      return Math.imul(a, b);
    case ALU.DIV:
      if (b === 0) return 0;
      return off === 1 ? Math.trunc(a / b) | 0 : Math.floor((a >>> 0) / (b >>> 0)) | 0;
    case ALU.MOD:
      if (b === 0) return a;
      return off === 1 ? (a % b) | 0 : ((a >>> 0) % (b >>> 0)) | 0;
    case ALU.OR:
      return a | b;
    case ALU.AND:
      return a & b;
    case ALU.XOR:
      return a ^ b;
    case ALU.LSH:
      return a << (b & 31);
    case ALU.RSH:
      return (a >>> (b & 31)) | 0;
    case ALU.ARSH:
      return a >> (b & 31);
    case ALU.NEG:
      return -a | 0;
    default:
      return off === 0 ? b : extend(b, off);
  }
}

/** The low `bits` bits with their sign (MOVSX). */
function extend(value: number, bits: number): number {
  return bits === 32 ? value : (value << (32 - bits)) >> (32 - bits);
}

function swap32(value: number): number {
  return ((value >>> 24) | ((value >>> 8) & 0xff00) | ((value & 0xff00) << 8) | (value << 24)) | 0;
}

function swap64(al: number, ah: number, bits: number): number {
  high = bits === 64 ? swap32(al) : 0;
  if (bits === 64) return swap32(ah);
  return bits === 32 ? swap32(al) : swap32(al) >>> 16;
}

function truncate(al: number, ah: number, bits: number): number {
  high = bits === 64 ? ah : 0;
  return bits === 16 ? al & 0xffff : al;
}

/** An atomic instruction on 4 or 8 bytes at `at` (RFC 9669, 5.3). */
export function atomicOf(
  lo: Int32Array,
  hi: Int32Array,
  code: Code,
  pc: number,
  bytes: Uint8Array,
  at: number,
): void {
  const wide = (code.op[pc]! & 0x18) === 0x18;
  const src = code.src[pc]!;
  const imm = code.imm[pc]!;
  const oldLow = word(bytes, at);
  const oldHigh = wide ? word(bytes, at + 4) : 0;
  const [sl, sh] = [lo[src]!, wide ? hi[src]! : 0];
  let low = sl;
  high = sh;
  if (imm === ATOMIC.CMPXCHG) {
    if (lo[0] !== oldLow || (wide && hi[0] !== oldHigh)) [low, high] = [oldLow, oldHigh];
    lo[0] = oldLow;
    hi[0] = oldHigh;
  } else if (imm !== ATOMIC.XCHG) {
    low = compute64(OPERATION[imm & 0xf0]!, oldLow, oldHigh, sl, sh, 0, 0);
  }
  put(bytes, at, low);
  if (wide) put(bytes, at + 4, high);
  if ((imm & ATOMIC.FETCH) === 0 || imm === ATOMIC.CMPXCHG) return;
  lo[src] = oldLow;
  hi[src] = oldHigh;
}

const OPERATION: { readonly [imm: number]: number } = {
  [ATOMIC.ADD]: ALU.ADD,
  [ATOMIC.OR]: ALU.OR,
  [ATOMIC.AND]: ALU.AND,
  [ATOMIC.XOR]: ALU.XOR,
};

function word(bytes: Uint8Array, at: number): number {
  return bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24);
}

function put(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value;
  bytes[at + 1] = value >>> 8;
  bytes[at + 2] = value >>> 16;
  bytes[at + 3] = value >>> 24;
}
