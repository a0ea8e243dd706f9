/**
 * Layer 2: l2-input, which knows whether its interface is one end of a cross-connect or a member of a bridge domain;
 * l2-learn, l2-fwd and l2-flood for the second; l2-output. A flooded frame is copied for each member but one: the
 * copies are frames of the bridge's own making.
 *
 * Source: VPP src/vnet/l2/l2_input.c, l2_learn.c, l2_fwd.c, l2_flood.c, l2_output.c.
 */
import { dstMac, isGroupMac, srcMac } from "../../core/packet/mod.ts";
import { error } from "./errors.ts";
import { ownBuffer } from "./own_packet.ts";
import { BUFFER, RX_IF, TX_IF } from "./vlib_buffer.ts";
import type { VlibMain } from "./vlib_main.ts";
import type { NodeRegistration, NodeRuntime } from "./vlib_node.ts";
import type { VppCosts } from "./costs.ts";
import type { VnetMain } from "./vnet_main.ts";

/** Next nodes. */
const NEXT_DROP = 0;
const INPUT_LEARN = 1;
const INPUT_OUTPUT = 2;
const FWD_FLOOD = 1;
const FWD_OUTPUT = 2;
/** Errors. */
const SAME_INTERFACE = 0;
const NO_MEMBERS = 0;

/** What a node decides about one frame: an index of its next nodes. */
type Decide = (vm: VlibMain, node: NodeRuntime, b: number) => number;

/** The nodes. */
export function l2Nodes(vnet: VnetMain, costs: VppCosts): NodeRegistration[] {
  const cost = costs.of("l2");
  const make = (
    name: string,
    nextNodes: readonly string[],
    decide: Decide,
    errors: NodeRegistration["errors"] = [],
  ): NodeRegistration => ({
    name,
    type: "internal",
    nextNodes,
    errors,
    cost,
    fn(vm, node, { buffers, nVectors }) {
      for (let i = 0; i < nVectors; i++) vm.nexts[i] = decide(vm, node, buffers[i]!);
      vm.enqueueToNext(node, buffers, vm.nexts, nVectors);
      return nVectors;
    },
  });
  return [
    make("l2-output", ["error-drop"], (vm, node, b) => outputNext(vnet, vm, node, b)),
    make(
      "l2-flood",
      ["error-drop", "l2-output"],
      (vm, node, b) => flood(vnet, vm, node, b),
      [error("L2 flood drops: no members", "other")],
    ),
    make(
      "l2-fwd",
      ["error-drop", "l2-flood", "l2-output"],
      (vm, node, b) => forward(vnet, vm, node, b),
      [error("L2 fwd drops: same interface", "other")],
    ),
    make("l2-learn", ["error-drop", "l2-fwd"], (vm, _node, b) => {
      const { bytes, offset } = vm.memory;
      const rxIf = vm.buffers.words[vm.buffers.row(b) + RX_IF]!;
      vnet.l2.learn(domainOf(vnet, rxIf), srcMac(bytes, offset[b]!), rxIf);
      return 1;
    }),
    make("l2-input", ["error-drop", "l2-learn", "l2-output"], (vm, _node, b) => {
      const row = vm.buffers.row(b);
      const { l2 } = vnet.interfaces.all[vm.buffers.words[row + RX_IF]!]!;
      if (l2 === null || l2.kind === "bridge") return INPUT_LEARN;
      vm.buffers.words[row + TX_IF] = l2.to;
      return INPUT_OUTPUT;
    }),
  ];
}

function domainOf(vnet: VnetMain, index: number): number {
  const { l2 } = vnet.interfaces.all[index]!;
  return l2 !== null && l2.kind === "bridge" ? l2.domain : -1;
}

function outputNext(vnet: VnetMain, vm: VlibMain, node: NodeRuntime, b: number): number {
  const out = vnet.interfaces.all[vm.buffers.words[vm.buffers.row(b) + TX_IF]!]!;
  const { graph } = vm.shared;
  const name = vnet.interfaces.all[out.port + 1]!.name;
  return graph.addNext(node.node.index, graph.index(`${name}-output`));
}

function forward(vnet: VnetMain, vm: VlibMain, node: NodeRuntime, b: number): number {
  const { bytes, offset } = vm.memory;
  const row = vm.buffers.row(b);
  const rxIf = vm.buffers.words[row + RX_IF]!;
  if (isGroupMac(bytes, offset[b]!)) return FWD_FLOOD;
  const to = vnet.l2.lookup(domainOf(vnet, rxIf), dstMac(bytes, offset[b]!));
  if (to < 0) return FWD_FLOOD;
  if (to === rxIf) {
    vm.setError(node, SAME_INTERFACE, b);
    return NEXT_DROP;
  }
  vm.buffers.words[row + TX_IF] = to;
  return FWD_OUTPUT;
}

/** To every member but the one that it came in on: copies first, the frame itself last. */
function flood(vnet: VnetMain, vm: VlibMain, node: NodeRuntime, b: number): number {
  const { bytes, offset, length } = vm.memory;
  const row = vm.buffers.row(b);
  const rxIf = vm.buffers.words[row + RX_IF]!;
  const members = vnet.l2.members.get(domainOf(vnet, rxIf)) ?? new Set();
  const to = [...members].filter((each) => each !== rxIf);
  if (to.length === 0) {
    vm.setError(node, NO_MEMBERS, b);
    return NEXT_DROP;
  }
  for (const each of to.slice(1)) {
    const copy = ownBuffer(vm, b, length[b]!, BUFFER.locallyOriginated);
    if (copy < 0) continue;
    bytes.copyWithin(offset[copy]!, offset[b]!, offset[b]! + length[b]!);
    vm.buffers.words[vm.buffers.row(copy) + TX_IF] = each;
    vm.enqueue(node, 1, copy);
  }
  vm.buffers.words[row + TX_IF] = to[0]!;
  return 1;
}
