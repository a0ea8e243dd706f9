/** The counters of a run under the names of the commands that show them. */
import type { PollPort } from "../../core/nic/poll_port.ts";
import type { ReportRow } from "../../core/stack.ts";
import type { Barrier } from "./barrier.ts";
import type { CliTarget } from "./cli_apply.ts";
import { ipv4ToString } from "../../core/packet/mod.ts";
import { COUNTERS, RX_NO_BUF } from "./interfaces.ts";
import type { VlibMain } from "./vlib_main.ts";
import type { VlibShared } from "./vlib_shared.ts";
import type { NodeRuntime } from "./vlib_node.ts";

type Row = (name: string, value: number, unit: string) => void;

/** All counters as rows of name, value and unit. */
export function vppReport(target: CliTarget, shared: VlibShared, barrier: Barrier): ReportRow[] {
  const rows: ReportRow[] = [];
  const row: Row = (name, value, unit) => void rows.push({ name, value, unit });
  for (const vm of target.threads) threadRows(row, target, shared, vm);
  errorRows(row, target, shared);
  interfaceRows(row, target);
  tableRows(row, target);
  row("show barrier syncs", barrier.syncs, "times");
  const { pool } = shared.env;
  row("show buffers total", pool.size, "buffers");
  row("show buffers cached", pool.cached, "buffers");
  row("show buffers avail", pool.free, "buffers");
  traceRows(row, target, shared);
  return rows;
}

function threadRows(row: Row, target: CliTarget, shared: VlibShared, vm: VlibMain): void {
  const thread = `show runtime thread ${vm.thread}`;
  const mhz = shared.env.cost("mhz");
  row(`${thread} time`, (vm.now - target.clearedAt) / mhz, "us");
  row(`${thread} loops`, vm.loops - vm.loopsLastClear, "loops");
  row(`show vlib frame-allocation thread ${vm.thread} alloc`, vm.framesAllocated, "frames");
  for (const runtime of vm.runtimes) nodeRows(row, thread, target, vm, runtime);
}

function nodeRows(
  row: Row,
  thread: string,
  { loops }: CliTarget,
  vm: VlibMain,
  runtime: NodeRuntime,
): void {
  const { node, lastClear } = runtime;
  const calls = runtime.calls - lastClear.calls;
  const suspends = runtime.suspends - lastClear.suspends;
  if (calls === 0 && suspends === 0 && node.type !== "input") return;
  const name = `${thread} node ${node.name}`;
  row(`${name} calls`, calls, "calls");
  row(`${name} vectors`, runtime.vectors - lastClear.vectors, "vectors");
  row(`${name} suspends`, suspends, "times");
  row(`${name} clocks`, runtime.clocks - lastClear.clocks, "cycles");
  row(`${name} max clock`, runtime.maxClock, "cycles");
  row(`${name} vectors at max`, runtime.maxClockN, "vectors");
  const isWaiting = node.type === "input" && loops[vm.thread]!.state === "interrupt";
  row(
    `${name} state`,
    node.type !== "input" ? 0 : isWaiting ? 2 : 1,
    "active, polling, interrupt wait",
  );
  const flags = ["none", "output", "drop", "punt", "handoff"];
  row(`${name} flag`, flags.indexOf(node.flag ?? "none"), flags.join(", "));
}

function errorRows(row: Row, { threads }: CliTarget, { graph }: VlibShared): void {
  graph.errors.forEach(({ node, desc }, index) => {
    const count = threads.reduce(
      (sum, vm) => sum + vm.errors[index]! - vm.errorsLastClear[index]!,
      0,
    );
    if (count > 0) {
      row(`show errors ${graph.nodes[node]!.name}: ${desc.text}`, count, desc.severity);
    }
  });
}

function interfaceRows(row: Row, { vnet, loops }: CliTarget): void {
  const { interfaces, env } = vnet;
  for (const { index, name, port, vlan, adminUp, mtu } of interfaces.all) {
    row(`show interface ${name}: index`, index, adminUp ? "up" : "down");
    row(`show interface ${name}: mtu`, port < 0 ? 0 : mtu, "bytes");
    COUNTERS.forEach((counter, i) => {
      const noBuffers = i === RX_NO_BUF && port >= 0 && vlan < 0
        ? (env.ports[port] as PollPort).rxNombuf
        : interfaces.read(index, i);
      if (noBuffers > 0) row(`show interface ${name} ${counter}`, noBuffers, unitOf(counter));
    });
    if (port < 0 || vlan >= 0) continue;
    const { counters } = env.hardware.nics[port]!;
    if (counters.rxMissed > 0) row(`show interface ${name} rx-miss`, counters.rxMissed, "packets");
    row(`show hardware-interfaces ${name} rx missed`, counters.rxMissed, "packets");
  }
  for (const { vm, queues, mode } of loops) {
    for (const { port, queue } of queues) {
      const name = interfaces.all[port + 1]!.name;
      row(`show interface rx-placement thread ${vm.thread} ${name} queue ${queue}`, queue, mode);
    }
  }
}

function unitOf(counter: string): string {
  return counter.endsWith("bytes") ? "bytes" : "packets";
}

function tableRows(row: Row, { vnet }: CliTarget): void {
  const { fib, adjacencies, loadBalances } = vnet;
  row("show ip fib routes", fib.size, "routes");
  row("show ip fib mtrie bytes", fib.mtrie.bytesOccupied, "bytes");
  row("show ip6 fib routes", vnet.fib6.size, "routes");
  for (const { index, address, interface: out } of adjacencies.all) {
    const text = typeof address === "number" ? ipv4ToString(address) : address;
    const state = adjacencies.complete[index] === 1 ? "packets" : "packets, incomplete";
    row(`show adjacency ${index} via ${text} ${out.name}`, adjacencies.packets(index), state);
  }
  let shown = 0;
  fib.walk((prefix, depth, loadBalance) => {
    if (shown++ >= FIB_ROWS_MAX) return;
    const buckets = loadBalances.mask[loadBalance]! + 1;
    const name = `show ip fib ${ipv4ToString(prefix)}/${depth} load-balance ${loadBalance}`;
    row(name, loadBalances.packets(loadBalance), `packets, ${buckets} buckets`);
  });
}

/** Routes that are listed: a full table has a million. */
const FIB_ROWS_MAX = 64;

function traceRows(row: Row, { tracer }: CliTarget, { env }: VlibShared): void {
  const mhz = env.cost("mhz");
  tracer.traces.forEach((records, packet) => {
    records.forEach(({ tsc, thread, node, lines }, i) => {
      const name = `show trace thread ${thread} packet ${packet + 1} record ${i}`;
      row(`${name} ${node}`, tsc / mhz, "us");
      lines.forEach((line, k) => row(`${name} line ${k} ${line}`, k, "line"));
    });
  });
}
