/**
 * Simpler frames than a given one, boldest first: toward one plain UDP packet of 60 bytes with TTL 64.
 * A checksum that was right stays right, one that was wrong stays wrong, so that no step turns one
 * fault of the packet into another.
 */
import { ipv4HeaderChecksumOk, writeIpv4Checksum } from "./_ipv4.ts";

const ETHERNET = 14;
const HEADER = 20;
const FRAME_MIN = 60;
const TTL = 64;
const UDP = 17;

/** Addresses that a frame may have instead of its own. */
export interface Home {
  readonly src: number;
  /** null: none is simpler. */
  readonly dst: number | null;
}

/** How many of a frame's addresses are not those of its home; 0 where it has none. */
export function addressesAway(frame: Uint8Array, { src, dst }: Home): number {
  if (frame.length < ETHERNET + HEADER) return 0;
  const view = new DataView(frame.buffer, frame.byteOffset);
  return Number(view.getUint32(ETHERNET + 12) !== src) +
    Number(dst !== null && view.getUint32(ETHERNET + 16) !== dst);
}

/** The simpler frames; none for what carries no IPv4 header that can be read. */
export function* simplerFrames(
  frame: Uint8Array,
  identity: number,
  { src, dst }: Home,
): Generator<Uint8Array> {
  const ihl = (frame[ETHERNET]! & 15) * 4;
  const readable = frame.length >= ETHERNET + HEADER && frame[12] === 8 && frame[13] === 0 &&
    frame[ETHERNET]! >> 4 === 4 && ihl >= HEADER && frame.length >= ETHERNET + ihl;
  if (!readable) return;
  const right = ipv4HeaderChecksumOk(frame, ETHERNET, ihl);
  const made = (change: (bytes: Uint8Array) => Uint8Array): Uint8Array => {
    const bytes = change(frame.slice());
    const header = (bytes[ETHERNET]! & 15) * 4;
    writeIpv4Checksum(bytes, ETHERNET, header);
    if (!right) bytes[ETHERNET + 10]! ^= 1;
    return bytes;
  };
  const address = (bytes: Uint8Array, at: number, value: number) => {
    new DataView(bytes.buffer).setUint32(at, value);
    return bytes;
  };
  const steps = [
    made((bytes) => plain(bytes, identity)),
    made((bytes) => withoutOptions(bytes, ihl)),
    made((bytes) => short(bytes, ihl)),
    made((bytes) => emptied(bytes, ihl, identity)),
    made((bytes) => {
      bytes[ETHERNET + 1] = 0;
      bytes.fill(0, ETHERNET + 4, ETHERNET + 8);
      return bytes;
    }),
    made((bytes) => {
      bytes[ETHERNET + 8] = TTL;
      return bytes;
    }),
    made((bytes) => address(bytes, ETHERNET + 12, src)),
    ...dst === null ? [] : [made((bytes) => address(bytes, ETHERNET + 16, dst))],
  ];
  for (const step of steps) if (!same(step, frame)) yield step;
}

/** UDP from port 1024 to 9 (discard, RFC 863), without a checksum, which is legal (RFC 768). */
function plain(from: Uint8Array, identity: number): Uint8Array {
  const bytes = new Uint8Array(FRAME_MIN);
  bytes.set(from.subarray(0, ETHERNET));
  const total = FRAME_MIN - ETHERNET;
  bytes.set([0x45, 0, total >> 8, total, 0, 0, 0, 0, TTL, UDP], ETHERNET);
  bytes.set(from.subarray(ETHERNET + 12, ETHERNET + 20), ETHERNET + 12);
  const length = total - HEADER;
  bytes.set([4, 0, 0, 9, length >> 8, length, 0, 0], ETHERNET + HEADER);
  mark(bytes, ETHERNET + HEADER + 8, identity);
  return bytes;
}

function withoutOptions(from: Uint8Array, ihl: number): Uint8Array {
  const bytes = new Uint8Array(Math.max(FRAME_MIN, from.length - ihl + HEADER));
  bytes.set(from.subarray(0, ETHERNET + HEADER));
  bytes.set(from.subarray(ETHERNET + ihl), ETHERNET + HEADER);
  bytes[ETHERNET] = 0x45;
  return withTotal(bytes, totalOf(from) - ihl + HEADER);
}

/** Cut to the least frame. */
function short(from: Uint8Array, ihl: number): Uint8Array {
  const length = Math.max(FRAME_MIN, ETHERNET + ihl);
  if (from.length <= length) return from;
  return withTotal(from.slice(0, length), Math.min(totalOf(from), length - ETHERNET));
}

/** Nothing but the identity behind the first eight bytes of what the header carries. */
function emptied(bytes: Uint8Array, ihl: number, identity: number): Uint8Array {
  const at = ETHERNET + ihl + 8;
  if (at + 4 > bytes.length) return bytes;
  bytes.fill(0, at);
  mark(bytes, at, identity);
  return bytes;
}

/** Packets that are alike otherwise are told apart by this. */
function mark(bytes: Uint8Array, at: number, identity: number): void {
  if (at + 4 <= bytes.length) new DataView(bytes.buffer).setUint32(at, identity);
}

function totalOf(bytes: Uint8Array): number {
  return bytes[ETHERNET + 2]! << 8 | bytes[ETHERNET + 3]!;
}

function withTotal(bytes: Uint8Array, total: number): Uint8Array {
  bytes[ETHERNET + 2] = total >> 8;
  bytes[ETHERNET + 3] = total;
  return bytes;
}

function same(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i]);
}
