export interface TmSystem {
  enqueue(cpu: import("../../core/stack.ts").Cpu, b: Int32Array, at: number, n: number): number;
}
