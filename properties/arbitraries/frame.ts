/**
 * The bytes of a drawn packet. Everything that the draw does not call wrong is right: lengths and
 * checksums agree with the bytes, also those of UDP, TCP and ICMP, so that nothing is dropped for a
 * reason that the draw did not name. The payload begins with the packet's identity, and its other
 * bytes depend on it, so that no two packets of a run can be taken for each other, in whole or in
 * part.
 */
import { copyBytes } from "../../core/memory/copy.ts";
import { checksum, fold, pseudoHeaderSum, sumWords } from "../../core/packet/checksum.ts";
import { writeU16, writeU32 } from "../../core/packet/bytes.ts";
import type { FragmentDraw, PacketDraw, ProtocolDraw } from "./draw.ts";

const ETHERTYPE = {
  ipv4: 0x0800,
  arp: 0x0806,
  ipv6: 0x86dd,
  vlan: 0x8100,
  priority: 0x8100,
} as const;
/** Flags "don't fragment" and "more fragments", and the offset in units of eight bytes. */
const FRAGMENT: { readonly [name in FragmentDraw]: number } = {
  ...{ whole: 0, df: 0x4000, first: 0x2000, middle: 0x2000 | 185, last: 370, tiny: 1 },
};
const PROTOCOL: { readonly [name in ProtocolDraw]: number } = { icmp: 1, tcp: 6, udp: 17 };
const NOP = 1; // IPv4 option 1, no operation (RFC 791, 3.1)
/** The shortest frame of Ethernet, which holds headers without options and an identity. */
const FRAME_MIN = 60;
/** No link cuts these: Ethernet and the 68 bytes that each carries (RFC 791, 3.2). */
const UNCUT_MAX = 14 + 68;
/** Longest frame: what drawn headers need when the size is shorter, and what drawn sizes need. */
export const FRAME_BYTES_MAX = 1600;

/** Where payloads are copied from: byte i of it is 7 * i, and so it repeats after 256. */
const PAYLOADS = FRAME_BYTES_MAX;
const scratch = new Uint8Array(2 * FRAME_BYTES_MAX + 256);
for (let i = 0; i < FRAME_BYTES_MAX + 256; i++) scratch[PAYLOADS + i] = i * 7;

/** 224.0.0.1 on Ethernet (RFC 1112, 6.4). */
const GROUP_MAC = [1, 0, 0x5e, 0, 0, 1];
/** First byte of a router's own MAC addresses. */
const ROUTER_MAC = 6;

/** Six bytes of a router's own port: 06:00:00:00:00:PORT. */
export function portMac(port: number): number[] {
  return [ROUTER_MAC, 0, 0, 0, 0, port];
}

/** Six bytes of what is behind a next hop: 0a:00:00:00:01:HOP. */
export function neighbourMac(hop: number): number[] {
  return [10, 0, 0, 0, 1, hop];
}

/** Writes the frame of `packet` with this identity to `bytes` at `off`: `packet.size` bytes. */
export function writeFrame(
  packet: PacketDraw,
  identity: number,
  bytes: Uint8Array,
  off: number,
): void {
  const l3 = writeEthernet(packet, identity);
  const headerBytes = 20 + 4 * packet.options;
  const l4 = l3 + headerBytes;
  const end = Math.max(packet.size, l4 + 24);
  const l3Bytes = Math.max(packet.size - l3, 0);
  // a forwarder may cut padding off, and the identity must not go with it
  const identified = headerBytes + (packet.protocol === "tcp" ? 20 : 8) + 4;
  const rightLength = packet.totalLength === "padded"
    ? Math.max(Math.min(identified, l3Bytes), headerBytes, l3Bytes - 4)
    : l3Bytes;
  scratch.fill(0, l4, l4 + 24);
  writeTransport(packet, identity, l4, Math.max(rightLength - headerBytes, 0), end);
  const total = totalLengthOf(packet, rightLength, headerBytes, l3Bytes);
  writeIpv4(packet, identity, l3, headerBytes, total);
  copyBytes(scratch, 0, bytes, off, packet.size);
}

function totalLengthOf(
  packet: PacketDraw,
  right: number,
  headerBytes: number,
  l3Bytes: number,
): number {
  if (packet.totalLength === "short") return headerBytes - 1;
  if (packet.totalLength === "long") return l3Bytes + 1;
  return right;
}

/**
 * Answers where the network header begins. The IPv4 header follows whatever the type field claims.
 */
function writeEthernet(packet: PacketDraw, identity: number): number {
  scratch.fill(0, 0, 12);
  scratch[0] = ROUTER_MAC;
  scratch[5] = packet.mac === "port" ? packet.port : 0xee;
  if (packet.mac === "group") scratch.set(GROUP_MAC);
  if (packet.mac === "broadcast") scratch.fill(0xff, 0, 6);
  scratch[6] = 2;
  scratch[10] = 2;
  scratch[11] = identity;
  writeU16(scratch, 12, ETHERTYPE[packet.type]);
  if (packet.type !== "vlan" && packet.type !== "priority") return 14;
  writeU16(scratch, 14, packet.type === "vlan" ? 0x0064 : 0xa000);
  writeU16(scratch, 16, ETHERTYPE.ipv4);
  return 18;
}

function writeIpv4(
  packet: PacketDraw,
  identity: number,
  l3: number,
  headerBytes: number,
  total: number,
): void {
  const version = packet.header === "version-6" ? 0x60 : 0x40;
  const ihl = packet.header === "ihl-4" ? 4 : packet.header === "ihl-long" ? 15 : headerBytes / 4;
  scratch[l3] = version | ihl;
  scratch[l3 + 1] = packet.dscp << 2 | packet.ecn;
  writeU16(scratch, l3 + 2, total);
  // a frame that is too short for a payload has its identity here, and what may be cut (RFC 6864, 4.2)
  const isNamed = packet.size < FRAME_MIN || packet.size > UNCUT_MAX;
  writeU16(scratch, l3 + 4, isNamed ? identity & 0xffff : 0);
  writeU16(scratch, l3 + 6, FRAGMENT[packet.fragment]);
  scratch[l3 + 8] = packet.ttl;
  scratch[l3 + 9] = PROTOCOL[packet.protocol];
  writeU16(scratch, l3 + 10, 0);
  writeU32(scratch, l3 + 12, packet.src);
  writeU32(scratch, l3 + 16, packet.dst);
  scratch.fill(NOP, l3 + 20, l3 + headerBytes);
  if (typeof packet.checksum === "number") {
    writeCorner(packet.checksum, l3, headerBytes);
  } else {
    const right = checksum(scratch, l3, headerBytes);
    writeU16(scratch, l3 + 10, packet.checksum === "wrong" ? right ^ 0x0100 : right);
  }
}

/**
 * Chooses the identification so that the header checksum is `wanted`. 0xffff is the other form of
 * 0x0000 (RFC 1071, section 2): no computation gives it, but a receiver that adds up the header
 * accepts it.
 */
function writeCorner(wanted: number, l3: number, headerBytes: number): void {
  writeU16(scratch, l3 + 4, 0);
  const sum = fold(sumWords(scratch, l3, headerBytes, 0));
  const computed = wanted === 0xffff ? 0 : wanted;
  writeU16(scratch, l3 + 4, fold((~computed & 0xffff) + (~sum & 0xffff)));
  writeU16(scratch, l3 + 10, wanted);
}

function writeTransport(
  packet: PacketDraw,
  identity: number,
  at: number,
  length: number,
  end: number,
): void {
  const headerBytes = packet.protocol === "tcp" ? 20 : 8;
  writeU32(scratch, at + headerBytes, identity);
  const payload = at + headerBytes + 4;
  // byte i of the frame is 7 * i + 31 * identity, and 7 * 41 is 31 modulo 256
  const begin = PAYLOADS + ((payload + identity * 41) & 255);
  scratch.copyWithin(payload, begin, begin + end - payload);
  const pseudo = pseudoHeaderSum(packet.src, packet.dst, PROTOCOL[packet.protocol], length);
  switch (packet.protocol) {
    case "udp":
      writeU16(scratch, at, packet.srcPort);
      writeU16(scratch, at + 2, 9); // discard (RFC 863)
      writeU16(scratch, at + 4, length);
      // A computed 0 is sent as 0xffff, since 0 says that there is none (RFC 768).
      writeU16(scratch, at + 6, checksum(scratch, at, length, pseudo) || 0xffff);
      break;
    case "tcp":
      writeU16(scratch, at, packet.srcPort);
      writeU16(scratch, at + 2, 9);
      writeU16(scratch, at + 12, 0x5010); // twenty bytes of header, ACK
      writeU16(scratch, at + 16, checksum(scratch, at, length, pseudo));
      break;
    case "icmp":
      scratch[at] = 8; // echo (RFC 792)
      writeU16(scratch, at + 4, packet.srcPort);
      writeU16(scratch, at + 2, checksum(scratch, at, length));
      break;
  }
}
