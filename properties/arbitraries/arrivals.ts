/**
 * Gaps between arrivals, in nanoseconds. Lost wake-ups, early descriptors and forgotten drains show
 * only when packets come as far apart as the thing that goes wrong takes, so gaps are drawn around
 * the delays that machines have: wire, DMA, poll, interrupt, throttle, drain.
 */
import type { Random } from "fast-check";
import { pick } from "./_pick.ts";

/**
 * How the packets of one run follow each other: one kind of gap for the run, or a mixture. One kind
 * per run, because a burst of sixteen needs sixteen short gaps in a row.
 */
export type Rhythm = "wire" | "dma" | "poll" | "interrupt" | "drain" | "mixed" | "bursts";

const RHYTHMS: readonly Rhythm[] = [
  "wire",
  "dma",
  "poll",
  "interrupt",
  "drain",
  "mixed",
  "mixed",
  "bursts",
  "bursts",
  "bursts",
];
const KINDS: readonly Rhythm[] = ["wire", "dma", "poll", "interrupt", "drain"];

/** The rhythm of one run. */
export function drawRhythm(random: Random): Rhythm {
  return pick(random, RHYTHMS);
}

/** The gap before one packet, in nanoseconds; 0 means as soon as the wire allows. */
export function drawGapNs(random: Random, rhythm: Rhythm): number {
  switch (rhythm) {
    case "wire":
      return 0;
    case "dma":
      return random.nextInt(1, 99); // a doorbell, a write-back or an engine write
    case "poll":
      return random.nextInt(300, 3000); // around a poll loop's round of 1 us
    case "interrupt":
      return random.nextInt(8_000, 100_000); // interrupt latency up to throttles of 10,000 a second
    case "drain":
      return random.nextInt(95_000, 105_000); // l3fwd's transmit drain is 100 us
    case "mixed":
      return drawGapNs(random, pick(random, KINDS));
    case "bursts":
      return random.nextInt(0, 7) > 0 ? 0 : drawGapNs(random, pick(random, KINDS));
  }
}

/**
 * Picoseconds that a frame of `bytes` without FCS keeps a wire of 40 Gb/s busy: FCS, preamble, SFD
 * and gap are 24 bytes more (IEEE 802.3, 4.4.2), and a byte takes 200 ps.
 */
export function wirePs(bytes: number): number {
  return (bytes + 24) * 200;
}
