/** The counters of a run under ODP's own names. */
import type { Mempool } from "../../core/memory/mempool.ts";
import type { ReportRow } from "../../core/stack.ts";
import type { Odp } from "./odp.ts";
import type { Pktio, PktioCounters } from "./pktio.ts";
import { PktioDpdk } from "./pktio_dpdk.ts";
import { PktioSocket } from "./pktio_socket.ts";
import { TM_COLOURS } from "./tm_options.ts";
import type { Worker } from "./worker.ts";

type Row = (name: string, value: number, unit: string) => void;

/** All counters as rows of name, value and unit. */
export function odpReport(odp: Odp, workers: readonly Worker[]): ReportRow[] {
  const rows: ReportRow[] = [];
  const row: Row = (name, value, unit) => void rows.push({ name, value, unit });
  for (const pktio of odp.pktios) pktioRows(row, odp, pktio);
  for (const { param, enqueued, dequeued, discards, events } of odp.scheduler.queues) {
    row(`odp_queue ${param.name} enq`, enqueued, "events");
    row(`odp_queue ${param.name} deq`, dequeued, "events");
    row(`odp_queue ${param.name} discards`, discards, "events");
    row(`odp_queue ${param.name} length`, events.count, "events");
  }
  for (const cos of odp.cos) {
    row(`odp_cls_cos_stats ${cos.name} packets`, cos.packets, "packets");
    row(`odp_cls_cos_stats ${cos.name} octets`, cos.octets, "bytes");
    row(`odp_cls_cos_stats ${cos.name} discards`, cos.discards, "packets");
    row(`odp_cls_cos_stats ${cos.name} dropped`, cos.dropped, "packets");
    for (const { param, enqueued, discards } of cos.queues) {
      row(`odp_cls_queue_stats ${param.name} packets`, enqueued, "packets");
      row(`odp_cls_queue_stats ${param.name} discards`, discards, "packets");
    }
  }
  tmRows(row, odp);
  for (const pool of [odp.env.pool, ...odp.pools]) poolRows(row, pool);
  workers.forEach((worker, i) => {
    row(`odp_l2fwd thread ${i} rx packets`, worker.rxPackets, "packets");
    row(`odp_l2fwd thread ${i} tx packets`, worker.txPackets, "packets");
    row(`odp_l2fwd thread ${i} tx drops`, worker.txDrops, "packets");
  });
  return rows;
}

function pktioRows(row: Row, odp: Odp, pktio: Pktio): void {
  const { name } = pktio;
  // what the device lost before the driver saw it belongs to the interface (rte_eth_stats)
  const nic = pktio instanceof PktioDpdk
    ? odp.env.hardware.nics[pktio.port.id]!.counters
    : { rxMissed: 0, rxErrors: 0 };
  const side = (way: "in" | "out", of: PktioCounters, discards: number, errors: number): void => {
    row(`odp_pktio_stats ${name} ${way}_octets`, of.octets, "bytes");
    row(`odp_pktio_stats ${name} ${way}_packets`, of.packets, "packets");
    row(`odp_pktio_stats ${name} ${way}_ucast_pkts`, of.ucast, "packets");
    row(`odp_pktio_stats ${name} ${way}_mcast_pkts`, of.mcast, "packets");
    row(`odp_pktio_stats ${name} ${way}_bcast_pkts`, of.bcast, "packets");
    row(`odp_pktio_stats ${name} ${way}_discards`, of.discards + discards, "packets");
    row(`odp_pktio_stats ${name} ${way}_errors`, of.errors + errors, "packets");
  };
  side("in", pktio.in, nic.rxMissed, nic.rxErrors);
  side("out", pktio.out, 0, 0);
  pktio.pktout.forEach(({ packets, discards }, q) => {
    row(`odp_pktout_queue_stats ${name} ${q} packets`, packets, "packets");
    row(`odp_pktout_queue_stats ${name} ${q} discards`, discards, "packets");
  });
  if (pktio instanceof PktioSocket) row(`socket ${name} system calls`, pktio.calls, "calls");
}

function tmRows(row: Row, odp: Odp): void {
  for (const system of odp.tm) {
    if (system === undefined) continue;
    for (const queue of system.queues) {
      const name = `odp_tm_queue_stats ${system.pktio.name} ${queue.name}`;
      row(`${name} packets`, queue.packets, "packets");
      row(`${name} octets`, queue.octets, "bytes");
      row(`${name} discards`, queue.discards, "packets");
      row(`${name} discard_octets`, queue.discardOctets, "bytes");
      row(`${name} queued`, queue.pkts, "packets");
      row(`${name} green`, queue.colours[0]!, "packets");
      row(`${name} yellow`, queue.colours[1]!, "packets");
      queue.wredOffered.forEach((offered, bin) => {
        if (offered === 0) return;
        const of = `${system.pktio.name} ${queue.name} ${TM_COLOURS[Math.floor(bin / 10)]} ${
          bin % 10
        }0%`;
        row(`odp_tm_wred ${of} offered`, offered, "packets");
        row(`odp_tm_wred ${of} dropped`, queue.wredDropped[bin]!, "packets");
      });
    }
  }
}

function poolRows(row: Row, pool: Mempool): void {
  row(`odp_pool_stats ${pool.name} total`, pool.size, "packets");
  row(`odp_pool_stats ${pool.name} available`, pool.free, "packets");
  row(`odp_pool_stats ${pool.name} cache_available`, pool.cached, "packets");
  row(`odp_pool_stats ${pool.name} alloc_fails`, pool.refusals, "operations");
  row(`odp_pool_stats ${pool.name} ring_ops`, pool.commonOps, "operations");
}
