/**
 * Room in the coarse fabric: how far ahead a source may reserve. It has room while less than the window's TLPs
 * of its own have yet to leave the switch, and while it has a tag. Only what it has reserved itself counts, in
 * TLPs: sources that share a link then share it as the switch's arbiter would have it, and none waits for the
 * others to stop.
 *
 * A refused source is scheduled for the time at which its reservations allow it.
 */
import { Allowance } from "./_allowance.ts";
import { downLink } from "./_geometry.ts";
import type { Links } from "./_links.ts";
import type { FabricProfile } from "./fabric.ts";
import type { Clock } from "../time/clock.ts";

/** The window is counted in TLPs of this payload, the usual MPS of x86 hosts. */
const WINDOW_PAYLOAD = 256;
const WINDOW_MAX = 4096;

/**
 * The window of a source in TLPs: those that take `windowPs` on a device's link, and as many of the shortest as
 * the switch can have under way, of which it is not known yet when they leave.
 */
export function windowTlps(profile: FabricProfile, links: Links): number {
  const { writeOverheadBytes, windowPs, switchPs } = profile;
  const long = links.duration(downLink(1), WINDOW_PAYLOAD + writeOverheadBytes);
  const short = links.duration(downLink(1), writeOverheadBytes);
  const tlps = Math.ceil(windowPs / long) + Math.ceil(switchPs / short);
  return Math.max(1, Math.min(WINDOW_MAX, tlps));
}

/** The room of every source. */
export class Window {
  readonly #clock: Clock;
  readonly #started: Allowance;
  readonly #tags: Allowance;
  readonly #handler: Int32Array = new Int32Array(0);
  readonly #wakeAt: Float64Array = new Float64Array(0);
  readonly #refused: Uint8Array = new Uint8Array(0);

  /**
   * @param window TLPs that a source may have under way
   * @param tags read requests that a source may have outstanding
   */
  constructor(clock: Clock, nodes: number, window: number, tags: number) {
    this.#clock = clock;
    this.#started = new Allowance(nodes, window);
    this.#tags = new Allowance(nodes, tags);
    this.#handler = new Int32Array(nodes).fill(-1);
    this.#wakeAt = new Float64Array(nodes).fill(-1);
    this.#refused = new Uint8Array(nodes);
  }

  /** Whether a source may start an operation now. */
  isOpen(src: number): boolean {
    const now = this.#clock.now;
    return this.#started.isOpen(src, now) && this.#tags.isOpen(src, now);
  }

  /** Sees to it that a source that may not is called when it may. */
  refuse(src: number): void {
    const now = this.#clock.now;
    const startAt = this.#started.isOpen(src, now) ? now : this.#started.opensAt(src);
    const tagAt = this.#tags.isOpen(src, now) ? now : this.#tags.opensAt(src);
    const at = Math.max(startAt, tagAt);
    // unknown: what leaves or comes back next will look again
    this.#refused[src] = at === Infinity ? 1 : 0;
    const handler = this.#handler[src]!;
    if (at === Infinity || handler < 0) return;
    // one that comes at or after `at` is on its way; one of this instant may have run already
    if (this.#wakeAt[src]! > now && this.#wakeAt[src]! >= at) return;
    this.#wakeAt[src] = at;
    this.#clock.at(at, handler, src);
  }

  /** An operation of `tlps` TLPs starts. */
  start(src: number, tlps: number): void {
    this.#started.take(src, tlps);
  }

  /** An operation of one TLP starts, and it is known that it leaves at `ps`; none before it waits. */
  pass(src: number, ps: number): void {
    this.#started.pass(src, ps);
  }

  /** It is known that the operation that started first leaves at `ps`. */
  leaves(src: number, tlps: number, ps: number): void {
    this.#started.giveBack(src, tlps, ps);
    if (this.#refused[src] === 1) this.refuse(src);
  }

  /** A read of `requests` requests starts. */
  takeTags(src: number, requests: number): void {
    this.#tags.take(src, requests);
  }

  /** It is known that a read of `requests` requests is back at `ps`. */
  giveTags(src: number, requests: number, ps: number): void {
    this.#tags.giveBack(src, requests, ps);
    if (this.#refused[src] === 1) this.refuse(src);
  }

  /** Names what to schedule when room comes back. */
  onRoom(src: number, handler: number): void {
    this.#handler[src] = handler;
  }

  /** All windows open. */
  reset(): void {
    this.#started.reset();
    this.#tags.reset();
    this.#wakeAt.fill(-1);
    this.#refused.fill(0);
  }
}
