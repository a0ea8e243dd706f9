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
const IPV4 = FLAG.ipv4;

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
    const port = this.#port;
    const [{ buffer, done, size }] = this.rx as [DescriptorRing];
    const { bytes, offset, length, port: cameBy, flags } = this.#memory;
    const words = this.#words;
    const stamps = this.#stamps;
    const end = this.#rxTo;
    let slot = this.#rxAt;
    let taken = 0;
    let takenBytes = 0;
    while (taken < max && slot !== end) {
      const from = port.receive();
      if (from < 0) break;
      const n = port.length;
      if (n <= LONGEST) {
        const b = buffer[slot]!;
        const to = offset[b]!;
        copyFrame(port.bytes, port.words, from, bytes, words, to, n);
        length[b] = n;
        cameBy[b] = this.#id;
        flags[b] = bytes[to + 12] === 8 && bytes[to + 13] === 0 ? IPV4 : 0;
        stamps[b] = 0;
        if (--this.#untilSample === 0) this.#sample(b);
        done[slot] = 1;
        slot = (slot + 1) & (size - 1);
        taken++;
        takenBytes += n;
      } else this.counters.rxOversize++;
      port.release();
    }
    this.#rxAt = slot;
    this.counters.rxFrames += taken;
    this.counters.rxBytes += takenBytes;
    return taken;
  }

  #sample(b: number): void {
    this.#untilSample = SAMPLE;
    if (this.onSample !== null) this.#stamps[b] = this.#port.stampNs();
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
    const port = this.#port;
    const [ring] = this.tx as [DescriptorRing];
    const { buffer, done, reportStatus, size } = ring;
    const { bytes, offset, length } = this.#memory;
    const words = this.#words;
    const stamps = this.#stamps;
    const end = this.#txTo;
    let slot = this.#txAt;
    let sent = 0;
    let sentBytes = 0;
    while (slot !== end) {
      const b = buffer[slot]!;
      const n = length[b]!;
      if (!port.send(bytes, words, offset[b]!, n)) {
        this.counters.txStalls++;
        break;
      }
      if (stamps[b]! > 0 && this.onSample !== null) this.onSample(stamps[b]!);
      if (reportStatus[slot] === 1) done[slot] = 1;
      slot = (slot + 1) & (size - 1);
      sent++;
      sentBytes += n;
    }
    this.#txAt = slot;
    ring.sent = (ring.sent + sent) >>> 0;
    this.counters.txFrames += sent;
    this.counters.txBytes += sentBytes;
  }

  /** Whether frames wait for room in the port. */
  get stalled(): boolean {
    return this.#txAt !== this.#txTo;
  }

  rxStop(): void {}

  irqEnable(): void {}
}
