/**
 * What is for the router itself over IPv6, and neighbour discovery: ip6-local, ip6-icmp-input by type; echo requests
 * turned into replies; solicitations answered; advertisements completing adjacencies; ip6-discover-neighbor asking, at
 * most once in a throttling interval, and losing the packet that made it ask.
 *
 * Source: VPP src/vnet/ip/icmp6.c, src/vnet/ip6-nd/ip6_nd.c, src/vnet/ip-neighbor/ip6_neighbor.c; RFC 4861, 4.3, 7.2.
 */
import {
  ICMPV6_ECHO_REPLY,
  ICMPV6_ECHO_REQUEST,
  ICMPV6_NEIGHBOUR_ADVERTISEMENT,
  ICMPV6_NEIGHBOUR_SOLICITATION,
  IPV6_DST_AT,
  IPV6_HEADER_BYTES,
  IPV6_SRC_AT,
  ipv6PayloadLength,
  PROTOCOL_ICMPV6,
  setIpv6HopLimit,
} from "../../core/packet/mod.ts";
import { REASON } from "../../core/policy.ts";
import { error, info } from "./errors.ts";
import { fillIcmp6 } from "./ip6_icmp_error.ts";
import { advertise, complete, solicit } from "./ip6_nd.ts";
import { turnIntoOwn } from "./own_packet.ts";
import type { VlibMain } from "./vlib_main.ts";
import type { NodeRegistration, NodeRuntime } from "./vlib_node.ts";
import type { VppCosts } from "./costs.ts";
import type { VnetMain } from "./vnet_main.ts";

/** The nodes. */
export function ip6LocalNodes(vnet: VnetMain, costs: VppCosts): NodeRegistration[] {
  const cost = costs.of("slow");
  const asked: Map<number, number>[] = Array.from({ length: vnet.env.lcores }, () => new Map());
  const each = (
    name: string,
    nextNodes: readonly string[],
    errors: NodeRegistration["errors"],
    one: (vm: VlibMain, node: NodeRuntime, b: number) => void,
  ): NodeRegistration => ({
    name,
    type: "internal",
    nextNodes,
    errors: errors ?? [],
    cost,
    fn(vm, node, { buffers, nVectors }) {
      for (let i = 0; i < nVectors; i++) one(vm, node, buffers[i]!);
      return nVectors;
    },
  });
  const fail = (vm: VlibMain, node: NodeRuntime, b: number, code: number): void => {
    vm.setError(node, code, b);
    vm.enqueue(node, 0, b);
  };
  const discover = (name: string): NodeRegistration =>
    each(
      name,
      ["ip6-drop"],
      [
        error("address overflow drops", "unresolved"),
        error("neighbor solicitations throttled", "unresolved"),
        error("neighbor solicitations sent", "unresolved"),
        error("neighbor solicitations no buffers", "unresolved"),
      ],
      (vm, node, b) => fail(vm, node, b, solicit(vnet, vm, node, asked[vm.thread]!, b)),
    );
  return [
    each("icmp6-echo-request", ["ip6-lookup"], [info("echo replies sent")], (vm, node, b) => {
      const reply = turnIntoOwn(vm, b, REASON.consumed);
      if (reply < 0) return;
      turnRound(vm, reply);
      vm.countError(node, 0);
      vm.enqueue(node, 0, reply);
    }),
    each(
      "icmp6-neighbor-solicitation",
      ["ip6-drop"],
      [
        error("neighbor solicitations from source not on link", "consumed"),
        error("neighbor advertisements sent", "consumed"),
      ],
      (vm, node, b) => fail(vm, node, b, advertise(vnet, vm, node, b)),
    ),
    each(
      "icmp6-neighbor-advertisement",
      ["ip6-drop"],
      [error("neighbor advertisements received", "consumed")],
      (vm, node, b) => {
        complete(vnet, vm, b);
        fail(vm, node, b, 0);
      },
    ),
    each(
      "ip6-icmp-input",
      [
        "ip6-punt",
        "icmp6-echo-request",
        "icmp6-neighbor-solicitation",
        "icmp6-neighbor-advertisement",
      ],
      [error("unknown type", "consumed")],
      (vm, node, b) => {
        const type = vm.memory.bytes[vm.memory.offset[b]! + IPV6_HEADER_BYTES]!;
        const next = [
          ICMPV6_ECHO_REQUEST,
          ICMPV6_NEIGHBOUR_SOLICITATION,
          ICMPV6_NEIGHBOUR_ADVERTISEMENT,
        ].indexOf(type);
        if (next < 0) fail(vm, node, b, 0);
        else vm.enqueue(node, next + 1, b);
      },
    ),
    each(
      "ip6-local",
      ["ip6-punt", "ip6-icmp-input"],
      [error("unknown ip protocol", "not-ip")],
      (vm, node, b) => {
        const isIcmp = vm.memory.bytes[vm.memory.offset[b]! + 6] === PROTOCOL_ICMPV6;
        if (isIcmp) vm.enqueue(node, 1, b);
        else fail(vm, node, b, 0);
      },
    ),
    discover("ip6-discover-neighbor"),
    discover("ip6-glean"),
  ];
}

/** Makes a reply of an echo request: type, addresses, hop limit, checksum. */
function turnRound(vm: VlibMain, b: number): void {
  const { bytes, offset } = vm.memory;
  const ip = offset[b]!;
  bytes[ip + IPV6_HEADER_BYTES] = ICMPV6_ECHO_REPLY;
  for (let i = 0; i < 16; i++) {
    const src = bytes[ip + IPV6_SRC_AT + i]!;
    bytes[ip + IPV6_SRC_AT + i] = bytes[ip + IPV6_DST_AT + i]!;
    bytes[ip + IPV6_DST_AT + i] = src;
  }
  setIpv6HopLimit(bytes, ip, 64);
  fillIcmp6(bytes, ip, ipv6PayloadLength(bytes, ip));
}
