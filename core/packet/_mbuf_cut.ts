/** Two cuts through packet buffers, at any byte of any segment. */

import { mbufAdjust } from "../memory/mbuf.ts";
import { freeChain, freeSegment, type MbufHome } from "../memory/mbuf_share.ts";

/** Cuts a packet to its first `n` bytes, 1 or more; segments that hold none of them are given back. */
export function mbufCut(home: MbufHome, lcore: number, b: number, n: number): void {
  const { length, next } = home.memory;
  let s = b;
  let left = n;
  for (; left > length[s]!; s = next[s]!) left -= length[s]!;
  home.memory.note(s);
  length[s] = left;
  const rest = next[s]!;
  next[s] = -1;
  if (rest >= 0) freeChain(home, lcore, rest);
}

/**
 * Takes the first `n` bytes, which lie in its first segment, off a packet that has more, and answers
 * its first segment then: one that is left empty is given back.
 */
export function mbufBehind(home: MbufHome, lcore: number, b: number, n: number): number {
  const { length, next } = home.memory;
  mbufAdjust(home.memory, b, n);
  let head = b;
  while (length[head] === 0) {
    const following = next[head]!;
    freeSegment(home, lcore, head);
    head = following;
  }
  return head;
}
