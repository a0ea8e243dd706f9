/**
 * A stack on ports of frames, flat out: receive, one turn of its loops, send, over and over. Between slices of some
 * milliseconds the event loop has its turn, for signals, the screen and metrics; while nothing comes the thread sleeps
 * in the kernel, so that an idle forwarder costs next to nothing.
 */
import {
  buffersFor,
  type Fib4,
  Memory,
  type Neighbours,
  PollLoops,
  type Reason,
  REASONS,
  type Stack,
} from "../../core/mod.ts";
import type { FramePort } from "../../stacks/external/live/frame_port.ts";
import { LiveNic } from "../../stacks/external/live/live_nic.ts";
import { Latencies } from "./latencies.ts";

/** Frames that a port hands over before the next has its turn: as the longest burst of a driver. */
const BURST = 32;
/** Empty turns before the thread sleeps: long enough for what a stack sends after 100 us. */
const IDLE_US = 300;
/** Milliseconds of sleep at most, so that signals are seen and timers of stacks run. */
const SLEEP_MS = 1;

/** What is forwarded, and between what. */
export interface ForwarderSetup {
  readonly stack: Stack;
  readonly ports: readonly FramePort[];
  readonly fib: Fib4;
  readonly neighbours: Neighbours;
  /** Descriptors of each ring of the driver. */
  readonly ring: number;
  /** Microseconds of a clock that never goes back. */
  nowUs(): number;
  /** Nanoseconds since 1970, as frames are stamped. */
  realNs(): number;
  /** Sleeps until a frame is there, at most so long. */
  wait(ms: number): void;
}

/** Counters of one port since the start. */
export interface PortTotals {
  readonly name: string;
  readonly rxFrames: number;
  readonly rxBytes: number;
  /** Lost because the kernel's ring was full. */
  readonly rxMissed: number;
  readonly rxOversize: number;
  readonly txFrames: number;
  readonly txBytes: number;
  readonly txStalls: number;
}

/** A stack at work. */
export class Forwarder {
  /** What the stack calls itself. */
  readonly name: string;
  /** From a frame's reception by the kernel to its hand-over for sending; one frame in 64 is measured. */
  readonly latencies: Latencies = new Latencies();
  /** Packets that the stack dropped, by reason. */
  readonly dropped: Float64Array = new Float64Array(REASONS.length);
  readonly #setup: ForwarderSetup;
  readonly #nics: LiveNic[];
  readonly #missed: number[];
  readonly #loops: PollLoops;
  #idleSinceUs: number;
  /** Frames handed over for sending, as of the last turn. */
  #sent = 0;

  /** Boots the stack. @throws {RangeError} when it cannot run as bare loops */
  constructor(setup: ForwarderSetup) {
    const { stack, ports, fib, neighbours, ring } = setup;
    this.#setup = setup;
    const memory = new Memory(buffersFor(ports.length, ring));
    const stamps = new Float64Array(memory.capacity);
    this.#nics = ports.map((port, id) => new LiveNic(id, port, memory, ring, stamps));
    this.#missed = ports.map(() => 0);
    for (const nic of this.#nics) {
      nic.onSample = (stampNs) => this.latencies.record(setup.realNs() - stampNs);
    }
    this.#loops = new PollLoops(stack, {
      devices: this.#nics,
      ...{ ring, memory, fib, neighbours, mhz: 1000 },
      onDrop: (reason: Reason) => this.dropped[reason]!++,
    });
    this.name = this.#loops.name;
    this.#idleSinceUs = setup.nowUs();
  }

  /** Forwards for about so many milliseconds. */
  run(ms: number): void {
    const { nowUs } = this.#setup;
    const until = nowUs() + ms * 1000;
    for (let now = nowUs(); now < until; now = nowUs()) {
      if (this.#turn(now)) this.#idleSinceUs = now;
      else if (now - this.#idleSinceUs > IDLE_US) {
        this.#setup.wait(SLEEP_MS);
        // what a sleep was ended by is looked at without another
        this.#idleSinceUs = nowUs() - IDLE_US;
      }
    }
  }

  /** One turn; answers whether a frame moved or waits. What a loop says it moved may be a look at its timer. */
  #turn(nowUs: number): boolean {
    let received = 0;
    for (const nic of this.#nics) received += nic.receive(BURST);
    this.#loops.turn(Math.round(nowUs * 1e6));
    let isStalled = false;
    let sent = 0;
    for (const nic of this.#nics) {
      nic.send();
      isStalled ||= nic.stalled;
      sent += nic.counters.txFrames;
    }
    const isSending = sent !== this.#sent;
    this.#sent = sent;
    return received > 0 || isSending || isStalled;
  }

  /** Whether no frame will come any more, and what came is through: true for captures only. */
  get isOver(): boolean {
    const { ports, nowUs } = this.#setup;
    if (!ports.every(({ isOver }) => isOver)) return false;
    return nowUs() - this.#idleSinceUs > IDLE_US && !this.#nics.some(({ stalled }) => stalled);
  }

  /** Counters of each port. */
  totals(): PortTotals[] {
    return this.#setup.ports.map((port, i) => {
      this.#missed[i]! += port.missed();
      return { name: port.name, ...this.#nics[i]!.counters, rxMissed: this.#missed[i]! };
    });
  }
}
