/**
 * Packet trace: `trace add dpdk-input 50` marks the next 50 packets of that node; every node that one of them then
 * comes to writes down what it saw, the drop included. A trace ends with its packet; nothing is held by it.
 *
 * Source: VPP src/vlib/trace.c, trace_funcs.h (vlib_trace_buffer, vlib_add_trace).
 */
import { BUFFER, ERROR, FLAGS, RX_IF, TRACE } from "./vlib_buffer.ts";
import type { VlibFrame } from "./vlib_frame.ts";
import type { VlibMain } from "./vlib_main.ts";
import type { VlibNode } from "./vlib_node.ts";

/** What one node wrote. */
export interface TraceRecord {
  /** Cycles of the thread's own time. */
  readonly tsc: number;
  readonly thread: number;
  readonly node: string;
  /** Lines below the name of the node. */
  readonly lines: readonly string[];
}

/** Traces of all threads. */
export class Tracer {
  /** Records of each traced packet, in order. */
  readonly traces: TraceRecord[][] = [];
  /** Packets that nodes are still to mark, and were told to in all. */
  readonly #left = new Map<number, number>();
  asked = 0;
  readonly #interfaceName: (index: number) => string;

  constructor(interfaceName: (index: number) => string) {
    this.#interfaceName = interfaceName;
  }

  /** Whether any packet was marked: others do not pay. */
  get active(): boolean {
    return this.traces.length > 0;
  }

  /** `trace add NODE COUNT`. */
  add(node: number, count: number): void {
    this.#left.set(node, (this.#left.get(node) ?? 0) + count);
    this.asked += count;
  }

  /** `clear trace`. */
  clear(): void {
    this.traces.length = 0;
    this.#left.clear();
    this.asked = 0;
  }

  /** Packets that a node is still to mark. */
  wanted(node: number): number {
    return this.#left.get(node) ?? 0;
  }

  /** An input node marks what it received, as far as it is to, and writes the first record. */
  start(vm: VlibMain, node: VlibNode, buffers: Int32Array, n: number): void {
    let left = this.wanted(node.index);
    for (let i = 0; i < n && left > 0; i++, left--) {
      const row = vm.buffers.row(buffers[i]!);
      vm.buffers.words[row + FLAGS]! |= BUFFER.traced;
      vm.buffers.words[row + TRACE] = this.traces.length;
      this.traces.push([]);
      this.#record(vm, node, buffers[i]!);
    }
    this.#left.set(node.index, left);
  }

  /** Writes a record for each marked buffer of a frame. */
  frame(vm: VlibMain, node: VlibNode, { buffers, nVectors }: VlibFrame): void {
    for (let i = 0; i < nVectors; i++) {
      if (vm.isFlagged(buffers[i]!, BUFFER.traced)) this.#record(vm, node, buffers[i]!);
    }
  }

  #record(vm: VlibMain, node: VlibNode, b: number): void {
    const handle = vm.buffers.words[vm.buffers.row(b) + TRACE]!;
    const trace = this.traces[handle];
    if (trace === undefined) return;
    const lines = node.trace?.format(vm, b) ?? this.#lines(vm, node, b);
    trace.push({ tsc: vm.cpu.tsc(), thread: vm.thread, node: node.name, lines: lines.split("\n") });
  }

  /** What is common to nodes that have nothing of their own to say. */
  #lines(vm: VlibMain, node: VlibNode, b: number): string {
    const { words } = vm.buffers;
    const row = vm.buffers.row(b);
    if (node.flag !== "drop") return `buffer 0x${b.toString(16)}: length ${vm.memory.length[b]}`;
    const { errors, nodes } = vm.shared.graph;
    const { node: by, desc } = errors[words[row + ERROR]!]!;
    return `rx:${this.#interfaceName(words[row + RX_IF]!)}\n${nodes[by]!.name}: ${desc.text}`;
  }
}
