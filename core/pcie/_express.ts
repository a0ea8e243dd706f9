/**
 * The way of most TLPs through the coarse fabric in one step: one TLP, nobody waiting for either of its links,
 * both free now or soon. It gets the times that a leg would get which never waits, without the leg.
 */
import * as geometry from "./_geometry.ts";
import type { Links } from "./_links.ts";
import { AHEAD_PS, type Servers } from "./_servers.ts";
import type { FabricProfile } from "./fabric.ts";
import type { Clock } from "../time/clock.ts";

/** Constants of this module: V8 reads and checks what is imported at each use. */
const { downLink, upLink } = geometry;

/** Single TLPs that do not wait. */
export class Express {
  readonly #clock: Clock;
  readonly #links: Links;
  readonly #waiting: Int32Array = new Int32Array(0);
  readonly #arrivesAt: Float64Array = new Float64Array(0);
  readonly #nodes: number = 0;
  readonly #switchPs: number = 0;

  /** @param arrivesAt when the last byte of a pair leaves the switch: `from * nodes + to` */
  constructor(
    clock: Clock,
    profile: FabricProfile,
    links: Links,
    servers: Servers,
    arrivesAt: Float64Array,
    nodes: number,
  ) {
    this.#clock = clock;
    this.#links = links;
    this.#waiting = servers.waiting;
    this.#arrivesAt = arrivesAt;
    this.#nodes = nodes;
    this.#switchPs = profile.switchPs;
  }

  /**
   * Sends one TLP with `payload` bytes of data all the way.
   * @returns when its last byte leaves the switch, or -1 if it has to wait: then nothing has happened
   */
  send(cls: number, from: number, to: number, payload: number): number {
    const links = this.#links;
    const up = upLink(from);
    const down = downLink(to);
    if (this.#waiting[up] !== 0 || this.#waiting[down] !== 0) return -1;
    const now = this.#clock.now;
    const switchPs = this.#switchPs;
    const upFree = links.freeAt(up);
    const downFree = links.freeAt(down);
    if (upFree > now + AHEAD_PS || downFree > now + switchPs + AHEAD_PS) return -1;
    const wire = payload + links.overhead[cls]!;
    const start = upFree > now ? upFree : now;
    const end = links.send(up, start, wire);
    const ready = (links.sameRate(up, down) ? start : end) + switchPs;
    let at = links.send(down, ready > downFree ? ready : downFree, wire);
    // one operation of a pair after the other
    const pair = from * this.#nodes + to;
    const earlier = this.#arrivesAt[pair]! + links.atLeast(down, wire);
    if (earlier > at) at = earlier;
    this.#arrivesAt[pair] = at;
    links.account(up, cls, 1, payload);
    links.account(down, cls, 1, payload);
    return at;
  }
}
