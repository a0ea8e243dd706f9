/** The counters of a run under the names that their readers print: softnet_stat, ethtool, nstat, tc. */
import type { Softnet } from "../host/softirq.ts";
import type { Nic } from "../nic/nic.ts";
import type { ReportRow } from "../stack.ts";
import type { QVector } from "./ixgbe.ts";
import type { Icmp } from "./icmp_send.ts";
import type { IpMib } from "./mib.ts";
import type { NeighTable } from "./neigh.ts";
import type { NetifReceive } from "./netif_receive.ts";
import type { Skbs } from "./skb.ts";
import type { Tap } from "./tap.ts";

/** Where the counters are. */
export interface ReportSource {
  readonly softnets: readonly Softnet[];
  readonly receivers: readonly NetifReceive[];
  readonly vectors: readonly QVector[];
  readonly skbs: readonly Skbs[];
  readonly mib: IpMib;
  readonly neigh: NeighTable;
  readonly icmp: Icmp;
  readonly nics: readonly Nic[];
  readonly taps: readonly Tap[];
}

/** All counters as rows of name, value and unit. */
export function linuxReport(source: ReportSource): ReportRow[] {
  const rows: ReportRow[] = [];
  const row = (name: string, value: number, unit: string): void => {
    rows.push({ name, value, unit });
  };
  for (const { lcore, stat } of source.softnets) {
    row(`softnet_stat cpu${lcore} processed`, stat.processed, "packets");
    row(`softnet_stat cpu${lcore} dropped`, stat.dropped, "packets");
    row(`softnet_stat cpu${lcore} time_squeeze`, stat.timeSqueeze, "rounds");
    row(`ksoftirqd/${lcore} wake-ups`, stat.ksoftirqdWakeups, "times");
    row(`napi_poll cpu${lcore}`, stat.polls, "polls");
  }
  for (const q of source.vectors) row(`interrupts ${q.name}`, q.interrupts, "interrupts");
  for (const { port, counters } of source.nics) ethtoolRows(row, source, port, counters.rxMissed);
  const { mib } = source;
  row("nstat IpInReceives", mib.inReceives, "packets");
  row("nstat IpInHdrErrors", mib.inHdrErrors, "packets");
  row("nstat IpExtInCsumErrors", mib.inCsumErrors, "packets");
  row("nstat IpExtInTruncatedPkts", mib.inTruncatedPkts, "packets");
  row("nstat IpExtInNoRoutes", mib.inNoRoutes, "packets");
  row("nstat IpInAddrErrors", mib.inAddrErrors, "packets");
  row("nstat IpForwDatagrams", mib.forwDatagrams, "packets");
  row("nstat IpFragFails", mib.fragFails, "packets");
  row("nstat IpOutRequests", mib.outRequests, "packets");
  row("nstat IpInDelivers", mib.inDelivers, "packets");
  row("nstat IcmpInEchos", mib.icmpInEchos, "packets");
  row("nstat IcmpOutEchoReps", mib.icmpOutEchoReps, "packets");
  row("nstat IcmpOutDestUnreachs", mib.icmpOutDestUnreachs, "packets");
  row("nstat IcmpOutTimeExcds", mib.icmpOutTimeExcds, "packets");
  row("nstat IcmpOutRateLimitGlobal", source.icmp.limit.global, "packets");
  row("nstat IcmpOutRateLimitHost", source.icmp.limit.host, "packets");
  row("ip -s ntable unresolved_discards", source.neigh.unresDiscards, "packets");
  row("ip -s ntable solicitations", source.neigh.solicitations, "packets");
  row("arp_rcv", sum(source.receivers, (r) => r.arp), "packets");
  row("slab skbuff_head_cache allocations", sum(source.skbs, (s) => s.allocated), "skbs");
  row("gro merged", sum(source.receivers, (r) => r.gro?.merged ?? 0), "segments");
  row("skb:consume_skb", sum(source.skbs, (s) => s.consumed), "skbs");
  row("skb:kfree_skb", sum(source.receivers, (r) => r.freed), "skbs");
  row("rx_nohandler", sum(source.receivers, (r) => r.noHandler), "packets");
  row("skb:kfree_skb OTHERHOST", sum(source.receivers, (r) => r.otherHost), "packets");
  source.receivers.forEach(({ qdiscs }, queue) =>
    qdiscs.forEach((qdisc, port) => {
      const name = `tc -s qdisc eth${port} queue ${queue}`;
      row(`${name} sent`, qdisc.sentPackets, "packets");
      row(`${name} sent bytes`, qdisc.sentBytes, "bytes");
      row(`${name} dropped`, qdisc.dropped, "packets");
      row(`${name} requeues`, qdisc.requeues, "packets");
      row(`${name} backlog`, qdisc.backlog, "packets");
    })
  );
  tapRows(row, source);
  return rows;
}

function tapRows(row: Row, { taps, nics }: ReportSource): void {
  if (taps.length === 0) return;
  row("tcpdump captured", sum(taps, (tap) => tap.captured), "packets");
  row("tcpdump received by filter", sum(taps, (tap) => tap.received), "packets");
  row("tcpdump dropped by kernel", sum(taps, (tap) => tap.dropped), "packets");
  for (const { port } of nics) {
    row(`tcpdump eth${port} In`, sum(taps, (tap) => tap.rx[port]!), "packets");
    row(`tcpdump eth${port} Out`, sum(taps, (tap) => tap.tx[port]!), "packets");
  }
}

type Row = (name: string, value: number, unit: string) => void;

function ethtoolRows(row: Row, source: ReportSource, port: number, missed: number): void {
  const queues = source.vectors.filter((q) => q.port === port);
  const total = (name: string, of: (q: QVector) => number, unit: string): void =>
    row(`ethtool eth${port} ${name}`, sum(queues, of), unit);
  total("rx_packets", (q) => q.rx.packets, "packets");
  total("rx_bytes", (q) => q.rx.bytes, "bytes");
  total("tx_packets", (q) => q.tx.packets, "packets");
  total("tx_bytes", (q) => q.tx.bytes, "bytes");
  row(`ethtool eth${port} rx_missed_errors`, missed, "packets");
  total("alloc_rx_page_failed", (q) => q.rx.allocRxPageFailed, "times");
  total("alloc_rx_buff_failed", (q) => q.rx.allocRxBuffFailed, "times");
  total("tx_busy", (q) => q.tx.txBusy, "packets");
  total("tx_restart_queue", (q) => q.tx.restartQueue, "times");
  total("RDT writes", (q) => q.rx.doorbells, "doorbells");
  total("TDT writes", (q) => q.tx.doorbells, "doorbells");
}

function sum<T>(of: readonly T[], f: (one: T) => number): number {
  let total = 0;
  for (const one of of) total += f(one);
  return total;
}
