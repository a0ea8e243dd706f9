/** The rings in host memory between one NIC and one queue, either way. */
import { BATCH_MAX, Entries } from "./_peer_pair.ts";

/** Entries of a ring at most: what an event's argument has room for. */
export const START_MAX = 1 << 13;

/** From an ingress NIC to a queue: host buffers, and descriptors of those that hold frames. */
export class RxLane {
  readonly descriptors: Entries;
  /** Host buffers in the order in which they become free; the NIC may use the first `freeCount`. */
  readonly free: Int32Array = new Int32Array(0);
  freeCount: number = 0;
  freeHead = 0;
  #tail = 0;
  /** Buffers given back that the NIC has not been told of. */
  untold = 0;
  readonly place: number = 0;
  readonly batches: Int32Array = new Int32Array(BATCH_MAX + 1);

  /** All of `slots` buffers from `first` on are the NIC's. */
  constructor(first: number, slots: number, place: number) {
    this.descriptors = new Entries(slots);
    this.free = Int32Array.from({ length: slots }, (_, s) => first + s);
    this.freeCount = slots;
    this.place = place;
  }

  /** The next free buffer, or -1. */
  take(): number {
    if (this.freeCount === 0) return -1;
    const buffer = this.free[this.freeHead]!;
    this.freeHead = (this.freeHead + 1) % this.free.length;
    this.freeCount--;
    return buffer;
  }

  /** Puts a buffer behind those that are free; the NIC gets it when it is told. */
  giveBack(buffer: number): void {
    this.untold++;
    this.free[this.#tail] = buffer;
    this.#tail = (this.#tail + 1) % this.free.length;
  }
}

/** From a queue to an egress NIC: descriptors that the NIC reads, its own slots for frames, completions. */
export class TxLane {
  /** Of host buffers. `flushed` are those of bodies that have ended, `visible` those in memory. */
  readonly descriptors: Entries;
  readonly completions: Entries;
  /** Descriptors that the NIC has read. */
  polled = 0;
  /** A read of descriptors is under way. */
  polling = false;
  /** Descriptors whose completion the lcore has seen. */
  reclaimed = 0;
  /** Slots of the NIC that are free: a stack. */
  readonly free: Int32Array = new Int32Array(0);
  freeCount: number = 0;
  readonly place: number = 0;

  /** Empty rings, and `slots` slots of the NIC from `first` on. */
  constructor(first: number, slots: number, place: number) {
    this.descriptors = new Entries(slots);
    this.completions = new Entries(slots);
    this.free = Int32Array.from({ length: slots }, (_, s) => first + slots - 1 - s);
    this.freeCount = slots;
    this.place = place;
  }

  /** Whether the lcore may not add a descriptor: as many as there are slots are under way. */
  get isFull(): boolean {
    return this.descriptors.written - this.reclaimed === this.descriptors.entry.length;
  }
}
