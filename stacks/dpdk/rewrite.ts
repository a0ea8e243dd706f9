/**
 * The header rewrite of l3fwd as its source has it: `--time_to_live; ++hdr_checksum` on the checksum read as
 * a 16-bit word of a little-endian host. In network order that adds 0x0100, with the carry of the high byte
 * running into the low one: the end-around carry of one's complement, but for 0xffff, which becomes 0x0000.
 */

/** Takes one from the TTL of the IPv4 header at `ip`, whatever it is, and increments the checksum. */
export function incrementChecksum(bytes: Uint8Array, ip: number): void {
  bytes[ip + 8] = bytes[ip + 8]! - 1;
  const high = bytes[ip + 10]! + 1;
  bytes[ip + 10] = high;
  if (high > 0xff) bytes[ip + 11] = bytes[ip + 11]! + 1;
}
