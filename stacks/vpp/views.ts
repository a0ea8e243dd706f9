/**
 * A report as VPP's debug CLI prints it. Times are virtual; rates are over them.
 *
 * Source: VPP src/vlib/node_cli.c (show runtime), error.c (show errors), trace.c (show trace),
 * src/vnet/interface_format.c (show interface), src/vnet/interface_cli.c (rx-placement), src/vlib/buffer.c.
 */
import type { ReportRow } from "../../core/stack.ts";
import { type Counts, grouped, tableOf } from "./view_rows.ts";
import { showRuntime, showRuntimeMax } from "./view_runtime.ts";

/** Views that {@link vppView} prints. */
export const VPP_VIEWS = [
  "show runtime",
  "show runtime max",
  "show errors",
  "show interface",
  "show interface rx-placement",
  "show buffers",
  "show adjacency",
  "show ip fib",
  "show trace",
] as const;

/** Name of a view. */
export type VppView = typeof VPP_VIEWS[number];

/**
 * What a command prints of a report of `vpp`. O(rows).
 *
 * @throws {TypeError} when there is no such view
 * @example
 * ```ts
 * import { Testbed } from "@planecheck/planecheck/core";
 * import { machineProfile, paperHost } from "@planecheck/planecheck/fixtures";
 * import { build, PLAIN_GEOMETRY, PLAIN_PACKET } from "@planecheck/planecheck/properties";
 * import { vpp, vppView } from "@planecheck/planecheck/stacks";
 * import { assertMatch } from "@std/assert";
 *
 * const device = new Testbed(vpp(), machineProfile(paperHost));
 * device.run(build({
 *   geometry: { ...PLAIN_GEOMETRY, lcores: 1 },
 *   neighbours: [0, 1],
 *   routes: [{ prefix: 0x0a010000, depth: 16, nextHop: 1 }],
 *   packets: [{ ...PLAIN_PACKET, src: 0x0a000001, dst: 0x0a020001 }],
 *   deviations: [],
 * }));
 * assertMatch(vppView("show errors", device.report()), /1 +ip4-drop +ip4 drop +error/);
 * assertMatch(vppView("show runtime", device.report()), /ip4-lookup +active +1 +1 +0 +5.71e2 +1.00/);
 * ```
 */
export function vppView(view: VppView, report: readonly ReportRow[]): string {
  switch (view) {
    case "show runtime":
      return showRuntime(report);
    case "show runtime max":
      return showRuntimeMax(report);
    case "show errors":
      return showErrors(report);
    case "show interface":
      return showInterface(report);
    case "show interface rx-placement":
      return showPlacement(report);
    case "show buffers":
      return showBuffers(report);
    case "show adjacency":
      return lines(
        report,
        /^show adjacency (\d+) via (.+)$/,
        (row, [index, via]) => `[@${index}] ipv4 via ${via}: ${row.value} ${row.unit}`,
      );
    case "show ip fib":
      return lines(
        report,
        /^show ip fib (\S+\/\d+) load-balance (\d+)$/,
        (row, [prefix, index]) =>
          `${prefix}\n  unicast-ip4-chain\n  [@0]: dpo-load-balance: [proto:ip4 index:${index} ${row.unit}]` +
          ` to:[${row.value}]`,
      );
    case "show trace":
      return showTrace(report);
    default:
      throw new TypeError(
        `Cannot print "${String(view)}": it is not one of ${VPP_VIEWS.join(", ")}`,
      );
  }
}

function lines(
  report: readonly ReportRow[],
  name: RegExp,
  print: (row: ReportRow, groups: string[]) => string,
): string {
  return report.flatMap((row) => {
    const found = name.exec(row.name);
    return found === null ? [] : [print(row, found.slice(1))];
  }).join("\n");
}

function showErrors(report: readonly ReportRow[]): string {
  const rows = report.flatMap((row) => {
    const [, node, reason] = /^show errors ([^:]+): (.+)$/.exec(row.name) ?? [];
    return node === undefined ? [] : [[String(row.value), node, reason!, row.unit]];
  });
  return tableOf([["Count", "Node", "Reason", "Severity"], ...rows], [">10", "=35", "=45", "=10"]);
}

function showInterface(report: readonly ReportRow[]): string {
  const widths = ["<32", "=5", "=10", "=21", "<16", ">16"];
  const rows = [["Name", "Idx", "State", "MTU (L3/IP4/IP6/MPLS)", "Counter", "Count"]];
  for (const { name, value: index, unit: state } of report) {
    const [, of] = /^show interface (\S+): index$/.exec(name) ?? [];
    if (of === undefined) continue;
    const prefix = `show interface ${of} `;
    const mtu = report.find((row) => row.name === `show interface ${of}: mtu`)!.value;
    const counters = report.filter((row) => row.name.startsWith(prefix));
    const first = [of, String(index), state, `${mtu}/0/0/0`];
    if (counters.length === 0) rows.push([...first, "", ""]);
    counters.forEach((row, i) =>
      rows.push([
        ...(i === 0 ? first : ["", "", "", ""]),
        row.name.slice(prefix.length),
        `${row.value}`,
      ])
    );
  }
  return tableOf(rows, widths);
}

function showPlacement(report: readonly ReportRow[]): string {
  const name = /^show interface rx-placement thread (\d+) (\S+) queue (\d+)$/;
  const of = new Map<string, string[]>();
  for (const row of report) {
    const [, thread, port, queue] = name.exec(row.name) ?? [];
    if (thread === undefined) continue;
    const text = `    ${port} queue ${queue} (${row.unit})`;
    of.set(thread, [...of.get(thread) ?? [], text]);
  }
  return [...of].map(([thread, queues]) =>
    [`Thread ${thread}:`, "  node dpdk-input:", ...queues].join("\n")
  ).join("\n");
}

function showBuffers(report: readonly ReportRow[]): string {
  const counts: Counts = grouped(report, /^show buffers()( \w+)$/).get("")!;
  const [total, cached, avail] = [" total", " cached", " avail"].map((name) => counts.get(name)!);
  return tableOf([
    ["Pool Name", "Index", "NUMA", "Data Size", "Total", "Avail", "Cached", "Used"],
    [
      ...["default-numa-0", "0", "0", "2048", `${total}`, `${avail}`, `${cached}`],
      `${total! - avail! - cached!}`,
    ],
  ], ["<20", ">6", ">6", ">11", ">8", ">8", ">8", ">8"]);
}

/** hours:minutes:seconds:microseconds, as format_vlib_time prints it in traces. */
function clockText(us: number): string {
  const whole = Math.floor(us);
  const two = (n: number): string => String(Math.floor(n)).padStart(2, "0");
  const seconds = whole / 1e6;
  return `${two(seconds / 3600)}:${two(seconds / 60 % 60)}:${two(seconds % 60)}:` +
    String(whole % 1e6).padStart(6, "0");
}

function showTrace(report: readonly ReportRow[]): string {
  const out: string[] = [];
  let thread = "";
  let packet = "";
  for (const row of report) {
    const found = /^show trace thread (\d+) packet (\d+) record \d+ (?:line \d+ (.*)|(\S+))$/.exec(
      row.name,
    );
    if (found === null) continue;
    const [, onThread, ofPacket, line, node] = found;
    if (onThread !== thread) {
      out.push(`------------------- Start of thread ${onThread} -------------------`);
    }
    if (ofPacket !== packet) out.push(`Packet ${ofPacket}`, "");
    [thread, packet] = [onThread!, ofPacket!];
    out.push(node === undefined ? `  ${line}` : `${clockText(row.value)}: ${node}`);
  }
  return out.length === 0 ? "No packets in trace buffer" : out.join("\n");
}
