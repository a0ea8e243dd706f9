/** What l3fwd does to a burst between receiving and sending: check, look up, rewrite. */
import {
  checkFrame,
  copyMac,
  ETHERNET_HEADER_BYTES,
  ipv4Dst,
  rewriteFrame,
} from "../../core/packet/mod.ts";
import { mbufLength } from "../../core/memory/mbuf.ts";
import { FLAG } from "../../core/memory/memory.ts";
import { REASON, type Reason } from "../../core/policy.ts";
import type { Cpu, Env } from "../../core/stack.ts";
import type { L3fwdProfile } from "./profiles.ts";
import { incrementChecksum } from "./rewrite.ts";

/** The forwarding step, one for all lcores: a body is atomic. */
export class L3fwdLpm {
  /** Egress port of each packet that `process` left in the burst. */
  readonly egress: Uint8Array = new Uint8Array(0);
  readonly #env: Env;
  readonly #faithful: boolean;
  readonly #destinations: Uint32Array = new Uint32Array(0);
  readonly #nextHops: Int32Array = new Int32Array(0);
  readonly #packetCycles: number = 0;
  readonly #portMac: Uint8Array = new Uint8Array(0);

  /** For bursts of at most `burst` packets. */
  constructor(env: Env, profile: L3fwdProfile, burst: number) {
    this.#env = env;
    this.#faithful = profile === "faithful";
    this.#packetCycles = env.cost("l3fwd.packet");
    this.egress = new Uint8Array(burst);
    this.#destinations = new Uint32Array(burst);
    this.#nextHops = new Int32Array(burst);
    const ports = env.ports.length;
    this.#portMac = new Uint8Array(ports * 6);
    for (let p = 0; p < ports; p++) this.#portMac.set([2, 0, 0, 0, 0, p], p * 6);
  }

  /**
   * Works on the `n` packets of a burst: drops what may not be forwarded, rewrites the rest and moves it to
   * the front. Answers how many these are; their egress ports are in `egress`.
   */
  process(cpu: Cpu, burst: Int32Array, n: number): number {
    cpu.charge(n * this.#packetCycles);
    const good = this.#gather(cpu, burst, n);
    const nextHops = this.#nextHops;
    this.#env.fib.lookupBulk(this.#destinations, nextHops, good);
    const { egress } = this;
    let forwarded = 0;
    for (let i = 0; i < good; i++) {
      const b = burst[i]!;
      const nextHop = nextHops[i]!;
      if (nextHop < 0 && !this.#faithful) {
        this.#env.drop(cpu, b, REASON["no-route"]);
        continue;
      }
      egress[forwarded] = this.#rewrite(b, nextHop);
      burst[forwarded++] = b;
    }
    return forwarded;
  }

  /** Drops what may not be forwarded, moves the rest to the front and gathers its destinations. */
  #gather(cpu: Cpu, burst: Int32Array, n: number): number {
    const { bytes, offset } = this.#env.memory;
    let good = 0;
    for (let i = 0; i < n; i++) {
      const b = burst[i]!;
      const ip = offset[b]! + ETHERNET_HEADER_BYTES;
      const reason = this.#check(b, ip);
      if (reason !== REASON.none) {
        this.#env.drop(cpu, b, reason);
        continue;
      }
      this.#destinations[good] = ipv4Dst(bytes, ip);
      burst[good++] = b;
    }
    return good;
  }

  #check(b: number, ip: number): Reason {
    const { memory } = this.#env;
    if ((memory.flags[b]! & FLAG.ipv4) === 0) return REASON["not-ip"];
    if (this.#faithful) {
      // rfc1812_process: version_ihl in 0x45..0x4f, total_length at least 20
      const first = memory.bytes[ip]!;
      const total = (memory.bytes[ip + 2]! << 8) | memory.bytes[ip + 3]!;
      return first < 0x45 || first > 0x4f || total < 20 ? REASON["bad-header"] : REASON.none;
    }
    // headers lie in the first segment, what was delivered in all of them
    const length = memory.next[b]! < 0 ? memory.length[b]! : mbufLength(memory, b);
    return checkFrame(memory.bytes, ip - ETHERNET_HEADER_BYTES, length);
  }

  /** Answers the egress port. */
  #rewrite(b: number, nextHop: number): number {
    const { memory, neighbours } = this.#env;
    const { bytes } = memory;
    const at = memory.offset[b]!;
    const egress = nextHop < 0 ? memory.port[b]! : neighbours.port[nextHop]!;
    if (this.#faithful) {
      incrementChecksum(bytes, at + ETHERNET_HEADER_BYTES);
      copyMac(this.#portMac, egress * 6, bytes, at);
      copyMac(neighbours.portMac, egress * 6, bytes, at + 6);
    } else {
      rewriteFrame(bytes, at, neighbours, nextHop);
    }
    return egress;
  }
}
