/** The counters of a run under the names of netmap's own structures and tools. */
import type { Process } from "../../core/host/process.ts";
import type { Nic } from "../../core/nic/nic.ts";
import type { ReportRow } from "../../core/stack.ts";
import type { NetmapHost } from "./host.ts";
import type { NetmapKernel } from "./kernel.ts";
import type { NetmapKring } from "./kring.ts";
import type { GenStats } from "./pkt_gen.ts";
import type { PollCall } from "./poll_call.ts";
import type { Router } from "./router.ts";

type Row = (name: string, value: number, unit: string) => void;

/** All counters of a router. */
export function netmapReport(host: NetmapHost, routers: readonly Router[]): ReportRow[] {
  const rows: ReportRow[] = [];
  const row: Row = (name, value, unit) => void rows.push({ name, value, unit });
  routers.forEach((router, lcore) => {
    const of = `router ${lcore}`;
    row(`${of} forwarded`, router.forwarded, "packets");
    row(`${of} refused`, router.refused, "packets");
    row(`${of} waited for room`, router.blocked, "times");
    processRows(row, of, router.process, router.poll);
    rows.push(...pktGenRows(of, router.stats));
  });
  for (const queue of host.queues) {
    row(`interrupts ${queue.name}`, queue.driver?.interrupts ?? queue.interrupts, "interrupts");
    const { native } = queue;
    if (native === null) continue;
    row(
      `ethtool eth${queue.port} queue ${queue.queue} TDT writes`,
      native.txDoorbells,
      "doorbells",
    );
    row(
      `ethtool eth${queue.port} queue ${queue.queue} RDT writes`,
      native.rxDoorbells,
      "doorbells",
    );
    row(
      `ethtool eth${queue.port} queue ${queue.queue} RS descriptors`,
      native.reports,
      "descriptors",
    );
  }
  for (const port of host.ports) {
    const { mem } = port;
    const info = `PORT_INFO_GET ${port.name}`;
    row(`${info} nr_tx_rings`, port.txRings.length, "rings");
    row(`${info} nr_rx_rings`, port.rxRings.length, "rings");
    row(`${info} nr_tx_slots`, port.txRings[0]?.numSlots ?? 0, "slots");
    row(`${info} nr_rx_slots`, port.rxRings[0]?.numSlots ?? 0, "slots");
    row(`${info} nr_memsize`, mem.objtotal * mem.bufSize, "bytes");
    row(`${info} nr_mem_id`, mem.id, "region");
    for (const kring of port.krings) kringRows(row, kring);
  }
  host.generic.forEach(({ dropped }, i) => {
    row(`generic ${host.queues[i]!.name} mbq full`, dropped, "packets");
  });
  host.hostRings.forEach(({ oqdrops }, port) =>
    row(`ifnet eth${port} oqdrops`, oqdrops, "packets")
  );
  rows.push(...nicRows(host.queues.map(({ nic }) => nic)));
  return rows;
}

/** What pkt-gen prints, of whoever counts like it. */
export function pktGenRows(of: string, stats: GenStats): ReportRow[] {
  const usec = stats.firstPs < 0 ? 0 : (stats.lastPs - stats.firstPs) / 1e6;
  return [
    { name: `pkt-gen ${of}: pkts`, value: stats.pkts, unit: "packets" },
    { name: `pkt-gen ${of}: bytes`, value: stats.bytes, unit: "bytes" },
    { name: `pkt-gen ${of}: usec`, value: usec, unit: "us" },
    { name: `pkt-gen ${of}: events`, value: stats.events, unit: "batches" },
    { name: `pkt-gen ${of}: min_space`, value: stats.minSpace, unit: "slots" },
  ];
}

/** What vale-ctl lists, and the counters of a switch that netmap itself has not. */
export function valeRows(kernel: NetmapKernel): ReportRow[] {
  const rows: ReportRow[] = [];
  let bridge = 0;
  for (const vale of kernel.switches.values()) {
    for (const port of vale.ports) {
      if (port === null) continue;
      const of = `vale-ctl bridge:${bridge} port:${port.number} ${port.adapter.name}`;
      rows.push({ name: `${of} dropped`, value: port.dropped, unit: "packets" });
      rows.push({ name: `${of} lost`, value: port.lost, unit: "packets" });
    }
    rows.push({
      name: `vale-ctl ${vale.name} table`,
      value: vale.table.entries().length,
      unit: "addresses",
    });
    bridge++;
  }
  return rows;
}

/** System calls and context switches of a process. */
function processRows(row: Row, of: string, process: Process, poll: PollCall): void {
  row(`${of} system calls`, process.calls, "calls");
  row(`${of} context switches`, process.switches, "switches");
  row(`${of} poll returns`, poll.returns, "calls");
  row(`${of} poll sleeps`, poll.sleeps, "times");
}

function kringRows(row: Row, kring: NetmapKring): void {
  const of = `ring ${kring.name}`;
  row(`${of} packets`, kring.packets, "packets");
  row(`${of} bytes`, kring.bytes, "bytes");
  row(`${of} syncs`, kring.syncs, "syncs");
  row(`${of} reinits`, kring.reinits, "times");
  row(`${of} bad slots`, kring.badSlots, "slots");
  row(`${of} head`, kring.ring.head, "slot");
  row(`${of} cur`, kring.ring.cur, "slot");
  row(`${of} tail`, kring.ring.tail, "slot");
  row(`${of} hwcur`, kring.hwcur, "slot");
  row(`${of} hwtail`, kring.hwtail, "slot");
}

function nicRows(nics: readonly Nic[]): ReportRow[] {
  return [...new Set(nics)].map(({ port, counters }) => ({
    name: `ethtool eth${port} rx_missed_errors`,
    value: counters.rxMissed,
    unit: "packets",
  }));
}
