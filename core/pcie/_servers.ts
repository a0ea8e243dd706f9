/**
 * The link directions of the coarse fabric as servers of whole operations. A link to a node has an input for
 * each other node, a link from a node has one; each input keeps one queue per class, so that requests do not
 * wait behind answers, and within it the ordering table decides. A free server begins at once, without an
 * event, and so does one that will be free soon while nobody waits for it; a busy one looks at its queues when it
 * becomes free.
 *
 * It serves the input that has had the fewest TLPs, and of its classes the one that has (start-time fair
 * queueing, Goyal et al., SIGCOMM 1996, with TLPs for bits): so they share the link as the transmitters of the
 * TLP fabric, which serve one TLP of each in turn, let them.
 */
import { CLASSES } from "./_geometry.ts";
import type { Leg } from "./_legs.ts";
import type { Links } from "./_links.ts";
import { MAY_PASS } from "./_ordering.ts";
import type { Clock } from "../time/clock.ts";

/**
 * How long before it is free a link is reserved for who asks first. It saves the event at which it becomes free;
 * who shares a link may go out of turn by as much, which a saturated one never sees, since there somebody waits.
 */
export const AHEAD_PS = 150_000;

/** Servers and what waits for them. */
export class Servers {
  readonly #clock: Clock;
  readonly #links: Links;
  readonly #inputs: number = 0;
  readonly #serve: (link: number, leg: Leg, at: number) => void;
  /** Ends of each queue. */
  readonly #first: (Leg | null)[];
  readonly #last: (Leg | null)[];
  /** TLPs that an input, or a class of it, has had, raised to what had been given when it began to wait. */
  readonly #inputHas: Float64Array = new Float64Array(0);
  readonly #classHas: Float64Array = new Float64Array(0);
  readonly #linkGave: Float64Array = new Float64Array(0);
  readonly #inputGave: Float64Array = new Float64Array(0);
  /** Legs that wait for each link. */
  readonly waiting: Int32Array = new Int32Array(0);
  readonly #turnAt: Float64Array = new Float64Array(0);
  readonly #turnHandler: number = 0;
  #arrivals = 0;

  /**
   * @param inputs inputs of each server
   * @param serve reserves a link that is free at `at`, not before now, for a leg
   */
  constructor(
    clock: Clock,
    links: Links,
    inputs: number,
    serve: (link: number, leg: Leg, at: number) => void,
  ) {
    const n = links.count;
    this.#clock = clock;
    this.#links = links;
    this.#inputs = inputs;
    this.#serve = serve;
    this.#first = new Array(n * inputs * CLASSES).fill(null);
    this.#last = new Array(n * inputs * CLASSES).fill(null);
    this.#inputHas = new Float64Array(n * inputs);
    this.#classHas = new Float64Array(n * inputs * CLASSES);
    this.#linkGave = new Float64Array(n);
    this.#inputGave = new Float64Array(n * inputs);
    this.waiting = new Int32Array(n);
    this.#turnAt = new Float64Array(n).fill(Infinity);
    this.#turnHandler = clock.register((link) => {
      // an earlier turn was asked for after this one and has done its work
      if (clock.now !== this.#turnAt[link]) return;
      this.#turnAt[link] = Infinity;
      this.#turn(link);
    });
  }

  /** A leg may begin on a link at `at`; it will be served then or when its turn comes. */
  submit(link: number, input: number, leg: Leg, at: number): void {
    const freeAt = this.#links.freeAt(link);
    if (this.waiting[link] === 0 && freeAt <= at + AHEAD_PS) {
      this.#serve(link, leg, at > freeAt ? at : freeAt);
      return;
    }
    const server = link * this.#inputs + input;
    leg.readyAt = at;
    leg.stamp = this.#arrivals++;
    leg.next = null;
    const queue = server * CLASSES + leg.cls;
    const last = this.#last[queue]!;
    if (this.#first[queue] === null || last === null) this.#first[queue] = leg;
    else last.next = leg;
    this.#last[queue] = leg;
    this.waiting[link]!++;
    this.#wake(link, Math.max(this.#links.freeAt(link), at));
  }

  /** @param input number of the input among those of all links */
  #account(link: number, input: number, leg: Leg): void {
    const queue = input * CLASSES + leg.cls;
    const inputStart = Math.max(this.#inputHas[input]!, this.#linkGave[link]!);
    this.#linkGave[link] = inputStart;
    this.#inputHas[input] = inputStart + leg.tlps;
    const classStart = Math.max(this.#classHas[queue]!, this.#inputGave[input]!);
    this.#inputGave[input] = classStart;
    this.#classHas[queue] = classStart + leg.tlps;
  }

  #turn(link: number): void {
    const now = this.#clock.now;
    if (this.#links.freeAt(link) > now) return this.#wake(link, this.#links.freeAt(link));
    const end = (link + 1) * this.#inputs;
    let best = -1;
    let bestInput = -1;
    for (let input = link * this.#inputs; input < end; input++) {
      const queue = this.#pick(input * CLASSES, now);
      if (queue < 0) continue;
      if (best >= 0 && this.#inputHas[input]! >= this.#inputHas[bestInput]!) continue;
      best = queue;
      bestInput = input;
    }
    if (best < 0) return this.#wake(link, this.#soonest(link));
    const leg = this.#first[best]!;
    this.#first[best] = leg.next;
    this.waiting[link]!--;
    this.#account(link, bestInput, leg);
    this.#serve(link, leg, now);
    if (this.waiting[link]! > 0) this.#wake(link, this.#links.freeAt(link));
  }

  /** The class queue of an input that may go now, or -1. */
  #pick(base: number, now: number): number {
    let best = -1;
    for (let queue = base; queue < base + CLASSES; queue++) {
      const leg = this.#first[queue]!;
      if (leg === null || leg.readyAt > now) continue;
      if (this.#mustWait(base, queue - base, leg.stamp)) continue;
      if (best < 0 || this.#classHas[queue]! < this.#classHas[best]!) best = queue;
    }
    return best;
  }

  #mustWait(base: number, cls: number, stamp: number): boolean {
    for (let other = 0; other < CLASSES; other++) {
      const leg = this.#first[base + other]!;
      if (leg === null || leg.stamp >= stamp) continue;
      if (MAY_PASS[cls * CLASSES + other] === 0) return true;
    }
    return false;
  }

  /** When the first of the heads is ready. */
  #soonest(link: number): number {
    const base = link * this.#inputs * CLASSES;
    let soonest = Infinity;
    for (let queue = base; queue < base + this.#inputs * CLASSES; queue++) {
      const leg = this.#first[queue]!;
      if (leg !== null) soonest = Math.min(soonest, leg.readyAt);
    }
    return soonest;
  }

  #wake(link: number, at: number): void {
    if (at >= this.#turnAt[link]!) return;
    this.#turnAt[link] = at;
    this.#clock.at(at, this.#turnHandler, link);
  }

  /** Nothing waits, nothing was served. */
  reset(): void {
    this.#first.fill(null);
    this.#inputHas.fill(0);
    this.#classHas.fill(0);
    this.#linkGave.fill(0);
    this.#inputGave.fill(0);
    this.waiting.fill(0);
    this.#turnAt.fill(Infinity);
    this.#arrivals = 0;
  }
}
