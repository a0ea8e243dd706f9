/**
 * The highest rate at which a device loses no more than it may (RFC 2544, 26.1), to the picosecond of gap.
 *
 * A device need not lose more when it is offered more: timers beat against gaps, buffers change hands in bursts.
 * So nothing between two trials is taken for granted beyond what is said here:
 *
 *  1. Rates on a ladder, each four fifths of the one before, from the wire's down to a thousandth of it, are all
 *     tried, with trials of the least length. Everything slower than the answer on this ladder has passed.
 *  2. Between the slowest rate that fails and the next one on the ladder the edge is bisected: it ends with a gap
 *     that passes and one, a picosecond shorter, that does not.
 *  3. What a trial lets pass because buffers filled while it lasted, a longer one does not: trials are doubled until
 *     two lengths agree within {@link AGREE}, or to the greatest length. What buffers of B frames add to the answer
 *     of N frames is B / N, half as much in a trial twice as long: where that goes to is extrapolated (`limitPs`) from
 *     the last two, and said to be. A rate that passes on the wire's own pace has nothing above to agree with: only the
 *     greatest length says it.
 *  4. Slower neighbours of the edge ({@link NEIGHBOURS}) are tried at the last length. One that fails is a hole; the
 *     search goes on below it.
 *  5. Faster rates of the ladder that passed although a slower one failed are tried again at the last length.
 *
 * The answer is therefore the highest rate at and below which every trial made has passed: the relevant lower bound of
 * MLRsearch (draft-ietf-bmwg-mlrsearch), cautious where RFC 2544 is silent. When a faster rate passes too, `faster`
 * says which: the letter of 26.1. A hole narrower than the ladder that no neighbour hits goes unseen.
 */
import type { Device } from "./device.ts";

/** How far the answers of two lengths of trial may differ, as a share. */
export const AGREE = 0.005;
/** Neighbours of the edge that are tried, as shares of its gap by which they are slower. */
export const NEIGHBOURS: readonly number[] = [0, 0.001, 0.01];
/** A rate of the ladder is so much of the one above it. */
const RUNG = 0.8;
/** The slowest rate tried is that of the wire divided by this. */
export const SLOWEST = 1000;
/** Edges are found so closely until the length of the trial stands. */
const COARSE = 0.0001;
/** Holes that are searched below, before the search says that there is no answer. */
const HOLES_MAX = 8;

/** Frames into each port in a trial at a gap, after so many doublings. */
export type Length = (gapPs: number, doublings: number) => number;

/** How long trials are. */
export interface Lengths {
  readonly frames: Length;
  /** Doublings of the longest trial. */
  readonly doublingsMax: number;
}

/** What a search found. */
export interface Found {
  /** The gap of the answer; null when the slowest rate tried loses too much. */
  readonly gapPs: number | null;
  /** Doublings of the trials that the answer stands on. */
  readonly doublings: number;
  /** How far the answers of the last two lengths differ, as a share; null when there was one length only. */
  readonly spread: number | null;
  /** Where the answer goes to as trials grow, extrapolated; null when there was one length only. */
  readonly limitPs: number | null;
  /** Gaps slower than the edge that failed, in the order found. */
  readonly holesPs: readonly number[];
  /** A shorter gap that passes although a longer one fails; null for none. */
  readonly fasterPs: number | null;
  /** Trials made. */
  readonly trials: number;
}

/** An answer, and the trials that it stands on. */
interface Standing {
  readonly gapPs: number;
  readonly doublings: number;
  readonly spread: number | null;
}

/** Searches. Trials are deterministic, so none is made twice. */
export class RateSearch {
  readonly #device: Device;
  readonly #ratio: number;
  readonly #lengths: Lengths;
  readonly #slowestPs: number;
  readonly #known = new Map<string, boolean>();

  /** A search for the highest rate with a share of lost frames of at most `ratio`. */
  constructor(device: Device, ratio: number, lengths: Lengths) {
    this.#device = device;
    this.#ratio = ratio;
    this.#lengths = lengths;
    this.#slowestPs = device.lineGapPs * SLOWEST;
  }

  /** The search from the ladder on. */
  run(): Found {
    const ladder = this.#ladder();
    const passed = ladder.map((gapPs) => this.#passes(gapPs, 0));
    const failed = passed.lastIndexOf(false);
    if (failed === ladder.length - 1) return this.#nothing([], null);
    let edge: number | null = ladder[failed + 1]!;
    if (failed >= 0) edge = this.#bisect(edge, ladder[failed]!, 0, COARSE * edge);
    const { doublingsMax } = this.#lengths;
    let doublings = 0;
    let spread: number | null = null;
    let change = 0;
    const line = this.#device.lineGapPs;
    while (doublings < doublingsMax && (spread === null || spread > AGREE || edge === line)) {
      const before: number = edge;
      const onWire = edge === line && this.#passes(line, doublingsMax);
      doublings = onWire ? doublingsMax : doublings + 1;
      // buffers weigh half as much in a trial twice as long: half the last change is to be expected
      const guess: number = Math.max(line, edge + Math.round(change / 2));
      edge = this.#edgeFrom(onWire ? line : guess, doublings, COARSE * edge);
      if (edge === null) return this.#nothing([], spread);
      change = edge - before;
      spread = Math.abs(change) / before;
    }
    return this.#finish(
      { gapPs: edge, doublings, spread },
      change,
      ladder.filter((_, i) => i < failed && passed[i]!),
    );
  }

  /** The search from a gap that a stricter one found, at the length that it stands on. */
  from(found: Found): Found {
    const { gapPs, doublings, spread } = found;
    const { lineGapPs } = this.#device;
    if (gapPs === null) return this.run();
    if (gapPs === lineGapPs) return { ...found, trials: 0 };
    const guess = Math.max(lineGapPs, Math.round(gapPs * (1 - this.#ratio)));
    return this.#finish({ gapPs: guess, doublings, spread }, null, []);
  }

  #finish(
    { gapPs: start, doublings, spread }: Standing,
    change: number | null,
    suspects: readonly number[],
  ): Found {
    const holesPs: number[] = [];
    const first = this.#edgeFrom(start, doublings, 1);
    let edge = first;
    while (edge !== null) {
      const at: number = edge;
      const slower = NEIGHBOURS.map((share) => Math.ceil(at * (1 + share)) + 1)
        .find((gapPs) => gapPs <= this.#slowestPs && !this.#passes(gapPs, doublings));
      if (slower === undefined) break;
      holesPs.push(slower);
      edge = holesPs.length > HOLES_MAX ? null : this.#edgeFrom(slower, doublings, 1);
    }
    if (edge === null) return this.#nothing(holesPs, spread);
    const suspect = suspects.find((gapPs) => gapPs < edge! && this.#passes(gapPs, doublings));
    const fasterPs = suspect !== undefined
      ? this.#edgeFrom(suspect, doublings, 1)
      : holesPs.length > 0
      ? first
      : null;
    const limitPs = spread === null || change === null
      ? null
      : Math.max(this.#device.lineGapPs, edge + change);
    const trials = this.#known.size;
    return { gapPs: edge, doublings, spread, limitPs, holesPs, fasterPs, trials };
  }

  #nothing(holesPs: readonly number[], spread: number | null): Found {
    const trials = this.#known.size;
    return { gapPs: null, doublings: 0, spread, limitPs: null, holesPs, fasterPs: null, trials };
  }

  #ladder(): number[] {
    const { lineGapPs } = this.#device;
    const gaps = [lineGapPs];
    for (let gap = lineGapPs / RUNG; gap < this.#slowestPs; gap /= RUNG) gaps.push(Math.ceil(gap));
    return [...gaps, this.#slowestPs];
  }

  /**
   * An edge near a gap: from one that passes towards shorter ones, from one that fails towards longer ones, in steps
   * that double, then bisected. The wire's own gap when that passes; null when all longer ones fail.
   */
  #edgeFrom(start: number, doublings: number, withinPs: number): number | null {
    const line = this.#device.lineGapPs;
    let step = Math.max(1, Math.round(COARSE * start));
    if (this.#passes(start, doublings)) {
      for (let passing = start; passing > line; step *= 2) {
        const next = Math.max(line, passing - step);
        if (!this.#passes(next, doublings)) return this.#bisect(passing, next, doublings, withinPs);
        passing = next;
      }
      return line;
    }
    for (let failing = start; failing < this.#slowestPs; step *= 2) {
      const next = Math.min(this.#slowestPs, failing + step);
      if (this.#passes(next, doublings)) return this.#bisect(next, failing, doublings, withinPs);
      failing = next;
    }
    return null;
  }

  /** Between a gap that passes and a shorter one that fails: one that passes, with one that fails so close. */
  #bisect(passing: number, failing: number, doublings: number, withinPs: number): number {
    while (passing - failing > Math.max(1, withinPs)) {
      const middle = Math.floor((passing + failing) / 2);
      if (this.#passes(middle, doublings)) passing = middle;
      else failing = middle;
    }
    return passing;
  }

  #passes(gapPs: number, doublings: number): boolean {
    const frames = this.#lengths.frames(gapPs, doublings);
    const key = `${gapPs} ${frames}`;
    let passes = this.#known.get(key);
    if (passes === undefined) {
      const lossesMax = Math.floor(this.#ratio * frames * this.#device.inputs);
      passes = this.#device.trial({ gapPs, frames, lossesMax }).lost <= lossesMax;
      this.#known.set(key, passes);
    }
    return passes;
  }
}
