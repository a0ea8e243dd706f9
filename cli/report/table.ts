/** The comparison as a table for a terminal of 120 columns. */
import Table from "cli-table3";
import { figure, integer, losses, microseconds, percent, tally } from "./format.ts";
import type { StackResult } from "./result.ts";
import type { Report } from "./types.ts";

const HEAD = [
  "stack",
  "packets",
  "dropped for",
  "Mpps",
  "latency us",
  "CPU",
  "PCIe B/pkt",
  "laws",
];

/** The table, a line for each stack, without colours and with a line end. */
export function comparisonTable(report: Report): string {
  const table = new Table({ head: HEAD, style: { head: [], border: [], compact: false } });
  for (const stack of report.stacks) table.push(row(stack));
  return table.toString() + "\n";
}

function row(stack: StackResult): string[] {
  const { latencyNs, cpu, pcie } = stack;
  const laws = tally(stack);
  return [
    stack.name,
    columns([[integer(stack.offered), "in"], [integer(stack.forwarded), "out"]]),
    columns(losses(stack).map(({ name, packets }) => [integer(packets), name])) || "nothing",
    columns([[figure(stack.offeredMpps), "in"], [figure(stack.forwardedMpps), "out"]]),
    latencyNs === null ? "-" : columns([
      ["p50", microseconds(latencyNs.p50)],
      ["p90", microseconds(latencyNs.p90)],
      ["p99", microseconds(latencyNs.p99)],
    ]),
    columns([
      [percent(cpu.busy), "busy"],
      [percent(cpu.useful), "useful"],
      [figure(stack.copies), "copies"],
    ]),
    columns([
      [figure(pcie.payloadBytes), "data"],
      [figure(pcie.tlpBytes), "TLP"],
      [figure(pcie.rootTlpBytes), "root"],
    ]),
    columns([
      [String(laws.kept), "kept"],
      [String(laws.broken), "broken"],
      [String(laws.notJudged), "not judged"],
    ]),
  ];
}

/** Pairs under each other, the first column flush right. */
function columns(pairs: readonly (readonly [string, string])[]): string {
  const width = Math.max(...pairs.map(([left]) => left.length));
  return pairs.map(([left, right]) => `${left.padStart(width)} ${right}`).join("\n");
}
