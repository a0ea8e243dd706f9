/**
 * ICMPv6 (RFC 4443). The header lies as ICMP's does, type, code, checksum and four bytes that
 * differ by message, so the readers and setters of `icmp.ts` serve both; the numbers differ, and the
 * checksum covers the pseudo header (RFC 4443, 2.3): `computeChecksum6`.
 */

/** Type of "destination unreachable". */
export const ICMPV6_UNREACHABLE = 1;
/** Type of "packet too big"; bytes 4..7 are the MTU of the next hop (RFC 4443, 3.2). */
export const ICMPV6_PACKET_TOO_BIG = 2;
/** Type of "time exceeded"; code 0 hop limit, code 1 fragment reassembly. */
export const ICMPV6_TIME_EXCEEDED = 3;
/** Type of "parameter problem". */
export const ICMPV6_PARAMETER_PROBLEM = 4;
/** Type of an echo request. */
export const ICMPV6_ECHO_REQUEST = 128;
/** Type of an echo reply. */
export const ICMPV6_ECHO_REPLY = 129;
/** Type of a router solicitation (RFC 4861, 4.1). */
export const ICMPV6_ROUTER_SOLICITATION = 133;
/** Type of a router advertisement (RFC 4861, 4.2). */
export const ICMPV6_ROUTER_ADVERTISEMENT = 134;
/** Type of a neighbour solicitation, ARP's request (RFC 4861, 4.3). */
export const ICMPV6_NEIGHBOUR_SOLICITATION = 135;
/** Type of a neighbour advertisement, ARP's reply (RFC 4861, 4.4). */
export const ICMPV6_NEIGHBOUR_ADVERTISEMENT = 136;
