/** A frame in a few words, for a table: what a reader looks for first. */
import { readU16, readU32 } from "../../core/packet/bytes.ts";
import { checksum } from "../../core/packet/checksum.ts";
import { ipv4ToString } from "../../core/packet/ipv4_text.ts";

const PROTOCOLS: { readonly [number: number]: string } = { 1: "icmp", 6: "tcp", 17: "udp" };
/** Header checksums beside a carry of one's complement, where arithmetic goes wrong. */
const CORNERS = [0x0000, 0xffff, 0x0001, 0xfffe, 0xfeff, 0xff00, 0xfe00, 0x00ff, 0x0100];
const TYPES: { readonly [type: number]: string } = { 0x0806: "arp", 0x86dd: "ipv6" };

/**
 * Addresses, protocol, TTL and whatever is out of the ordinary about the frame of `length` bytes at
 * `off`. Reads no further than the frame.
 */
export function describeFrame(bytes: Uint8Array, off: number, length: number): string {
  if (length < 14) return `${length} bytes`;
  const type = readU16(bytes, off + 12);
  if (type === 0x8100 && length >= 18 && readU16(bytes, off + 16) === 0x0800) {
    return `vlan ${readU16(bytes, off + 14) & 0xfff}, ${
      describeIpv4(bytes, off + 18, length - 18)
    }, ${length} bytes`;
  }
  if (type !== 0x0800) {
    return `${TYPES[type] ?? `type 0x${type.toString(16).padStart(4, "0")}`}, ${length} bytes`;
  }
  return `${describeIpv4(bytes, off + 14, length - 14)}, ${length} bytes`;
}

function describeIpv4(bytes: Uint8Array, at: number, available: number): string {
  if (available < 20) return "ipv4 cut short";
  const first = bytes[at]!;
  const headerBytes = (first & 15) * 4;
  const protocol = bytes[at + 9]!;
  const hasPorts = (protocol === 6 || protocol === 17) && headerBytes >= 20 &&
    available >= headerBytes + 4;
  const port = (field: number) => hasPorts ? `:${readU16(bytes, at + headerBytes + field)}` : "";
  const words = [
    `${ipv4ToString(readU32(bytes, at + 12))}${port(0)} > ` +
    `${ipv4ToString(readU32(bytes, at + 16))}${port(2)} ` +
    `${PROTOCOLS[protocol] ?? `protocol ${protocol}`}`,
    `ttl ${bytes[at + 8]}`,
  ];
  if (first >> 4 !== 4) words.push(`version ${first >> 4}`);
  if ((first & 15) !== 5) words.push(`ihl ${first & 15}`);
  const total = readU16(bytes, at + 2);
  if (total !== available) words.push(`total length ${total} of ${available}`);
  const flags = readU16(bytes, at + 6);
  if ((flags & 0x4000) !== 0) words.push("don't fragment");
  if ((flags & 0x3fff) !== 0) {
    words.push(`fragment at ${(flags & 0x1fff) * 8}${(flags & 0x2000) !== 0 ? ", more" : ""}`);
  }
  const isWhole = headerBytes >= 20 && headerBytes <= available;
  if (isWhole && checksum(bytes, at, headerBytes) !== 0) words.push("wrong checksum");
  const sum = readU16(bytes, at + 10);
  if (CORNERS.includes(sum)) words.push(`checksum 0x${sum.toString(16).padStart(4, "0")}`);
  return words.join(", ");
}
