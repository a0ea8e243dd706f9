/** What is shown of a forwarder at work: rates since the last look, drops by reason, latencies. */
import Table from "cli-table3";
import { REASONS } from "../../core/mod.ts";
import { shortNumber } from "../reproduce/text.ts";
import type { Forwarder, PortTotals } from "./forwarder.ts";

const HEAD = ["port", "in kpps", "in Mb/s", "out kpps", "out Mb/s", "missed", "long", "stalls"];

/** The rates between two looks. */
export function ratesTable(before: readonly PortTotals[], now: readonly PortTotals[], s: number) {
  const table = new Table({
    head: HEAD,
    colAligns: HEAD.map((_, i) => i === 0 ? "left" : "right"),
    style: { head: [], border: [], compact: true },
  });
  now.forEach((port, i) => {
    const since = (field: Exclude<keyof PortTotals, "name">) => port[field] - before[i]![field];
    const kpps = (frames: number) => shortNumber(frames / s / 1000);
    const mbps = (bytes: number) => shortNumber((bytes * 8) / s / 1e6);
    table.push([
      port.name,
      ...[kpps(since("rxFrames")), mbps(since("rxBytes"))],
      ...[kpps(since("txFrames")), mbps(since("txBytes"))],
      ...[since("rxMissed"), since("rxOversize"), since("txStalls")].map(shortNumber),
    ]);
  });
  return `${table.toString()}\n`;
}

/** Packets dropped and latencies, a line each. */
export function statusLines(forwarder: Forwarder): string {
  const reasons = [...forwarder.dropped]
    .flatMap((count, reason) => count > 0 ? [`${shortNumber(count)} ${REASONS[reason]}`] : []);
  const latency = forwarder.latencies.summary();
  const us = (n: number) => shortNumber(n);
  const times = latency === null
    ? "none measured"
    : `p50 ${us(latency.p50)}, p90 ${us(latency.p90)}, p99 ${us(latency.p99)}, most ${
      us(latency.max)
    } us`;
  return `dropped: ${reasons.join(", ") || "none"}\nlatency: ${times}\n`;
}

/** Draws over what it drew before. */
export class Screen {
  #lines = 0;

  /** Writes to a terminal. */
  constructor(private readonly out: (text: string) => void) {}

  /** Shows `text` in place of the last one. */
  show(text: string): void {
    const up = this.#lines > 0 ? `\x1b[${this.#lines}A\x1b[J` : "";
    this.#lines = text.split("\n").length - 1;
    this.out(up + text);
  }
}
