/**
 * What the transmitter of each direction sends next, and what becomes of a TLP at the other end.
 *
 * Who owns what. The sender keeps a TLP in its replay buffer until it is acknowledged; with a full one it
 * waits. Order of sending: a DLLP if one is due (so credits never wait behind a stream of TLPs), then what has
 * to be sent again, then a new TLP.
 *
 * Nothing on a link overtakes anything, so whether the receiver will take a TLP is known when it is sent, and a
 * switch can begin to forward it before its end has come. A TLP with an error is thrown away whole: that a
 * cut-through switch would have sent a part of it on, nullified, is not modelled. On a link with flits an error
 * hits one TLP, not all that share its flit. A link does not retrain after repeated replays.
 */
import { Dllps, faultSite, type PcieChoices } from "./_dllps.ts";
import { FlowControl } from "./_flow_control.ts";
import type { Plan } from "./_plan.ts";
import { BAD_LCRC, DUPLICATE, GOOD } from "./_sequence.ts";
import { Serializer } from "./_serializer.ts";
import { Fifo, type Tlp, type Tlps } from "./_tlp.ts";
import type { PcieOptions } from "./options.ts";
import type { PcieTrace } from "./trace.ts";
import type { PcieClock } from "./_clock.ts";

/** The transaction layer above. */
export interface Above {
  /** The TLP that leaves on a direction now, out of its queue with its credits taken; null if none may. */
  next(d: number): Tlp | null;
  /** Its wire bytes. */
  wireBytes(d: number, tlp: Tlp): number;
  /** A new TLP has begun; its last symbol leaves at `endPs`. */
  left(d: number, tlp: Tlp, endPs: number): void;
  /** A TLP that will be accepted is on its way: its head can be used from `headPs` on, its end comes at `endPs`. */
  coming(d: number, tlp: Tlp, headPs: number, endPs: number): void;
  /** It has come. */
  arrived(d: number, tlp: Tlp): void;
}

/** What each direction has sent. */
export interface PcieSent {
  /** New TLPs, at `direction * 3 + class`. */
  readonly tlps: Float64Array;
  /** Bytes of payload in them. */
  readonly payload: Float64Array;
  /** Their bytes with header, framing, sequence number, LCRC and ECRC. */
  readonly wire: Float64Array;
  /** TLPs sent again. */
  readonly replays: Float64Array;
  /** DLLPs. */
  readonly dllps: Float64Array;
}

const DISCARDS = ["", "bad LCRC", "out of sequence", "duplicate"];

/** Transmitters and receivers of all directions. */
export class DataLink {
  readonly flow: FlowControl;
  readonly serializer: Serializer;
  readonly dllps: Dllps;
  readonly sent: PcieSent;
  readonly #plan: Plan;
  readonly #clock: PcieClock;
  readonly #tlps: Tlps;
  readonly #above: Above;
  readonly #trace: PcieTrace | null;
  #choices: PcieChoices | null = null;
  readonly #sites: Int32Array;
  readonly #turnAt: Float64Array;
  /** TLPs on each direction: index, verdict and sequence number, number in the ledger. */
  readonly #flight: Fifo<number>[];
  readonly #turn: number;
  readonly #arrival: number;

  constructor(
    o: PcieOptions,
    plan: Plan,
    clock: PcieClock,
    tlps: Tlps,
    above: Above,
    trace: PcieTrace | null,
  ) {
    const n = plan.directions;
    this.#plan = plan;
    this.#clock = clock;
    this.#tlps = tlps;
    this.#above = above;
    this.#trace = trace;
    this.flow = new FlowControl(o, plan, trace, () => clock.now);
    this.serializer = new Serializer(plan, o.skp);
    this.dllps = new Dllps(
      o,
      plan,
      clock,
      this.flow,
      this.serializer,
      trace,
      (d) => this.wake(d, clock.now),
    );
    const counts = (length: number) => new Float64Array(length);
    this.sent = {
      tlps: counts(3 * n),
      payload: counts(n),
      wire: counts(n),
      replays: counts(n),
      dllps: this.dllps.sent,
    };
    this.#sites = new Int32Array(n);
    this.#turnAt = new Float64Array(n).fill(Infinity);
    this.#flight = Array.from({ length: n }, () => new Fifo<number>());
    this.#turn = clock.register((d) => this.#pump(d));
    this.#arrival = clock.register((d) => this.#arrive(d));
  }

  /** Whether a direction is part of a link that works. */
  isUp(d: number): boolean {
    return this.dllps.state[d] !== 0;
  }

  /** Looks at a direction at `ps`, or before. */
  wake(d: number, ps: number): void {
    if (ps >= this.#turnAt[d]!) return;
    this.#turnAt[d] = ps;
    this.#clock.at(ps, this.#turn, d);
  }

  #pump(d: number): void {
    const { now } = this.#clock;
    // an earlier turn was asked for after this one and has done its work
    if (now !== this.#turnAt[d]) return;
    this.#turnAt[d] = Infinity;
    const { replay } = this.dllps;
    while (this.isUp(d)) {
      const free = this.serializer.freeAt[d]!;
      if (free > now) return this.wake(d, free);
      if (this.dllps.send(d)) continue;
      const again = replay.pending(d);
      if (again >= 0) {
        this.#transmit(d, again, true);
        replay.advance(d);
        continue;
      }
      if (this.dllps.state[d] !== 3 || replay.isFull(d)) return;
      const tlp = this.#above.next(d);
      if (tlp === null) return;
      this.#transmit(d, replay.store(d, tlp, this.#above.wireBytes(d, tlp)), false);
    }
  }

  #transmit(d: number, seq: number, isReplay: boolean): void {
    const { serializer, dllps } = this;
    const { replay, expected } = dllps;
    const { now } = this.#clock;
    const tlp = replay.tlp(d, seq);
    const bytes = replay.bytes(d, seq);
    serializer.sendTlp(d, now, bytes);
    const head = serializer.headAt + this.#plan.propagationPs[d]!;
    const end = serializer.endAt + this.#plan.propagationPs[d]!;
    const isBad = this.#choices !== null && this.#choices.pick(this.#sites[d]!, 2) === 1;
    const verdict = expected.judge(d, seq, isBad);
    if (isReplay) this.sent.replays[d]!++;
    else this.#count(d, tlp, bytes);
    const serial = replay.serial(d, seq);
    // what was accepted before is no longer this link's to read: only its number is
    this.#trace?.add(now, "send", d, serial, {
      value: seq,
      text: (isReplay ? "replay" : "") + (verdict === BAD_LCRC ? " corrupted" : ""),
      until: serializer.endAt,
      ...(isReplay ? {} : { cls: tlp.cls, headers: 1, data: tlp.data }),
    });
    if (!isReplay) this.#above.left(d, tlp, serializer.endAt);
    if (replay.oldest(d) === seq) dllps.restartTimer(d);
    const flight = this.#flight[d]!;
    flight.push(tlp.index);
    flight.push(verdict * 4096 + seq);
    flight.push(serial);
    this.#clock.at(end, this.#arrival, d);
    if (verdict === GOOD) this.#above.coming(d, tlp, head, end);
  }

  #count(d: number, tlp: Tlp, bytes: number): void {
    const { sent } = this;
    sent.tlps[d * 3 + tlp.cls]!++;
    sent.wire[d]! += bytes;
    if (tlp.cls !== 1) sent.payload[d]! += tlp.bytes;
  }

  #arrive(d: number): void {
    const flight = this.#flight[d]!;
    if (flight.length === 0) return; // the link went down
    const tlp = this.#tlps.at(flight.shift()!);
    const coded = flight.shift()!;
    const serial = flight.shift()!;
    const verdict = coded >> 12;
    if (verdict === GOOD) {
      this.#trace?.add(this.#clock.now, "accept", d, serial, {
        value: coded & 4095,
        cls: tlp.cls,
        headers: 1,
        data: tlp.data,
      });
      this.dllps.accepted(d);
      this.flow.receive(d, tlp.cls, tlp.data);
      this.dllps.freed(d, tlp.cls); // the pool may have given credits
      this.#above.arrived(d, tlp);
      return;
    }
    this.#trace?.add(this.#clock.now, "discard", d, serial, {
      value: coded & 4095,
      text: DISCARDS[verdict]!,
    });
    this.dllps.refused(d, verdict === DUPLICATE);
  }

  /** Whether a link that works has a TLP to send again which its other end does not have. */
  get owes(): boolean {
    const { replay, expected } = this.dllps;
    for (let d = 2; d < this.#plan.directions; d++) {
      if (!this.isUp(d)) continue;
      for (let n = replay.unacked(d), seq = replay.oldest(d); n > 0; n--, seq = (seq + 1) & 4095) {
        if (!expected.willHave(d, seq)) return true;
      }
    }
    return false;
  }

  /** A TLP leaves the receive buffer of a direction. */
  free(d: number, cls: number, data: number, serial: number): void {
    this.#trace?.add(this.#clock.now, "free", d, serial, { cls, headers: 1, data });
    this.flow.free(d, cls, data);
    this.dllps.freed(d, cls);
  }

  /**
   * A direction goes down. `lose` gets every TLP that was on its way, and would have been accepted, or that
   * waited for its Ack and that the other end does not have.
   */
  down(d: number, lose: (tlp: Tlp, wasGood: boolean) => void): void {
    const { replay, expected } = this.dllps;
    const flight = this.#flight[d]!;
    const lost = new Map<Tlp, boolean>();
    while (flight.length > 0) {
      const tlp = this.#tlps.at(flight.shift()!);
      const coded = flight.shift()!;
      flight.shift();
      if (coded >> 12 === GOOD) lost.set(tlp, true);
    }
    for (let n = replay.unacked(d), seq = replay.oldest(d); n > 0; n--, seq = (seq + 1) & 4095) {
      if (!expected.willHave(d, seq)) lost.set(replay.tlp(d, seq), false);
    }
    this.dllps.down(d);
    for (const [tlp, wasGood] of lost) lose(tlp, wasGood);
  }

  /** All links idle and about to initialise flow control. */
  reset(choices: PcieChoices | null): void {
    this.#choices = choices;
    this.flow.reset();
    this.serializer.reset();
    for (const counts of Object.values(this.sent)) counts.fill(0);
    this.#turnAt.fill(Infinity);
    for (const flight of this.#flight) flight.clear();
    const site = (kind: "tlp" | "dllp", d: number) => {
      const { from, to, names } = this.#plan;
      return choices!.site(faultSite(kind, `${names[from[d]!]}>${names[to[d]!]}`));
    };
    for (let d = 2; d < this.#plan.directions && choices !== null; d++) {
      this.#sites[d] = site("tlp", d);
    }
    this.dllps.reset(choices, site);
  }
}
