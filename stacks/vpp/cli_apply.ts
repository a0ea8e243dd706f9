/** What CLI lines do: at boot, or by vpp_main while all workers stand at the barrier. */
import type { Acls } from "./acl.ts";
import type { VppCommand } from "./cli.ts";
import { addInterface, applyRouting, named } from "./cli_routes.ts";
import { arcNamed } from "./feature.ts";
import type { Handoff } from "./handoff.ts";
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
      return applyRouting(vnet, target.graph, command);
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
