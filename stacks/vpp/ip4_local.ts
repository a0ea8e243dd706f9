/**
 * What is for the router itself: ip4-local, ip4-icmp-input by type, ip4-icmp-echo-request, which turns a request into
 * its reply and hands that to ip4-load-balance. Other protocols are punted.
 *
 * Source: VPP src/vnet/ip/ip4_forward.c (ip4_local), src/vnet/ip/icmp4.c (ip4_icmp_input, ip4_icmp_echo_request).
 */
import {
  fillIpv4Checksum,
  ICMP_ECHO_REPLY,
  ICMP_ECHO_REQUEST,
  icmpChecksum,
  icmpType,
  IPV4_HEADER_BYTES,
  ipv4Dst,
  ipv4Protocol,
  ipv4Src,
  PROTOCOL_ICMP,
  setIcmpChecksum,
  setIcmpType,
  setIpv4Dst,
  setIpv4Id,
  setIpv4Src,
  setIpv4Ttl,
  updateChecksum,
} from "../../core/packet/mod.ts";
import { REASON } from "../../core/policy.ts";
import { error, info } from "./errors.ts";
import { turnIntoOwn } from "./own_packet.ts";
import { ADJ } from "./vlib_buffer.ts";
import type { VlibMain } from "./vlib_main.ts";
import type { NodeRegistration } from "./vlib_node.ts";
import type { VppCosts } from "./costs.ts";
import type { VnetMain } from "./vnet_main.ts";

/** Next nodes of ip4-local and ip4-icmp-input. */
const NEXT_PUNT = 0;
const NEXT_ICMP_INPUT = 1;
const NEXT_ECHO_REQUEST = 1;
/** Errors. */
const UNKNOWN_PROTOCOL = 0;
const UNKNOWN_TYPE = 0;
const ECHO_REPLIES_SENT = 0;
/** ip4_main.host_config.ttl. */
const HOST_TTL = 64;

/** The nodes. */
export function ip4LocalNodes(vnet: VnetMain, costs: VppCosts): NodeRegistration[] {
  const cost = costs.of("slow");
  return [
    {
      name: "ip4-icmp-echo-request",
      type: "internal",
      nextNodes: ["ip4-load-balance"],
      errors: [info("echo replies sent")],
      cost,
      fn(vm, node, frame) {
        for (let i = 0; i < frame.nVectors; i++) {
          const reply = turnIntoOwn(vm, frame.buffers[i]!, REASON.consumed);
          if (reply < 0) continue;
          turnRound(vm, reply);
          const { bytes, offset } = vm.memory;
          vm.buffers.words[vm.buffers.row(reply) + ADJ] = vnet.fib.lookup(
            ipv4Dst(bytes, offset[reply]!),
          );
          vm.countError(node, ECHO_REPLIES_SENT);
          vm.enqueue(node, 0, reply);
        }
        return frame.nVectors;
      },
    },
    byHeader("ip4-icmp-input", ["ip4-punt", "ip4-icmp-echo-request"], cost, {
      error: error("unknown type", "consumed"),
      code: UNKNOWN_TYPE,
      next: NEXT_ECHO_REQUEST,
      isKnown: (bytes, ip) => icmpType(bytes, ip + IPV4_HEADER_BYTES) === ICMP_ECHO_REQUEST,
    }),
    byHeader("ip4-local", ["ip4-punt", "ip4-icmp-input"], cost, {
      error: error("unknown ip protocol", "consumed"),
      code: UNKNOWN_PROTOCOL,
      next: NEXT_ICMP_INPUT,
      isKnown: (bytes, ip) => ipv4Protocol(bytes, ip) === PROTOCOL_ICMP,
    }),
  ];
}

/** A node that sends on what it knows, and punts the rest with an error. */
function byHeader(
  name: string,
  nextNodes: readonly string[],
  cost: NodeRegistration["cost"],
  of: {
    readonly error: ReturnType<typeof error>;
    readonly code: number;
    readonly next: number;
    readonly isKnown: (bytes: Uint8Array, ip: number) => boolean;
  },
): NodeRegistration {
  return {
    name,
    type: "internal",
    nextNodes,
    errors: [of.error],
    cost,
    fn(vm, node, frame) {
      const { bytes, offset } = vm.memory;
      for (let i = 0; i < frame.nVectors; i++) {
        const b = frame.buffers[i]!;
        const known = of.isKnown(bytes, offset[b]!);
        if (!known) vm.setError(node, of.code, b);
        vm.enqueue(node, known ? of.next : NEXT_PUNT, b);
      }
      return frame.nVectors;
    },
  };
}

/** Makes a reply of an echo request, in place: type, addresses, TTL, identification, and both checksums. */
function turnRound(vm: VlibMain, b: number): void {
  const { bytes, offset } = vm.memory;
  const ip = offset[b]!;
  const icmp = ip + IPV4_HEADER_BYTES;
  const before = icmpChecksum(bytes, icmp);
  setIcmpType(bytes, icmp, ICMP_ECHO_REPLY);
  setIcmpChecksum(bytes, icmp, updateChecksum(before, ICMP_ECHO_REQUEST << 8, ICMP_ECHO_REPLY));
  const src = ipv4Src(bytes, ip);
  setIpv4Src(bytes, ip, ipv4Dst(bytes, ip));
  setIpv4Dst(bytes, ip, src);
  setIpv4Ttl(bytes, ip, HOST_TTL);
  setIpv4Id(bytes, ip, vm.loops & 0xffff);
  fillIpv4Checksum(bytes, ip);
}
