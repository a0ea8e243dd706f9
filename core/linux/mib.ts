/** The kernel's counters of IPv4 (nstat, /proc/net/snmp and /proc/net/netstat), by their names there. */

/** Counters of the IP layer. */
export interface IpMib {
  /** Packets given to ip_rcv. */
  inReceives: number;
  /** Version, header length, length or checksum wrong, or TTL spent. */
  inHdrErrors: number;
  /** Header checksum wrong; counted in `inHdrErrors` as well. */
  inCsumErrors: number;
  /** Total length above what came. */
  inTruncatedPkts: number;
  /** No prefix covers the destination. */
  inNoRoutes: number;
  /** Destination not ours while forwarding is off. */
  inAddrErrors: number;
  /** Packets forwarded. */
  forwDatagrams: number;
  /** Longer than the MTU, and not to be cut. */
  fragFails: number;
  /** Packets of our own: ICMP errors, echo replies. */
  outRequests: number;
  icmpOutDestUnreachs: number;
  icmpOutTimeExcds: number;
  /** Packets for an address of ours, echo requests among them, and replies to these. */
  inDelivers: number;
  icmpInEchos: number;
  icmpOutEchoReps: number;
}

/** All zero. */
export function emptyMib(): IpMib {
  return {
    inReceives: 0,
    inHdrErrors: 0,
    inCsumErrors: 0,
    inTruncatedPkts: 0,
    inNoRoutes: 0,
    inAddrErrors: 0,
    forwDatagrams: 0,
    fragFails: 0,
    outRequests: 0,
    icmpOutDestUnreachs: 0,
    icmpOutTimeExcds: 0,
    inDelivers: 0,
    icmpInEchos: 0,
    icmpOutEchoReps: 0,
  };
}
