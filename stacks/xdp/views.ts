/**
 * A report as the tools of its users print it. Source: xdp-tools xdp-monitor; bpftool prog show; iproute2 ip -d link; ss
 * --xdp and getsockopt XDP_STATISTICS.
 */
import type { ReportRow } from "../../core/stack.ts";

/** Views that {@link xdpView} prints. */
export const XDP_VIEWS = ["xdp-monitor", "bpftool prog show", "ip -d link", "ss --xdp"] as const;

/** Name of a view. */
export type XdpView = typeof XDP_VIEWS[number];

/**
 * What a tool prints of a report of `xdp` or `afXdp`: one text, a line for each CPU, program, port or socket. O(rows).
 *
 * @throws {TypeError} when there is no such view
 * @example
 * ```ts
 * import { Testbed } from "@planecheck/planecheck/core";
 * import { machineProfile, paperHost } from "@planecheck/planecheck/fixtures";
 * import { build, PLAIN_GEOMETRY, PLAIN_PACKET } from "@planecheck/planecheck/properties";
 * import { xdp, xdpView } from "@planecheck/planecheck/stacks";
 * import { assertEquals } from "@std/assert";
 *
 * const device = new Testbed(xdp(), machineProfile(paperHost));
 * device.run(build({
 *   geometry: { ...PLAIN_GEOMETRY, lcores: 1 },
 *   neighbours: [0, 1],
 *   routes: [{ prefix: 0x0a010000, depth: 16, nextHop: 1 }],
 *   packets: [{ ...PLAIN_PACKET, src: 0x0a000001, dst: 0x0a010001 }],
 *   deviations: [],
 * }));
 * assertEquals(xdpView("ip -d link", device.report()).split("\n").slice(0, 2), [
 *   "2: eth0: xdp",
 *   "    prog/xdp id 2",
 * ]);
 * ```
 */
export function xdpView(view: XdpView, report: readonly ReportRow[]): string {
  switch (view) {
    case "xdp-monitor":
      return monitor(report);
    case "bpftool prog show":
      return lines(report, /^bpftool prog (\d+ \S+) (\S+)$/, (of, n) => {
        const [id, name] = of.split(" ");
        return `${id}: xdp  name ${name}  run_cnt ${n("run_cnt")}\n\txlated ${n("xlated")}B  ` +
          `verified_insns ${n("verified_insns")}`;
      });
    case "ip -d link":
      return lines(report, /^ip -d link eth(\d+) (.+)$/, (port, n) => {
        const id = n("prog/xdp id");
        const head = `${Number(port) + 2}: eth${port}:`;
        return id === 0 ? head : `${head} xdp\n    prog/xdp id ${id}`;
      });
    case "ss --xdp":
      return lines(report, /^xsk (eth\d+ queue \d+) (\S+)$/, (of, n) => {
        const [dev, , queue] = of.split(" ");
        const dropped = `rx dropped:${n("rx_dropped")},invalid:${n("rx_invalid_descs")}` +
          `,q full:${n("rx_ring_full")},fill empty:${n("rx_fill_ring_empty_descs")}`;
        return `xdp  UNCONN  ${dev}:q${queue}\n\t rx:${n("rx")} tx:${
          n("tx")
        }\n\t stats(${dropped}` +
          `,tx invalid:${n("tx_invalid_descs")},ring empty:${n("tx_ring_empty_descs")})`;
      });
    default:
      throw new TypeError(
        `Cannot print "${String(view)}": it is not one of ${XDP_VIEWS.join(", ")}`,
      );
  }
}

type Count = (name: string) => number;

/** One text for each thing whose counters the rows of a name are. */
function lines(
  report: readonly ReportRow[],
  name: RegExp,
  print: (of: string, n: Count) => string,
): string {
  const all = new Map<string, Map<string, number>>();
  for (const row of report) {
    const [, of, counter] = name.exec(row.name) ?? [];
    if (of === undefined || counter === undefined) continue;
    if (!all.has(of)) all.set(of, new Map());
    all.get(of)!.set(counter, row.value);
  }
  return [...all].map(([of, counts]) => print(of, (counter) => counts.get(counter) ?? 0)).join(
    "\n",
  );
}

/** Totals, as its summary prints them; the bulk average is what says whether redirects are gathered. */
function monitor(report: readonly ReportRow[]): string {
  const sum = (name: RegExp): number =>
    report.reduce((total, row) => name.test(row.name) ? total + row.value : total, 0);
  const average = (frames: number, calls: number): string =>
    calls === 0 ? "0.00" : (frames / calls).toFixed(2);
  const sent = sum(/^xdp:xdp_devmap_xmit cpu\d+ sent$/);
  const drops = sum(/^xdp:xdp_devmap_xmit cpu\d+ drops$/);
  const enqueued = sum(/^xdp:xdp_cpumap_enqueue cpu\d+ processed$/);
  const row = (name: string, text: string): string => `  ${name.padEnd(20)}${text}`;
  return [
    row("redirect total", `${sum(/^xdp:xdp_redirect cpu/)} redir`),
    row("redirect_err", `${sum(/^xdp:xdp_redirect_err cpu/)} drop`),
    row("exception", `${sum(/^xdp:xdp_exception cpu/)} hit`),
    row(
      "devmap_xmit total",
      `${sent} xmit  ${drops} drop  ` +
        `${average(sent + drops, sum(/^xdp:xdp_devmap_xmit cpu\d+ calls$/))} bulk-avg`,
    ),
    row(
      "cpumap enqueue",
      `${enqueued} enq  ${sum(/^xdp:xdp_cpumap_enqueue cpu\d+ drops$/)} drop  ` +
        `${average(enqueued, sum(/^xdp:xdp_cpumap_enqueue cpu\d+ calls$/))} bulk-avg`,
    ),
    row(
      "cpumap kthread",
      `${sum(/^xdp:xdp_cpumap_kthread cpu\d+ processed$/)} proc  ` +
        `${sum(/^xdp:xdp_cpumap_kthread cpu\d+ sched$/)} sched`,
    ),
  ].join("\n");
}
