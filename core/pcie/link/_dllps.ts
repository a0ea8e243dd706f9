/**
 * DLLPs: which are due on a direction, when they become due, and what they do where they arrive. Direction `d`
 * carries the DLLPs that its sender owes about direction `d ^ 1`, whose receiver it is.
 *
 * An Ack is due when the oldest accepted TLP has waited for the Ack latency, and speaks for all that came
 * meanwhile; a Nak, and the Ack of a duplicate, at once (PCI Express base specification, 3.5.3.1). An UpdateFC
 * is due at once when the sender has less than one payload or no header left, or a quarter of the buffer has
 * been freed, and else within 30 us (2.6.1.2; the quarter is what an IP core documents).
 *
 * A run is not kept going by refreshes that tell nothing new: the UpdateFC of every 30 us is an event only
 * while credits are owed or the last one was lost, and replay and initialisation have timers of the clock.
 */
import type { FlowControl } from "./_flow_control.ts";
import type { Plan } from "./_plan.ts";
import { Expected, Replay } from "./_sequence.ts";
import type { Serializer } from "./_serializer.ts";
import { Fifo } from "./_tlp.ts";
import type { PcieOptions } from "./options.ts";
import type { PcieTrace } from "./trace.ts";
import type { PcieClock } from "./_clock.ts";
import type { Choices } from "../../time/choices.ts";

/** What answers the questions of a run: `Choices`, or a test's own way through them. */
export type PcieChoices = Pick<Choices, "site" | "pick">;

const NAK = 0;
const ACK = 1;
const UPDATE = 2;
const INIT1 = 5;
const INIT2 = 8;
const NAMES = ["Nak", "Ack", "UpdateFC", "InitFC1", "InitFC2"];
/** FC_INIT1 and FC_INIT2 repeat their DLLPs at least this often (3.4.2.1). */
const INIT_PS = 34_000_000;
const UP = 3;

function name(bit: number): string {
  return NAMES[bit < UPDATE ? bit : bit < INIT1 ? 2 : bit < INIT2 ? 3 : 4]!;
}

/** Names of the sites at which the choices are asked, for each direction. */
export function faultSite(kind: "tlp" | "dllp", direction: string): string {
  return `${kind} error ${direction}`;
}

/** DLLPs of all directions. */
export class Dllps {
  readonly replay: Replay;
  readonly expected: Expected;
  /** State of flow control initialisation: 1 FC_INIT1, 2 FC_INIT2, 3 up. 0: the link is down. */
  readonly state: Uint8Array;
  /** DLLPs that each direction has sent. */
  readonly sent: Float64Array;
  readonly #due: Int32Array;
  readonly #heard: Uint8Array;
  readonly #inits: Int32Array;
  readonly #ackWaits: Uint8Array;
  readonly #nakSent: Uint8Array;
  readonly #updateWaits: Uint8Array;
  readonly #replayAt: Float64Array;
  readonly #replayWaits: Uint8Array;
  readonly #flight: Fifo<number>[];
  readonly #sites: Int32Array;
  #choices: PcieChoices | null = null;
  readonly #hear: number;
  readonly #ackTimer: number;
  readonly #updateTimer: number;
  readonly #initTimer: number;
  readonly #replayTimer: number;

  constructor(
    readonly options: PcieOptions,
    readonly plan: Plan,
    readonly clock: PcieClock,
    readonly flow: FlowControl,
    readonly serializer: Serializer,
    readonly trace: PcieTrace | null,
    /** Looks at a direction again, at once or within this event. */
    readonly wake: (d: number) => void,
  ) {
    const n = plan.directions;
    this.replay = new Replay(n, options.replayTlps);
    this.expected = new Expected(n);
    this.state = new Uint8Array(n);
    this.sent = new Float64Array(n);
    this.#due = new Int32Array(n);
    this.#heard = new Uint8Array(n);
    this.#inits = new Int32Array(n);
    this.#ackWaits = new Uint8Array(n);
    this.#nakSent = new Uint8Array(n);
    this.#updateWaits = new Uint8Array(n * 3);
    this.#replayAt = new Float64Array(n);
    this.#replayWaits = new Uint8Array(n);
    this.#flight = Array.from({ length: n }, () => new Fifo<number>());
    this.#sites = new Int32Array(n);
    this.#hear = clock.register((d) => this.#arrive(d));
    this.#ackTimer = clock.register((d) => {
      this.#ackWaits[d] = 0;
      this.#owe(d, ACK);
    });
    this.#updateTimer = clock.register((i) => {
      this.#updateWaits[i] = 0;
      this.#owe(Math.floor(i / 3), UPDATE + i % 3);
    });
    this.#initTimer = clock.registerTimer((d) => this.#announce(d));
    this.#replayTimer = clock.registerTimer((d) => this.#replayDue(d));
  }

  #owe(d: number, bit: number): void {
    if (this.state[d] === 0) return;
    this.#due[d]! |= 1 << bit;
    this.wake(d);
  }

  /** Sends the first DLLP that is due; false if none is. */
  send(d: number): boolean {
    const due = this.#due[d]!;
    if (due === 0) return false;
    const bit = 31 - Math.clz32(due & -due);
    this.#due[d] = due & (due - 1);
    const about = d ^ 1;
    let value = -1;
    let headers = -1;
    let data = -1;
    let cls = -1;
    if (bit < UPDATE) {
      value = this.expected.last(about);
      // a Nak acknowledges too
      if (bit === NAK) this.#due[d]! &= ~(1 << ACK);
    } else {
      cls = (bit - UPDATE) % 3;
      const isUpdate = bit < INIT1;
      headers = isUpdate
        ? this.flow.updateField(about, cls, 0)
        : this.flow.initField(about, cls, 0);
      data = isUpdate ? this.flow.updateField(about, cls, 1) : this.flow.initField(about, cls, 1);
    }
    const { clock } = this;
    this.serializer.sendDllp(d, clock.now);
    this.sent[d]!++;
    const isLost = this.#choices !== null && this.#choices.pick(this.#sites[d]!, 2) === 1;
    this.trace?.add(clock.now, "dllp", d, -1, {
      cls,
      value,
      headers,
      data,
      text: name(bit) + (isLost ? " lost" : ""),
      until: this.serializer.endAt,
    });
    if (isLost) {
      if (bit >= UPDATE && bit < INIT1) this.#updateLater(d, cls);
      return true;
    }
    const flight = this.#flight[d]!;
    flight.push(bit);
    flight.push(value);
    flight.push(headers);
    flight.push(data);
    clock.at(this.serializer.endAt + this.plan.propagationPs[d]!, this.#hear, d);
    return true;
  }

  #arrive(d: number): void {
    const flight = this.#flight[d]!;
    if (flight.length === 0) return; // the link went down
    const bit = flight.shift()!;
    const value = flight.shift()!;
    const headers = flight.shift()!;
    const data = flight.shift()!;
    const cls = bit < UPDATE ? -1 : (bit - UPDATE) % 3;
    this.trace?.add(this.clock.now, "hear", d, -1, { cls, value, headers, data, text: name(bit) });
    const back = d ^ 1;
    if (bit < UPDATE) this.#acknowledged(back, value, bit === NAK);
    else if (bit < INIT1) {
      this.flow.update(back, cls, headers, data);
      if (this.state[back] === 2) this.#initialised(back);
    } else this.#init(back, cls, headers, data, bit >= INIT2);
    this.wake(back);
  }

  #acknowledged(d: number, seq: number, isNak: boolean): void {
    const { replay } = this;
    if (replay.acknowledge(d, seq)) this.restartTimer(d);
    if (isNak) replay.replay(d);
  }

  /** The replay timer starts anew: the oldest TLP without an Ack has the whole time. */
  restartTimer(d: number): void {
    this.#replayAt[d] = this.clock.now + this.plan.replayPs[d]!;
    if (this.replay.unacked(d) === 0 || this.#replayWaits[d] === 1) return;
    this.#replayWaits[d] = 1;
    this.clock.at(this.#replayAt[d]!, this.#replayTimer, d);
  }

  #replayDue(d: number): void {
    this.#replayWaits[d] = 0;
    if (this.state[d] === 0 || this.replay.unacked(d) === 0) return;
    if (this.clock.now < this.#replayAt[d]!) {
      this.#replayWaits[d] = 1;
      this.clock.at(this.#replayAt[d]!, this.#replayTimer, d);
      return;
    }
    if (this.replay.pending(d) < 0) this.replay.replay(d);
    this.restartTimer(d);
    this.wake(d);
  }

  /** The receiver of `d` took a TLP: an Ack is due in a while, and with it the first TLP ends FC_INIT2. */
  accepted(d: number): void {
    this.expected.take(d);
    this.#nakSent[d] = 0;
    const back = d ^ 1;
    if (this.state[back] === 2) this.#initialised(back);
    if (this.#ackWaits[back] === 1) return;
    this.#ackWaits[back] = 1;
    this.clock.at(this.clock.now + this.plan.ackPs[back]!, this.#ackTimer, back);
  }

  /** The receiver of `d` threw a TLP away. */
  refused(d: number, isDuplicate: boolean): void {
    if (isDuplicate) this.#owe(d ^ 1, ACK);
    else if (this.#nakSent[d] === 0) {
      this.#nakSent[d] = 1;
      this.#owe(d ^ 1, NAK);
    }
  }

  /** Space in the receive buffer of `d` has become free: its sender is told now or later. */
  freed(d: number, cls: number): void {
    if (this.state[d] === 0) return;
    const urgency = this.flow.urgency(d, cls);
    if (urgency === 2) this.#owe(d ^ 1, UPDATE + cls);
    else if (urgency === 1) this.#updateLater(d ^ 1, cls);
  }

  #updateLater(d: number, cls: number): void {
    const i = d * 3 + cls;
    if (this.#updateWaits[i] === 1) return;
    this.#updateWaits[i] = 1;
    this.clock.at(this.clock.now + this.options.updateFcPs, this.#updateTimer, i);
  }

  /** Says again what this end advertises, until its partner has heard it. */
  #announce(d: number): void {
    const state = this.state[d]!;
    if (state === 0 || state === UP) return;
    this.#due[d]! |= 7 << (state === 1 ? INIT1 : INIT2);
    this.clock.at(this.clock.now + INIT_PS, this.#initTimer, d);
    this.wake(d);
  }

  /** The sender of `d` hears what its partner advertises. */
  #init(d: number, cls: number, headers: number, data: number, isSecond: boolean): void {
    if (this.state[d] === 1) {
      this.flow.learn(d, cls, headers, data);
      this.#heard[d]! |= 1 << cls;
      if (this.#heard[d] !== 7) return;
      this.state[d] = 2;
      this.#due[d]! &= ~(7 << INIT1);
      this.#due[d]! |= 7 << INIT2;
    }
    if (!isSecond) return;
    if (this.state[d] === 2) this.#initialised(d);
    // a partner that repeats itself has not heard: any UpdateFC tells it that this end is up
    if (++this.#inits[d]! > 3) this.#owe(d, UPDATE);
  }

  #initialised(d: number): void {
    this.state[d] = UP;
    this.trace?.add(this.clock.now, "up", d, -1);
    this.wake(d);
  }

  /** A link goes down for good. */
  down(d: number): void {
    this.state[d] = 0;
    this.#due[d] = 0;
    this.#flight[d]!.clear();
  }

  /** All links start to initialise flow control. */
  reset(choices: PcieChoices | null, site: (kind: "dllp", d: number) => number): void {
    this.#choices = choices;
    this.replay.reset();
    this.expected.reset();
    for (const all of [this.#due, this.#heard, this.#inits, this.#ackWaits, this.#nakSent]) {
      all.fill(0);
    }
    for (const all of [this.#updateWaits, this.#replayWaits, this.state]) all.fill(0);
    for (const flight of this.#flight) flight.clear();
    for (let d = 2; d < this.plan.directions; d++) {
      if (choices !== null) this.#sites[d] = site("dllp", d);
      this.state[d] = 1;
      this.#due[d] = 7 << INIT1;
      this.clock.at(this.clock.now + INIT_PS, this.#initTimer, d);
      this.wake(d);
    }
  }
}
