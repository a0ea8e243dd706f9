/**
 * The IPv6 twins of the IPv4 path: ip6-input, ip6-lookup, ip6-rewrite. There is no header checksum and
 * a router cuts nothing: what is longer than the MTU is answered "packet too big".
 *
 * Source: VPP src/vnet/ip/ip6_input.h, ip6_forward.c (ip6_lookup_inline, ip6_rewrite_inline).
 */
import {
  checkHeader6,
  ICMPV6_PACKET_TOO_BIG,
  ICMPV6_TIME_EXCEEDED,
  IPV6_DST_AT,
  IPV6_HEADER_BYTES,
  IPV6_SRC_AT,
  ipv6HopLimit,
  ipv6PayloadLength,
  ipv6Version,
  setIpv6HopLimit,
} from "../../core/packet/mod.ts";
import { REASON } from "../../core/policy.ts";
import { error } from "./errors.ts";
import { ip6IcmpErrorNode } from "./ip6_icmp_error.ts";
import { IP6 } from "./interfaces.ts";
import { lookup3 } from "./flow_hash.ts";
import { DPO } from "./load_balance.ts";
import { ADJ, BUFFER, EPOCH, FLAGS, ICMP_DATA, ICMP_TYPE, RX_IF, TX_IF } from "./vlib_buffer.ts";
import type { VlibMain } from "./vlib_main.ts";
import type { NodeRegistration, NodeRuntime } from "./vlib_node.ts";
import type { VppCosts } from "./costs.ts";
import type { VnetMain } from "./vnet_main.ts";

/** Next nodes of ip6-input. */
const INPUT_DROP = 0;
const INPUT_LOOKUP = 1;
const INPUT_ICMP_ERROR = 2;
const INPUT_LOCAL = 3;
/** Next nodes of ip6-lookup by DPO type. */
const LOOKUP_NEXT = [
  "ip6-drop",
  "ip6-punt",
  "ip6-local",
  "ip6-discover-neighbor",
  "ip6-glean",
  "ip6-rewrite",
];
const REWRITE_ICMP_ERROR = 1;

/** The forwarding nodes. */
export function ip6Nodes(vnet: VnetMain, costs: VppCosts): NodeRegistration[] {
  const probe = costs.named("ip6-lookup.probe");
  return [
    {
      name: "ip6-input",
      type: "internal",
      nextNodes: ["ip6-drop", "ip6-lookup", "ip6-icmp-error", "ip6-local"],
      errors: [
        error("ip6 version != 6", "not-ip"),
        error("ip6 length > l2 length", "not-ip"),
        error("ip6 hop limit <= 1", "not-ip"),
      ],
      cost: costs.of("ip6-input"),
      fn(vm, node, { buffers, nVectors }) {
        for (let i = 0; i < nVectors; i++) vm.nexts[i] = inputNext(vnet, vm, node, buffers[i]!);
        vm.enqueueToNext(node, buffers, vm.nexts, nVectors);
        return nVectors;
      },
    },
    {
      name: "ip6-lookup",
      type: "internal",
      nextNodes: LOOKUP_NEXT,
      cost: costs.of("ip6-lookup"),
      fn(vm, node, { buffers, nVectors }) {
        let probes = 0;
        for (let i = 0; i < nVectors; i++) {
          vm.nexts[i] = lookupNext(vnet, vm, buffers[i]!);
          probes += vnet.fib6.probes;
        }
        vm.charge(Math.round(probes * probe));
        vm.enqueueToNext(node, buffers, vm.nexts, nVectors);
        return nVectors;
      },
    },
    {
      name: "ip6-rewrite",
      type: "internal",
      nextNodes: ["ip6-drop", "ip6-icmp-error"],
      errors: [error("ip6 hop limit <= 1", "not-ip"), error("ip6 MTU exceeded", "not-ip")],
      cost: costs.of("ip6-rewrite"),
      fn(vm, node, { buffers, nVectors }) {
        for (let i = 0; i < nVectors; i++) vm.nexts[i] = rewriteNext(vnet, vm, node, buffers[i]!);
        vm.enqueueToNext(node, buffers, vm.nexts, nVectors);
        return nVectors;
      },
    },
    ip6IcmpErrorNode(vnet, costs),
  ];
}

function inputNext(vnet: VnetMain, vm: VlibMain, node: NodeRuntime, b: number): number {
  const { bytes, offset, length } = vm.memory;
  const ip = offset[b]!;
  const row = vm.buffers.row(b);
  vnet.interfaces.count(vm.thread, vm.buffers.words[row + RX_IF]!, IP6, 1);
  if (checkHeader6(bytes, ip, length[b]!) !== REASON.none) {
    vm.setError(node, ipv6Version(bytes, ip) === 6 ? 1 : 0, b);
    return INPUT_DROP;
  }
  // groups that are not routed: neighbour discovery is among them
  if (bytes[ip + IPV6_DST_AT] === 0xff) return INPUT_LOCAL;
  if (ipv6HopLimit(bytes, ip) >= 1) return INPUT_LOOKUP;
  vm.setError(node, 2, b);
  vm.buffers.words[row + ICMP_TYPE] = ICMPV6_TIME_EXCEEDED << 8;
  vm.buffers.words[row + ICMP_DATA] = 0;
  return INPUT_ICMP_ERROR;
}

function lookupNext(vnet: VnetMain, vm: VlibMain, b: number): number {
  const { loadBalances, adjacencies, fib6 } = vnet;
  const { bytes, offset, length } = vm.memory;
  const row = vm.buffers.row(b);
  const ip = offset[b]!;
  const loadBalance = fib6.lookup(bytes, ip + IPV6_DST_AT);
  const mask = loadBalances.mask[loadBalance]!;
  const bucket = loadBalances.base[loadBalance]! + (mask > 0 ? ip6FlowHash(bytes, ip) & mask : 0);
  const type = loadBalances.type[bucket]!;
  const index = loadBalances.dpo[bucket]!;
  vm.buffers.words[row + ADJ] = index;
  vm.buffers.words[row + EPOCH] = vm.shared.epoch;
  loadBalances.count(vm.thread, loadBalance, length[b]!);
  return type === DPO.adjacency && adjacencies.complete[index] === 0 ? DPO.arp : type;
}

/** Hash of the flow of the IPv6 packet at `ip`, whose transport header follows at once. */
function ip6FlowHash(bytes: Uint8Array, ip: number): number {
  const word = (at: number): number =>
    (bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!;
  let src = 0;
  let dst = 0;
  for (let i = 0; i < 16; i += 4) {
    src ^= word(ip + IPV6_SRC_AT + i);
    dst ^= word(ip + IPV6_DST_AT + i);
  }
  return lookup3(src, dst ^ bytes[ip + 6]!, word(ip + IPV6_HEADER_BYTES));
}

function rewriteNext(vnet: VnetMain, vm: VlibMain, node: NodeRuntime, b: number): number {
  const { bytes, offset, length } = vm.memory;
  const { words } = vm.buffers;
  const ip = offset[b]!;
  const row = vm.buffers.row(b);
  const adj = words[row + ADJ]!;
  const { interface: out, next } = vnet.adjacencies.all[adj]!;
  const isOwn = (words[row + FLAGS]! & BUFFER.locallyOriginated) !== 0;
  if (vm.shared.witness !== null) vm.shared.witness.rewritten(vm, b, words[row + EPOCH]!, adj);
  const limit = ipv6HopLimit(bytes, ip);
  const tooLong = IPV6_HEADER_BYTES + ipv6PayloadLength(bytes, ip) > out.mtu;
  if ((!isOwn && limit <= 1) || tooLong) {
    vm.setError(node, !isOwn && limit <= 1 ? 0 : 1, b);
    words[row + ICMP_TYPE] =
      (!isOwn && limit <= 1 ? ICMPV6_TIME_EXCEEDED : ICMPV6_PACKET_TOO_BIG) << 8;
    words[row + ICMP_DATA] = !isOwn && limit <= 1 ? 0 : out.mtu;
    return REWRITE_ICMP_ERROR;
  }
  if (!isOwn) setIpv6HopLimit(bytes, ip, limit - 1);
  const header = vnet.adjacencies.rewriteBytes[adj]!;
  vnet.adjacencies.write(adj, bytes, ip - header);
  offset[b] = ip - header;
  length[b] = length[b]! + header;
  words[row + TX_IF] = out.index;
  vnet.adjacencies.count(vm.thread, adj, length[b]!);
  return next;
}
