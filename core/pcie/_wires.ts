/**
 * The transmitting side of every link direction in the TLP fabric: the link, its credits, and when to look at
 * its queues again. A transmitter looks when something is queued, when its link becomes free while something
 * waits, and, if it found nothing that may go, when the next UpdateFC comes. Nothing else is an event: a link
 * with nothing behind the packet it sends does not announce that it is free.
 */
import { Credits } from "./_credits.ts";
import * as geometry from "./_geometry.ts";
import { Links } from "./_links.ts";
import type { FabricProfile } from "./fabric.ts";
import type { Choices } from "../time/choices.ts";
import type { Clock } from "../time/clock.ts";

/** Constants of this module: V8 reads and checks what is imported at each use. */
const { CLASSES, DATA_CREDIT_SHIFT, NON_POSTED } = geometry;

/** Links, credits and turns of all directions. */
export class Wires {
  readonly links: Links;
  readonly credits: Credits;
  readonly #clock: Clock;
  readonly #turnHandler: number = 0;
  readonly #turnAt: Float64Array = new Float64Array(0);
  readonly #blocked: Uint8Array = new Uint8Array(0);
  readonly #blockedAt: Float64Array = new Float64Array(0);
  /** By direction: picoseconds for which something waited that credits or tags did not allow. */
  readonly stalledPs: Float64Array = new Float64Array(0);
  readonly #overhead: Int32Array = new Int32Array(0);

  /** @param turn looks at the queues of a direction */
  constructor(clock: Clock, profile: FabricProfile, nodes: number, turn: (link: number) => void) {
    this.#clock = clock;
    this.links = new Links(nodes, profile);
    this.credits = new Credits(2 * nodes, profile.updateFcPs);
    this.#turnAt = new Float64Array(2 * nodes).fill(Infinity);
    this.#blocked = new Uint8Array(2 * nodes);
    this.#blockedAt = new Float64Array(2 * nodes);
    this.stalledPs = new Float64Array(2 * nodes);
    this.#overhead = Int32Array.of(
      profile.writeOverheadBytes,
      profile.readOverheadBytes,
      profile.completionOverheadBytes,
    );
    this.#turnHandler = clock.register((link) => {
      // an earlier turn was asked for after this one and has done its work
      if (clock.now !== this.#turnAt[link]) return;
      this.#turnAt[link] = Infinity;
      turn(link);
    });
  }

  /** The current instant. */
  get now(): number {
    return this.#clock.now;
  }

  /** Whether a direction can start a TLP now; if not, its turn comes when it can. Takes in UpdateFCs. */
  ready(link: number): boolean {
    const now = this.#clock.now;
    const free = this.links.freeAt(link);
    if (free > now) {
      this.wake(link, free);
      return false;
    }
    if (this.#blocked[link] === 1) this.stalledPs[link]! += now - this.#blockedAt[link]!;
    this.#blocked[link] = 0;
    const cell = link * CLASSES;
    for (let cls = 0; cls < CLASSES; cls++) this.credits.settle(cell + cls, now);
    return true;
  }

  /** Whether a TLP for which nothing waits can start now; takes in the UpdateFCs of its class. */
  clear(link: number, cls: number, bytes: number): boolean {
    const now = this.#clock.now;
    if (this.links.freeAt(link) > now) return false;
    const cell = link * CLASSES + cls;
    this.credits.settle(cell, now);
    return this.credits.allows(cell, cls === NON_POSTED ? 0 : (bytes + 15) >> DATA_CREDIT_SHIFT);
  }

  /** Starts a TLP that the credits allow; answers when its last byte has left. */
  send(link: number, cls: number, bytes: number): number {
    const payload = cls === NON_POSTED ? 0 : bytes;
    const wire = payload + this.#overhead[cls]!;
    this.credits.consume(link * CLASSES + cls, (payload + 15) >> DATA_CREDIT_SHIFT);
    this.links.account(link, cls, 1, payload);
    return this.links.send(link, this.#clock.now, wire);
  }

  /** Something waits that may not go: the next UpdateFC, there or yet to be sent, brings a turn. */
  block(link: number): void {
    this.#blocked[link] = 1;
    this.#blockedAt[link] = this.#clock.now;
    const cell = link * CLASSES;
    for (let cls = 0; cls < CLASSES; cls++) this.wake(link, this.credits.nextUpdate(cell + cls));
  }

  /** Whether `block` was said and no turn has come since. */
  blocked(link: number): boolean {
    return this.#blocked[link] === 1;
  }

  /** A TLP of `bytes` leaves the receive buffer of a direction at `at`. */
  release(link: number, cls: number, bytes: number, at: number): void {
    const cell = link * CLASSES + cls;
    const data = cls === NON_POSTED ? 0 : (bytes + 15) >> DATA_CREDIT_SHIFT;
    this.credits.vacate(cell, data);
    const update = this.credits.release(cell, data, at, this.#clock.now);
    if (this.#blocked[link] === 1) this.wake(link, update);
  }

  /** Asks for a turn at `ps`, unless one comes before; never at Infinity. */
  wake(link: number, ps: number): void {
    if (ps >= this.#turnAt[link]!) return;
    this.#turnAt[link] = ps;
    this.#clock.at(ps, this.#turnHandler, link);
  }

  /** Everything idle, and flow control initialised with these credits. */
  reset(headerCredits: number, dataCredits: number, choices: Choices | null): void {
    this.links.reset();
    this.credits.initFc(headerCredits, dataCredits, choices);
    this.#turnAt.fill(Infinity);
    this.#blocked.fill(0);
    this.stalledPs.fill(0);
  }
}
