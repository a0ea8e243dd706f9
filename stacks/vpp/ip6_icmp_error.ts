/**
 * ip6-icmp-error: "time exceeded" and "packet too big". There is an answer where the port that the packet came in on
 * has an address; as in IPv4 it is looked up, and so leaves with a hop limit of 254.
 *
 * Source: VPP src/vnet/ip/icmp6.c (ip6_icmp_error); RFC 4443, 2.4.
 */
import {
  computeChecksum6,
  ICMPV6_TIME_EXCEEDED,
  IPV6_DST_AT,
  IPV6_HEADER_BYTES,
  IPV6_SRC_AT,
  ipv6PayloadLength,
  PROTOCOL_ICMPV6,
  setIpv6HopLimit,
  setIpv6PayloadLength,
  setIpv6Version,
  writeU16,
  writeU32,
} from "../../core/packet/mod.ts";
import { endWithError } from "./drop.ts";
import { info } from "./errors.ts";
import { bytesOf } from "./ip6_fib.ts";
import { ownBuffer } from "./own_packet.ts";
import { ICMP_DATA, ICMP_TYPE, RX_IF } from "./vlib_buffer.ts";
import type { VlibMain } from "./vlib_main.ts";
import type { NodeRegistration, NodeRuntime } from "./vlib_node.ts";
import type { VppCosts } from "./costs.ts";
import type { VnetMain } from "./vnet_main.ts";

/** The longest message (RFC 4443, 2.4 (c)). */
const MESSAGE_MAX = 1280;
/** Bytes of the header of an ICMPv6 error. */
const ICMP_BYTES = 8;

/** The node. */
export function ip6IcmpErrorNode(vnet: VnetMain, costs: VppCosts): NodeRegistration {
  return {
    name: "ip6-icmp-error",
    type: "internal",
    nextNodes: ["error-drop", "ip6-lookup"],
    errors: [info("packet too big response sent"), info("hop limit exceeded response sent")],
    cost: costs.of("slow"),
    fn(vm, node, { buffers, nVectors }) {
      for (let i = 0; i < nVectors; i++) icmpError(vnet, vm, node, buffers[i]!);
      return nVectors;
    },
  };
}

/** Answers packet `b` if there is an address to answer from and it is no error itself (RFC 4443, 2.4 (e)). */
function icmpError(vnet: VnetMain, vm: VlibMain, node: NodeRuntime, b: number): void {
  const { bytes, offset } = vm.memory;
  const { words } = vm.buffers;
  const row = vm.buffers.row(b);
  const ip = offset[b]!;
  const address = vnet.settings.addresses6[vnet.interfaces.all[words[row + RX_IF]!]!.port];
  const isError = bytes[ip + 6] === PROTOCOL_ICMPV6 && bytes[ip + IPV6_HEADER_BYTES]! < 128;
  const quoted = Math.min(
    IPV6_HEADER_BYTES + ipv6PayloadLength(bytes, ip),
    MESSAGE_MAX - IPV6_HEADER_BYTES - ICMP_BYTES,
  );
  const whole = IPV6_HEADER_BYTES + ICMP_BYTES + quoted;
  const answer = address === undefined || isError ? -1 : ownBuffer(vm, b, whole, 0);
  if (answer < 0) return vm.enqueue(node, 0, b);
  const own = offset[answer]!;
  const icmp = own + IPV6_HEADER_BYTES;
  const type = words[row + ICMP_TYPE]! >>> 8;
  vm.memory.copyWithin(ip, icmp + ICMP_BYTES, quoted);
  bytes.fill(0, own, icmp + ICMP_BYTES);
  setIpv6Version(bytes, own);
  setIpv6PayloadLength(bytes, own, ICMP_BYTES + quoted);
  bytes[own + 6] = PROTOCOL_ICMPV6;
  setIpv6HopLimit(bytes, own, 255);
  bytes.set(bytesOf(address!), own + IPV6_SRC_AT);
  vm.memory.copyWithin(ip + IPV6_SRC_AT, own + IPV6_DST_AT, 16);
  bytes[icmp] = type;
  writeU32(bytes, icmp + 4, words[row + ICMP_DATA]!);
  fillIcmp6(bytes, own, ICMP_BYTES + quoted);
  vm.countError(node, type === ICMPV6_TIME_EXCEEDED ? 1 : 0);
  endWithError(vnet, vm, b);
  vm.enqueue(node, 1, answer);
}

/** Writes the checksum of the ICMPv6 message of `length` bytes behind the header at `ip`. */
export function fillIcmp6(bytes: Uint8Array, ip: number, length: number): void {
  const icmp = ip + IPV6_HEADER_BYTES;
  const sum = computeChecksum6(
    bytes,
    icmp,
    length,
    PROTOCOL_ICMPV6,
    ip + IPV6_SRC_AT,
    ip + IPV6_DST_AT,
  );
  writeU16(bytes, icmp + 2, sum);
}
