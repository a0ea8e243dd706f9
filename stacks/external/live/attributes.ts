/** Attributes of netlink messages: length, type, value, padded to four bytes (RFC 3549, 2.3). */

/** The attributes of an answer, from `at` on, by type. */
export function attributesOf(body: Uint8Array, at: number): Map<number, Uint8Array> {
  const view = new DataView(body.buffer, body.byteOffset, body.length);
  const found = new Map<number, Uint8Array>();
  while (at + 4 <= body.length) {
    const length = view.getUint16(at, true);
    if (length < 4) break;
    found.set(view.getUint16(at + 2, true) & 0x3fff, body.subarray(at + 4, at + length));
    at += (length + 3) & ~3;
  }
  return found;
}
