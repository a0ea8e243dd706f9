/**
 * The fabric as servers: each link direction serves whole operations one after the other, with the bytes that
 * their TLPs would have. No TLP, no credit, few events.
 *
 * An operation reserves its source's link when that is free and its turn has come, and the link to its
 * destination likewise when its first byte has come through the switch: a shared link that were reserved for
 * an operation still waiting elsewhere would stand idle meanwhile. A link that is free costs no event: so a
 * write is one, its landing, and a read two, at the completer and at the end. One that will be free soon is
 * reserved as well, in the order of asking (`_servers.ts`); each wait for one that will not is an event more.
 * Who goes next then is `_servers.ts`'s to say. A single TLP whose links are free or nearly so takes its whole
 * way in one step (`_express.ts`).
 *
 * Zero load is exact: the time of the last byte is that of the TLP fabric, cut-through where both links have
 * the same rate, store-and-forward of each TLP otherwise. Saturated, each link moves what the TLP fabric's
 * does. Without credits a link blocks nobody who uses another one, so where a completer serves two requesters
 * of which one is slow, or the like, this fabric can be faster than that of TLPs, by up to 15 % of the time.
 *
 * Back-pressure. A source has no room while as many TLPs of its own as fit in `windowPs` have yet to leave the
 * switch, or while all its tags are in reads (`_window.ts`). Refused, it is called when its reservations allow
 * it.
 */
import { checkGeometry, checkProfile, completionChunk, operationError, TAGS } from "./_geometry.ts";
import * as geometry from "./_geometry.ts";
import { Express } from "./_express.ts";
import { Links } from "./_links.ts";
import { lastByteAt, type Leg, Legs } from "./_legs.ts";
import { Servers } from "./_servers.ts";
import { Window, windowTlps } from "./_window.ts";
import type {
  CreditAccount,
  Fabric,
  FabricGeometry,
  FabricProfile,
  LinkAccount,
} from "./fabric.ts";
import type { Clock } from "../time/clock.ts";

/** Constants of this module: V8 reads and checks what is imported at each use. */
const { BYTES_MAX, CLASSES, COMPLETION, downLink, NON_POSTED, POSTED, upLink } = geometry;

/**
 * PCIe links as servers with a free-at time. All calls take constant time.
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
  readonly #maxDevices: number = 0;
  readonly #nodes: number = 0;
  readonly #links: Links;
  readonly #legs = new Legs();
  readonly #window: Window;
  readonly #servers: Servers;
  readonly #express: Express;
  /** When the last byte of a pair leaves the switch, and when its last write is visible. */
  readonly #arrivesAt: Float64Array = new Float64Array(0);
  readonly #visibleAt: Float64Array = new Float64Array(0);
  readonly #answerHandler: number = 0;
  /** By class: bytes of an operation that one TLP takes, and bytes of a full TLP. */
  readonly #unit = new Int32Array(CLASSES);
  readonly #full = new Int32Array(CLASSES);
  #devices = -1;

  /**
   * An idle fabric for at most `maxDevices` devices, 1..30; `reset` comes first.
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
    this.#window = new Window(clock, nodes, windowTlps(profile, this.#links), TAGS);
    const serve = (link: number, leg: Leg, at: number) => this.#serve(link, leg, at);
    this.#servers = new Servers(clock, this.#links, nodes, serve);
    this.#arrivesAt = new Float64Array(nodes * nodes);
    this.#express = new Express(clock, profile, this.#links, this.#servers, this.#arrivesAt, nodes);
    this.#visibleAt = new Float64Array(nodes * nodes).fill(-1);
    this.#answerHandler = clock.register((index) => this.#answer(this.#legs.at(index)));
  }

  /**
   * Posted write; see {@link Fabric}.
   * @throws {RangeError} for nodes that are none or the same, a length below 1, or no room
   */
  write(src: number, dst: number, bytes: number, handler: number, arg: number): void {
    this.#start(POSTED, src, dst, bytes, handler, arg);
  }

  /**
   * Read; see {@link Fabric}.
   * @throws {RangeError} for nodes that are none or the same, a length below 1, or no room
   */
  read(src: number, dst: number, bytes: number, handler: number, arg: number): void {
    this.#start(NON_POSTED, src, dst, bytes, handler, arg);
    const unit = this.#unit[NON_POSTED]!;
    this.#window.takeTags(src, bytes <= unit ? 1 : Math.ceil(bytes / unit));
  }

  #start(cls: number, src: number, dst: number, bytes: number, handler: number, arg: number): void {
    const devices = this.#devices;
    const allowed = src >>> 0 === src && src <= devices && dst >>> 0 === dst && dst <= devices &&
      src !== dst && bytes >>> 0 === bytes && bytes >= 1 && bytes <= BYTES_MAX &&
      this.#window.isOpen(src);
    if (!allowed) {
      const verb = cls === POSTED ? "write" : "read";
      throw operationError(verb, src, dst, bytes, devices);
    }
    const payload = cls === POSTED ? bytes : 0;
    const at = bytes <= this.#unit[cls]! ? this.#express.send(cls, src, dst, payload) : -1;
    if (at < 0) return this.#depart(this.#legs.take(cls, src, dst, bytes, handler, arg), src);
    this.#window.pass(src, at - this.#profile.switchPs);
    if (cls === POSTED) return this.#land(src, dst, at, handler, arg);
    this.#ask(this.#legs.take(cls, src, dst, bytes, handler, arg), src, dst, at);
  }

  /** Sends a leg on its way from a node. */
  #depart(leg: Leg, from: number): void {
    const cls = leg.cls;
    const payload = cls === NON_POSTED ? 0 : leg.bytes;
    const tlps = Math.ceil(leg.bytes / this.#unit[cls]!);
    leg.tlps = tlps;
    leg.payload = payload;
    leg.wire = payload + tlps * this.#links.overhead[cls]!;
    if (cls !== COMPLETION) this.#window.start(from, tlps);
    this.#servers.submit(upLink(from), 0, leg, this.#clock.now);
  }

  /** A link that is free at `at` is reserved for a leg. */
  #serve(link: number, leg: Leg, at: number): void {
    const answers = leg.cls === COMPLETION;
    const from = answers ? leg.dst : leg.src;
    const to = answers ? leg.src : leg.dst;
    const wire = leg.wire;
    const end = this.#links.send(link, at, wire);
    this.#links.account(link, leg.cls, leg.tlps, leg.payload);
    if (link === upLink(from)) this.#leave(leg, from, to, at, end);
    else this.#arrive(leg, from, to, end);
  }

  /** The leg begins on its first link at `start`, now: the switch can begin when it has enough. */
  #leave(leg: Leg, from: number, to: number, start: number, end: number): void {
    const link = upLink(from);
    const several = leg.tlps > 1;
    const full = this.#full[leg.cls]!;
    const wire = leg.wire;
    const last = wire - (leg.tlps - 1) * full;
    leg.last = last;
    leg.before = several ? full : 0;
    let head = start;
    leg.tailAt = -1;
    if (!this.#links.sameRate(link, downLink(to))) {
      head = this.#links.leftAt(link, several ? wire - full : 0);
      leg.beforeAt = this.#links.leftAt(link, last);
      leg.tailAt = end;
    }
    this.#servers.submit(downLink(to), from, leg, head + this.#profile.switchPs);
  }

  /** The leg has its second link reserved until `end`. */
  #arrive(leg: Leg, from: number, to: number, end: number): void {
    const cls = leg.cls;
    const link = downLink(to);
    const pair = from * this.#nodes + to;
    const at = lastByteAt(
      leg,
      this.#links,
      link,
      end,
      this.#profile.switchPs,
      this.#arrivesAt[pair]!,
    );
    this.#arrivesAt[pair] = at;
    if (cls !== COMPLETION) {
      this.#window.leaves(from, leg.tlps, at - this.#profile.switchPs);
    }
    if (cls === NON_POSTED) {
      this.#ask(leg, from, to, this.#links.leftAt(link, leg.wire - this.#links.overhead[cls]!));
      return;
    }
    if (cls === POSTED) this.#land(from, to, at, leg.handler, leg.arg);
    else this.#comeBack(leg, at);
    this.#legs.give(leg);
  }

  /** A read's first request has arrived at `first`: it is answered when the target has looked. */
  #ask(leg: Leg, from: number, to: number, first: number): void {
    const latency = to === 0 ? this.#profile.hostReadPs : this.#profile.deviceReadPs;
    const visible = this.#visibleAt[from * this.#nodes + to]!;
    const ready = first + latency;
    this.#clock.at(ready > visible ? ready : visible, this.#answerHandler, leg.index);
  }

  #land(src: number, dst: number, at: number, handler: number, arg: number): void {
    const visible = at + (dst === 0 ? this.#profile.hostWritePs : this.#profile.deviceWritePs);
    this.#visibleAt[src * this.#nodes + dst] = visible;
    this.#clock.at(visible, handler, arg);
  }

  #answer(leg: Leg): void {
    const { src, dst, bytes } = leg;
    const single = bytes <= this.#unit[COMPLETION]!;
    const at = single ? this.#express.send(COMPLETION, dst, src, bytes) : -1;
    if (at < 0) {
      leg.cls = COMPLETION;
      return this.#depart(leg, dst);
    }
    this.#comeBack(leg, at);
    this.#legs.give(leg);
  }

  #comeBack(leg: Leg, at: number): void {
    const { src, bytes } = leg;
    const visible = this.#visibleAt[leg.dst * this.#nodes + src]!;
    this.#clock.at(at > visible ? at : visible + 1, leg.handler, leg.arg);
    const unit = this.#unit[NON_POSTED]!;
    this.#window.giveTags(src, bytes <= unit ? 1 : Math.ceil(bytes / unit), at);
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
      this.#full[cls] = payload + this.#links.overhead[cls]!;
    }
    this.#links.reset();
    this.#legs.reset();
    this.#arrivesAt.fill(0);
    this.#visibleAt.fill(-1);
    this.#window.reset();
    this.#servers.reset();
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
