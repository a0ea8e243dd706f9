/**
 * The firmware of P2PNIC, one for all three variants (P2PNIC, 3.2 and 4).
 *
 * A thread of the ingress NIC takes a packet, looks it up, rewrites it; when its cycles are over, the packets of
 * each lane are posted in the order in which they arrived: reserve, (1) hand over the frame, write the
 * descriptor. What follows is the variant's (`transfer.ts`).
 *
 * Hold rule. Descriptor writes are held: they go out when eight have gathered, or when no other packet for the
 * same ring is in flight at the ingress, counted from the start of its processing; also when nothing can be
 * reserved, since what would free it may be among those held. So a last packet never waits for another to come,
 * and there is no timer. While a NIC waits its ingress buffer fills, and the MAC loses what comes: the one legal
 * place.
 */
import { REASON, type Reason, REASONS } from "../../core/policy.ts";
import type { Env } from "../../core/stack.ts";
import type { Nic } from "../../core/nic/nic.ts";
import { COMPLETION, type Firmware } from "../../core/nic/threads.ts";
import type { Fib4 } from "../../core/fib/fib.ts";
import { route, Verdict } from "./ingress.ts";
import type { Settings } from "./options.ts";
import { Sequence } from "./sequence.ts";
import type { Transfer } from "./transfer.ts";

/** Signal of our own: the switch says that NIC `arg` is gone. */
const REMOVED = 17;

/** The ingress end of one lane. */
export interface Lane {
  /** Packets on their way, in order of arrival. */
  readonly sequence: Sequence;
  /** Packets from the start of their processing until their frame is posted. */
  inFlight: number;
  flushedIdle: number;
  flushedFull: number;
  flushedNoSlot: number;
}

/** What runs on the threads of every NIC. */
export class P2pnicFirmware implements Firmware {
  readonly pipelineCycles: number = 0;
  readonly #env: Env;
  readonly #settings: Settings;
  readonly #fib: Fib4;
  readonly #transfer: Transfer;
  /** By NIC and lane. */
  readonly lanes: readonly (readonly Lane[])[];
  /** Look-ups, and the dependent reads that they took. */
  lookups = 0;
  reads = 0;
  /** By NIC and reason: packets that its firmware dropped. */
  readonly drops: readonly Int32Array[];
  #removed = -1;
  readonly #verdict = new Verdict();
  /** Cycles that a packet keeps its thread, and what each dependent read of the table adds. */
  readonly #cycles: number = 0;
  readonly #readCycles: number = 0;
  /** By ingress buffer: lane and egress, or minus the reason why it goes nowhere. */
  readonly #outcome: Int32Array = new Int32Array(0);

  /** Firmware that looks up in `fib` and hands over by `transfer`. */
  constructor(env: Env, settings: Settings, fib: Fib4, transfer: Transfer) {
    this.#env = env;
    this.#settings = settings;
    this.#fib = fib;
    this.#transfer = transfer;
    this.pipelineCycles = env.cost("p2pnic.pipeline");
    this.#cycles = env.cost("p2pnic.ingress");
    this.#readCycles = env.cost("p2pnic.read");
    this.drops = env.hardware.nics.map(() => new Int32Array(REASONS.length));
    this.#outcome = new Int32Array(env.memory.length.length);
    this.lanes = env.hardware.nics.map(() =>
      Array.from({ length: transfer.lanes }, () => ({
        sequence: new Sequence(),
        inFlight: 0,
        flushedIdle: 0,
        flushedFull: 0,
        flushedNoSlot: 0,
      }))
    );
    const { removal } = settings;
    if (removal === undefined) return;
    for (const nic of env.hardware.nics) {
      nic.threads.later(removal.afterUs * env.cost("p2pnic.us"), REMOVED, removal.port);
    }
  }

  packet(nic: Nic, _thread: number, b: number): number {
    const verdict = this.#verdict;
    const fixed = this.#settings.routing ? null : fixedPort(this.#settings, nic.port);
    if (fixed === null) route(this.#env, this.#fib, b, nic.port, verdict);
    else verdict.fixed(fixed);
    if (verdict.reads > 0) this.lookups++;
    this.reads += verdict.reads;
    if (verdict.egress === this.#removed && verdict.reason === REASON.none) {
      verdict.reason = REASON["no-route"];
    }
    const cycles = this.#cycles + verdict.reads * this.#readCycles;
    if (verdict.reason !== REASON.none) {
      this.#outcome[b] = -verdict.reason;
      return cycles;
    }
    const lane = this.#transfer.lane(b, verdict.egress);
    this.#outcome[b] = lane << 8 | verdict.egress;
    const state = this.lanes[nic.port]![lane]!;
    state.inFlight++;
    state.sequence.enter(b);
    return cycles;
  }

  done(nic: Nic, _thread: number, b: number): void {
    if (nic.port === this.#removed) return;
    const outcome = this.#outcome[b]!;
    if (outcome < 0) {
      this.#drop(nic, b, -outcome);
      return;
    }
    const lane = outcome >> 8;
    this.lanes[nic.port]![lane]!.sequence.ready(b);
    this.#post(nic.port, lane);
  }

  signal(nic: Nic, kind: number, arg: number): void {
    if (nic.port === this.#removed) return;
    if (kind === COMPLETION) this.#post(nic.port, arg);
    else if (kind === REMOVED) this.#remove(nic, arg);
    else this.#transfer.signal(nic, kind, arg);
  }

  #drop(nic: Nic, b: number, reason: Reason): void {
    this.drops[nic.port]![reason]!++;
    nic.drop(b, reason);
  }

  /** Packets towards a NIC that is gone have no route; what is in its memory is gone with it. */
  #remove(nic: Nic, port: number): void {
    this.#removed = port;
    if (nic.port !== port) this.#post(nic.port, port);
  }

  /** Posts what is ready for a lane, in order, as long as there is room at the other end. */
  #post(ingress: number, lane: number): void {
    const transfer = this.#transfer;
    const state = this.lanes[ingress]![lane]!;
    for (;;) {
      const b = state.sequence.head;
      if (b < 0) return;
      if (lane === this.#removed) {
        state.sequence.leave();
        state.inFlight--;
        this.#drop(this.#env.hardware.nics[ingress]!, b, REASON["no-route"]);
        continue;
      }
      const slot = transfer.reserve(ingress, lane);
      if (slot < 0) {
        if (transfer.pending(ingress, lane) > 0) {
          state.flushedNoSlot++;
          transfer.flush(ingress, lane);
        }
        return;
      }
      state.sequence.leave();
      state.inFlight--;
      const held = transfer.post(ingress, lane, this.#outcome[b]! & 0xff, b, slot);
      const { batch } = this.#settings;
      if (held < batch && state.inFlight > 0) continue;
      if (held === batch) state.flushedFull++;
      else state.flushedIdle++;
      transfer.flush(ingress, lane);
    }
  }
}

/** Where a NIC without routing sends everything: as told, else to its neighbour of the pair (0 and 1, 2 and 3). */
export function fixedPort(settings: Settings, port: number): number {
  return settings.fixedPort?.[port] ?? port ^ 1;
}
