/**
 * What the three variants of P2PNIC differ in: how a frame, its descriptor and its completion get from the
 * ingress to the egress NIC. Everything else is one firmware.
 */
import type { Nic } from "../../core/nic/nic.ts";
import type { DmaTrace } from "../../core/nic/peer_dma.ts";
import type { Env } from "../../core/stack.ts";

/** One variant. A lane is one ring of an ingress NIC: towards an egress NIC, or towards a queue of the host. */
export interface Transfer {
  /** Lanes of each NIC. */
  readonly lanes: number;
  /** Name of a lane's ring, or null where there is none (from a NIC to itself). */
  ringName(ingress: number, lane: number): string | null;
  /** The lane of the packet in ingress buffer `b`. */
  lane(b: number, egress: number): number;
  /** Takes what a frame needs at the other end, or answers -1: it has to wait. */
  reserve(ingress: number, lane: number): number;
  /** Step 1, and the descriptor is added to those that wait; answers how many do. */
  post(ingress: number, lane: number, egress: number, b: number, slot: number): number;
  /** Descriptors that wait to be written. */
  pending(ingress: number, lane: number): number;
  /** Writes the descriptors that wait. */
  flush(ingress: number, lane: number): void;
  /** Descriptor writes by how many they carried. */
  batches(ingress: number, lane: number): Int32Array;
  /** Entries whose write never came. */
  missing(ingress: number, lane: number): number;
  /** Frames that the egress side found to be other than was written; undefined where it does not look. */
  readonly failed?: number;
  /** The egress half: something that a NIC waits for has happened. */
  signal(nic: Nic, kind: number, arg: number): void;
  /** Whom to tell of every DMA. */
  trace(to: DmaTrace): void;
}

/** Signal of our own: the threads look at ring `arg`. */
export const LOOKED = 16;

/** The looks of egress threads at their rings: each ring once in a period, the rings in turn. */
export class Looks {
  readonly #period: number = 0;
  readonly #rings: number = 0;
  readonly #look: number = 0;

  /** Looks at `rings` rings; a descriptor waits for one p2pnic.poll cycles on the mean. */
  constructor(env: Env, rings: number) {
    this.#period = 2 * env.cost("p2pnic.poll");
    this.#rings = rings;
    this.#look = env.cost("p2pnic.look");
  }

  /** Something is in ring `k`: {@link LOOKED} with `arg` when the threads of a NIC look there next. */
  at(nic: Nic, k: number, arg: number): void {
    nic.threads.atLook(this.#period, k, this.#rings, LOOKED, arg);
  }

  /** Share of the NIC's memory that the looks at `rings` rings in use take from reads. */
  share(rings: number): number {
    return Math.min(SHARE_MAX, rings * this.#look / this.#period);
  }
}

/** Looks never take all of the memory. */
const SHARE_MAX = 0.9;

/** Completions of frames that a NIC sends: held while more frames of the ring are on their way out. */
export class Completions {
  readonly #sending: Int32Array[];
  readonly #batch: number = 0;

  /** None on their way, for this many NICs and rings of each; at most `batch` are held. */
  constructor(nics: number, rings: number, batch: number) {
    this.#sending = Array.from({ length: nics }, () => new Int32Array(rings));
    this.#batch = batch;
  }

  /** The threads of a NIC have taken a descriptor from a ring. */
  take(egress: number, ring: number): void {
    this.#sending[egress]![ring]!++;
  }

  /** A frame of the ring has left, and `waiting` completions wait: whether they are to be written now. */
  isDue(egress: number, ring: number, waiting: number): boolean {
    return --this.#sending[egress]![ring]! === 0 || waiting >= this.#batch;
  }

  /** Frames of a ring between descriptor and wire. */
  sending(egress: number, ring: number): number {
    return this.#sending[egress]![ring]!;
  }
}
