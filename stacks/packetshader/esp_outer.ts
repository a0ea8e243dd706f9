/** The outer header of a tunnel: Ethernet type and IPv4 (RFC 4301, 5.1.2.1), addresses of stations left as they are. */
import { ETHERNET_HEADER_BYTES } from "../../core/packet/ethernet.ts";
import { checksumIpv4Header20 } from "../../core/packet/checksum.ts";
import { writeU32 } from "../../core/packet/bytes.ts";

/** Writes it for a packet of `length` bytes, this header included, in the frame at `at`. */
export function writeOuter(
  bytes: Uint8Array,
  at: number,
  { src, dst, length, id }: {
    readonly src: number;
    readonly dst: number;
    readonly length: number;
    readonly id: number;
  },
): void {
  const ip = at + ETHERNET_HEADER_BYTES;
  bytes[at + 12] = 0x08;
  bytes[at + 13] = 0x00;
  writeU32(bytes, ip, 0x45000000 | length);
  writeU32(bytes, ip + 4, id << 16);
  // TTL 64, protocol ESP
  writeU32(bytes, ip + 8, 0x40320000);
  writeU32(bytes, ip + 12, src);
  writeU32(bytes, ip + 16, dst);
  const sum = checksumIpv4Header20(bytes, ip);
  bytes[ip + 10] = sum >>> 8;
  bytes[ip + 11] = sum & 0xff;
}
