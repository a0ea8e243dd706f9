/**
 * A chunk (ps_chunk): packets of one receive queue that a worker got by one call, in one buffer.
 *
 * The buffer is `slots` times 2048 bytes. Packets lie in it one behind the other, each at a multiple of 64 bytes;
 * `offset` and `length` say where (ps_pkt_info). Packet k is known to the machine as buffer `first + k`, whose frame
 * is set to begin at its place in the chunk; so no buffer is ever allocated for a packet, and none freed.
 *
 * Who owns it: the worker that made it, but between submission and scatter, when its keys and results are the
 * master's. Verdicts belong to the application, views to the worker.
 */
import type { PacketMemory } from "../../core/memory/packet_memory.ts";
import { STRIDE } from "../../core/memory/memory.ts";
import { REASON, type Reason } from "../../core/policy.ts";

/** Packets start at multiples of this (ps_ixgbe: cells and chunks are copied in strides of 64 bytes). */
export const ALIGN = 64;
/** Packets that a chunk has at most (MAX_CHUNK_SIZE). */
export const CHUNK_MAX = 4096;

/** What happens to a packet of a chunk. */
export const VERDICT = {
  /** The shader decides. */
  shade: 0,
  /** Out of port `egress`. */
  forward: 1,
  /** Offset becomes -1; `reason` says why. */
  drop: 2,
  /** To the host's stack (SLOWPATH_PACKET). */
  slow: 3,
} as const;

/** The next multiple of 64. */
export function align64(bytes: number): number {
  return (bytes + ALIGN - 1) & ~(ALIGN - 1);
}

/** Packets of one queue. */
export class PsChunk {
  /** Packets that its buffer holds. */
  readonly slots: number;
  /** First of the machine's buffers that stand for its packets. */
  readonly first: number;
  /** Where its buffer lies in the memory's bytes. */
  readonly area: number;
  /** Number of its worker, and its own number there. */
  readonly owner: number;
  readonly id: number;
  /** Packets, and the queue that they came from: `ifindex`, `qidx`. */
  cnt = 0;
  ifindex = -1;
  qidx = -1;
  /** ps_pkt_info: where each begins, or -1; and its bytes. */
  readonly offset: Int32Array;
  readonly length: Int32Array;
  /** What happens to each, where to, or why not. */
  readonly verdict: Uint8Array;
  readonly egress: Uint8Array;
  readonly reason: Uint8Array;
  /** What the shader is given: `keyWords` for each of `keyCount` packets, which are `packet[i]`; its answers. */
  readonly keys: Uint32Array;
  readonly results: Uint32Array;
  readonly packet: Int32Array;
  keyCount = 0;
  /** Whether its results are there, and whether the application has seen them. */
  shaded = false;
  answered = false;
  /** Packets that have left it: sent, dropped, given to the host's stack. */
  gone = 0;
  /** Views: for each port the packets that go there, how many, and how many were sent. */
  readonly view: Int32Array;
  readonly viewCount: Int32Array;
  readonly viewSent: Int32Array;
  readonly #memory: PacketMemory;
  /** Where the last packet ends. */
  #end = 0;

  /** An empty chunk over buffers `first` on, which nobody else uses. */
  constructor(
    memory: PacketMemory,
    of: { owner: number; id: number; first: number; slots: number; ports: number },
    words: { key: number; result: number },
  ) {
    this.#memory = memory;
    this.slots = of.slots;
    this.first = of.first;
    this.area = of.first * STRIDE;
    this.owner = of.owner;
    this.id = of.id;
    this.offset = new Int32Array(of.slots).fill(-1);
    this.length = new Int32Array(of.slots);
    this.verdict = new Uint8Array(of.slots);
    this.egress = new Uint8Array(of.slots);
    this.reason = new Uint8Array(of.slots);
    this.keys = new Uint32Array(of.slots * words.key);
    this.results = new Uint32Array(of.slots * words.result);
    this.packet = new Int32Array(of.slots);
    this.view = new Int32Array(of.ports * of.slots);
    this.viewCount = new Int32Array(of.ports);
    this.viewSent = new Int32Array(of.ports);
    // packets reach into the strides of all of its buffers: a reset of the memory has to wipe these whole
    for (let b = of.first; b < of.first + of.slots; b++) {
      memory.length[b] = (b + 1) * STRIDE - memory.offset[b]!;
      memory.note(b);
      memory.length[b] = 0;
    }
  }

  /** Begins anew for packets of a queue. */
  open(ifindex: number, qidx: number): void {
    this.cnt = 0;
    this.ifindex = ifindex;
    this.qidx = qidx;
    this.keyCount = 0;
    this.shaded = false;
    this.answered = false;
    this.gone = 0;
    this.#end = 0;
    this.viewCount.fill(0);
    this.viewSent.fill(0);
  }

  /** Where the frame of packet k begins in the memory's bytes. */
  at(k: number): number {
    return this.area + this.offset[k]!;
  }

  /** Takes one more packet of `length` bytes behind those that are there; answers the buffer that stands for it. */
  append(length: number): number {
    const k = this.cnt++;
    const at = align64(this.#end);
    this.#end = at + length;
    this.offset[k] = at;
    this.length[k] = length;
    this.verdict[k] = VERDICT.shade;
    this.reason[k] = REASON.none;
    const b = this.first + k;
    this.#memory.offset[b] = this.area + at;
    return b;
  }

  /** Packet k becomes one of `length` bytes, behind all that are there. */
  place(k: number, length: number): void {
    const at = align64(this.#end);
    this.#end = at + length;
    this.offset[k] = at;
    this.length[k] = length;
    const b = this.first + k;
    this.#memory.offset[b] = this.area + at;
    this.#memory.length[b] = length;
  }

  /** The shader will be asked about packet k; answers where its key goes, counted in keys. */
  ask(k: number): number {
    this.packet[this.keyCount] = k;
    return this.keyCount++;
  }

  /** Packet k will be dropped. */
  drop(k: number, reason: Reason): void {
    this.verdict[k] = VERDICT.drop;
    this.reason[k] = reason;
  }

  /** Packet k goes to the host's stack, which finds the same cause. */
  divert(k: number, reason: Reason): void {
    this.verdict[k] = VERDICT.slow;
    this.reason[k] = reason;
  }

  /** Packet k goes out of a port. */
  forward(k: number, port: number): void {
    this.verdict[k] = VERDICT.forward;
    this.egress[k] = port;
    this.view[port * this.slots + this.viewCount[port]!++] = k;
  }
}
