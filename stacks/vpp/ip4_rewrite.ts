/**
 * ip4-rewrite: TTL less one with its checksum, MTU of the adjacency, the rewrite string before the packet. A TTL that
 * falls to zero and a packet that must not be cut are answered, each with its TTL as it came. The wide loops copy the
 * rewrite of one adjacency where all their packets share it.
 *
 * Source: VPP src/vnet/ip/ip4_forward.c (ip4_rewrite_inline, ip4_ttl_and_checksum_check, ip4_mtu_check).
 */
import { decrementTtl, IPV4_DF, ipv4Flags } from "../../core/packet/mod.ts";
import { error } from "./errors.ts";
import { ADJ, BUFFER, EPOCH, FLAGS, ICMP_DATA, ICMP_TYPE, TX_IF } from "./vlib_buffer.ts";
import type { VlibMain } from "./vlib_main.ts";
import type { NodeFunction, NodeRegistration, NodeRuntime } from "./vlib_node.ts";
import type { VppCosts } from "./costs.ts";
import type { VnetMain } from "./vnet_main.ts";

/** Next nodes (ip4_rewrite_next_t); output nodes of interfaces come behind. */
const NEXT_ICMP_ERROR = 1;
/** Errors. */
const TIME_EXPIRED = 0;
const MTU_EXCEEDED = 1;
/** Type and code of ICMP errors: time exceeded; destination unreachable, fragmentation needed. */
const ICMP_TTL = 11 << 8;
const ICMP_FRAG_NEEDED = (3 << 8) | 4;

/** The node. */
export function ip4RewriteNode(vnet: VnetMain, costs: VppCosts): NodeRegistration {
  return {
    name: "ip4-rewrite",
    type: "internal",
    nextNodes: ["ip4-drop", "ip4-icmp-error"],
    errors: [error("ip4 ttl <= 1", "ttl"), error("ip4 MTU exceeded and DF set", "too-big")],
    cost: costs.looped("ip4-rewrite"),
    fn: ip4Rewrite(vnet),
  };
}

function ip4Rewrite(vnet: VnetMain): NodeFunction {
  const { loop } = vnet.settings;
  const width = loop === "quad" ? 4 : loop === "dual" ? 2 : 1;
  return (vm, node, frame) => {
    const { buffers, nVectors: n } = frame;
    const { words } = vm.buffers;
    const { witness } = vm.shared;
    let i = 0;
    for (; i < n;) {
      const to = Math.min(n, i + width);
      const adj = words[vm.buffers.row(buffers[i]!) + ADJ]!;
      // one load of the adjacency for all that share it
      const mtu = vnet.adjacencies.all[adj]!.interface.mtu;
      for (; i < to; i++) {
        const b = buffers[i]!;
        const row = vm.buffers.row(b);
        const own = words[row + ADJ]!;
        const limit = own === adj ? mtu : vnet.adjacencies.all[own]!.interface.mtu;
        if (witness !== null) witness.rewritten(vm, b, words[row + EPOCH]!, own);
        vm.nexts[i] = one(vnet, vm, node, b, own, limit);
      }
    }
    vm.enqueueToNext(node, buffers, vm.nexts, n);
    return n;
  };
}

function one(
  vnet: VnetMain,
  vm: VlibMain,
  node: NodeRuntime,
  b: number,
  adj: number,
  mtu: number,
): number {
  const { bytes, offset, length } = vm.memory;
  const { words } = vm.buffers;
  const ip = offset[b]!;
  const row = vm.buffers.row(b);
  const isOwn = (words[row + FLAGS]! & BUFFER.locallyOriginated) !== 0;
  if (!isOwn && bytes[ip + 8]! <= 1) return fail(vm, node, b, TIME_EXPIRED, ICMP_TTL, 0);
  const total = (bytes[ip + 2]! << 8) | bytes[ip + 3]!;
  if (total > mtu && (ipv4Flags(bytes, ip) & IPV4_DF) !== 0) {
    return fail(vm, node, b, MTU_EXCEEDED, ICMP_FRAG_NEEDED, mtu);
  }
  if (!isOwn) decrementTtl(bytes, ip);
  const { adjacencies } = vnet;
  const header = adjacencies.rewriteBytes[adj]!;
  adjacencies.write(adj, bytes, ip - header);
  offset[b] = ip - header;
  length[b] = length[b]! + header;
  const { interface: out, next } = adjacencies.all[adj]!;
  words[row + TX_IF] = out.index;
  adjacencies.count(vm.thread, adj, length[b]!);
  return next;
}

function fail(
  vm: VlibMain,
  node: NodeRuntime,
  b: number,
  code: number,
  type: number,
  data: number,
): number {
  const row = vm.buffers.row(b);
  vm.buffers.words[row + ICMP_TYPE] = type;
  vm.buffers.words[row + ICMP_DATA] = data;
  vm.setError(node, code, b);
  return NEXT_ICMP_ERROR;
}
