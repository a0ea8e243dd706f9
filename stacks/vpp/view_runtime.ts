/** `show runtime` and `show runtime max`. Source: VPP src/vlib/node_cli.c. */
import type { ReportRow } from "../../core/stack.ts";
import { type Counts, grouped, scientific, tableOf } from "./view_rows.ts";

const STATES = ["active", "polling", "interrupt wait"];
/** Seconds over which VPP averages its rates; here the average is over the whole time shown. */
const RATE_SECONDS = 10;

/** The table of nodes for each thread, below its rates. */
export function showRuntime(report: readonly ReportRow[]): string {
  const columns = ["<30", "=12", ">16", ">16", ">16", ">16", ">16"];
  const head = ["Name", "State", "Calls", "Vectors", "Suspends", "Clocks", "Vectors/Call"];
  return perThread(report, (nodes) => {
    const rows = nodes.map(([name, n]) => {
      const [calls, vectors] = [n.get("calls")!, n.get("vectors")!];
      return [
        ...[name, STATES[n.get("state")!]!, `${calls}`, `${vectors}`, `${n.get("suspends")}`],
        scientific(clocksOf(n), 2),
        (calls === 0 ? 0 : vectors / calls).toFixed(2),
      ];
    });
    return tableOf([head], columns.map((each) => `=${each.slice(1)}`)) + "\n" +
      tableOf(rows, columns);
  });
}

/** The most expensive call of each node. */
export function showRuntimeMax(report: readonly ReportRow[]): string {
  const columns = ["<30", "=17", "=16", "=16", "=16", "=16"];
  const head = [
    ...["Name", "Max Node Clocks", "Vectors at Max", "Max Clocks", "Avg Clocks"],
    "Avg Vectors/Call",
  ];
  return perThread(report, (nodes) => {
    const rows = nodes.map(([name, n]) => {
      const [calls, at, max] = [n.get("calls")!, n.get("vectors at max")!, n.get("max clock")!];
      return [
        ...[name, scientific(max, 2), `${at}`, scientific(at === 0 ? 0 : max / at, 2)],
        scientific(clocksOf(n), 2),
        scientific(calls === 0 ? 0 : n.get("vectors")! / calls, 2),
      ];
    });
    return tableOf([head, ...rows], columns);
  });
}

/** Clocks a vector, or a call where there were no vectors. */
function clocksOf(n: Counts): number {
  const [clocks, vectors, calls] = [n.get("clocks")!, n.get("vectors")!, n.get("calls")!];
  return vectors > 0 ? clocks / vectors : calls > 0 ? clocks / calls : 0;
}

function perThread(
  report: readonly ReportRow[],
  table: (nodes: [string, Counts][]) => string,
): string {
  const threads = grouped(report, /^show runtime thread (\d+) (time|loops)$/);
  return [...threads].map(([thread, counts], i, all) => {
    const nodes = [
      ...grouped(report, new RegExp(`^show runtime thread ${thread} node (\\S+) (.+)$`)),
    ].sort(([a], [b]) => a < b ? -1 : 1);
    const parts = [rates(counts.get("time")!, counts.get("loops")!, nodes), table(nodes)];
    if (all.length > 1) parts.unshift(`Thread ${thread} vpp_wk_${thread} (lcore ${thread})`);
    if (i > 0) parts.unshift("---------------");
    return parts.join("\n");
  }).join("\n");
}

/** The lines above the table. */
function rates(us: number, loops: number, nodes: [string, Counts][]): string {
  const seconds = us * 1e-6;
  const sums = { input: 0, output: 0, drop: 0, punt: 0, vectors: 0, calls: 0 };
  for (const [name, n] of nodes) {
    const [flag, vectors] = [n.get("flag")!, n.get("vectors")!];
    if (name === "dpdk-input") sums.input += vectors;
    else if (flag === 1) sums.output += vectors;
    else {
      if (flag === 2) sums.drop += vectors;
      if (flag === 3) sums.punt += vectors;
      sums.vectors += vectors;
      sums.calls += n.get("calls")!;
    }
  }
  const perSecond = (n: number): string => scientific(seconds === 0 ? 0 : n / seconds, 4);
  const perCall = sums.calls === 0 ? 0 : sums.vectors / sums.calls;
  return `Time ${seconds.toFixed(6)}, ${RATE_SECONDS} sec internal node vector rate ${
    perCall.toFixed(2)
  } ` +
    `loops/sec ${(seconds === 0 ? 0 : loops / seconds).toFixed(2)}\n` +
    `  vector rates in ${perSecond(sums.input)}, out ${perSecond(sums.output)}, ` +
    `drop ${perSecond(sums.drop)}, punt ${perSecond(sums.punt)}`;
}
