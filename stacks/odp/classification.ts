/**
 * The classifier: every received packet gets a class of service (`odp_cos_t`), which names its queue and its pool.
 * A packet with an error gets the error CoS; any other starts at the interface's default CoS and follows rules from
 * there, always the first that matches, until none does. A class with a pool of its own has the packet copied into
 * it, so that what piles up in one class cannot take the buffers of another.
 *
 * Source: platform/linux-generic/odp_classification.c (cls_select_cos, match_pmr_cos).
 */
import { ETHERNET_HEADER_BYTES, RSS_KEY_MICROSOFT, Toeplitz } from "../../core/packet/mod.ts";
import type { Mempool } from "../../core/memory/mempool.ts";
import { REASON } from "../../core/policy.ts";
import type { Cpu } from "../../core/stack.ts";
import type { ClsWitness } from "./cls_witness.ts";
import type { Odp } from "./odp.ts";
import type { Pktio } from "./pktio.ts";
import { pmrMatches, type PmrTerm } from "./pmr.ts";
import type { OdpQueue } from "./queue.ts";

/** A class of service with what it counts (`odp_cls_cos_stats`, `odp_cls_queue_stats`). */
export interface Cos {
  readonly index: number;
  readonly name: string;
  /** Whether packets end here (ODP_COS_ACTION_DROP). */
  readonly drop: boolean;
  /** One queue, or a group of them by hash. */
  readonly queues: readonly OdpQueue[];
  /** Its own pool; null: packets stay where they were received. */
  readonly pool: Mempool | null;
  readonly poolPlace: number;
  /** Rules that lead on from here. */
  readonly rules: { readonly to: number; readonly terms: readonly PmrTerm[] }[];
  packets: number;
  octets: number;
  /** Packets lost here: no buffer in the pool, no room in the queue; and the former alone. */
  discards: number;
  poolDiscards: number;
  /** Packets that its action dropped. */
  dropped: number;
}

/** Bytes of the hash's input: both addresses and both ports. */
const HASH_BYTES = 12;
/** Steps of a chain of rules, at most: as many as there are classes, since rules lead nowhere twice. */
export const COS_MAX = 64;

/** The classes that packets of one interface can get. */
export class Classifier {
  readonly cos: readonly Cos[];
  readonly defaultCos: Cos;
  readonly errorCos: Cos | null;
  readonly #odp: Odp;
  readonly #witness: ClsWitness;
  readonly #hash = new Toeplitz(RSS_KEY_MICROSOFT, HASH_BYTES);
  readonly #tuple = new Uint8Array(HASH_BYTES);
  readonly #one = new Int32Array(1);

  constructor(
    odp: Odp,
    cos: readonly Cos[],
    defaultCos: Cos,
    errorCos: Cos | null,
    witness: ClsWitness,
  ) {
    this.#odp = odp;
    this.cos = cos;
    this.defaultCos = defaultCos;
    this.errorCos = errorCos;
    this.#witness = witness;
  }

  /** Classifies the `n` packets of a burst: each ends in a queue, or is lost. */
  input(cpu: Cpu, pktio: Pktio, burst: Int32Array, n: number): void {
    const { meta, costs, env } = this.#odp;
    cpu.charge(n * (costs.parse + costs["cls.packet"]));
    for (let i = 0; i < n; i++) {
      const b = burst[i]!;
      const error = meta.parse(b);
      if (error !== REASON.none && this.errorCos === null) {
        pktio.in.errors++;
        // behind a tag there is no IPv4 packet for who does not take tags, a broken one as little as a right one
        env.drop(cpu, b, meta.l3[b]! > ETHERNET_HEADER_BYTES ? REASON["not-ip"] : error);
        continue;
      }
      const cos = error === REASON.none ? this.#select(cpu, b) : this.errorCos!;
      this.#witness.classified(pktio.index, b, cos.index);
      this.#deliver(cpu, pktio, cos, b);
    }
  }

  /** The class that the rules lead to. */
  #select(cpu: Cpu, b: number): Cos {
    const { memory, meta, costs } = this.#odp;
    let cos = this.defaultCos;
    for (let step = 0; step < COS_MAX; step++) {
      let next = -1;
      for (const { to, terms } of cos.rules) {
        cpu.charge(costs["cls.rule"]);
        if (!pmrMatches(memory, meta, b, terms)) continue;
        next = to;
        break;
      }
      if (next < 0) return cos;
      cos = this.cos[next]!;
    }
    return cos;
  }

  #deliver(cpu: Cpu, pktio: Pktio, cos: Cos, received: number): void {
    const { env, memory } = this.#odp;
    if (cos.drop) {
      cos.dropped++;
      env.drop(cpu, received, REASON.other);
      return;
    }
    const b = cos.pool === null ? received : this.#copy(cpu, cos.pool, received);
    if (b < 0) {
      cos.poolDiscards++;
      cos.discards++;
      pktio.in.discards++;
      env.drop(cpu, received, REASON["no-buffer"], cos.poolPlace, cos.pool!.size);
      return;
    }
    const length = memory.length[b]!;
    const queue = this.#queueOf(cos, b);
    this.#one[0] = b;
    if (pktio.enqueue(cpu, queue, this.#one, 0, 1) === 0) cos.discards++;
    else {
      cos.packets++;
      cos.octets += length;
    }
  }

  /** Copies a packet to the pool of its class and frees the original; -1 when the pool is empty. */
  #copy(cpu: Cpu, pool: Mempool, from: number): number {
    const { memory, meta, costs } = this.#odp;
    const to = pool.get(cpu.lcore);
    if (to < 0) return -1;
    cpu.charge(costs["copy.line"] * Math.ceil(memory.length[from]! / 64));
    memory.copy(from, to);
    meta.copy(from, to);
    this.#odp.free(cpu, from);
    return to;
  }

  /** The queue of a group by the hash of the packet's flow. */
  #queueOf(cos: Cos, b: number): OdpQueue {
    const { queues } = cos;
    if (queues.length === 1) return queues[0]!;
    const { memory: { bytes, offset }, meta } = this.#odp;
    const frame = offset[b]!;
    const ip = frame + meta.l3[b]!;
    const tuple = this.#tuple.fill(0);
    if (meta.type[b] === 0x0800) {
      for (let i = 0; i < 8; i++) tuple[i] = bytes[ip + 12 + i]!;
      const protocol = bytes[ip + 9];
      const l4 = meta.l4[b]!;
      if (l4 > 0 && (protocol === 6 || protocol === 17)) {
        for (let i = 0; i < 4; i++) tuple[8 + i] = bytes[frame + l4 + i]!;
      }
    }
    const queue = queues[this.#hash.hash(tuple, 0, HASH_BYTES) % queues.length]!;
    this.#witness.hashed(cos.index, b, queue.index);
    return queue;
  }
}
