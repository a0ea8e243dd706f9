/**
 * Whole frames from a description: for the control plane, for traffic and for tests, where an
 * object per packet costs nothing that matters.
 *
 * What is written is right: lengths, header checksum and transport checksum agree with the bytes. A
 * frame shorter than 60 bytes is padded with zeros (IEEE 802.3, 4.2.3.3) unless `pad` is false;
 * IPv4's total length does not count the padding. Who wants a broken frame writes a right one and
 * breaks it.
 */

import { writeU16 } from "./bytes.ts";
import {
  ETHERNET_HEADER_BYTES,
  ETHERTYPE_IPV4,
  ETHERTYPE_VLAN,
  MIN_FRAME_BYTES,
  writeMac,
} from "./ethernet.ts";
import {
  computeIcmpChecksum,
  ICMP_ECHO_REPLY,
  ICMP_ECHO_REQUEST,
  ICMP_HEADER_BYTES,
  setIcmpChecksum,
  setIcmpId,
  setIcmpSequence,
  setIcmpType,
} from "./icmp.ts";
import * as ip from "./ipv4.ts";
import * as tcp from "./tcp.ts";
import * as udp from "./udp.ts";
import { VLAN_TAG_BYTES } from "./vlan.ts";

/** One VLAN tag of a frame to be written. */
export interface VlanTag {
  /** Tag protocol identifier; 0x8100 where it is left out. */
  readonly tpid?: number;
  /** Tag control information: see `makeTci`. */
  readonly tci: number;
}

/** What all frames have. Numbers are unsigned; what is left out has the stated value. */
export interface FrameOptions {
  /** Destination MAC address, an integer below 2^48. */
  readonly dstMac: number;
  /** Source MAC address, an integer below 2^48. */
  readonly srcMac: number;
  /** VLAN tags, outermost first; none. */
  readonly vlan?: readonly VlanTag[];
  /** Source IPv4 address. */
  readonly src: number;
  /** Destination IPv4 address. */
  readonly dst: number;
  /** Time to live, 0..255; 64. */
  readonly ttl?: number;
  /** Identification; 0. */
  readonly id?: number;
  /** Differentiated services code point, 0..63; 0. */
  readonly dscp?: number;
  /** Explicit congestion notification, 0..3; 0. */
  readonly ecn?: number;
  /** Flags as `ipv4Flags` gives them; 0. */
  readonly flags?: number;
  /** IPv4 options: a multiple of four bytes, at most 40; none. */
  readonly options?: Uint8Array;
  /** Payload of the transport header: bytes, or how many bytes of the pattern 0, 1, 2, ...; 0. */
  readonly payload?: Uint8Array | number;
  /** Whether a short frame is padded to 60 bytes; true. */
  readonly pad?: boolean;
}

/** A UDP datagram in one frame. */
export interface UdpFrameOptions extends FrameOptions {
  /** Source port; 0. */
  readonly srcPort?: number;
  /** Destination port; 0. */
  readonly dstPort?: number;
  /** Whether the UDP checksum is computed; true. Where not, the field is 0: none. */
  readonly udpChecksum?: boolean;
}

/** A TCP segment in one frame. */
export interface TcpFrameOptions extends FrameOptions {
  /** Source port; 0. */
  readonly srcPort?: number;
  /** Destination port; 0. */
  readonly dstPort?: number;
  /** Sequence number; 0. */
  readonly seq?: number;
  /** Acknowledgment number; 0. */
  readonly ack?: number;
  /** Control bits, see `TCP_FLAG`; ACK. */
  readonly tcpFlags?: number;
  /** Window; 65535. */
  readonly window?: number;
}

/** An ICMP echo in one frame. */
export interface IcmpEchoFrameOptions extends FrameOptions {
  /** Identifier; 0. */
  readonly echoId?: number;
  /** Sequence number; 0. */
  readonly sequence?: number;
  /** Whether it is the reply; false. */
  readonly reply?: boolean;
}

function exact(value: number, max: number, name: string): number {
  if (!Number.isInteger(value) || value < 0 || value > max) {
    throw new RangeError(`Cannot write frame: ${name} is ${value}, not 0..${max}`);
  }
  return value;
}

/** Length of the frame at `off`; throws when it cannot be written whole. */
function measure(bytes: Uint8Array, off: number, o: FrameOptions, l4Bytes: number): number {
  const optionBytes = o.options?.length ?? 0;
  if (optionBytes % 4 !== 0 || optionBytes > 40) {
    throw new RangeError(
      `Cannot write frame: ${optionBytes} bytes of IPv4 options, not a multiple of four up to 40`,
    );
  }
  const total = ip.IPV4_HEADER_BYTES + optionBytes + l4Bytes;
  if (total > 0xffff) throw new RangeError(`Cannot write frame: total length ${total} > 65535`);
  const whole = ETHERNET_HEADER_BYTES + VLAN_TAG_BYTES * (o.vlan?.length ?? 0) + total;
  const length = o.pad === false ? whole : Math.max(whole, MIN_FRAME_BYTES);
  if (!(off >= 0 && off + length <= bytes.length)) {
    throw new RangeError(
      `Cannot write frame: ${length} bytes at offset ${off} do not fit in ${bytes.length}`,
    );
  }
  return length;
}

function writeEthernet(bytes: Uint8Array, off: number, o: FrameOptions): number {
  writeMac(bytes, off, exact(o.dstMac, 0xffff_ffff_ffff, "dstMac"));
  writeMac(bytes, off + 6, exact(o.srcMac, 0xffff_ffff_ffff, "srcMac"));
  let at = off + 12;
  for (const tag of o.vlan ?? []) {
    writeU16(bytes, at, exact(tag.tpid ?? ETHERTYPE_VLAN, 0xffff, "tpid"));
    writeU16(bytes, at + 2, exact(tag.tci, 0xffff, "tci"));
    at += VLAN_TAG_BYTES;
  }
  writeU16(bytes, at, ETHERTYPE_IPV4);
  return at + 2;
}

function writeIpv4(
  bytes: Uint8Array,
  at: number,
  o: FrameOptions,
  protocol: number,
  l4Bytes: number,
): number {
  const headerBytes = ip.IPV4_HEADER_BYTES + (o.options?.length ?? 0);
  ip.setIpv4HeaderLength(bytes, at, headerBytes);
  ip.setIpv4Dscp(bytes, at, exact(o.dscp ?? 0, 63, "dscp"));
  ip.setIpv4Ecn(bytes, at, exact(o.ecn ?? 0, 3, "ecn"));
  ip.setIpv4TotalLength(bytes, at, headerBytes + l4Bytes);
  ip.setIpv4Id(bytes, at, exact(o.id ?? 0, 0xffff, "id"));
  ip.setIpv4Flags(bytes, at, exact(o.flags ?? 0, 7, "flags"));
  ip.setIpv4Ttl(bytes, at, exact(o.ttl ?? 64, 255, "ttl"));
  ip.setIpv4Protocol(bytes, at, protocol);
  ip.setIpv4Src(bytes, at, exact(o.src, 0xffff_ffff, "src"));
  ip.setIpv4Dst(bytes, at, exact(o.dst, 0xffff_ffff, "dst"));
  if (o.options !== undefined) bytes.set(o.options, at + ip.IPV4_HEADER_BYTES);
  ip.fillIpv4Checksum(bytes, at);
  return at + headerBytes;
}

function payloadBytes(o: FrameOptions): number {
  const payload = o.payload ?? 0;
  return typeof payload === "number" ? exact(payload, 0xffff, "payload length") : payload.length;
}

function writePayload(bytes: Uint8Array, at: number, o: FrameOptions): void {
  const payload = o.payload ?? 0;
  if (typeof payload !== "number") bytes.set(payload, at);
  else for (let i = 0; i < payload; i++) bytes[at + i] = i;
}

/**
 * Writes the frame with everything but the transport header and answers where that is; `length`
 * bytes at `off` are cleared first, so that padding, and fields nobody sets, are zero whatever lay
 * there.
 */
function writeLower(
  bytes: Uint8Array,
  off: number,
  length: number,
  o: FrameOptions,
  protocol: number,
  l4HeaderBytes: number,
): number {
  bytes.fill(0, off, off + length);
  const l3 = writeEthernet(bytes, off, o);
  const l4 = writeIpv4(bytes, l3, o, protocol, l4HeaderBytes + payloadBytes(o));
  writePayload(bytes, l4 + l4HeaderBytes, o);
  return l4;
}

/**
 * Writes an Ethernet frame with a UDP datagram at `off` and answers its length in bytes, FCS not
 * counted.
 *
 * @throws {RangeError} when a value is out of its field's range or the frame does not fit
 * @example
 * ```ts
 * import { udpDstPort, writeUdpFrame } from "@planecheck/planecheck/core";
 * import { assertEquals } from "@std/assert";
 *
 * const frame = new Uint8Array(2048);
 * const addresses = { dstMac: 1, srcMac: 2, src: 0x0a000001, dst: 0x0a000002 };
 * assertEquals(writeUdpFrame(frame, 0, { ...addresses, dstPort: 53 }), 60); // padded
 * assertEquals(udpDstPort(frame, 34), 53);
 * assertEquals(writeUdpFrame(frame, 0, { ...addresses, payload: 1472 }), 1514);
 * ```
 */
export function writeUdpFrame(bytes: Uint8Array, off: number, options: UdpFrameOptions): number {
  const udpBytes = udp.UDP_HEADER_BYTES + payloadBytes(options);
  const length = measure(bytes, off, options, udpBytes);
  const l4 = writeLower(bytes, off, length, options, ip.PROTOCOL_UDP, udp.UDP_HEADER_BYTES);
  udp.setUdpSrcPort(bytes, l4, exact(options.srcPort ?? 0, 0xffff, "srcPort"));
  udp.setUdpDstPort(bytes, l4, exact(options.dstPort ?? 0, 0xffff, "dstPort"));
  udp.setUdpLength(bytes, l4, udpBytes);
  if (options.udpChecksum !== false) {
    const sum = udp.computeUdpChecksum(bytes, l4, udpBytes, options.src, options.dst);
    udp.setUdpChecksum(bytes, l4, sum);
  }
  return length;
}

/**
 * Writes an Ethernet frame with a TCP segment at `off` and answers its length in bytes, FCS not
 * counted.
 *
 * @throws {RangeError} when a value is out of its field's range or the frame does not fit
 */
export function writeTcpFrame(bytes: Uint8Array, off: number, options: TcpFrameOptions): number {
  const tcpBytes = tcp.TCP_HEADER_BYTES + payloadBytes(options);
  const length = measure(bytes, off, options, tcpBytes);
  const l4 = writeLower(bytes, off, length, options, ip.PROTOCOL_TCP, tcp.TCP_HEADER_BYTES);
  tcp.setTcpSrcPort(bytes, l4, exact(options.srcPort ?? 0, 0xffff, "srcPort"));
  tcp.setTcpDstPort(bytes, l4, exact(options.dstPort ?? 0, 0xffff, "dstPort"));
  tcp.setTcpSeq(bytes, l4, exact(options.seq ?? 0, 0xffff_ffff, "seq"));
  tcp.setTcpAck(bytes, l4, exact(options.ack ?? 0, 0xffff_ffff, "ack"));
  tcp.setTcpHeaderLength(bytes, l4, tcp.TCP_HEADER_BYTES);
  tcp.setTcpFlags(bytes, l4, exact(options.tcpFlags ?? tcp.TCP_FLAG.ack, 255, "tcpFlags"));
  tcp.setTcpWindow(bytes, l4, exact(options.window ?? 0xffff, 0xffff, "window"));
  const sum = tcp.computeTcpChecksum(bytes, l4, tcpBytes, options.src, options.dst);
  tcp.setTcpChecksum(bytes, l4, sum);
  return length;
}

/**
 * Writes an Ethernet frame with an ICMP echo at `off` and answers its length in bytes, FCS not
 * counted.
 *
 * @throws {RangeError} when a value is out of its field's range or the frame does not fit
 */
export function writeIcmpEchoFrame(
  bytes: Uint8Array,
  off: number,
  options: IcmpEchoFrameOptions,
): number {
  const icmpBytes = ICMP_HEADER_BYTES + payloadBytes(options);
  const length = measure(bytes, off, options, icmpBytes);
  const l4 = writeLower(bytes, off, length, options, ip.PROTOCOL_ICMP, ICMP_HEADER_BYTES);
  setIcmpType(bytes, l4, options.reply === true ? ICMP_ECHO_REPLY : ICMP_ECHO_REQUEST);
  setIcmpId(bytes, l4, exact(options.echoId ?? 0, 0xffff, "echoId"));
  setIcmpSequence(bytes, l4, exact(options.sequence ?? 0, 0xffff, "sequence"));
  setIcmpChecksum(bytes, l4, computeIcmpChecksum(bytes, l4, icmpBytes));
  return length;
}
