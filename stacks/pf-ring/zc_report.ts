/** The counters of a run on ZC, under the names of pfring_zc_stat, zbalance_ipc and ethtool. */
import type { Process } from "../../core/host/process.ts";
import type { Mempool } from "../../core/memory/mempool.ts";
import type { Env, ReportRow } from "../../core/stack.ts";
import type { ZcCounter } from "./zc_apps.ts";
import type { ZcChannel } from "./zc_channel.ts";
import type { ZcQueue } from "./zc_queue.ts";
import type { ZcRouter } from "./zc_router.ts";
import type { ZcWorker } from "./zc_worker.ts";

/** Where the counters are. */
export interface ZcReportSource {
  readonly env: Env;
  readonly pool: Mempool;
  readonly devices: readonly ZcChannel[];
  readonly queues: readonly ZcQueue[];
  readonly routers: readonly ZcRouter[];
  readonly counters: readonly ZcCounter[];
  readonly worker: ZcWorker | null;
  readonly processes: readonly Process[];
  /** Interfaces that the kernel has. */
  readonly netdevs: number;
}

/** All counters as rows of name, value and unit. */
export function zcReport(source: ZcReportSource): ReportRow[] {
  const rows: ReportRow[] = [];
  const row = (name: string, value: number, unit: string): void => {
    rows.push({ name, value, unit });
  };
  const { pool, devices, queues, routers, counters, worker, processes } = source;
  for (const { name, recv, sent, refused, flushes } of devices) {
    row(`${name} recv`, recv, "packets");
    row(`${name} sent`, sent, "packets");
    row(`${name} send refused`, refused, "packets");
    row(`${name} TDT writes`, flushes, "doorbells");
  }
  for (const { port, counters: c } of source.env.hardware.nics) {
    // pfring_zc_stats of a device reads the hardware's counter of missed packets
    row(`zc:eth${port} drop`, c.rxMissed, "packets");
    row(`ethtool eth${port} rx_packets`, c.rxFrames, "packets");
    row(`ethtool eth${port} rx_missed_errors`, c.rxMissed, "packets");
    row(`ethtool eth${port} tx_packets`, c.txFrames, "packets");
  }
  if (worker !== null) {
    row("worker recv", worker.recv, "packets");
    row("worker dropped", worker.dropped, "packets");
  }
  for (const { name, recv, sent, drop, count } of queues) {
    row(`${name} recv`, recv, "packets");
    row(`${name} sent`, sent, "packets");
    row(`${name} drop`, drop, "packets");
    row(`${name} in queue`, count, "packets");
  }
  routers.forEach(({ dropped }, i) => row(`application ${i} send errors`, dropped, "packets"));
  counters.forEach(({ packets, bytes }, i) => {
    row(`application ${i} packets`, packets, "packets");
    row(`application ${i} bytes`, bytes, "bytes");
  });
  row("poll(2)", sum(processes, ({ calls }) => calls), "system calls");
  row("context switches", sum(processes, ({ switches }) => switches), "switches");
  row("network interfaces of the kernel", source.netdevs, "interfaces");
  row("cluster tot buffers", pool.size, "buffers");
  row("cluster pool", pool.free + pool.cached, "buffers");
  return rows;
}

function sum<T>(of: readonly T[], f: (one: T) => number): number {
  let total = 0;
  for (const one of of) total += f(one);
  return total;
}
