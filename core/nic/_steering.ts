/**
 * Which queue a received packet goes to: by its hash and the redirection table (RSS), where what is not IPv4 goes to
 * queue 0; or by its destination address, where those have queues (VMDq). A packet is classified on the way.
 *
 * Source: Intel 82599 data sheet, 7.1.2.2 (VMDq) and 7.1.2.8 (RSS).
 */
import { FLAG, type Memory } from "../memory/memory.ts";
import { dstMac, etherType, ETHERTYPE_IPV4 } from "../packet/ethernet.ts";
import { fillReta, retaQueue } from "../packet/reta.ts";
import { rssHashIpv4, type Toeplitz } from "../packet/toeplitz.ts";

/** Entries of the redirection table (82599: 128). */
const RETA_SIZE = 128;
const ETHERNET_HEADER_BYTES = 14;

/** How one NIC chooses among its receive queues. */
export class Steering {
  /** Which queue an RSS hash leads to. */
  readonly reta: Uint8Array = new Uint8Array(RETA_SIZE);
  /** The hash under the key that a driver has written (82599: RSSRK), or undefined: the default key. */
  rss: Toeplitz | undefined = undefined;
  readonly #memory: Memory;
  #queues = 1;
  /** Queue of each destination address; null where hashes choose. Others go to queue 0. */
  #pools: Map<number, number> | null = null;

  /** One queue, until `reset` says otherwise. */
  constructor(memory: Memory) {
    this.#memory = memory;
  }

  /** So many queues, which hashes lead to in turn. */
  reset(queues: number): void {
    this.#queues = queues;
    this.#pools = null;
    this.rss = undefined;
    fillReta(this.reta, queues);
  }

  /** From now on addresses choose, and this one leads to `queue`. */
  pool(mac: number, queue: number): void {
    (this.#pools ??= new Map()).set(mac, queue);
  }

  /** Classifies the packet in an ingress buffer; answers its queue. */
  queueOf(b: number): number {
    const { bytes, offset, flags, hash } = this.#memory;
    const at = offset[b]!;
    const isIpv4 = etherType(bytes, at) === ETHERTYPE_IPV4;
    if (isIpv4) flags[b] = FLAG.ipv4;
    if (this.#pools !== null) return this.#pools.get(dstMac(bytes, at)) ?? 0;
    if (!isIpv4 || this.#queues === 1) return 0;
    if (hash[b] === 0) hash[b] = rssHashIpv4(bytes, at + ETHERNET_HEADER_BYTES, this.rss);
    return retaQueue(this.reta, hash[b]!);
  }
}
