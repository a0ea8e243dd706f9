/**
 * What runs on the GPU: a kernel is a function of one thread. The CPU runs the same function, one packet after the
 * other, where there is no GPU or it is not worth its while.
 *
 * Memory is words of 32 bits: keys in, results out, tables beside. A thread reads nothing else and writes its own
 * results alone, so that threads may run in any order.
 */
import type { Env } from "../../core/stack.ts";

/** A table that the host changes and the device has a copy of. */
export interface DeviceTable {
  /** The host's words, a new array when they have grown. */
  words: Uint32Array;
  /** The device's. */
  device: Uint32Array;
  /** Copies what changed to the device; answers the bytes. */
  upload(): number;
}

/** What a thread works on. */
export interface KernelMemory {
  readonly keys: Uint32Array;
  readonly results: Uint32Array;
  /** The table: on the device, as it was uploaded. */
  table: Uint32Array;
}

/** A kernel. */
export interface Kernel {
  readonly name: string;
  /** Words of a key and of a result. */
  readonly keyWords: number;
  readonly resultWords: number;
  /** One thread; answers the units of work that it did, e.g. dependent reads of the table. */
  thread(id: number, memory: KernelMemory): number;
  /** Cycles that units of work of one thread take a CPU. */
  cpuCycles(units: number): number;
  /** Nanoseconds that they take a thread of the GPU, and picoseconds that they take of all of it. */
  threadNs(units: number): number;
  gridPs(units: number, threads: number): number;
  /** Bytes of key or result `id` that are copied, where that is not all of their words. */
  keyBytes?(keys: Uint32Array, id: number): number;
  resultBytes?(results: Uint32Array, id: number): number;
}

/** A table that nobody changes. */
export class ConstantTable implements DeviceTable {
  readonly words: Uint32Array;
  readonly device: Uint32Array;

  constructor(words: Uint32Array = new Uint32Array(0)) {
    this.words = words;
    this.device = words;
  }

  upload(): number {
    return 0;
  }
}

/** Cycles on CPU and times on the GPU of kernels whose unit is a dependent read of a table. */
export function lookupTimes(
  env: Pick<Env, "cost">,
): Pick<Kernel, "cpuCycles" | "threadNs" | "gridPs"> {
  const cost = (name: string): number => env.cost(`packetshader.${name}`);
  const [base, read, ns, ps] = [
    cost("lookupBase"),
    cost("lookupRead"),
    cost("probeNs"),
    cost("probePs"),
  ];
  return {
    cpuCycles: (units) => base + units * read,
    threadNs: (units) => units * ns,
    gridPs: (units) => units * ps,
  };
}

/** Runs a kernel on a CPU for `n` keys; answers the cycles that takes. */
export function runOnCpu(kernel: Kernel, memory: KernelMemory, n: number): number {
  let cycles = 0;
  for (let id = 0; id < n; id++) cycles += kernel.cpuCycles(kernel.thread(id, memory));
  return cycles;
}
