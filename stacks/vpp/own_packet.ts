/**
 * Packets of the router's own making. VPP turns the packet that gives cause into the answer, in its buffer. Here the
 * answer gets a buffer of its own, so that what becomes of the packet and what is sent can be told apart; no cycle is
 * charged for it.
 */
import type { Reason } from "../../core/policy.ts";
import { BUFFER, FLAGS } from "./vlib_buffer.ts";
import type { VlibMain } from "./vlib_main.ts";

/** A buffer for an answer to `b`, with its metadata and `bytes` bytes of data to come; -1 when the pool is empty. */
export function ownBuffer(vm: VlibMain, b: number, bytes: number, flags: number): number {
  const answer = vm.env.pool.get(vm.cpu.lcore);
  if (answer < 0) return -1;
  const { words } = vm.buffers;
  const from = vm.buffers.row(b);
  const to = vm.buffers.row(answer);
  for (let i = 0; i < 16; i++) words[to + i] = words[from + i]!;
  words[to + FLAGS] = (words[to + FLAGS]! & BUFFER.traced) | flags;
  vm.memory.length[answer] = bytes;
  vm.env.originate(answer);
  return answer;
}

/** A copy of packet `b` as one of the router's own, in place of it; -1 when the pool is empty and `b` is dropped. */
export function turnIntoOwn(vm: VlibMain, b: number, reason: Reason): number {
  const { bytes, offset, length } = vm.memory;
  const answer = ownBuffer(vm, b, length[b]!, BUFFER.locallyOriginated);
  if (answer >= 0) {
    const at = offset[answer]!;
    for (let i = 0; i < length[b]!; i++) bytes[at + i] = bytes[offset[b]! + i]!;
  }
  vm.env.drop(vm.cpu, b, reason);
  return answer;
}
