/**
 * Nodes and the graph that they are. A node registers a name, a type, the names of its next nodes and of its errors,
 * and a function over a frame. Names become indices when the graph is built; `addNext` adds arcs later, as
 * vlib_node_add_next does. A runtime is what one thread has of a node: its open frames and its counters.
 *
 * Source: VPP src/vlib/node.h (vlib_node_registration_t, vlib_node_runtime_t), src/vlib/node.c.
 */
import type { Reason } from "../../core/policy.ts";
import type { VlibFrame } from "./vlib_frame.ts";
import type { VlibMain } from "./vlib_main.ts";

/** When a node runs (vlib_node_type_t); processes are run by vpp_main alone. */
export type NodeType = "internal" | "input" | "pre-input" | "process";

/** One error, or counted event, of a node (vlib_error_desc_t). */
export interface ErrorDesc {
  /** Its text in `show errors`. */
  readonly text: string;
  /** Severity in the same table. */
  readonly severity: "error" | "info";
  /** What the laws call a packet that was dropped with it. */
  readonly reason: Reason;
}

/** Works on a frame; answers how many vectors it processed. */
export type NodeFunction = (vm: VlibMain, node: NodeRuntime, frame: VlibFrame) => number;

/** What a node says about itself. */
export interface NodeRegistration {
  readonly name: string;
  readonly type: NodeType;
  readonly nextNodes: readonly string[];
  readonly errors?: readonly ErrorDesc[];
  /** VLIB_NODE_FLAG_IS_OUTPUT, _DROP, _PUNT, _HANDOFF: how `show runtime` counts its vectors. */
  readonly flag?: "output" | "drop" | "punt" | "handoff";
  /** Cycles of a call and of a vector. */
  readonly cost: NodeCost;
  readonly fn: NodeFunction;
  /** How a trace shows a buffer at this node, and whether it is asked after the function has run. */
  readonly trace?: {
    readonly format: (vm: VlibMain, b: number) => string;
    readonly after: boolean;
  };
}

/** What a call of a node costs, and each vector in it. */
export interface NodeCost {
  readonly call: number;
  readonly vector: number;
}

/** A node of the graph. */
export interface VlibNode extends NodeRegistration {
  readonly index: number;
  /** Node index of each next; grows by `addNext`. */
  readonly next: number[];
  /** By node index, the next that leads there, where there is one. */
  readonly nextOf: number[];
  /** Index of its first error among all. */
  readonly errorBase: number;
}

/** Nodes by index, errors by index. */
export class Graph {
  readonly nodes: VlibNode[] = [];
  /** Errors of all nodes, each with its node. */
  readonly errors: { readonly node: number; readonly desc: ErrorDesc }[] = [];
  readonly #byName = new Map<string, number>();

  /** Adds nodes; next nodes may be registered in the same call or before. */
  register(registrations: readonly NodeRegistration[]): void {
    for (const registration of registrations) {
      const index = this.nodes.length;
      const { errors = [] } = registration;
      this.nodes.push({
        ...registration,
        index,
        next: [],
        nextOf: [],
        errorBase: this.errors.length,
      });
      for (const desc of errors) this.errors.push({ node: index, desc });
      this.#byName.set(registration.name, index);
    }
    for (const node of this.nodes.slice(this.nodes.length - registrations.length)) {
      for (const name of node.nextNodes) {
        const to = this.index(name);
        node.nextOf[to] ??= node.next.length;
        node.next.push(to);
      }
    }
  }

  /**
   * Index of a node.
   * @throws {RangeError} when there is none of that name
   */
  index(name: string): number {
    const index = this.#byName.get(name);
    if (index === undefined) throw new RangeError(`Cannot find node: unknown node name "${name}"`);
    return index;
  }

  /** The next index that leads from one node to another, added where there is none yet. */
  addNext(from: number, to: number): number {
    const { next, nextOf } = this.nodes[from]!;
    return nextOf[to] ??= next.push(to) - 1;
  }
}

/** One thread's part of a node. */
export class NodeRuntime {
  readonly node: VlibNode;
  /** The open frame of each next, or null. */
  readonly nextFrames: (VlibFrame | null)[];
  calls = 0;
  vectors = 0;
  clocks = 0;
  suspends = 0;
  /** Clocks of the most expensive call, and its vectors (max_clock, max_clock_n). */
  maxClock = 0;
  maxClockN = 0;
  /** Counters as they were when last cleared (stats_last_clear). */
  readonly lastClear = { calls: 0, vectors: 0, clocks: 0, suspends: 0 };

  constructor(node: VlibNode) {
    this.node = node;
    this.nextFrames = node.next.map(() => null);
  }

  /** One call has ended (vlib_node_runtime_update_stats). */
  count(vectors: number, clocks: number): void {
    this.calls++;
    this.vectors += vectors;
    this.clocks += clocks;
    if (clocks <= this.maxClock) return;
    this.maxClock = clocks;
    this.maxClockN = vectors;
  }

  /** `clear runtime`: later readings begin here. */
  clear(): void {
    const { calls, vectors, clocks, suspends } = this;
    Object.assign(this.lastClear, { calls, vectors, clocks, suspends });
    this.maxClock = 0;
    this.maxClockN = 0;
  }
}
