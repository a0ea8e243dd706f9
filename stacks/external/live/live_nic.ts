/**
 * A port of frames as the device side of a driver: the descriptor rings of a NIC, moved by a CPU. `receive` fills
 * posted descriptors, `txTail` takes frames; a frame is copied once on the way in and once on the way out.
 *
 * At the limit: a frame that finds no posted descriptor stays in the port, and what finds no room there is lost and
 * counted by the kernel. A transmit descriptor whose frame the port does not take waits, so that its ring fills and the
 * stack sees it full.
 */
import type { Context } from "../../../core/host/context.ts";
import { copyFrame } from "../../../core/memory/copy.ts";
import { FLAG, type Memory } from "../../../core/memory/memory.ts";
import { DescriptorRing, type DeviceSide } from "../../../core/nic/rings.ts";
import type { FramePort } from "./frame_port.ts";

/** Longest frame that a buffer takes: what lies behind its headroom. */
const LONGEST = 1518;
/** One frame in so many has its time measured. */
const SAMPLE = 64;

/** Counters of a port. */
export interface LiveCounters {
  rxFrames: number;
  rxBytes: number;
  txFrames: number;
  txBytes: number;
  /** Frames that no buffer holds. */
  rxOversize: number;
  /** Frames that waited because the port had no room. */
  txStalls: number;
}

/** A NIC over a port. */
export class LiveNic implements DeviceSide {
  readonly rx: readonly DescriptorRing[];
  readonly tx: readonly DescriptorRing[];
  readonly counters: LiveCounters = {
    ...{ rxFrames: 0, rxBytes: 0, txFrames: 0, txBytes: 0, rxOversize: 0, txStalls: 0 },
  };
  /** Told of the time that a sampled frame was received at, in ns since 1970, when it is handed on for sending. */
  onSample: ((stampNs: number) => void) | null = null;
  readonly #id: number;
  readonly #port: FramePort;
  readonly #memory: Memory;
  readonly #words: Int32Array;
  /** When the frame in a buffer was received, for those sampled; 0 for all others. One for all ports. */
  readonly #stamps: Float64Array;
  /** Receive descriptors that are posted: from `rxAt` up to `rxTo`. */
  #rxAt = 0;
  #rxTo = 0;
  #untilSample = SAMPLE;
  #txAt = 0;
  #txTo = 0;

  /** A NIC of port number `id`; `stamps` has an entry for each buffer of the memory. */
  constructor(id: number, port: FramePort, memory: Memory, ring: number, stamps: Float64Array) {
    this.#id = id;
    this.#port = port;
    this.#memory = memory;
    this.#words = new Int32Array(memory.bytes.buffer);
    this.#stamps = stamps;
    this.rx = [new DescriptorRing(ring)];
    this.tx = [new DescriptorRing(ring)];
    for (const [one] of [this.rx, this.tx]) one!.reset(ring, -1);
  }

  /** Takes up to `max` frames of the port into posted descriptors; answers how many. */
  receive(max: number): number {
    const ring = this.rx[0]!;
    const mask = ring.size - 1;
    const port = this.#port;
    let taken = 0;
    while (taken < max && this.#rxAt !== this.#rxTo) {
      const from = port.receive();
      if (from < 0) break;
      if (this.#take(ring.buffer[this.#rxAt]!, from)) {
        ring.done[this.#rxAt] = 1;
        this.#rxAt = (this.#rxAt + 1) & mask;
        taken++;
      }
      port.release();
    }
    return taken;
  }

  /** Copies the frame in hand into a buffer; false when it is too long for one. */
  #take(b: number, from: number): boolean {
    const port = this.#port;
    const memory = this.#memory;
    const { length, bytes } = port;
    if (length > LONGEST) {
      this.counters.rxOversize++;
      return false;
    }
    const at = memory.offset[b]!;
    copyFrame(bytes, port.words, from, memory.bytes, this.#words, at, length);
    memory.length[b] = length;
    memory.port[b] = this.#id;
    memory.flags[b] = memory.bytes[at + 12] === 8 && memory.bytes[at + 13] === 0 ? FLAG.ipv4 : 0;
    this.counters.rxFrames++;
    this.counters.rxBytes += length;
    this.#stamps[b] = --this.#untilSample > 0 ? 0 : this.#sample();
    return true;
  }

  #sample(): number {
    this.#untilSample = SAMPLE;
    return this.onSample === null ? 0 : this.#port.stampNs();
  }

  /** Sends on what the port had no room for, and everything that it took. */
  send(): void {
    if (this.#txAt !== this.#txTo) this.#drain();
    this.#port.flush();
  }

  rxTail(_cpu: Context, _queue: number, slot: number): void {
    this.#rxTo = slot;
  }

  txTail(_cpu: Context, _queue: number, slot: number): void {
    this.#txTo = slot;
    this.#drain();
  }

  #drain(): void {
    const ring = this.tx[0]!;
    const mask = ring.size - 1;
    const { bytes, offset, length } = this.#memory;
    while (this.#txAt !== this.#txTo) {
      const slot = this.#txAt;
      const b = ring.buffer[slot]!;
      if (!this.#port.send(bytes, this.#words, offset[b]!, length[b]!)) {
        this.counters.txStalls++;
        return;
      }
      this.counters.txFrames++;
      this.counters.txBytes += length[b]!;
      if (this.#stamps[b]! > 0 && this.onSample !== null) this.onSample(this.#stamps[b]!);
      if (ring.reportStatus[slot] === 1) ring.done[slot] = 1;
      this.#txAt = (slot + 1) & mask;
      ring.sent = (ring.sent + 1) >>> 0;
    }
  }

  /** Whether frames wait for room in the port. */
  get stalled(): boolean {
    return this.#txAt !== this.#txTo;
  }

  rxStop(): void {}

  irqEnable(): void {}
}
