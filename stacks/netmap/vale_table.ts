/**
 * The forwarding table of a VALE switch: 1024 buckets of one address each. A new address takes the bucket of an old
 * one; nothing ages. The table answers one port, or all of them.
 *
 * Source: netmap sys/dev/netmap/netmap_vale.c, netmap_vale_learning, nm_vale_rthash.
 */
import { NS_NO_LEARN } from "./ring.ts";

/** Buckets (NM_BDG_HASH). */
export const NM_BDG_HASH = 1024;
/** All ports (NM_BDG_BROADCAST) and none (NM_BDG_NOPORT). */
export const BROADCAST = 254;
export const NOPORT = 255;

/** Addresses are two words: 2 and 4 bytes, as they stand in the frame. */
export class ValeTable {
  readonly #high: Int32Array = new Int32Array(NM_BDG_HASH).fill(-1);
  readonly #low: Int32Array = new Int32Array(NM_BDG_HASH);
  readonly #port: Uint8Array = new Uint8Array(NM_BDG_HASH);
  /** Last source address of each port: one that is the same again is not looked up (last_smac). */
  readonly #lastHigh: Int32Array = new Int32Array(BROADCAST).fill(-1);
  readonly #lastLow: Int32Array = new Int32Array(BROADCAST);

  /** Where the frame at `at`, which came in on a port, goes; its source address is learned. O(1). */
  lookup(bytes: Uint8Array, at: number, port: number, flags: number): number {
    // addresses of groups are no source
    if ((flags & NS_NO_LEARN) === 0 && (bytes[at + 6]! & 1) === 0) this.#learn(bytes, at + 6, port);
    if ((bytes[at]! & 1) !== 0) return BROADCAST;
    const high = word2(bytes, at);
    const low = word4(bytes, at + 2);
    const bucket = hash(high, low);
    return this.#high[bucket] === high && this.#low[bucket] === low
      ? this.#port[bucket]!
      : BROADCAST;
  }

  /** Forgets what leads to a port. */
  forget(port: number): void {
    for (let i = 0; i < NM_BDG_HASH; i++) if (this.#port[i] === port) this.#high[i] = -1;
    this.#lastHigh.fill(-1);
  }

  /** What is in the table, for reports. O(buckets). */
  entries(): { readonly mac: number; readonly port: number }[] {
    const list: { mac: number; port: number }[] = [];
    for (let i = 0; i < NM_BDG_HASH; i++) {
      const high = this.#high[i]!;
      if (high < 0) continue;
      list.push({ mac: high * 2 ** 32 + (this.#low[i]! >>> 0), port: this.#port[i]! });
    }
    return list;
  }

  #learn(bytes: Uint8Array, at: number, port: number): void {
    const high = word2(bytes, at);
    const low = word4(bytes, at + 2);
    if (this.#lastHigh[port] === high && this.#lastLow[port] === low) return;
    this.#lastHigh[port] = high;
    this.#lastLow[port] = low;
    const bucket = hash(high, low);
    this.#high[bucket] = high;
    this.#low[bucket] = low;
    this.#port[bucket] = port;
  }
}

function word2(bytes: Uint8Array, at: number): number {
  return (bytes[at]! << 8) | bytes[at + 1]!;
}

function word4(bytes: Uint8Array, at: number): number {
  return (word2(bytes, at) << 16) | word2(bytes, at + 2);
}

/** The bucket of an address: all bits of it reach the ten that count. */
function hash(high: number, low: number): number {
  const mixed = Math.imul(low ^ Math.imul(high, 0x9e3779b1), 0x85ebca6b);
  return (mixed ^ (mixed >>> 15)) & (NM_BDG_HASH - 1);
}
