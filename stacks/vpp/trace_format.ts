/**
 * How nodes show a traced packet.
 *
 * Source: VPP, format_dpdk_rx_trace, format_ethernet_input_trace, format_ip4_forward_next_trace, format_ip4_lookup_trace,
 * format_ip4_rewrite_trace, format_vnet_interface_output_trace, format_ip4_header.
 */
import {
  etherType,
  ipv4Dst,
  ipv4Flags,
  ipv4FragmentOffset,
  ipv4Id,
  ipv4Protocol,
  ipv4Src,
  ipv4ToString,
  ipv4TotalLength,
  ipv4Ttl,
  macToString,
  PROTOCOL_ICMP,
  PROTOCOL_TCP,
  PROTOCOL_UDP,
  readMac,
  readU16,
} from "../../core/packet/mod.ts";
import { HEADROOM, STRIDE } from "../../core/memory/memory.ts";
import { ADJ, FLOW_HASH, RX_IF, TX_IF } from "./vlib_buffer.ts";
import type { VlibMain } from "./vlib_main.ts";
import type { VnetMain } from "./vnet_main.ts";

/** The lines of one node about one buffer. */
export type TraceFormat = (vm: VlibMain, b: number) => string;

const PROTOCOLS: { readonly [number: number]: string } = {
  [PROTOCOL_ICMP]: "ICMP",
  [PROTOCOL_TCP]: "TCP",
  [PROTOCOL_UDP]: "UDP",
};
const ETHERTYPES: { readonly [type: number]: string } = {
  0x0800: "IP4",
  0x0806: "ARP",
  0x8100: "802.1q",
  0x86dd: "IP6",
};

/** How a node shows a buffer, where it has a form of its own; and whether it does so after it has run. */
export function traceFormatOf(
  vnet: VnetMain,
  node: string,
): { readonly format: TraceFormat; readonly after: boolean } | null {
  const { all } = vnet.interfaces;
  if (node === "dpdk-input") {
    return before((vm, b) =>
      `${all[rxIf(vm, b)]!.name} rx queue ${vm.rxQueue}\n${bufferLine(vm, b)}\n${frameLines(vm, b)}`
    );
  }
  if (node === "ethernet-input") return before(macLine);
  if (node === "ip4-lookup") {
    return {
      after: true,
      format: (vm, b) =>
        `fib 0 dpo-idx ${word(vm, b, ADJ)} flow hash: ${hex(word(vm, b, FLOW_HASH), 8)}\n` +
        ip4Lines(vm, vm.memory.offset[b]!),
    };
  }
  if (node === "ip4-rewrite") {
    return { after: true, format: (vm, b) => rewriteLines(vnet, vm, b) };
  }
  if (/^ip4-/.test(node) && node !== "ip4-drop") {
    return before((vm, b) => ip4Lines(vm, vm.memory.offset[b]!));
  }
  if (/-output$/.test(node) && node !== "l2-output") {
    return before((vm, b) => `${all[word(vm, b, TX_IF)]!.name}\n${frameLines(vm, b)}`);
  }
  if (/-tx$/.test(node)) {
    return before((vm, b) =>
      `${all[word(vm, b, TX_IF)]!.name} tx queue ${vm.thread}\n${bufferLine(vm, b)}\n` +
      frameLines(vm, b)
    );
  }
  return null;
}

function before(format: TraceFormat): { format: TraceFormat; after: boolean } {
  return { format, after: false };
}

function word(vm: VlibMain, b: number, field: number): number {
  return vm.buffers.words[vm.buffers.row(b) + field]!;
}

function rxIf(vm: VlibMain, b: number): number {
  return word(vm, b, RX_IF);
}

function hex(value: number, digits: number): string {
  return `0x${(value >>> 0).toString(16).padStart(digits, "0")}`;
}

function bufferLine({ memory }: VlibMain, b: number): string {
  const { offset, length, references } = memory;
  const data = offset[b]! - b * STRIDE - HEADROOM;
  return `buffer 0x${b.toString(16)}: current data ${data}, length ${length[b]}, buffer-pool 0, ` +
    `ref-count ${references[b]}`;
}

/** `IP4: 02:.. -> 02:..`, as format_ethernet_header. */
function macLine({ memory: { bytes, offset } }: VlibMain, b: number): string {
  const at = offset[b]!;
  const type = etherType(bytes, at);
  const name = ETHERTYPES[type] ?? hex(type, 4);
  return `${name}: ${macToString(readMac(bytes, at + 6))} -> ${macToString(readMac(bytes, at))}`;
}

function frameLines(vm: VlibMain, b: number): string {
  const at = vm.memory.offset[b]!;
  const isIp4 = etherType(vm.memory.bytes, at) === 0x0800;
  return isIp4 ? `${macLine(vm, b)}\n${ip4Lines(vm, at + 14)}` : macLine(vm, b);
}

/** The header of an IPv4 packet and its ports, as format_ip4_header and format_udp_header. */
function ip4Lines({ memory: { bytes } }: VlibMain, ip: number): string {
  const protocol = ipv4Protocol(bytes, ip);
  const name = PROTOCOLS[protocol] ?? `${protocol}`;
  const isCut = (ipv4Flags(bytes, ip) & 2) !== 0 ? ", flags DONT_FRAGMENT" : "";
  const offset = ipv4FragmentOffset(bytes, ip);
  const lines = [
    `${name}: ${ipv4ToString(ipv4Src(bytes, ip))} -> ${ipv4ToString(ipv4Dst(bytes, ip))}`,
    `  tos ${hex(bytes[ip + 1]!, 2)}, ttl ${ipv4Ttl(bytes, ip)}, length ${
      ipv4TotalLength(bytes, ip)
    }, ` +
    `checksum ${hex(readU16(bytes, ip + 10), 4)}`,
    `  fragment id ${hex(ipv4Id(bytes, ip), 4)}${
      offset > 0 ? ` offset ${offset * 8}` : ""
    }${isCut}`,
  ];
  if (protocol === PROTOCOL_UDP || protocol === PROTOCOL_TCP) {
    const l4 = ip + ((bytes[ip]! & 15) << 2);
    lines.push(`${name}: ${readU16(bytes, l4)} -> ${readU16(bytes, l4 + 2)}`);
  }
  return lines.join("\n");
}

function rewriteLines(vnet: VnetMain, vm: VlibMain, b: number): string {
  const adj = word(vm, b, ADJ);
  const { address, interface: out } = vnet.adjacencies.all[adj]!;
  const to = typeof address === "number" ? ipv4ToString(address) : address;
  const at = vm.memory.offset[b]!;
  const bytes = [...vm.memory.bytes.subarray(at, at + 14)];
  const rewrite = bytes.map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return `tx_sw_if_index ${out.index} dpo-idx ${adj} : ipv4 via ${to} ${out.name}: mtu:${out.mtu} ` +
    `flow hash: ${hex(word(vm, b, FLOW_HASH), 8)}\n00000000: ${rewrite}`;
}
