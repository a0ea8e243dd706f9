/** Reads frames for the laws, with no code of the parts that are judged. */

/** Where the IPv4 header begins in an untagged frame. */
export const IP = 14;

/** Whether the frame is untagged IPv4 with a whole first header of 20 bytes. */
export function isIpv4(bytes: Uint8Array, at: number, length: number): boolean {
  return length >= IP + 20 && bytes[at + 12] === 8 && bytes[at + 13] === 0;
}

/** Two bytes, highest first. */
export function u16(bytes: Uint8Array, at: number): number {
  return bytes[at]! << 8 | bytes[at + 1]!;
}

/** Four bytes, highest first. */
export function u32(bytes: Uint8Array, at: number): number {
  return (bytes[at]! << 24 | bytes[at + 1]! << 16 | bytes[at + 2]! << 8 | bytes[at + 3]!) >>> 0;
}

/** Bytes of the IPv4 header as its IHL says. */
export function headerLength(bytes: Uint8Array, at: number): number {
  return (bytes[at + IP]! & 15) << 2;
}

/** Whether `length` bytes agree. */
export function sameBytes(
  a: Uint8Array,
  aAt: number,
  b: Uint8Array,
  bAt: number,
  length: number,
): boolean {
  for (let i = 0; i < length; i++) {
    if (a[aAt + i] !== b[bAt + i]) return false;
  }
  return true;
}
