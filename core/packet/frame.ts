/**
 * Whole frames from a description: for the control plane, for traffic and for tests, where an
 * object per packet costs nothing that matters.
 *
 * What is written is right: lengths, header checksum and transport checksum agree with the bytes. A
 * frame shorter than 60 bytes is padded with zeros (IEEE 802.3, 4.2.3.3) unless `pad` is false;
 * IPv4's total length does not count the padding. Who wants a broken frame writes a right one and
 * breaks it.
 */

import {
  exact,
  frameLength,
  type LinkOptions,
  payloadBytes,
  writeLink,
  writePayload,
} from "./_frame_link.ts";
import {
  type EchoFields,
  type TcpFields,
  type UdpFields,
  writeEchoFields,
  writeTcpFields,
  writeUdpFields,
} from "./_frame_transport.ts";
import { ETHERTYPE_IPV4 } from "./ethernet.ts";
import {
  computeIcmpChecksum,
  ICMP_ECHO_REPLY,
  ICMP_ECHO_REQUEST,
  ICMP_HEADER_BYTES,
  setIcmpChecksum,
} from "./icmp.ts";
import * as ip from "./ipv4.ts";
import * as tcp from "./tcp.ts";
import * as udp from "./udp.ts";

export type { EchoFields, TcpFields, UdpFields } from "./_frame_transport.ts";
export type { LinkOptions, VlanTag } from "./_frame_link.ts";

/** What all frames of IPv4 have. Numbers are unsigned; what is left out has the stated value. */
export interface FrameOptions extends LinkOptions {
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
}

/** A UDP datagram in one frame. */
export interface UdpFrameOptions extends FrameOptions, UdpFields {
  /** Whether the UDP checksum is computed; true. Where not, the field is 0: none. */
  readonly udpChecksum?: boolean;
}

/** A TCP segment in one frame. */
export interface TcpFrameOptions extends FrameOptions, TcpFields {}

/** An ICMP echo in one frame. */
export interface IcmpEchoFrameOptions extends FrameOptions, EchoFields {}

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
  return frameLength(bytes, off, o, total);
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
  const l3 = writeLink(bytes, off, o, ETHERTYPE_IPV4);
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
  writeUdpFields(bytes, l4, options, udpBytes);
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
  writeTcpFields(bytes, l4, options);
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
  writeEchoFields(bytes, l4, options, ICMP_ECHO_REQUEST, ICMP_ECHO_REPLY);
  setIcmpChecksum(bytes, l4, computeIcmpChecksum(bytes, l4, icmpBytes));
  return length;
}
