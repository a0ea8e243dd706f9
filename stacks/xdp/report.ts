/** The counters of a run under the names that their readers print: tracepoints, ethtool, bpftool. */
import type { ReportRow } from "../../core/stack.ts";
import type { XdpSystem } from "./system.ts";

const ACTIONS = ["aborted", "drop", "pass", "tx", "redirect"] as const;

/** All counters of XDP, then the kernel's. */
export function xdpReport({ hooks, kernel, devices, cpus }: XdpSystem): ReportRow[] {
  const rows: ReportRow[] = [];
  const row = (name: string, value: number, unit: string): void => {
    rows.push({ name, value, unit });
  };
  hooks.forEach(({ points, runner }, cpu) => {
    ACTIONS.forEach((name, i) => row(`xdp cpu${cpu} ${name}`, points.action[i]!, "packets"));
    row(`xdp:xdp_exception cpu${cpu}`, points.exception, "packets");
    row(`xdp cpu${cpu} unknown verdicts`, points.unknown, "packets");
    row(`xdp:xdp_redirect cpu${cpu}`, points.redirect, "packets");
    row(`xdp:xdp_redirect_err cpu${cpu}`, points.redirectErr, "packets");
    row(`xdp:xdp_devmap_xmit cpu${cpu} calls`, points.devmapCalls, "calls");
    row(`xdp:xdp_devmap_xmit cpu${cpu} sent`, points.devmapSent, "packets");
    row(`xdp:xdp_devmap_xmit cpu${cpu} drops`, points.devmapDrops, "packets");
    row(`xdp:xdp_devmap_xmit cpu${cpu} bulk most`, points.devmapMost, "packets");
    row(`xdp/devmap cpu${cpu} drops`, points.devmapProgDrops, "packets");
    row(`xdp:xdp_cpumap_enqueue cpu${cpu} calls`, points.cpumapCalls, "calls");
    row(`xdp:xdp_cpumap_enqueue cpu${cpu} processed`, points.cpumapEnqueued, "packets");
    row(`xdp:xdp_cpumap_enqueue cpu${cpu} drops`, points.cpumapDrops, "packets");
    row(`xdp:xdp_cpumap_kthread cpu${cpu} processed`, points.kthreadProcessed, "packets");
    row(`xdp:xdp_cpumap_kthread cpu${cpu} sched`, points.kthreadSched, "times");
    row(`xdp:xdp_cpumap_kthread cpu${cpu} pass`, points.kthreadPass, "packets");
    row(`xdp:xdp_cpumap_kthread cpu${cpu} drop`, points.kthreadDrop, "packets");
    row(`xdp:xdp_cpumap_kthread cpu${cpu} redirect`, points.kthreadRedirect, "packets");
    row(`xdp cpu${cpu} tx sent`, points.txSent, "packets");
    row(`xdp cpu${cpu} tx full`, points.txFull, "packets");
    row(`bpf run_cycles cpu${cpu}`, runner.cycles, "cycles");
  });
  for (const program of devices.bpf.programs) {
    row(`bpftool prog ${program.id} ${program.name} run_cnt`, program.runs, "runs");
    row(`bpftool prog ${program.id} ${program.name} xlated`, program.code.length * 8, "bytes");
    row(`bpftool prog ${program.id} ${program.name} verified_insns`, program.processed, "insns");
  }
  for (const { port, program } of devices.list) {
    row(`ip -d link eth${port} prog/xdp id`, program?.id ?? 0, "id");
  }
  cpus.forEach((entry, cpu) => {
    if (entry !== undefined) row(`cpumap ${cpu} queued`, entry.queued, "packets");
  });
  return [...rows, ...kernel.report()];
}
