/**
 * A report as the tools of its users print it. Columns that the model has no cause for are zero, as on a machine
 * that has none either. Source: Linux net/core/net-procfs.c (softnet_seq_show); iproute2 ip, tc, nstat; ethtool.
 */
import type { ReportRow } from "../../core/stack.ts";

/** Views that {@link linuxView} prints. */
export const LINUX_VIEWS = [
  "softnet_stat",
  "interrupts",
  "ip -s link",
  "ethtool -S",
  "tc -s qdisc",
  "nstat",
] as const;

/** Name of a view. */
export type LinuxView = typeof LINUX_VIEWS[number];

/**
 * What a tool prints of a report of `linuxNapi`: one text, a line for each CPU, queue, port or counter. O(rows).
 *
 * @throws {TypeError} when there is no such view
 * @example
 * ```ts
 * import { Testbed } from "@planecheck/planecheck/core";
 * import { machineProfile, paperHost } from "@planecheck/planecheck/fixtures";
 * import { build, PLAIN_GEOMETRY, PLAIN_PACKET } from "@planecheck/planecheck/properties";
 * import { linuxNapi, linuxView } from "@planecheck/planecheck/stacks";
 * import { assertEquals } from "@std/assert";
 *
 * const device = new Testbed(linuxNapi(), machineProfile(paperHost));
 * device.run(build({
 *   geometry: { ...PLAIN_GEOMETRY, lcores: 1 },
 *   neighbours: [0, 1],
 *   routes: [{ prefix: 0x0a010000, depth: 16, nextHop: 1 }],
 *   packets: [{ ...PLAIN_PACKET, src: 0x0a000001, dst: 0x0a010001 }],
 *   deviations: [],
 * }));
 * const [processed, dropped, squeezed] = linuxView("softnet_stat", device.report()).split(" ");
 * assertEquals([processed, dropped, squeezed], ["00000001", "00000000", "00000000"]);
 * ```
 */
export function linuxView(view: LinuxView, report: readonly ReportRow[]): string {
  switch (view) {
    case "softnet_stat":
      return lines(each(report, /^softnet_stat cpu(\d+) (\S+)$/), softnetLine);
    case "interrupts":
      return lines(
        each(report, /^interrupts (\S+)()$/),
        (of, counts) => `${String(counts.get("")).padStart(10)}  IR-PCI-MSIX  ${of}`,
      );
    case "ip -s link":
      return lines(each(report, /^ethtool eth(\d+) (\S+)$/), linkLines);
    case "ethtool -S":
      return lines(
        each(report, /^ethtool eth(\d+) (\S+)$/),
        (port, counts) =>
          [`eth${port}: NIC statistics:`, ...[...counts].map(([name, n]) => `     ${name}: ${n}`)]
            .join("\n"),
      );
    case "tc -s qdisc":
      return lines(each(report, /^tc -s qdisc (eth\d+ queue \d+) (.+)$/), qdiscLines);
    case "nstat":
      return lines(
        each(report, /^nstat ()(\S+)$/),
        (_, counts) =>
          [
            "#kernel",
            ...[...counts].map(([name, n]) => `${name.padEnd(32)}${String(n).padEnd(18)} 0.0`),
          ].join("\n"),
      );
    default:
      throw new TypeError(
        `Cannot print "${String(view)}": it is not one of ${LINUX_VIEWS.join(", ")}`,
      );
  }
}

type Counts = ReadonlyMap<string, number>;

/** Counters by what they are of and by name, out of the rows whose name has both. */
function each(report: readonly ReportRow[], name: RegExp): Map<string, Counts> {
  const all = new Map<string, Map<string, number>>();
  for (const row of report) {
    const [, of, counter] = name.exec(row.name) ?? [];
    if (of === undefined || counter === undefined) continue;
    if (!all.has(of)) all.set(of, new Map());
    all.get(of)!.set(counter, row.value);
  }
  return all;
}

function lines(all: Map<string, Counts>, print: (of: string, counts: Counts) => string): string {
  return [...all].map(([of, counts]) => print(of, counts)).join("\n");
}

/** processed, dropped, time_squeeze, five of old, collision, RPS, flow limit, backlog, CPU, and its two queues. */
function softnetLine(cpu: string, counts: Counts): string {
  const n = (name: string): number => counts.get(name)!;
  const columns = [n("processed"), n("dropped"), n("time_squeeze"), ...Array(9).fill(0)];
  return [...columns, Number(cpu), 0, 0].map((v) => v.toString(16).padStart(8, "0")).join(" ");
}

function linkLines(port: string, counts: Counts): string {
  const row = (names: (string | number)[]): string =>
    `    ${names.map((name) => String(name).padStart(10)).join(" ")}`;
  const n = (name: string): number => counts.get(name)!;
  return [
    `${Number(port) + 2}: eth${port}:`,
    row(["RX: bytes", "packets", "errors", "dropped", "missed", "mcast"]),
    row([n("rx_bytes"), n("rx_packets"), 0, 0, n("rx_missed_errors"), 0]),
    row(["TX: bytes", "packets", "errors", "dropped", "carrier", "collsns"]),
    row([n("tx_bytes"), n("tx_packets"), 0, 0, 0, 0]),
  ].join("\n");
}

function qdiscLines(of: string, counts: Counts): string {
  const [dev, , queue] = of.split(" ");
  const n = (name: string): number => counts.get(name)!;
  return [
    `qdisc pfifo_fast 0: dev ${dev} parent :${Number(queue) + 1} bands 3`,
    ` Sent ${n("sent bytes")} bytes ${n("sent")} pkt (dropped ${n("dropped")}, overlimits 0 ` +
    `requeues ${n("requeues")})`,
    ` backlog ${n("backlog")}p requeues ${n("requeues")}`,
  ].join("\n");
}
