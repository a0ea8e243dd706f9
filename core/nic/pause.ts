/**
 * Flow control at the MAC (IEEE 802.3, annex 31B): when the ingress buffer fills up to a high watermark the port
 * asks its peer to stop (XOFF), when it has emptied down to a low one to go on (XON). A pause frame is 64 bytes, goes
 * out after the frame that is being sent and before all that wait, and asks for so many quanta of 512 bit times; XON
 * asks for none. While the buffer stays above the low watermark the request is repeated at half its time.
 *
 * What it takes to lose nothing is room above the high watermark for what still arrives: during one frame of our own,
 * the pause frame, the peer's reaction, and one frame of its. A port here does not obey pause frames itself.
 *
 * Price of the pausing output: it gives the line one frame at a time, so each frame ends at the picosecond nearest to
 * its own duration, where `MacOut` rounds whole busy periods.
 */
import type { PortCounters } from "../machine/accounts.ts";
import type { Observation } from "../machine/observation.ts";
import type { Memory } from "../memory/memory.ts";
import type { Choices } from "../time/choices.ts";
import type { Clock } from "../time/clock.ts";
import type { FillWatcher } from "./mac.ts";
import { MacOut, OVERHEAD } from "./mac_out.ts";

/** Bytes of a pause frame without FCS. */
const PAUSE_BYTES = 60;
/** Bit times of a quantum. */
export const QUANTUM_BITS = 512;

/** When a port asks its peer to stop, and what that does. */
export interface PauseProfile {
  /** Share of the ingress buffer at which XOFF is sent: above `low`, up to 1. */
  readonly high: number;
  /** Share at which XON is sent: 0 or more. */
  readonly low: number;
  /** Quanta that XOFF asks for: 1..65535. */
  readonly quanta: number;
  /** Whether the peer stops. */
  readonly obeyed: boolean;
  /** From the last bit of a pause frame until the peer begins no more frames, in ps. */
  readonly reactionPs: number;
}

/** Takes pause frames that have left. */
export type OnPause = (port: number, quanta: number) => void;

/** Port output with pause frames. */
export class PausingMacOut extends MacOut {
  readonly #clock: Clock;
  readonly #psPerBit: number = 0;
  readonly #onPause: OnPause;
  readonly #waiting: Int32Array = new Int32Array(0);
  #head = 0;
  #count = 0;
  /** Something is being sent. */
  #busy = false;
  /** Quanta of the pause frame that goes out next, or -1. */
  #request = -1;
  #portCounters: PortCounters | null = null;
  readonly #pauseLeft: number = 0;

  /** As {@link MacOut}; `onPause` is told of each pause frame when its last bit has left. */
  constructor(
    port: number,
    clock: Clock,
    memory: Memory,
    observation: Observation,
    gbps: number,
    most: number,
    onPause: OnPause,
  ) {
    super(port, clock, memory, observation, gbps, most);
    this.#clock = clock;
    this.#psPerBit = 1000 / gbps;
    this.#onPause = onPause;
    this.#waiting = new Int32Array(most);
    this.#pauseLeft = clock.register((quanta) => {
      this.#busy = false;
      this.#onPause(this.port, quanta);
      this.#next();
    });
  }

  /** An idle line. */
  override reset(place: number, counters: PortCounters, choices: Choices | null = null): void {
    super.reset(place, counters, choices);
    this.#portCounters = counters;
    this.#head = 0;
    this.#count = 0;
    this.#busy = false;
    this.#request = -1;
  }

  /** Frames given and not yet gone. */
  override get pending(): number {
    return super.pending + this.#count;
  }

  /**
   * Sends the frame in a buffer after those given before.
   * @throws {RangeError} when more frames wait than the port was built for
   */
  override send(b: number): void {
    if (this.#count === this.#waiting.length) {
      throw new RangeError(`Cannot send on port ${this.port}: ${this.#count} frames wait already`);
    }
    this.#waiting[(this.#head + this.#count++) % this.#waiting.length] = b;
    this.#next();
  }

  /** Sends a pause frame next, in place of one that has not gone yet. */
  pause(quanta: number): void {
    this.#request = quanta;
    this.#next();
  }

  /** The last bit of the frame in a buffer has left. */
  protected override gone(b: number): void {
    this.#busy = false;
    super.gone(b);
    this.#next();
  }

  #next(): void {
    if (this.#busy) return;
    if (this.#request >= 0) {
      const quanta = this.#request;
      this.#request = -1;
      this.#busy = true;
      if (quanta === 0) this.#portCounters!.txXon++;
      else this.#portCounters!.txXoff++;
      const ps = Math.round((PAUSE_BYTES + OVERHEAD) * 8 * this.#psPerBit);
      this.#clock.at(this.#clock.now + ps, this.#pauseLeft, quanta);
    } else if (this.#count > 0) {
      const b = this.#waiting[this.#head]!;
      this.#head = (this.#head + 1) % this.#waiting.length;
      this.#count--;
      this.#busy = true;
      super.send(b);
    }
  }
}

/**
 * Decides when a port asks for a pause.
 *
 * @example
 * ```ts
 * import { Clock, emptyCounters, Memory, Observation } from "@planecheck/planecheck/core";
 * import { PauseControl, PausingMacOut } from "@planecheck/planecheck/core";
 * import { assertEquals } from "@std/assert";
 *
 * const clock = new Clock();
 * const o = new Observation();
 * o.reset(0, "coarse");
 * const asked: number[] = [];
 * const told = (_port: number, quanta: number) => void asked.push(quanta);
 * const out = new PausingMacOut(0, clock, new Memory(1), o, 40, 1, told);
 * out.reset(o.addPlace("egress"), emptyCounters(0));
 * const profile = { high: 0.75, low: 0.25, quanta: 100, obeyed: true, reactionPs: 0 };
 * const control = new PauseControl(clock, profile, out, 40);
 * control.reset(8);
 *
 * control.filled(6);
 * clock.run({ horizonPs: 1e5, events: 100 });
 * control.filled(2);
 * clock.run({ horizonPs: 2e5, events: 100 });
 * assertEquals(asked, [100, 0]); // XOFF, XON
 * ```
 */
export class PauseControl implements FillWatcher {
  readonly #clock: Clock;
  readonly #profile: PauseProfile;
  readonly #out: PausingMacOut;
  readonly #repeatPs: number = 0;
  readonly #repeat: number = 0;
  #high = 0;
  #low = 0;
  #stopped = false;
  /** Counts requests, so that a repetition knows whether it is still about the last one. */
  #requests = 0;

  /**
   * Control of an output of `gbps` Gb/s.
   * @throws {RangeError} for watermarks, quanta or a reaction that there are none of
   */
  constructor(clock: Clock, profile: PauseProfile, out: PausingMacOut, gbps: number) {
    checkPause(profile);
    this.#clock = clock;
    this.#profile = profile;
    this.#out = out;
    this.#repeatPs = Math.max(1, Math.floor((profile.quanta * QUANTUM_BITS * 500) / gbps));
    this.#repeat = clock.registerTimer((request) => {
      if (this.#stopped && request === this.#requests) this.#stop();
    });
  }

  /** Nothing asked for; watermarks of an ingress buffer of `capacity` packets. */
  reset(capacity: number): void {
    this.#high = Math.max(1, Math.ceil(this.#profile.high * capacity));
    this.#low = Math.min(this.#high - 1, Math.floor(this.#profile.low * capacity));
    this.#stopped = false;
    this.#requests = 0;
  }

  /** The ingress buffer holds so many packets now. */
  filled(packets: number): void {
    if (!this.#stopped && packets >= this.#high) this.#stop();
    else if (this.#stopped && packets <= this.#low) {
      this.#stopped = false;
      this.#out.pause(0);
    }
  }

  #stop(): void {
    this.#stopped = true;
    this.#out.pause(this.#profile.quanta);
    this.#clock.at(this.#clock.now + this.#repeatPs, this.#repeat, ++this.#requests);
  }
}

function checkPause(of: PauseProfile): void {
  const verb = "Cannot set up pause frames";
  if (!(of.low >= 0 && of.low < of.high && of.high <= 1)) {
    throw new RangeError(
      `${verb}: watermarks are ${of.low} and ${of.high}, expected 0 <= low < high <= 1`,
    );
  }
  if (!(Number.isInteger(of.quanta) && of.quanta >= 1 && of.quanta <= 0xffff)) {
    throw new RangeError(`${verb}: quanta is ${of.quanta}, not an integer in 1..65535`);
  }
  if (!(Number.isInteger(of.reactionPs) && of.reactionPs >= 0 && of.reactionPs <= 1e12)) {
    throw new RangeError(`${verb}: reactionPs is ${of.reactionPs}, not an integer in 0..1e12`);
  }
}
