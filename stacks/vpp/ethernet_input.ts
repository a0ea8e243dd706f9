/**
 * ethernet-input: which protocol a frame carries, and for whom it is. A frame of dpdk-input comes from one interface:
 * untagged IPv4 for the interface's own address goes on at once, all else is looked at one by one: other protocols,
 * tags, interfaces that switch. What goes on to layer 3 has its Ethernet header behind it.
 *
 * Source: VPP src/vnet/ethernet/node.c (eth_input_process_frame, is_dmac_bad), src/vnet/ethernet/error.def.
 */
import {
  equalMac,
  etherType,
  ETHERTYPE_ARP,
  ETHERTYPE_IPV4,
  ETHERTYPE_IPV6,
  isGroupMac,
  isVlanType,
  readU16,
  VLAN_TAG_BYTES,
  vlanTci,
  vlanVid,
} from "../../core/packet/mod.ts";
import { error } from "./errors.ts";
import { L2_HDR, L2_LEN, RX_IF } from "./vlib_buffer.ts";
import { ETH_FRAME } from "./vlib_frame.ts";
import type { VlibMain } from "./vlib_main.ts";
import type { NodeRegistration, NodeRuntime } from "./vlib_node.ts";
import type { VppCosts } from "./costs.ts";
import type { VnetMain } from "./vnet_main.ts";

/** Next nodes (ethernet_input_next_t), and those registered for EtherTypes. */
const NEXT_PUNT = 0;
const NEXT_DROP = 1;
const NEXT_LLC = 2;
const NEXT_IP4_INPUT = 3;
const NEXT_IP4_INPUT_NCS = 4;
const NEXT_IP6_INPUT = 5;
const NEXT_ARP_INPUT = 6;
const NEXT_L2_INPUT = 7;
/** Errors (ethernet_error_t). */
const ERROR_BAD_LLC = 0;
const ERROR_UNKNOWN_TYPE = 1;
const ERROR_UNKNOWN_VLAN = 2;
const ERROR_L3_MAC_MISMATCH = 3;
const ERROR_DOWN = 4;
/** Values of the type field below this are lengths (IEEE 802.3, 3.2.6). */
const ETHERTYPE_MIN = 0x600;
const HEADER = 14;

/** The node. */
export function ethernetInputNode(vnet: VnetMain, costs: VppCosts): NodeRegistration {
  const input = new EthernetInput(vnet);
  return {
    name: "ethernet-input",
    type: "internal",
    nextNodes: [
      "error-punt",
      "error-drop",
      "llc-input",
      "ip4-input",
      "ip4-input-no-checksum",
      "ip6-input",
      "arp-input",
      "l2-input",
    ],
    errors: [
      error("llc length > packet length", "not-ip"),
      error("unknown ethernet type", "not-ip"),
      error("unknown vlan", "not-ip"),
      error("l3 mac mismatch", "not-for-us"),
      error("subinterface down", "other"),
    ],
    cost: costs.of("ethernet-input"),
    fn(vm, node, frame) {
      const { buffers, nVectors, flags, arg } = frame;
      input.ip4Next = (flags & ETH_FRAME.ip4ChecksumOk) !== 0 ? NEXT_IP4_INPUT_NCS : NEXT_IP4_INPUT;
      const single = (flags & ETH_FRAME.singleSwIfIndex) !== 0;
      for (let i = 0; i < nVectors; i++) {
        const b = buffers[i]!;
        const rxIf = single ? arg : vm.buffers.words[vm.buffers.row(b) + RX_IF]!;
        vm.nexts[i] = input.next(vm, node, b, rxIf);
      }
      vm.enqueueToNext(node, buffers, vm.nexts, nVectors);
      return nVectors;
    },
  };
}

/** What becomes of one buffer. */
class EthernetInput {
  /** Where the frame's IPv4 packets go. */
  ip4Next = NEXT_IP4_INPUT;
  readonly #vnet: VnetMain;

  constructor(vnet: VnetMain) {
    this.#vnet = vnet;
  }

  next(vm: VlibMain, node: NodeRuntime, b: number, rxIf: number): number {
    const { bytes, offset, length } = vm.memory;
    const at = offset[b]!;
    const { port, l2 } = this.#vnet.interfaces.all[rxIf]!;
    const row = vm.buffers.row(b);
    vm.buffers.words[row + L2_HDR] = at;
    const own = this.#vnet.env.neighbours.portMac;
    if (
      l2 === null && etherType(bytes, at) === ETHERTYPE_IPV4 && equalMac(bytes, at, own, port * 6)
    ) {
      offset[b] = at + HEADER;
      length[b] = length[b]! - HEADER;
      return this.ip4Next;
    }
    return this.#slow(vm, node, b, rxIf);
  }

  #slow(vm: VlibMain, node: NodeRuntime, b: number, rxIf: number): number {
    const { bytes, offset, length } = vm.memory;
    const { interfaces } = this.#vnet;
    const row = vm.buffers.row(b);
    const at = offset[b]!;
    let type = etherType(bytes, at);
    let to = interfaces.all[rxIf]!;
    let header = HEADER;
    if (isVlanType(type) && length[b]! >= HEADER + VLAN_TAG_BYTES) {
      const sub = interfaces.sub(to.port, vlanVid(vlanTci(bytes, at + HEADER)));
      if (sub === undefined && to.l2 === null) return this.#drop(vm, node, b, ERROR_UNKNOWN_VLAN);
      if (sub !== undefined) {
        if (!sub.adminUp) return this.#drop(vm, node, b, ERROR_DOWN);
        type = readU16(bytes, at + HEADER + 2);
        header += VLAN_TAG_BYTES;
        to = sub;
      }
    }
    vm.buffers.words[row + RX_IF] = to.index;
    vm.buffers.words[row + L2_LEN] = header;
    if (to.l2 !== null) return NEXT_L2_INPUT;
    const own = this.#vnet.env.neighbours.portMac;
    if (!isGroupMac(bytes, at) && !equalMac(bytes, at, own, to.port * 6)) {
      return this.#drop(vm, node, b, ERROR_L3_MAC_MISMATCH);
    }
    const next = this.#byType(vm, node, b, type);
    if (next > NEXT_DROP) {
      offset[b] = at + header;
      length[b] = length[b]! - header;
    }
    return next;
  }

  #byType(vm: VlibMain, node: NodeRuntime, b: number, type: number): number {
    if (type === ETHERTYPE_IPV4) return this.ip4Next;
    if (type === ETHERTYPE_IPV6) return NEXT_IP6_INPUT;
    if (type === ETHERTYPE_ARP) return NEXT_ARP_INPUT;
    vm.setError(node, type < ETHERTYPE_MIN ? ERROR_BAD_LLC : ERROR_UNKNOWN_TYPE, b);
    return type < ETHERTYPE_MIN ? NEXT_LLC : NEXT_PUNT;
  }

  #drop(vm: VlibMain, node: NodeRuntime, b: number, code: number): number {
    vm.setError(node, code, b);
    return NEXT_DROP;
  }
}

/** llc-input: nothing above LLC is here. */
export function llcInputNode(costs: VppCosts): NodeRegistration {
  return {
    name: "llc-input",
    type: "internal",
    nextNodes: ["error-drop"],
    cost: costs.of("slow"),
    fn(vm, node, frame) {
      vm.enqueueToSingleNext(node, 0, frame.buffers, frame.nVectors);
      return frame.nVectors;
    },
  };
}
