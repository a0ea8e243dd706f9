/**
 * Keeps a thread on one processor. What it sends through veth is then received on that processor too, in the
 * order in which it was sent; a thread that moves between two frames may see the second overtake the first.
 */
import { type Libc, succeeded } from "./libc.ts";

/** Bytes of a set of 8192 processors. */
const SET = 1024;

/** Pins the calling thread to the processor that it is on; answers what sets it free again. */
export function pinThread(libc: Libc): () => void {
  const before = new Uint8Array(SET);
  const size = BigInt(SET);
  succeeded(libc, libc.sched_getaffinity(0, size, before), "read the processors of the thread");
  const cpu = succeeded(libc, libc.sched_getcpu(), "read the processor of the thread");
  const one = new Uint8Array(SET);
  one[cpu >> 3] = 1 << (cpu & 7);
  succeeded(libc, libc.sched_setaffinity(0, size, one), "keep the thread on one processor");
  return () => void libc.sched_setaffinity(0, size, before);
}
