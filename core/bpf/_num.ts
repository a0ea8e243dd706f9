/**
 * What the verifier knows of a number: which bits are known (a tristate number) and between which bounds it
 * lies, signed and unsigned. The set of values that both allow always contains every value that the register
 * can have when the program runs; all that is written here keeps that.
 *
 * Source: Linux kernel/bpf/tnum.c; kernel/bpf/verifier.c, scalar_min_max_*.
 */

const ALL = (1n << 64n) - 1n;
const SIGN = 1n << 63n;
const SMIN = -SIGN;
const SMAX = SIGN - 1n;

/** As an unsigned or signed number of 64 bits. */
const u = (value: bigint): bigint => BigInt.asUintN(64, value);
const s = (value: bigint): bigint => BigInt.asIntN(64, value);
const least = (a: bigint, b: bigint): bigint => a < b ? a : b;
const most = (a: bigint, b: bigint): bigint => a > b ? a : b;

/** A set of numbers. Bits of `mask` are unknown, the others are those of `value`. */
export class Num {
  readonly value: bigint;
  readonly mask: bigint;
  readonly smin: bigint;
  readonly smax: bigint;
  readonly umin: bigint;
  readonly umax: bigint;

  constructor(
    value: bigint,
    mask: bigint,
    umin: bigint,
    umax: bigint,
    smin: bigint,
    smax: bigint,
  ) {
    this.value = value;
    this.mask = mask;
    this.umin = umin;
    this.umax = umax;
    this.smin = smin;
    this.smax = smax;
  }

  /** One number. */
  static of(value: bigint): Num {
    return new Num(u(value), 0n, u(value), u(value), s(value), s(value));
  }

  /** Numbers between two unsigned bounds. */
  static between(umin: bigint, umax: bigint): Num {
    return norm(0n, ALL, umin, umax, SMIN, SMAX);
  }

  get isConst(): boolean {
    return this.mask === 0n;
  }

  /** Whether all that `other` may be, this may be. */
  contains(other: Num): boolean {
    return this.umin <= other.umin && this.umax >= other.umax && this.smin <= other.smin &&
      this.smax >= other.smax && (other.mask & ~this.mask) === 0n &&
      (other.value & ~this.mask) === this.value;
  }

  equals(other: Num): boolean {
    return this.value === other.value && this.mask === other.mask && this.umin === other.umin &&
      this.umax === other.umax && this.smin === other.smin && this.smax === other.smax;
  }
}

/** Any number. */
export const UNKNOWN: Num = new Num(0n, ALL, 0n, ALL, SMIN, SMAX);

/** Knowledge of bits and of bounds, each made as good as the others allow. */
export function norm(
  value: bigint,
  mask: bigint,
  umin: bigint,
  umax: bigint,
  smin: bigint,
  smax: bigint,
): Num {
  for (let round = 0; round < 2; round++) {
    umin = most(umin, value);
    umax = least(umax, value | mask);
    smin = most(smin, s(value | (mask & SIGN)));
    smax = least(smax, s(value | (mask & ~SIGN)));
    if (smin >= 0n || smax < 0n) {
      umin = most(umin, u(smin));
      umax = least(umax, u(smax));
    }
    if (s(umin) <= s(umax) && (umin >= SIGN) === (umax >= SIGN)) {
      smin = most(smin, s(umin));
      smax = least(smax, s(umax));
    }
    if (umin > umax || smin > smax) break;
    const [v, m] = tnumRange(umin, umax);
    const common = mask & m;
    [value, mask] = [(value | v) & ~common & ALL, common];
  }
  return new Num(value, mask, umin, umax, smin, smax);
}

/** Whether no number is left: a branch that cannot be. */
export function isEmpty({ umin, umax, smin, smax }: Num): boolean {
  return umin > umax || smin > smax;
}

/** Bits that all numbers between two share. */
function tnumRange(min: bigint, max: bigint): [bigint, bigint] {
  const differ = min ^ max;
  if (differ === 0n) return [min, 0n];
  const bits = BigInt(differ.toString(2).length);
  const mask = bits > 63n ? ALL : (1n << bits) - 1n;
  return [min & ~mask, mask];
}

export function add(a: Num, b: Num): Num {
  const sum = a.value + b.value;
  const unknown = ((a.mask + b.mask + sum) ^ sum) | a.mask | b.mask;
  const [smin, smax] = [a.smin + b.smin, a.smax + b.smax];
  const [umin, umax] = [a.umin + b.umin, a.umax + b.umax];
  return norm(
    u(sum) & ~unknown & ALL,
    u(unknown),
    ...(umax > ALL ? [0n, ALL] as const : [umin, umax] as const),
    ...(smin < SMIN || smax > SMAX ? [SMIN, SMAX] as const : [smin, smax] as const),
  );
}

export function sub(a: Num, b: Num): Num {
  const difference = a.value - b.value;
  const unknown = ((difference + a.mask) ^ (difference - b.mask)) | a.mask | b.mask;
  const [smin, smax] = [a.smin - b.smax, a.smax - b.smin];
  const [umin, umax] = [a.umin - b.umax, a.umax - b.umin];
  return norm(
    u(difference) & ~u(unknown),
    u(unknown),
    ...(umin < 0n ? [0n, ALL] as const : [umin, umax] as const),
    ...(smin < SMIN || smax > SMAX ? [SMIN, SMAX] as const : [smin, smax] as const),
  );
}

export function mul(a: Num, b: Num): Num {
  if (a.isConst && b.isConst) return Num.of(a.value * b.value);
  if (a.umax * b.umax > ALL) return UNKNOWN;
  return Num.between(a.umin * b.umin, a.umax * b.umax);
}

/** Unsigned; by zero it answers 0. */
export function div(a: Num, b: Num): Num {
  if (b.isConst && b.value !== 0n) return Num.between(a.umin / b.value, a.umax / b.value);
  return Num.between(0n, a.umax);
}

/** Unsigned; by zero it answers the dividend. */
export function mod(a: Num, b: Num): Num {
  if (b.isConst && b.value !== 0n) {
    return a.umax < b.value ? a : Num.between(0n, least(a.umax, b.value - 1n));
  }
  return Num.between(0n, a.umax);
}

export function and(a: Num, b: Num): Num {
  const [alpha, beta] = [a.value | a.mask, b.value | b.mask];
  const value = a.value & b.value;
  return norm(value, alpha & beta & ~value, value, least(a.umax, b.umax), SMIN, SMAX);
}

export function or(a: Num, b: Num): Num {
  const value = a.value | b.value;
  const mask = (a.mask | b.mask) & ~value;
  return norm(value, mask, most(a.umin, b.umin), value | mask, SMIN, SMAX);
}

export function xor(a: Num, b: Num): Num {
  const mask = a.mask | b.mask;
  return norm((a.value ^ b.value) & ~mask, mask, 0n, ALL, SMIN, SMAX);
}

/** By a known number of bits in 0..63; by any other, anything. */
export function lsh(a: Num, b: Num): Num {
  if (!b.isConst || b.value > 63n) return UNKNOWN;
  const n = b.value;
  const fits = a.umax << n <= ALL;
  return norm(
    u(a.value << n),
    u(a.mask << n),
    fits ? a.umin << n : 0n,
    fits ? a.umax << n : ALL,
    SMIN,
    SMAX,
  );
}

export function rsh(a: Num, b: Num): Num {
  if (!b.isConst || b.value > 63n) return Num.between(0n, a.umax);
  const n = b.value;
  return norm(a.value >> n, a.mask >> n, a.umin >> n, a.umax >> n, SMIN, SMAX);
}

export function arsh(a: Num, b: Num): Num {
  if (!b.isConst || b.value > 63n) return UNKNOWN;
  const n = b.value;
  return norm(u(s(a.value) >> n), u(s(a.mask) >> n), 0n, ALL, a.smin >> n, a.smax >> n);
}

/** The low bits alone, the others zero. */
export function low(a: Num, bytes: number): Num {
  const mask = (1n << BigInt(bytes * 8)) - 1n;
  if (a.umax <= mask) return a;
  return norm(a.value & mask, a.mask & mask, 0n, mask, SMIN, SMAX);
}

/** What both allow: empty where they contradict each other. */
export function meet(a: Num, b: Num): Num {
  const mask = a.mask & b.mask;
  if (((a.value ^ b.value) & ~a.mask & ~b.mask & ALL) !== 0n) return EMPTY;
  return norm(
    (a.value | b.value) & ~mask,
    mask,
    most(a.umin, b.umin),
    least(a.umax, b.umax),
    most(a.smin, b.smin),
    least(a.smax, b.smax),
  );
}

const EMPTY: Num = new Num(0n, 0n, 1n, 0n, 1n, 0n);

/** Parts of a number: bounds alone. */
export function bounded(
  a: Num,
  bounds: { umin?: bigint; umax?: bigint; smin?: bigint; smax?: bigint },
): Num {
  return norm(
    a.value,
    a.mask,
    most(a.umin, bounds.umin ?? 0n),
    least(a.umax, bounds.umax ?? ALL),
    most(a.smin, bounds.smin ?? SMIN),
    least(a.smax, bounds.smax ?? SMAX),
  );
}
