/**
 * Copies between the slots of a ring and the array of a caller. A run of slots that passes the last
 * one goes on at the first: two loops without a mask, which cost half of one with it.
 */

/** `n` items from `items[at]` on into the slots from `first` on; both lie in their arrays. */
export function copyIn(
  slots: Int32Array,
  first: number,
  items: Int32Array,
  at: number,
  n: number,
): void {
  const end = first + n;
  const turn = end < slots.length ? end : slots.length;
  let from = at;
  for (let slot = first; slot < turn; slot++) slots[slot] = items[from++]!;
  for (let slot = 0; slot < end - turn; slot++) slots[slot] = items[from++]!;
}

/** `n` items from the slots from `first` on into `out[0]` and up. */
export function copyOut(slots: Int32Array, first: number, out: Int32Array, n: number): void {
  const end = first + n;
  const turn = end < slots.length ? end : slots.length;
  let to = 0;
  for (let slot = first; slot < turn; slot++) out[to++] = slots[slot]!;
  for (let slot = 0; slot < end - turn; slot++) out[to++] = slots[slot]!;
}
