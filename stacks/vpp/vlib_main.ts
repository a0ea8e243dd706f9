/**
 * What a thread has (vlib_main_t): runtimes of all nodes, the frames that wait to be dispatched, counters.
 *
 * Dispatch. Nodes append buffers to the open frame of an arc; the first opens it and puts it at the end of the
 * pending frames. A full one stays there and another is opened. The main loop dispatches one pending frame a body:
 * the frame is taken off its arc, the node's function runs over it, what it charges is its clocks. Frames that the
 * function opens are appended, so a loop ends when none is left.
 *
 * Source: VPP src/vlib/main.c (vlib_get_next_frame_internal, vlib_put_next_frame, dispatch_pending_node),
 * src/vlib/buffer_node.h (vlib_buffer_enqueue_to_next).
 */
import type { PacketMemory } from "../../core/memory/memory.ts";
import type { Cpu, Env } from "../../core/stack.ts";
import { ERROR, FLAGS, type VlibBuffers } from "./vlib_buffer.ts";
import { VLIB_FRAME_SIZE, VlibFrame } from "./vlib_frame.ts";
import { NodeRuntime } from "./vlib_node.ts";
import type { VlibShared } from "./vlib_shared.ts";

/** One thread of VPP. */
export class VlibMain {
  /** Number of the thread, and of the lcore that it runs on. */
  readonly thread: number;
  readonly shared: VlibShared;
  readonly env: Env;
  readonly memory: PacketMemory;
  readonly buffers: VlibBuffers;
  readonly runtimes: readonly NodeRuntime[];
  /** Count of each error. */
  readonly errors: Float64Array;
  /** The same as last cleared. */
  readonly errorsLastClear: Float64Array;
  /** The lcore's context while it runs a body of this thread. */
  cpu!: Cpu;
  /** Cycles that this thread has charged. */
  clocks = 0;
  /** Main loops that ended, empty ones included. */
  loops = 0;
  loopsLastClear = 0;
  /** Frames that were made because no used one was free (show vlib frame-allocation). */
  framesAllocated = 0;
  /** Vectors that other threads handed over to this one. */
  handedIn = 0;
  /** Own time in cycles when it last did anything. */
  now = 0;
  /** For functions to decide in: the next of each vector of a frame. */
  readonly nexts = new Uint16Array(VLIB_FRAME_SIZE);
  /** For input nodes: the queue, a burst of it, and what makes a frame. */
  rxQueue = 0;
  readonly burst = new Int32Array(32);
  readonly rx = new Int32Array(VLIB_FRAME_SIZE);
  readonly #frameSize: number;
  readonly #pending: VlibFrame[] = [];
  #head = 0;
  readonly #free: VlibFrame[] = [];

  constructor(thread: number, shared: VlibShared) {
    const { env, graph, buffers, frameSize } = shared;
    this.thread = thread;
    this.shared = shared;
    this.env = env;
    this.memory = env.memory;
    this.buffers = buffers;
    this.runtimes = graph.nodes.map((node) => new NodeRuntime(node));
    this.errors = new Float64Array(graph.errors.length);
    this.errorsLastClear = new Float64Array(graph.errors.length);
    this.#frameSize = frameSize;
  }

  /** Frames that wait. */
  get pending(): number {
    return this.#pending.length - this.#head;
  }

  /** Spends cycles of the node that runs. */
  charge(cycles: number): void {
    this.cpu.charge(cycles);
    this.clocks += cycles;
  }

  /** Charges a call of a node over `n` vectors. */
  chargeCall(node: NodeRuntime, n: number): void {
    const { call, vector } = node.node.cost;
    this.charge(Math.round(call + n * vector));
  }

  /** The frame of an arc that has room for a buffer (vlib_get_next_frame). */
  nextFrame(node: NodeRuntime, next: number): VlibFrame {
    const open = node.nextFrames[next];
    if (open !== null && open !== undefined && open.nVectors < this.#frameSize) return open;
    return this.newNextFrame(node, next);
  }

  /** A frame of an arc that is empty, whatever is open there (vlib_get_new_next_frame). */
  newNextFrame(node: NodeRuntime, next: number): VlibFrame {
    const frame = this.#frame();
    frame.nVectors = 0;
    frame.flags = 0;
    frame.node = node.node.next[next]!;
    frame.from = node;
    frame.next = next;
    node.nextFrames[next] = frame;
    this.#pending.push(frame);
    return frame;
  }

  /** A frame that comes from no node of this thread: from a device's other thread, to be dispatched like others. */
  inject(node: number, buffers: Int32Array, n: number): void {
    const frame = this.#frame();
    frame.flags = 0;
    frame.node = node;
    frame.from = null;
    frame.next = -1;
    frame.buffers.set(buffers.subarray(0, n));
    frame.nVectors = n;
    this.handedIn += n;
    this.#pending.push(frame);
  }

  #frame(): VlibFrame {
    const used = this.#free.pop();
    if (used !== undefined) return used;
    this.framesAllocated++;
    return new VlibFrame();
  }

  /** Appends buffer `b` to an arc. */
  enqueue(node: NodeRuntime, next: number, b: number): void {
    const frame = this.nextFrame(node, next);
    frame.buffers[frame.nVectors++] = b;
  }

  /** Appends each of `n` buffers to the arc that `nexts` says, in order (vlib_buffer_enqueue_to_next). */
  enqueueToNext(node: NodeRuntime, buffers: Int32Array, nexts: Uint16Array, n: number): void {
    const room = this.#frameSize;
    for (let i = 0; i < n;) {
      const next = nexts[i]!;
      const frame = this.nextFrame(node, next);
      let at = frame.nVectors;
      do frame.buffers[at++] = buffers[i++]!; while (i < n && nexts[i] === next && at < room);
      frame.nVectors = at;
    }
  }

  /** Appends all of a frame to one arc (vlib_buffer_enqueue_to_single_next). */
  enqueueToSingleNext(node: NodeRuntime, next: number, buffers: Int32Array, n: number): void {
    const room = this.#frameSize;
    for (let i = 0; i < n;) {
      const frame = this.nextFrame(node, next);
      let at = frame.nVectors;
      while (i < n && at < room) frame.buffers[at++] = buffers[i++]!;
      frame.nVectors = at;
    }
  }

  /** Runs the pending frame that has waited longest; answers its vectors. */
  dispatchPending(): number {
    const frame = this.#pending[this.#head++]!;
    if (this.#head === this.#pending.length) {
      this.#pending.length = 0;
      this.#head = 0;
    }
    const { from, next } = frame;
    // what is appended to the arc from now on goes into another frame
    if (from !== null && from.nextFrames[next] === frame) from.nextFrames[next] = null;
    const node = this.runtimes[frame.node]!;
    const { witness, tracer } = this.shared;
    const after = node.node.trace?.after === true;
    if (tracer.active && !after) tracer.frame(this, node.node, frame);
    if (witness !== null) witness.begin(this, node, frame);
    const before = this.clocks;
    this.chargeCall(node, frame.nVectors);
    const n = node.node.fn(this, node, frame);
    node.count(n, this.clocks - before);
    if (tracer.active && after) tracer.frame(this, node.node, frame);
    if (witness !== null) witness.end(this, node, frame, n);
    this.#free.push(frame);
    return n;
  }

  /** The frames that wait, in order; for the audit. */
  frames(): VlibFrame[] {
    return this.#pending.slice(this.#head);
  }

  /** Marks buffer `b` with error `code` of a node, to be counted by whoever drops it. */
  setError(node: NodeRuntime, code: number, b: number): void {
    this.buffers.words[this.buffers.row(b) + ERROR] = node.node.errorBase + code;
  }

  /** Counts an event that drops nothing (vlib_node_increment_counter). */
  countError(node: NodeRuntime, code: number, by = 1): void {
    this.errors[node.node.errorBase + code]! += by;
  }

  /** Whether buffer `b` has a flag. */
  isFlagged(b: number, flag: number): boolean {
    return (this.buffers.words[this.buffers.row(b) + FLAGS]! & flag) !== 0;
  }
}
