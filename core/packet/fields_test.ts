// Aim: every reader and setter touches its own bits and no other. Method: the header as one string
// of bits; a field is a position and a width in the RFC's drawing, read and replaced as text.

import { assertEquals } from "@std/assert";
import fc from "fast-check";
import * as eth from "./ethernet.ts";
import * as icmp from "./icmp.ts";
import * as ip from "./ipv4.ts";
import * as tcp from "./tcp.ts";
import * as udp from "./udp.ts";
import * as vlan from "./vlan.ts";

type Get = (bytes: Uint8Array, off: number) => number;
type Set = (bytes: Uint8Array, off: number, value: number) => void;

/** First bit, width, unit (the reader's number is the field times this), reader, setter. */
type Field = readonly [name: string, bit: number, width: number, unit: number, get: Get, set?: Set];

const FIELDS: readonly Field[] = [
  ["dstMac", 0, 48, 1, eth.dstMac, eth.setDstMac],
  ["srcMac", 48, 48, 1, eth.srcMac, eth.setSrcMac],
  ["etherType", 96, 16, 1, eth.etherType, eth.setEtherType],
  ["ipv4Version", 0, 4, 1, ip.ipv4Version],
  ["ipv4HeaderLength", 4, 4, 4, ip.ipv4HeaderLength],
  ["ipv4Dscp", 8, 6, 1, ip.ipv4Dscp, ip.setIpv4Dscp],
  ["ipv4Ecn", 14, 2, 1, ip.ipv4Ecn, ip.setIpv4Ecn],
  ["ipv4TotalLength", 16, 16, 1, ip.ipv4TotalLength, ip.setIpv4TotalLength],
  ["ipv4Id", 32, 16, 1, ip.ipv4Id, ip.setIpv4Id],
  ["ipv4Flags", 48, 3, 1, ip.ipv4Flags, ip.setIpv4Flags],
  ["ipv4FragmentOffset", 51, 13, 1, ip.ipv4FragmentOffset, ip.setIpv4FragmentOffset],
  ["ipv4Ttl", 64, 8, 1, ip.ipv4Ttl, ip.setIpv4Ttl],
  ["ipv4Protocol", 72, 8, 1, ip.ipv4Protocol, ip.setIpv4Protocol],
  ["ipv4Checksum", 80, 16, 1, ip.ipv4Checksum, ip.setIpv4Checksum],
  ["ipv4Src", 96, 32, 1, ip.ipv4Src, ip.setIpv4Src],
  ["ipv4Dst", 128, 32, 1, ip.ipv4Dst, ip.setIpv4Dst],
  ["udpSrcPort", 0, 16, 1, udp.udpSrcPort, udp.setUdpSrcPort],
  ["udpDstPort", 16, 16, 1, udp.udpDstPort, udp.setUdpDstPort],
  ["udpLength", 32, 16, 1, udp.udpLength, udp.setUdpLength],
  ["udpChecksum", 48, 16, 1, udp.udpChecksum, udp.setUdpChecksum],
  ["tcpSrcPort", 0, 16, 1, tcp.tcpSrcPort, tcp.setTcpSrcPort],
  ["tcpDstPort", 16, 16, 1, tcp.tcpDstPort, tcp.setTcpDstPort],
  ["tcpSeq", 32, 32, 1, tcp.tcpSeq, tcp.setTcpSeq],
  ["tcpAck", 64, 32, 1, tcp.tcpAck, tcp.setTcpAck],
  ["tcpHeaderLength", 96, 4, 4, tcp.tcpHeaderLength, tcp.setTcpHeaderLength],
  ["tcpFlags", 104, 8, 1, tcp.tcpFlags, tcp.setTcpFlags],
  ["tcpWindow", 112, 16, 1, tcp.tcpWindow, tcp.setTcpWindow],
  ["tcpChecksum", 128, 16, 1, tcp.tcpChecksum, tcp.setTcpChecksum],
  ["tcpUrgent", 144, 16, 1, tcp.tcpUrgent, tcp.setTcpUrgent],
  ["icmpType", 0, 8, 1, icmp.icmpType, icmp.setIcmpType],
  ["icmpCode", 8, 8, 1, icmp.icmpCode, icmp.setIcmpCode],
  ["icmpChecksum", 16, 16, 1, icmp.icmpChecksum, icmp.setIcmpChecksum],
  ["icmpRest", 32, 32, 1, icmp.icmpRest, icmp.setIcmpRest],
  ["icmpId", 32, 16, 1, icmp.icmpId, icmp.setIcmpId],
  ["icmpSequence", 48, 16, 1, icmp.icmpSequence, icmp.setIcmpSequence],
  ["vlanTci", 0, 16, 1, vlan.vlanTci, vlan.setVlanTci],
  ["vlanPcp", 0, 3, 1, (bytes, off) => vlan.vlanPcp(vlan.vlanTci(bytes, off))],
  ["vlanDei", 3, 1, 1, (bytes, off) => vlan.vlanDei(vlan.vlanTci(bytes, off))],
  ["vlanVid", 4, 12, 1, (bytes, off) => vlan.vlanVid(vlan.vlanTci(bytes, off))],
];

function bitsOf(bytes: Uint8Array): string {
  return [...bytes].map((byte) => byte.toString(2).padStart(8, "0")).join("");
}

const header = fc.array(fc.oneof(fc.constantFrom(0, 0xff), fc.nat(255)), {
  minLength: 26,
  maxLength: 26,
  size: "max",
}).map((list) => Uint8Array.from(list));

for (const [name, bit, width, unit, get, set] of FIELDS) {
  Deno.test(`${name} reads and writes its own ${width} bits at bit ${bit}`, () => {
    const value = fc.oneof(
      fc.constantFrom(0, 1, 2 ** width - 1, 2 ** (width - 1)),
      fc.nat(2 ** width - 1),
    );
    fc.assert(
      fc.property(header, fc.nat(3), value, (bytes, off, fresh) => {
        const bits = bitsOf(bytes);
        const at = off * 8 + bit;
        assertEquals(get(bytes, off), Number.parseInt(bits.slice(at, at + width), 2) * unit);
        if (set === undefined) return;
        set(bytes, off, fresh * unit);
        const written = fresh.toString(2).padStart(width, "0");
        assertEquals(bitsOf(bytes), bits.slice(0, at) + written + bits.slice(at + width));
        assertEquals(get(bytes, off), fresh * unit);
      }),
    );
  });
}

Deno.test("setIpv4HeaderLength writes version 4 and IHL, and options take what is beyond 20", () => {
  const bytes = new Uint8Array(20).fill(0xff);
  for (let length = 20; length <= ip.IPV4_HEADER_BYTES_MAX; length += 4) {
    ip.setIpv4HeaderLength(bytes, 0, length);
    assertEquals(
      [ip.ipv4Version(bytes, 0), ip.ipv4HeaderLength(bytes, 0), ip.ipv4OptionsLength(bytes, 0)],
      [4, length, length - 20],
    );
  }
  assertEquals([...bytes.subarray(1)], Array(19).fill(0xff));
});

Deno.test("isIpv4Fragment is true for more-fragments or an offset, not for don't-fragment", () => {
  const bytes = new Uint8Array(20);
  for (
    const [flags, units, expected] of [
      [0, 0, false],
      [ip.IPV4_DF, 0, false],
      [4, 0, false],
      [ip.IPV4_MF, 0, true],
      [0, 1, true],
      [0, 0x1fff, true],
      [ip.IPV4_DF, 0x1000, true],
    ] as const
  ) {
    ip.setIpv4Flags(bytes, 0, flags);
    ip.setIpv4FragmentOffset(bytes, 0, units);
    assertEquals(ip.isIpv4Fragment(bytes, 0), expected, `flags ${flags}, offset ${units}`);
  }
});
