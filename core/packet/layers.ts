/**
 * All headers of a frame, from the outside in: what rte_net_get_ptype and a flow dissector find out.
 * Ethernet, up to two VLAN tags, MPLS, ARP, IPv4, IPv6 with its extension headers, UDP, TCP, ICMP,
 * ICMPv6, and what GRE, VXLAN, MPLS and IP itself carry inside.
 *
 * Contract: a walk ends for any bytes, after at most {@link LAYERS_MAX} headers; nothing at or
 * beyond the frame's end is read or pointed at, and inside a header that says where it ends nothing
 * beyond that. A header is listed when all of it is there. A length that promises more than there is
 * does not end the walk: captures are often snapped, and a forwarder has judged the header by
 * `checkHeader` before; `isCut` says so. Checksums are not looked at.
 */

import { readU16 } from "./bytes.ts";
import { ARP_BYTES, checkArp } from "./arp.ts";
import * as eth from "./ethernet.ts";
import { GRE_HEADER_BYTES, greHeaderLength, greProtocol } from "./gre.ts";
import { ICMP_HEADER_BYTES } from "./icmp.ts";
import * as ip from "./ipv4.ts";
import { IPV6_HEADER_BYTES, ipv6PayloadLength, ipv6Version } from "./ipv6.ts";
import { ipv6FragmentOffset, Ipv6Headers } from "./ipv6_extensions.ts";
import { MPLS_ENTRIES_MAX, MPLS_ENTRY_BYTES, mplsPayloadType, mplsStackLength } from "./mpls.ts";
import { TCP_HEADER_BYTES, tcpHeaderLength } from "./tcp.ts";
import { UDP_HEADER_BYTES, udpDstPort, udpLength } from "./udp.ts";
import { VLAN_TAG_BYTES } from "./vlan.ts";
import { checkVxlan, VXLAN_HEADER_BYTES, VXLAN_PORT } from "./vxlan.ts";

/** Most headers that a walk lists. */
export const LAYERS_MAX = 16;
/** Most VLAN tags behind one pair of addresses, as `l3Offset` has it. */
const TAGS_MAX = 2;

/** Kinds of header. */
export const LAYER: {
  readonly ethernet: 1;
  readonly vlan: 2;
  readonly mpls: 3;
  readonly arp: 4;
  readonly ipv4: 5;
  readonly ipv6: 6;
  readonly udp: 7;
  readonly tcp: 8;
  readonly icmp: 9;
  readonly icmpv6: 10;
  readonly gre: 11;
  readonly vxlan: 12;
} = {
  ...{ ethernet: 1, vlan: 2, mpls: 3, arp: 4, ipv4: 5, ipv6: 6 },
  ...{ udp: 7, tcp: 8, icmp: 9, icmpv6: 10, gre: 11, vxlan: 12 },
};

/**
 * Why a walk ended: at something that is no header known here (`payload`), at a header that is not
 * all there (`cut`), at one that contradicts itself (`broken`), or at a limit (`too-many`).
 */
export type LayersEnd = "payload" | "cut" | "broken" | "too-many";

/** What follows is no header. */
const PAYLOAD = 0;

/**
 * Where the headers of a frame are. One object serves any number of frames: it is written over by
 * each walk.
 *
 * @example
 * ```ts
 * import { LAYER, Layers, writeUdpFrame } from "@planecheck/planecheck/core";
 * import { assertEquals } from "@std/assert";
 *
 * const frame = new Uint8Array(60);
 * writeUdpFrame(frame, 0, { dstMac: 1, srcMac: 2, src: 0x0a000001, dst: 0x0a000002 });
 * const layers = new Layers();
 * assertEquals(layers.walk(frame, 0, 60), "payload");
 * assertEquals([...layers.kind.subarray(0, layers.count)], [LAYER.ethernet, LAYER.ipv4, LAYER.udp]);
 * assertEquals([layers.offset[2], layers.end[2]], [34, 42]); // padding is no part of the datagram
 * assertEquals(layers.walk(frame, 0, 41), "cut");
 * ```
 */
export class Layers {
  /** Headers listed. */
  count = 0;
  /** Kind of header i: see {@link LAYER}. */
  readonly kind: Uint8Array = new Uint8Array(LAYERS_MAX);
  /** Where header i begins; a VLAN tag at its TCI, two bytes behind the TPID. */
  readonly offset: Int32Array = new Int32Array(LAYERS_MAX);
  /** Bytes of header i: options, all of an MPLS stack, all extension headers included. */
  readonly headerBytes: Int32Array = new Int32Array(LAYERS_MAX);
  /** Where that which header i begins ends: as its length says, or with the frame. */
  readonly end: Int32Array = new Int32Array(LAYERS_MAX);
  /** Whether a length promised more than there is. */
  isCut = false;
  /** The parts of the innermost IPv6 header listed. */
  readonly ipv6: Ipv6Headers = new Ipv6Headers();
  #at = 0;
  #end = 0;
  #tags = 0;
  #why: LayersEnd = "payload";

  /**
   * Lists the headers of the Ethernet frame of `len` bytes at `off`. O(headers). Safe for any `len`.
   */
  walk(bytes: Uint8Array, off: number, len: number): LayersEnd {
    this.count = 0;
    this.isCut = false;
    this.#at = off;
    this.#end = Math.min(off + len, bytes.length);
    this.#why = "payload";
    for (let next: number = LAYER.ethernet; next !== PAYLOAD;) {
      if (this.count === LAYERS_MAX) return "too-many";
      next = this.#step(bytes, next);
    }
    return this.#why;
  }

  /** Lists one header and answers the kind of the next. */
  #step(bytes: Uint8Array, kind: number): number {
    switch (kind) {
      case LAYER.ethernet:
        return this.#ethernet(bytes);
      case LAYER.vlan:
        return this.#vlan(bytes);
      case LAYER.mpls:
        return this.#mpls(bytes);
      case LAYER.arp:
        if (!checkArp(bytes, this.#at, this.#room)) return this.#stop("broken");
        return this.#list(kind, ARP_BYTES, PAYLOAD);
      case LAYER.ipv4:
        return this.#ipv4(bytes);
      case LAYER.ipv6:
        return this.#ipv6(bytes);
      case LAYER.udp:
        return this.#udp(bytes);
      case LAYER.tcp:
        return this.#tcp(bytes);
      case LAYER.gre:
        return this.#gre(bytes);
      case LAYER.vxlan:
        if (!checkVxlan(bytes, this.#at, this.#room)) return this.#stop("broken");
        return this.#list(kind, VXLAN_HEADER_BYTES, LAYER.ethernet);
      default: // ICMP and ICMPv6
        if (!this.#has(ICMP_HEADER_BYTES)) return PAYLOAD;
        return this.#list(kind, ICMP_HEADER_BYTES, PAYLOAD);
    }
  }

  get #room(): number {
    return this.#end - this.#at;
  }

  #stop(why: LayersEnd): number {
    this.#why = why;
    return PAYLOAD;
  }

  /** Whether `n` bytes are there; stops the walk if not. */
  #has(n: number): boolean {
    if (this.#room >= n) return true;
    this.#stop("cut");
    return false;
  }

  /** Lists the header of `bytes` bytes that begins here. */
  #list(kind: number, bytes: number, next: number): number {
    const i = this.count++;
    this.kind[i] = kind;
    this.offset[i] = this.#at;
    this.headerBytes[i] = bytes;
    this.end[i] = this.#end;
    this.#at += bytes;
    return next;
  }

  /** Brings the end to where a header says; notes that less is there. */
  #narrow(end: number): void {
    if (end > this.#end) this.isCut = true;
    else this.#end = end;
  }

  /** Kind of header that an EtherType announces. */
  #byType(type: number): number {
    switch (type) {
      case eth.ETHERTYPE_IPV4:
        return LAYER.ipv4;
      case eth.ETHERTYPE_IPV6:
        return LAYER.ipv6;
      case eth.ETHERTYPE_ARP:
        return LAYER.arp;
      case eth.ETHERTYPE_MPLS:
      case eth.ETHERTYPE_MPLS_UPSTREAM:
        return LAYER.mpls;
      default:
        return PAYLOAD;
    }
  }

  /** Kind of header that a protocol number of IP announces. */
  #byProtocol(protocol: number): number {
    switch (protocol) {
      case ip.PROTOCOL_TCP:
        return LAYER.tcp;
      case ip.PROTOCOL_UDP:
        return LAYER.udp;
      case ip.PROTOCOL_ICMP:
        return LAYER.icmp;
      case ip.PROTOCOL_ICMPV6:
        return LAYER.icmpv6;
      case ip.PROTOCOL_IPV4:
        return LAYER.ipv4;
      case ip.PROTOCOL_IPV6:
        return LAYER.ipv6;
      case ip.PROTOCOL_GRE:
        return LAYER.gre;
      case ip.PROTOCOL_MPLS:
        return LAYER.mpls;
      default:
        return PAYLOAD;
    }
  }

  #ethernet(bytes: Uint8Array): number {
    if (!this.#has(eth.ETHERNET_HEADER_BYTES)) return PAYLOAD;
    const type = readU16(bytes, this.#at + 12);
    this.#tags = 0;
    const next = eth.isVlanType(type) ? LAYER.vlan : this.#byType(type);
    return this.#list(LAYER.ethernet, eth.ETHERNET_HEADER_BYTES, next);
  }

  #vlan(bytes: Uint8Array): number {
    if (++this.#tags > TAGS_MAX) return this.#stop("too-many");
    if (!this.#has(VLAN_TAG_BYTES)) return PAYLOAD;
    const type = readU16(bytes, this.#at + 2);
    const next = eth.isVlanType(type) ? LAYER.vlan : this.#byType(type);
    return this.#list(LAYER.vlan, VLAN_TAG_BYTES, next);
  }

  #mpls(bytes: Uint8Array): number {
    const room = this.#room;
    const length = mplsStackLength(bytes, this.#at, room);
    if (length < 0) {
      return this.#stop(room >= MPLS_ENTRIES_MAX * MPLS_ENTRY_BYTES ? "too-many" : "cut");
    }
    const type = mplsPayloadType(bytes, this.#at, length, room);
    const next = this.#list(LAYER.mpls, length, this.#byType(type));
    return length < room ? next : this.#stop("cut");
  }

  #ipv4(bytes: Uint8Array): number {
    const at = this.#at;
    if (!this.#has(ip.IPV4_HEADER_BYTES)) return PAYLOAD;
    const length = ip.ipv4HeaderLength(bytes, at);
    const total = ip.ipv4TotalLength(bytes, at);
    const isRight = ip.ipv4Version(bytes, at) === 4 && length >= ip.IPV4_HEADER_BYTES;
    if (!isRight || total < length) return this.#stop("broken");
    if (!this.#has(length)) return PAYLOAD;
    this.#narrow(at + total);
    const isLater = ip.ipv4FragmentOffset(bytes, at) !== 0;
    const next = isLater ? PAYLOAD : this.#byProtocol(ip.ipv4Protocol(bytes, at));
    return this.#list(LAYER.ipv4, length, next);
  }

  #ipv6(bytes: Uint8Array): number {
    const at = this.#at;
    if (!this.#has(IPV6_HEADER_BYTES)) return PAYLOAD;
    if (ipv6Version(bytes, at) !== 6) return this.#stop("broken");
    this.#narrow(at + IPV6_HEADER_BYTES + ipv6PayloadLength(bytes, at));
    const how = this.ipv6.walk(bytes, at, this.#room);
    const { fragmentAt, protocol } = this.ipv6;
    // One whose extension headers are cut or broken is listed as far as they were read.
    const isLater = fragmentAt >= 0 && ipv6FragmentOffset(bytes, fragmentAt) !== 0;
    const next = how !== "whole" || isLater ? PAYLOAD : this.#byProtocol(protocol);
    this.#list(LAYER.ipv6, this.ipv6.offset - at, next);
    return how === "whole" ? next : this.#stop(how);
  }

  #udp(bytes: Uint8Array): number {
    const at = this.#at;
    if (!this.#has(UDP_HEADER_BYTES)) return PAYLOAD;
    const length = udpLength(bytes, at);
    if (length < UDP_HEADER_BYTES) return this.#stop("broken");
    this.#narrow(at + length);
    const next = udpDstPort(bytes, at) === VXLAN_PORT ? LAYER.vxlan : PAYLOAD;
    return this.#list(LAYER.udp, UDP_HEADER_BYTES, next);
  }

  #tcp(bytes: Uint8Array): number {
    if (!this.#has(TCP_HEADER_BYTES)) return PAYLOAD;
    const length = tcpHeaderLength(bytes, this.#at);
    if (length < TCP_HEADER_BYTES) return this.#stop("broken");
    return this.#has(length) ? this.#list(LAYER.tcp, length, PAYLOAD) : PAYLOAD;
  }

  #gre(bytes: Uint8Array): number {
    if (!this.#has(GRE_HEADER_BYTES)) return PAYLOAD;
    const length = greHeaderLength(bytes, this.#at, this.#room);
    if (length < 0) return this.#stop("broken");
    const type = greProtocol(bytes, this.#at);
    const next = type === eth.ETHERTYPE_BRIDGED ? LAYER.ethernet : this.#byType(type);
    return this.#list(LAYER.gre, length, next);
  }
}
