/**
 * The switch of the TLP fabric. Each ingress port keeps one set of class queues for every egress port, so a
 * blocked egress holds nobody else (virtual output queues, as the PEX 8532 data book, 8.2.3, describes them);
 * the receive buffer of an ingress port is what its credits say, one per class, shared by its egress ports.
 * An egress port serves the ingress ports in turn, one TLP each; within one the ordering table decides.
 * Space in an ingress buffer is free again when the TLP begins to leave on the egress link: what arrives in
 * its place is no faster than what drains it.
 *
 * Cut-through (a TLP may leave `switchPs` after its first byte came) where ingress and egress have the same
 * rate, otherwise store-and-forward (`switchPs` after its last byte).
 */
import * as geometry from "./_geometry.ts";
import type { Pool } from "./_pool.ts";
import { Queues } from "./_queues.ts";
import type { Wires } from "./_wires.ts";

/** Constants of this module: V8 reads and checks what is imported at each use. */
const { CLASSES, downLink, NON_POSTED, POSTED, upLink } = geometry;

/** What the switch hands a TLP to that begins to leave; its last byte arrives at `at`. */
export interface Receiver {
  deliver(tlp: number, at: number): void;
}

/** Virtual output queues and their arbitration. */
export class Switch {
  /** Payload that waits to leave, in bytes, now and at most. */
  bytes = 0;
  peakBytes = 0;
  /** A fault: posted TLPs that would make it hold more are lost, with `lose`. Infinity when all is well. */
  holds = Infinity;
  /** TLPs lost. */
  lost = 0;
  /** Told of a posted TLP that is lost. */
  lose: ((tlp: number) => void) | null = null;
  readonly #nodes: number = 0;
  readonly #pool: Pool;
  readonly #wires: Wires;
  readonly #queues: Queues;
  /** For each egress, the ingress ports with something for it, as bits. */
  readonly #waiting: Int32Array = new Int32Array(0);
  readonly #turn: Int32Array = new Int32Array(0);

  constructor(nodes: number, pool: Pool, wires: Wires) {
    this.#nodes = nodes;
    this.#pool = pool;
    this.#wires = wires;
    this.#queues = new Queues(pool, nodes * nodes);
    this.#waiting = new Int32Array(nodes);
    this.#turn = new Int32Array(nodes);
  }

  /** A TLP has been routed: it may leave from now on. */
  arrive(tlp: number, receiver: Receiver): void {
    const src = this.#pool.src(tlp);
    const dst = this.#pool.dst(tlp);
    const cls = this.#pool.cls(tlp);
    const bytes = cls === NON_POSTED ? 0 : this.#pool.bytes(tlp);
    if (cls === POSTED && this.bytes + bytes > this.holds) {
      this.lost++;
      this.#wires.release(upLink(src), cls, bytes, this.#wires.now);
      this.lose!(tlp);
      return;
    }
    if (this.bytes + bytes > this.peakBytes) this.peakBytes = this.bytes + bytes;
    if (this.#waiting[dst] === 0 && this.#wires.clear(downLink(dst), cls, bytes)) {
      this.#turn[dst] = src;
      this.#queues.passed((src * this.#nodes + dst) * CLASSES, cls);
      this.#leave(tlp, src, dst, cls, bytes, receiver);
      return;
    }
    this.bytes += bytes;
    this.#queues.append((src * this.#nodes + dst) * CLASSES + cls, tlp);
    this.#waiting[dst]! |= 1 << src;
    this.transmit(dst, receiver);
  }

  /** Starts one TLP towards a node if one may go. */
  transmit(node: number, receiver: Receiver): void {
    const link = downLink(node);
    if (this.#waiting[node] === 0 || !this.#wires.ready(link)) return;
    const nodes = this.#nodes;
    const waiting = this.#waiting[node]!;
    let ingress = this.#turn[node]!;
    for (let i = 0; i < nodes; i++) {
      ingress = ingress + 1 < nodes ? ingress + 1 : 0;
      if ((waiting >> ingress & 1) === 0) continue;
      const base = (ingress * nodes + node) * CLASSES;
      const cls = this.#queues.pick(base, this.#wires.credits, link * CLASSES, 0);
      if (cls < 0) continue;
      this.#turn[node] = ingress;
      this.#forward(ingress, node, cls, receiver);
      if (this.#waiting[node] !== 0) this.#wires.wake(link, this.#wires.links.freeAt(link));
      return;
    }
    this.#wires.block(link);
  }

  #forward(ingress: number, egress: number, cls: number, receiver: Receiver): void {
    const base = (ingress * this.#nodes + egress) * CLASSES;
    const tlp = this.#queues.shift(base + cls);
    if (!this.#queues.waits(base)) this.#waiting[egress]! &= ~(1 << ingress);
    const bytes = cls === NON_POSTED ? 0 : this.#pool.bytes(tlp);
    this.bytes -= bytes;
    this.#leave(tlp, ingress, egress, cls, bytes, receiver);
  }

  /** A TLP with `bytes` of payload begins to leave. */
  #leave(
    tlp: number,
    ingress: number,
    egress: number,
    cls: number,
    bytes: number,
    receiver: Receiver,
  ): void {
    const arrival = this.#wires.send(downLink(egress), cls, bytes);
    this.#wires.release(upLink(ingress), cls, bytes, this.#wires.now);
    receiver.deliver(tlp, arrival);
  }

  /** Empties the switch. */
  reset(largest: readonly [number, number, number]): void {
    this.#queues.reset(largest);
    this.#waiting.fill(0);
    this.#turn.fill(0);
    this.bytes = 0;
    this.peakBytes = 0;
    this.holds = Infinity;
    this.lost = 0;
    this.lose = null;
  }
}
