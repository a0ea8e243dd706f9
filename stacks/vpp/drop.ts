/**
 * Where packets end: every node puts a bad one on its drop arc with an error, error-drop counts the error and frees
 * the buffer. ip4-drop, ip6-drop and the punt nodes lead there; nobody listens to punts here.
 *
 * Source: VPP src/vlib/drop.c (process_drop_punt), src/vnet/ip/ip4_punt_drop.c, src/vlib/punt.c.
 */
import { error } from "./errors.ts";
import { DROPS, PUNT } from "./interfaces.ts";
import { ERROR, RX_IF } from "./vlib_buffer.ts";
import type { VlibFrame } from "./vlib_frame.ts";
import type { VlibMain } from "./vlib_main.ts";
import type { NodeFunction, NodeRegistration, NodeRuntime } from "./vlib_node.ts";
import type { VnetMain } from "./vnet_main.ts";
import type { VppCosts } from "./costs.ts";
import { REASON } from "../../core/policy.ts";

/** Ends buffer `b` with its error: counted, freed, given its fate. */
export function endWithError(vnet: VnetMain, vm: VlibMain, b: number): void {
  const { words } = vm.buffers;
  const row = vm.buffers.row(b);
  const code = words[row + ERROR]!;
  vm.errors[code]!++;
  const rxIf = words[row + RX_IF]!;
  if (rxIf >= 0) vnet.interfaces.count(vm.thread, rxIf, DROPS, 1);
  const { reason } = vm.shared.graph.errors[code]!.desc;
  if (reason !== REASON.unresolved) vm.env.drop(vm.cpu, b, reason);
  else vm.env.drop(vm.cpu, b, reason, vnet.arpPlace, 0);
}

/** Nodes at the ends of the graph; null-node first, as its error is number 0. */
export function dropNodes(vnet: VnetMain, costs: VppCosts): NodeRegistration[] {
  const drop: NodeFunction = (vm, _node, frame) => {
    for (let i = 0; i < frame.nVectors; i++) endWithError(vnet, vm, frame.buffers[i]!);
    return frame.nVectors;
  };
  const cost = costs.of("error-drop");
  return [
    {
      name: "null-node",
      type: "internal",
      nextNodes: [],
      errors: [error("blackholed packets", "other")],
      flag: "drop",
      cost,
      fn: drop,
    },
    { name: "error-drop", type: "internal", nextNodes: [], flag: "drop", cost, fn: drop },
    {
      name: "error-punt",
      type: "internal",
      nextNodes: ["error-drop"],
      flag: "punt",
      cost,
      fn(vm, node, frame) {
        for (let i = 0; i < frame.nVectors; i++) {
          const rxIf = vm.buffers.words[vm.buffers.row(frame.buffers[i]!) + RX_IF]!;
          if (rxIf >= 0) vnet.interfaces.count(vm.thread, rxIf, PUNT, 1);
        }
        vm.enqueueToSingleNext(node, 0, frame.buffers, frame.nVectors);
        return frame.nVectors;
      },
    },
    toEnd("ip4-drop", "error-drop", error("ip4 drop", "no-route"), cost),
    toEnd("ip4-punt", "error-punt", error("ip4 punt", "no-route"), cost),
    // the policy speaks of IPv4
    toEnd("ip6-drop", "error-drop", error("ip6 drop", "not-ip"), cost),
    toEnd("ip6-punt", "error-punt", error("ip6 punt", "not-ip"), cost),
  ];
}

/** A node that sends all to one next, with an error of its own where there is none yet (ip_drop_or_punt). */
function toEnd(
  name: string,
  next: string,
  own: ReturnType<typeof error>,
  cost: NodeRegistration["cost"],
): NodeRegistration {
  return {
    name,
    type: "internal",
    nextNodes: [next],
    errors: [own],
    cost,
    fn(vm: VlibMain, node: NodeRuntime, frame: VlibFrame) {
      const { words } = vm.buffers;
      for (let i = 0; i < frame.nVectors; i++) {
        const b = frame.buffers[i]!;
        if (words[vm.buffers.row(b) + ERROR] === 0) vm.setError(node, 0, b);
      }
      vm.enqueueToSingleNext(node, 0, frame.buffers, frame.nVectors);
      return frame.nVectors;
    },
  };
}
