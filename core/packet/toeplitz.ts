/**
 * Receive-side scaling: the Toeplitz hash of a flow's addresses and ports (Microsoft, "RSS Hashing
 * Functions"; Intel 82599 data sheet, 7.1.2.8). For every bit of the input that is set, the hash is
 * XORed with the 32 bits of the key that begin at that bit's position.
 *
 * Since XOR is linear, the part of one input byte depends on its position and value alone: a table
 * of 256 words for each position gives one load a byte instead of eight steps. 12 positions, the
 * IPv4 input, cost 12 KiB, which share the L1 cache with the packets; 36, the IPv6 input, cost 36
 * KiB.
 */

import { readU32 } from "./bytes.ts";
import {
  ipv4HeaderLength,
  ipv4Protocol,
  ipv4TotalLength,
  isIpv4Fragment,
  PROTOCOL_TCP,
  PROTOCOL_UDP,
} from "./ipv4.ts";

/** Bytes of a key: 36 bytes of input (IPv6) and the 32-bit window at the last of them. */
export const RSS_KEY_BYTES = 40;

function keyOf(hex: string): Uint8Array {
  return Uint8Array.from(hex.match(/../g)!, (pair) => Number.parseInt(pair, 16));
}

/**
 * The key of the verification suite, and the default of most drivers (Microsoft, "Verifying the RSS
 * Hash").
 */
export const RSS_KEY_MICROSOFT: Uint8Array = keyOf(
  "6d5a56da255b0ec24167253d43a38fb0d0ca2bcbae7b30b477cb2da38030f20c6a42b73bbeac01fa",
);

/**
 * A key with which both directions of a flow have one hash: it repeats every 16 bits, and source
 * and destination fields lie a multiple of 16 bits apart (Woo and Park, "Scalable TCP Session
 * Monitoring with Symmetric Receive-side Scaling", 2012). The price: the hash has no more than 16
 * bits of information.
 */
export const RSS_KEY_SYMMETRIC: Uint8Array = keyOf("6d5a".repeat(20));

/**
 * The Toeplitz hash of the `len` bytes at `off` under `key`, bit by bit as the definition says:
 * what the tables are compared with. Unsigned. O(8 len).
 *
 * @throws {RangeError} when the key is shorter than `len + 4` bytes
 */
export function toeplitzPlain(
  key: Uint8Array,
  bytes: Uint8Array,
  off: number,
  len: number,
): number {
  if (key.length < len + 4) {
    throw new RangeError(`Cannot hash ${len} bytes: the key has ${key.length}, ${len + 4} needed`);
  }
  let hash = 0;
  let window = readU32(key, 0);
  for (let bit = 0; bit < len * 8; bit++) {
    if (((bytes[off + (bit >>> 3)]! >>> (7 - (bit & 7))) & 1) === 1) hash ^= window;
    const next = bit + 32;
    const incoming = (key[next >>> 3] ?? 0) >>> (7 - (next & 7)) & 1;
    window = (window << 1) | incoming;
  }
  return hash >>> 0;
}

/**
 * The Toeplitz hash under one key, by tables. Read-only after construction, so any number of ports
 * may share one. Construction O(256 inputBytes); hash O(bytes).
 *
 * @example
 * ```ts
 * import { RSS_KEY_MICROSOFT, Toeplitz } from "@planecheck/planecheck/core";
 * import { assertEquals } from "@std/assert";
 *
 * const toeplitz = new Toeplitz(RSS_KEY_MICROSOFT, 12);
 * const input = Uint8Array.of(66, 9, 149, 187, 161, 142, 100, 80, 0x0a, 0xea, 0x06, 0xe6);
 * // 66.9.149.187 port 2794 to 161.142.100.80 port 1766
 * assertEquals(toeplitz.hash(input, 0, 12), 0x51ccc178);
 * ```
 */
export class Toeplitz {
  /** The longest input that the tables reach. */
  readonly inputBytes: number;
  readonly #table: Int32Array;

  /**
   * Tables for inputs of up to `inputBytes` bytes.
   *
   * @throws {RangeError} when `inputBytes` is not an integer 1..36 (the IPv6 input with ports), or
   * the key is shorter than `inputBytes + 4` bytes
   */
  constructor(key: Uint8Array, inputBytes: number) {
    if (!Number.isInteger(inputBytes) || inputBytes < 1 || inputBytes > 36) {
      throw new RangeError(`Cannot build Toeplitz tables: inputBytes is ${inputBytes}, not 1..36`);
    }
    if (key.length < inputBytes + 4) {
      throw new RangeError(
        `Cannot build Toeplitz tables: the key has ${key.length} bytes, ${inputBytes + 4} needed`,
      );
    }
    this.inputBytes = inputBytes;
    this.#table = new Int32Array(inputBytes * 256);
    for (let position = 0; position < inputBytes; position++) this.#fill(key, position);
  }

  /**
   * The 256 words of one position: those of single bits first, the rest as XOR of two earlier ones.
   */
  #fill(key: Uint8Array, position: number): void {
    const table = this.#table;
    const base = position * 256;
    const high = readU32(key, position);
    for (let bit = 0; bit < 8; bit++) {
      table[base + (128 >>> bit)] = bit === 0
        ? high
        : (high << bit) | (key[position + 4]! >>> (8 - bit));
    }
    for (let value = 1; value < 256; value++) {
      const lowest = value & -value;
      if (lowest !== value) {
        table[base + value] = table[base + lowest]! ^ table[base + value - lowest]!;
      }
    }
  }

  /**
   * Hash of the `len` bytes at `off`, unsigned.
   *
   * @throws {RangeError} when `len` is not 0..inputBytes
   */
  hash(bytes: Uint8Array, off: number, len: number): number {
    if (!(len >= 0 && len <= this.inputBytes)) {
      throw new RangeError(`Cannot hash ${len} bytes: the tables reach 0..${this.inputBytes}`);
    }
    const table = this.#table;
    let hash = 0;
    for (let i = 0, base = 0; i < len; i++, base += 256) hash ^= table[base + bytes[off + i]!]!;
    return hash >>> 0;
  }

  /**
   * What the `len` bytes at `off` add to a hash, by XOR, when they stand at byte `position` of the
   * input: an input that does not lie in one piece is hashed part by part.
   *
   * @throws {RangeError} when they do not lie in 0..inputBytes of the input
   */
  part(bytes: Uint8Array, off: number, len: number, position: number): number {
    if (!(position >= 0 && len >= 0 && position + len <= this.inputBytes)) {
      throw new RangeError(
        `Cannot hash ${len} bytes from byte ${position} on: the tables reach 0..${this.inputBytes}`,
      );
    }
    const table = this.#table;
    let hash = 0;
    for (let i = 0, base = position * 256; i < len; i++, base += 256) {
      hash ^= table[base + bytes[off + i]!]!;
    }
    return hash >>> 0;
  }

  /** Hash of the eight bytes at `off`: the two addresses of an IPv4 header begin at its byte 12. */
  hashAddresses(bytes: Uint8Array, off: number): number {
    const table = this.#table;
    return (table[bytes[off]!]! ^ table[256 + bytes[off + 1]!]! ^
      table[512 + bytes[off + 2]!]! ^ table[768 + bytes[off + 3]!]! ^
      table[1024 + bytes[off + 4]!]! ^ table[1280 + bytes[off + 5]!]! ^
      table[1536 + bytes[off + 6]!]! ^ table[1792 + bytes[off + 7]!]!) >>> 0;
  }

  /** What the four bytes of ports at `off` add to {@link hashAddresses}, by XOR. */
  hashPorts(bytes: Uint8Array, off: number): number {
    const table = this.#table;
    return (table[2048 + bytes[off]!]! ^ table[2304 + bytes[off + 1]!]! ^
      table[2560 + bytes[off + 2]!]! ^ table[2816 + bytes[off + 3]!]!) >>> 0;
  }
}

const MICROSOFT = new Toeplitz(RSS_KEY_MICROSOFT, 12);

/**
 * The RSS hash of the IPv4 packet whose header, already checked, is at `l3off`: over addresses and
 * ports for TCP and UDP, over addresses alone for every other protocol and for fragments, which
 * have no ports but in the first (Microsoft, "RSS Hashing Types"), and where the packet is too
 * short to hold ports. Unsigned. O(1).
 *
 * @throws {RangeError} when the tables of `toeplitz` do not reach 12 bytes
 * @example
 * ```ts
 * import { parseIpv4, rssHashIpv4, writeTcpFrame } from "@planecheck/planecheck/core";
 * import { assertEquals } from "@std/assert";
 *
 * const frame = new Uint8Array(64);
 * writeTcpFrame(frame, 0, {
 *   dstMac: 1,
 *   srcMac: 2,
 *   src: parseIpv4("66.9.149.187"),
 *   dst: parseIpv4("161.142.100.80"),
 *   srcPort: 2794,
 *   dstPort: 1766,
 * });
 * assertEquals(rssHashIpv4(frame, 14), 0x51ccc178);
 * ```
 */
export function rssHashIpv4(
  bytes: Uint8Array,
  l3off: number,
  toeplitz: Toeplitz = MICROSOFT,
): number {
  if (toeplitz.inputBytes < 12) {
    throw new RangeError(
      `Cannot hash IPv4 packet: the tables reach ${toeplitz.inputBytes} bytes, 12 needed`,
    );
  }
  const addresses = toeplitz.hashAddresses(bytes, l3off + 12);
  const protocol = ipv4Protocol(bytes, l3off);
  if (protocol !== PROTOCOL_TCP && protocol !== PROTOCOL_UDP) return addresses;
  const headerBytes = ipv4HeaderLength(bytes, l3off);
  if (isIpv4Fragment(bytes, l3off) || ipv4TotalLength(bytes, l3off) < headerBytes + 4) {
    return addresses;
  }
  return (addresses ^ toeplitz.hashPorts(bytes, l3off + headerBytes)) >>> 0;
}
