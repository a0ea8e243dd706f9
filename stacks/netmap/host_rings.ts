/**
 * The rings of a port towards the operating system, `netmap:eth0^`. What the process sends there is copied into an
 * skb and received by the host's stack as if it had come from the wire; what the host sends on the port waits as skbs
 * and is copied into receive slots by the next sync.
 *
 * At the limit: a host that sends while the receive ring is full, counting what waits, loses the packet (oqdrops).
 *
 * Source: netmap sys/dev/netmap/netmap.c, netmap_txsync_to_host, netmap_rxsync_from_host, netmap_transmit.
 */
import type { LinuxCosts } from "../../core/linux/costs.ts";
import type { Memory } from "../../core/memory/memory.ts";
import { REASON } from "../../core/policy.ts";
import type { Cpu, Env } from "../../core/stack.ts";
import { type CopyCosts, copyCycles } from "./copy.ts";
import type { NetmapKring } from "./kring.ts";
import type { OsStack } from "./os_stack.ts";

/** The pair of host rings of one port. */
export class HostRingPair {
  /** Packets that the host lost because the receive ring was full. */
  oqdrops = 0;
  /** Packets for the host for which there was no skb. */
  noSkb = 0;
  readonly #env: Env;
  readonly #linux: LinuxCosts;
  readonly #copy: CopyCosts;
  readonly #rx: NetmapKring;
  /** skbs that wait for the next sync (rx_queue). */
  readonly #queue: number[] = [];

  constructor(
    env: Env,
    costs: { linux: LinuxCosts; copy: CopyCosts },
    { tx, rx }: { tx: NetmapKring; rx: NetmapKring },
    os: OsStack,
    port: number,
  ) {
    this.#env = env;
    this.#linux = costs.linux;
    this.#copy = costs.copy;
    this.#rx = rx;
    tx.sync = (cpu, kring) => this.#toHost(cpu, kring, os, port);
    rx.sync = (cpu, kring) => this.#fromHost(cpu, kring);
  }

  /** The host sends on the port (netmap_transmit). */
  transmit(cpu: Cpu, skb: number): void {
    const rx = this.#rx;
    const busy = rx.distance(rx.hwcur, rx.hwtail) + this.#queue.length;
    if (busy >= rx.numSlots - 1) {
      this.oqdrops++;
      this.#env.pool.put(cpu.lcore, skb);
      return;
    }
    this.#queue.push(skb);
    rx.si.wake(cpu);
  }

  #toHost(cpu: Cpu, kring: NetmapKring, os: OsStack, port: number): boolean {
    const { pool, memory } = this.#env;
    for (let at = kring.hwcur; at !== kring.rhead; at = kring.next(at)) {
      const idx = kring.ring.bufIdx[at]!;
      if (!kring.mem.valid(idx) || kring.ring.len[at]! > kring.mem.bufSize) {
        kring.badSlots++;
        return false;
      }
      const b = kring.mem.buffer(idx);
      kring.mem.setLength(b, kring.ring.len[at]!);
      const skb = pool.get(cpu.lcore);
      if (skb < 0) {
        this.noSkb++;
        this.#env.end(cpu, b, REASON["no-buffer"]);
        continue;
      }
      cpu.charge(this.#linux.skbAlloc + copyCycles(this.#copy, memory.length[b]!));
      (memory as Memory).copy(b, skb);
      kring.packets++;
      os.receive(cpu, skb, port);
    }
    kring.hwcur = kring.rhead;
    kring.hwtail = kring.prev(kring.hwcur);
    return true;
  }

  #fromHost(cpu: Cpu, kring: NetmapKring): boolean {
    const { pool, memory } = this.#env;
    const { ring, mem } = kring;
    const stop = kring.prev(kring.rhead);
    while (this.#queue.length > 0 && kring.hwtail !== stop) {
      const at = kring.hwtail;
      if (!mem.valid(ring.bufIdx[at]!)) {
        kring.badSlots++;
        return false;
      }
      const skb = this.#queue.shift()!;
      (memory as Memory).copy(skb, mem.buffer(ring.bufIdx[at]!));
      ring.len[at] = memory.length[skb]!;
      ring.flagsOf[at] = 0;
      cpu.charge(copyCycles(this.#copy, ring.len[at]!) + this.#linux.skbFree);
      pool.put(cpu.lcore, skb);
      kring.packets++;
      kring.hwtail = kring.next(at);
    }
    kring.hwcur = kring.rhead;
    return true;
  }
}
