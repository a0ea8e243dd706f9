/** How pointers are made, and what a program may use at most. */

/** Regions of pointers: their high half. */
export const REGION = {
  ctx: 0x100,
  packet: 0x101,
  stack: 0x102,
  map: 0x1000,
  values: 0x10000,
} as const;
/** What is added to every offset, so that one that is negative for a while borrows nothing. */
export const BIAS = 0x2000_0000;
/** Bytes of stack of a function (MAX_BPF_STACK). */
export const STACK_BYTES = 512;
/** Functions that may be in the middle of a call (MAX_CALL_FRAMES). */
export const CALL_FRAMES_MAX = 8;
/** Tail calls of one run (MAX_TAIL_CALL_CNT). */
export const TAIL_CALLS_MAX = 33;
