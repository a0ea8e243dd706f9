/**
 * The programs, after example/l3fwd and test/performance/odp_l2fwd.c: what is done to a burst between input and
 * output. Every packet that is left has an egress interface.
 */
import { mbufAdjust } from "../../core/memory/mbuf.ts";
import {
  checkFrame,
  copyMac,
  ETHERNET_HEADER_BYTES,
  ipv4Dst,
  rewriteFrame,
} from "../../core/packet/mod.ts";
import { REASON } from "../../core/policy.ts";
import type { Cpu } from "../../core/stack.ts";
import type { Odp } from "./odp.ts";
import type { OdpAction } from "./queue.ts";

/** Outer Ethernet, IPv4, UDP and VXLAN headers, without options. */
const VXLAN_OUTER_BYTES = 14 + 20 + 8 + 8;

/** A program. One for all threads: a body is atomic. */
export interface App {
  /** Egress interface of each packet that `process` left in the burst. */
  readonly egress: Uint8Array;
  /**
   * Works on the `n` packets of a burst, which came from a queue with this context: drops what may not go on and
   * moves the rest to the front. Answers how many these are.
   */
  process(cpu: Cpu, burst: Int32Array, n: number, action: OdpAction): number;
}

/** Sends every packet to the loop interface, as it is or without its outer headers. */
function toLoop(
  odp: Odp,
  cpu: Cpu,
  app: App,
  burst: Int32Array,
  n: number,
  action: OdpAction,
): number {
  app.egress.fill(odp.loop, 0, n);
  if (action !== "decap") return n;
  cpu.charge(n * odp.costs.decap);
  let good = 0;
  for (let i = 0; i < n; i++) {
    const b = burst[i]!;
    // an outer header without a whole inner one: nothing that could be forwarded
    if (odp.memory.length[b]! < VXLAN_OUTER_BYTES + ETHERNET_HEADER_BYTES) {
      odp.env.drop(cpu, b, REASON["bad-header"]);
      continue;
    }
    mbufAdjust(odp.memory, b, VXLAN_OUTER_BYTES);
    burst[good++] = b;
  }
  return good;
}

/** Longest-prefix match, RFC 1812. */
export class L3fwd implements App {
  readonly egress: Uint8Array;
  readonly #odp: Odp;
  readonly #destinations: Uint32Array;
  readonly #nextHops: Int32Array;

  constructor(odp: Odp) {
    const { burst } = odp.settings;
    this.#odp = odp;
    this.egress = new Uint8Array(burst);
    this.#destinations = new Uint32Array(burst);
    this.#nextHops = new Int32Array(burst);
  }

  process(cpu: Cpu, burst: Int32Array, n: number, action: OdpAction): number {
    if (action !== "forward") return toLoop(this.#odp, cpu, this, burst, n, action);
    const { env, memory, costs } = this.#odp;
    const { bytes, offset } = memory;
    cpu.charge(n * costs.l3fwd);
    let good = 0;
    for (let i = 0; i < n; i++) {
      const b = burst[i]!;
      const at = offset[b]!;
      const reason = checkFrame(bytes, at, memory.length[b]!);
      if (reason !== REASON.none) {
        env.drop(cpu, b, reason);
        continue;
      }
      this.#destinations[good] = ipv4Dst(bytes, at + ETHERNET_HEADER_BYTES);
      burst[good++] = b;
    }
    env.fib.lookupBulk(this.#destinations, this.#nextHops, good);
    let forwarded = 0;
    for (let i = 0; i < good; i++) {
      const b = burst[i]!;
      const nextHop = this.#nextHops[i]!;
      if (nextHop < 0) {
        env.drop(cpu, b, REASON["no-route"]);
        continue;
      }
      rewriteFrame(bytes, offset[b]!, env.neighbours, nextHop);
      this.egress[forwarded] = env.neighbours.port[nextHop]!;
      burst[forwarded++] = b;
    }
    return forwarded;
  }
}

/** Out of the paired port, with both addresses changed (-d 1 -s 1): 02:00:00:00:00:PORT and the port's own. */
export class L2fwd implements App {
  readonly egress: Uint8Array;
  readonly #odp: Odp;

  constructor(odp: Odp) {
    this.#odp = odp;
    this.egress = new Uint8Array(odp.settings.burst);
  }

  process(cpu: Cpu, burst: Int32Array, n: number, action: OdpAction): number {
    if (action !== "forward") return toLoop(this.#odp, cpu, this, burst, n, action);
    const { env: { neighbours: { portMac } }, memory: { bytes, offset }, meta, costs } = this.#odp;
    const ports = this.#odp.loop < 0 ? this.#odp.pktios.length : this.#odp.loop;
    cpu.charge(n * costs.l2fwd);
    for (let i = 0; i < n; i++) {
      const b = burst[i]!;
      const input = meta.input[b]!;
      // an odd last port has no pair but itself
      const egress = (input ^ 1) < ports ? input ^ 1 : input;
      const at = offset[b]!;
      bytes.fill(0, at, at + 6);
      bytes[at] = 2;
      bytes[at + 5] = egress;
      copyMac(portMac, egress * 6, bytes, at + 6);
      this.egress[i] = egress;
    }
    return n;
  }
}
