/**
 * A report as the tools of its users print it: procfs net/pf_ring, pfcount's lines, zbalance_ipc's. Source: PF_RING
 * 8.9.0, kernel/pf_ring.c (ring_proc_get_info), userland/examples/pfcount.c, userland/examples_zc/zbalance_ipc.c.
 */
import type { ReportRow } from "../../core/stack.ts";

/** Views that {@link pfRingView} prints. */
export const PF_RING_VIEWS = [
  "net/pf_ring/info",
  "net/pf_ring/dev",
  "net/pf_ring/<pid>-<dev>.<n>",
  "pfcount",
  "zbalance_ipc",
] as const;

/** Name of a view. */
export type PfRingView = typeof PF_RING_VIEWS[number];

/**
 * What a tool prints of a report of `pfRing` or `pfRingZc`. O(rows).
 *
 * @throws {TypeError} when there is no such view
 * @example
 * ```ts
 * import { Testbed } from "@planecheck/planecheck/core";
 * import { machineProfile, x520Host } from "@planecheck/planecheck/fixtures";
 * import { build, PLAIN_GEOMETRY, PLAIN_PACKET } from "@planecheck/planecheck/properties";
 * import { pfRing, pfRingView } from "@planecheck/planecheck/stacks";
 * import { assertEquals } from "@std/assert";
 *
 * const pfcount = { application: "pfcount", watermark: 1 } as const;
 * const device = new Testbed(pfRing({ applications: [pfcount] }), machineProfile(x520Host));
 * device.run(build({
 *   geometry: { ...PLAIN_GEOMETRY, lcores: 1 },
 *   neighbours: [0, 1],
 *   routes: [],
 *   packets: [{ ...PLAIN_PACKET, src: 0x0a000001, dst: 0x0a010001 }],
 *   deviations: [],
 * }));
 * const [line] = pfRingView("pfcount", device.report()).split("\n");
 * assertEquals(line, "Absolute Stats: [1 pkts rcvd][1 pkts filtered][0 pkts dropped]");
 * ```
 */
export function pfRingView(view: PfRingView, report: readonly ReportRow[]): string {
  switch (view) {
    case "net/pf_ring/info":
      return table([...rowsOf(report, /^pf_ring ()(.+)$/).get("") ?? []]);
    case "net/pf_ring/dev":
      return blocks(rowsOf(report, /^dev (\S+) (.+)$/), "Name");
    case "net/pf_ring/<pid>-<dev>.<n>":
      return blocks(rowsOf(report, /^ring (\S+) (.+)$/), "Bound Device(s)");
    case "pfcount":
      return [...rowsOf(report, /^ring (\S+) (.+)$/)].map(pfcountLines).join("\n");
    case "zbalance_ipc":
      return zbalanceLines(report);
    default:
      throw new TypeError(
        `Cannot print "${String(view)}": it is not one of ${PF_RING_VIEWS.join(", ")}`,
      );
  }
}

type Values = ReadonlyMap<string, ReportRow>;

/** Rows by what they are of and by name, out of those whose name has both. */
function rowsOf(report: readonly ReportRow[], name: RegExp): Map<string, Values> {
  const all = new Map<string, Map<string, ReportRow>>();
  for (const row of report) {
    const [, of, counter] = name.exec(row.name) ?? [];
    if (of === undefined || counter === undefined) continue;
    if (!all.has(of)) all.set(of, new Map());
    all.get(of)!.set(counter, row);
  }
  return all;
}

/** Lines as procfs has them: a name, a colon, a value; yes and no where it is one. */
function table(rows: readonly (readonly [string, ReportRow])[]): string {
  return rows.map(([name, { value, unit }]) =>
    `${name.padEnd(25)}: ${unit === "yes" ? (value === 1 ? "Yes" : "No") : value}`
  ).join("\n");
}

function blocks(all: Map<string, Values>, title: string): string {
  return [...all].map(([of, values]) => {
    const device = title === "Name" ? of : of.replace(/^\d+-|\.\d+$/g, "");
    return `${title.padEnd(25)}: ${device}\n${table([...values])}`;
  }).join("\n\n");
}

function pfcountLines([, values]: [string, Values]): string {
  const n = (name: string): number => values.get(name)!.value;
  const [recv, drop] = [n("pfring_stats recv"), n("pfring_stats drop")];
  const share = recv + drop === 0 ? 0 : 100 * drop / (recv + drop);
  return [
    `Absolute Stats: [${recv} pkts rcvd][${recv} pkts filtered][${drop} pkts dropped]`,
    `Total Pkts=${recv + drop}/Dropped=${share.toFixed(1)} %`,
  ].join("\n");
}

function zbalanceLines(report: readonly ReportRow[]): string {
  const n = (name: string): number => report.find((row) => row.name === name)?.value ?? 0;
  const queues = rowsOf(report, /^zc:cluster@(\d+) (.+)$/);
  const sum = (name: string): number =>
    [...queues.values()].reduce((total, values) => total + values.get(name)!.value, 0);
  const missed = report.filter(({ name }) => /^zc:eth\d+ drop$/.test(name))
    .reduce((total, { value }) => total + value, 0);
  return [
    "=========================",
    `Absolute Stats: Recv ${n("worker recv")} pkts (${missed} drops) - ` +
    `Forwarded ${sum("sent")} pkts (${sum("drop")} drops)`,
    ...[...queues].map(([queue, values]) =>
      `                Q ${queue} RX ${values.get("recv")!.value} pkts (${
        values.get("drop")!.value
      } drops)`
    ),
    "=========================",
  ].join("\n");
}
