/** What the writers of whole frames over IPv4 and IPv6 share: transport headers but for checksums. */

import { exact } from "./_frame_link.ts";
import { setIcmpId, setIcmpSequence, setIcmpType } from "./icmp.ts";
import * as tcp from "./tcp.ts";
import * as udp from "./udp.ts";

/** Fields of a UDP header. */
export interface UdpFields {
  /** Source port; 0. */
  readonly srcPort?: number;
  /** Destination port; 0. */
  readonly dstPort?: number;
}

/** Fields of a TCP header. */
export interface TcpFields {
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

/** Fields of an echo, of ICMP or ICMPv6. */
export interface EchoFields {
  /** Identifier; 0. */
  readonly echoId?: number;
  /** Sequence number; 0. */
  readonly sequence?: number;
  /** Whether it is the reply; false. */
  readonly reply?: boolean;
}

/** Writes ports and length of a UDP header. */
export function writeUdpFields(bytes: Uint8Array, l4: number, o: UdpFields, length: number): void {
  udp.setUdpSrcPort(bytes, l4, exact(o.srcPort ?? 0, 0xffff, "srcPort"));
  udp.setUdpDstPort(bytes, l4, exact(o.dstPort ?? 0, 0xffff, "dstPort"));
  udp.setUdpLength(bytes, l4, length);
}

/** Writes a TCP header without options. */
export function writeTcpFields(bytes: Uint8Array, l4: number, o: TcpFields): void {
  tcp.setTcpSrcPort(bytes, l4, exact(o.srcPort ?? 0, 0xffff, "srcPort"));
  tcp.setTcpDstPort(bytes, l4, exact(o.dstPort ?? 0, 0xffff, "dstPort"));
  tcp.setTcpSeq(bytes, l4, exact(o.seq ?? 0, 0xffff_ffff, "seq"));
  tcp.setTcpAck(bytes, l4, exact(o.ack ?? 0, 0xffff_ffff, "ack"));
  tcp.setTcpHeaderLength(bytes, l4, tcp.TCP_HEADER_BYTES);
  tcp.setTcpFlags(bytes, l4, exact(o.tcpFlags ?? tcp.TCP_FLAG.ack, 255, "tcpFlags"));
  tcp.setTcpWindow(bytes, l4, exact(o.window ?? 0xffff, 0xffff, "window"));
}

/** Writes an echo with the type of a request or of a reply. */
export function writeEchoFields(
  bytes: Uint8Array,
  l4: number,
  o: EchoFields,
  request: number,
  reply: number,
): void {
  setIcmpType(bytes, l4, o.reply === true ? reply : request);
  setIcmpId(bytes, l4, exact(o.echoId ?? 0, 0xffff, "echoId"));
  setIcmpSequence(bytes, l4, exact(o.sequence ?? 0, 0xffff, "sequence"));
}
