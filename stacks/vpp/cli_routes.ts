/** What CLI lines do to interfaces, neighbours and routes. */
import { parseIpv4 } from "../../core/packet/mod.ts";
import type { Adjacency } from "./adjacency.ts";
import type { VppCommand } from "./cli.ts";
import type { CliPath, CliPrefix } from "./cli_words.ts";
import type { SwInterface } from "./interfaces.ts";
import { ip6Text, parseIp6 } from "./ip6_text.ts";
import { DPO, type Path } from "./load_balance.ts";
import type { Graph } from "./vlib_node.ts";
import type { VnetMain } from "./vnet_main.ts";

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

/** @throws {RangeError} when there is no such interface */
export function named({ interfaces }: VnetMain, name: string): SwInterface {
  const found = interfaces.named(name);
  if (found === undefined) {
    throw new RangeError(`Cannot configure vpp: unknown interface "${name}"`);
  }
  return found;
}

function addressOf(text: string): number | string {
  return text.includes(":") ? ip6Text(parseIp6(text)) : parseIpv4(text);
}

/** Routes and neighbours. */
export function applyRouting(
  vnet: VnetMain,
  graph: Graph,
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
