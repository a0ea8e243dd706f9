/**
 * The hash that picks a bucket: addresses, protocol and, where there are any, ports, mixed by Jenkins' lookup3.
 *
 * Source: VPP src/vnet/ip/ip4_inlines.h (ip4_compute_flow_hash, IP_FLOW_HASH_DEFAULT), src/vppinfra/hash.h
 * (hash_v3_mix32, hash_v3_finalize32); Bob Jenkins, lookup3.c, 2006.
 */
import { PROTOCOL_TCP, PROTOCOL_UDP, readU16, readU32 } from "../../core/packet/mod.ts";

function rotate(x: number, by: number): number {
  return (x << by) | (x >>> (32 - by));
}

/** Mix and final of three words; answers the last. */
export function lookup3(a: number, b: number, c: number): number {
  a = (a - c) ^ rotate(c, 4);
  c = (c + b) | 0;
  b = (b - a) ^ rotate(a, 6);
  a = (a + c) | 0;
  c = (c - b) ^ rotate(b, 8);
  b = (b + a) | 0;
  a = (a - c) ^ rotate(c, 16);
  c = (c + b) | 0;
  b = (b - a) ^ rotate(a, 19);
  a = (a + c) | 0;
  c = (c - b) ^ rotate(b, 4);
  b = (b + a) | 0;
  c = (c ^ b) - rotate(b, 14);
  a = (a ^ c) - rotate(c, 11);
  b = (b ^ a) - rotate(a, 25);
  c = (c ^ b) - rotate(b, 16);
  a = (a ^ c) - rotate(c, 4);
  b = (b ^ a) - rotate(a, 14);
  c = (c ^ b) - rotate(b, 24);
  return c | 0;
}

/** Hash of the flow of the IPv4 packet at `ip`. */
export function ip4FlowHash(bytes: Uint8Array, ip: number): number {
  const protocol = bytes[ip + 9]!;
  let ports = 0;
  if (protocol === PROTOCOL_TCP || protocol === PROTOCOL_UDP) {
    const l4 = ip + ((bytes[ip]! & 15) << 2);
    ports = (readU16(bytes, l4 + 2) << 16) | readU16(bytes, l4);
  }
  return lookup3(readU32(bytes, ip + 12) | 0, (readU32(bytes, ip + 16) ^ protocol) | 0, ports);
}
