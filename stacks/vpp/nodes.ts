/** The nodes of the graph and the features of its arcs, each list once. */
import type { Acls } from "./acl.ts";
import type { VppCosts } from "./costs.ts";
import { dpdkInputNode } from "./dpdk_input.ts";
import { dropNodes } from "./drop.ts";
import { ethernetInputNode, llcInputNode } from "./ethernet_input.ts";
import { FeatureArc, type FeatureArcs } from "./feature.ts";
import { type Handoff, handoffNode } from "./handoff.ts";
import { interfaceNodes } from "./interface_output.ts";
import { ip4IcmpErrorNode } from "./ip4_icmp_error.ts";
import { ip4InputNodes } from "./ip4_input.ts";
import { ip4LocalNodes } from "./ip4_local.ts";
import { ip4LookupNodes } from "./ip4_lookup.ts";
import { ip4NeighborNodes } from "./ip4_neighbor.ts";
import { ip4RewriteNode } from "./ip4_rewrite.ts";
import { ip6LocalNodes } from "./ip6_local.ts";
import { ip6Nodes } from "./ip6_nodes.ts";
import { l2Nodes } from "./l2_nodes.ts";
import { traceFormatOf } from "./trace_format.ts";
import type { Graph, NodeRegistration } from "./vlib_node.ts";
import type { VnetMain } from "./vnet_main.ts";

/** What nodes are made of. */
export interface NodeParts {
  readonly vnet: VnetMain;
  readonly acls: Acls;
  readonly costs: VppCosts;
  readonly handoff: () => Handoff;
}

/** Registers every node; null-node is the first, since its error is number 0. */
export function registerNodes(
  graph: Graph,
  { vnet, costs, handoff }: NodeParts,
  features: readonly NodeRegistration[],
): void {
  const nodes = [
    ...dropNodes(vnet, costs),
    dpdkInputNode(costs),
    handoffNode(vnet, handoff, costs),
    ethernetInputNode(vnet, costs),
    llcInputNode(costs),
    ...ip4InputNodes(vnet, costs),
    ...features,
    ...ip4LookupNodes(vnet, costs),
    ip4RewriteNode(vnet, costs),
    ip4IcmpErrorNode(vnet, costs),
    ...ip4NeighborNodes(vnet, costs),
    ...ip4LocalNodes(vnet, costs),
    ...ip6Nodes(vnet, costs),
    ...ip6LocalNodes(vnet, costs),
    ...l2Nodes(vnet, costs),
    ...vnet.interfaces.all.slice(1).flatMap((each) => interfaceNodes(vnet, costs, each)),
  ];
  graph.register(nodes.map((node) => {
    const trace = traceFormatOf(vnet, node.name);
    return trace === null ? node : { ...node, trace };
  }));
}

/** The arcs, their starts and their features. Source: VNET_FEATURE_INIT in src/vnet/ip/ip4_forward.c, src/plugins/acl. */
export function vppArcs(graph: Graph): FeatureArcs {
  const acl = { runsBefore: ["ip4-source-check-via-rx"] };
  return {
    deviceInput: new FeatureArc(graph, "device-input", ["dpdk-input"], [
      { node: "worker-handoff" },
    ]),
    ip4Unicast: new FeatureArc(graph, "ip4-unicast", ["ip4-input", "ip4-input-no-checksum"], [
      { node: "ip4-source-check-via-rx", runsAfter: ["acl-plugin-in-ip4-fa-stateful"] },
      { node: "acl-plugin-in-ip4-fa", ...acl },
      { node: "acl-plugin-in-ip4-fa-stateful" },
    ]),
  };
}
