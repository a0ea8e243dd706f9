/**
 * What an application on ZC does with a burst to send it on: zbounce, out of the other port of a pair, untouched; or as
 * a router, look up, rewrite where the packet lies, send it out of the channel of its own queue. Each send but the last of a burst leaves TDT
 * alone, unless packets are to be flushed one by one. A packet for which a transmit ring has no descriptor is
 * given up.
 *
 * Source: PF_RING 8.9.0, userland/examples_zc/zbounce.c; RFC 1812, 5.2.
 */
import { checkFrame, ipv4Dst, rewriteFrame } from "../../core/packet/mod.ts";
import { REASON } from "../../core/policy.ts";
import type { Cpu, Env } from "../../core/stack.ts";
import type { ZcHandles } from "./zc_cluster.ts";
import type { ZcCosts } from "./zc_costs.ts";
import type { ZcChannel } from "./zc_channel.ts";

/** One router thread's way out. */
export class ZcRouter {
  /** Packets given up for want of a transmit descriptor. */
  dropped = 0;
  readonly #env: Env;
  readonly #out: readonly ZcChannel[];
  readonly #costs: ZcCosts;
  readonly #flushPacket: boolean;
  readonly #bounces: boolean;

  /**
   * @param out the channel that the thread sends on, of each port
   * @param bounces whether ports 2k and 2k + 1 are a pair, instead of routes
   */
  constructor(
    env: Env,
    out: readonly ZcChannel[],
    costs: ZcCosts,
    flushPacket: boolean,
    bounces: boolean,
  ) {
    this.#env = env;
    this.#out = out;
    this.#costs = costs;
    this.#flushPacket = flushPacket;
    this.#bounces = bounces;
  }

  /** Forwards the packets of the first `n` handles; afterwards the handles hold empty buffers. */
  forward(cpu: Cpu, handles: ZcHandles, n: number): void {
    if (!this.#bounces) cpu.charge(n * this.#costs.route);
    for (let i = 0; i < n; i++) this.#one(cpu, handles, i);
    if (!this.#flushPacket) { for (const out of this.#out) out.flush(cpu); }
  }

  #one(cpu: Cpu, handles: ZcHandles, i: number): void {
    const { memory } = this.#env;
    const b = handles.buffer[i]!;
    if (this.#bounces) {
      const pair = memory.port[b]! ^ 1;
      return this.#send(cpu, handles, i, pair < this.#out.length ? pair : memory.port[b]!);
    }
    const { neighbours, fib } = this.#env;
    const { bytes } = memory;
    const at = memory.offset[b]!;
    const reason = checkFrame(bytes, at, memory.length[b]!);
    if (reason !== REASON.none) return handles.drop(cpu, i, reason);
    const nextHop = fib.lookup(ipv4Dst(bytes, at + 14));
    if (nextHop < 0) return handles.drop(cpu, i, REASON["no-route"]);
    rewriteFrame(bytes, at, neighbours, nextHop);
    this.#send(cpu, handles, i, neighbours.port[nextHop]!);
  }

  #send(cpu: Cpu, handles: ZcHandles, i: number, port: number): void {
    const out = this.#out[port]!;
    if (out.sendPkt(cpu, handles, i, this.#flushPacket)) return;
    this.dropped++;
    handles.drop(cpu, i, REASON["tx-full"], out.txPlace, out.txCapacity);
  }
}
