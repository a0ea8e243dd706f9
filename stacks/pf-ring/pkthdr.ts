/**
 * The header of a slot, pfring_pkthdr, as bytes in the mapped ring: what the kernel writes before a packet, and what
 * the library hands to the application. Little endian, as on x86-64.
 *
 *      0 ts (seconds, microseconds)   16 caplen   20 len   24 timestamp_ns   32 flags
 *     36 rx_direction   40 if_index   44 pkt_hash                    the short header ends here
 *     48 tx.bounce_interface   64 parsed_header_len   68 eth_type   70 vlan_id   72 ip_version   73 l3_proto
 *     74 l4_src_port   76 l4_dst_port   78 payload_offset   80 ip_src   84 ip_dst   of the long header
 *
 * A second and its fraction are counted from the start of the run.
 *
 * Source: PF_RING 8.9.0, kernel/linux/pf_ring.h (pfring_pkthdr, pfring_extended_pkthdr); what its long header holds
 * beyond the fields here is left out.
 */
import type { ParsedPkt } from "./parse_pkt.ts";

/** Bytes of the short header, and of the long one (PF_RING_LONG_HEADER). */
export const SHORT_HEADER_BYTES = 48;
export const LONG_HEADER_BYTES = 88;

/** What the kernel says of a packet. */
export interface PktHdr {
  /** When the kernel took it, in nanoseconds. */
  readonly timestampNs: number;
  /** Bytes that were captured, and that it had on the wire (without FCS). */
  readonly caplen: number;
  readonly len: number;
  /** Received, and not sent, by the interface. */
  readonly rxDirection: boolean;
  readonly ifIndex: number;
  readonly pktHash: number;
}

const NS_PER_S = 1e9;

/** Writes the header of a packet at `at`; the parsed fields where the header is the long one. */
export function writePktHdr(
  view: DataView,
  at: number,
  hdr: PktHdr,
  parsed: ParsedPkt | null,
): void {
  const seconds = Math.floor(hdr.timestampNs / NS_PER_S);
  view.setUint32(at, seconds, true);
  view.setUint32(at + 4, 0, true);
  view.setUint32(at + 8, Math.floor((hdr.timestampNs - seconds * NS_PER_S) / 1000), true);
  view.setUint32(at + 12, 0, true);
  view.setUint32(at + 16, hdr.caplen, true);
  view.setUint32(at + 20, hdr.len, true);
  view.setFloat64(at + 24, hdr.timestampNs, true);
  view.setUint32(at + 32, 0, true);
  view.setUint32(at + 36, hdr.rxDirection ? 1 : 0, true);
  view.setInt32(at + 40, hdr.ifIndex, true);
  view.setUint32(at + 44, hdr.pktHash, true);
  if (parsed === null) return;
  const { outer } = parsed;
  view.setInt32(at + 48, -1, true);
  view.setUint16(at + 64, 0, true);
  view.setUint16(at + 68, parsed.ethType, true);
  view.setUint16(at + 70, parsed.vlanId, true);
  view.setUint8(at + 72, outer.version);
  view.setUint8(at + 73, outer.protocol);
  view.setUint16(at + 74, outer.srcPort, true);
  view.setUint16(at + 76, outer.dstPort, true);
  view.setUint16(at + 78, parsed.payloadOffset, true);
  view.setUint32(at + 80, outer.src, true);
  view.setUint32(at + 84, outer.dst, true);
}

/** Captured bytes of the slot at `at`. */
export function caplenAt(view: DataView, at: number): number {
  return view.getUint32(at + 16, true);
}

/** The header at `at`. */
export function readPktHdr(view: DataView, at: number): PktHdr {
  return {
    timestampNs: view.getFloat64(at + 24, true),
    caplen: caplenAt(view, at),
    len: view.getUint32(at + 20, true),
    rxDirection: view.getUint32(at + 36, true) === 1,
    ifIndex: view.getInt32(at + 40, true),
    pktHash: view.getUint32(at + 44, true),
  };
}
