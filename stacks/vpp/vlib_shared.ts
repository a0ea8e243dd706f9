/** What the threads of one VPP share. */
import type { Env } from "../../core/stack.ts";
import type { DispatchWitness } from "./audit_dispatch.ts";
import type { Tracer } from "./trace.ts";
import type { VlibBuffers } from "./vlib_buffer.ts";
import type { Graph } from "./vlib_node.ts";

/** What threads share. */
export interface VlibShared {
  readonly env: Env;
  readonly graph: Graph;
  readonly buffers: VlibBuffers;
  readonly tracer: Tracer;
  /** Vectors of a frame at most: VLIB_FRAME_SIZE, unless a test cuts frames shorter. */
  readonly frameSize: number;
  /** Watches dispatches for the audit; null where nobody asks. */
  readonly witness: DispatchWitness | null;
  /** Barriers released so far. */
  epoch: number;
}
