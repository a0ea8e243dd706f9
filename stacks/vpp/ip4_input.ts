/**
 * ip4-input, and ip4-input-no-checksum for frames whose checksums the NIC found right: is the header one that may be
 * forwarded. Errors in the order in which they win: length below 20, above that of the frame, checksum, version,
 * options, fragment offset 1, TTL below 1. Options go to a node of their own, which punts; a TTL of 0 is answered.
 *
 * Source: VPP src/vnet/ip/ip4_input.h (ip4_input_check_x4), ip4_input.c, ip4_error.h, ip4_options.c.
 */
import { checksum, checksumIpv4Header20 } from "../../core/packet/mod.ts";
import type { PacketMemory } from "../../core/memory/memory.ts";
import { error } from "./errors.ts";
import { IP4 } from "./interfaces.ts";
import { ICMP_DATA, ICMP_TYPE, RX_IF } from "./vlib_buffer.ts";
import type { VlibFrame } from "./vlib_frame.ts";
import type { VlibMain } from "./vlib_main.ts";
import type { NodeFunction, NodeRegistration, NodeRuntime } from "./vlib_node.ts";
import type { VppCosts } from "./costs.ts";
import type { VnetMain } from "./vnet_main.ts";

/** Next nodes (ip4_input_next_t). */
const NEXT_DROP = 0;
const NEXT_OPTIONS = 2;
const NEXT_LOOKUP = 3;
const NEXT_ICMP_ERROR = 4;
/** Errors (ip4_error_t), -1 for none. */
const VALID = -1;
const TOO_SHORT = 0;
const BAD_LENGTH = 1;
const BAD_CHECKSUM = 2;
const VERSION = 3;
const OPTIONS = 4;
const FRAGMENT_OFFSET_ONE = 5;
const TIME_EXPIRED = 6;
/** ICMP4_time_exceeded, code ttl_exceeded_in_transit. */
const TIME_EXCEEDED = 11 << 8;

/** Both nodes, and ip4-options. */
export function ip4InputNodes(vnet: VnetMain, costs: VppCosts): NodeRegistration[] {
  const node = (name: string, verify: boolean): NodeRegistration => ({
    name,
    type: "internal",
    nextNodes: ["ip4-drop", "ip4-punt", "ip4-options", "ip4-lookup", "ip4-icmp-error"],
    errors: [
      error("ip4 length < 20 bytes", "bad-header"),
      error("ip4 length > l2 length", "bad-header"),
      error("bad ip4 checksum", "bad-checksum"),
      error("ip4 version != 4", "bad-header"),
      error("ip4 options present", "consumed"),
      error("ip4 fragment offset == 1", "bad-header"),
      error("ip4 ttl <= 1", "ttl"),
    ],
    cost: costs.looped(name),
    fn: ip4Input(vnet, verify),
  });
  return [node("ip4-input", true), node("ip4-input-no-checksum", false), {
    name: "ip4-options",
    type: "internal",
    nextNodes: ["ip4-punt"],
    cost: costs.of("slow"),
    fn(vm, options, frame) {
      // a router alert of IGMP would go to ip4-local; there are no groups here
      vm.enqueueToSingleNext(options, 0, frame.buffers, frame.nVectors);
      return frame.nVectors;
    },
  }];
}

function ip4Input(vnet: VnetMain, verify: boolean): NodeFunction {
  const { loop } = vnet.settings;
  const width = loop === "quad" ? 4 : loop === "dual" ? 2 : 1;
  return (vm, node, frame) => {
    const { memory, nexts } = vm;
    const { buffers, nVectors: n } = frame;
    let i = 0;
    if (width === 4) {
      for (; i + 4 <= n; i += 4) {
        const good = isGood(memory, buffers[i]!, verify) &&
          isGood(memory, buffers[i + 1]!, verify) &&
          isGood(memory, buffers[i + 2]!, verify) && isGood(memory, buffers[i + 3]!, verify);
        if (good) {
          nexts[i] =
            nexts[i + 1] =
            nexts[i + 2] =
            nexts[i + 3] =
              NEXT_LOOKUP;
        } else for (let k = i; k < i + 4; k++) nexts[k] = one(vm, node, buffers[k]!, verify);
      }
    } else if (width === 2) {
      for (; i + 2 <= n; i += 2) {
        if (isGood(memory, buffers[i]!, verify) && isGood(memory, buffers[i + 1]!, verify)) {
          nexts[i] = nexts[i + 1] = NEXT_LOOKUP;
        } else for (let k = i; k < i + 2; k++) nexts[k] = one(vm, node, buffers[k]!, verify);
      }
    }
    for (; i < n; i++) nexts[i] = one(vm, node, buffers[i]!, verify);
    startFeatures(vnet, vm, node, frame);
    vm.enqueueToNext(node, buffers, nexts, n);
    return n;
  };
}

/** Counts a frame on its interfaces, and puts what goes on to the look-up on its interface's features. */
function startFeatures(vnet: VnetMain, vm: VlibMain, node: NodeRuntime, frame: VlibFrame): void {
  const { start } = vnet.features.ip4Unicast;
  const { words } = vm.buffers;
  const { buffers, nVectors: n } = frame;
  let since = 0;
  for (let i = 0; i < n; i++) {
    const b = buffers[i]!;
    const rxIf = words[vm.buffers.row(b) + RX_IF]!;
    const isLast = i + 1 === n || words[vm.buffers.row(buffers[i + 1]!) + RX_IF] !== rxIf;
    if (isLast) {
      vnet.interfaces.count(vm.thread, rxIf, IP4, i + 1 - since);
      since = i + 1;
    }
    if (start[rxIf]! >= 0 && vm.nexts[i] === NEXT_LOOKUP) {
      vm.nexts[i] = vnet.features.ip4Unicast.begin(vm, node, start[rxIf]!, b);
    }
  }
}

/** Whether nothing is wrong with the header of buffer `b`: the one test of the wide loops. */
function isGood({ bytes, offset, length }: PacketMemory, b: number, verify: boolean): boolean {
  const ip = offset[b]!;
  const total = (bytes[ip + 2]! << 8) | bytes[ip + 3]!;
  return bytes[ip] === 0x45 && total >= 20 && total <= length[b]! && bytes[ip + 8]! > 0 &&
    ((bytes[ip + 6]! & 0x1f) | bytes[ip + 7]! ^ 1) !== 0 &&
    (!verify || checksumIpv4Header20(bytes, ip) === 0);
}

/** Next of one buffer, with its error set. */
function one(vm: VlibMain, node: NodeRuntime, b: number, verify: boolean): number {
  const code = errorOf(vm.memory, b, verify);
  if (code === VALID) return NEXT_LOOKUP;
  vm.setError(node, code, b);
  if (code === OPTIONS) return NEXT_OPTIONS;
  if (code !== TIME_EXPIRED) return NEXT_DROP;
  const row = vm.buffers.row(b);
  vm.buffers.words[row + ICMP_TYPE] = TIME_EXCEEDED;
  vm.buffers.words[row + ICMP_DATA] = 0;
  return NEXT_ICMP_ERROR;
}

/** The first error of a header, in the order of the file's head. */
function errorOf({ bytes, offset, length }: PacketMemory, b: number, verify: boolean): number {
  const ip = offset[b]!;
  const available = length[b]!;
  const total = (bytes[ip + 2]! << 8) | bytes[ip + 3]!;
  if (total < 20) return TOO_SHORT;
  if (total > available) return BAD_LENGTH;
  const header = (bytes[ip]! & 15) << 2;
  if (verify && header >= 20 && header <= available && checksum(bytes, ip, header) !== 0) {
    return BAD_CHECKSUM;
  }
  if (bytes[ip]! >>> 4 !== 4) return VERSION;
  if (header !== 20) return OPTIONS;
  if (((bytes[ip + 6]! & 0x1f) << 8 | bytes[ip + 7]!) === 1) return FRAGMENT_OFFSET_ONE;
  return bytes[ip + 8]! < 1 ? TIME_EXPIRED : VALID;
}
