/**
 * The operating system's network stack as a host sees it: answers ARP requests and pings for its addresses, takes
 * nothing else. It is what a NIC is attached to while nobody has it in netmap mode, and what the host rings lead
 * to while somebody has.
 *
 * Source: RFC 826; RFC 1122, 3.2.2.6 (echo reply); Linux net/ipv4/icmp.c, net/ipv4/arp.c for the order of steps.
 */
import type { LinuxCosts } from "../../core/linux/costs.ts";
import type { SkbReceiver } from "../../core/linux/ixgbe_rx.ts";
import {
  ARP_REPLY,
  ARP_REQUEST,
  arpOperation,
  arpSenderIpv4,
  arpSenderMac,
  arpTargetIpv4,
  checkArp,
  checkFrame,
  computeIcmpChecksum,
  copyMac,
  ETHERNET_HEADER_BYTES,
  etherType,
  ETHERTYPE_ARP,
  fillIpv4Checksum,
  ICMP_ECHO_REPLY,
  ICMP_ECHO_REQUEST,
  icmpType,
  ipv4Dst,
  ipv4HeaderLength,
  ipv4Protocol,
  ipv4Src,
  ipv4TotalLength,
  readMac,
  setArpOperation,
  setArpSenderIpv4,
  setArpSenderMac,
  setArpTargetIpv4,
  setArpTargetMac,
  setIcmpChecksum,
  setIcmpType,
  setIpv4Dst,
  setIpv4Src,
  setIpv4Ttl,
} from "../../core/packet/mod.ts";
import { REASON } from "../../core/policy.ts";
import type { Cpu, Env } from "../../core/stack.ts";

const ICMP = 1;
const TTL = 64;

/** A host with one address for each port. */
export class OsStack implements SkbReceiver {
  /** Frames taken, answers to ARP and to pings. */
  received = 0;
  arpReplies = 0;
  echoReplies = 0;
  /** How a port sends at present; the skb is not the caller's any more. */
  readonly transmit: ((cpu: Cpu, skb: number) => void)[] = [];
  readonly #env: Env;
  readonly #costs: LinuxCosts;
  readonly #addresses: readonly number[];

  constructor(env: Env, costs: LinuxCosts, addresses: readonly number[]) {
    this.#env = env;
    this.#costs = costs;
    this.#addresses = addresses;
  }

  receive(cpu: Cpu, skb: number, port: number): void {
    const { memory } = this.#env;
    cpu.charge(this.#costs.netifReceive);
    this.received++;
    const at = memory.offset[skb]!;
    const type = etherType(memory.bytes, at);
    const answered = type === ETHERTYPE_ARP
      ? this.#arp(cpu, skb, at, port)
      : this.#echo(cpu, skb, at, port);
    if (answered) return;
    cpu.charge(this.#costs.skbFree);
    this.#env.drop(cpu, skb, REASON["not-for-us"]);
  }

  flush(): void {}

  #arp(cpu: Cpu, skb: number, at: number, port: number): boolean {
    const { bytes, length } = this.#env.memory;
    const arp = at + ETHERNET_HEADER_BYTES;
    const mine = this.#addresses[port]!;
    if (!checkArp(bytes, arp, length[skb]! - ETHERNET_HEADER_BYTES)) return false;
    if (arpOperation(bytes, arp) !== ARP_REQUEST || arpTargetIpv4(bytes, arp) !== mine) {
      return false;
    }
    const [asker, mac] = [arpSenderIpv4(bytes, arp), arpSenderMac(bytes, arp)];
    setArpOperation(bytes, arp, ARP_REPLY);
    setArpTargetMac(bytes, arp, mac);
    setArpTargetIpv4(bytes, arp, asker);
    setArpSenderMac(bytes, arp, readMac(this.#env.neighbours.portMac, port * 6));
    setArpSenderIpv4(bytes, arp, mine);
    this.arpReplies++;
    this.#answer(cpu, skb, at, port);
    return true;
  }

  #echo(cpu: Cpu, skb: number, at: number, port: number): boolean {
    const { bytes, length } = this.#env.memory;
    cpu.charge(this.#costs.ipRcv);
    const ip = at + ETHERNET_HEADER_BYTES;
    const reason = checkFrame(bytes, at, length[skb]!);
    // to the host itself a TTL of 1 is as good as any
    if (reason !== REASON.none && reason !== REASON.ttl) return false;
    if (ipv4Dst(bytes, ip) !== this.#addresses[port] || ipv4Protocol(bytes, ip) !== ICMP) {
      return false;
    }
    const icmp = ip + ipv4HeaderLength(bytes, ip);
    if (icmpType(bytes, icmp) !== ICMP_ECHO_REQUEST) return false;
    setIpv4Dst(bytes, ip, ipv4Src(bytes, ip));
    setIpv4Src(bytes, ip, this.#addresses[port]!);
    setIpv4Ttl(bytes, ip, TTL);
    fillIpv4Checksum(bytes, ip);
    setIcmpType(bytes, icmp, ICMP_ECHO_REPLY);
    const size = ipv4TotalLength(bytes, ip) - ipv4HeaderLength(bytes, ip);
    setIcmpChecksum(bytes, icmp, computeIcmpChecksum(bytes, icmp, size));
    this.echoReplies++;
    this.#answer(cpu, skb, at, port);
    return true;
  }

  /** Sends a reply that was written over the request: the request has met its fate. */
  #answer(cpu: Cpu, skb: number, at: number, port: number): void {
    const { memory, neighbours } = this.#env;
    copyMac(memory.bytes, at + 6, memory.bytes, at);
    copyMac(neighbours.portMac, port * 6, memory.bytes, at + 6);
    this.#env.end(cpu, skb, REASON.consumed);
    this.#env.originate(skb);
    this.transmit[port]!(cpu, skb);
  }
}
