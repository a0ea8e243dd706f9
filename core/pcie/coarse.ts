/**
 * The fabric as servers: each link direction serves whole operations one after the other, with the bytes that
 * their TLPs would have. No TLP, no credit, few events.
 *
 * An operation reserves its source's link when it is made, and the link to its destination when its first
 * byte begins to leave the source: a shared link that were reserved for an operation still waiting elsewhere
 * would stand idle meanwhile. So a write is one event, its landing; one more if it had to wait for its source's
 * link. A read is two, at the completer and at the end, and the same for each wait.
 *
 * Zero load is exact: the time of the last byte is that of the TLP fabric, cut-through where both links have
 * the same rate, store-and-forward of each TLP otherwise.
 *
 * Back-pressure. A source has no room while its own link is reserved more than `windowPs` ahead, or while an
 * operation of its own is to leave the switch more than `windowPs` (and the switch's latency) from now: only
 * links that it has something outstanding on count, and sources that share a link are let in by turns, each
 * when its own last operation has come near. Nor has it room with all its tags in reads. Refused, it is
 * called when the reservations of that moment allow it; it asks `room` again, as more may have been reserved.
 */
import {
  BYTES_MAX,
  checkGeometry,
  checkProfile,
  CLASSES,
  COMPLETION,
  completionChunk,
  downLink,
  NON_POSTED,
  operationError,
  POSTED,
  TAGS,
  upLink,
} from "./_geometry.ts";
import { Links } from "./_links.ts";
import { Legs } from "./_legs.ts";
import { Tags } from "./_tags.ts";
import { Window } from "./_window.ts";
import type {
  CreditAccount,
  Fabric,
  FabricGeometry,
  FabricProfile,
  LinkAccount,
} from "./fabric.ts";
import type { Clock } from "../time/clock.ts";

/**
 * PCIe links as servers with a free-at time.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { Clock, CoarseFabric } from "@planecheck/planecheck/core";
 *
 * const clock = new Clock();
 * const fabric = new CoarseFabric(clock, {
 *   deviceLinkGbps: 57.88, hostLinkGbps: 115.76,
 *   writeOverheadBytes: 24, readOverheadBytes: 24, completionOverheadBytes: 20, rcbBytes: 64,
 *   switchPs: 150_000, hostWritePs: 100_000, hostReadPs: 400_000,
 *   deviceWritePs: 100_000, deviceReadPs: 250_000, updateFcPs: 30_000, windowPs: 1_000_000,
 * }, 2);
 * fabric.reset(2, { headerCredits: 32, dataCredits: 512, mps: 256, mrrs: 512 });
 *
 * const landed: number[] = [];
 * const handler = clock.register(() => landed.push(clock.now));
 * fabric.write(1, 2, 64, handler, 0);
 * clock.run({ horizonPs: 1e9, events: 100 });
 * assertEquals(landed, [12_163 + 150_000 + 100_000]);
 * ```
 */
export class CoarseFabric implements Fabric {
  /** Always `"coarse"`. */
  readonly fidelity = "coarse" as const;
  readonly #clock: Clock;
  readonly #profile: FabricProfile;
  readonly #maxDevices: number;
  readonly #nodes: number;
  readonly #links: Links;
  readonly #legs = new Legs();
  readonly #tags: Tags;
  readonly #window: Window;
  /** When the last byte of a pair leaves the switch, and when its last write is visible. */
  readonly #arrivesAt: Float64Array;
  readonly #visibleAt: Float64Array;
  readonly #hopHandler: number;
  readonly #answerHandler: number;
  /** By class: bytes of an operation that one TLP takes, bytes beside them, and bytes of a full TLP. */
  readonly #unit = new Int32Array(CLASSES);
  readonly #overhead: Int32Array;
  readonly #full = new Int32Array(CLASSES);
  #devices = -1;

  /**
   * @param maxDevices the largest number of devices that `reset` may ask for, 1..30
   * @throws {RangeError} when a rate or a delay is out of range
   */
  constructor(clock: Clock, profile: FabricProfile, maxDevices: number) {
    checkProfile(maxDevices, profile);
    const nodes = maxDevices + 1;
    this.#clock = clock;
    this.#profile = profile;
    this.#maxDevices = maxDevices;
    this.#nodes = nodes;
    this.#links = new Links(nodes, profile);
    this.#tags = new Tags(nodes, TAGS);
    this.#window = new Window(clock, this.#links, this.#tags, profile, nodes);
    this.#arrivesAt = new Float64Array(nodes * nodes);
    this.#visibleAt = new Float64Array(nodes * nodes).fill(-1);
    this.#overhead = Int32Array.of(
      profile.writeOverheadBytes,
      profile.readOverheadBytes,
      profile.completionOverheadBytes,
    );
    this.#hopHandler = clock.register((leg) => this.#leave(leg));
    this.#answerHandler = clock.register((leg) => this.#answer(leg));
  }

  /**
   * Posted write; see {@link Fabric}.
   * @throws {RangeError} for nodes that are none or the same, a length below 1, or no room
   */
  write(src: number, dst: number, bytes: number, handler: number, arg: number): void {
    if (!this.#allowed(src, dst, bytes)) {
      throw operationError("write", src, dst, bytes, this.#devices);
    }
    const leg = this.#legs.take(POSTED, src, dst, bytes, handler, arg);
    this.#depart(leg, src, dst);
  }

  /**
   * Read; see {@link Fabric}.
   * @throws {RangeError} for nodes that are none or the same, a length below 1, or no room
   */
  read(src: number, dst: number, bytes: number, handler: number, arg: number): void {
    if (!this.#allowed(src, dst, bytes)) {
      throw operationError("read", src, dst, bytes, this.#devices);
    }
    const leg = this.#legs.take(NON_POSTED, src, dst, bytes, handler, arg);
    this.#tags.take(src, Math.ceil(bytes / this.#unit[NON_POSTED]!));
    this.#depart(leg, src, dst);
  }

  #allowed(src: number, dst: number, bytes: number): boolean {
    const devices = this.#devices;
    return src >>> 0 === src && src <= devices && dst >>> 0 === dst && dst <= devices &&
      src !== dst && bytes >>> 0 === bytes && bytes >= 1 && bytes <= BYTES_MAX &&
      this.#window.isOpen(src);
  }

  /** Reserves the link from `from`, and the one to `to` as soon as the first byte leaves. */
  #depart(leg: number, from: number, to: number): void {
    const legs = this.#legs;
    const cls = legs.cls[leg]!;
    const bytes = legs.bytes[leg]!;
    const payload = cls === NON_POSTED ? 0 : bytes;
    const tlps = Math.ceil(bytes / this.#unit[cls]!);
    const wire = payload + tlps * this.#overhead[cls]!;
    const full = this.#full[cls]!;
    const last = wire - (tlps - 1) * full;
    const link = upLink(from);
    const now = this.#clock.now;
    const start = Math.max(now, this.#links.freeAt[link]!);
    const end = this.#links.send(link, now, wire);
    this.#links.count(link, cls, tlps, payload, wire);
    legs.wire[leg] = wire;
    legs.last[leg] = last;
    legs.before[leg] = tlps > 1 ? full : 0;
    if (this.#links.sameRate(link, downLink(to))) {
      legs.headAt[leg] = start;
      legs.tailAt[leg] = -1;
    } else {
      legs.headAt[leg] = this.#links.leftAt(link, tlps > 1 ? wire - full : 0);
      legs.beforeAt[leg] = this.#links.leftAt(link, last);
      legs.tailAt[leg] = end;
    }
    if (start === now) this.#leave(leg);
    else this.#clock.at(start, this.#hopHandler, leg);
  }

  /** The first byte leaves the source's link: reserves the link behind the switch. */
  #leave(leg: number): void {
    const legs = this.#legs;
    const cls = legs.cls[leg]!;
    const src = legs.src[leg]!;
    const dst = legs.dst[leg]!;
    const from = cls === COMPLETION ? dst : src;
    const to = cls === COMPLETION ? src : dst;
    const link = downLink(to);
    const wire = legs.wire[leg]!;
    const payload = cls === NON_POSTED ? 0 : legs.bytes[leg]!;
    const tlps = Math.ceil(legs.bytes[leg]! / this.#unit[cls]!);
    const end = this.#links.send(link, legs.headAt[leg]! + this.#profile.switchPs, wire);
    this.#links.count(link, cls, tlps, payload, wire);
    const at = this.#tail(leg, link, end, from, to);
    this.#arrivesAt[from * this.#nodes + to] = at;
    if (cls !== COMPLETION) this.#window.extend(src, at);
    if (cls === NON_POSTED) {
      const first = this.#links.leftAt(link, wire - this.#overhead[cls]!);
      const latency = to === 0 ? this.#profile.hostReadPs : this.#profile.deviceReadPs;
      const ready = Math.max(first + latency, this.#visibleAt[from * this.#nodes + to]!);
      this.#clock.at(ready, this.#answerHandler, leg);
      return;
    }
    if (cls === POSTED) this.#land(leg, at);
    else this.#comeBack(leg, at);
    legs.give(leg);
  }

  /** When the last byte of a leg has left a link that has all of it reserved until `end`. */
  #tail(leg: number, link: number, end: number, from: number, to: number): number {
    const legs = this.#legs;
    const links = this.#links;
    const switchPs = this.#profile.switchPs;
    let at = end;
    if (legs.tailAt[leg]! >= 0) {
      // store-and-forward towards a faster link: the last TLPs have to be there before they can leave
      const last = legs.last[leg]!;
      at = Math.max(at, legs.tailAt[leg]! + switchPs + links.duration(link, last));
      const before = legs.before[leg]!;
      if (before > 0) {
        at = Math.max(at, legs.beforeAt[leg]! + switchPs + links.duration(link, before + last));
      }
    }
    // and one operation of a pair after the other
    const earlier = this.#arrivesAt[from * this.#nodes + to]!;
    return Math.max(at, earlier + links.atLeast(link, legs.wire[leg]!));
  }

  #land(leg: number, at: number): void {
    const dst = this.#legs.dst[leg]!;
    const latency = dst === 0 ? this.#profile.hostWritePs : this.#profile.deviceWritePs;
    this.#visibleAt[this.#legs.src[leg]! * this.#nodes + dst] = at + latency;
    this.#clock.at(at + latency, this.#legs.handler[leg]!, this.#legs.arg[leg]!);
  }

  #answer(leg: number): void {
    this.#legs.cls[leg] = COMPLETION;
    this.#depart(leg, this.#legs.dst[leg]!, this.#legs.src[leg]!);
  }

  #comeBack(leg: number, at: number): void {
    const legs = this.#legs;
    const requester = legs.src[leg]!;
    const visible = this.#visibleAt[legs.dst[leg]! * this.#nodes + requester]!;
    const done = at > visible ? at : visible + 1;
    this.#clock.at(done, legs.handler[leg]!, legs.arg[leg]!);
    this.#tags.giveBack(requester, Math.ceil(legs.bytes[leg]! / this.#unit[NON_POSTED]!), at);
    this.#window.tagReturns(requester);
  }

  /** Whether the links that the source uses are reserved less than the window ahead, and it has a tag. */
  room(src: number): boolean {
    if (this.#window.isOpen(src)) return true;
    this.#window.refuse(src);
    return false;
  }

  /** Registers what to schedule, with argument `src`, when room comes back to a refused source. */
  onRoom(src: number, handler: number): void {
    this.#window.onRoom(src, handler);
  }

  /**
   * Empties the fabric. The clock has to be reset too: events of the former run would find nothing. Handlers
   * named by `onRoom` stay.
   * @throws {RangeError} naming a size that is out of range
   */
  reset(devices: number, geometry: FabricGeometry): void {
    checkGeometry(devices, this.#maxDevices, geometry);
    const { mps, mrrs } = geometry;
    this.#devices = devices;
    this.#unit[POSTED] = mps;
    this.#unit[NON_POSTED] = mrrs;
    this.#unit[COMPLETION] = Math.min(completionChunk(mps, this.#profile.rcbBytes), mrrs);
    for (let cls = 0; cls < CLASSES; cls++) {
      const payload = cls === NON_POSTED ? 0 : this.#unit[cls]!;
      this.#full[cls] = payload + this.#overhead[cls]!;
    }
    this.#links.reset();
    this.#legs.reset();
    this.#tags.reset();
    this.#arrivesAt.fill(0);
    this.#visibleAt.fill(-1);
    this.#window.reset();
  }

  /** TLPs and bytes that each link direction would have sent. */
  links(): LinkAccount[] {
    return this.#links.accounts(this.#devices + 1);
  }

  /** Nothing: there are no credits. */
  credits(): CreditAccount[] {
    return [];
  }
}
