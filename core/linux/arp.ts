/** The request of ARP (RFC 826), as arp_create makes it. Source: Linux net/ipv4/arp.c. */
import {
  ARP_REQUEST,
  ETHERNET_HEADER_BYTES,
  ETHERTYPE_ARP,
  setArpOperation,
  setArpSenderIpv4,
  setArpTargetIpv4,
  setEtherType,
  writeArp,
} from "../packet/mod.ts";

/** Bytes of the shortest frame without FCS, to which a request is padded (IEEE 802.3, 3.2.8). */
const FRAME_MIN = 60;

/** Who asks for whom. */
export interface ArpQuestion {
  readonly mac: Uint8Array;
  readonly sender: number;
  readonly target: number;
}

/** Writes a request to all stations at `bytes[at]`; answers the length of the frame. */
export function writeArpRequest(
  bytes: Uint8Array,
  at: number,
  { mac, sender, target }: ArpQuestion,
): number {
  const arp = at + ETHERNET_HEADER_BYTES;
  bytes.fill(0xff, at, at + 6);
  bytes.fill(0, at + 6, at + FRAME_MIN);
  setEtherType(bytes, at, ETHERTYPE_ARP);
  writeArp(bytes, arp);
  setArpOperation(bytes, arp, ARP_REQUEST);
  for (let i = 0; i < 6; i++) bytes[at + 6 + i] = bytes[arp + 8 + i] = mac[i]!;
  setArpSenderIpv4(bytes, arp, sender);
  setArpTargetIpv4(bytes, arp, target);
  return FRAME_MIN;
}
