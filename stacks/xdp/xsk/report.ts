/** The counters of the sockets under the names of struct xdp_statistics, and the system calls of the processes. */
import type { ReportRow } from "../../../core/stack.ts";
import type { XskApp } from "./app.ts";
import type { XskKernel } from "./kernel.ts";

/** Rows of all sockets and processes. */
export function xskReport(xsk: XskKernel, apps: readonly XskApp[]): ReportRow[] {
  const rows: ReportRow[] = [];
  const row = (name: string, value: number, unit: string): void => {
    rows.push({ name, value, unit });
  };
  for (const { port, queue, statistics, received, sent } of xsk.sockets) {
    const name = `xsk eth${port} queue ${queue}`;
    row(`${name} rx`, received, "packets");
    row(`${name} tx`, sent, "packets");
    row(`${name} rx_dropped`, statistics.rxDropped, "packets");
    row(`${name} rx_invalid_descs`, statistics.rxInvalidDescs, "descriptors");
    row(`${name} tx_invalid_descs`, statistics.txInvalidDescs, "descriptors");
    row(`${name} rx_ring_full`, statistics.rxRingFull, "packets");
    row(`${name} rx_fill_ring_empty_descs`, statistics.rxFillRingEmptyDescs, "looks");
    row(`${name} tx_ring_empty_descs`, statistics.txRingEmptyDescs, "looks");
  }
  row("xsk redirects to another queue", xsk.mismatched, "packets");
  apps.forEach(({ calls, process, forwarded }, cpu) => {
    row(`xdpsock cpu${cpu} forwarded`, forwarded, "packets");
    for (const [name, count] of Object.entries(calls)) {
      row(`xdpsock cpu${cpu} ${name}`, count, "calls");
    }
    row(`xdpsock cpu${cpu} wake-ups`, process.wakeups, "times");
    row(`xdpsock cpu${cpu} switches`, process.switches, "times");
  });
  return rows;
}
