/**
 * The counters of every process under the paths of its shared memory, as `snabb top` opens them, after `PID/`:
 * `engine/breaths`, `links/NAME/txdrop`, `apps/NAME/rxpackets`, `vmprofile/ZONE`.
 */
import type { ReportRow } from "../../core/stack.ts";
import { Intel } from "./apps/intel_mp.ts";
import { Router } from "./apps/router.ts";
import type { Machinery, SnabbProcess } from "./process.ts";

/** All rows. */
export function snabbReport(
  processes: readonly SnabbProcess[],
  machinery: Machinery,
): ReportRow[] {
  const rows: ReportRow[] = [];
  for (const process of processes) {
    const row = (path: string, value: number, unit: string): void => {
      rows.push({ name: `${process.pid}/${path}`, value, unit });
    };
    engineRows(row, process);
    packetRows(row, process);
    linkRows(row, process);
    appRows(row, process);
    zoneRows(row, process);
  }
  if (machinery.group !== null) {
    rows.push({ name: "group/packets", value: machinery.group.nfree, unit: "packets" });
  }
  for (const { name, nwrite, nread, syncs } of machinery.interlinks.all()) {
    rows.push({ name: `group/interlink/${name}/packets`, value: nread, unit: "packets" });
    rows.push({ name: `group/interlink/${name}/held`, value: nwrite - nread, unit: "packets" });
    rows.push({ name: `group/interlink/${name}/syncs`, value: syncs, unit: "times" });
  }
  return rows;
}

type Row = (path: string, value: number, unit: string) => void;

function engineRows(row: Row, process: SnabbProcess): void {
  const { engine, frees, freebytes, freebits, task, pauses } = process;
  row("engine/breaths", engine.breaths.value, "breaths");
  row("engine/frees", frees.value, "packets");
  row("engine/freebytes", freebytes.value, "bytes");
  row("engine/freebits", freebits.value, "bits");
  row("engine/configs", engine.configs.value, "times");
  row("engine/time", engine.now(), "seconds");
  row("engine/sleep", engine.sleep, "us");
  row("engine/sleeps", engine.sleeps, "times");
  row("engine/slept", engine.sleptUs, "us");
  row("engine/longest sleep", engine.longestSleepUs, "us");
  row("engine/system calls", task.calls, "times");
  row("engine/context switches", task.switches, "times");
  row("engine/collector pauses", pauses, "times");
  const { latency } = engine;
  for (const share of [0.5, 0.99, 1]) {
    row(`engine/latency.histogram p${share * 100}`, latency.quantile(share) * 1e6, "us");
  }
  engine.fpb.forEach((breaths, freed) => {
    if (breaths > 0) row(`engine/fpb ${freed}`, breaths, "breaths");
  });
  row("engine/timeline events", process.timeline.events().length, "events");
}

function packetRows(row: Row, { packet }: SnabbProcess): void {
  row("packet/allocated", packet.allocated, "packets");
  row("packet/nfree", packet.freelist.nfree, "packets");
  row("packet/fast shifts", packet.fastShifts, "times");
  row("packet/slow shifts", packet.slowShifts, "times");
  row("packet/chunks returned", packet.chunksReturned, "chunks");
  row("packet/chunks reclaimed", packet.chunksReclaimed, "chunks");
}

function linkRows(row: Row, process: SnabbProcess): void {
  for (const [name, link] of process.engine.links) {
    for (const [counter, value] of Object.entries(process.link.stats(link))) {
      row(`links/${name}/${counter}`, value, counter.endsWith("bytes") ? "bytes" : "packets");
    }
  }
}

function appRows(row: Row, { engine }: SnabbProcess): void {
  for (const [name, app] of engine.apps) {
    if (app instanceof Router) row(`apps/${name}/discarded`, app.discarded, "packets");
    if (!(app instanceof Intel)) continue;
    for (const [counter, value] of Object.entries(app.stats)) {
      const unit = counter.includes(" ")
        ? "accesses"
        : counter.endsWith("bytes")
        ? "bytes"
        : "packets";
      row(`apps/${name}/${counter}`, value, unit);
    }
  }
}

function zoneRows(row: Row, { zones }: SnabbProcess): void {
  for (const { name, cycles, calls, interpreted } of zones.all()) {
    row(`vmprofile/${name}`, cycles, "cycles");
    row(`vmprofile/${name} interpreted`, interpreted, "cycles");
    row(`vmprofile/${name} calls`, calls, "callbacks");
  }
}
