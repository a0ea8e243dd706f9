/**
 * What is addressed to a port itself: it is delivered and not forwarded, and an echo request is answered, as a kernel
 * does without any process. The reply has the request's data, goes back from the address that was asked, and is routed
 * like any other packet. Group addresses, fragments and wrong checksums get no answer.
 *
 * Source: Linux net/ipv4/ip_input.c (ip_local_deliver), net/ipv4/icmp.c (icmp_echo); RFC 1122, 3.2.2.6; RFC 1812, 4.3.3.6.
 */
import type { LcTrie } from "../fib/lc_trie.ts";
import {
  computeIcmpChecksum,
  ETHERNET_HEADER_BYTES,
  fillIpv4Checksum,
  ICMP_ECHO_REPLY,
  ICMP_ECHO_REQUEST,
  ICMP_HEADER_BYTES,
  icmpType,
  IPV4_HEADER_BYTES,
  ipv4Dst,
  ipv4HeaderLength,
  ipv4Protocol,
  ipv4Src,
  ipv4TotalLength,
  isIpv4Fragment,
  PROTOCOL_ICMP,
  setIcmpChecksum,
  setIcmpType,
  setIpv4Dst,
  setIpv4Src,
  setIpv4TotalLength,
  verifyIcmpChecksum,
} from "../packet/mod.ts";
import type { Cpu, Env } from "../stack.ts";
import type { LinuxCosts } from "./costs.ts";
import { fibCycles } from "./kernel_fib.ts";
import type { IpMib } from "./mib.ts";

/** net.ipv4.ip_default_ttl. */
const IP_DEFAULT_TTL = 64;

/** Local delivery for all lcores. */
export class IcmpEcho {
  /** Next hop of the reply that `deliver` made last. */
  nextHop = -1;
  readonly #env: Env;
  readonly #costs: LinuxCosts;
  readonly #fib: LcTrie;
  readonly #mib: IpMib;
  readonly #addresses: readonly number[];

  /** @param addresses IPv4 address of each port; without any nothing is ours */
  constructor(
    env: Env,
    costs: LinuxCosts,
    parts: { fib: LcTrie; mib: IpMib },
    addresses: readonly number[],
  ) {
    this.#env = env;
    this.#costs = costs;
    this.#fib = parts.fib;
    this.#mib = parts.mib;
    this.#addresses = addresses;
  }

  /** Whether an address is one of a port (the local table). */
  isOurs(address: number): boolean {
    return this.#addresses.includes(address);
  }

  /** Delivers the packet in `skb`, whose header is right; answers a skb with the reply but for its Ethernet header, or -1. */
  deliver(cpu: Cpu, skb: number): number {
    const { memory, pool } = this.#env;
    const { bytes } = memory;
    this.#mib.inDelivers++;
    const ip = memory.offset[skb]! + ETHERNET_HEADER_BYTES;
    if (!isRequest(bytes, ip)) return -1;
    this.#mib.icmpInEchos++;
    const host = ipv4Src(bytes, ip);
    cpu.charge(fibCycles(this.#fib, host, this.#costs));
    this.nextHop = this.#fib.lookup(host);
    const answer = this.nextHop < 0 ? -1 : pool.get(cpu.lcore);
    if (answer < 0) return -1;
    cpu.charge(this.#costs.skbAlloc);
    this.#write(ip, answer);
    this.#mib.outRequests++;
    this.#mib.icmpOutEchoReps++;
    this.#env.originate(answer);
    return answer;
  }

  #write(ip: number, answer: number): void {
    const { memory } = this.#env;
    const { bytes } = memory;
    const own = memory.offset[answer]! + ETHERNET_HEADER_BYTES;
    const icmp = own + IPV4_HEADER_BYTES;
    const header = ipv4HeaderLength(bytes, ip);
    const length = ipv4TotalLength(bytes, ip) - header;
    memory.copyWithin(ip, own, IPV4_HEADER_BYTES);
    memory.copyWithin(ip + header, icmp, length);
    bytes[own] = 0x45;
    bytes[own + 8] = IP_DEFAULT_TTL;
    setIpv4TotalLength(bytes, own, IPV4_HEADER_BYTES + length);
    setIpv4Src(bytes, own, ipv4Dst(bytes, ip));
    setIpv4Dst(bytes, own, ipv4Src(bytes, ip));
    fillIpv4Checksum(bytes, own);
    setIcmpType(bytes, icmp, ICMP_ECHO_REPLY);
    setIcmpChecksum(bytes, icmp, computeIcmpChecksum(bytes, icmp, length));
    memory.length[answer] = ETHERNET_HEADER_BYTES + IPV4_HEADER_BYTES + length;
  }
}

/** Whether the packet at `ip` is an echo request that may be answered. */
function isRequest(bytes: Uint8Array, ip: number): boolean {
  if (ipv4Protocol(bytes, ip) !== PROTOCOL_ICMP || isIpv4Fragment(bytes, ip)) return false;
  const header = ipv4HeaderLength(bytes, ip);
  const length = ipv4TotalLength(bytes, ip) - header;
  const src = ipv4Src(bytes, ip) >>> 24;
  if (length < ICMP_HEADER_BYTES || src === 0 || src === 127 || src >= 224) return false;
  return icmpType(bytes, ip + header) === ICMP_ECHO_REQUEST &&
    verifyIcmpChecksum(bytes, ip + header, length);
}
