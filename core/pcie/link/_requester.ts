/**
 * Requesters: operations, the requests they are cut into, tags, completions that come back, time-outs.
 *
 * Who owns what. An operation is an entry of its node's own queue until its last TLP has been cut, and is in
 * the model until all its bytes have landed, come back, or been given up. A read request holds a tag and its
 * share of the completion buffer from when it is sent until its last completion or its time-out. Nothing
 * crosses a 4 KiB boundary (2.2.7); writes are cut by MPS, reads by MRRS.
 */
import type { Plan } from "./_plan.ts";
import { READ, words, WRITE } from "./_rates.ts";
import type { Router } from "./_router.ts";
import {
  DROPPED,
  Fifo,
  REMOVED,
  STATUS,
  TIMEOUT,
  type Tlp,
  type Tlps,
  UNSUPPORTED,
} from "./_tlp.ts";
import type { PcieOptions } from "./options.ts";
import type { PcieTrace } from "./trace.ts";
import type { PcieClock } from "./_clock.ts";

const PAGE = 4096;

/** Requesters of all nodes. */
export class Requester {
  /** See `PcieModel`: operations not ended, completions nobody waited for, how the last one ended. */
  outstanding = 0;
  unexpected = 0;
  status = 0;
  /** Operations waiting at each node, posted and non-posted. */
  readonly waiting: Int32Array;
  readonly #o: PcieOptions;
  readonly #plan: Plan;
  readonly #clock: PcieClock;
  readonly #tlps: Tlps;
  readonly #router: Router;
  readonly #trace: PcieTrace | null;
  /** Free tags; request of each tag in use; bytes that requests wait for. */
  readonly #tags: Fifo<number>[];
  readonly #byTag: (Tlp | null)[];
  readonly #asked: Int32Array;
  /** Requests in order of their deadlines: the serial, the tag and the deadline of each. */
  readonly #deadlines: Fifo<number>[];
  readonly #timerWaits: Uint8Array;
  readonly #timer: number;
  readonly #finished: number;
  /** Called when an operation has left a node's queue. */
  onRoom: (node: number) => void = () => {};

  constructor(
    o: PcieOptions,
    plan: Plan,
    clock: PcieClock,
    tlps: Tlps,
    router: Router,
    trace: PcieTrace | null,
  ) {
    this.#o = o;
    this.#plan = plan;
    this.#clock = clock;
    this.#tlps = tlps;
    this.#router = router;
    this.#trace = trace;
    this.waiting = new Int32Array(plan.nodes * 2);
    this.#tags = Array.from({ length: plan.nodes }, () => new Fifo<number>());
    this.#byTag = new Array<Tlp | null>(plan.nodes << o.tagBits).fill(null);
    this.#asked = new Int32Array(plan.nodes);
    this.#deadlines = Array.from({ length: plan.nodes }, () => new Fifo<number>());
    this.#timerWaits = new Uint8Array(plan.nodes);
    this.#timer = clock.registerTimer((node) => this.#expire(node));
    this.#finished = clock.register((index) => this.#finish(tlps.at(index)));
  }

  /** Begins an operation. */
  start(
    kind: number,
    src: number,
    address: number,
    bytes: number,
    attributes: number,
    handler: number,
    arg: number,
  ): void {
    const dst = this.#plan.owner(address);
    const op = this.#tlps.take(kind, kind === WRITE ? 0 : 1, src, dst);
    op.requester = src;
    op.address = address;
    op.bytes = bytes;
    op.attributes = attributes;
    op.handler = handler;
    op.arg = arg;
    op.left = bytes;
    // one of no bytes is one request (2.2.5: a flush)
    op.due = Math.max(bytes, 1);
    op.at = this.#clock.now;
    this.outstanding++;
    this.#trace?.add(op.at, "post", -1, op.serial, { value: kind, cls: op.cls, data: bytes });
    const egress = this.#plan.route(src, -1, dst, true);
    if (egress < 0 || !this.#router.link.isUp(egress)) {
      op.status = UNSUPPORTED;
      this.#clock.at(op.at, this.#finished, op.index);
      return;
    }
    this.waiting[src * 2 + op.cls]!++;
    this.#prepare(op);
    this.#router.enqueue(egress, op);
  }

  #prepare(op: Tlp): void {
    const most = Math.min(
      op.kind === WRITE ? this.#o.mps - op.address % 4 : this.#o.mrrs,
      PAGE - op.address % PAGE,
    );
    op.chunk = Math.min(op.left, most);
    op.data = op.kind === WRITE ? (words(op.address, op.chunk) + 15) >> 4 : 0;
  }

  mayCut(node: number, op: Tlp): boolean {
    return op.kind === WRITE || (this.#tags[node]!.length > 0 &&
      this.#asked[node]! + op.chunk <= this.#o.completionBufferBytes);
  }

  /** The next TLP of an operation. */
  cut(set: number, op: Tlp): Tlp {
    const tlp = this.#tlps.take(op.kind, op.cls, op.src, op.dst);
    tlp.requester = op.src;
    tlp.address = op.address;
    tlp.bytes = op.chunk;
    tlp.attributes = op.attributes;
    tlp.data = op.data;
    tlp.op = op;
    op.left -= op.chunk;
    op.address += op.chunk;
    tlp.last = op.left === 0;
    if (op.kind === READ) this.#register(tlp);
    if (op.left > 0) {
      this.#prepare(op);
      return tlp;
    }
    this.#router.queues.remove(set, op);
    this.waiting[op.src * 2 + op.cls]!--;
    this.onRoom(op.src);
    return tlp;
  }

  /** A request is sent: it has a tag of its own, and an entry that waits for its completions. */
  #register(tlp: Tlp): void {
    const node = tlp.src;
    const tag = this.#tags[node]!.shift()!;
    tlp.tag = tag;
    const wait = this.#tlps.take(READ, 1, node, tlp.dst);
    wait.tag = tag;
    wait.op = tlp.op;
    wait.request = tlp.serial;
    wait.bytes = tlp.bytes;
    wait.due = Math.max(tlp.bytes, 1);
    this.#byTag[(node << this.#o.tagBits) + tag] = wait;
    this.#asked[node]! += tlp.bytes;
    const deadlines = this.#deadlines[node]!;
    const deadline = this.#clock.now + this.#o.completionTimeoutPs;
    deadlines.push(tlp.serial);
    deadlines.push(tag);
    deadlines.push(deadline);
    if (this.#timerWaits[node] === 1) return;
    this.#timerWaits[node] = 1;
    this.#clock.at(deadline, this.#timer, node);
  }

  #expire(node: number): void {
    this.#timerWaits[node] = 0;
    const deadlines = this.#deadlines[node]!;
    while (deadlines.length > 0) {
      const wait = this.#waiting(node, deadlines.nth(1), deadlines.nth(0));
      const deadline = deadlines.nth(2);
      if (wait !== null && deadline > this.#clock.now) {
        this.#timerWaits[node] = 1;
        this.#clock.at(deadline, this.#timer, node);
        return;
      }
      for (let i = 0; i < 3; i++) deadlines.shift();
      if (wait === null) continue;
      this.#trace?.add(this.#clock.now, "timeout", -1, wait.request, { value: node, cls: 1 });
      this.#giveUp(node, wait, TIMEOUT);
    }
  }

  /** The entry of a request that still waits, or null. */
  #waiting(node: number, tag: number, request: number): Tlp | null {
    const wait = this.#byTag[(node << this.#o.tagBits) + tag]!;
    return wait !== null && wait.request === request ? wait : null;
  }

  #giveUp(node: number, wait: Tlp, status: number): void {
    const { op, due } = wait;
    op!.status = status;
    this.#release(node, wait);
    this.#came(op!, due, this.#clock.now);
  }

  #release(node: number, wait: Tlp): void {
    this.#byTag[(node << this.#o.tagBits) + wait.tag] = null;
    this.#tags[node]!.push(wait.tag);
    this.#asked[node]! -= wait.bytes;
    this.#tlps.give(wait);
    for (const d of this.#plan.ports[node]!) this.#router.link.wake(d, this.#clock.now);
  }

  /** A completion has come, whose data is visible at `at`. */
  complete(node: number, tlp: Tlp, at: number): void {
    const wait = this.#waiting(node, tlp.tag, tlp.request);
    this.#trace?.add(at, "data", -1, tlp.serial, {
      cls: 2,
      value: node,
      text: wait === null ? "unexpected" : STATUS[tlp.status]!,
    });
    if (wait === null) {
      this.unexpected++;
    } else if (tlp.status !== 0) {
      this.#giveUp(node, wait, tlp.status);
    } else {
      const { op } = wait;
      const bytes = Math.max(tlp.bytes, 1);
      wait.due -= bytes;
      if (wait.due === 0) this.#release(node, wait);
      this.#came(op!, bytes, at);
    }
    this.#tlps.give(tlp);
  }

  /** Bytes of an operation have landed or come back at `at`, or never will. */
  #came(op: Tlp, bytes: number, at: number): void {
    op.due -= bytes;
    if (at > op.at) op.at = at;
    if (op.due === 0) this.#clock.at(op.at, this.#finished, op.index);
  }

  /** A posted write has come to its target and is visible at `at`. */
  landed(tlp: Tlp, at: number): void {
    this.#came(tlp.op!, tlp.bytes, at);
    this.#tlps.give(tlp);
  }

  /** A TLP ended where nobody takes it. */
  dropped(tlp: Tlp): void {
    if (tlp.kind === WRITE) {
      const op = tlp.op!;
      if (op.status === 0) op.status = DROPPED;
      this.#came(op, tlp.bytes, this.#clock.now);
    }
    this.#tlps.give(tlp);
  }

  #finish(op: Tlp): void {
    this.outstanding--;
    this.#trace?.add(this.#clock.now, "done", -1, op.serial, {
      cls: op.cls,
      text: STATUS[op.status]!,
    });
    this.status = op.status;
    const { handler, arg } = op;
    this.#tlps.give(op);
    if (handler >= 0) this.#clock.dispatch(handler, arg);
  }

  /** An operation that waits in its node's queue will go no further. */
  abandon(op: Tlp, status: number): void {
    this.waiting[op.src * 2 + op.cls]!--;
    op.status = status;
    const left = op.bytes === 0 ? 1 : op.left;
    op.left = 0;
    this.#came(op, left, this.#clock.now);
  }

  /** What a removed node has asked for is given up. */
  abandonReads(node: number): void {
    for (let tag = 0; tag < 1 << this.#o.tagBits; tag++) {
      const wait = this.#byTag[(node << this.#o.tagBits) + tag]!;
      if (wait !== null) this.#giveUp(node, wait, REMOVED);
    }
  }

  reset(): void {
    this.outstanding = 0;
    this.unexpected = 0;
    this.waiting.fill(0);
    this.#byTag.fill(null);
    this.#asked.fill(0);
    this.#timerWaits.fill(0);
    for (const deadlines of this.#deadlines) deadlines.clear();
    for (const tags of this.#tags) {
      tags.clear();
      for (let tag = 0; tag < 1 << this.#o.tagBits; tag++) tags.push(tag);
    }
  }
}
