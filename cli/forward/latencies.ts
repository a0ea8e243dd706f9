/** Times in a histogram of three significant digits (HdrHistogram). */
import { build, type Histogram } from "hdr-histogram-js";

/** Ten seconds, in nanoseconds: what is longer counts as that. */
const LONGEST_NS = 1e10;
const DIGITS = 3;

/** What is said of a distribution, in microseconds. */
export interface LatencySummary {
  readonly count: number;
  readonly mean: number;
  readonly p50: number;
  readonly p90: number;
  readonly p99: number;
  readonly max: number;
}

/** Times of frames. */
export class Latencies {
  readonly #histogram: Histogram = build({
    lowestDiscernibleValue: 1,
    highestTrackableValue: LONGEST_NS,
    numberOfSignificantValueDigits: DIGITS,
    useWebAssembly: false,
  });

  /** Adds a time. A clock that was set back in between counts as no time. */
  record(ns: number): void {
    this.#histogram.recordValue(Math.min(LONGEST_NS, Math.max(0, Math.round(ns))));
  }

  /** The distribution; null while there is none. */
  summary(): LatencySummary | null {
    const h = this.#histogram;
    if (h.totalCount === 0) return null;
    const us = (ns: number) => ns / 1000;
    const at = (percentile: number) => us(h.getValueAtPercentile(percentile));
    return {
      count: h.totalCount,
      mean: us(h.mean),
      ...{ p50: at(50), p90: at(90), p99: at(99), max: us(h.maxValue) },
    };
  }
}
