/**
 * Which offered packet a frame carries that came out of a program. The program knows nothing of
 * identities, so they are told by the bytes: first by all that forwarding leaves alone, then, since a
 * faulty forwarder changes more than it may, by what follows the IPv4 header, then by the last bytes.
 * A frame that is told by none of these is a stranger.
 */
import type { Traffic } from "../../core/machine/scenario.ts";

const ETHERNET = 14;
/** Fewer bytes tell no packet from others. */
const TAIL = 12;
const STRANGER = -1;

/** The packets of one run, by what they can be told by. */
export class Identities {
  readonly #whole = new Map<string, number[]>();
  readonly #behind = new Map<string, number[]>();
  readonly #tails = new Map<string, number[]>();
  /** How many frames have been told by a key. */
  readonly #told = new Map<string, number>();

  /** Looks at every packet once. */
  constructor({ count, bytes, offset, length }: Traffic) {
    for (let i = 0; i < count; i++) {
      add(this.#whole, wholeKey(bytes, offset[i]!, length[i]!), i);
      add(this.#behind, behindKey(bytes, offset[i]!, length[i]!), i);
      add(this.#tails, tailKey(bytes, offset[i]!, length[i]!), i);
    }
  }

  /**
   * The packet in a frame, or -1. Of packets that are alike the first that has not come out yet; when all
   * have, the last, which is then a duplicate.
   */
  of(bytes: Uint8Array, offset: number, length: number): number {
    const key = wholeKey(bytes, offset, length);
    const alike = this.#whole.get(key);
    if (alike !== undefined) {
      const told = this.#told.get(key) ?? 0;
      this.#told.set(key, told + 1);
      return alike[Math.min(told, alike.length - 1)]!;
    }
    const behind = this.#behind.get(behindKey(bytes, offset, length));
    if (behind?.length === 1) return behind[0]!;
    const tails = this.#tails.get(tailKey(bytes, offset, length));
    return tails?.length === 1 ? tails[0]! : STRANGER;
  }
}

function add(map: Map<string, number[]>, key: string, packet: number): void {
  if (key === "") return;
  const known = map.get(key);
  if (known === undefined) map.set(key, [packet]);
  else known.push(packet);
}

/** All but MAC addresses, TTL and header checksum, and what pads the frame. */
function wholeKey(bytes: Uint8Array, at: number, length: number): string {
  const end = ipv4End(bytes, at, length);
  if (end < 0) return text(bytes, at + 12, at + length);
  const l3 = at + ETHERNET;
  return text(bytes, l3, l3 + 8) + text(bytes, l3 + 9, l3 + 10) + text(bytes, l3 + 12, end);
}

/** What follows the IPv4 header. */
function behindKey(bytes: Uint8Array, at: number, length: number): string {
  const end = ipv4End(bytes, at, length);
  const from = at + ETHERNET + (bytes[at + ETHERNET]! & 15) * 4;
  return end - from < TAIL ? "" : text(bytes, from, end);
}

function tailKey(bytes: Uint8Array, at: number, length: number): string {
  return length < ETHERNET + TAIL ? "" : text(bytes, at + length - TAIL, at + length);
}

/** Where an IPv4 packet ends, or -1 when the frame does not carry one that is whole. */
function ipv4End(bytes: Uint8Array, at: number, length: number): number {
  const l3 = at + ETHERNET;
  if (length < ETHERNET + 20 || bytes[at + 12] !== 8 || bytes[at + 13] !== 0) return -1;
  const total = bytes[l3 + 2]! << 8 | bytes[l3 + 3]!;
  const header = (bytes[l3]! & 15) * 4;
  const whole = bytes[l3]! >> 4 === 4 && header >= 20 && total >= header;
  return whole && total <= length - ETHERNET ? l3 + total : -1;
}

function text(bytes: Uint8Array, from: number, to: number): string {
  return String.fromCharCode(...bytes.subarray(from, to));
}
