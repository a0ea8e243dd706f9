/** What frames lack that a packet socket received: a NIC adds it as it sends them, and none has. */
import { checksum } from "../../../core/packet/checksum.ts";
import * as P from "./if_packet.ts";

/** Bytes of an 802.1Q tag. */
export const TAG_BYTES = 4;
const ETHERTYPE_VLAN = 0x8100;

/**
 * Computes the checksum of a frame of `length` bytes at `start` whose field holds the sum of the pseudo header; the
 * header before the frame says where the field is and what it is about (struct virtio_net_hdr: csum_start,
 * csum_offset).
 */
export function finishChecksum(
  bytes: Uint8Array,
  view: DataView,
  start: number,
  length: number,
): void {
  const from = view.getUint16(start - P.VNET_HEADER + 6, true);
  const field = start + from + view.getUint16(start - P.VNET_HEADER + 8, true);
  if (field + 2 > start + length) return;
  // a UDP checksum of 0 says that there is none (RFC 768)
  view.setUint16(field, checksum(bytes, start + from, length - from) || 0xffff);
}

/** Puts the tag that slot `at` tells of into its frame, which begins at `start`, and `TAG_BYTES` earlier after that. */
export function putTagBack(
  bytes: Uint8Array,
  view: DataView,
  at: number,
  start: number,
  status: number,
): void {
  const begin = start - TAG_BYTES;
  bytes.copyWithin(begin, start, start + 12);
  const hasType = (status & P.STATUS.tpidValid) !== 0;
  view.setUint16(begin + 12, hasType ? view.getUint16(at + 26, true) : ETHERTYPE_VLAN);
  view.setUint16(begin + 14, view.getUint16(at + 24, true));
}
