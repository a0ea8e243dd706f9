/** What `planecheck rfc2544` reports. Every figure is a prediction of the model, in virtual time. */

/** Grows when a reader of the old form would misread the new one. */
export const RFC2544_REPORT_VERSION = 1;

/** The tests that are made, by the words of RFC 2544, section 26. */
export const RFC2544_TESTS = [
  "throughput",
  "latency",
  "loss",
  "back-to-back",
  "recovery",
] as const;

/** Name of a test. */
export type Rfc2544Test = typeof RFC2544_TESTS[number];

/** A rate: all input ports at one gap. */
export interface RateRecord {
  /** Picoseconds from the start of a frame to the start of the next one on its port. */
  gapPs: number;
  /** Frames a second into all input ports together, rounded down. */
  fps: number;
  /** Share of the most that the wires carry. */
  share: number;
}

/** The answer of a search for a rate (26.1). */
export interface ThroughputRecord {
  /** Highest rate at and below which every trial passed; null when the slowest rate tried loses too much. */
  rate: RateRecord | null;
  /** A faster rate that passed although a slower one failed; null for none. */
  faster: RateRecord | null;
  /** Gaps in picoseconds, slower than an edge, at which a trial failed. */
  holesPs: number[];
  /** Frames into each port in the trials that the answer stands on. */
  frames: number;
  /** Where the rate goes to as trials grow, extrapolated from the last two lengths; null when there was one. */
  limit: RateRecord | null;
  /** How far the answers of trials of half that length differ, as a share; null when one length was asked for. */
  spread: number | null;
  /** Trials made. */
  trials: number;
}

/** Latency at a rate (26.2), in nanoseconds from the last bit in to the first bit out. */
export interface LatencyAtRecord {
  /** The rate as a share of the throughput. */
  ofThroughput: number;
  /** That rate. */
  rate: RateRecord;
  /** Frames whose latency was taken: all of the second half of the trial. */
  frames: number;
  /** The least. */
  min: number;
  /** The mean. */
  mean: number;
  /** The median. */
  p50: number;
  /** What one in a hundred exceeds. */
  p99: number;
  /** The most. */
  max: number;
}

/** A trial of the frame loss test (26.3). */
export interface LossRecord {
  /** The rate offered. */
  rate: RateRecord;
  /** Frames offered into all ports. */
  offered: number;
  /** Frames of those that did not come out. */
  lost: number;
}

/** The longest burst without a loss (26.4). */
export interface BackToBackRecord {
  /** Frames of it into each port at the gap of the wire. */
  frames: number;
  /** Whether the longest burst tried passed too: the answer is then at least `frames`. */
  unbounded: boolean;
}

/** How long a device goes on losing after an overload (26.5). */
export interface RecoveryRecord {
  /** The overload: 110 % of the throughput, or what the wire carries. */
  overload: RateRecord;
  /** Frames into each port during it. */
  frames: number;
  /** Frames lost of it and afterwards. */
  lost: number;
  /** From the step down to half of that rate until the last loss, in ns; null when nothing was lost at all. */
  recoveryNs: number | null;
  /** Whether it still lost within the last tenth of the frames after the step. */
  stillLosing: boolean;
}

/** Everything about one frame size. */
export interface SizeRecord {
  /** Bytes on the wire, FCS included. */
  size: number;
  /** What the wires of the input ports carry of such frames. */
  line: RateRecord;
  /** The highest rate without a loss. */
  ndr: ThroughputRecord;
  /** The highest rate with the loss that was allowed. */
  pdr: ThroughputRecord;
  /** Null when not asked for, or without a throughput. */
  latency: LatencyAtRecord[] | null;
  /** Null when not asked for. */
  loss: LossRecord[] | null;
  /** Null when not asked for. */
  backToBack: BackToBackRecord | null;
  /** Null when not asked for, or without a throughput. */
  recovery: RecoveryRecord | null;
}

/** A whole report of the tests of RFC 2544. */
export interface Rfc2544Report {
  /** {@link RFC2544_REPORT_VERSION}. */
  version: typeof RFC2544_REPORT_VERSION;
  /** What made it. */
  tool: { name: string; version: string };
  /** The command line that makes this report again. */
  command: string;
  /** What kind of figures these are, and by which method they were found. */
  basis: string[];
  /** The stack: its name on the command line, and what it calls itself. */
  stack: { name: string; title: string };
  /** What it ran on. */
  machine: {
    profile: string;
    lcores: number;
    linkGbps: number;
    fidelity: "coarse" | "tlp" | "link";
    rings: number;
  };
  /** The routes in a sentence without its end. */
  routes: string;
  /** What was offered. */
  traffic: { pattern: string; inputs: number; flows: number; seed: number };
  /** Virtual milliseconds of a trial; null for as many as it takes. */
  durationMs: number | null;
  /** Share of frames that a trial of the partial drop rate may lose. */
  pdrRatio: number;
  /** Tests that were asked for. */
  tests: Rfc2544Test[];
  /** One record for each size. */
  sizes: SizeRecord[];
}
