/**
 * icmp_send: the error message about a packet that is not forwarded. It is routed to the packet's source like any
 * other packet, comes from the address of the port that it leaves by, and quotes as much of the packet as 576
 * bytes hold, or the MTU where that is less. Nothing is said about ICMP errors, later fragments, group addresses, or to
 * a source that is no single host; nor where there is no way back, no memory, or no token left.
 *
 * Source: Linux net/ipv4/icmp.c (icmp_send); RFC 792; RFC 1812, 4.3.2; RFC 1191, 4.
 */
import type { LcTrie } from "../fib/lc_trie.ts";
import {
  computeIcmpChecksum,
  ETHERNET_HEADER_BYTES,
  fillIpv4Checksum,
  ICMP_HEADER_BYTES,
  ICMP_TIME_EXCEEDED,
  ICMP_UNREACHABLE,
  IPV4_HEADER_BYTES,
  ipv4Dst,
  ipv4FragmentOffset,
  ipv4HeaderLength,
  ipv4Protocol,
  ipv4Src,
  ipv4TotalLength,
  PROTOCOL_ICMP,
  setIcmpChecksum,
  setIcmpCode,
  setIcmpRest,
  setIcmpType,
  setIpv4Dst,
  setIpv4Id,
  setIpv4Src,
  setIpv4TotalLength,
} from "../packet/mod.ts";
import type { Cpu, Env } from "../stack.ts";
import type { LinuxCosts } from "./costs.ts";
import { IcmpLimit } from "./icmp_limit.ts";
import { fibCycles } from "./kernel_fib.ts";
import type { IpMib } from "./mib.ts";

/** Codes of "destination unreachable" (RFC 792; RFC 1122, 3.2.2.1). */
export const ICMP_NET_UNREACH = 0;
export const ICMP_HOST_UNREACH = 1;
export const ICMP_FRAG_NEEDED = 4;

/** The longest message (RFC 1812, 4.3.2.3). */
const MESSAGE_MAX = 576;
/** icmp_pointers: types that are errors themselves, and the highest type that the kernel knows. */
const ERROR_TYPES = [ICMP_UNREACHABLE, 4, 5, ICMP_TIME_EXCEEDED, 12];
const NR_ICMP_TYPES = 18;
/** Precedence of internetwork control, and the bits of a packet's TOS that its answer keeps. */
const TOS_CONTROL = 0xc0;
const TOS_KEPT = 0x1e;
/** net.ipv4.ip_default_ttl. */
const IP_DEFAULT_TTL = 64;

/** Sends ICMP errors for all lcores. */
export class Icmp {
  readonly limit = new IcmpLimit();
  readonly #env: Env;
  readonly #fib: LcTrie;
  readonly #costs: LinuxCosts;
  readonly #mib: IpMib;
  readonly #addresses: readonly number[];
  readonly #messageMax: number;
  readonly #msPerCycle: number;
  #id = 0;

  /**
   * @param addresses IPv4 address of each port; without any nothing is sent
   * @param mtu longest packet that a port sends
   */
  constructor(
    env: Env,
    costs: LinuxCosts,
    parts: { fib: LcTrie; mib: IpMib },
    addresses: readonly number[],
    mtu: number,
  ) {
    this.#env = env;
    this.#messageMax = Math.min(MESSAGE_MAX, mtu);
    this.#costs = costs;
    this.#fib = parts.fib;
    this.#mib = parts.mib;
    this.#addresses = addresses;
    this.#msPerCycle = 1e-3 / env.cost("mhz");
  }

  /**
   * Makes the message about the packet in `skb`; answers a new skb with its frame but for the Ethernet header,
   * and the next hop in `nextHop`. -1 says that nothing is to be sent.
   */
  make(cpu: Cpu, skb: number, type: number, code: number, rest: number): number {
    const { memory, pool, neighbours } = this.#env;
    const { bytes } = memory;
    const ip = memory.offset[skb]! + ETHERNET_HEADER_BYTES;
    if (this.#addresses.length === 0 || !mayAnswer(bytes, ip)) return -1;
    const host = ipv4Src(bytes, ip);
    cpu.charge(fibCycles(this.#fib, host, this.#costs));
    this.nextHop = this.#fib.lookup(host);
    if (this.nextHop < 0) return -1;
    const nowMs = Math.floor(cpu.tsc() * this.#msPerCycle);
    const isLimited = type !== ICMP_UNREACHABLE || code !== ICMP_FRAG_NEEDED;
    if (isLimited && !this.limit.allow(host, nowMs)) return -1;
    const answer = pool.get(cpu.lcore);
    if (answer < 0) return -1;
    cpu.charge(this.#costs.skbAlloc);
    const address = this.#addresses[neighbours.port[this.nextHop]!]!;
    this.#write(bytes, ip, answer, address, [type, code, rest]);
    this.#mib.outRequests++;
    if (type === ICMP_UNREACHABLE) this.#mib.icmpOutDestUnreachs++;
    else this.#mib.icmpOutTimeExcds++;
    this.#env.originate(answer);
    return answer;
  }

  /** Next hop of the message that `make` made last. */
  nextHop = -1;

  #write(
    bytes: Uint8Array,
    ip: number,
    answer: number,
    address: number,
    [type, code, rest]: readonly [number, number, number],
  ): void {
    const { memory } = this.#env;
    const own = memory.offset[answer]! + ETHERNET_HEADER_BYTES;
    const icmp = own + IPV4_HEADER_BYTES;
    const quoted = Math.min(
      ipv4TotalLength(bytes, ip),
      this.#messageMax - IPV4_HEADER_BYTES - ICMP_HEADER_BYTES,
    );
    memory.copyWithin(ip, icmp + ICMP_HEADER_BYTES, quoted);
    bytes.fill(0, own, icmp + ICMP_HEADER_BYTES);
    bytes[own] = 0x45;
    bytes[own + 1] = TOS_CONTROL | (bytes[ip + 1]! & TOS_KEPT);
    setIpv4TotalLength(bytes, own, IPV4_HEADER_BYTES + ICMP_HEADER_BYTES + quoted);
    setIpv4Id(bytes, own, this.#id = (this.#id + 1) & 0xffff);
    bytes[own + 8] = IP_DEFAULT_TTL;
    bytes[own + 9] = PROTOCOL_ICMP;
    setIpv4Src(bytes, own, address);
    setIpv4Dst(bytes, own, ipv4Src(bytes, ip));
    fillIpv4Checksum(bytes, own);
    setIcmpType(bytes, icmp, type);
    setIcmpCode(bytes, icmp, code);
    setIcmpRest(bytes, icmp, rest);
    setIcmpChecksum(bytes, icmp, computeIcmpChecksum(bytes, icmp, ICMP_HEADER_BYTES + quoted));
    memory.length[answer] = icmp + ICMP_HEADER_BYTES + quoted - memory.offset[answer]!;
  }
}

/** Whether an error may be sent about the packet at `ip`, whose header is right. */
function mayAnswer(bytes: Uint8Array, ip: number): boolean {
  const src = ipv4Src(bytes, ip) >>> 24;
  if (src === 0 || src === 127 || src >= 224) return false;
  // to a group or to all; class E is forwarded, and answered, as any other (checked on Linux 6.18)
  const dst = ipv4Dst(bytes, ip);
  if (dst >>> 28 === 14 || dst === 0xffffffff) return false;
  if (ipv4FragmentOffset(bytes, ip) !== 0) return false;
  if (ipv4Protocol(bytes, ip) !== PROTOCOL_ICMP) return true;
  const header = ipv4HeaderLength(bytes, ip);
  if (ipv4TotalLength(bytes, ip) === header) return false;
  const type = bytes[ip + header]!;
  return type <= NR_ICMP_TYPES && !ERROR_TYPES.includes(type);
}
