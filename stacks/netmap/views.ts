/** netmap's report as its tools print it. */
import type { ReportRow } from "../../core/stack.ts";

/** What can be printed. */
export const NETMAP_VIEWS = [
  "pkt-gen",
  "rings",
  "ethtool -S",
  "PORT_INFO_GET",
  "vale-ctl",
] as const;

/** Name of a view. */
export type NetmapView = typeof NETMAP_VIEWS[number];

/**
 * What a tool prints of a report of `netmap`: one text, a line for each process, ring, counter or port. O(rows).
 *
 * @throws {TypeError} when there is no such view
 * @example
 * ```ts
 * import { Testbed } from "@planecheck/planecheck/core";
 * import { machineProfile, paperHost } from "@planecheck/planecheck/fixtures";
 * import { build, PLAIN_GEOMETRY, PLAIN_PACKET } from "@planecheck/planecheck/properties";
 * import { netmap, netmapView } from "@planecheck/planecheck/stacks";
 * import { assertEquals } from "@std/assert";
 *
 * const device = new Testbed(netmap(), machineProfile(paperHost));
 * device.run(build({
 *   geometry: PLAIN_GEOMETRY,
 *   neighbours: [0, 1],
 *   routes: [{ prefix: 0x0a010000, depth: 16, nextHop: 1 }],
 *   packets: [{ ...PLAIN_PACKET, src: 0x0a000001, dst: 0x0a010001 }],
 *   deviations: [],
 * }));
 * const rings = netmapView("rings", device.report()).split("\n");
 * assertEquals(rings[1], "eth0 RX0: head 1 cur 1 tail 1, hwcur 1 hwtail 1");
 * ```
 */
export function netmapView(view: NetmapView, report: readonly ReportRow[]): string {
  switch (view) {
    case "pkt-gen":
      return lines(each(report, /^pkt-gen (.+): (\S+)$/), pktGenLine);
    case "rings":
      return lines(
        each(report, /^ring (\S+ \S+) (head|cur|tail|hwcur|hwtail)$/),
        (of, n) =>
          `${of}: head ${n.get("head")} cur ${n.get("cur")} tail ${n.get("tail")}, ` +
          `hwcur ${n.get("hwcur")} hwtail ${n.get("hwtail")}`,
      );
    case "ethtool -S":
      return lines(
        each(report, /^ethtool (eth\d+) (.+)$/),
        (of, counts) =>
          [`NIC statistics of ${of}:`, ...[...counts].map(([name, n]) => `     ${name}: ${n}`)]
            .join("\n"),
      );
    case "PORT_INFO_GET":
      return lines(
        each(report, /^PORT_INFO_GET (\S+) (\S+)$/),
        (of, counts) => `${of}: ${[...counts].map(([name, n]) => `${name} ${n}`).join(" ")}`,
      );
    case "vale-ctl":
      return lines(each(report, /^vale-ctl (bridge:\d+ port:\d+ \S+) (\S+)$/), (of) => of);
    default:
      throw new TypeError(
        `Cannot print "${String(view)}": it is not one of ${NETMAP_VIEWS.join(", ")}`,
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

/** pkt-gen's line of every second; here the interval is from the first batch to the last. */
function pktGenLine(of: string, counts: Counts): string {
  const n = (name: string): number => counts.get(name)!;
  const [pkts, usec, events] = [n("pkts"), n("usec"), n("events")];
  const seconds = usec / 1e6;
  const rate = (count: number): number => seconds > 0 ? count / seconds : 0;
  const batch = events > 0 ? pkts / events : 0;
  return `${of} ${norm(rate(pkts))}pps (${norm(pkts)}pkts ${norm(rate(n("bytes") * 8))}bps in ` +
    `${Math.round(usec)} usec) ${batch.toFixed(2)} avg_batch ${n("min_space")} min_space`;
}

/** Three decimals and a unit of thousands. */
function norm(value: number): string {
  const units = ["", "K", "M", "G", "T"];
  let i = 0;
  let v = value;
  for (; v >= 1000 && i < units.length - 1; i++) v /= 1000;
  return `${v.toFixed(3)} ${units[i]}`;
}
