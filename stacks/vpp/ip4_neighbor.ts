/**
 * ip4-arp and ip4-glean: a packet for a neighbour without a MAC address makes an ARP request, at most one in a
 * throttling interval for each address, and is lost: nothing waits. arp-input completes the adjacency when the answer
 * comes, and answers requests for the router's own addresses.
 *
 * Source: VPP src/vnet/ip-neighbor/ip4_neighbor.c (ip4_arp_inline), src/vnet/util/throttle.h, src/vnet/arp/arp.c.
 */
import {
  ARP_REPLY,
  ARP_REQUEST,
  arpOperation,
  arpSenderIpv4,
  arpTargetIpv4,
  checkArp,
  ETHERTYPE_ARP,
  ipv4Dst,
  setArpOperation,
  setArpSenderIpv4,
  setArpTargetIpv4,
  setEtherType,
  writeArp,
} from "../../core/packet/mod.ts";
import { error } from "./errors.ts";
import { ownBuffer } from "./own_packet.ts";
import { ADJ, BUFFER, L2_HDR, RX_IF, TX_IF } from "./vlib_buffer.ts";
import type { VlibMain } from "./vlib_main.ts";
import type { NodeRegistration, NodeRuntime } from "./vlib_node.ts";
import type { VppCosts } from "./costs.ts";
import type { VnetMain } from "./vnet_main.ts";

/** Next nodes; output nodes come behind. */
const NEXT_DROP = 0;
/** Errors of ip4-arp (ip4_neighbor_error_t). */
const THROTTLED = 0;
const REQUEST_SENT = 1;
const NO_SOURCE_ADDRESS = 2;
const NO_BUFFERS = 3;
/** Errors of arp-input. */
const REPLIES_SENT = 0;
const ADDRESS_NOT_LOCAL = 1;
const REPLY_RECEIVED = 2;
const MALFORMED = 3;
/** Bytes of the shortest frame without FCS. */
const FRAME_MIN = 60;

/** ip4-arp, ip4-glean, arp-input. */
export function ip4NeighborNodes(vnet: VnetMain, costs: VppCosts): NodeRegistration[] {
  const cost = costs.of("slow");
  const errors = [
    error("ARP requests throttled", "unresolved"),
    error("ARP requests sent", "unresolved"),
    error("ARP no source address", "unresolved"),
    error("ARP requests no buffers", "unresolved"),
  ];
  /** When each thread last asked for each adjacency. */
  const asked: Map<number, number>[] = Array.from({ length: vnet.env.lcores }, () => new Map());
  const arp = (name: string): NodeRegistration => ({
    name,
    type: "internal",
    nextNodes: ["ip4-drop"],
    errors,
    cost,
    fn(vm, node, frame) {
      for (let i = 0; i < frame.nVectors; i++) {
        const b = frame.buffers[i]!;
        vm.setError(node, ask(vnet, vm, node, asked[vm.thread]!, b), b);
        vm.enqueue(node, NEXT_DROP, b);
      }
      return frame.nVectors;
    },
  });
  return [arp("ip4-arp"), arp("ip4-glean"), {
    name: "arp-input",
    type: "internal",
    nextNodes: ["error-drop"],
    errors: [
      error("ARP replies sent", "consumed"),
      error("IP4 destination address not local to subnet", "not-ip"),
      error("ARP replies received", "not-ip"),
      error("ARP malformed", "not-ip"),
    ],
    cost,
    fn(vm, node, frame) {
      for (let i = 0; i < frame.nVectors; i++) {
        const b = frame.buffers[i]!;
        vm.setError(node, arpInput(vnet, vm, node, b), b);
        vm.enqueue(node, NEXT_DROP, b);
      }
      return frame.nVectors;
    },
  }];
}

/** Asks for the neighbour of packet `b`; answers the error that the packet is lost with. */
function ask(
  vnet: VnetMain,
  vm: VlibMain,
  node: NodeRuntime,
  asked: Map<number, number>,
  b: number,
): number {
  const adj = vm.buffers.words[vm.buffers.row(b) + ADJ]!;
  const { interface: out, address } = vnet.adjacencies.all[adj]!;
  const now = vm.cpu.tsc();
  const last = asked.get(adj) ?? -Infinity;
  const sender = vnet.settings.addresses[out.port];
  if (now - last < vnet.throttleCycles) return THROTTLED;
  if (sender === undefined) return NO_SOURCE_ADDRESS;
  const request = ownBuffer(vm, b, FRAME_MIN, BUFFER.locallyOriginated);
  if (request < 0) return NO_BUFFERS;
  asked.set(adj, now);
  const mac = vnet.env.neighbours.portMac.subarray(out.port * 6, out.port * 6 + 6);
  const target = typeof address === "number"
    ? address
    : ipv4Dst(vm.memory.bytes, vm.memory.offset[b]!);
  writeRequest(vm.memory.bytes, vm.memory.offset[request]!, mac, sender, target);
  send(vnet, vm, node, request, out.port);
  return REQUEST_SENT;
}

function writeRequest(
  bytes: Uint8Array,
  at: number,
  mac: Uint8Array,
  sender: number,
  target: number,
): void {
  bytes.fill(0xff, at, at + 6);
  bytes.fill(0, at + 6, at + FRAME_MIN);
  setEtherType(bytes, at, ETHERTYPE_ARP);
  writeArp(bytes, at + 14);
  setArpOperation(bytes, at + 14, ARP_REQUEST);
  for (let i = 0; i < 6; i++) bytes[at + 6 + i] = bytes[at + 22 + i] = mac[i]!;
  setArpSenderIpv4(bytes, at + 14, sender);
  setArpTargetIpv4(bytes, at + 14, target);
}

/** Puts a frame of the router's own on its way to the output node of a port. */
function send(vnet: VnetMain, vm: VlibMain, node: NodeRuntime, b: number, port: number): void {
  vm.buffers.words[vm.buffers.row(b) + TX_IF] = port + 1;
  const { graph } = vm.shared;
  const output = graph.index(`${vnet.interfaces.all[port + 1]!.name}-output`);
  vm.enqueue(node, graph.addNext(node.node.index, output), b);
}

/** An ARP packet, its Ethernet header behind it; answers the error that it ends with. */
function arpInput(vnet: VnetMain, vm: VlibMain, node: NodeRuntime, b: number): number {
  const { bytes, offset, length } = vm.memory;
  const { words } = vm.buffers;
  const arp = offset[b]!;
  const row = vm.buffers.row(b);
  if (!checkArp(bytes, arp, length[b]!)) return MALFORMED;
  const rx = vnet.interfaces.all[words[row + RX_IF]!]!;
  const sender = arpSenderIpv4(bytes, arp);
  if (arpOperation(bytes, arp) === ARP_REPLY) {
    const adjacency = vnet.adjacencies.find(sender, rx);
    if (adjacency !== undefined) vnet.adjacencies.update(adjacency.index, bytes, arp + 8);
    return REPLY_RECEIVED;
  }
  if (arpTargetIpv4(bytes, arp) !== vnet.settings.addresses[rx.port]) return ADDRESS_NOT_LOCAL;
  const reply = ownBuffer(vm, b, FRAME_MIN, BUFFER.locallyOriginated);
  if (reply < 0) return ADDRESS_NOT_LOCAL;
  const at = offset[reply]!;
  const mac = vnet.env.neighbours.portMac.subarray(rx.port * 6, rx.port * 6 + 6);
  writeRequest(bytes, at, mac, vnet.settings.addresses[rx.port]!, sender);
  setArpOperation(bytes, at + 14, ARP_REPLY);
  const asker = words[row + L2_HDR]! + 6;
  for (let i = 0; i < 6; i++) bytes[at + i] = bytes[at + 32 + i] = bytes[asker + i]!;
  send(vnet, vm, node, reply, rx.port);
  return REPLIES_SENT;
}
