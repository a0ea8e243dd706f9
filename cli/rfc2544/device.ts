/**
 * What the tests of RFC 2544 drive: something that is offered frames at a constant gap and says how many it lost.
 *
 * Time is whole picoseconds and a rate is a gap: every rate that can be asked for is one over a whole number of
 * picoseconds, so a search over gaps can be exact.
 */

/** Frames at a constant gap into every input port at once, as testers do for a whole chassis. */
export interface Load {
  /** Picoseconds from the start of a frame to the start of the next one on its port. */
  readonly gapPs: number;
  /** Frames into each input port. */
  readonly frames: number;
  /** What follows without a pause; nothing unless given. */
  readonly then?: { readonly gapPs: number; readonly frames: number };
  /** The trial ends with the first loss beyond so many; by default it goes on. */
  readonly lossesMax?: number;
}

/** What became of a load. */
export interface Outcome {
  /** Frames offered in all. */
  readonly offered: number;
  /** Frames that did not come out; of a trial that ended early, so far. */
  readonly lost: number;
  /** Whether the trial ended with a loss too many. */
  readonly cut: boolean;
  /** When the last frame was lost, in picoseconds after the first arrival; null for none. */
  readonly lastLossPs: number | null;
}

/** Latencies of a trial in nanoseconds. */
export interface Latency {
  /** Frames whose latency was taken. */
  readonly frames: number;
  readonly min: number;
  readonly mean: number;
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
}

/** A device under test between the ports of a tester. It is new for each trial. */
export interface Device {
  /** The gap of frames back to back on the wire. */
  readonly lineGapPs: number;
  /** Input ports of the tester's pattern. */
  readonly inputs: number;
  /** Frames into a port that buffers on its way may hold, at most: a trial much shorter than that shows little. */
  readonly buffers: number;
  /** Offers a load, waits for residual frames, and counts. */
  trial(load: Load): Outcome;
  /** Latencies, as RFC 1242, 3.8 has them for store and forward: from the last bit in to the first bit out. */
  latency(load: Load): Latency | null;
}
