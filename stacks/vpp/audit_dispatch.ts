/**
 * A witness of dispatches: what a node was given, what came out on which arc, what it kept or made. It looks at frames
 * from outside, before and after a node's function, and keeps no count that the nodes keep. What it finds wrong is
 * kept as a sentence, the first for each invariant.
 */
import { BUFFER, FLAGS, TX_IF } from "./vlib_buffer.ts";
import { VLIB_FRAME_SIZE, type VlibFrame } from "./vlib_frame.ts";
import type { VlibMain } from "./vlib_main.ts";
import type { NodeRuntime } from "./vlib_node.ts";

/** Nodes that may end a packet, or take it out of the graph. */
const MAY_CONSUME =
  /^(null-node|error-drop|.*-tx|ip[46]-icmp-error|ip4-icmp-echo-request|icmp6-echo-request|worker-handoff)$/;

/** Sums of what was seen. */
export class DispatchWitness {
  /** Buffers that nodes ended and that nodes made, those of output and drop nodes left out. */
  consumed = 0;
  generated = 0;
  /** Vectors that were dispatched, and those of them that came from an input node. */
  dispatched = 0;
  received = 0;
  /** First sentence about each invariant. */
  readonly broken = new Map<string, string>();
  /** Packets rewritten, for whom somebody asks. */
  rewrites = 0;
  /** Asked at each transmission: whether the interface is down. */
  isDown: (index: number) => boolean = () => false;
  /** Asked at each rewrite: whether the adjacency was complete. */
  isComplete: (adjacency: number) => boolean = () => true;
  readonly #position = new Map<number, number>();
  readonly #before = new Map<VlibFrame, number>();

  /** The node is about to run over a frame. */
  begin(vm: VlibMain, node: NodeRuntime, { buffers, nVectors, from }: VlibFrame): void {
    const { name } = node.node;
    this.dispatched += nVectors;
    if (from !== null && from.node.type === "input") this.received += nVectors;
    const most = Math.min(VLIB_FRAME_SIZE, vm.shared.frameSize);
    if (nVectors < 1 || nVectors > most) {
      this.#fail("VPP-1", `${name} was given a frame of ${nVectors} vectors, expected 1..${most}`);
    }
    this.#position.clear();
    for (let i = 0; i < nVectors; i++) this.#position.set(buffers[i]!, i);
    if (this.#position.size !== nVectors) {
      this.#fail("VPP-1", `${name} was given a buffer twice in a frame of ${nVectors} vectors`);
    }
    this.#before.clear();
    for (const frame of vm.frames()) this.#before.set(frame, frame.nVectors);
  }

  /** It has run. */
  end(vm: VlibMain, node: NodeRuntime, { nVectors }: VlibFrame, processed: number): void {
    const { name, flag } = node.node;
    if (processed !== nVectors) {
      this.#fail("VPP-1", `${name} answers ${processed} of ${nVectors} vectors`);
    }
    const last = new Map<number, number>();
    let passed = 0;
    for (const frame of vm.frames()) {
      const from = this.#before.get(frame) ?? 0;
      if (frame.nVectors > from && frame.from !== node) {
        this.#fail("VPP-1", `${name} put a vector on an arc of ${frame.from?.node.name}`);
      }
      for (let i = from; i < frame.nVectors; i++) {
        const b = frame.buffers[i]!;
        const at = this.#position.get(b);
        if (at === undefined) {
          this.generated++;
          continue;
        }
        if (at === -1) this.#fail("VPP-1", `${name} put buffer ${b} on two arcs`);
        if (at >= 0 && at < (last.get(frame.next) ?? -1)) {
          this.#fail(
            "VPP-3",
            `${name} put vector ${at} behind vector ${last.get(frame.next)} of its frame`,
          );
        }
        if (at >= 0) passed++;
        last.set(frame.next, at);
        this.#position.set(b, -1);
      }
    }
    const ended = nVectors - passed;
    if (ended > 0 && !MAY_CONSUME.test(name)) {
      this.#fail("VPP-1", `${name} was given ${nVectors} vectors and passed ${passed} on`);
    }
    if (flag !== "output" && flag !== "drop") this.consumed += ended;
  }

  /** A packet got the rewrite of an adjacency; `epoch` is that of its look-up. */
  rewritten(vm: VlibMain, b: number, epoch: number, adjacency: number): void {
    this.rewrites++;
    const own = (vm.buffers.words[vm.buffers.row(b) + FLAGS]! & BUFFER.locallyOriginated) !== 0;
    if (epoch !== vm.shared.epoch) {
      this.#fail(
        "VPP-11",
        `a packet looked up before barrier ${vm.shared.epoch} was rewritten after it`,
      );
    }
    if (!this.isComplete(adjacency) && !own) {
      this.#fail("VPP-17", `adjacency ${adjacency} was used for a rewrite before it was complete`);
    }
  }

  /** Buffers that are handed to a device. */
  transmitted(vm: VlibMain, buffers: Int32Array, n: number): void {
    for (let i = 0; i < n; i++) {
      const txIf = vm.buffers.words[vm.buffers.row(buffers[i]!) + TX_IF]!;
      if (this.isDown(txIf)) {
        this.#fail("VPP-16", `a packet was sent on interface ${txIf}, which is down`);
      }
    }
  }

  #fail(id: string, sentence: string): void {
    if (!this.broken.has(id)) this.broken.set(id, sentence);
  }
}
