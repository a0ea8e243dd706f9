/**
 * An interface's two nodes. NAME-output: an interface that is down drops, others are counted and send on. NAME-tx is
 * the DPDK device class: mbufs are there already, the thread's own queue takes what fits; it is offered the rest again
 * while it takes any, 16 times; what is left then is freed and counted.
 *
 * Source: VPP src/vnet/interface_output.c, src/plugins/dpdk/device/device.c (tx_burst_vector_internal).
 */
import { REASON } from "../../core/policy.ts";
import { error } from "./errors.ts";
import { type SwInterface, TX_BYTES, TX_ERROR, TX_PACKETS } from "./interfaces.ts";
import { TX_IF } from "./vlib_buffer.ts";
import type { VlibMain } from "./vlib_main.ts";
import type { NodeRegistration, NodeRuntime } from "./vlib_node.ts";
import type { VppCosts } from "./costs.ts";
import type { VnetMain } from "./vnet_main.ts";

/** Next nodes of NAME-output (VNET_INTERFACE_OUTPUT_NEXT_...). */
const NEXT_DROP = 0;
const NEXT_TX = 1;
/** Errors of NAME-output and NAME-tx. */
const ERROR_INTERFACE_DOWN = 0;
const ERROR_PKT_DROP = 0;
/** Times that a burst is offered again (n_retry). */
const TX_RETRIES = 16;

/** Both nodes of a port. */
export function interfaceNodes(
  vnet: VnetMain,
  costs: VppCosts,
  { name, port }: SwInterface,
): NodeRegistration[] {
  const tx = { port, retryCycles: costs.named("dpdk-tx.retry") };
  return [
    {
      name: `${name}-tx`,
      type: "internal",
      nextNodes: [],
      errors: [error("Tx packet drops (dpdk tx failure)", "tx-full")],
      flag: "output",
      cost: costs.of("dpdk-tx"),
      fn: (vm, node, { buffers, nVectors }) => transmit(vnet, vm, node, tx, buffers, nVectors),
    },
    {
      name: `${name}-output`,
      type: "internal",
      nextNodes: ["error-drop", `${name}-tx`],
      errors: [error("interface is down", "other")],
      cost: costs.of("interface-output"),
      fn(vm, node, { buffers, nVectors: n }) {
        for (let i = 0; i < n; i++) vm.nexts[i] = output(vnet, vm, node, buffers[i]!);
        vm.enqueueToNext(node, buffers, vm.nexts, n);
        return n;
      },
    },
  ];
}

function output(vnet: VnetMain, vm: VlibMain, node: NodeRuntime, b: number): number {
  const txIf = vm.buffers.words[vm.buffers.row(b) + TX_IF]!;
  const { all } = vnet.interfaces;
  const out = all[txIf]!;
  if (!out.adminUp || !all[out.port + 1]!.adminUp) {
    vnet.interfaces.count(vm.thread, txIf, TX_ERROR, 1);
    vm.setError(node, ERROR_INTERFACE_DOWN, b);
    return NEXT_DROP;
  }
  const bytes = vm.memory.length[b]!;
  vnet.interfaces.count(vm.thread, txIf, TX_PACKETS, 1);
  vnet.interfaces.count(vm.thread, txIf, TX_BYTES, bytes);
  if (out.vlan >= 0) {
    vnet.interfaces.count(vm.thread, out.port + 1, TX_PACKETS, 1);
    vnet.interfaces.count(vm.thread, out.port + 1, TX_BYTES, bytes);
  }
  return NEXT_TX;
}

function transmit(
  vnet: VnetMain,
  vm: VlibMain,
  node: NodeRuntime,
  { port, retryCycles }: { readonly port: number; readonly retryCycles: number },
  buffers: Int32Array,
  n: number,
): number {
  const { witness } = vm.shared;
  if (witness !== null) witness.transmitted(vm, buffers, n);
  const device = vm.env.ports[port]!;
  let sent = 0;
  for (let retries = TX_RETRIES;;) {
    const took = device.txBurst(vm.cpu, vm.cpu.lcore, buffers, sent, n - sent);
    sent += took;
    if (took === 0 || sent === n || retries-- === 0) break;
    vm.charge(retryCycles);
  }
  if (sent === n) return n;
  vm.countError(node, ERROR_PKT_DROP, n - sent);
  vnet.interfaces.count(vm.thread, port + 1, TX_ERROR, n - sent);
  for (let i = sent; i < n; i++) vm.env.drop(vm.cpu, buffers[i]!, REASON["tx-full"]);
  return n;
}
