/**
 * Whole frames of IPv6 from a description, as `frame.ts` writes those of IPv4: what is written is
 * right, padded to 60 bytes unless `pad` is false, and broken afterwards by who wants it broken.
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
import { ETHERTYPE_IPV6 } from "./ethernet.ts";
import { ICMP_HEADER_BYTES, setIcmpChecksum } from "./icmp.ts";
import { ICMPV6_ECHO_REPLY, ICMPV6_ECHO_REQUEST } from "./icmpv6.ts";
import { PROTOCOL_ICMPV6, PROTOCOL_TCP, PROTOCOL_UDP } from "./ipv4.ts";
import * as ip from "./ipv6.ts";
import { computeChecksum6 } from "./ipv6_checksum.ts";
import { Ipv6Headers } from "./ipv6_extensions.ts";
import { setTcpChecksum, TCP_HEADER_BYTES } from "./tcp.ts";
import { setUdpChecksum, UDP_HEADER_BYTES } from "./udp.ts";

/** One extension header of a frame to be written. */
export interface ExtensionHeader {
  /** Its number, e.g. `IPV6_DESTINATION_OPTIONS`. */
  readonly number: number;
  /** Its bytes, a multiple of eight; the first is written over with what follows. */
  readonly bytes: Uint8Array;
}

/** What all frames of IPv6 have. Numbers are unsigned; what is left out has the stated value. */
export interface Frame6Options extends LinkOptions {
  /** Source address, sixteen bytes. */
  readonly src: Uint8Array;
  /** Destination address, sixteen bytes. */
  readonly dst: Uint8Array;
  /** Hop limit, 0..255; 64. */
  readonly hopLimit?: number;
  /** Traffic class, 0..255; 0. */
  readonly trafficClass?: number;
  /** Flow label, 20 bits; 0. */
  readonly flowLabel?: number;
  /** Extension headers in the order of the chain; none. */
  readonly extensions?: readonly ExtensionHeader[];
}

/** A UDP datagram over IPv6 in one frame. */
export interface Udp6FrameOptions extends Frame6Options, UdpFields {}

/** A TCP segment over IPv6 in one frame. */
export interface Tcp6FrameOptions extends Frame6Options, TcpFields {}

/** An ICMPv6 echo in one frame. */
export interface Icmpv6EchoFrameOptions extends Frame6Options, EchoFields {}

/** Bytes of the extension headers; throws when one has an impossible length. */
function extensionBytes(o: Frame6Options): number {
  let n = 0;
  for (const { number, bytes } of o.extensions ?? []) {
    exact(number, 255, "number of an extension header");
    if (bytes.length === 0 || bytes.length % 8 !== 0) {
      throw new RangeError(
        `Cannot write frame: ${bytes.length} bytes of extension header ${number}, not a multiple ` +
          `of eight`,
      );
    }
    n += bytes.length;
  }
  return n;
}

/** Writes a frame; `fill` writes the transport header at the offset it is given. */
function write(
  bytes: Uint8Array,
  off: number,
  o: Frame6Options,
  protocol: number,
  headerBytes: number,
  fill: (l4: number, length: number) => void,
  setChecksum: (bytes: Uint8Array, l4: number, sum: number) => void,
): number {
  const l4Bytes = headerBytes + payloadBytes(o);
  const payloadLength = extensionBytes(o) + l4Bytes;
  if (payloadLength > 0xffff) {
    throw new RangeError(`Cannot write frame: payload length ${payloadLength} > 65535`);
  }
  for (const { length } of [o.src, o.dst]) {
    if (length !== 16) {
      throw new RangeError(`Cannot write frame: an address of ${length} bytes, not 16`);
    }
  }
  const length = frameLength(bytes, off, o, ip.IPV6_HEADER_BYTES + payloadLength);
  bytes.fill(0, off, off + length);
  const l3 = writeLink(bytes, off, o, ETHERTYPE_IPV6);
  ip.setIpv6Version(bytes, l3);
  ip.setIpv6TrafficClass(bytes, l3, exact(o.trafficClass ?? 0, 255, "trafficClass"));
  ip.setIpv6FlowLabel(bytes, l3, exact(o.flowLabel ?? 0, 0xfffff, "flowLabel"));
  ip.setIpv6PayloadLength(bytes, l3, payloadLength);
  ip.setIpv6HopLimit(bytes, l3, exact(o.hopLimit ?? 64, 255, "hopLimit"));
  bytes.set(o.src, l3 + ip.IPV6_SRC_AT);
  bytes.set(o.dst, l3 + ip.IPV6_DST_AT);
  let nextAt = l3 + 6;
  let at = l3 + ip.IPV6_HEADER_BYTES;
  for (const one of o.extensions ?? []) {
    bytes[nextAt] = one.number;
    bytes.set(one.bytes, at);
    nextAt = at;
    at += one.bytes.length;
  }
  bytes[nextAt] = protocol;
  fill(at, l4Bytes);
  writePayload(bytes, at + headerBytes, o);
  const headers = new Ipv6Headers();
  headers.walk(bytes, l3, off + length - l3);
  const src = l3 + ip.IPV6_SRC_AT;
  const sum = computeChecksum6(bytes, at, l4Bytes, protocol, src, headers.destinationAt);
  setChecksum(bytes, at, sum);
  return length;
}

/**
 * Writes an Ethernet frame with a UDP datagram over IPv6 at `off` and answers its length in bytes,
 * FCS not counted.
 *
 * @throws {RangeError} when a value is out of its field's range or the frame does not fit
 * @example
 * ```ts
 * import { verifyChecksum6, writeUdp6Frame } from "@planecheck/planecheck/core";
 * import { assert, assertEquals } from "@std/assert";
 *
 * const frame = new Uint8Array(128);
 * const [src, dst] = [new Uint8Array(16).fill(1), new Uint8Array(16).fill(2)];
 * const length = writeUdp6Frame(frame, 0, { dstMac: 1, srcMac: 2, src, dst, payload: 10 });
 * assertEquals(length, 14 + 40 + 8 + 10);
 * assert(verifyChecksum6(frame, 54, 18, 17, 22, 38));
 * ```
 */
export function writeUdp6Frame(bytes: Uint8Array, off: number, options: Udp6FrameOptions): number {
  const fill = (l4: number, length: number) => writeUdpFields(bytes, l4, options, length);
  return write(bytes, off, options, PROTOCOL_UDP, UDP_HEADER_BYTES, fill, setUdpChecksum);
}

/**
 * Writes an Ethernet frame with a TCP segment over IPv6 at `off` and answers its length in bytes,
 * FCS not counted.
 *
 * @throws {RangeError} when a value is out of its field's range or the frame does not fit
 */
export function writeTcp6Frame(bytes: Uint8Array, off: number, options: Tcp6FrameOptions): number {
  const fill = (l4: number) => writeTcpFields(bytes, l4, options);
  return write(bytes, off, options, PROTOCOL_TCP, TCP_HEADER_BYTES, fill, setTcpChecksum);
}

/**
 * Writes an Ethernet frame with an ICMPv6 echo at `off` and answers its length in bytes, FCS not
 * counted.
 *
 * @throws {RangeError} when a value is out of its field's range or the frame does not fit
 */
export function writeIcmpv6EchoFrame(
  bytes: Uint8Array,
  off: number,
  options: Icmpv6EchoFrameOptions,
): number {
  const fill = (l4: number) =>
    writeEchoFields(bytes, l4, options, ICMPV6_ECHO_REQUEST, ICMPV6_ECHO_REPLY);
  return write(bytes, off, options, PROTOCOL_ICMPV6, ICMP_HEADER_BYTES, fill, setIcmpChecksum);
}
