/**
 * What the kernel module finds out about a packet, once for all sockets (parse_pkt): Ethernet, VLAN, IP, ports,
 * and the same of what a tunnel carries. What is not there is 0.
 *
 * Source: PF_RING 8.9.0, kernel/pf_ring.c (parse_raw_pkt), kernel/linux/pf_ring.h (pkt_parsing_info).
 */
import {
  ETHERTYPE_IPV4,
  ETHERTYPE_IPV6,
  IPV4_MF,
  ipv4Dst,
  ipv4Flags,
  ipv4FragmentOffset,
  ipv4Id,
  ipv4Protocol,
  ipv4Src,
  LAYER,
  Layers,
  readU16,
  readU32,
  vlanTci,
  vlanVid,
} from "../../core/packet/mod.ts";

/** Addresses, protocol and ports of one level; of IPv6, the words of an address summed. */
export class Tuple {
  /** 4 or 6; 0 where there is no IP. */
  version = 0;
  protocol = 0;
  src = 0;
  dst = 0;
  srcPort = 0;
  dstPort = 0;

  /** Nothing found. */
  reset(): void {
    this.version =
      this.protocol =
      this.src =
      this.dst =
      this.srcPort =
      this.dstPort =
        0;
  }
}

/** Parsed headers; one object serves any number of packets. */
export class ParsedPkt {
  ethType = 0;
  vlanId = 0;
  /** Of the outermost IP header. */
  readonly outer: Tuple = new Tuple();
  /** Of the next one inside it, where `tunneled`. */
  readonly inner: Tuple = new Tuple();
  tunneled = false;
  /** A fragment of IPv4: offset in units of eight bytes, whether more follow, identification. */
  fragmentOffset = 0;
  moreFragments = false;
  ipId = 0;
  /** Where the headers that were found end (offset.payload_offset). */
  payloadOffset = 0;
  readonly #layers = new Layers();

  /** Whether it is one of several fragments. */
  get isFragment(): boolean {
    return this.fragmentOffset > 0 || this.moreFragments;
  }

  /** Parses the frame of `length` bytes at `at`. O(headers). */
  parse(bytes: Uint8Array, at: number, length: number): void {
    const layers = this.#layers;
    layers.walk(bytes, at, length);
    this.outer.reset();
    this.inner.reset();
    this.tunneled = this.moreFragments = false;
    this.ethType =
      this.vlanId =
      this.fragmentOffset =
      this.ipId =
      this.payloadOffset =
        0;
    if (length >= 14) this.ethType = readU16(bytes, at + 12);
    let level = 0;
    for (let i = 0; i < layers.count; i++) {
      const off = layers.offset[i]!;
      const kind = layers.kind[i]!;
      if (kind === LAYER.vlan && level === 0) {
        if (this.vlanId === 0) this.vlanId = vlanVid(vlanTci(bytes, off));
        this.ethType = readU16(bytes, off + 2);
      }
      if (kind === LAYER.ipv4 || kind === LAYER.ipv6) {
        level++;
        if (level === 1 && kind === LAYER.ipv4) this.#fragment(bytes, off);
      }
      if (level === 1) this.#fill(this.outer, bytes, kind, off);
      else if (level === 2) this.#fill(this.inner, bytes, kind, off);
      this.payloadOffset = off + layers.headerBytes[i]! - at;
    }
    this.tunneled = level > 1;
  }

  #fragment(bytes: Uint8Array, off: number): void {
    this.fragmentOffset = ipv4FragmentOffset(bytes, off);
    this.moreFragments = (ipv4Flags(bytes, off) & IPV4_MF) !== 0;
    this.ipId = ipv4Id(bytes, off);
  }

  #fill(tuple: Tuple, bytes: Uint8Array, kind: number, off: number): void {
    if (kind === LAYER.ipv4) {
      tuple.version = 4;
      tuple.protocol = ipv4Protocol(bytes, off);
      tuple.src = ipv4Src(bytes, off);
      tuple.dst = ipv4Dst(bytes, off);
    } else if (kind === LAYER.ipv6) {
      tuple.version = 6;
      tuple.protocol = this.#layers.ipv6.protocol;
      tuple.src = words(bytes, off + 8);
      tuple.dst = words(bytes, off + 24);
    } else if (kind === LAYER.tcp || kind === LAYER.udp) {
      tuple.srcPort = readU16(bytes, off);
      tuple.dstPort = readU16(bytes, off + 2);
    }
  }
}

/** The four words of an IPv6 address, summed modulo 2^32. */
function words(bytes: Uint8Array, at: number): number {
  let sum = 0;
  for (let i = 0; i < 16; i += 4) sum = (sum + readU32(bytes, at + i)) >>> 0;
  return sum;
}

/** Whether the EtherType is one of IP. */
export function isIp(parsed: ParsedPkt): boolean {
  return parsed.ethType === ETHERTYPE_IPV4 || parsed.ethType === ETHERTYPE_IPV6;
}
