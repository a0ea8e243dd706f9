/**
 * A report as ODP's own printing calls and programs show it. Source: platform/linux-generic odp_pktio_stats_print,
 * odp_queue_print_all, odp_tm_stats_print, odp_pool_print; test/performance/odp_l2fwd.c print_speed_stats.
 */
import type { ReportRow } from "../../core/stack.ts";

/** Views that {@link odpView} prints. */
export const ODP_VIEWS = [
  "odp_pktio_stats_print",
  "odp_queue_print_all",
  "odp_cls_cos_stats",
  "odp_tm_stats_print",
  "odp_tm_wred",
  "odp_pool_print_all",
  "odp_l2fwd",
] as const;

/** Name of a view. */
export type OdpView = typeof ODP_VIEWS[number];

type Counts = ReadonlyMap<string, number>;

/**
 * What a call or program prints of a report of `odp`: a block for each interface, a line for each queue, class or
 * pool. O(rows).
 *
 * @throws {TypeError} when there is no such view
 * @example
 * ```ts
 * import { Testbed } from "@planecheck/planecheck/core";
 * import { machineProfile, paperHost } from "@planecheck/planecheck/fixtures";
 * import { build, PLAIN_GEOMETRY, PLAIN_PACKET } from "@planecheck/planecheck/properties";
 * import { odp, odpView } from "@planecheck/planecheck/stacks";
 * import { assertEquals } from "@std/assert";
 *
 * const device = new Testbed(odp(), machineProfile(paperHost));
 * device.run(build({
 *   geometry: PLAIN_GEOMETRY,
 *   neighbours: [0, 1],
 *   routes: [{ prefix: 0x0a010000, depth: 16, nextHop: 1 }],
 *   packets: [{ ...PLAIN_PACKET, src: 0x0a000001, dst: 0x0a010001 }],
 *   deviations: [],
 * }));
 * const lines = odpView("odp_pktio_stats_print", device.report()).split("\n");
 * assertEquals(lines.slice(0, 4), [
 *   "dpdk:0 statistics",
 *   "-----------------",
 *   "  in_octets                 60",
 *   "  in_packets                1",
 * ]);
 * assertEquals(odpView("odp_l2fwd", device.report()), "1 packets, 0 rx drops, 0 tx drops");
 * ```
 */
export function odpView(view: OdpView, report: readonly ReportRow[]): string {
  switch (view) {
    case "odp_pktio_stats_print":
      return blocks(each(report, /^odp_pktio_stats (\S+) (\S+)$/));
    case "odp_tm_stats_print":
      return blocks(each(report, /^odp_tm_queue_stats (\S+ \S+) (\S+)$/));
    case "odp_tm_wred":
      return plot(each(report, /^odp_tm_wred (.+) (\S+)$/));
    case "odp_queue_print_all":
      return table("name", each(report, /^odp_queue (.+) (\S+)$/));
    case "odp_cls_cos_stats":
      return table("cos", each(report, /^odp_cls_cos_stats (.+) (\S+)$/));
    case "odp_pool_print_all":
      return table("pool", each(report, /^odp_pool_stats (.+) (\S+)$/));
    case "odp_l2fwd": {
      const total = (name: RegExp): number =>
        report.reduce((sum, row) => name.test(row.name) ? sum + row.value : sum, 0);
      const packets = total(/^odp_l2fwd thread \d+ tx packets$/);
      const rx = total(/^odp_pktio_stats \S+ in_(discards|errors)$/);
      return `${packets} packets, ${rx} rx drops, ${
        total(/^odp_l2fwd thread \d+ tx drops$/)
      } tx drops`;
    }
    default:
      throw new TypeError(
        `Cannot print "${String(view)}": it is not one of ${ODP_VIEWS.join(", ")}`,
      );
  }
}

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

function blocks(all: Map<string, Counts>): string {
  return [...all].map(([of, counts]) => {
    const head = `${of} statistics`;
    const lines = [...counts].map(([name, value]) => `  ${name.padEnd(26)}${value}`);
    return [head, "-".repeat(head.length), ...lines].join("\n");
  }).join("\n\n");
}

function table(what: string, all: Map<string, Counts>): string {
  const columns = [...all.values()][0]?.keys() ?? [];
  const names = [...columns];
  const width = Math.max(what.length, ...[...all.keys()].map(({ length }) => length));
  const line = (first: string, rest: readonly (string | number)[]): string =>
    first.padEnd(width) + rest.map((one, i) => String(one).padStart(names[i]!.length + 2)).join("");
  return [line(what, names), ...[...all].map(([of, counts]) => line(of, [...counts.values()]))]
    .join("\n");
}

/** Share of packets that WRED dropped at each tenth of fullness: a bar of fifty marks is all of them. */
function plot(all: Map<string, Counts>): string {
  return [...all].map(([of, counts]) => {
    const share = counts.get("dropped")! / counts.get("offered")!;
    return `${of.padEnd(24)}${(100 * share).toFixed(1).padStart(6)} % ${
      "#".repeat(Math.round(50 * share))
    }`;
  }).join("\n");
}
