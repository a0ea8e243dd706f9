/** Most groups that a 16-bit entry can name: it holds group + 1 as a positive number. */
export const GROUPS_MAX = 32767;

/** Reads an entry of 16 bits and the depth beside it aloud, for messages. */
export function describeCompact(entry: number, tag: number): string {
  if (entry > 0) return `group ${entry - 1}`;
  return entry === 0 ? "a miss" : `next hop ${~entry} depth ${tag - 1}`;
}
