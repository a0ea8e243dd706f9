/**
 * The senders at the other end of the ports, where they obey pause frames. A frame begins so that it arrives at its
 * own time, unless its sender is stopped then or still sends the one before; then as soon as that is over. So what
 * is offered may arrive later, in its order, and nothing is left out.
 */
import { OVERHEAD } from "../nic/mac_out.ts";
import { QUANTUM_BITS } from "../nic/pause.ts";
import type { Clock } from "../time/clock.ts";
import type { Traffic } from "./scenario.ts";

const IDLE = 0;
const WAITING = 1;
const SENDING = 2;

/** Senders of all ports. */
export class Peers {
  readonly #clock: Clock;
  readonly #psPerBit: number = 0;
  readonly #reactionPs: number = 0;
  readonly #deliver: (packet: number) => void;
  #traffic: Traffic | null = null;
  /** What each port has left to send: its first packet, and after each one the next; -1 for none. */
  readonly #first: Int32Array = new Int32Array(0);
  #next = new Int32Array(0);
  /** By port: its first packet of all, how often they come again, and how much later they come now. */
  readonly #begins: Int32Array = new Int32Array(0);
  readonly #turnsLeft: Float64Array = new Float64Array(0);
  readonly #laterPs: Float64Array = new Float64Array(0);
  #periodPs = 0;
  readonly #state: Uint8Array = new Uint8Array(0);
  /** Until when each sender begins no frame. */
  readonly #goesOnAt: Float64Array = new Float64Array(0);
  readonly #begin: number = 0;
  readonly #end: number = 0;
  readonly #stop: number = 0;

  /** Senders on lines of `gbps` Gb/s; `deliver` is given each packet when its last bit has arrived. */
  constructor(
    clock: Clock,
    ports: number,
    gbps: number,
    reactionPs: number,
    deliver: (packet: number) => void,
  ) {
    this.#clock = clock;
    this.#psPerBit = 1000 / gbps;
    this.#reactionPs = reactionPs;
    this.#deliver = deliver;
    this.#first = new Int32Array(ports);
    this.#begins = new Int32Array(ports);
    this.#turnsLeft = new Float64Array(ports);
    this.#laterPs = new Float64Array(ports);
    this.#state = new Uint8Array(ports);
    this.#goesOnAt = new Float64Array(ports);
    this.#begin = clock.register((port) => this.#tryBegin(port));
    this.#end = clock.register((port) => this.#sent(port));
    this.#stop = clock.register((arg) => this.#obey(arg >>> 16, arg & 0xffff));
  }

  /**
   * Everybody sends their part of the traffic, then all again `periodPs` later, `times` times in all; nobody is
   * stopped. O(packets).
   */
  offer(traffic: Traffic, times: number = 1, periodPs: number = 0): void {
    this.#traffic = traffic;
    this.#periodPs = periodPs;
    this.#turnsLeft.fill(times - 1);
    this.#laterPs.fill(0);
    if (this.#next.length < traffic.count) this.#next = new Int32Array(traffic.count);
    this.#goesOnAt.fill(0);
    const first = this.#begins.fill(-1);
    for (let packet = traffic.count - 1; packet >= 0; packet--) {
      const port = traffic.port[packet]!;
      this.#next[packet] = first[port]!;
      first[port] = packet;
    }
    first.forEach((packet, port) => this.#advance(port, packet));
  }

  /** A pause frame has reached the peer of a port. */
  paused(port: number, quanta: number): void {
    this.#clock.at(this.#clock.now + this.#reactionPs, this.#stop, (port << 16) | quanta);
  }

  #duration(packet: number): number {
    return Math.round((this.#traffic!.length[packet]! + OVERHEAD) * 8 * this.#psPerBit);
  }

  #obey(port: number, quanta: number): void {
    this.#goesOnAt[port] = this.#clock.now + Math.round(quanta * QUANTUM_BITS * this.#psPerBit);
    // sooner than what it waits for, perhaps
    if (this.#state[port] === WAITING) this.#tryBegin(port);
  }

  #tryBegin(port: number): void {
    if (this.#state[port] !== WAITING) return;
    const { now } = this.#clock;
    const packet = this.#first[port]!;
    const duration = this.#duration(packet);
    const own = this.#traffic!.at[packet]! + this.#laterPs[port]! - duration;
    const at = Math.max(own, this.#goesOnAt[port]!);
    if (at > now) {
      this.#clock.at(at, this.#begin, port);
      return;
    }
    this.#state[port] = SENDING;
    this.#clock.at(now + duration, this.#end, port);
  }

  #sent(port: number): void {
    const packet = this.#first[port]!;
    this.#advance(port, this.#next[packet]!);
    this.#deliver(packet);
  }

  #advance(port: number, after: number): void {
    let packet = after;
    if (packet < 0 && this.#turnsLeft[port]! > 0) {
      this.#turnsLeft[port]!--;
      this.#laterPs[port]! += this.#periodPs;
      packet = this.#begins[port]!;
    }
    this.#first[port] = packet;
    this.#state[port] = packet < 0 ? IDLE : WAITING;
    this.#tryBegin(port);
  }
}
