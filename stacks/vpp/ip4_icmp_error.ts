/**
 * ip4-icmp-error: tells the sender of a packet why it was not forwarded. The answer is looked up like any other packet
 * and so leaves with a TTL of 254; its source is the address of the interface that the packet came in on, its type of
 * service 0. Without addresses nothing is said. Of what VPP quotes, 576 bytes of the buffer, stands here what RFC 1812,
 * 4.3.2.3, allows: as much as makes a message of 576; and nothing is said about packets that 4.3.2.7 names, which VPP
 * does not ask for.
 *
 * Source: VPP src/vnet/ip/icmp4.c (ip4_icmp_error).
 */
import {
  computeIcmpChecksum,
  fillIpv4Checksum,
  ICMP_HEADER_BYTES,
  IPV4_HEADER_BYTES,
  ipv4Dst,
  ipv4FragmentOffset,
  ipv4HeaderLength,
  ipv4Protocol,
  ipv4Src,
  ipv4TotalLength,
  PROTOCOL_ICMP,
  setIcmpChecksum,
  setIcmpCode,
  setIcmpRest,
  setIcmpType,
  setIpv4Dst,
  setIpv4Src,
  setIpv4TotalLength,
} from "../../core/packet/mod.ts";
import { info } from "./errors.ts";
import { ownBuffer } from "./own_packet.ts";
import { endWithError } from "./drop.ts";
import { ICMP_DATA, ICMP_TYPE, L2_HDR, RX_IF } from "./vlib_buffer.ts";
import type { VlibMain } from "./vlib_main.ts";
import type { NodeRegistration } from "./vlib_node.ts";
import type { VppCosts } from "./costs.ts";
import type { VnetMain } from "./vnet_main.ts";

/** Next nodes (ip4_icmp_error_next_t). */
const NEXT_DROP = 0;
const NEXT_LOOKUP = 1;
/** Counted events (icmp_error_strings). */
const UNREACH_SENT = 0;
const TTL_EXPIRE_SENT = 1;
const TIME_EXCEEDED = 11;
/** TTL of the answer before it is forwarded. */
const ANSWER_TTL = 255;
/** The longest message (RFC 1812, 4.3.2.3). */
const MESSAGE_MAX = 576;
const HEADERS = IPV4_HEADER_BYTES + ICMP_HEADER_BYTES;
/** ICMP messages that are errors themselves. */
const ERROR_TYPES = [3, 4, 5, 11, 12];

/** The node. */
export function ip4IcmpErrorNode(vnet: VnetMain, costs: VppCosts): NodeRegistration {
  return {
    name: "ip4-icmp-error",
    type: "internal",
    nextNodes: ["error-drop", "ip4-lookup"],
    errors: [
      info("destination unreachable response sent"),
      info("hop limit exceeded response sent"),
    ],
    cost: costs.of("slow"),
    fn(vm, node, frame) {
      for (let i = 0; i < frame.nVectors; i++) {
        const b = frame.buffers[i]!;
        const answer = answerTo(vnet, vm, b);
        if (answer < 0) {
          vm.enqueue(node, NEXT_DROP, b);
          continue;
        }
        const type = vm.buffers.words[vm.buffers.row(b) + ICMP_TYPE]! >>> 8;
        vm.countError(node, type === TIME_EXCEEDED ? TTL_EXPIRE_SENT : UNREACH_SENT);
        endWithError(vnet, vm, b);
        vm.enqueue(node, NEXT_LOOKUP, answer);
      }
      return frame.nVectors;
    },
  };
}

/** A buffer with the answer about packet `b`, or -1. */
function answerTo(vnet: VnetMain, vm: VlibMain, b: number): number {
  const { bytes, offset } = vm.memory;
  const ip = offset[b]!;
  const row = vm.buffers.row(b);
  const { words } = vm.buffers;
  const { port } = vnet.interfaces.all[words[row + RX_IF]!]!;
  const address = vnet.settings.addresses[port];
  const isGroupFrame = (bytes[words[row + L2_HDR]!]! & 1) === 1;
  if (address === undefined || isGroupFrame || !mayAnswer(bytes, ip)) return -1;
  const quoted = Math.min(ipv4TotalLength(bytes, ip), MESSAGE_MAX - HEADERS);
  const answer = ownBuffer(vm, b, HEADERS + quoted, 0);
  if (answer < 0) return -1;
  const own = offset[answer]!;
  const icmp = own + IPV4_HEADER_BYTES;
  vm.memory.copyWithin(ip, own + HEADERS, quoted);
  bytes.fill(0, own, own + HEADERS);
  bytes[own] = 0x45;
  setIpv4TotalLength(bytes, own, HEADERS + quoted);
  bytes[own + 8] = ANSWER_TTL;
  bytes[own + 9] = PROTOCOL_ICMP;
  setIpv4Src(bytes, own, address);
  setIpv4Dst(bytes, own, ipv4Src(bytes, ip));
  fillIpv4Checksum(bytes, own);
  setIcmpType(bytes, icmp, words[row + ICMP_TYPE]! >>> 8);
  setIcmpCode(bytes, icmp, words[row + ICMP_TYPE]! & 0xff);
  setIcmpRest(bytes, icmp, words[row + ICMP_DATA]!);
  setIcmpChecksum(bytes, icmp, computeIcmpChecksum(bytes, icmp, ICMP_HEADER_BYTES + quoted));
  return answer;
}

/** RFC 1812, 4.3.2.7. */
function mayAnswer(bytes: Uint8Array, ip: number): boolean {
  const src = ipv4Src(bytes, ip) >>> 24;
  if (src === 0 || src === 127 || src >= 224 || ipv4Dst(bytes, ip) >>> 24 >= 224) return false;
  if (ipv4FragmentOffset(bytes, ip) !== 0) return false;
  if (ipv4Protocol(bytes, ip) !== PROTOCOL_ICMP) return true;
  const header = ipv4HeaderLength(bytes, ip);
  return ipv4TotalLength(bytes, ip) > header && !ERROR_TYPES.includes(bytes[ip + header]!);
}
