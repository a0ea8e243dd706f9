/** The counters of a run under the names of procfs net/pf_ring and of pfring_stats. */
import type { Env, ReportRow } from "../../core/stack.ts";
import type { PfRingProcess } from "./apps.ts";
import type { PfRingSettings } from "./settings.ts";
import type { PfRing } from "./pfring.ts";
import type { PfRingModule } from "./pf_ring_module.ts";

type Row = (name: string, value: number, unit: string) => void;

/** Where the counters are. */
export interface PfRingReportSource {
  readonly env: Env;
  readonly module: PfRingModule;
  readonly settings: PfRingSettings;
  readonly rings: readonly PfRing[];
  readonly processes: readonly PfRingProcess[];
}

/** All counters as rows of name, value and unit. */
export function pfRingReport(source: PfRingReportSource): ReportRow[] {
  const { env, module, settings, rings, processes } = source;
  const rows: ReportRow[] = [];
  const row: Row = (name, value, unit) => {
    rows.push({ name, value, unit });
  };
  const of = (name: string, value: number, unit: string): void =>
    row(`pf_ring ${name}`, value, unit);
  of("Total rings", module.sockets.length, "rings");
  of("Ring slots", settings.minNumSlots, "slots");
  of("Slot version", rings[0]?.socket.ring.info.kernel.version ?? 0, "1");
  of("Capture TX", settings.enableTxCapture ? 1 : 0, "yes");
  of("IP Defragment", 0, "yes");
  of("Cluster Fragment Queue", module.fragments.queue, "packets");
  of("Cluster Fragment Discard", module.fragments.discarded, "packets");
  of("packets seen RX", module.seen, "packets");
  of("packets seen TX", module.seenTx, "packets");
  for (const { port, queues } of env.hardware.nics) {
    const bound = module.sockets.filter(({ setup }) => setup.ports.includes(port)).length;
    row(`dev eth${port} Index`, port, "1");
    row(`dev eth${port} # Bound Sockets`, bound, "sockets");
    row(`dev eth${port} TX Queues`, env.lcores, "queues");
    row(`dev eth${port} RX Queues`, env.lcores, "queues");
    row(`dev eth${port} Num RX Slots`, queues.rx[0]!.size, "slots");
    row(`dev eth${port} Num TX Slots`, queues.tx[0]!.size, "slots");
  }
  for (const ring of rings) ringRows(row, ring);
  for (const one of processes) {
    row(`pfcount ${one.name} packets`, one.packets, "packets");
    row(`pfcount ${one.name} bytes`, one.bytes, "bytes");
    row(`pfcount ${one.name} send errors`, one.sendErrors, "packets");
    row(`pfcount ${one.name} system calls`, one.process.calls, "system calls");
    row(`pfcount ${one.name} context switches`, one.process.switches, "switches");
    row(`pfcount ${one.name} wake-ups`, one.process.wakeups, "times");
  }
  return rows;
}

function ringRows(row: Row, ring: PfRing): void {
  const { socket } = ring;
  const { setup, filters, lock } = socket;
  const { kernel, user } = socket.ring.info;
  const of = (name: string, value: number, unit: string): void =>
    row(`ring ${setup.name} ${name}`, value, unit);
  of("Active", socket.active ? 1 : 0, "yes");
  of("Sampling Rate", kernel.sampleRate, "1");
  of("BPF Filtering", filters.bpf === null ? 0 : 1, "yes");
  of("Sw Filt Hash Rules", filters.hashRules, "rules");
  of("Sw Filt WC Rules", filters.wildcardRules, "rules");
  of("Sw Filt Hash Match", filters.hashMatch, "packets");
  of("Sw Filt Hash Miss", filters.hashMiss, "packets");
  of("Sw Filt Hash Filtered", filters.hashFiltered, "packets");
  of("Sw Filt WC Filtered", filters.wildcardFiltered, "packets");
  of("BPF Filtered", filters.bpfFiltered, "packets");
  of("Sampled Out", filters.sampledOut, "packets");
  of("Poll Pkt Watermark", setup.watermark, "packets");
  of("Poll Watermark Timeout", setup.watermarkTimeoutMs, "ms");
  of("Num Poll Calls", socket.polls, "calls");
  of("Channel Id Mask", setup.channelMask, "bits");
  of("VLAN Id", socket.vlanId, "1");
  of("Cluster Id", Math.max(0, socket.clusterId), "1");
  of("Slot Version", kernel.version, "1");
  of("Min Num Slots", kernel.minNumSlots, "slots");
  of("Bucket Len", kernel.dataLen, "bytes");
  of("Slot Len", kernel.slotLen, "bytes");
  of("Slot Header Len", socket.ring.headerBytes, "bytes");
  of("Tot Memory", kernel.totMem, "bytes");
  of("Tot Packets", kernel.totPkts, "packets");
  of("Tot Pkt Lost", kernel.totLost, "packets");
  of("Tot Insert", kernel.totInsert, "packets");
  of("Tot Read", user.totRead, "packets");
  of("Insert Offset", kernel.insertOff, "bytes");
  of("Remove Offset", user.removeOff, "bytes");
  of("Num Free Slots", Math.max(0, kernel.minNumSlots - socket.ring.queued), "slots");
  of("Reflect: Fwd Ok", kernel.totFwdOk, "packets");
  of("Reflect: Fwd Errors", kernel.totFwdNotok, "packets");
  of("TX: Send Ok", kernel.goodPktSent, "packets");
  of("TX: Send Errors", kernel.pktSendError, "packets");
  const { recv, drop } = ring.stats();
  of("pfring_stats recv", recv, "packets");
  of("pfring_stats drop", drop, "packets");
  of("slots_lock taken", lock.taken, "times");
  of("slots_lock moved", lock.moved, "times");
  of("slots_lock contended", lock.contended, "times");
}
