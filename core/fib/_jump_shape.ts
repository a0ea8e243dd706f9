import type { RouteSet } from "../machine/scenario.ts";
import { checkSize } from "./route.ts";

/** Address bits of each chunk of a state-jump table, where nobody says otherwise. */
export const STRIDES: readonly number[] = [4, 4, 4, 4, 4, 4, 4, 4];

/**
 * Refuses strides and widths that make no table.
 * @throws {RangeError} naming what is wrong
 */
export function checkShape(strides: readonly number[], elementBytes: number): void {
  if (elementBytes !== 4 && elementBytes !== 8) {
    throw new RangeError(`Cannot create StateJump: elementBytes ${elementBytes} is not 4 or 8`);
  }
  for (const stride of strides) checkSize("StateJump", "stride", stride, 1, 24);
  const bits = strides.reduce((sum, stride) => sum + stride, 0);
  if (bits !== 32) {
    throw new RangeError(
      `Cannot create StateJump: strides ${strides.join("+")} are ${bits} bits, not 32`,
    );
  }
}

/**
 * Bytes of elements that these routes need: the first block, and one more for each different path
 * that a longer route takes to a chunk. Duplicates and host bits change nothing.
 * @throws {RangeError} when strides or width are out of range
 */
export function bytesOf(
  routes: RouteSet,
  strides: readonly number[] = STRIDES,
  elementBytes: number = 4,
): number {
  checkShape(strides, elementBytes);
  let level = strides[0]!;
  let elements = 2 ** level;
  for (const stride of strides.slice(1)) {
    const paths = new Uint32Array(routes.count);
    let n = 0;
    for (let i = 0; i < routes.count; i++) {
      if (routes.depth[i]! > level) paths[n++] = routes.prefix[i]! >>> (32 - level);
    }
    const sorted = paths.slice(0, n).sort();
    for (let i = 0; i < n; i++) {
      if (i === 0 || sorted[i] !== sorted[i - 1]) elements += 2 ** stride;
    }
    level += stride;
  }
  return elementBytes * elements;
}
