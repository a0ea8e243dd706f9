/**
 * The path of one packet through the stack on one lcore, from napi_gro_receive to dev_queue_xmit: taps, protocol,
 * pkt_type, ip_rcv, route, ip_forward, neighbour, queueing discipline. Runs to completion for each packet, in
 * the softirq that received it; nothing waits on the way but for a neighbour, or in a queueing discipline. What
 * cannot be forwarded is dropped with a reason, and its sender told where RFC 1812 asks for it.
 *
 * Source: Linux net/core/dev.c, net/ethernet/eth.c (eth_type_trans), net/ipv4.
 */
import type { LcTrie } from "../fib/lc_trie.ts";
import type { Softnet } from "../host/softirq.ts";
import {
  equalMac,
  ETHERNET_HEADER_BYTES,
  etherType,
  ETHERTYPE_ARP,
  ETHERTYPE_IPV4,
  ICMP_TIME_EXCEEDED,
  ICMP_UNREACHABLE,
  ipv4Dst,
} from "../packet/mod.ts";
import { REASON, type Reason } from "../policy.ts";
import type { Cpu, Env } from "../stack.ts";
import type { LinuxCosts } from "./costs.ts";
import { Gro } from "./gro.ts";
import { gsoSegment } from "./gso.ts";
import type { IcmpEcho } from "./icmp_echo.ts";
import { type Icmp, ICMP_FRAG_NEEDED, ICMP_HOST_UNREACH, ICMP_NET_UNREACH } from "./icmp_send.ts";
import { ipForward } from "./ip_forward.ts";
import { ipRcv, ipRouteInput } from "./ip_rcv.ts";
import type { SkbReceiver } from "./ixgbe_rx.ts";
import { fibCycles } from "./kernel_fib.ts";
import type { IpMib } from "./mib.ts";
import type { NeighOutput, NeighTable } from "./neigh.ts";
import type { PfifoFast } from "./qdisc.ts";
import type { PacketType } from "./tap.ts";

/** What sysctl changes (net.ipv4). */
export interface Sysctl {
  ipForward: boolean;
}

/** What the layers of all lcores share. */
export interface IpLayer {
  readonly fib: LcTrie;
  readonly neigh: NeighTable;
  readonly icmp: Icmp;
  readonly echo: IcmpEcho;
  readonly mib: IpMib;
  readonly sysctl: Sysctl;
  readonly mtu: number;
  readonly gro: boolean;
}

/** The protocol layers as one lcore runs them. */
export class NetifReceive implements SkbReceiver, NeighOutput {
  /** Frames of a protocol that nobody registered for (rx_nohandler). */
  noHandler = 0;
  /** Frames for another host (pkt_type PACKET_OTHERHOST), and group frames, which are not forwarded. */
  otherHost = 0;
  /** Frames of ARP, which end here. */
  arp = 0;
  /** Skbs freed because their packet was not forwarded; what a qdisc drops is in `tc`. */
  freed = 0;
  /** Queueing discipline of this lcore's transmit queue on each port. */
  readonly qdiscs: PfifoFast[] = [];
  readonly #taps: readonly PacketType[];
  readonly gro: Gro | null;
  readonly #env: Env;
  readonly #softnet: Softnet;
  readonly #costs: LinuxCosts;
  readonly #ip: IpLayer;

  constructor(
    env: Env,
    softnet: Softnet,
    costs: LinuxCosts,
    ip: IpLayer,
    taps: readonly PacketType[] = [],
  ) {
    this.#env = env;
    this.#softnet = softnet;
    this.#costs = costs;
    this.#ip = ip;
    this.#taps = taps;
    this.gro = ip.gro
      ? new Gro(env.memory, (cpu, skb, port) => this.#deliver(cpu, skb, port))
      : null;
  }

  receive(cpu: Cpu, skb: number, port: number): void {
    cpu.charge(this.#costs.netifReceive);
    if (this.gro === null) this.#deliver(cpu, skb, port);
    else this.gro.receive(cpu, skb, port);
  }

  flush(cpu: Cpu): void {
    if (this.gro !== null) this.gro.flush(cpu);
  }

  #deliver(cpu: Cpu, skb: number, port: number): void {
    this.#softnet.stat.processed++;
    for (const tap of this.#taps) tap.see(cpu, skb, port, "rx");
    const reason = this.#receive(cpu, skb, port);
    if (reason !== REASON.none) this.#free(cpu, skb, reason);
  }

  /** kfree_skb with the reason that the tracepoint skb:kfree_skb shows. */
  #free(cpu: Cpu, skb: number, reason: Reason, place = -1, occupancy = -1): void {
    const { next } = this.#env.memory;
    for (let one = skb, rest = next[skb]!; one >= 0; one = rest) {
      rest = next[one]!;
      next[one] = -1;
      this.freed++;
      cpu.charge(this.#costs.skbFree);
      this.#env.drop(cpu, one, reason, place, occupancy);
    }
  }

  /** Answers why the packet is not forwarded, or none when a neighbour or a queueing discipline has it. */
  #receive(cpu: Cpu, skb: number, port: number): Reason {
    const { memory, neighbours } = this.#env;
    const { mib } = this.#ip;
    const { bytes } = memory;
    const at = memory.offset[skb]!;
    const ip = at + ETHERNET_HEADER_BYTES;
    const type = etherType(bytes, at);
    if (type === ETHERTYPE_ARP && this.#ip.neigh.asks) {
      this.arp++;
      this.#ip.neigh.receive(cpu, skb, port, this);
      return REASON["not-ip"];
    }
    if (type !== ETHERTYPE_IPV4) {
      this.noHandler++;
      return REASON["not-ip"];
    }
    cpu.charge(this.#costs.ipRcv);
    if (!equalMac(bytes, at, neighbours.portMac, port * 6)) {
      this.otherHost++;
      return REASON["not-for-us"];
    }
    const bad = ipRcv(bytes, ip, memory.length[skb]! - ETHERNET_HEADER_BYTES, mib);
    return bad !== REASON.none ? bad : this.#forward(cpu, skb, ip);
  }

  #forward(cpu: Cpu, skb: number, ip: number): Reason {
    const { bytes } = this.#env.memory;
    const { fib, mib, mtu, sysctl, echo } = this.#ip;
    const costs = this.#costs;
    cpu.charge(fibCycles(fib, ipv4Dst(bytes, ip), costs));
    if (echo.isOurs(ipv4Dst(bytes, ip))) {
      const reply = echo.deliver(cpu, skb);
      if (reply >= 0) this.#output(cpu, reply, echo.nextHop);
      return REASON.consumed;
    }
    if (!sysctl.ipForward) {
      // no address of ours (ip_error): a host says nothing about what it does not forward
      mib.inAddrErrors++;
      return REASON["not-for-us"];
    }
    const nextHop = ipRouteInput(bytes, ip, fib, mib);
    if (nextHop < 0) {
      this.#tell(cpu, skb, ICMP_UNREACHABLE, ICMP_NET_UNREACH, 0);
      return REASON["no-route"];
    }
    cpu.charge(costs.ipForward);
    const refused = ipForward(bytes, ip, mtu, mib);
    if (refused === REASON.ttl) this.#tell(cpu, skb, ICMP_TIME_EXCEEDED, 0, 0);
    if (refused === REASON["too-big"]) {
      this.#tell(cpu, skb, ICMP_UNREACHABLE, ICMP_FRAG_NEEDED, mtu);
    }
    if (refused !== REASON.none) return refused;
    this.#output(cpu, skb, nextHop);
    return REASON.none;
  }

  /** Sends an ICMP error about a packet to its source, if one may be sent. */
  #tell(cpu: Cpu, skb: number, type: number, code: number, rest: number): void {
    const { icmp } = this.#ip;
    const answer = icmp.make(cpu, skb, type, code, rest);
    if (answer >= 0) this.#output(cpu, answer, icmp.nextHop);
  }

  /** ip_finish_output2. */
  #output(cpu: Cpu, skb: number, nextHop: number): void {
    cpu.charge(this.#costs.neigh);
    this.#ip.neigh.output(cpu, skb, nextHop, this);
  }

  xmit(cpu: Cpu, skb: number, port: number): void {
    const { memory } = this.#env;
    const { qdisc, skbAlloc } = this.#costs;
    cpu.charge(qdisc);
    if (memory.next[skb]! < 0) return this.qdiscs[port]!.enqueue(cpu, skb);
    gsoSegment(memory, skb, (segment) => {
      if (segment !== skb) cpu.charge(skbAlloc);
      this.qdiscs[port]!.enqueue(cpu, segment);
    });
  }

  dropWaiting(cpu: Cpu, skb: number, place: number, waiting: number, failed: boolean): void {
    // arp_error_report: a failed neighbour is a host that cannot be reached
    if (failed) this.#tell(cpu, skb, ICMP_UNREACHABLE, ICMP_HOST_UNREACH, 0);
    this.#free(cpu, skb, REASON.unresolved, place, waiting);
  }
}
