/**
 * pkt-gen: a process that sends frames, or counts those that it receives, as fast as it can.
 *
 * The sender waits in poll for room, fills up to a batch of slots of each ring and goes back to poll, which sends
 * them. The last slot of a batch asks to be reported (NS_REPORT). When all have been filled it flushes with
 * NIOCTXSYNC until the rings are empty, a microsecond apart. The receiver waits for packets and takes up to a batch
 * of each ring.
 *
 * Source: netmap apps/pkt-gen/pkt-gen.c, sender_body, send_packets, receiver_body, receive_packets.
 */
import type { Context } from "../../core/host/context.ts";
import { Process } from "../../core/host/process.ts";
import { REASON } from "../../core/policy.ts";
import type { Cpu, Env } from "../../core/stack.ts";
import type { NetmapCosts } from "./costs.ts";
import { type NetmapFd, POLLIN, POLLOUT } from "./fd.ts";
import type { NetmapKring } from "./kring.ts";
import { PollCall } from "./poll_call.ts";
import { NS_REPORT } from "./ring.ts";

/** What pkt-gen prints once a second, here of the whole run. */
export class GenStats {
  pkts = 0;
  bytes = 0;
  /** Batches (events). */
  events = 0;
  /** Least free slots that a batch has left. */
  minSpace = 99_999;
  /** Picoseconds at which the first batch began and the last ended. */
  firstPs = -1;
  lastPs = -1;

  /** A batch is over. */
  add(cpu: Cpu, pkts: number, bytes: number, space: number): void {
    const now = (cpu as Context).nowPs;
    if (this.firstPs < 0) this.firstPs = now;
    this.lastPs = now;
    this.pkts += pkts;
    this.bytes += bytes;
    this.events++;
    if (space < this.minSpace) this.minSpace = space;
  }
}

const POLL = 0;
const WORK = 1;
const FLUSH = 2;
const DONE = 3;

/** How much a sender sends. */
export interface SenderOptions {
  /** Slots that are filled before poll is called again [-b]. */
  readonly batch: number;
  /** Frames in all [-n]. */
  readonly count: number;
  /** The frame [-l, -d, -s, -D]. */
  readonly frame: Uint8Array;
  /** Whether the last slot of a batch asks to be reported; true. */
  readonly report?: boolean;
}

/** `pkt-gen -f tx`. */
export class Sender {
  readonly stats: GenStats = new GenStats();
  readonly process: Process;
  readonly poll: PollCall;
  readonly #env: Env;
  readonly #costs: NetmapCosts;
  readonly #fd: NetmapFd;
  readonly #options: SenderOptions;
  readonly #mhz: number;
  #phase = POLL;

  constructor(env: Env, lcore: number, costs: NetmapCosts, fd: NetmapFd, options: SenderOptions) {
    this.#env = env;
    this.#costs = costs;
    this.#fd = fd;
    this.#options = options;
    this.#mhz = env.cost("mhz");
    this.poll = new PollCall([fd]);
    this.poll.events[0] = POLLOUT;
    this.process = new Process(env, lcore, costs.process, (cpu) => this.#run(cpu));
    this.poll.by(this.process);
  }

  /** Whether all frames have been sent. */
  get done(): boolean {
    return this.#phase === DONE;
  }

  #run(cpu: Cpu): number {
    if (this.#phase === POLL) {
      if (this.poll.step(cpu)) this.#phase = WORK;
    } else if (this.#phase === WORK) this.#fill(cpu);
    else this.#flush(cpu);
    return 1;
  }

  #fill(cpu: Cpu): void {
    const { batch, count, frame } = this.#options;
    for (const kring of this.#fd.tx) {
      const n = Math.min(kring.ring.space, batch, count - this.stats.pkts);
      if (n > 0) this.#send(cpu, kring, n, frame);
    }
    this.#phase = this.stats.pkts < count ? POLL : FLUSH;
  }

  #send(cpu: Cpu, { ring, mem }: NetmapKring, n: number, frame: Uint8Array): void {
    const { memory } = this.#env;
    let slot = ring.head;
    for (let i = 0; i < n; i++, slot = ring.next(slot)) {
      const b = mem.buffer(ring.bufIdx[slot]!);
      memory.bytes.set(frame, memory.offset[b]!);
      mem.setLength(b, frame.length);
      ring.len[slot] = frame.length;
      ring.flagsOf[slot] = i === n - 1 && this.#options.report !== false ? NS_REPORT : 0;
      this.#env.originate(b);
    }
    ring.head = ring.cur = slot;
    cpu.charge(n * this.#costs.appSlot);
    this.stats.add(cpu, n, n * frame.length, ring.space);
  }

  /** Sends what is left and waits until nothing is under way (nm_tx_pending). */
  #flush(cpu: Cpu): void {
    if (this.#fd.unpublished) this.#fd.publish(cpu);
    else {
      this.process.call(cpu);
      this.#fd.txsync(cpu);
    }
    if (this.#fd.unpublished) return;
    const pending = this.#fd.tx.some(({ ring }) => ring.next(ring.tail) !== ring.head);
    if (!pending) {
      this.#phase = DONE;
      this.process.block(cpu);
    } else this.process.block(cpu, cpu.tsc() + this.#mhz);
  }
}

/** `pkt-gen -f rx`. */
export class Receiver {
  readonly stats: GenStats = new GenStats();
  readonly process: Process;
  readonly poll: PollCall;
  readonly #env: Env;
  readonly #costs: NetmapCosts;
  readonly #fd: NetmapFd;
  readonly #batch: number;
  /** Told of each packet before its slot is released, with the slot's buffer. */
  onPacket: ((b: number, length: number) => void) | null = null;
  #phase = POLL;

  constructor(env: Env, lcore: number, costs: NetmapCosts, fd: NetmapFd, batch: number) {
    this.#env = env;
    this.#costs = costs;
    this.#fd = fd;
    this.#batch = batch;
    this.poll = new PollCall([fd]);
    this.poll.events[0] = POLLIN;
    this.process = new Process(env, lcore, costs.process, (cpu) => this.#run(cpu));
    this.poll.by(this.process);
  }

  #run(cpu: Cpu): number {
    if (this.#phase === POLL) {
      if (this.poll.step(cpu)) this.#phase = WORK;
      return 1;
    }
    for (const kring of this.#fd.rx) if (!kring.ring.empty) this.#receive(cpu, kring);
    this.#phase = POLL;
    return 1;
  }

  #receive(cpu: Cpu, { ring, mem }: NetmapKring): void {
    const before = ring.space;
    const n = Math.min(before, this.#batch);
    let bytes = 0;
    let slot = ring.head;
    for (let i = 0; i < n; i++, slot = ring.next(slot)) {
      const b = mem.buffer(ring.bufIdx[slot]!);
      bytes += ring.len[slot]!;
      this.onPacket?.(b, ring.len[slot]!);
      // the slot keeps its buffer
      this.#env.end(cpu, b, REASON.consumed);
    }
    ring.head = ring.cur = slot;
    cpu.charge(n * this.#costs.appSlot);
    this.stats.add(cpu, n, bytes, before);
  }
}
