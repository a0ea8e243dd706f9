/** `planecheck forward`: a bundled stack forwards real frames. */
import { setImmediate } from "node:timers/promises";
import { type Command, Option } from "commander";
import { REASONS, type RouteSet } from "../../core/mod.ts";
import { Waiter } from "../../stacks/external/live/wait.ts";
import { CapturePort } from "../forward/capture_port.ts";
import { Forwarder, type PortTotals } from "../forward/forwarder.ts";
import { serveMetrics } from "../forward/metrics.ts";
import { openPorts, refuseOverwriting } from "../forward/open.ts";
import { type ForwardOptions, parseForwardOptions } from "../forward/options.ts";
import { ratesTable, Screen, statusLines } from "../forward/screen.ts";
import { counted } from "../report/format.ts";
import { readRoutes } from "../inputs.ts";
import type { Io } from "../io.ts";
import { STACK_NAMES, stackNamed } from "../stacks.ts";
import { SharedTables } from "../tables.ts";
import { oneLine, UserError } from "../user_error.ts";

/** Milliseconds between two turns of the event loop, and between two looks at the counters. */
const SLICE_MS = 10;
const LOOK_MS = 1000;
const SIGNALS = ["SIGINT", "SIGTERM"] as const;

const collect = (text: string, before: string[] = []) => [...before, text];

/** Adds the command. */
export function addForward(program: Command, io: Io): void {
  program.command("forward")
    .description(
      "Forward real frames with a bundled stack of poll loops: the same loop bodies as on the simulated machine, " +
        "on packet sockets, TAP devices or captures.",
    )
    .addOption(new Option("--stack <name>", `one of ${STACK_NAMES.join(", ")} (dpdk)`))
    .addOption(
      new Option(
        "--port <port>",
        "an interface, xdp:NAME, xdp-native:NAME, tap:NAME or pcap:IN,OUT; two or more of them",
      )
        .argParser(collect),
    )
    .addOption(
      new Option("--routes <file>", "prefix list, plain or gzip; next hop k lies on port k"),
    )
    .addOption(
      new Option(
        "--eth-dest <port,mac>",
        "MAC address of the next hop on a port (02:00:00:00:00:PORT)",
      )
        .argParser(collect),
    )
    .addOption(new Option("--ring <n>", "descriptors of each ring of the driver (512)"))
    .addOption(new Option("--slots <n>", "slots of a packet socket for what comes (32768)"))
    .addOption(new Option("--seconds <n>", "seconds after which it ends (at a signal)"))
    .addOption(new Option("--metrics <tcp port>", "serve Prometheus metrics on 127.0.0.1"))
    .addOption(new Option("--force", "take an interface though it has an address of this machine"))
    .addOption(new Option("--json", "print the result as JSON, and nothing else"))
    .addHelpText(
      "after",
      "\nNeeds CAP_NET_RAW for interfaces and CAP_NET_ADMIN for TAP devices; `unshare -Urn` gives both in a network\n" +
        "namespace of its own. Exit codes: 0 done, 2 wrong option, input or permission, 1 internal error.",
    )
    .action((raw: Record<string, unknown>) => forward(parseForwardOptions(raw), io));
}

async function forward(options: ForwardOptions, io: Io): Promise<void> {
  const entry = stackNamed(options.stack);
  refuseOverwriting(options);
  const { routes, nextHops } = routesOf(options);
  const stack = entry.create();
  // filled before a port is open: what comes by then would find nobody
  const fib = new SharedTables(routes).table(stack.policy?.defaultRoute ?? true);
  const open = openPorts(options);
  const ports = open.map(({ port }) => port);
  const waiter = new Waiter(ports);
  try {
    const forwarder = boot(entry.name, () =>
      new Forwarder({
        stack,
        ports,
        fib,
        neighbours: {
          count: nextHops,
          port: Uint8Array.from({ length: nextHops }, (_, hop) => hop % ports.length),
          mac: bytes(nextHops, (hop) => options.ethDest[hop % ports.length]!),
          portMac: bytes(ports.length, (port) => open[port]!.mac),
        },
        ring: options.ring,
        nowUs: () => performance.now() * 1000,
        realNs: () => waiter.nowNs(),
        wait: (ms) => waiter.wait(ms),
      }));
    const seconds = await work(forwarder, options, io);
    for (const port of ports) if (port instanceof CapturePort) port.save();
    const cuts = open.flatMap(({ cut }) => cut ?? []);
    report(forwarder, seconds, cuts, options, io);
  } finally {
    for (const port of ports) port.close();
    waiter.close();
  }
}

/** @throws {UserError} when the stack cannot run on bare ports */
function boot(name: string, make: () => Forwarder): Forwarder {
  try {
    return make();
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    const why = error.message.replace(/^Cannot run as bare loops: /, "");
    throw new UserError(
      `--stack: expected one of poll loops alone (docs/forward.md), got ${name}: ${why}`,
    );
  }
}

/** Forwards until a signal, the end of the captures, or the time given; answers the seconds that it took. */
async function work(forwarder: Forwarder, options: ForwardOptions, io: Io): Promise<number> {
  let stopped = false;
  const stop = () => void (stopped = true);
  for (const signal of SIGNALS) Deno.addSignalListener(signal, stop);
  const unserve = options.metrics === null ? null : serveMetrics(options.metrics, forwarder);
  const screen = io.progress === undefined ? null : new Screen(io.stderr);
  const began = performance.now();
  const until = options.seconds === null ? Infinity : began + options.seconds * 1000;
  let looked = began;
  let before = forwarder.totals();
  try {
    while (!stopped && !forwarder.isOver && performance.now() < until) {
      forwarder.run(Math.min(SLICE_MS, until - performance.now()));
      await setImmediate();
      const now = performance.now();
      if (screen === null || now - looked < LOOK_MS) continue;
      const totals = forwarder.totals();
      screen.show(ratesTable(before, totals, (now - looked) / 1000) + statusLines(forwarder));
      [before, looked] = [totals, now];
    }
    return (performance.now() - began) / 1000;
  } finally {
    for (const signal of SIGNALS) Deno.removeSignalListener(signal, stop);
    await unserve?.();
  }
}

function report(
  forwarder: Forwarder,
  seconds: number,
  cuts: readonly string[],
  options: ForwardOptions,
  io: Io,
): void {
  const totals = forwarder.totals();
  if (options.json) {
    const dropped = Object.fromEntries(
      [...forwarder.dropped].flatMap((n, reason) => n > 0 ? [[REASONS[reason]!, n]] : []),
    );
    const latencyUs = forwarder.latencies.summary();
    const result = { stack: forwarder.name, seconds, ports: totals, dropped, latencyUs, cuts };
    io.stdout(`${JSON.stringify(result, null, 2)}\n`);
    return;
  }
  const none = totals.map((port): PortTotals => ({
    ...{ name: port.name, rxFrames: 0, rxBytes: 0, rxMissed: 0, rxOversize: 0 },
    ...{ txFrames: 0, txBytes: 0, txStalls: 0 },
  }));
  const sum = (of: (port: PortTotals) => number) => totals.reduce((n, port) => n + of(port), 0);
  io.stdout(
    `${forwarder.name}: ${counted(sum((p) => p.rxFrames), "frame")} in, ${
      sum((p) => p.txFrames)
    } out in ` +
      `${seconds.toFixed(1)} s\n${ratesTable(none, totals, seconds)}${statusLines(forwarder)}` +
      cuts.map((line) => `${oneLine(line)}\n`).join(""),
  );
}

/** The routes of the file, or an equal share of all addresses to each port. */
function routesOf({ routes: path, ports }: ForwardOptions): { routes: RouteSet; nextHops: number } {
  if (path !== null) {
    const { routes, routesRecord } = readRoutes({ routes: path, seed: 1 });
    return { routes, nextHops: Math.max(routesRecord.nextHops, ports.length) };
  }
  const depth = Math.ceil(Math.log2(ports.length));
  const count = 2 ** depth;
  const routes: RouteSet = {
    count,
    prefix: Uint32Array.from({ length: count }, (_, i) => i * 2 ** (32 - depth)),
    depth: new Uint8Array(count).fill(depth),
    nextHop: Uint32Array.from({ length: count }, (_, i) => i % ports.length),
  };
  return { routes, nextHops: ports.length };
}

function bytes(count: number, of: (i: number) => Uint8Array): Uint8Array {
  const all = new Uint8Array(6 * count);
  for (let i = 0; i < count; i++) all.set(of(i), 6 * i);
  return all;
}
