/**
 * The kernel's own stack on one lcore, as far as it takes what SLOWPATH_PACKET gives it: an skb for the frame, the
 * backlog queue of netif_rx, and the softirq that takes it from there up to where it ends. What is sent up here is
 * what the fast path may not forward, so it ends with the reason for which the kernel drops it (ip_rcv, ip_forward).
 *
 * Source: Linux net/core/dev.c (netif_rx, process_backlog), net/ipv4/ip_input.c.
 */
import { ETHERNET_HEADER_BYTES, etherType } from "../../core/packet/ethernet.ts";
import { checkFrame } from "../../core/packet/router.ts";
import { REASON, type Reason } from "../../core/policy.ts";
import type { Cpu, Env } from "../../core/stack.ts";
import type { PsCosts } from "./costs.ts";

const ETHERTYPE_IPV6 = 0x86dd;
/** Where the hop limit lies in a frame of IPv6. */
const HOP_LIMIT_AT = ETHERNET_HEADER_BYTES + 7;

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
  readonly #backlog: number[] = [];
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
  netifRx(cpu: Cpu, b: number): boolean {
    const { memory, pool } = this.#env;
    const skb = pool.get(cpu.lcore);
    if (skb < 0) return false;
    memory.copy(b, skb);
    this.#backlog.push(skb);
    cpu.wake(this.softirq);
    return true;
  }

  #processBacklog(cpu: Cpu): number {
    const { memory, drop } = this.#env;
    const batch = this.#backlog.splice(0, WEIGHT);
    cpu.charge(batch.length * this.#costs.hostStack);
    for (const skb of batch) {
      this.processed++;
      const reason = reasonOf(memory.bytes, memory.offset[skb]!, memory.length[skb]!);
      if (reason === REASON["not-ip"]) this.noHandler++;
      else this.inHdrErrors++;
      drop(cpu, skb, reason);
    }
    if (this.#backlog.length === 0) cpu.sleep();
    return batch.length;
  }
}

/** Why the kernel forwards a frame no further: it speaks both versions (ip_forward, ip6_forward). */
function reasonOf(bytes: Uint8Array, at: number, length: number): Reason {
  if (etherType(bytes, at) !== ETHERTYPE_IPV6) return checkFrame(bytes, at, length);
  return bytes[at + HOP_LIMIT_AT]! <= 1 ? REASON.ttl : REASON["not-ip"];
}
