/**
 * Runs the suite with mitata and prints nanoseconds by operation and operations by second: medians, with
 * the quartiles, since machines are noisy.
 */
import Table from "cli-table3";
import { do_not_optimize, measure } from "mitata";
import { benchmarks } from "./suite.ts";

const table = new Table({
  head: ["benchmark", "ns/op median", "p25..p75", "op/s"],
  colAligns: ["left", "right", "right", "right"],
  style: { head: [], border: [], compact: true },
});
let group = "";
for (const benchmark of benchmarks()) {
  if (benchmark.group !== group) {
    group = benchmark.group;
    table.push([{ colSpan: 4, content: group }]);
  }
  const { p25, p50, p75 } = await measure(() => do_not_optimize(benchmark.run()), {
    inner_gc: false,
  });
  const ns = (t: number): string => digits(t / benchmark.items);
  table.push([
    `  ${benchmark.name}`,
    ns(p50),
    `${ns(p25)}..${ns(p75)}`,
    rate((benchmark.items * 1e9) / p50),
  ]);
}
console.log(table.toString());

function digits(value: number): string {
  return value < 1000 ? value.toPrecision(3) : Math.round(value).toLocaleString("en-US");
}

function rate(perSecond: number): string {
  return perSecond >= 1e6 ? `${digits(perSecond / 1e6)} M` : `${digits(perSecond / 1e3)} k`;
}
