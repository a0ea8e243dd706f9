/**
 * The link directions of the coarse fabric as servers of whole operations. Each has several inputs, first in
 * first out: a link from a node takes the node's own operations and its answers to reads, a link to a node
 * takes what comes from each other node. A free server begins at once, without an event; a busy one looks at
 * its inputs when it becomes free. It serves the input that has had the fewest TLPs (start-time fair queueing,
 * Goyal et al., SIGCOMM 1996, with TLPs for bits): so inputs share it as the switch's arbiter, which serves one
 * TLP of each in turn, would let them.
 */
import type { Legs } from "./_legs.ts";
import type { Links } from "./_links.ts";
import type { Clock } from "../time/clock.ts";

/** Servers and what waits for them. */
export class Servers {
  readonly #clock: Clock;
  readonly #links: Links;
  readonly #legs: Legs;
  readonly #inputs: number;
  readonly #serve: (link: number, leg: number, at: number) => void;
  readonly #first: Int32Array;
  readonly #last: Int32Array;
  /** TLPs that an input has had, raised to what the server had given when it began to wait. */
  readonly #served: Float64Array;
  readonly #given: Float64Array;
  readonly #waiting: Int32Array;
  readonly #turnAt: Float64Array;
  readonly #turnHandler: number;

  /**
   * @param inputs inputs of each server
   * @param serve reserves a link that is free at `at`, not before now, for a leg
   */
  constructor(
    clock: Clock,
    links: Links,
    legs: Legs,
    inputs: number,
    serve: (link: number, leg: number, at: number) => void,
  ) {
    const n = links.freeAt.length;
    this.#clock = clock;
    this.#links = links;
    this.#legs = legs;
    this.#inputs = inputs;
    this.#serve = serve;
    this.#first = new Int32Array(n * inputs).fill(-1);
    this.#last = new Int32Array(n * inputs).fill(-1);
    this.#served = new Float64Array(n * inputs);
    this.#given = new Float64Array(n);
    this.#waiting = new Int32Array(n);
    this.#turnAt = new Float64Array(n).fill(Infinity);
    this.#turnHandler = clock.register((link) => {
      // an earlier turn was asked for after this one and has done its work
      if (clock.now !== this.#turnAt[link]) return;
      this.#turnAt[link] = Infinity;
      this.#turn(link);
    });
  }

  /** A leg may begin on a link at `at`; it will be served then or when its turn comes. */
  submit(link: number, input: number, leg: number, at: number): void {
    const queue = link * this.#inputs + input;
    if (this.#waiting[link] === 0 && this.#links.freeAt[link]! <= at) {
      this.#account(link, queue, leg);
      this.#serve(link, leg, at);
      return;
    }
    this.#legs.readyAt[leg] = at;
    this.#legs.next[leg] = -1;
    if (this.#first[queue]! < 0) this.#first[queue] = leg;
    else this.#legs.next[this.#last[queue]!] = leg;
    this.#last[queue] = leg;
    this.#waiting[link]!++;
    this.#wake(link, Math.max(this.#links.freeAt[link]!, at));
  }

  #account(link: number, queue: number, leg: number): void {
    const start = Math.max(this.#served[queue]!, this.#given[link]!);
    this.#given[link] = start;
    this.#served[queue] = start + this.#legs.tlps[leg]!;
  }

  #turn(link: number): void {
    const base = link * this.#inputs;
    const now = this.#clock.now;
    if (this.#links.freeAt[link]! > now) return this.#wake(link, this.#links.freeAt[link]!);
    let best = -1;
    let soonest = Infinity;
    for (let queue = base; queue < base + this.#inputs; queue++) {
      const leg = this.#first[queue]!;
      if (leg < 0) continue;
      const at = this.#legs.readyAt[leg]!;
      if (at > now) soonest = Math.min(soonest, at);
      else if (best < 0 || this.#served[queue]! < this.#served[best]!) best = queue;
    }
    if (best < 0) return this.#wake(link, soonest);
    const leg = this.#first[best]!;
    this.#first[best] = this.#legs.next[leg]!;
    this.#waiting[link]!--;
    this.#account(link, best, leg);
    this.#serve(link, leg, now);
    if (this.#waiting[link]! > 0) this.#wake(link, this.#links.freeAt[link]!);
  }

  #wake(link: number, at: number): void {
    if (at >= this.#turnAt[link]!) return;
    this.#turnAt[link] = at;
    this.#clock.at(at, this.#turnHandler, link);
  }

  /** Nothing waits, nothing was served. */
  reset(): void {
    this.#first.fill(-1);
    this.#served.fill(0);
    this.#given.fill(0);
    this.#waiting.fill(0);
    this.#turnAt.fill(Infinity);
  }
}
