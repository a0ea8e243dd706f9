/**
 * The two ends of every link of the TLP fabric: root complex and devices as requesters and completers.
 *
 * Requester: operations wait in one queue per class and are cut into TLPs as they are sent, so what waits
 * costs one entry each however long it is. Read requests need a tag. Posted writes and completions that
 * arrive are accepted at once, whatever the node itself can or cannot send (otherwise writers that fill each
 * other's buffers stop for ever). Completions use finite credits like everything else.
 *
 * Completer: a read request stays in the receive buffer, holding its credit, until the completer has a place
 * for it; the answer is ready after the target's latency and is cut into completions as they are sent.
 *
 * Order across the two ends. A write is visible `writePs` after it arrived. A read is answered, and data that
 * came back is reported, only after earlier writes on the same path are visible: otherwise the write latency
 * of the model would let a read pass a write which its TLP did not pass.
 */
import { Allowance } from "./_allowance.ts";
import * as geometry from "./_geometry.ts";
import type { Pool } from "./_pool.ts";
import { Queues } from "./_queues.ts";
import type { Receiver } from "./_switch.ts";
import type { Wires } from "./_wires.ts";
import type { FabricProfile } from "./fabric.ts";
import type { Clock } from "../time/clock.ts";

/** Constants of this module: V8 reads and checks what is imported at each use. */
const { CLASSES, COMPLETION, downLink, NON_POSTED, POSTED, upLink } = geometry;

/** What a node may have waiting or outstanding in the TLP fabric. */
export interface TlpLimits {
  /** Read requests that a requester may have outstanding. */
  readonly tags: number;
  /** Read requests that a completer works on at a time; more wait in its receive buffer. */
  readonly reads: number;
  /** TLPs that may wait in a source's own queue of a class before it has no room. */
  readonly waiting: number;
}

/** Requesters and completers. */
export class Endpoints implements Receiver {
  readonly #clock: Clock;
  readonly #profile: FabricProfile;
  readonly #pool: Pool;
  readonly #wires: Wires;
  readonly #limits: TlpLimits;
  readonly #nodes: number = 0;
  readonly #queues: Queues;
  /** Requests in the receive buffers: only the non-posted queue of each set is used. */
  readonly #requests: Queues;
  readonly #tags: Allowance;
  readonly #largest = new Int32Array(CLASSES);
  /** TLPs waiting at each node, posted and non-posted. */
  readonly #waiting: Int32Array = new Int32Array(0);
  readonly #reading: Int32Array = new Int32Array(0);
  /** When the last write of a pair becomes visible: `src * nodes + dst`. */
  readonly #visibleAt: Float64Array = new Float64Array(0);
  readonly #refused: Uint8Array = new Uint8Array(0);
  readonly #roomHandler: Int32Array = new Int32Array(0);
  readonly #switchHandler: number = 0;
  readonly #requestHandler: number = 0;
  readonly #answerHandler: number = 0;

  /** @param routed runs for a TLP that the switch may forward */
  constructor(
    clock: Clock,
    profile: FabricProfile,
    pool: Pool,
    wires: Wires,
    nodes: number,
    limits: TlpLimits,
    routed: (tlp: number) => void,
  ) {
    this.#clock = clock;
    this.#profile = profile;
    this.#pool = pool;
    this.#wires = wires;
    this.#limits = limits;
    this.#nodes = nodes;
    this.#queues = new Queues(pool, nodes);
    this.#requests = new Queues(pool, nodes);
    this.#tags = new Allowance(nodes, limits.tags);
    this.#waiting = new Int32Array(nodes * 2);
    this.#reading = new Int32Array(nodes);
    this.#visibleAt = new Float64Array(nodes * nodes).fill(-1);
    this.#refused = new Uint8Array(nodes);
    this.#roomHandler = new Int32Array(nodes).fill(-1);
    this.#switchHandler = clock.register(routed);
    this.#requestHandler = clock.register((tlp) => this.#request(tlp));
    this.#answerHandler = clock.register((tlp) => this.#answer(tlp));
  }

  /** Starts an operation of class posted or non-posted: at once if it is one TLP and may go, else it is queued. */
  start(cls: number, src: number, dst: number, bytes: number, handler: number, arg: number): void {
    const pool = this.#pool;
    const op = pool.takeOp(cls, src, dst, bytes, handler, arg);
    if (this.#passes(src, cls, bytes)) {
      if (cls === NON_POSTED) this.#tags.take(src, 1);
      pool.becomeTlp(op);
      return this.#send(op);
    }
    this.#waiting[src * 2 + cls]! += Math.ceil(bytes / this.#largest[cls]!);
    this.#queues.append(src * CLASSES + cls, op);
    this.transmit(src);
  }

  /** Whether so many bytes are one TLP that goes at once; then it is a node's turn that has passed. */
  #passes(node: number, cls: number, bytes: number): boolean {
    const base = node * CLASSES;
    const clear = bytes <= this.#largest[cls]! && !this.#queues.waits(base) &&
      (cls !== NON_POSTED || this.#tags.isOpen(node, this.#clock.now)) &&
      this.#wires.clear(upLink(node), cls, bytes);
    if (clear) this.#queues.passed(base, cls);
    return clear;
  }

  /** Whether fewer TLPs than the limit wait in both queues of a source. */
  hasRoom(src: number): boolean {
    const limit = this.#limits.waiting;
    return this.#waiting[src * 2]! < limit && this.#waiting[src * 2 + 1]! < limit;
  }

  /** Remembers that a source was refused. */
  refuse(src: number): void {
    this.#refused[src] = 1;
  }

  /** Names what to schedule when room comes back. */
  onRoom(src: number, handler: number): void {
    this.#roomHandler[src] = handler;
  }

  /** Starts one TLP towards the switch if one may go. */
  transmit(node: number): void {
    const link = upLink(node);
    const base = node * CLASSES;
    if (!this.#queues.waits(base) || !this.#wires.ready(link)) return;
    const tagFree = this.#tags.isOpen(node, this.#wires.now);
    const barred = tagFree ? 0 : 1 << NON_POSTED;
    const cls = this.#queues.pick(base, this.#wires.credits, link * CLASSES, barred);
    if (cls < 0) {
      this.#wires.block(link);
      if (!tagFree) this.#wires.wake(link, this.#tags.opensAt(node));
      return;
    }
    if (cls === COMPLETION) this.#sendCompletion(node);
    else this.#sendRequest(node, cls);
    if (this.#queues.waits(base)) this.#wires.wake(link, this.#wires.links.freeAt(link));
  }

  #sendRequest(node: number, cls: number): void {
    const pool = this.#pool;
    const queue = node * CLASSES + cls;
    const op = this.#queues.first(queue);
    const bytes = Math.min(pool.bytes(op), this.#largest[cls]!);
    const left = pool.bytes(op) - bytes;
    pool.leave(op, left);
    if (left === 0) this.#queues.shift(queue);
    else this.#queues.refresh(queue);
    if (cls === NON_POSTED) this.#tags.take(node, 1);
    this.#send(pool.takeTlp(cls, node, pool.dst(op), bytes, op, left === 0));
    this.#waiting[node * 2 + cls]!--;
    if (this.#refused[node] === 1 && this.hasRoom(node)) {
      this.#refused[node] = 0;
      const handler = this.#roomHandler[node]!;
      if (handler >= 0) this.#clock.at(this.#clock.now, handler, node);
    }
  }

  #sendCompletion(node: number): void {
    const pool = this.#pool;
    const queue = node * CLASSES + COMPLETION;
    const request = this.#queues.first(queue);
    const bytes = Math.min(pool.bytes(request), this.#largest[COMPLETION]!);
    const left = pool.bytes(request) - bytes;
    pool.leave(request, left);
    const last = left === 0;
    const tlp = pool.takeTlp(COMPLETION, node, pool.src(request), bytes, pool.op(request), last);
    this.#send(tlp);
    if (!last) {
      this.#queues.refresh(queue);
      return;
    }
    this.#queues.shift(queue);
    pool.giveTlp(request);
    this.#reading[node]!--;
    this.#accept(node);
  }

  #send(tlp: number): void {
    const pool = this.#pool;
    const src = pool.src(tlp);
    const end = this.#wires.send(upLink(src), pool.cls(tlp), pool.bytes(tlp));
    const cutThrough = this.#wires.links.sameRate(upLink(src), downLink(pool.dst(tlp)));
    const routedAt = (cutThrough ? this.#wires.now : end) + this.#profile.switchPs;
    this.#clock.at(routedAt, this.#switchHandler, tlp);
  }

  /** The switch has begun to forward a TLP, whose last byte arrives at `at`. */
  deliver(tlp: number, at: number): void {
    const pool = this.#pool;
    const cls = pool.cls(tlp);
    const dst = pool.dst(tlp);
    if (cls === NON_POSTED) {
      // with a place at the completer none waits before it, and it need not be looked at when it arrives
      if (this.#reading[dst]! < this.#limits.reads) this.#read(tlp, at);
      else this.#clock.at(at, this.#requestHandler, tlp);
      return;
    }
    this.#wires.release(downLink(dst), cls, pool.bytes(tlp), at);
    if (cls === POSTED) this.#land(tlp, at);
    else this.#comeBack(tlp, at);
    pool.giveTlp(tlp);
  }

  #land(tlp: number, at: number): void {
    if (!this.#pool.last(tlp)) return;
    const dst = this.#pool.dst(tlp);
    const latency = dst === 0 ? this.#profile.hostWritePs : this.#profile.deviceWritePs;
    const visible = at + latency;
    this.#visibleAt[this.#pool.src(tlp) * this.#nodes + dst] = visible;
    this.#finish(this.#pool.op(tlp), visible);
  }

  #comeBack(tlp: number, at: number): void {
    const pool = this.#pool;
    const op = pool.op(tlp);
    const requester = pool.dst(tlp);
    if (pool.last(tlp)) {
      this.#tags.giveBack(requester, 1, at);
      if (this.#wires.blocked(upLink(requester))) this.#wires.wake(upLink(requester), at);
    }
    if (pool.comeBack(op, pool.bytes(tlp)) > 0) return;
    const visible = this.#visibleAt[pool.src(tlp) * this.#nodes + requester]!;
    this.#finish(op, at > visible ? at : visible + 1);
  }

  #finish(op: number, at: number): void {
    this.#clock.at(at, this.#pool.handler(op), this.#pool.arg(op));
    this.#pool.give(op);
  }

  /** A read request has arrived at its completer. */
  #request(tlp: number): void {
    const node = this.#pool.dst(tlp);
    this.#requests.append(node * CLASSES + NON_POSTED, tlp);
    this.#accept(node);
  }

  #accept(node: number): void {
    const queue = node * CLASSES + NON_POSTED;
    while (this.#reading[node]! < this.#limits.reads && this.#requests.first(queue) >= 0) {
      this.#read(this.#requests.shift(queue), this.#clock.now);
    }
  }

  /** The completer takes a request on at `at`. */
  #read(tlp: number, at: number): void {
    const node = this.#pool.dst(tlp);
    this.#reading[node]!++;
    this.#wires.release(downLink(node), NON_POSTED, 0, at);
    const latency = node === 0 ? this.#profile.hostReadPs : this.#profile.deviceReadPs;
    const visible = this.#visibleAt[this.#pool.src(tlp) * this.#nodes + node]!;
    const ready = at + latency;
    this.#clock.at(ready > visible ? ready : visible, this.#answerHandler, tlp);
  }

  #answer(tlp: number): void {
    const pool = this.#pool;
    const node = pool.dst(tlp);
    if (!this.#passes(node, COMPLETION, pool.bytes(tlp))) {
      this.#queues.append(node * CLASSES + COMPLETION, tlp);
      return this.transmit(node);
    }
    pool.turnRound(tlp, COMPLETION);
    this.#send(tlp);
    this.#reading[node]!--;
    this.#accept(node);
  }

  /** Nothing waits and nothing is outstanding; payloads of each class are at most `largest`. */
  reset(largest: readonly [number, number, number]): void {
    this.#largest.set(largest);
    this.#queues.reset(largest);
    this.#requests.reset(largest);
    this.#tags.reset();
    this.#waiting.fill(0);
    this.#reading.fill(0);
    this.#visibleAt.fill(-1);
    this.#refused.fill(0);
  }
}
