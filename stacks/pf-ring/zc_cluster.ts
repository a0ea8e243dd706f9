/**
 * A ZC cluster (pfring_zc_cluster): all buffers that devices, queues and applications of it use, in hugepages. Whoever
 * opens a device or a queue, and every application, takes its buffers once at the start; from then on a buffer is
 * only ever exchanged for another, so that each holder has as many as it began with. The pool gives one more only
 * where a holder gave one back: an application that has to end a packet itself.
 *
 * Who owns what: `buffer` of a handle that an application holds is its own; those of a ring or queue are its own but
 * for what a device has been given by a doorbell.
 *
 * Source: PF_RING 8.9.0, userland/lib/pfring_zc.h (pfring_zc_create_cluster, pfring_zc_get_packet_handle,
 * pfring_zc_release_packet_handle).
 */
import type { Mempool } from "../../core/memory/mempool.ts";
import type { Reason } from "../../core/policy.ts";
import type { Cpu, Env } from "../../core/stack.ts";

/** What holds buffers of a cluster for good. */
export interface ZcHolder {
  /** As errors and reports call it. */
  readonly name: string;
  /** Buffers that it took when it was opened. */
  readonly entitled: number;
  /** Buffers that it has now, one by one. O(buffers). */
  held(): readonly number[];
}

/** Handles of one application thread (pfring_zc_pkt_buff): where it takes packets into, and what it has in hand. */
export class ZcHandles implements ZcHolder {
  readonly name: string;
  /** Buffer of each handle, -1 where it could not be had back. */
  readonly buffer: Int32Array;
  readonly #cluster: ZcCluster;
  /** Handles without a buffer. */
  missing = 0;

  constructor(cluster: ZcCluster, name: string, count: number) {
    this.name = name;
    this.#cluster = cluster;
    this.buffer = new Int32Array(count).fill(-1);
    this.missing = count;
  }

  get entitled(): number {
    return this.buffer.length;
  }

  held(): readonly number[] {
    return [...this.buffer].filter((b) => b >= 0);
  }

  /** Takes buffers for handles that have none (pfring_zc_get_packet_handle); answers how many have one, from the first. */
  fill(lcore: number): number {
    if (this.missing === 0) return this.buffer.length;
    const { buffer } = this;
    for (let i = 0; i < buffer.length; i++) {
      if (buffer[i]! >= 0) continue;
      const b = this.#cluster.pool.get(lcore);
      if (b < 0) return i;
      buffer[i] = b;
      this.missing--;
    }
    return buffer.length;
  }

  /** Ends the packet of a handle: its buffer goes back, another takes its place (release and get). */
  drop(cpu: Cpu, i: number, reason: Reason, place?: number, occupancy?: number): void {
    this.#cluster.env.drop(cpu, this.buffer[i]!, reason, place, occupancy);
    this.replace(cpu.lcore, i);
  }

  /** The buffer of a handle is gone: another takes its place, at once or at the next `fill`. */
  replace(lcore: number, i: number): void {
    const b = this.#cluster.pool.get(lcore);
    this.buffer[i] = b;
    if (b < 0) this.missing++;
  }
}

/** The buffers and those who hold them. */
export class ZcCluster {
  readonly env: Env;
  readonly pool: Mempool;
  readonly holders: ZcHolder[] = [];

  /**
   * A cluster of `buffers` buffers (tot_num_buffers).
   * @throws {RangeError} when the memory has not so many
   */
  constructor(env: Env, buffers: number) {
    env.configure({ mbufs: buffers });
    this.env = env;
    this.pool = env.pool;
  }

  /** Adds a holder; answers it. */
  join<T extends ZcHolder>(holder: T): T {
    this.holders.push(holder);
    return holder;
  }

  /** Handles for an application thread, all with buffers. */
  handles(name: string, lcore: number, count: number): ZcHandles {
    const handles = this.join(new ZcHandles(this, name, count));
    if (handles.fill(lcore) < count) this.#short(name);
    return handles;
  }

  /**
   * One buffer for a holder that is being opened.
   * @throws {RangeError} when there is none: the cluster was made too small
   */
  take(lcore: number, name: string): number {
    const b = this.pool.get(lcore);
    return b >= 0 ? b : this.#short(name);
  }

  #short(name: string): never {
    throw new RangeError(
      `Cannot open ${name}: the cluster has no buffer left of ${this.pool.size}`,
    );
  }
}
