/**
 * dpdk-input: polls the receive queues that its thread was given, each until a burst of 32 comes back short or a frame
 * is full. The mbuf lies before the vlib buffer, so that nothing is copied but the buffer template of the queue. A
 * frame goes to ethernet-input with what is known of all its buffers: their interface, and whether the NIC found every
 * IPv4 checksum right.
 *
 * The NIC of the model does not verify checksums; here stands what an 82599 does (IPCS, IPE), at no cycle's cost.
 *
 * Source: VPP src/plugins/dpdk/device/node.c (dpdk_device_input); Intel 82599 data sheet, 7.1.11.
 */
import { checksum, checksumIpv4Header20 } from "../../core/packet/mod.ts";
import { FLAG, type PacketMemory } from "../../core/memory/memory.ts";
import { info } from "./errors.ts";
import { RX_BYTES, RX_PACKETS } from "./interfaces.ts";
import { ETH_FRAME } from "./vlib_frame.ts";
import type { VlibMain } from "./vlib_main.ts";
import type { NodeRegistration, NodeRuntime } from "./vlib_node.ts";
import type { VppCosts } from "./costs.ts";
import type { VnetMain } from "./vnet_main.ts";

/** DPDK_RX_BURST_SZ. */
const RX_BURST = 32;
/** Next nodes (VNET_DEVICE_INPUT_NEXT_ETHERNET_INPUT). */
const NEXT_ETHERNET_INPUT = 0;

/** A receive queue of a thread. */
export interface RxQueue {
  readonly port: number;
  readonly queue: number;
}

/** The node; what it does stands in {@link dpdkInputQueue}, since an input node is given no frame. */
export function dpdkInputNode(costs: VppCosts): NodeRegistration {
  return {
    name: "dpdk-input",
    type: "input",
    nextNodes: ["ethernet-input", "error-drop"],
    errors: [info("no error")],
    cost: costs.of("dpdk-input"),
    fn: () => 0,
  };
}

/** Polls one queue; answers how many packets went on. */
export function dpdkInputQueue(
  vnet: VnetMain,
  vm: VlibMain,
  node: NodeRuntime,
  { port, queue }: RxQueue,
): number {
  const device = vm.env.ports[port]!;
  const most = vm.shared.frameSize;
  const { burst, rx } = vm;
  let n = 0;
  for (;;) {
    const want = Math.min(RX_BURST, most - n);
    const got = device.rxBurst(vm.cpu, queue, burst, want);
    for (let i = 0; i < got; i++) rx[n + i] = burst[i]!;
    n += got;
    // burst by burst: a doorbell that refills is rung at a time of its own
    vm.charge(Math.round(got * node.node.cost.vector));
    if (got < want || n === most) break;
  }
  if (n === 0) return 0;
  vm.rxQueue = queue;
  receive(vnet, vm, node, port + 1, n);
  return n;
}

function receive(vnet: VnetMain, vm: VlibMain, node: NodeRuntime, rxIf: number, n: number): void {
  const { memory, buffers, rx } = vm;
  const { length } = memory;
  const feature = vnet.features.deviceInput.start[rxIf]!;
  let bytes = 0;
  let allGood = true;
  for (let i = 0; i < n; i++) {
    const b = rx[i]!;
    buffers.template(b, rxIf);
    bytes += length[b]!;
    if (allGood) allGood = nicFoundGood(memory, b);
  }
  vnet.interfaces.count(vm.thread, rxIf, RX_PACKETS, n);
  vnet.interfaces.count(vm.thread, rxIf, RX_BYTES, bytes);
  const tracer = vm.shared.tracer;
  if (tracer.wanted(node.node.index) > 0) tracer.start(vm, node.node, rx, n);
  let next = NEXT_ETHERNET_INPUT;
  if (feature >= 0) {
    for (let i = 0; i < n; i++) next = vnet.features.deviceInput.begin(vm, node, feature, rx[i]!);
  }
  const frame = vm.newNextFrame(node, next);
  frame.flags = ETH_FRAME.singleSwIfIndex | (allGood ? ETH_FRAME.ip4ChecksumOk : 0);
  frame.arg = rxIf;
  for (let i = 0; i < n; i++) frame.buffers[i] = rx[i]!;
  frame.nVectors = n;
}

/** Whether the NIC reports a right IPv4 header checksum: RTE_MBUF_F_RX_IP_CKSUM_GOOD. */
function nicFoundGood({ bytes, offset, length, flags }: PacketMemory, b: number): boolean {
  if ((flags[b]! & FLAG.ipv4) === 0) return false;
  const ip = offset[b]! + 14;
  const first = bytes[ip]!;
  if (first === 0x45) return checksumIpv4Header20(bytes, ip) === 0;
  const header = (first & 15) << 2;
  return header >= 20 && header <= length[b]! - 14 && checksum(bytes, ip, header) === 0;
}
