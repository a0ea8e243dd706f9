/**
 * The kernel's own stack on one lcore, as far as it takes what SLOWPATH_PACKET gives it: an skb for the frame, the
 * backlog queue of netif_rx, and the softirq that takes it from there up to where it ends. What is sent up here is
 * what the fast path may not forward, so it ends here too, for the cause that the fast path found (ip_rcv, ip_forward).
 *
 * Source: Linux net/core/dev.c (netif_rx, process_backlog), net/ipv4/ip_input.c.
 */
import { REASON, type Reason } from "../../core/policy.ts";
import type { Cpu, Env } from "../../core/stack.ts";
import type { PsCosts } from "./costs.ts";

/** Packets of one run of the softirq (dev_weight). */
const WEIGHT = 64;

/** The host's stack on the lcore of one worker. */
export class HostStack {
  /** Packets taken (softnet_stat processed); those whose TTL was over; not IP; bad otherwise. */
  processed = 0;
  inHdrErrors = 0;
  noHandler = 0;
  readonly #env: Env;
  readonly #costs: PsCosts;
  readonly #backlog: { readonly skb: number; readonly cause: Reason }[] = [];
  /** The context that its lcore gives it. */
  readonly softirq: Cpu;
  readonly lcore: number;

  constructor(env: Env, costs: PsCosts, lcore: number) {
    this.#env = env;
    this.#costs = costs;
    this.lcore = lcore;
    this.softirq = env.spawn(lcore, "softirq", (cpu) => this.#processBacklog(cpu));
  }

  /** Copies the frame of a buffer into an skb and queues it; false when there is no memory for one. */
  netifRx(cpu: Cpu, b: number, cause: Reason): boolean {
    const { memory, pool } = this.#env;
    const skb = pool.get(cpu.lcore);
    if (skb < 0) return false;
    memory.copy(b, skb);
    this.#backlog.push({ skb, cause });
    cpu.wake(this.softirq);
    return true;
  }

  #processBacklog(cpu: Cpu): number {
    const batch = this.#backlog.splice(0, WEIGHT);
    cpu.charge(batch.length * this.#costs.hostStack);
    for (const { skb, cause } of batch) {
      this.processed++;
      if (cause === REASON["not-ip"]) this.noHandler++;
      else this.inHdrErrors++;
      this.#env.drop(cpu, skb, cause);
    }
    if (this.#backlog.length === 0) cpu.sleep();
    return batch.length;
  }
}
