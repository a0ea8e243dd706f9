/**
 * A copy of `words` with room for `length` of them, or undefined where the memory cannot be had: a
 * table then refuses, as at any other limit, and keeps the array that it has.
 */
export function grown(words: Uint32Array, length: number): Uint32Array<ArrayBuffer> | undefined {
  let larger: Uint32Array<ArrayBuffer>;
  try {
    larger = new Uint32Array(length);
  } catch {
    return undefined;
  }
  larger.set(words);
  return larger;
}
