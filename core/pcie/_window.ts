/**
 * Room in the coarse fabric: how far ahead a source may reserve. It has room while its own link and the links
 * behind the switch to which it sends are reserved less than the window ahead for it, and it has a tag.
 *
 * A refused source is scheduled for the time at which the reservations of this moment allow it. It may then
 * find that more has been reserved; being refused again it is scheduled again.
 */
import { upLink } from "./_geometry.ts";
import type { Links } from "./_links.ts";
import type { Tags } from "./_tags.ts";
import type { FabricProfile } from "./fabric.ts";
import type { Clock } from "../time/clock.ts";

/** The room of every source. */
export class Window {
  readonly #clock: Clock;
  readonly #links: Links;
  readonly #tags: Tags;
  readonly #windowPs: number;
  readonly #switchPs: number;
  /** When the last byte of a source's own operations leaves the switch. */
  readonly #latest: Float64Array;
  readonly #handler: Int32Array;
  readonly #wakeAt: Float64Array;
  readonly #wantsTag: Uint8Array;

  constructor(clock: Clock, links: Links, tags: Tags, profile: FabricProfile, nodes: number) {
    this.#clock = clock;
    this.#links = links;
    this.#tags = tags;
    this.#windowPs = profile.windowPs;
    this.#switchPs = profile.switchPs;
    this.#latest = new Float64Array(nodes);
    this.#handler = new Int32Array(nodes).fill(-1);
    this.#wakeAt = new Float64Array(nodes).fill(-1);
    this.#wantsTag = new Uint8Array(nodes);
  }

  /** Notes that an operation of `src` leaves the switch at `ps`. */
  extend(src: number, ps: number): void {
    if (ps > this.#latest[src]!) this.#latest[src] = ps;
  }

  /** Whether a source may start an operation now. */
  isOpen(src: number): boolean {
    return this.#opensAt(src) <= this.#clock.now && this.#tags.free(src, this.#clock.now);
  }

  /** Sees to it that a source that may not is called when it may. */
  refuse(src: number): void {
    const at = this.#opensAt(src);
    if (at > this.#clock.now) {
      this.#wake(src, at);
      return;
    }
    const tagAt = this.#tags.nextFree(src);
    if (tagAt === Infinity) this.#wantsTag[src] = 1;
    else this.#wake(src, tagAt);
  }

  /** It is known when a tag of the source is free again. */
  tagReturns(src: number): void {
    if (this.#wantsTag[src] === 0) return;
    this.#wantsTag[src] = 0;
    this.#wake(src, this.#tags.nextFree(src));
  }

  /** Names what to schedule when room comes back. */
  onRoom(src: number, handler: number): void {
    this.#handler[src] = handler;
  }

  #opensAt(src: number): number {
    const leaves = this.#latest[src]! - this.#switchPs;
    return Math.max(this.#links.freeAt[upLink(src)]!, leaves) - this.#windowPs;
  }

  #wake(src: number, at: number): void {
    const handler = this.#handler[src]!;
    // at or after `at` one is on its way already
    if (handler < 0 || at <= this.#wakeAt[src]!) return;
    this.#wakeAt[src] = at;
    this.#clock.at(at, handler, src);
  }

  /** All windows open. */
  reset(): void {
    this.#latest.fill(0);
    this.#wakeAt.fill(-1);
    this.#wantsTag.fill(0);
  }
}
