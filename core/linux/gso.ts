/**
 * Generic segmentation: what GRO has merged becomes what came. Lengths, identifications, sequence numbers, flags and
 * checksums of all segments are computed from the first one's header, which the IP layer has rewritten.
 *
 * Price: the kernel segments behind the queueing discipline, so that it holds merged packets; here in front of it.
 * Source: Linux net/ipv4/tcp_offload.c (tcp_gso_segment), net/ipv4/af_inet.c (inet_gso_segment).
 */
import type { PacketMemory } from "../memory/memory.ts";
import {
  computeTcpChecksum,
  ETHERNET_HEADER_BYTES,
  etherType,
  ETHERTYPE_IPV4,
  fillIpv4Checksum,
  IPV4_HEADER_BYTES,
  ipv4Dst,
  ipv4Id,
  ipv4Src,
  ipv4TotalLength,
  PROTOCOL_TCP,
  setIpv4Id,
  setIpv4TotalLength,
  setTcpChecksum,
  setTcpFlags,
  setTcpSeq,
  TCP_FLAG,
  TCP_HEADER_BYTES,
  tcpChecksum,
  tcpFlags,
  tcpHeaderLength,
  tcpSeq,
  verifyChecksum,
} from "../packet/mod.ts";

/** Flags that end a merged packet: only its last segment has them. */
export const ENDS = TCP_FLAG.fin | TCP_FLAG.psh;

/** Payload bytes of a packet that is one whole and right TCP segment, or -1. */
export function segmentPayload({ bytes, offset, length }: PacketMemory, skb: number): number {
  const ip = offset[skb]! + ETHERNET_HEADER_BYTES;
  const tcp = ip + IPV4_HEADER_BYTES;
  const available = length[skb]! - ETHERNET_HEADER_BYTES;
  if (etherType(bytes, offset[skb]!) !== ETHERTYPE_IPV4) return -1;
  if (available < IPV4_HEADER_BYTES + TCP_HEADER_BYTES || bytes[ip] !== 0x45) return -1;
  // padding would be lost, and a fragment has no ports
  if (ipv4TotalLength(bytes, ip) !== available || bytes[ip + 9] !== PROTOCOL_TCP) return -1;
  if ((bytes[ip + 6]! & 0x3f) !== 0 || bytes[ip + 7] !== 0) return -1;
  const header = tcpHeaderLength(bytes, tcp);
  if (header < TCP_HEADER_BYTES || IPV4_HEADER_BYTES + header > available) return -1;
  if (!verifyChecksum(bytes, ip, IPV4_HEADER_BYTES)) return -1;
  // of the two zeros only the one that is computed
  return tcpChecksum(bytes, tcp) === rightChecksum(bytes, ip, available)
    ? available - IPV4_HEADER_BYTES - header
    : -1;
}

/** The TCP checksum that a packet of `length` bytes without IP options ought to have. */
function rightChecksum(bytes: Uint8Array, ip: number, length: number): number {
  const [src, dst] = [ipv4Src(bytes, ip), ipv4Dst(bytes, ip)];
  return computeTcpChecksum(
    bytes,
    ip + IPV4_HEADER_BYTES,
    length - IPV4_HEADER_BYTES,
    src,
    dst,
  );
}

/**
 * Makes the segments of a packet that was merged what they were, with the first one's rewritten headers
 * (tcp_gso_segment); `send` is given each, in order. O(bytes).
 */
export function gsoSegment(memory: PacketMemory, skb: number, send: (skb: number) => void): void {
  const { bytes, offset, next } = memory;
  const header = offset[skb]!;
  const ip = header + ETHERNET_HEADER_BYTES;
  const tcp = ip + IPV4_HEADER_BYTES;
  const size = ETHERNET_HEADER_BYTES + IPV4_HEADER_BYTES + tcpHeaderLength(bytes, tcp);
  const [id, flags] = [ipv4Id(bytes, ip), tcpFlags(bytes, tcp)];
  let seq = tcpSeq(bytes, tcp);
  let before = skb;
  const second = next[skb]!;
  const step = second < 0 ? 0 : (ipv4Id(bytes, offset[second]! + ETHERNET_HEADER_BYTES) - id) & 1;
  next[skb] = -1;
  const rest: number[] = [];
  for (let segment = second, i = 1; segment >= 0; i++) {
    seq = (seq + memory.length[before]! - size) >>> 0;
    const at = offset[segment]!;
    const ends = tcpFlags(bytes, at + tcp - header) & ENDS;
    bytes.copyWithin(at, header, header + size);
    setIpv4TotalLength(
      bytes,
      at + ETHERNET_HEADER_BYTES,
      memory.length[segment]! - ETHERNET_HEADER_BYTES,
    );
    setIpv4Id(bytes, at + ETHERNET_HEADER_BYTES, (id + step * i) & 0xffff);
    fillIpv4Checksum(bytes, at + ETHERNET_HEADER_BYTES);
    setTcpSeq(bytes, at + tcp - header, seq);
    setTcpFlags(bytes, at + tcp - header, flags | ends);
    const right = rightChecksum(
      bytes,
      at + ETHERNET_HEADER_BYTES,
      memory.length[segment]! - ETHERNET_HEADER_BYTES,
    );
    setTcpChecksum(bytes, at + tcp - header, right);
    rest.push(segment);
    before = segment;
    segment = next[segment]!;
    next[before] = -1;
  }
  send(skb);
  for (const segment of rest) send(segment);
}
