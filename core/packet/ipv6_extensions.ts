/**
 * The chain of IPv6 extension headers (RFC 8200, 4): hop-by-hop options, destination options,
 * routing, fragment, and AH (RFC 4302). Each says in its first byte what follows it, so what a
 * packet carries is known only at the end of a walk.
 *
 * Limits: a walk reads at most {@link EXTENSIONS_MAX} headers and nothing beyond the packet. RFC
 * 8200, 4.1 expects each header once and destination options twice, six in all; RFC 8504, 5.3 lets
 * a node bound the number.
 *
 * The walk ends, as rte_ipv6_get_next_ext does, at any other number: a transport protocol, ESP,
 * "no next header", or a header that nobody here knows.
 */

import { readU16, readU32, writeU16, writeU32 } from "./bytes.ts";
import { PROTOCOL_ICMPV6, PROTOCOL_TCP, PROTOCOL_UDP } from "./ipv4.ts";
import { IPV6_DST_AT, IPV6_HEADER_BYTES, ipv6PayloadLength } from "./ipv6.ts";
import { TCP_HEADER_BYTES } from "./tcp.ts";
import { UDP_HEADER_BYTES } from "./udp.ts";

/** Number of the hop-by-hop options header. */
export const IPV6_HOP_BY_HOP = 0;
/** Number of the routing header. */
export const IPV6_ROUTING = 43;
/** Number of the fragment header. */
export const IPV6_FRAGMENT = 44;
/** Number of the authentication header. */
export const IPV6_AUTHENTICATION = 51;
/** "Nothing follows" (RFC 8200, 4.7). */
export const IPV6_NO_NEXT_HEADER = 59;
/** Number of the destination options header. */
export const IPV6_DESTINATION_OPTIONS = 60;
/** Bytes of the fragment header. */
export const IPV6_FRAGMENT_BYTES = 8;
/** Most extension headers that a walk reads. */
export const EXTENSIONS_MAX = 8;

/** Whether `number` names an extension header that {@link Ipv6Headers} walks over. */
export function isIpv6Extension(number: number): boolean {
  return number === IPV6_HOP_BY_HOP || number === IPV6_ROUTING || number === IPV6_FRAGMENT ||
    number === IPV6_AUTHENTICATION || number === IPV6_DESTINATION_OPTIONS;
}

/**
 * Bytes of the shortest header of a transport protocol: 20 of TCP, 8 of UDP, 4 of ICMPv6 (RFC 4443,
 * 2.1), and 0 of what nobody here knows. A first fragment has to reach through it (RFC 7112, 5).
 */
export function ipv6UpperBytes(protocol: number): number {
  if (protocol === PROTOCOL_TCP) return TCP_HEADER_BYTES;
  if (protocol === PROTOCOL_UDP) return UDP_HEADER_BYTES;
  return protocol === PROTOCOL_ICMPV6 ? 4 : 0;
}

/** Fragment offset, in units of eight bytes, of the fragment header at `at` (RFC 8200, 4.5). */
export function ipv6FragmentOffset(bytes: Uint8Array, at: number): number {
  return readU16(bytes, at + 2) >>> 3;
}

/** Whether more fragments follow the one with the fragment header at `at`. */
export function ipv6FragmentMore(bytes: Uint8Array, at: number): boolean {
  return (bytes[at + 3]! & 1) === 1;
}

/** Identification in the fragment header at `at`, unsigned. */
export function ipv6FragmentId(bytes: Uint8Array, at: number): number {
  return readU32(bytes, at + 4);
}

/** Writes a whole fragment header at `at`; `units` is the offset in units of eight bytes. */
export function writeIpv6FragmentHeader(
  bytes: Uint8Array,
  at: number,
  next: number,
  units: number,
  more: boolean,
  id: number,
): void {
  bytes[at] = next;
  bytes[at + 1] = 0;
  writeU16(bytes, at + 2, (units << 3) | (more ? 1 : 0));
  writeU32(bytes, at + 4, id);
}

/** How a walk ended: see {@link Ipv6Headers.walk}. */
export type Ipv6Walk = "whole" | "cut" | "broken" | "too-many";

/**
 * Where the parts of an IPv6 packet are. One object serves any number of packets: it is written
 * over by each walk.
 *
 * @example
 * ```ts
 * import { Ipv6Headers } from "@planecheck/planecheck/core";
 * import { assertEquals } from "@std/assert";
 *
 * const packet = new Uint8Array(56);
 * packet.set([0x60, 0, 0, 0, 0, 16, 60, 64]); // destination options follow
 * packet.set([17, 0, 1, 4, 0, 0, 0, 0], 40); // eight bytes of them, then UDP
 * const headers = new Ipv6Headers();
 * assertEquals(headers.walk(packet, 0, 56), "whole");
 * assertEquals([headers.protocol, headers.offset, headers.count], [17, 48, 1]);
 * assertEquals(headers.walk(packet, 0, 47), "cut");
 * ```
 */
export class Ipv6Headers {
  /** Number of what the chain ends in: a transport protocol, as a rule. */
  protocol: number = IPV6_NO_NEXT_HEADER;
  /** Where that begins; where the walk stopped, unless it is whole. */
  offset = 0;
  /** Where the packet ends: its payload length, or less when fewer bytes are there. */
  end = 0;
  /** Extension headers walked over. */
  count = 0;
  /** Where the fragment header begins, or -1. What follows the one of a later fragment is data. */
  fragmentAt: number = -1;
  /** Where the byte lies that names the fragment header, when there is one. */
  fragmentNextAt = 0;
  /**
   * Bytes of what every fragment repeats: the IPv6 header and all up to a routing header, or else
   * up to hop-by-hop options (RFC 8200, 4.5, per-fragment headers).
   */
  perFragmentBytes: number = IPV6_HEADER_BYTES;
  /** Where the byte lies that names what follows those. */
  perFragmentNextAt = 0;
  /** Where the address of the last recipient begins. */
  destinationAt = 0;
  /** Where the byte lies that names what is at `offset`. */
  #nextAt = 0;

  /**
   * Walks the headers of the packet at `off` of which `available` bytes are there. O(headers).
   *
   * `whole`: the chain was read to its end; `cut`: a header would reach beyond the packet or what
   * is there of it; `broken`: hop-by-hop options that are not first (RFC 8200, 4.1), a second
   * fragment header, or AH shorter than its fixed fields; `too-many`: more than
   * {@link EXTENSIONS_MAX}. Version and payload length are `checkHeader6`'s business. Safe for any
   * `available`: nothing at or beyond `off + available`, or beyond the array, is read.
   */
  walk(bytes: Uint8Array, off: number, available: number): Ipv6Walk {
    const room = Math.min(available, bytes.length - off);
    this.protocol = IPV6_NO_NEXT_HEADER;
    this.count = 0;
    this.offset = off;
    this.end = off;
    this.fragmentAt = -1;
    this.perFragmentBytes = IPV6_HEADER_BYTES;
    this.perFragmentNextAt = off + 6;
    this.#nextAt = off + 6;
    this.destinationAt = off + IPV6_DST_AT;
    if (!(room >= IPV6_HEADER_BYTES)) return "cut";
    this.protocol = bytes[off + 6]!;
    this.offset = off + IPV6_HEADER_BYTES;
    this.end = off + Math.min(room, IPV6_HEADER_BYTES + ipv6PayloadLength(bytes, off));
    while (isIpv6Extension(this.protocol)) {
      if (this.count === EXTENSIONS_MAX) return "too-many";
      const how = this.#step(bytes, off);
      if (how !== "whole") return how;
      this.count++;
      if (this.fragmentAt >= 0 && ipv6FragmentOffset(bytes, this.fragmentAt) !== 0) break;
    }
    return "whole";
  }

  /** Walks over one extension header. */
  #step(bytes: Uint8Array, off: number): Ipv6Walk {
    const at = this.offset;
    const number = this.protocol;
    if (at + 8 > this.end) return "cut";
    let length = (bytes[at + 1]! + 1) * 8;
    if (number === IPV6_AUTHENTICATION) {
      // RFC 4302, 2.2: in words of four bytes, less two; the fixed fields are three words.
      length = (bytes[at + 1]! + 2) * 4;
      if (length < 12) return "broken";
    } else if (number === IPV6_FRAGMENT) {
      if (this.fragmentAt >= 0) return "broken";
      length = IPV6_FRAGMENT_BYTES;
    } else if (number === IPV6_HOP_BY_HOP && at !== off + IPV6_HEADER_BYTES) return "broken";
    if (at + length > this.end) return "cut";
    if (number === IPV6_FRAGMENT) {
      this.fragmentAt = at;
      this.fragmentNextAt = this.#nextAt;
    } else if (number === IPV6_ROUTING) this.#route(bytes, at, length);
    const isPerFragment = number === IPV6_HOP_BY_HOP || number === IPV6_ROUTING;
    if (isPerFragment && this.fragmentAt < 0) {
      this.perFragmentBytes = at + length - off;
      this.perFragmentNextAt = at;
    }
    this.protocol = bytes[at]!;
    this.#nextAt = at;
    this.offset = at + length;
    return "whole";
  }

  /**
   * Finds the last recipient in a routing header with segments left: at the end of the list in
   * types 0 (RFC 2460, 4.4) and 2 (RFC 6275, 6.4), at its beginning in type 4 (RFC 8754, 2).
   */
  #route(bytes: Uint8Array, at: number, length: number): void {
    const type = bytes[at + 2]!;
    if (bytes[at + 3] === 0 || length < 24) return;
    if (type === 0 || type === 2) this.destinationAt = at + 8 + 16 * (length - 8 >>> 4) - 16;
    else if (type === 4) this.destinationAt = at + 8;
  }
}
