/**
 * What an IPv4 route is made of, and when a caller is wrong about it. A wrong argument is an error
 * of the program, not an outcome, so it throws before anything has been changed.
 */

/** The greatest next hop: 24 bits of an rte_lpm entry. */
export const NEXT_HOP_MAX = 0xff_ffff;

/**
 * The network mask of a depth as an unsigned number. `<< 32` is `<< 0` in JavaScript, hence the
 * case.
 */
export function maskOf(depth: number): number {
  return depth === 0 ? 0 : (-1 << (32 - depth)) >>> 0;
}

/** `10.0.0.0/8`, for messages. */
export function prefixText(prefix: number, depth: number): string {
  return `${prefix >>> 24}.${(prefix >>> 16) & 255}.${(prefix >>> 8) & 255}.${
    prefix & 255
  }/${depth}`;
}

function isInteger(value: number, min: number, max: number): boolean {
  return Number.isInteger(value) && value >= min && value <= max;
}

/**
 * Refuses a prefix that is none.
 * @throws {RangeError} naming the value and the range
 */
export function checkPrefix(verb: string, prefix: number, depth: number, depthMin: number): void {
  // Said so, the test is one of machine integers; an update may come 10 million times a second.
  if (prefix >>> 0 !== prefix) {
    throw new RangeError(
      `Cannot ${verb} route: prefix ${prefix} is not an unsigned 32-bit integer`,
    );
  }
  if (depth >>> 0 !== depth || depth < depthMin || depth > 32) {
    throw new RangeError(`Cannot ${verb} route: depth ${depth} is not an integer ${depthMin}..32`);
  }
}

/**
 * Refuses a next hop that no entry can hold.
 * @throws {RangeError} naming the value and the range
 */
export function checkNextHop(verb: string, nextHop: number): void {
  if (nextHop >>> 0 !== nextHop || nextHop > NEXT_HOP_MAX) {
    throw new RangeError(
      `Cannot ${verb} route: next hop ${nextHop} is not an integer 0..${NEXT_HOP_MAX}`,
    );
  }
}

/**
 * Refuses a bulk look-up that would read or write past an array.
 * @throws {RangeError} naming the count and both lengths
 */
export function checkBulk(addresses: Uint32Array, nextHops: Int32Array, n: number): void {
  if (!isInteger(n, 0, Math.min(addresses.length, nextHops.length))) {
    throw new RangeError(
      `Cannot look up in bulk: n ${n} does not fit ${addresses.length} addresses and ${nextHops.length} next hops`,
    );
  }
}

/**
 * Refuses a size that is not an integer within its limits.
 * @throws {RangeError} naming the option, the value and the range
 */
export function checkSize(
  what: string,
  name: string,
  value: number,
  min: number,
  max: number,
): void {
  if (!isInteger(value, min, max)) {
    throw new RangeError(
      `Cannot create ${what}: ${name} ${value} is not an integer ${min}..${max}`,
    );
  }
}
