/** Variants Wr and Rd: rings in the memory of the NICs (P2PNIC, figures 5 and 6). */
import type { Nic } from "../../core/nic/nic.ts";
import type { DmaTrace } from "../../core/nic/peer_dma.ts";
import type { PeerRings } from "../../core/nic/peer_rings.ts";
import { DESCRIPTOR, FETCHED, SENT } from "../../core/nic/threads.ts";
import type { Env } from "../../core/stack.ts";
import { Sequence } from "./sequence.ts";
import { Completions, LOOKED, Looks, type Transfer } from "./transfer.ts";

/** What Wr and Rd share: lanes are egress NICs, step 3 is a write into the ingress NIC's ring. */
abstract class PeerTransfer implements Transfer {
  readonly lanes: number = 0;
  protected readonly env: Env;
  protected readonly rings: PeerRings;
  protected readonly looks: Looks;
  protected readonly completions: Completions;

  constructor(env: Env, batch: number) {
    const { nics, peers, peerSlots, nicBuffers } = env.hardware;
    peers.boot(nics, peerSlots, nicBuffers);
    this.env = env;
    this.rings = peers;
    this.lanes = nics.length;
    this.looks = new Looks(env, nics.length - 1);
    this.completions = new Completions(nics.length, nics.length, batch);
  }

  ringName(ingress: number, lane: number): string | null {
    return ingress === lane ? null : `desc_ring[${ingress}][${lane}]`;
  }

  lane(_b: number, egress: number): number {
    return egress;
  }

  reserve(ingress: number, lane: number): number {
    return this.rings.reserve(ingress, lane);
  }

  abstract post(
    ingress: number,
    lane: number,
    egress: number,
    b: number,
    slot: number,
  ): number;

  pending(ingress: number, lane: number): number {
    return this.rings.pending(ingress, lane);
  }

  flush(ingress: number, lane: number): void {
    this.rings.flush(ingress, lane);
  }

  batches(ingress: number, lane: number): Int32Array {
    return this.rings.batches(ingress, lane);
  }

  missing(ingress: number, lane: number): number {
    return this.rings.missing(ingress, lane);
  }

  trace(to: DmaTrace): void {
    this.rings.trace = to;
  }

  signal(nic: Nic, kind: number, arg: number): void {
    if (kind === DESCRIPTOR) this.looks.at(nic, arg < nic.port ? arg : arg - 1, arg);
    else if (kind === LOOKED) this.looked(nic, arg);
    else if (kind === FETCHED) this.fetched(nic, arg);
    else if (kind === SENT) this.sent(nic, arg);
  }

  /** Egress threads look at the ring from a NIC. */
  protected abstract looked(nic: Nic, ingress: number): void;

  /** A frame that was asked for is in its slot. */
  protected fetched(_nic: Nic, _slot: number): void {}

  protected sent(nic: Nic, slot: number): void {
    this.done(nic, this.env.memory.port[slot]!, slot);
  }

  /** The egress NIC is done with a slot. */
  protected done(nic: Nic, ingress: number, slot: number): void {
    const waiting = this.rings.complete(ingress, nic.port, slot);
    if (this.completions.isDue(nic.port, ingress, waiting)) {
      this.rings.flushCompletions(ingress, nic.port);
    }
  }
}

/** Wr: the ingress NIC writes the frame into a slot of the egress NIC. */
export class WriteTransfer extends PeerTransfer {
  override post(ingress: number, lane: number, _e: number, b: number, slot: number): number {
    this.rings.writeFrame(ingress, lane, b, slot);
    return this.rings.append(ingress, lane, slot);
  }

  protected override looked(nic: Nic, ingress: number): void {
    for (let slot; (slot = this.rings.take(ingress, nic.port)) >= 0;) {
      this.completions.take(nic.port, ingress);
      this.send(nic, ingress, slot);
    }
  }

  /** The frame in a slot may leave. */
  protected send(nic: Nic, _ingress: number, slot: number): void {
    nic.macOut.send(slot);
  }
}

/** What the egress threads of one NIC do in Rd. */
class Fetchers {
  /** Threads that wait for a frame. */
  busy = 0;
  /** The ring that was served last. */
  turn = 0;
  /** By ingress NIC: whether the threads have seen that there is something; frames in order. */
  readonly seen: Uint8Array = new Uint8Array(0);
  readonly sequences: readonly Sequence[];

  constructor(nics: number) {
    this.seen = new Uint8Array(nics);
    this.sequences = Array.from({ length: nics }, () => new Sequence());
  }
}

/**
 * Rd: the egress NIC reads the frame out of the ingress NIC. A thread takes one descriptor and waits for its
 * frame; there are as many as the DMA engine has reads under way. Other threads look at the rings, some at each that is in use, and looks and reads share the memory of
 * the NIC: the more rings are in use, the less is left for the bytes of frames (P2PNIC, 5.1 and 5.3).
 */
export class ReadTransfer extends PeerTransfer {
  readonly #fetchers: readonly Fetchers[];

  constructor(env: Env, batch: number) {
    super(env, batch);
    this.#fetchers = env.hardware.nics.map(() => new Fetchers(this.lanes));
  }

  override post(ingress: number, lane: number, _e: number, b: number, slot: number): number {
    this.rings.offerFrame(b, slot);
    return this.rings.append(ingress, lane, slot);
  }

  protected override looked(nic: Nic, ingress: number): void {
    this.#fetchers[nic.port]!.seen[ingress] = 1;
    this.#serve(nic);
  }

  /** Free threads take descriptors, of one ring after the other. */
  #serve(nic: Nic): void {
    const f = this.#fetchers[nic.port]!;
    let empty = 0;
    while (f.busy < nic.dma.readsInFlight && empty < this.lanes) {
      f.turn = f.turn + 1 < this.lanes ? f.turn + 1 : 0;
      const slot = f.seen[f.turn] === 0 ? -1 : this.rings.take(f.turn, nic.port);
      if (slot < 0) {
        f.seen[f.turn] = 0;
        empty++;
        continue;
      }
      empty = 0;
      f.busy++;
      f.sequences[f.turn]!.enter(slot);
      this.completions.take(nic.port, f.turn);
      this.rings.fetch(f.turn, nic.port, slot);
    }
    this.#share(nic);
  }

  #share(nic: Nic): void {
    let inUse = 0;
    for (let i = 0; i < this.lanes; i++) {
      if (i !== nic.port && this.completions.sending(nic.port, i) > 0) inUse++;
    }
    nic.dma.readShareTaken = this.looks.share(inUse);
  }

  protected override fetched(nic: Nic, slot: number): void {
    const f = this.#fetchers[nic.port]!;
    f.busy--;
    const sequence = f.sequences[this.env.memory.port[slot]!]!;
    sequence.ready(slot);
    for (let head; (head = sequence.head) >= 0; sequence.leave()) nic.macOut.send(head);
    this.#serve(nic);
  }
}
