/**
 * Messages of neighbour discovery: solicitations sent and answered, advertisements that complete adjacencies.
 *
 * Source: VPP src/vnet/ip6-nd/ip6_nd.c, src/vnet/ip-neighbor/ip6_neighbor.c; RFC 4861, 4.3, 4.4, 7.2.
 */
import {
  ETHERTYPE_IPV6,
  ICMPV6_NEIGHBOUR_ADVERTISEMENT,
  ICMPV6_NEIGHBOUR_SOLICITATION,
  IPV6_DST_AT,
  IPV6_HEADER_BYTES,
  IPV6_SRC_AT,
  PROTOCOL_ICMPV6,
  readU32,
  setEtherType,
  setIpv6HopLimit,
  setIpv6PayloadLength,
  setIpv6Version,
} from "../../core/packet/mod.ts";
import { bytesOf } from "./ip6_fib.ts";
import { fillIcmp6 } from "./ip6_icmp_error.ts";
import { ip6Text, parseIp6 } from "./ip6_text.ts";
import { ownBuffer } from "./own_packet.ts";
import { ADJ, BUFFER, L2_HDR, RX_IF, TX_IF } from "./vlib_buffer.ts";
import type { VlibMain } from "./vlib_main.ts";
import type { NodeRuntime } from "./vlib_node.ts";
import type { VnetMain } from "./vnet_main.ts";

/** Bytes of a solicitation or advertisement: type to target, and a link-layer address option. */
const ND_BYTES = 32;
const ND_TARGET = IPV6_HEADER_BYTES + 8;
const ND_LLA = IPV6_HEADER_BYTES + 26;
const HEADER = 14;

/** Asks for the neighbour of packet `b`; answers the error that the packet is lost with. */
export function solicit(
  vnet: VnetMain,
  vm: VlibMain,
  node: NodeRuntime,
  asked: Map<number, number>,
  b: number,
): number {
  const adj = vm.buffers.words[vm.buffers.row(b) + ADJ]!;
  const { interface: out, address } = vnet.adjacencies.all[adj]!;
  const own = vnet.settings.addresses6[out.port];
  const now = vm.cpu.tsc();
  if (own === undefined) return 0;
  if (now - (asked.get(adj) ?? -Infinity) < vnet.throttleCycles) return 1;
  const target = bytesOf(parseIp6(String(address)));
  // ff02::1:ffXX:XXXX, and the MAC address of that group (RFC 4291, 2.7.1; RFC 2464, 7)
  const group = bytesOf([0xff020000, 0, 1, (0xff000000 | readU32(target, 12) & 0xffffff) >>> 0]);
  const mac = Uint8Array.of(0x33, 0x33, 0xff, target[13]!, target[14]!, target[15]!);
  const isSent = send(vnet, vm, node, b, out.port, {
    type: ICMPV6_NEIGHBOUR_SOLICITATION,
    flags: 0,
    option: 1,
    ...{ target, mac, src: bytesOf(own), dst: group },
  });
  if (!isSent) return 3;
  asked.set(adj, now);
  return 2;
}

/** Answers a solicitation for an address of its port. */
export function advertise(vnet: VnetMain, vm: VlibMain, node: NodeRuntime, b: number): number {
  const { bytes, offset, length } = vm.memory;
  const { words } = vm.buffers;
  const row = vm.buffers.row(b);
  const ip = offset[b]!;
  const { port } = vnet.interfaces.all[words[row + RX_IF]!]!;
  const own = vnet.settings.addresses6[port];
  const target = bytes.slice(ip + ND_TARGET, ip + ND_TARGET + 16);
  const isOurs = own !== undefined && bytesOf(own).every((byte, i) => byte === target[i]);
  if (!isOurs || length[b]! < IPV6_HEADER_BYTES + 24) return 0;
  const asker = words[row + L2_HDR]! + 6;
  const isSent = send(vnet, vm, node, b, port, {
    type: ICMPV6_NEIGHBOUR_ADVERTISEMENT,
    // router, solicited, override
    flags: 0xe0,
    option: 2,
    target,
    mac: bytes.slice(asker, asker + 6),
    src: target,
    dst: bytes.slice(ip + IPV6_SRC_AT, ip + IPV6_SRC_AT + 16),
  });
  return isSent ? 1 : 0;
}

/** An advertisement completes the adjacency of its target. */
export function complete(vnet: VnetMain, vm: VlibMain, b: number): void {
  const { bytes, offset, length } = vm.memory;
  const ip = offset[b]!;
  if (length[b]! < ND_LLA + 6) return;
  const words = [0, 4, 8, 12].map((at) => readU32(bytes, ip + ND_TARGET + at));
  const rx = vnet.interfaces.all[vm.buffers.words[vm.buffers.row(b) + RX_IF]!]!;
  const adjacency = vnet.adjacencies.find(ip6Text(words), rx);
  if (adjacency !== undefined) vnet.adjacencies.update(adjacency.index, bytes, ip + ND_LLA);
}

/** What a message of neighbour discovery says. */
interface NdMessage {
  readonly type: number;
  readonly flags: number;
  readonly option: number;
  readonly target: Uint8Array;
  readonly mac: Uint8Array;
  readonly src: Uint8Array;
  readonly dst: Uint8Array;
}

/** Sends a message of the router's own out of a port; false when there is no buffer for it. */
function send(
  vnet: VnetMain,
  vm: VlibMain,
  node: NodeRuntime,
  cause: number,
  port: number,
  { type, flags, option, target, mac, src, dst }: NdMessage,
): boolean {
  const whole = HEADER + IPV6_HEADER_BYTES + ND_BYTES;
  const b = ownBuffer(vm, cause, whole, BUFFER.locallyOriginated);
  if (b < 0) return false;
  const { bytes, offset } = vm.memory;
  const at = offset[b]!;
  const ip = at + HEADER;
  const portMac = vnet.env.neighbours.portMac.subarray(port * 6, port * 6 + 6);
  bytes.fill(0, at, at + whole);
  bytes.set(mac, at);
  bytes.set(portMac, at + 6);
  setEtherType(bytes, at, ETHERTYPE_IPV6);
  setIpv6Version(bytes, ip);
  setIpv6PayloadLength(bytes, ip, ND_BYTES);
  bytes[ip + 6] = PROTOCOL_ICMPV6;
  setIpv6HopLimit(bytes, ip, 255);
  bytes.set(src, ip + IPV6_SRC_AT);
  bytes.set(dst, ip + IPV6_DST_AT);
  bytes[ip + IPV6_HEADER_BYTES] = type;
  bytes[ip + IPV6_HEADER_BYTES + 4] = flags;
  bytes.set(target, ip + ND_TARGET);
  bytes.set([option, 1], ip + ND_TARGET + 16);
  bytes.set(portMac, ip + ND_LLA);
  fillIcmp6(bytes, ip, ND_BYTES);
  vm.buffers.words[vm.buffers.row(b) + TX_IF] = port + 1;
  const { graph } = vm.shared;
  const output = graph.index(`${vnet.interfaces.all[port + 1]!.name}-output`);
  vm.enqueue(node, graph.addNext(node.node.index, output), b);
  return true;
}
