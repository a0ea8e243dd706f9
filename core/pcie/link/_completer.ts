/**
 * Completers: what becomes of a TLP at its target.
 *
 * Posted writes and completions are taken at once, whatever the node itself can or cannot send: otherwise
 * writers that fill each other's buffers stop for ever (base specification, 2.4.1, on acceptance). A read
 * request stays in the receive buffer until the completer has a place for it; its answer is ready after the
 * target's latency and is cut into completions as they are sent.
 *
 * Splits (2.3.1.1): a completion ends at a read completion boundary or ends its request, and is at most MPS
 * long. The longest that is legal is sent, or the shortest, as the options say; the choices reach all others.
 *
 * Order across a node. Writes of one requester become visible in the order of their arrival, however long each
 * takes, but for relaxed ones. A read is answered, and data that came back is reported, after the earlier
 * writes on the same path are visible.
 */
import type { PcieChoices } from "./_dllps.ts";
import type { Plan } from "./_plan.ts";
import { COMPLETION_DATA, COMPLETION_ERROR, READ, words, WRITE } from "./_rates.ts";
import type { Requester } from "./_requester.ts";
import type { Router } from "./_router.ts";
import { Fifo, RELAXED, type Tlp, type Tlps } from "./_tlp.ts";
import type { PcieOptions } from "./options.ts";
import type { PcieTrace } from "./trace.ts";
import type { PcieClock } from "./_clock.ts";

/** Completers of all nodes. */
export class Completer {
  readonly #o: PcieOptions;
  readonly #plan: Plan;
  readonly #clock: PcieClock;
  readonly #tlps: Tlps;
  readonly #router: Router;
  readonly #requester: Requester;
  readonly #trace: PcieTrace | null;
  readonly #requests: Fifo<Tlp>[];
  readonly #reading: Int32Array;
  /** When the last write of a pair becomes visible: `source * nodes + target`. */
  readonly #visibleAt: Float64Array;
  readonly #answer: number;
  /** Posted writes that wait, where one is accepted only when one can be sent. */
  readonly #held: Fifo<Tlp>[];
  readonly #holds: boolean;
  #choices: PcieChoices | null = null;
  readonly #sites: Int32Array;

  constructor(
    o: PcieOptions,
    plan: Plan,
    clock: PcieClock,
    tlps: Tlps,
    router: Router,
    requester: Requester,
    trace: PcieTrace | null,
  ) {
    this.#o = o;
    this.#plan = plan;
    this.#clock = clock;
    this.#tlps = tlps;
    this.#router = router;
    this.#requester = requester;
    this.#trace = trace;
    this.#requests = Array.from({ length: plan.nodes }, () => new Fifo<Tlp>());
    this.#held = Array.from({ length: plan.nodes }, () => new Fifo<Tlp>());
    this.#reading = new Int32Array(plan.nodes);
    this.#visibleAt = new Float64Array(plan.nodes * plan.nodes);
    this.#sites = new Int32Array(plan.nodes);
    this.#holds = o.mutants.includes("posted-accepted-only-when-one-can-be-sent");
    this.#answer = clock.register((index) => this.#ready(tlps.at(index)));
  }

  /** A TLP has come to its target. */
  sink(node: number, d: number, tlp: Tlp): void {
    if (tlp.kind === READ) {
      this.#requests[node]!.push(tlp);
      this.accept(node);
    } else if (tlp.kind === WRITE && this.#holds) {
      this.#held[node]!.push(tlp);
      this.retry(node);
    } else {
      this.#router.link.free(d, tlp.cls, tlp.data, tlp.serial);
      if (tlp.kind === WRITE) this.#land(node, tlp);
      else this.#complete(node, tlp);
    }
  }

  #land(node: number, tlp: Tlp): void {
    const pair = tlp.src * this.#plan.nodes + node;
    const latency = this.#o.latency(node, tlp.address, tlp.bytes, "write");
    const own = this.#clock.now + latency;
    const before = this.#visibleAt[pair]!;
    const isRelaxed = (tlp.attributes & RELAXED) !== 0;
    const at = isRelaxed || own > before ? own : before;
    if (at > before) this.#visibleAt[pair] = at;
    this.#trace?.add(at, "land", -1, tlp.serial, { cls: 0, value: node });
    this.#requester.landed(tlp, at);
  }

  #complete(node: number, tlp: Tlp): void {
    const visible = this.#visibleAt[tlp.src * this.#plan.nodes + node]!;
    const { now } = this.#clock;
    const mayPass = (tlp.attributes & RELAXED) !== 0;
    this.#requester.complete(node, tlp, mayPass || now > visible ? now : visible + 1);
  }

  /** Takes requests up while there is a place. */
  accept(node: number): void {
    const requests = this.#requests[node]!;
    while (this.#reading[node]! < this.#o.reads && requests.length > 0) {
      const tlp = requests.shift()!;
      const { now } = this.#clock;
      this.#reading[node]!++;
      this.#router.link.free(tlp.ingress, tlp.cls, tlp.data, tlp.serial);
      this.#trace?.add(now, "serve", -1, tlp.serial, { cls: 1, value: node });
      const latency = this.#o.latency(node, tlp.address, tlp.bytes, "read");
      const visible = this.#visibleAt[tlp.src * this.#plan.nodes + node]!;
      this.#clock.at(Math.max(now + latency, visible), this.#answer, tlp.index);
    }
  }

  /** The data of a request is there: the request becomes the entry from which completions are cut. */
  #ready(tlp: Tlp): void {
    const node = tlp.dst;
    const egress = this.#plan.route(node, -1, tlp.requester, false);
    if (!this.#router.link.isUp(egress)) {
      this.#done(node);
      this.#tlps.give(tlp);
      return;
    }
    tlp.kind = COMPLETION_DATA;
    tlp.cls = 2;
    tlp.request = tlp.serial;
    tlp.src = node;
    tlp.dst = tlp.requester;
    tlp.ingress = -1;
    tlp.left = tlp.bytes;
    this.#prepare(node, tlp);
    this.#router.enqueue(egress, tlp);
  }

  #prepare(node: number, tlp: Tlp): void {
    const { mps, split } = this.#o;
    const boundary = node === 0 ? this.#o.rcb : 128;
    const { address, left } = tlp;
    // ends at boundaries: the first, and every further one that the payload size and the request allow
    const first = boundary - address % boundary;
    const reach = Math.min(mps - address % 4, left - 1);
    const ends = reach < first ? 0 : 1 + Math.floor((reach - first) / boundary);
    const endsRequest = words(address, left) <= mps;
    const legal = ends + (endsRequest ? 1 : 0);
    const asked = this.#choices === null || legal < 2
      ? 0
      : this.#choices.pick(this.#sites[node]!, legal);
    const index = split === "mps" ? legal - 1 - asked : asked;
    tlp.chunk = index < ends ? first + index * boundary : left;
    tlp.data = (words(address, tlp.chunk) + 15) >> 4;
  }

  /** The next completion of a request. */
  cut(set: number, entry: Tlp): Tlp {
    const node = entry.src;
    const tlp = this.#tlps.take(entry.kind, 2, node, entry.dst);
    tlp.requester = entry.requester;
    tlp.tag = entry.tag;
    tlp.request = entry.request;
    tlp.attributes = entry.attributes;
    tlp.address = entry.address;
    tlp.status = entry.status;
    tlp.bytes = entry.chunk;
    tlp.data = entry.data;
    tlp.op = entry.op;
    entry.left -= entry.chunk;
    entry.address += entry.chunk;
    tlp.last = entry.left === 0;
    if (!tlp.last) {
      this.#prepare(node, entry);
      return tlp;
    }
    this.#router.queues.remove(set, entry);
    if (entry.kind !== COMPLETION_ERROR) this.#done(node);
    this.#tlps.give(entry);
    return tlp;
  }

  /** An answer that cannot be sent any more. */
  forget(entry: Tlp): void {
    if (entry.kind === COMPLETION_DATA) this.#done(entry.src);
    this.#tlps.give(entry);
  }

  #done(node: number): void {
    this.#reading[node]!--;
    this.accept(node);
  }

  /** The mutant's rule: a posted write is taken only while this node could send one, and none of its own waits. */
  retry(node: number): void {
    const held = this.#held[node]!;
    const egress = 2 * node;
    const { link, queues } = this.#router;
    while (held.length > 0) {
      const canSend = node === 0 || (queues.first(this.#router.set(-1, egress), 0) === null &&
        link.flow.allows(egress, 0, this.#o.mps >> 4));
      if (!canSend) return;
      const tlp = held.shift()!;
      link.free(tlp.ingress, tlp.cls, tlp.data, tlp.serial);
      this.#land(node, tlp);
    }
  }

  /** A removed node answers nothing; its receive buffers are gone with it. */
  remove(node: number): void {
    const requests = this.#requests[node]!;
    while (requests.length > 0) this.#tlps.give(requests.shift()!);
    const held = this.#held[node]!;
    while (held.length > 0) this.#requester.dropped(held.shift()!);
  }

  reset(choices: PcieChoices | null): void {
    this.#choices = choices;
    for (let node = 0; node < this.#plan.nodes && choices !== null; node++) {
      this.#sites[node] = choices.site(`split ${this.#plan.names[node]}`);
    }
    for (const requests of this.#requests) requests.clear();
    for (const held of this.#held) held.clear();
    this.#reading.fill(0);
    this.#visibleAt.fill(-1);
  }
}
