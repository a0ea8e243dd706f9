/**
 * Root complex and switches as forwarders, and the arbitration for every direction, endpoints included.
 *
 * Each direction has one set of queues for every port of the node that it leaves, and one for what the node
 * itself makes; a blocked direction so holds up nobody else (virtual output queues), unless the posted TLPs of
 * a switch's ingress port are declared to share one queue. The ports are served in turn, one TLP each; within a
 * set the ordering table decides. A receive buffer is free again when the TLP has left on its egress.
 *
 * Cut-through: a TLP may begin to leave `switchPs` after its head came, if the egress is not slower than the
 * ingress, and on a faster one late enough that it does not run dry; else `switchPs` after its end.
 *
 * A switch never drops for lack of room. What it cannot forward (nobody's address, peer-to-peer that is not
 * allowed, a port whose device is gone) it refuses: a request gets an unsupported request as its completion,
 * everything else is dropped and counted (base specification, 2.3.1).
 */
import type { Above, DataLink } from "./_data_link.ts";
import type { PcieChoices } from "./_dllps.ts";
import type { Plan } from "./_plan.ts";
import { Queues } from "./_queues.ts";
import { COMPLETION_DATA, COMPLETION_ERROR, READ, tlpBytes, words, WRITE } from "./_rates.ts";
import { Fifo, type Tlp, type Tlps, UNSUPPORTED } from "./_tlp.ts";
import type { PcieOptions } from "./options.ts";
import type { PcieTrace } from "./trace.ts";
import type { PcieClock } from "./_clock.ts";

/** What the router needs of requesters and completers. */
export interface Ends {
  /** For a mutant that couples acceptance to transmission: a direction of this node has its turn. */
  readonly onTurn: ((node: number) => void) | null;
  /** Whether a node's own operation may send its next TLP. */
  mayCut(node: number, entry: Tlp): boolean;
  /** The next TLP of an entry in a node's own queue, which leaves the queue with the last. */
  cut(set: number, entry: Tlp): Tlp;
  /** A TLP has come to its target. */
  sink(node: number, d: number, tlp: Tlp): void;
  /** A TLP ended where nobody takes it; its entry is free afterwards. */
  dropped(tlp: Tlp): void;
}

/** Queues and arbitration of all directions. */
export class Router implements Above {
  readonly queues: Queues;
  /** TLPs that ports have dropped, by node. */
  readonly drops: Float64Array;
  link!: DataLink;
  ends!: Ends;
  readonly #o: PcieOptions;
  readonly #plan: Plan;
  readonly #clock: PcieClock;
  readonly #trace: PcieTrace | null;
  readonly #base: Int32Array;
  readonly #turn: Int32Array;
  readonly #posted: Fifo<Tlp>[];
  readonly #freeing: Fifo<number>[];
  #choices: PcieChoices | null = null;
  #site = 0;
  readonly #routed: number;
  readonly #freed: number;
  #gateAt = 0;
  readonly #gate = (tlp: Tlp) => this.#allows(this.#gateAt, tlp);

  constructor(
    o: PcieOptions,
    plan: Plan,
    clock: PcieClock,
    tlps: Tlps,
    trace: PcieTrace | null,
  ) {
    this.#o = o;
    this.#plan = plan;
    this.#clock = clock;
    this.#trace = trace;
    this.#base = new Int32Array(plan.directions);
    let sets = 0;
    for (let d = 2; d < plan.directions; d++) {
      this.#base[d] = sets;
      sets += plan.ports[plan.from[d]!]!.length + 1;
    }
    this.queues = new Queues(sets, o);
    this.#turn = new Int32Array(plan.directions);
    this.drops = new Float64Array(plan.nodes);
    this.#posted = Array.from({ length: plan.directions }, () => new Fifo<Tlp>());
    this.#freeing = Array.from({ length: plan.directions }, () => new Fifo<number>());
    this.#routed = clock.register((index) => this.#route(tlps.at(index)));
    this.#freed = clock.register((d) => this.#free(d));
  }

  /** The set of what comes by `ingress` (-1: made in the node) and leaves by `egress`. */
  set(ingress: number, egress: number): number {
    const ports = this.#plan.ports[this.#plan.from[egress]!]!;
    return this.#base[egress]! +
      (ingress < 0 ? ports.length : this.#plan.place[ingress ^ 1]!);
  }

  wireBytes(d: number, tlp: Tlp): number {
    const carries = tlp.kind === WRITE || tlp.kind === COMPLETION_DATA;
    const payload = carries ? words(tlp.address, tlp.bytes) : 0;
    return tlpBytes(tlp.kind, payload, this.#o.addressBits, this.#o.ecrc, this.#plan.flit[d] === 1);
  }

  /** Puts what a node has made in line for its direction. */
  enqueue(egress: number, tlp: Tlp): void {
    tlp.egress = egress;
    this.queues.append(this.set(-1, egress), tlp);
    this.link.wake(egress, this.#clock.now);
  }

  next(d: number): Tlp | null {
    const node = this.#plan.from[d]!;
    this.ends.onTurn?.(node);
    const ports = this.#plan.ports[node]!.length + 1;
    const base = this.#base[d]!;
    const skip = this.#choices === null ? 0 : this.#choices.pick(this.#site, ports);
    this.#gateAt = d;
    for (let i = 1; i <= ports; i++) {
      const place = (this.#turn[d]! + skip + i) % ports;
      const set = base + place;
      if (this.queues.isEmpty(set)) continue;
      const entry = this.queues.pick(set, this.#gate);
      if (entry === null) continue;
      this.#turn[d] = place;
      return this.#take(d, set, entry, place === ports - 1);
    }
    return null;
  }

  #allows(d: number, tlp: Tlp): boolean {
    if (!this.link.flow.allows(d, tlp.cls, tlp.data)) return false;
    if (tlp.ingress < 0) return this.ends.mayCut(this.#plan.from[d]!, tlp);
    return tlp.cls !== 0 || !this.#sharesPosted(tlp.ingress) ||
      this.#posted[tlp.ingress]!.first() === tlp;
  }

  #sharesPosted(ingress: number): boolean {
    return this.#o.postedQueue === "shared" && this.#plan.isSwitch[this.#plan.to[ingress]!] === 1;
  }

  #take(d: number, set: number, entry: Tlp, isOwn: boolean): Tlp {
    let tlp = entry;
    if (isOwn) {
      tlp = this.ends.cut(set, entry);
      this.#trace?.note(tlp);
    } else {
      this.queues.remove(set, entry);
      if (tlp.cls === 0 && this.#sharesPosted(tlp.ingress)) {
        const queue = this.#posted[tlp.ingress]!;
        queue.shift();
        const head = queue.first();
        if (head !== undefined) this.link.wake(head.egress, this.#clock.now);
      }
    }
    this.link.flow.consume(d, tlp.cls, tlp.data);
    return tlp;
  }

  left(d: number, tlp: Tlp, endPs: number): void {
    if (tlp.ingress < 0) return;
    // by egress, which sends in order of time
    const freeing = this.#freeing[d]!;
    freeing.push(tlp.ingress);
    freeing.push(tlp.cls);
    freeing.push(tlp.data);
    freeing.push(tlp.serial);
    this.#clock.at(endPs, this.#freed, d);
  }

  #free(d: number): void {
    const freeing = this.#freeing[d]!;
    const ingress = freeing.shift()!;
    const cls = freeing.shift()!;
    const data = freeing.shift()!;
    this.link.free(ingress, cls, data, freeing.shift()!);
  }

  coming(d: number, tlp: Tlp, headPs: number, endPs: number): void {
    const plan = this.#plan;
    const node = plan.to[d]!;
    tlp.ingress = d;
    tlp.egress = plan.route(node, d, tlp.dst, tlp.kind <= READ);
    tlp.isRouted = false;
    tlp.at = endPs;
    if (tlp.egress === -1) return;
    let at = endPs;
    const out = tlp.egress;
    if (out >= 0 && plan.psPerByte[out]! <= plan.psPerByte[d]!) {
      const lasts = Math.floor(this.wireBytes(out, tlp) * plan.psPerByte[out]!);
      at = plan.psPerByte[out] === plan.psPerByte[d] ? headPs : Math.max(headPs, endPs - lasts);
    }
    this.#clock.at(at + this.#o.switchPs, this.#routed, tlp.index);
  }

  arrived(d: number, tlp: Tlp): void {
    // what is passed on may have left, and been used again, but for its ingress and egress here
    if (tlp.ingress === d && tlp.egress === -1) this.ends.sink(this.#plan.to[d]!, d, tlp);
  }

  #route(tlp: Tlp): void {
    const { ingress, egress } = tlp;
    if (tlp.lost) {
      this.ends.dropped(tlp);
      return;
    }
    tlp.isRouted = true;
    const node = this.#plan.to[ingress]!;
    if (egress < 0 || !this.link.isUp(egress)) {
      // not before its end has come
      if (tlp.at > this.#clock.now) this.#clock.at(tlp.at, this.#routed, tlp.index);
      else this.refuse(node, tlp, egress < 0 ? "unsupported request" : "link down");
      return;
    }
    this.#trace?.add(this.#clock.now, "queue", egress, tlp.serial, {
      cls: tlp.cls,
      value: ingress,
    });
    this.queues.append(this.set(ingress, egress), tlp);
    if (tlp.cls === 0 && this.#sharesPosted(ingress)) this.#posted[ingress]!.push(tlp);
    this.link.wake(egress, this.#clock.now);
  }

  /** A node gives up a TLP that it holds in a receive buffer. */
  refuse(node: number, tlp: Tlp, why: string): void {
    this.#trace?.add(this.#clock.now, "refuse", -1, tlp.serial, {
      cls: tlp.cls,
      value: node,
      text: why,
    });
    if (tlp.ingress >= 0) this.link.free(tlp.ingress, tlp.cls, tlp.data, tlp.serial);
    if (tlp.kind !== READ) {
      this.drops[node]!++;
      this.ends.dropped(tlp);
      return;
    }
    const egress = this.#plan.route(node, -1, tlp.requester, false);
    if (egress < 0 || !this.link.isUp(egress)) {
      this.ends.dropped(tlp);
      return;
    }
    // the request becomes the entry from which its answer is cut
    tlp.kind = COMPLETION_ERROR;
    tlp.cls = 2;
    tlp.status = UNSUPPORTED;
    tlp.request = tlp.serial;
    tlp.src = node;
    tlp.dst = tlp.requester;
    tlp.ingress = -1;
    tlp.data = 0;
    tlp.chunk = 0;
    tlp.left = 0;
    this.enqueue(egress, tlp);
  }

  /** Empties the queues for a direction that went down; what its node forwards is refused. */
  drain(d: number, own: (entry: Tlp) => void): void {
    const node = this.#plan.from[d]!;
    const ports = this.#plan.ports[node]!.length + 1;
    for (let place = 0; place < ports; place++) {
      const set = this.#base[d]! + place;
      for (let cls = 0; cls < 3; cls++) {
        for (let tlp = this.queues.first(set, cls); tlp !== null;) {
          this.queues.remove(set, tlp);
          if (tlp.ingress < 0) own(tlp);
          else this.#refuseQueued(node, tlp);
          tlp = this.queues.first(set, cls);
        }
      }
    }
  }

  #refuseQueued(node: number, tlp: Tlp): void {
    if (tlp.cls === 0 && this.#sharesPosted(tlp.ingress)) {
      const queue = this.#posted[tlp.ingress]!;
      const others = Array.from({ length: queue.length }, () => queue.shift()!);
      for (const other of others) if (other !== tlp) queue.push(other);
      const head = queue.first();
      if (head !== undefined) this.link.wake(head.egress, this.#clock.now);
    }
    if (tlp.at > this.#clock.now) this.#clock.at(tlp.at, this.#routed, tlp.index);
    else this.refuse(node, tlp, "link down");
  }

  reset(choices: PcieChoices | null): void {
    this.#choices = choices;
    if (choices !== null) this.#site = choices.site("pcie arbitration");
    this.queues.reset();
    this.#turn.fill(0);
    this.drops.fill(0);
    for (const all of [this.#posted, this.#freeing]) for (const one of all) one.clear();
  }
}
