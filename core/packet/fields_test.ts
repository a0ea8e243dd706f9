// Aim: every reader and setter touches its own bits and no other. Method: the header as one string
// of bits; a field is a position and a width in the RFC's drawing, read and replaced as text.

import { assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import * as arp from "./arp.ts";
import * as eth from "./ethernet.ts";
import * as gre from "./gre.ts";
import * as icmp from "./icmp.ts";
import * as ip from "./ipv4.ts";
import * as ip6 from "./ipv6.ts";
import * as ext from "./ipv6_extensions.ts";
import * as mpls from "./mpls.ts";
import * as tcp from "./tcp.ts";
import * as udp from "./udp.ts";
import * as vlan from "./vlan.ts";
import * as vxlan from "./vxlan.ts";

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
  ["arpOperation", 48, 16, 1, arp.arpOperation, arp.setArpOperation],
  ["arpSenderMac", 64, 48, 1, arp.arpSenderMac, arp.setArpSenderMac],
  ["arpSenderIpv4", 112, 32, 1, arp.arpSenderIpv4, arp.setArpSenderIpv4],
  ["arpTargetMac", 144, 48, 1, arp.arpTargetMac, arp.setArpTargetMac],
  ["arpTargetIpv4", 192, 32, 1, arp.arpTargetIpv4, arp.setArpTargetIpv4],
  ["ipv6Version", 0, 4, 1, ip6.ipv6Version],
  ["ipv6TrafficClass", 4, 8, 1, ip6.ipv6TrafficClass, ip6.setIpv6TrafficClass],
  ["ipv6Ecn", 10, 2, 1, ip6.ipv6Ecn, ip6.setIpv6Ecn],
  ["ipv6FlowLabel", 12, 20, 1, ip6.ipv6FlowLabel, ip6.setIpv6FlowLabel],
  ["ipv6PayloadLength", 32, 16, 1, ip6.ipv6PayloadLength, ip6.setIpv6PayloadLength],
  ["ipv6NextHeader", 48, 8, 1, ip6.ipv6NextHeader, ip6.setIpv6NextHeader],
  ["ipv6HopLimit", 56, 8, 1, ip6.ipv6HopLimit, ip6.setIpv6HopLimit],
  ["ipv6FragmentOffset", 16, 13, 1, ext.ipv6FragmentOffset],
  ["ipv6FragmentMore", 31, 1, 1, (bytes, off) => Number(ext.ipv6FragmentMore(bytes, off))],
  ["ipv6FragmentId", 32, 32, 1, ext.ipv6FragmentId],
  ["greFlags", 0, 16, 1, gre.greFlags],
  ["greProtocol", 16, 16, 1, gre.greProtocol],
  ["vxlanVni", 32, 24, 1, vxlan.vxlanVni],
  ["mplsLabel", 0, 20, 1, mpls.mplsLabel],
  ["mplsTrafficClass", 20, 3, 1, mpls.mplsTrafficClass],
  ["mplsIsBottom", 23, 1, 1, (bytes, off) => Number(mpls.mplsIsBottom(bytes, off))],
  ["mplsTtl", 24, 8, 1, mpls.mplsTtl],
  ["vlanTci", 0, 16, 1, vlan.vlanTci, vlan.setVlanTci],
  ["vlanPcp", 0, 3, 1, (bytes, off) => vlan.vlanPcp(vlan.vlanTci(bytes, off))],
  ["vlanDei", 3, 1, 1, (bytes, off) => vlan.vlanDei(vlan.vlanTci(bytes, off))],
  ["vlanVid", 4, 12, 1, (bytes, off) => vlan.vlanVid(vlan.vlanTci(bytes, off))],
];

function bitsOf(bytes: Uint8Array): string {
  return [...bytes].map((byte) => byte.toString(2).padStart(8, "0")).join("");
}

const header = fc.array(fc.oneof(fc.constantFrom(0, 0xff), fc.nat(255)), {
  minLength: 32,
  maxLength: 32,
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

Deno.test("checkVxlan wants eight bytes and the flag that says that the VNI is there, and looks at no other", () => {
  for (let flags = 0; flags < 256; flags++) {
    const bytes = Uint8Array.of(flags, 0xff, 0xff, 0xff, 0, 0, 1, 0xff);
    assertEquals(vxlan.checkVxlan(bytes, 0, 8), (flags & 8) !== 0, `flags ${flags}`);
    assertEquals([vxlan.checkVxlan(bytes, 0, 7), vxlan.checkVxlan(bytes, 1, 8)], [false, false]);
  }
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

Deno.test("writers of whole headers give what the drawings of the RFCs say", () => {
  const is = (write: (bytes: Uint8Array) => void, expected: string) => {
    const bytes = new Uint8Array(expected.length / 2).fill(0xee);
    write(bytes);
    assertEquals([...bytes].map((b) => b.toString(16).padStart(2, "0")).join(""), expected);
  };
  is((b) => arp.writeArp(b, 0), "0001080006 04".replace(" ", ""));
  is((b) => vxlan.writeVxlan(b, 0, 0x123456), "0800000012345600");
  is((b) => mpls.writeMplsEntry(b, 0, 0x12345, 5, true, 0xab), "12345bab");
  is((b) => mpls.writeMplsEntry(b, 0, 0xfffff, 0, false, 1), "fffff001");
  is((b) => ext.writeIpv6FragmentHeader(b, 0, 6, 0x1fff, true, 0x89abcdef), "0600fff989abcdef");
  is((b) => void gre.writeGre(b, 0, { protocol: 0x6558 }), "00006558");
  const all = { protocol: 0x0800, checksum: true, key: 0x89abcdef, sequence: 7 };
  is((b) => assertEquals(gre.writeGre(b, 0, all), 16), "b00008000000000089abcdef00000007");
  assertThrows(
    () => vxlan.writeVxlan(new Uint8Array(8), 0, 2 ** 24),
    RangeError,
    "not 0..16777215",
  );
  const entry = new Uint8Array(4);
  assertThrows(() => mpls.writeMplsEntry(entry, 0, 2 ** 20, 0, true, 1), RangeError, "label is");
  assertThrows(() => mpls.writeMplsEntry(entry, 0, 1, 8, true, 1), RangeError, "trafficClass is 8");
  assertThrows(() => mpls.writeMplsEntry(entry, 0, 1, 0, true, 256), RangeError, "ttl is 256");
});

Deno.test("greKey, greSequence and the checksum stand where the flags put them", () => {
  for (let combination = 0; combination < 8; combination++) {
    const [checksum, hasKey, hasSequence] = [4, 2, 1].map((bit) => (combination & bit) !== 0);
    const bytes = new Uint8Array(40).fill(0x5a);
    const n = gre.writeGre(bytes, 3, {
      ...{ protocol: 0x86dd, checksum: checksum! },
      ...(hasKey ? { key: 0xfedcba98 } : {}),
      ...(hasSequence ? { sequence: 0x87654321 } : {}),
    });
    assertEquals(n, 4 + 4 * (Number(checksum) + Number(hasKey) + Number(hasSequence)));
    for (let room = 0; room < 20; room++) {
      assertEquals(gre.greHeaderLength(bytes, 3, room), room < n ? -1 : n, `${n} bytes, ${room}`);
    }
    if (hasKey) assertEquals(gre.greKey(bytes, 3), 0xfedcba98);
    if (hasSequence) assertEquals(gre.greSequence(bytes, 3), 0x87654321);
    if (!checksum) continue;
    for (const length of [n, n + 1, 37]) {
      gre.fillGreChecksum(bytes, 3, length);
      assertEquals(gre.verifyGreChecksum(bytes, 3, length), true);
      bytes[3 + 2]! ^= 4;
      assertEquals(gre.verifyGreChecksum(bytes, 3, length), false);
      bytes[3 + 2]! ^= 4;
    }
  }
  for (const flags of [0x4000, 0x0800, 0x0400, 0x0001]) {
    const refused = Uint8Array.of(flags >>> 8, flags & 255, 8, 0);
    assertEquals(gre.greHeaderLength(refused, 0, 4), -1, `flags ${flags.toString(16)}`);
  }
  assertEquals(gre.greHeaderLength(Uint8Array.of(0x03, 0xf8, 8, 0), 0, 4), 4, "reserved0");
});
