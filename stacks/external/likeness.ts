/** In what frames are alike, whatever a forwarder has written into them. */

const ETHERNET = 14;
/** Bytes of the MAC addresses. */
const MACS = 12;
/** Fewer bytes tell no packet from others. */
const TAIL = 12;
/** A header of TCP, and an identity. */
const HEAD = 24;
/** Bytes that are hashed; all are compared. */
const HASHED = 64;

/** Of all but MAC addresses, tag, TTL and header checksum, and what pads the frame. */
export function hash(bytes: Uint8Array, at: number, length: number): number {
  const ip = ipv4At(bytes, at, length);
  let h = 0x811c9dc5;
  const from = ip < 0 ? at + MACS : ip;
  const to = Math.min(endOf(bytes, at, length), from + HASHED);
  for (let i = from; i < to; i++) {
    if (ip >= 0 && isRewritten(i - from)) continue;
    h = Math.imul(h ^ bytes[i]!, 0x01000193);
  }
  return (h ^ h >>> 15) >>> 0;
}

/** Whether two frames hold the same but for what {@link hash} leaves out. */
export function alike(
  a: Uint8Array,
  aAt: number,
  aLength: number,
  b: Uint8Array,
  bAt: number,
  bLength: number,
): boolean {
  const [aIp, bIp] = [ipv4At(a, aAt, aLength), ipv4At(b, bAt, bLength)];
  const isIp = aIp >= 0;
  if (isIp !== bIp >= 0) return false;
  const [aFrom, bFrom] = isIp ? [aIp, bIp] : [aAt + MACS, bAt + MACS];
  const count = endOf(a, aAt, aLength) - aFrom;
  if (count !== endOf(b, bAt, bLength) - bFrom) return false;
  for (let i = 0; i < count; i++) {
    if (a[aFrom + i] !== b[bFrom + i] && !(isIp && isRewritten(i))) return false;
  }
  return true;
}

/** Whether a forwarder writes this byte of the IPv4 header: TTL and checksum. */
function isRewritten(at: number): boolean {
  return at === 8 || at === 10 || at === 11;
}

/** What fragments of one packet have in common: addresses, protocol and identification (RFC 791, 3.2). */
export function datagramKey(bytes: Uint8Array, at: number, length: number): string {
  const ip = ipv4At(bytes, at, length);
  if (ipv4End(bytes, at, length) < 0) return "";
  return text(bytes, ip + 12, ip + 20) + text(bytes, ip + 4, ip + 6) + text(bytes, ip + 9, ip + 10);
}

/** Where the data begins behind the IPv4 header at `ip`. */
function dataAt(bytes: Uint8Array, ip: number): number {
  return ip + (bytes[ip]! & 15) * 4;
}

/** Where the data of an IPv4 packet begins in the datagram that it is a fragment of, or all of. */
export function dataOffset(bytes: Uint8Array, ip: number): number {
  return ((bytes[ip + 6]! & 31) << 8 | bytes[ip + 7]!) * 8;
}

/** Whether the frame `a` holds a part of the packet in frame `b`, and not all of it. */
export function isPart(
  a: Uint8Array,
  aAt: number,
  aLength: number,
  b: Uint8Array,
  bAt: number,
  bLength: number,
): boolean {
  const [aIp, bIp] = [ipv4At(a, aAt, aLength), ipv4At(b, bAt, bLength)];
  const [aData, bData] = [dataAt(a, aIp), dataAt(b, bIp)];
  const count = ipv4End(a, aAt, aLength) - aData;
  const whole = ipv4End(b, bAt, bLength) - bData;
  const skipped = dataOffset(a, aIp) - dataOffset(b, bIp);
  // the first has all options
  if (a[aIp + 1] !== b[bIp + 1] || skipped === 0 && a[aIp] !== b[bIp]) return false;
  if (skipped < 0 || skipped + count > whole || count === whole) return false;
  for (let i = 0; i < count; i++) if (a[aData + i] !== b[bData + skipped + i]) return false;
  return true;
}

/** What follows the IPv4 header. */
export function behindKey(bytes: Uint8Array, at: number, length: number): string {
  const end = ipv4End(bytes, at, length);
  const from = dataAt(bytes, ipv4At(bytes, at, length));
  return end - from < TAIL ? "" : text(bytes, from, end);
}

/** Addresses, protocol, and what follows the header, as far as an identity reaches in what is drawn. */
export function headKey(bytes: Uint8Array, at: number, length: number): string {
  const ip = ipv4At(bytes, at, length);
  const from = dataAt(bytes, ip);
  if (ip < 0 || from + TAIL > at + length) return "";
  const head = text(bytes, from, Math.min(from + HEAD, at + length));
  return text(bytes, ip + 9, ip + 10) + text(bytes, ip + 12, ip + 20) + head;
}

/** The last bytes of a frame. */
export function tailKey(bytes: Uint8Array, at: number, length: number): string {
  return length < ETHERNET + TAIL ? "" : text(bytes, at + length - TAIL, at + length);
}

/** Where the IPv4 header begins of a frame that says that it carries one, behind one tag too, and has room; or -1. */
export function ipv4At(bytes: Uint8Array, at: number, length: number): number {
  const tag = bytes[at + MACS] === 0x81 && bytes[at + MACS + 1] === 0 ? 4 : 0;
  const l3 = at + ETHERNET + tag;
  return length >= ETHERNET + tag + 20 && bytes[l3 - 2] === 8 && bytes[l3 - 1] === 0 ? l3 : -1;
}

/** Where what a frame carries ends: an IPv4 packet that is whole where its header says, anything else with the frame. */
function endOf(bytes: Uint8Array, at: number, length: number): number {
  const whole = ipv4End(bytes, at, length);
  return whole < 0 ? at + length : whole;
}

/** Where an IPv4 packet ends, or -1 when the frame does not carry one that is whole. */
function ipv4End(bytes: Uint8Array, at: number, length: number): number {
  const l3 = ipv4At(bytes, at, length);
  if (l3 < 0) return -1;
  const total = bytes[l3 + 2]! << 8 | bytes[l3 + 3]!;
  const header = (bytes[l3]! & 15) * 4;
  const whole = bytes[l3]! >> 4 === 4 && header >= 20 && total >= header;
  return whole && total <= at + length - l3 ? l3 + total : -1;
}

function text(bytes: Uint8Array, from: number, to: number): string {
  return String.fromCharCode(...bytes.subarray(from, to));
}
