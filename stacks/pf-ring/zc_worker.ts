/**
 * The balancer of a ZC cluster (pfring_zc_run_balancer, pfring_zc_run_fanout): a thread that reads channels in turn,
 * asks a distribution function where each packet goes and pushes its handle to the queues of consumers. A balancer
 * gives it to one queue, and what finds that full is lost there, however much room others have, unless the function
 * is told to look for another (round robin with `relaxed`). A fan-out gives it to all queues of a mask: one buffer
 * that the last consumer to be done with it keeps.
 *
 * Source: PF_RING 8.9.0, userland/lib/pfring_zc.h (pfring_zc_distribution_func, pfring_zc_worker);
 * userland/examples_zc/zbalance_ipc.c.
 */
import { REASON } from "../../core/policy.ts";
import type { Cpu, Env } from "../../core/stack.ts";
import type { ZcCluster, ZcHandles } from "./zc_cluster.ts";
import type { ZcChannel } from "./zc_channel.ts";
import { clusterHash } from "./cluster_hash.ts";
import { ParsedPkt } from "./parse_pkt.ts";
import type { ZcQueue } from "./zc_queue.ts";

/** Where packets go (zbalance_ipc -m): in turn, by the sum of their addresses, or to every queue. */
export type ZcDistribution = "round-robin" | "ip-hash" | "fan-out";

/** The worker. */
export class ZcWorker {
  /** Packets read. */
  recv = 0;
  /** Packets that were lost at a full queue. */
  dropped = 0;
  readonly #env: Env;
  readonly #cluster: ZcCluster;
  readonly #handles: ZcHandles;
  readonly #queues: readonly ZcQueue[];
  readonly #distribution: ZcDistribution;
  readonly #relaxed: boolean;
  readonly #parsed = new ParsedPkt();
  #turn = 0;

  /** @param relaxed whether round robin looks for a queue with room */
  constructor(
    cluster: ZcCluster,
    handles: ZcHandles,
    queues: readonly ZcQueue[],
    distribution: ZcDistribution,
    relaxed: boolean,
  ) {
    this.#env = cluster.env;
    this.#cluster = cluster;
    this.#handles = handles;
    this.#queues = queues;
    this.#distribution = distribution;
    this.#relaxed = relaxed;
  }

  /** One burst of a channel; answers how many packets it had. */
  poll(cpu: Cpu, device: ZcChannel): number {
    const handles = this.#handles;
    const room = handles.fill(cpu.lcore);
    const n = device.recvBurst(cpu, handles, room);
    this.recv += n;
    for (let i = 0; i < n; i++) {
      if (this.#distribution === "fan-out") this.#fanOut(cpu, i);
      else this.#balance(cpu, i);
    }
    return n;
  }

  #balance(cpu: Cpu, i: number): void {
    const queues = this.#queues;
    const inTurn = this.#distribution === "round-robin";
    const first = inTurn ? this.#turn++ % queues.length : this.#hashed(i);
    const tries = inTurn && this.#relaxed ? queues.length : 1;
    for (let k = 0; k < tries; k++) {
      if (queues[(first + k) % queues.length]!.push(cpu, this.#handles, i)) return;
    }
    this.dropped++;
    const { place, length } = queues[(first + tries - 1) % queues.length]!;
    // a slot that is being emptied is as full as any other to the producer
    this.#handles.drop(cpu, i, REASON["ring-full"], place, length);
  }

  #hashed(i: number): number {
    const { memory } = this.#env;
    const b = this.#handles.buffer[i]!;
    this.#parsed.parse(memory.bytes, memory.offset[b]!, memory.length[b]!);
    return clusterHash("per_flow_2_tuple", this.#parsed) % this.#queues.length;
  }

  /** One buffer in several queues; each gives an empty one for it, of which one takes the handle's place. */
  #fanOut(cpu: Cpu, i: number): void {
    const handles = this.#handles;
    const { pool, env: { memory } } = this.#cluster;
    const packet = handles.buffer[i]!;
    let shown = 0;
    let spare = -1;
    for (const queue of this.#queues) {
      handles.buffer[i] = packet;
      if (!queue.push(cpu, handles, i)) {
        this.dropped++;
        continue;
      }
      shown++;
      if (spare >= 0) pool.put(cpu.lcore, spare);
      spare = handles.buffer[i]!;
    }
    handles.buffer[i] = packet;
    if (shown === 0) {
      const { place, length } = this.#queues[0]!;
      return handles.drop(cpu, i, REASON["ring-full"], place, length);
    }
    memory.references[packet] = shown;
    handles.buffer[i] = spare;
  }
}
