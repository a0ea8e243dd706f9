/**
 * The firmware of P2PNIC, variant Wr: the ingress NIC writes frames into the egress NIC (P2PNIC, 3.2, 4).
 *
 * Ingress. A thread takes a packet, looks it up, rewrites it; when its cycles are over, the packets of each
 * egress are posted in the order in which they arrived: reserve a slot, (1) write the frame, (2) write the
 * descriptor. Descriptor writes are held: they go out when eight have gathered, or when no other packet for
 * the same ring is in flight at the ingress, counted from the start of its processing; also when the ring
 * has no free slot, since what would free one may be among those held. So a last packet never waits for
 * another to come, and there is no timer.
 *
 * Egress. The rings are polled; a visible descriptor's frame is sent from its slot; (3) completions are
 * written back by the same rule. Without a free slot an ingress NIC waits, its ingress buffer fills, and the
 * MAC loses what comes: the one legal place.
 */
import { REASON } from "../../core/policy.ts";
import type { Env, ReportRow } from "../../core/stack.ts";
import { BATCH_MAX } from "../../core/nic/peer_rings.ts";
import type { Nic } from "../../core/nic/nic.ts";
import { COMPLETION, DESCRIPTOR, type Firmware, SENT } from "../../core/nic/threads.ts";
import { route, Verdict } from "./ingress.ts";
import { Sequence } from "./sequence.ts";

/** Signal of our own: an egress thread has found what lies in the ring from NIC `arg`. */
const POLLED = 3;

/** One ordered pair of NICs, both ends. */
interface Pair {
  /** Ingress: packets on their way, in order of arrival. */
  readonly sequence: Sequence;
  /** Ingress: packets from the start of their processing until their frame is posted. */
  inFlight: number;
  /** Egress: frames given to the MAC and not gone. */
  sending: number;
  flushedIdle: number;
  flushedFull: number;
  flushedNoSlot: number;
}

/** What runs on the threads of every NIC. */
export class WrFirmware implements Firmware {
  readonly #env: Env;
  readonly #pairs: Pair[][];
  readonly #verdict = new Verdict();
  /** Cycles that a packet keeps its thread, and what each dependent read of the table adds. */
  readonly #cycles: number;
  readonly #readCycles: number;
  readonly #pollCycles: number;
  /** By ingress buffer: the egress that it goes to, or minus the reason why it goes nowhere. */
  readonly #outcome: Int16Array;

  constructor(env: Env) {
    this.#env = env;
    const { nics } = env.hardware;
    this.#outcome = new Int16Array(env.memory.offset.length);
    this.#cycles = env.cost("p2pnic.ingress");
    this.#readCycles = env.cost("p2pnic.read");
    this.#pollCycles = env.cost("p2pnic.poll");
    this.#pairs = nics.map(() =>
      nics.map(() => ({
        sequence: new Sequence(),
        inFlight: 0,
        sending: 0,
        flushedIdle: 0,
        flushedFull: 0,
        flushedNoSlot: 0,
      }))
    );
  }

  packet(nic: Nic, _thread: number, b: number): number {
    const verdict = this.#verdict;
    route(this.#env, b, nic.port, verdict);
    const cycles = this.#cycles + verdict.reads * this.#readCycles;
    if (verdict.reason !== REASON.none) {
      this.#outcome[b] = -verdict.reason;
      return cycles;
    }
    this.#outcome[b] = verdict.egress;
    const pair = this.#pairs[nic.port]![verdict.egress]!;
    pair.inFlight++;
    pair.sequence.enter(b);
    return cycles;
  }

  done(nic: Nic, _thread: number, b: number): void {
    const outcome = this.#outcome[b]!;
    if (outcome < 0) {
      nic.drop(b, -outcome);
      return;
    }
    this.#pairs[nic.port]![outcome]!.sequence.ready(b);
    this.#post(nic.port, outcome);
  }

  signal(nic: Nic, kind: number, arg: number): void {
    if (kind === DESCRIPTOR) nic.threads.later(this.#pollCycles, POLLED, arg);
    else if (kind === POLLED) this.#send(nic, arg);
    else if (kind === SENT) this.#sent(nic, arg);
    else if (kind === COMPLETION) this.#post(nic.port, arg);
  }

  /** Posts what is ready for an egress, in order, as long as there are slots. */
  #post(ingress: number, egress: number): void {
    const { peers } = this.#env.hardware;
    const pair = this.#pairs[ingress]![egress]!;
    for (;;) {
      const b = pair.sequence.head;
      if (b < 0) return;
      const slot = peers.reserve(ingress, egress);
      if (slot < 0) {
        if (peers.pending(ingress, egress) > 0) {
          pair.flushedNoSlot++;
          peers.flush(ingress, egress);
        }
        return;
      }
      pair.sequence.leave();
      pair.inFlight--;
      peers.writeFrame(ingress, egress, b, slot);
      const held = peers.append(ingress, egress, slot);
      if (held < BATCH_MAX && pair.inFlight > 0) continue;
      if (held === BATCH_MAX) pair.flushedFull++;
      else pair.flushedIdle++;
      peers.flush(ingress, egress);
    }
  }

  /** Sends every frame whose descriptor is visible. */
  #send(nic: Nic, ingress: number): void {
    const { peers } = this.#env.hardware;
    const pair = this.#pairs[ingress]![nic.port]!;
    for (;;) {
      const slot = peers.take(ingress, nic.port);
      if (slot < 0) return;
      pair.sending++;
      nic.macOut.send(slot);
    }
  }

  #sent(nic: Nic, slot: number): void {
    const { peers } = this.#env.hardware;
    const ingress = this.#env.memory.port[slot]!;
    const pair = this.#pairs[ingress]![nic.port]!;
    pair.sending--;
    const waiting = peers.complete(ingress, nic.port, slot);
    if (waiting === BATCH_MAX || pair.sending === 0) peers.flushCompletions(ingress, nic.port);
  }

  report(): ReportRow[] {
    const rows: ReportRow[] = [];
    const { peers, nics } = this.#env.hardware;
    for (const { port: i } of nics) {
      for (const { port: e } of nics) {
        if (i === e) continue;
        const pair = this.#pairs[i]![e]!;
        const name = `desc_ring[${i}][${e}]`;
        rows.push({ name: `${name} flush idle`, value: pair.flushedIdle, unit: "flushes" });
        rows.push({ name: `${name} flush full`, value: pair.flushedFull, unit: "flushes" });
        rows.push({ name: `${name} flush no slot`, value: pair.flushedNoSlot, unit: "flushes" });
        peers.batches(i, e).forEach((value, n) => {
          if (value > 0) {
            rows.push({ name: `${name} batch ${n}`, value, unit: "descriptor writes" });
          }
        });
      }
    }
    return rows;
  }
}
