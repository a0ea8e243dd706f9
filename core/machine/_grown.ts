/** A typed array of `size` elements that begins as `from`. */
export function grown<T extends Uint8Array | Uint32Array | Int32Array | Float64Array>(
  from: T,
  size: number,
): T {
  const to = new (from.constructor as new (size: number) => T)(size);
  to.set(from);
  return to;
}
