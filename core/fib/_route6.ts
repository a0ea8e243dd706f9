/**
 * What an IPv6 route is made of, and when a caller is wrong about it. A wrong argument is an error
 * of the program, not an outcome, so it throws before anything has been changed.
 */

/** The greatest next hop of an IPv6 table: 21 bits of an rte_lpm6 entry. */
export const NEXT_HOP6_MAX = 2 ** 21 - 1;

/**
 * Network masks: `MASKS6[4 * depth + word]` as signed numbers, since what is masked with them is
 * compared as 32-bit integers. `<< 32` is `<< 0` in JavaScript, hence the cases.
 */
export const MASKS6: Int32Array = new Int32Array(4 * 129);
for (let depth = 0; depth <= 128; depth++) {
  for (let word = 0; word < 4; word++) {
    const bits = depth - 32 * word;
    MASKS6[4 * depth + word] = bits <= 0 ? 0 : bits >= 32 ? -1 : -1 << (32 - bits);
  }
}

/** Copies the first `depth` bits of the four words at `from`; the rest is 0. */
export function maskInto(
  to: Uint32Array,
  from: Uint32Array,
  at: number,
  depth: number,
): void {
  for (let word = 0; word < 4; word++) {
    to[word] = from[at + word]! & MASKS6[4 * depth + word]!;
  }
}

/** Bit `index` of the four words at `at`, counted from the most significant one. */
export function bitOf6(words: Uint32Array, at: number, index: number): number {
  return (words[at + (index >>> 5)]! >>> (31 - (index & 31))) & 1;
}

/** `count` bits, 0..32, of the four words at `at`, from bit `from` on; those beyond 128 are 0. */
export function bitsOf6(words: Uint32Array, at: number, from: number, count: number): number {
  // A shift by 32 would be one by 0.
  if (count === 0) return 0;
  const word = from >>> 5;
  const left = from & 31;
  const next = left > 0 && word < 3 ? words[at + word + 1]! >>> (32 - left) : 0;
  return ((words[at + word]! << left) | next) >>> (32 - count);
}

/** `2001:db8:0:0:0:0:0:0/32`, for messages. */
export function prefix6Text(words: ArrayLike<number>, at: number, depth: number): string {
  const groups: string[] = [];
  for (let word = 0; word < 4; word++) {
    const value = words[at + word]! >>> 0;
    groups.push((value >>> 16).toString(16), (value & 0xffff).toString(16));
  }
  return `${groups.join(":")}/${depth}`;
}

function isInteger(value: number, min: number, max: number): boolean {
  return Number.isInteger(value) && value >= min && value <= max;
}

/**
 * Refuses a prefix that is none.
 * @throws {RangeError} naming the value and the range
 */
export function checkPrefix6(
  verb: string,
  prefix: Uint32Array,
  at: number,
  depth: number,
  depthMin: number,
): void {
  if (!isInteger(at, 0, prefix.length - 4)) {
    throw new RangeError(
      `Cannot ${verb} route: no 4 words of prefix at ${at} of ${prefix.length} words`,
    );
  }
  if (!isInteger(depth, depthMin, 128)) {
    throw new RangeError(`Cannot ${verb} route: depth ${depth} is not an integer ${depthMin}..128`);
  }
}

/**
 * Refuses a next hop that no entry can hold.
 * @throws {RangeError} naming the value and the range
 */
export function checkNextHop6(verb: string, nextHop: number): void {
  if (!isInteger(nextHop, 0, NEXT_HOP6_MAX)) {
    throw new RangeError(
      `Cannot ${verb} route: next hop ${nextHop} is not an integer 0..${NEXT_HOP6_MAX}`,
    );
  }
}

/**
 * Refuses a bulk look-up that would read or write past an array.
 * @throws {RangeError} naming the count and both lengths
 */
export function checkBulk6(addresses: Uint32Array, nextHops: Int32Array, n: number): void {
  if (!isInteger(n, 0, Math.min(Math.floor(addresses.length / 4), nextHops.length))) {
    throw new RangeError(
      `Cannot look up in bulk: n ${n} does not fit ${addresses.length} words of addresses and ${nextHops.length} next hops`,
    );
  }
}
