/** What CLI lines do: at boot, or by vpp_main while all workers stand at the barrier. */
import { parseIpv4 } from "../../core/packet/mod.ts";
import type { Acls } from "./acl.ts";
import type { Adjacency } from "./adjacency.ts";
import type { CliPath, CliPrefix, VppCommand } from "./cli.ts";
import { arcNamed } from "./feature.ts";
import type { Handoff } from "./handoff.ts";
import type { SwInterface } from "./interfaces.ts";
import { ip6Text, parseIp6 } from "./ip6_text.ts";
import { DPO, type Path } from "./load_balance.ts";
import type { MainLoop } from "./main_loop.ts";
import type { VlibMain } from "./vlib_main.ts";
import type { Graph } from "./vlib_node.ts";
import type { Tracer } from "./trace.ts";
import type { VnetMain } from "./vnet_main.ts";

/** What commands change. */
export interface CliTarget {
  readonly vnet: VnetMain;
  readonly graph: Graph;
  readonly tracer: Tracer;
  readonly acls: Acls;
  readonly handoff: Handoff;
  readonly loops: readonly MainLoop[];
  readonly threads: readonly VlibMain[];
  /** Cycles at which `clear runtime` was typed last. */
  clearedAt: number;
}

/**
 * Runs a command at time `now`, in cycles.
 * @throws {RangeError} when it names what is not there
 */
export function applyCommand(target: CliTarget, command: VppCommand, now: number): void {
  const { vnet } = target;
  switch (command.do) {
    case "state":
      named(vnet, command.name).adminUp = command.up;
      return;
    case "mtu":
      named(vnet, command.name).mtu = command.mtu;
      return;
    case "route-add":
    case "route-del":
    case "neighbor":
      return applyRouting(target, command);
    case "rx-mode":
    case "rx-placement":
      return applyRx(target, command);
    case "sub-interface": {
      const { name, port } = named(vnet, command.name);
      addInterface(vnet, `${name}.${command.vlan}`, port, command.vlan);
      return;
    }
    case "xconnect":
      named(vnet, command.name).l2 = { kind: "xconnect", to: named(vnet, command.to).index };
      return;
    case "bridge": {
      const member = named(vnet, command.name);
      member.l2 = { kind: "bridge", domain: command.domain };
      vnet.l2.join(command.domain, member.index);
      return;
    }
    case "trace":
      target.tracer.add(target.graph.index(command.node), command.count);
      return;
    case "clear":
      return applyClear(target, command.what, now);
    default:
      return applyFeature(target, command);
  }
}

/** Adds an interface, without features. */
export function addInterface(
  vnet: VnetMain,
  name: string,
  port: number,
  vlan: number,
): SwInterface {
  const added = vnet.interfaces.add(name, port, vlan);
  for (const arc of Object.values(vnet.features)) arc.addInterface(added.index);
  return added;
}

/** Adds the adjacency of a neighbour. */
export function addAdjacency(
  vnet: VnetMain,
  graph: Graph,
  out: SwInterface,
  address: number | string,
): Adjacency {
  const rewrite = graph.index(typeof address === "number" ? "ip4-rewrite" : "ip6-rewrite");
  const output = graph.index(`${vnet.interfaces.all[out.port + 1]!.name}-output`);
  return vnet.adjacencies.add(out, address, graph.addNext(rewrite, output));
}

function named({ interfaces }: VnetMain, name: string): SwInterface {
  const found = interfaces.named(name);
  if (found === undefined) {
    throw new RangeError(`Cannot configure vpp: unknown interface "${name}"`);
  }
  return found;
}

function addressOf(text: string): number | string {
  return text.includes(":") ? ip6Text(parseIp6(text)) : parseIpv4(text);
}

function applyRouting(
  { vnet, graph }: CliTarget,
  command: Extract<VppCommand, { do: "route-add" | "route-del" | "neighbor" }>,
): void {
  if (command.do === "neighbor") {
    const out = named(vnet, command.name);
    const address = addressOf(command.address);
    const known = vnet.adjacencies.find(address, out);
    const { index } = known ?? addAdjacency(vnet, graph, out, address);
    vnet.adjacencies.update(index, Uint8Array.from(command.mac));
    return;
  }
  const { prefix } = command;
  if (command.do === "route-add") {
    const paths = command.paths.map((path) => pathOf(vnet, graph, path));
    if (prefix.family === 4) vnet.fib.add(prefix.address, prefix.depth, paths);
    else vnet.fib6.add(prefix.address, prefix.depth, paths);
    return;
  }
  if (!deleteRoute(vnet, prefix)) {
    throw new RangeError("Cannot configure vpp: the route to be deleted is not there");
  }
}

function deleteRoute({ fib, fib6 }: VnetMain, prefix: CliPrefix): boolean {
  return prefix.family === 4
    ? fib.delete(prefix.address, prefix.depth)
    : fib6.delete(prefix.address, prefix.depth);
}

function pathOf(vnet: VnetMain, graph: Graph, { via, name, weight }: CliPath): Path {
  if (via === "drop") return { type: DPO.drop, index: 0, weight };
  const address = addressOf(via);
  const out = name === "" ? undefined : named(vnet, name);
  const known = vnet.adjacencies.find(address, out);
  if (known === undefined && out === undefined) {
    throw new RangeError(`Cannot configure vpp: ${via} is no neighbor, and no interface is named`);
  }
  const { index } = known ?? addAdjacency(vnet, graph, out!, address);
  return { type: DPO.adjacency, index, weight };
}

function applyRx(
  { vnet, loops }: CliTarget,
  command: Extract<VppCommand, { do: "rx-mode" | "rx-placement" }>,
): void {
  const { port } = named(vnet, command.name);
  if (command.do === "rx-mode") {
    for (const loop of loops) {
      if (loop.queues.some((each) => each.port === port)) loop.mode = command.mode;
    }
    return;
  }
  const { queue, worker } = command;
  const to = loops[worker];
  const from = loops.find(({ queues }) =>
    queues.some((each) => each.port === port && each.queue === queue)
  );
  if (to === undefined || from === undefined) {
    throw new RangeError(
      `Cannot configure vpp: no queue ${queue} of port ${port}, or worker ${worker}`,
    );
  }
  const at = from.queues.findIndex((each) => each.port === port && each.queue === queue);
  to.queues.push(...from.queues.splice(at, 1));
}

function applyClear(
  target: CliTarget,
  what: Extract<VppCommand, { do: "clear" }>["what"],
  now: number,
): void {
  if (what === "interfaces") target.vnet.interfaces.clear();
  else if (what === "trace") target.tracer.clear();
  else if (what === "errors") {
    for (const vm of target.threads) {
      vm.errorsLastClear.set(vm.errors);
    }
  } else {
    target.clearedAt = now;
    for (const vm of target.threads) {
      vm.loopsLastClear = vm.loops;
      for (const runtime of vm.runtimes) runtime.clear();
    }
  }
}

function applyFeature(
  { vnet, graph, acls, handoff }: CliTarget,
  command: Extract<VppCommand, { do: "feature" | "acl" | "acl-apply" | "handoff" }>,
): void {
  if (command.do === "acl") {
    acls.add(command.rules, command.stateful);
    return;
  }
  const { index } = named(vnet, command.name);
  const { deviceInput, ip4Unicast } = vnet.features;
  if (command.do === "handoff") {
    const wrong = command.workers.find((worker) => worker >= vnet.env.lcores);
    if (wrong !== undefined) {
      throw new RangeError(`Cannot configure vpp: there is no worker ${wrong}`);
    }
    handoff.set(index, command.workers);
    deviceInput.set(index, "worker-handoff", true, graph.index("ethernet-input"));
    return;
  }
  if (command.do === "acl-apply") {
    const list = acls.lists[command.acl];
    if (list === undefined) {
      throw new RangeError(`Cannot configure vpp: there is no acl ${command.acl}`);
    }
    acls.byInterface.set(index, command.acl);
    const node = `acl-plugin-in-ip4-fa${list.stateful ? "-stateful" : ""}`;
    ip4Unicast.set(index, node, command.enable, graph.index("ip4-lookup"));
    return;
  }
  const arc = arcNamed(vnet.features, command.arc);
  if (arc === undefined || !arc.order.includes(command.node)) {
    throw new RangeError(
      `Cannot configure vpp: no feature "${command.node}" on arc "${command.arc}"`,
    );
  }
  const end = graph.index(arc === deviceInput ? "ethernet-input" : "ip4-lookup");
  arc.set(index, command.node, command.enable, end);
}
