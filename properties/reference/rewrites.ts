/**
 * What DPDK's testpmd writes beyond MAC addresses, in its modes 5tswap and csum (app/test-pmd/5tswap.c, csumonly.c). It
 * looks at no length: where a header ends behind its frame it reads on in the buffer.
 */

const IPV4 = 0x0800;
const TAGS = [0x8100, 0x88a8];
const TCP = 6;
const UDP = 17;

/** Rewrites a frame; answers whether all that took part lies in the frame. */
export function rewritten(what: "5-tuple" | "checksums", frame: Uint8Array): boolean {
  let ip = 14;
  while (ip <= frame.length && TAGS.includes(u16(frame, ip - 2))) ip += 4;
  if (ip > frame.length) return false;
  if (u16(frame, ip - 2) !== IPV4) return u16(frame, ip - 2) !== 0x86dd;
  if (frame.length < ip + 20) return false;
  const header = (frame[ip]! % 16) * 4;
  const protocol = frame[ip + 9]!;
  const l4 = ip + header;
  const isL4 = protocol === TCP || protocol === UDP;
  if (what === "5-tuple") {
    swap(frame, ip + 12, 4);
    // a header of less than 20 bytes has its ports among the addresses
    if (isL4 && l4 + 4 > frame.length || header < 20) return false;
    if (isL4) swap(frame, l4, 2);
    return true;
  }
  const total = u16(frame, ip + 2);
  if (header < 20 || l4 > frame.length || total < header || ip + total > frame.length) return false;
  put(frame, ip + 10, 0);
  put(frame, ip + 10, 0xffff - sum(frame, ip, l4, 0));
  const field = l4 + (protocol === TCP ? 16 : 6);
  if (!isL4) return true;
  if (field + 2 > ip + total) return false;
  if (protocol === UDP && u16(frame, field) === 0) return true;
  put(frame, field, 0);
  const pseudo = sum(frame, ip + 12, ip + 20, protocol + total - header);
  const checksum = 0xffff - sum(frame, l4, ip + total, pseudo);
  // RFC 768: 0 would say that there is none
  put(frame, field, checksum === 0 && protocol === UDP ? 0xffff : checksum);
  return true;
}

function swap(frame: Uint8Array, at: number, size: number): void {
  const first = frame.slice(at, at + size);
  frame.copyWithin(at, at + size, at + 2 * size);
  frame.set(first, at + size);
}

/** RFC 1071: the one's complement sum of the 16-bit words in `from..to`, the last one filled up with zero. */
function sum(bytes: Uint8Array, from: number, to: number, start: number): number {
  let total = start;
  for (let i = from; i < to; i += 2) total += bytes[i]! * 256 + (i + 1 < to ? bytes[i + 1]! : 0);
  while (total > 0xffff) total = total % 65536 + Math.floor(total / 65536);
  return total;
}

function u16(bytes: Uint8Array, at: number): number {
  return bytes[at]! * 256 + bytes[at + 1]!;
}

function put(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = Math.floor(value / 256);
  bytes[at + 1] = value % 256;
}
