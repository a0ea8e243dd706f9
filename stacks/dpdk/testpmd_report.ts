/** What testpmd prints, as rows: a view's heading, then the field's name. */
import type { PollPort } from "../../core/nic/poll_port.ts";
import type { Cpu, Env, ReportRow } from "../../core/stack.ts";
import type { TestpmdSettings } from "./testpmd_options.ts";
import { BurstSpread, mempoolStats, xstats } from "./xstats.ts";

/** A forwarding stream and its counters (`struct fwd_stream`). */
export class Stream {
  readonly rxPort: number = 0;
  readonly queue: number = 0;
  readonly txPort: number = 0;
  /** Whether its lcore takes it in turn. */
  forwarding = true;
  /** What runs it. */
  context: Cpu | null = null;
  rxPackets = 0;
  txPackets = 0;
  fwdDropped = 0;
  busyCycles = 0;
  readonly rxBursts: BurstSpread;
  readonly txBursts: BurstSpread;

  constructor(rxPort: number, queue: number, txPort: number, burst: number) {
    this.rxPort = rxPort;
    this.queue = queue;
    this.txPort = txPort;
    this.rxBursts = new BurstSpread(burst);
    this.txBursts = new BurstSpread(burst);
  }

  /** Its heading in `show fwd stats all`. */
  get heading(): string {
    const queue = `Queue=${this.queue}`;
    return `RX Port=${this.rxPort}/${queue} -> TX Port=${this.txPort}/${queue}`;
  }
}

/** `show port stats all`, `show fwd stats all`, `show port xstats all`, and the pool. */
export function testpmdReport(
  env: Env,
  settings: TestpmdSettings,
  streams: readonly Stream[],
): ReportRow[] {
  const rows: ReportRow[] = [];
  for (const { port, counters } of env.hardware.nics) {
    const row = rowOf(rows, `NIC statistics for port ${port}`);
    row("RX-packets", counters.rxFrames);
    row("RX-missed", counters.rxMissed);
    row("RX-bytes", counters.rxBytes, "bytes");
    row("RX-errors", counters.rxErrors);
    row("RX-nombuf", (env.ports[port] as PollPort).rxNombuf, "mbufs");
    row("TX-packets", counters.txFrames);
    // the driver has no case in which a frame that it was handed is not sent
    row("TX-errors", 0);
    row("TX-bytes", counters.txBytes, "bytes");
  }
  for (const stream of streams) streamRows(rows, settings, stream);
  const totals = [0, 0, 0, 0] as [number, number, number, number];
  for (const { port, counters } of env.hardware.nics) {
    const dropped = sum(streams.filter((s) => s.txPort === port), (s) => s.fwdDropped);
    const of = [counters.rxFrames, counters.rxMissed, counters.txFrames, dropped] as const;
    for (let i = 0; i < 4; i++) totals[i]! += of[i]!;
    forwardRows(rows, `Forward statistics for port ${port}`, of);
  }
  forwardRows(rows, "Accumulated forward statistics for all ports", totals);
  if (settings.recordCoreCycles && totals[0] > 0) {
    const busy = sum(streams, (s) => s.busyCycles);
    const packets = sum(streams, (s) => s.rxPackets);
    rows.push({ name: "CPU cycles/packet", value: busy / packets, unit: "cycles" });
    rows.push({ name: "CPU cycles/packet: busy cycles", value: busy, unit: "cycles" });
  }
  return [...rows, ...xstats(env), ...mempoolStats(env)];
}

function streamRows(rows: ReportRow[], settings: TestpmdSettings, stream: Stream): void {
  const row = rowOf(rows, `Forward Stats for ${stream.heading}`);
  row("RX-packets", stream.rxPackets);
  row("TX-packets", stream.txPackets);
  row("TX-dropped", stream.fwdDropped);
  if (!settings.recordBurstStats) return;
  rows.push(...stream.rxBursts.rows(`${stream.heading}: RX-bursts`, 0));
  rows.push(...stream.txBursts.rows(`${stream.heading}: TX-bursts`, 0));
}

function forwardRows(
  rows: ReportRow[],
  heading: string,
  [rx, rxDropped, tx, txDropped]: readonly [number, number, number, number],
): void {
  const row = rowOf(rows, heading);
  row("RX-packets", rx);
  row("RX-dropped", rxDropped);
  row("RX-total", rx + rxDropped);
  row("TX-packets", tx);
  row("TX-dropped", txDropped);
  row("TX-total", tx + txDropped);
}

function rowOf(rows: ReportRow[], heading: string) {
  return (name: string, value: number, unit = "packets"): void => {
    rows.push({ name: `${heading}: ${name}`, value, unit });
  };
}

function sum<T>(of: readonly T[], f: (one: T) => number): number {
  return of.reduce((total, one) => total + f(one), 0);
}
