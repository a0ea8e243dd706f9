/**
 * The path of one packet through the stack on one lcore, from netif_receive_skb to dev_queue_xmit: protocol,
 * pkt_type, ip_rcv, route, ip_forward, neighbour, queueing discipline. Runs to completion for each packet, in
 * the softirq that received it; nothing waits on the way but in a queueing discipline.
 *
 * Source: Linux net/core/dev.c, net/ethernet/eth.c (eth_type_trans), net/ipv4.
 */
import type { LcTrie } from "../../core/fib/lc_trie.ts";
import type { Softnet } from "../../core/host/softirq.ts";
import {
  equalMac,
  ETHERNET_HEADER_BYTES,
  etherType,
  ETHERTYPE_IPV4,
} from "../../core/packet/mod.ts";
import { ipv4Dst } from "../../core/packet/mod.ts";
import { REASON, type Reason } from "../../core/policy.ts";
import type { Cpu, Env } from "../../core/stack.ts";
import type { LinuxCosts } from "./costs.ts";
import { ipForward } from "./ip_forward.ts";
import { fibCycles, ipRcv, ipRouteInput } from "./ip_rcv.ts";
import type { SkbReceiver } from "./ixgbe_rx.ts";
import type { IpMib } from "./mib.ts";
import type { NeighTable } from "./neigh.ts";
import type { PfifoFast } from "./qdisc.ts";

/** The protocol layers as one lcore runs them. */
export class NetifReceive implements SkbReceiver {
  /** Frames of a protocol that nobody registered for (rx_nohandler). */
  noHandler = 0;
  /** Frames for another host (pkt_type PACKET_OTHERHOST), and group frames, which are not forwarded. */
  otherHost = 0;
  /** Skbs freed because their packet was not forwarded; what a qdisc drops is in `tc`. */
  freed = 0;
  /** Queueing discipline of this lcore's transmit queue on each port. */
  readonly qdiscs: PfifoFast[] = [];
  readonly #env: Env;
  readonly #softnet: Softnet;
  readonly #costs: LinuxCosts;
  readonly #neigh: NeighTable;
  readonly #mib: IpMib;
  readonly #fib: LcTrie;

  constructor(
    env: Env,
    softnet: Softnet,
    costs: LinuxCosts,
    parts: { fib: LcTrie; neigh: NeighTable; mib: IpMib },
  ) {
    const { fib, neigh, mib } = parts;
    this.#env = env;
    this.#fib = fib;
    this.#softnet = softnet;
    this.#costs = costs;
    this.#neigh = neigh;
    this.#mib = mib;
  }

  receive(cpu: Cpu, skb: number, port: number): void {
    this.#softnet.stat.processed++;
    cpu.charge(this.#costs.netifReceive);
    const reason = this.#forward(cpu, skb, port);
    if (reason === REASON.none) return;
    // kfree_skb with the reason that the tracepoint skb:kfree_skb shows
    this.freed++;
    cpu.charge(this.#costs.skbFree);
    this.#env.drop(cpu, skb, reason);
  }

  /** Answers why the packet is not forwarded, or none when a queueing discipline has it. */
  #forward(cpu: Cpu, skb: number, port: number): Reason {
    const { memory, neighbours } = this.#env;
    const fib = this.#fib;
    const costs = this.#costs;
    const bytes = memory.bytes;
    const at = memory.offset[skb]!;
    const ip = at + ETHERNET_HEADER_BYTES;
    if (etherType(bytes, at) !== ETHERTYPE_IPV4) {
      this.noHandler++;
      return REASON["not-ip"];
    }
    cpu.charge(costs.ipRcv);
    if (!equalMac(bytes, at, neighbours.portMac, port * 6)) {
      this.otherHost++;
      return REASON["not-for-us"];
    }
    const bad = ipRcv(bytes, ip, memory.length[skb]! - ETHERNET_HEADER_BYTES, this.#mib);
    if (bad !== REASON.none) return bad;
    cpu.charge(fibCycles(fib, ipv4Dst(bytes, ip), costs));
    const nextHop = ipRouteInput(bytes, ip, fib, this.#mib);
    if (nextHop < 0) return REASON["no-route"];
    cpu.charge(costs.ipForward);
    const spent = ipForward(bytes, ip, this.#mib);
    if (spent !== REASON.none) return spent;
    cpu.charge(costs.neigh + costs.qdisc);
    const egress = this.#neigh.output(nextHop, bytes, at);
    this.qdiscs[egress]!.enqueue(cpu, skb);
    return REASON.none;
  }
}
