/**
 * Holds the counters of a run against the invariants, by sums that a reader can check with pencil and paper. Nothing
 * here is shared with the code that counts.
 */
import type { Finding } from "../../core/stack.ts";
import type { Tracepoints } from "./tracepoints.ts";
import type { XdpSystem } from "./system.ts";

/** Findings of a run. */
export function auditXdp(system: XdpSystem): Finding[] {
  return [
    ["XDP-1", oneVerdict],
    ["XDP-2", noSkb],
    ["XDP-3", pagesBack],
    ["XDP-4", flushed],
    ["XDP-5", bulks],
    ["XDP-7", wholePrograms],
    ["XDP-11", redirects],
  ].map(([id, judge]) => ({
    id: id as string,
    broken: (judge as (system: XdpSystem) => string | null)(system),
  }));
}

function total(system: XdpSystem, of: (points: Tracepoints) => number): number {
  let sum = 0;
  for (const { points } of system.hooks) sum += of(points);
  return sum;
}

const verdicts = ({ action }: Tracepoints): number => {
  const [aborted, drop, pass, tx, redirect] = action;
  return aborted + drop + pass + tx + redirect;
};

function oneVerdict(system: XdpSystem): string | null {
  let received = 0;
  for (const { rx } of system.kernel.vectors) received += rx.packets;
  const judged = total(system, verdicts);
  const bypassed = total(system, (p) => p.bypassed);
  if (received === judged + bypassed) return null;
  return `${received} frames were received, ${judged} got a verdict and ${bypassed} came without a program`;
}

function noSkb(system: XdpSystem): string | null {
  // behind the skb every frame has one
  if (system.devices.mode === "generic") return null;
  let built = 0;
  for (const { allocated } of system.kernel.skbs) built += allocated;
  const passed = total(system, (p) => p.action[2] + p.kthreadPass + p.bypassed);
  if (built <= passed && built >= passed - total(system, (p) => p.passLost)) return null;
  return `${built} skbs were built for ${passed} frames that were passed`;
}

function pagesBack(system: XdpSystem): string | null {
  const left = total(system, (p) => p.txSent + p.devmapSent);
  const back = total(system, (p) => p.returned);
  return left === back ? null : `${left} frames left without an skb, ${back} pages came back`;
}

function flushed(system: XdpSystem): string | null {
  for (const { lcore, leftBehind, devmap } of system.hooks) {
    if (leftBehind > 0) {
      return `CPU ${lcore} completed ${leftBehind} polls with frames in its bulk queues`;
    }
    if (devmap.waiting > 0) {
      return `CPU ${lcore} holds ${devmap.waiting} frames for a devmap at the end`;
    }
  }
  for (const entry of system.cpus) {
    if (entry === undefined) continue;
    for (const { lcore } of system.hooks) {
      const waiting = entry.waiting(lcore);
      if (waiting > 0) {
        return `CPU ${lcore} holds ${waiting} frames for CPU ${entry.lcore} at the end`;
      }
    }
  }
  return null;
}

function bulks(system: XdpSystem): string | null {
  for (const { lcore, points, devmap } of system.hooks) {
    const { devmapMost, kthreadMost, devmapEnqueued } = points;
    if (devmapMost > 16) return `CPU ${lcore} sent ${devmapMost} frames by one ndo_xdp_xmit`;
    if (kthreadMost > 8) return `the thread of CPU ${lcore} took ${kthreadMost} frames at once`;
    const out = points.devmapSent + points.devmapDrops + points.devmapProgDrops;
    if (devmapEnqueued !== out + devmap.waiting) {
      return `CPU ${lcore} gathered ${devmapEnqueued} frames, of which ${points.devmapSent} were sent, ` +
        `${points.devmapDrops} dropped by the driver and ${points.devmapProgDrops} by a second program, ` +
        `and ${devmap.waiting} wait`;
    }
  }
  for (const entry of system.cpus) {
    if (entry === undefined || entry.most <= entry.qsize) continue;
    return `${entry.most} frames waited at once for CPU ${entry.lcore}, whose queue holds ${entry.qsize}`;
  }
  const queued = system.cpus.reduce((sum, entry) => sum + (entry?.queued ?? 0), 0);
  const [put, taken] = [
    total(system, (p) => p.cpumapEnqueued),
    total(system, (p) => p.kthreadProcessed),
  ];
  return put === taken + queued
    ? null
    : `${put} frames went to other CPUs, their threads took ${taken} and ${queued} wait`;
}

function wholePrograms(system: XdpSystem): string | null {
  let runs = 0;
  for (const program of system.devices.bpf.programs) runs += program.runs;
  const frames = total(system, (p) => verdicts(p) + p.egressRuns + p.kthreadRuns);
  return runs === frames ? null : `programs ran ${runs} times, for ${frames} frames`;
}

function redirects(system: XdpSystem): string | null {
  const asked = total(system, (p) => p.action[4] + p.kthreadRedirect);
  const [done, failed] = [total(system, (p) => p.redirect), total(system, (p) => p.redirectErr)];
  return asked === done + failed
    ? null
    : `${asked} frames were to be redirected, ${done} were and ${failed} are counted as errors`;
}
