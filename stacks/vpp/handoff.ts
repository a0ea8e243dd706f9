/**
 * worker-handoff: packets of an interface go to the workers that it was told, by the hash of their flow. Between two
 * threads lies a frame queue; the receiving thread takes frames from it before it polls its devices, and dispatches
 * them to ethernet-input. A full queue drops.
 *
 * Source: VPP src/vnet/handoff.c (worker_handoff_node), src/vlib/buffer_funcs.c (vlib_buffer_enqueue_to_thread),
 * src/vlib/threads.h (vlib_frame_queue_t, frame_queue_nelts).
 */
import type { Context } from "../../core/host/context.ts";
import { etherType, ETHERTYPE_IPV4 } from "../../core/packet/mod.ts";
import { REASON } from "../../core/policy.ts";
import { TimedRing } from "../../core/ring/timed_ring.ts";
import type { Env } from "../../core/stack.ts";
import { error } from "./errors.ts";
import { ip4FlowHash } from "./flow_hash.ts";
import { RX_IF } from "./vlib_buffer.ts";
import { VlibFrame } from "./vlib_frame.ts";
import type { VlibMain } from "./vlib_main.ts";
import type { NodeRegistration, NodeRuntime } from "./vlib_node.ts";
import type { VppCosts } from "./costs.ts";
import type { VnetMain } from "./vnet_main.ts";

/** Error of worker-handoff. */
const CONGESTION_DROP = 0;

/** A queue of frames from one thread to another. */
class FrameQueue {
  readonly ring: TimedRing;
  /** Frames by slot. */
  readonly frames: VlibFrame[];
  /** Slot that is written next. */
  at = 0;
  readonly place: number;

  constructor(env: Env, from: number, to: number, size: number) {
    this.ring = new TimedRing(size);
    this.frames = Array.from({ length: size }, () => new VlibFrame());
    this.place = env.place(`frame queue of thread ${from} to thread ${to}`, size);
  }
}

/** All frame queues, and who gets what. */
export class Handoff {
  /** By sw_if_index, the workers that its packets go to. */
  readonly workers = new Map<number, readonly number[]>();
  readonly #env: Env;
  readonly #size: number;
  readonly #queues = new Map<number, FrameQueue>();
  readonly #one = new Int32Array(1);
  readonly #ethernetInput: number;

  constructor(env: Env, size: number, ethernetInput: number) {
    this.#env = env;
    this.#size = size;
    this.#ethernetInput = ethernetInput;
  }

  /** Packets of an interface go to these workers from now on. */
  set(index: number, workers: readonly number[]): void {
    this.workers.set(index, workers);
    for (const to of workers) {
      for (let from = 0; from < this.#env.lcores; from++) {
        const key = from * this.#env.lcores + to;
        if (from === to || this.#queues.has(key)) continue;
        this.#queues.set(key, new FrameQueue(this.#env, from, to, this.#size));
      }
    }
  }

  /** Publishes a frame for thread `to`; answers where and how full it was when there is no room, else null. */
  enqueue(
    vm: VlibMain,
    to: number,
    buffers: readonly number[],
  ): { place: number; occupancy: number } | null {
    const queue = this.#queues.get(vm.thread * this.#env.lcores + to)!;
    this.#one[0] = queue.at;
    const { nowPs } = vm.cpu as Context;
    if (queue.ring.enqueueBurst(this.#one, 0, 1, nowPs) === 0) {
      return { place: queue.place, occupancy: this.#size - queue.ring.freeAt(nowPs) };
    }
    const frame = queue.frames[queue.at]!;
    frame.nVectors = buffers.length;
    for (let i = 0; i < buffers.length; i++) frame.buffers[i] = buffers[i]!;
    queue.at = (queue.at + 1) % this.#size;
    return null;
  }

  /** Takes what other threads have published for this one; answers how many vectors. */
  dequeue(vm: VlibMain): number {
    let n = 0;
    if (this.#queues.size === 0) return 0;
    const input = vm.runtimes[this.#ethernetInput]!;
    for (let from = 0; from < this.#env.lcores; from++) {
      const queue = this.#queues.get(from * this.#env.lcores + vm.thread);
      if (queue === undefined) continue;
      const { nowPs } = vm.cpu as Context;
      while (queue.ring.dequeueBurst(this.#one, 1, nowPs) === 1) {
        const frame = queue.frames[this.#one[0]!]!;
        vm.inject(input.node.index, frame.buffers, frame.nVectors);
        n += frame.nVectors;
      }
    }
    return n;
  }

  /** Frames that wait for a thread, for the audit: their buffers. */
  waiting(): number[] {
    const all: number[] = [];
    for (const { ring, frames, at } of this.#queues.values()) {
      for (let i = ring.count; i > 0; i--) {
        const { buffers, nVectors } = frames[(at - i + this.#size) % this.#size]!;
        all.push(...buffers.subarray(0, nVectors));
      }
    }
    return all;
  }
}

/** The node, a feature of device-input. */
export function handoffNode(
  vnet: VnetMain,
  handoff: () => Handoff,
  costs: VppCosts,
): NodeRegistration {
  return {
    name: "worker-handoff",
    type: "internal",
    nextNodes: ["error-drop", "ethernet-input"],
    errors: [error("congestion drop", "ring-full")],
    flag: "handoff",
    cost: costs.of("worker-handoff"),
    fn(vm, node, { buffers, nVectors }) {
      const groups = new Map<number, number[]>();
      for (let i = 0; i < nVectors; i++) {
        const b = buffers[i]!;
        const workers = handoff().workers.get(vm.buffers.words[vm.buffers.row(b) + RX_IF]!)!;
        const to = workers[flowOf(vm, b) % workers.length]!;
        const group = groups.get(to);
        if (group === undefined) groups.set(to, [b]);
        else group.push(b);
      }
      for (const [to, group] of groups) hand(vnet, handoff(), vm, node, to, group);
      return nVectors;
    },
  };
}

function hand(
  vnet: VnetMain,
  handoff: Handoff,
  vm: VlibMain,
  node: NodeRuntime,
  to: number,
  group: readonly number[],
): void {
  if (to === vm.thread) {
    for (const b of group) vm.enqueue(node, 1, b);
    return;
  }
  const full = handoff.enqueue(vm, to, group);
  if (full === null) return vnet.wake(vm.cpu, to);
  vm.countError(node, CONGESTION_DROP, group.length);
  for (const b of group) {
    vm.env.drop(vm.cpu, b, REASON["ring-full"], full.place, full.occupancy);
  }
}

function flowOf(vm: VlibMain, b: number): number {
  const { bytes, offset, hash } = vm.memory;
  const at = offset[b]!;
  const flow = etherType(bytes, at) === ETHERTYPE_IPV4 ? ip4FlowHash(bytes, at + 14) : hash[b]!;
  return flow >>> 0;
}
