/**
 * Frames in several buffers, as DMA moves them: no CPU touches the bytes.
 */
import type { Memory } from "../memory/memory.ts";

/** Buffers that a frame of `length` bytes takes when each takes `room`. */
export function segmentsFor(length: number, room: number): number {
  return Math.max(1, Math.ceil(length / room));
}

/**
 * Copies `n` bytes of the frame in `from`, from byte `at` of it on, to byte `toAt` of the frame in `to`, which
 * ends there, with the metadata that descriptors carry.
 */
export function writeSegment(
  memory: Memory,
  from: number,
  at: number,
  n: number,
  to: number,
  toAt: number,
): void {
  const { bytes, offset } = memory;
  const start = offset[from]! + at;
  bytes.copyWithin(offset[to]! + toAt, start, start + n);
  memory.length[to] = toAt + n;
  memory.port[to] = memory.port[from]!;
  memory.hash[to] = memory.hash[from]!;
  memory.flags[to] = memory.flags[from]!;
}
