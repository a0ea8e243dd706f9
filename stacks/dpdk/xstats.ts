/** Rows that any DPDK application can show: `rte_eth_xstats` of its ports, statistics of its mbuf pool. */
import type { PollPort } from "../../core/nic/poll_port.ts";
import type { Env, ReportRow } from "../../core/stack.ts";

/** Basic extended statistics of every port, by their names. */
export function xstats(env: Env): ReportRow[] {
  const rows: ReportRow[] = [];
  for (const { port, counters } of env.hardware.nics) {
    const row = (name: string, value: number, unit: string): void => {
      rows.push({ name: `port ${port} ${name}`, value, unit });
    };
    row("rx_good_packets", counters.rxFrames, "packets");
    row("tx_good_packets", counters.txFrames, "packets");
    row("rx_good_bytes", counters.rxBytes, "bytes");
    row("tx_good_bytes", counters.txBytes, "bytes");
    row("rx_missed_errors", counters.rxMissed, "packets");
    row("rx_errors", counters.rxErrors, "packets");
    row("rx_mbuf_allocation_errors", (env.ports[port] as PollPort).rxNombuf, "mbufs");
  }
  return rows;
}

/** What the pool tells (`rte_mempool_dump`, statistics of debug builds). */
export function mempoolStats(env: Env): ReportRow[] {
  const { pool } = env;
  const row = (name: string, value: number, unit: string): ReportRow => ({
    name: `mempool ${name}`,
    value,
    unit,
  });
  return [
    row("size", pool.size, "mbufs"),
    row("cache_size", pool.cacheSize, "mbufs"),
    row("common_pool_count", pool.free, "mbufs"),
    row("total cache count", pool.cached, "mbufs"),
    row("common_pool_bulk", pool.commonOps, "operations"),
    row("get_fail_bulk", pool.refusals, "operations"),
  ];
}

/** How many bursts had each number of packets: what `record-burst-stats` keeps. */
export class BurstSpread {
  readonly #counts: Uint32Array = new Uint32Array(0);

  /** For bursts of at most `most` packets. */
  constructor(most: number) {
    this.#counts = new Uint32Array(most + 1);
  }

  /** A burst of `n` packets. */
  add(n: number): void {
    this.#counts[n]!++;
  }

  /** One row for each size from `least` on. */
  rows(name: string, least: number): ReportRow[] {
    const rows = [...this.#counts].map((value, n) => ({
      name: `${name} of ${n}`,
      value,
      unit: "bursts",
    }));
    return rows.slice(least);
  }
}
