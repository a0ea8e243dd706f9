/** The counters of a run under the names of PacketShader's own tools. */
import { REASONS } from "../../core/policy.ts";
import type { ReportRow } from "../../core/stack.ts";
import type { Engine } from "./engine.ts";
import type { PsCounters } from "./ps_driver.ts";

/** Counters of ps_handle, by the names of its fields. */
const HANDLE: readonly (readonly [keyof PsCounters, string, string])[] = [
  ["rxChunks", "rx_chunks", "chunks"],
  ["rxPackets", "rx_packets", "packets"],
  ["rxBytes", "rx_bytes", "bytes"],
  ["txChunks", "tx_chunks", "chunks"],
  ["txPackets", "tx_packets", "packets"],
  ["txBytes", "tx_bytes", "bytes"],
];

/** All counters as rows of name, value and unit. */
export function psReport(engine: Engine): ReportRow[] {
  const rows: ReportRow[] = [];
  const row = (name: string, value: number, unit: string): void => {
    rows.push({ name, value, unit });
  };
  for (const { port, counters } of engine.env.hardware.nics) {
    row(`ethtool xge${port} rx_missed_errors`, counters.rxMissed, "packets");
  }
  for (const { ifindex, name, numRxQueues, node } of engine.driver.devices) {
    row(`list_devices ${name} rx_queues`, numRxQueues, "queues");
    row(`list_devices ${name} node`, node, "1");
    for (const worker of engine.workers) {
      const counters = worker.context.counters[ifindex]!;
      for (const [key, field, unit] of HANDLE) {
        row(`cpu${worker.lcore} ${name} ${field}`, counters[key], unit);
      }
    }
  }
  for (const worker of engine.workers) workerRows(row, worker);
  engine.masters.forEach((master, node) => masterRows(row, master, node));
  for (const { lcore, processed, inHdrErrors, noHandler } of engine.hosts) {
    row(`host cpu${lcore} processed`, processed, "packets");
    row(`host cpu${lcore} IpInHdrErrors`, inHdrErrors, "packets");
    row(`host cpu${lcore} rx_nohandler`, noHandler, "packets");
  }
  row("skb of the fast path", 0, "skbs");
  return rows;
}

type Row = (name: string, value: number, unit: string) => void;

function workerRows(row: Row, worker: Engine["workers"][number]): void {
  const { lcore, context, process, finisher } = worker;
  const name = `worker cpu${lcore}`;
  row(`${name} chunk slots`, worker.chunks[0]!.slots, "packets");
  worker.sizes.forEach((count, size) => {
    if (count > 0) row(`${name} chunks of ${size}`, count, "chunks");
  });
  row(`${name} system calls`, process.calls, "calls");
  row(`${name} context switches`, process.switches, "times");
  row(`${name} sleeps`, context.sleeps, "times");
  row(`${name} wakes`, context.wakes, "times");
  row(`${name} interrupts`, context.interrupts, "interrupts");
  row(`${name} spurious interrupts`, context.spurious, "interrupts");
  row(`${name} remote packets`, context.remotePackets, "packets");
  row(`${name} shaded on cpu`, worker.cpuPackets, "packets");
  row(`${name} shaded on gpu`, worker.gpuPackets, "packets");
  row(`${name} pipeline depth`, worker.depth, "chunks");
  row(`${name} slowpath`, finisher.slowPackets, "packets");
  finisher.drops.forEach((count, reason) => {
    if (count > 0) row(`${name} dropped ${REASONS[reason]}`, count, "packets");
  });
}

function masterRows(row: Row, master: Engine["masters"][number], node: number): void {
  const { gpu, gathered } = master;
  const name = `gpu${node}`;
  row(`${name} launches`, gpu.launches, "launches");
  row(`${name} threads`, gpu.threads, "threads");
  row(`${name} h2d`, gpu.h2dBytes, "bytes");
  row(`${name} d2h`, gpu.d2hBytes, "bytes");
  row(`${name} kernel time`, Math.round(gpu.kernelNs), "ns");
  row(`${name} largest batch`, master.mostPackets, "packets");
  gathered.forEach((count, chunks) => {
    row(`${name} batches of ${chunks} chunks`, count, "batches");
  });
}
