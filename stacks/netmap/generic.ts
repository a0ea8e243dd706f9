/**
 * Emulated mode: netmap rings on a NIC whose driver knows nothing of netmap. The driver runs as always; its skbs are
 * caught before the stack gets them and wait in a queue, from which a sync copies them into slots. What is sent is
 * copied into skbs that are set aside at the start, one for each slot, and given to the driver; a slot is free again
 * when its skb has been.
 *
 * Receive notifications are moderated by a timer: the first wakes at once, the next not before 100 us later.
 *
 * At the limit: the queue takes 1024 skbs, more are lost there. An skb that the driver has no descriptor for
 * waits in netmap's own queueing discipline until the driver says that it goes on.
 *
 * Source: netmap sys/dev/netmap/netmap_generic.c, generic_netmap_txsync, generic_rx_handler, generic_netmap_rxsync;
 * LINUX/netmap_linux.c (nm_os_mitigation_start, generic_qdisc).
 */
import type { LinuxCosts } from "../../core/linux/costs.ts";
import type { SkbReceiver } from "../../core/linux/ixgbe_rx.ts";
import type { TxRing } from "../../core/linux/ixgbe_tx.ts";
import { Skbs } from "../../core/linux/skb.ts";
import type { Memory } from "../../core/memory/memory.ts";
import { LONGEST } from "../../core/nic/mac.ts";
import { REASON } from "../../core/policy.ts";
import type { Cpu, Env } from "../../core/stack.ts";
import { type CopyCosts, copyCycles } from "./copy.ts";
import type { NetmapKring } from "./kring.ts";
import type { Mitigation } from "./mitigation.ts";

/** skbs that wait between driver and netmap at most. */
export const MBQ_MAX = 1024;

/** The skbs of one queue pair: those of its transmit ring come back to it. */
export class GenericSkbs extends Skbs {
  /** Told of each skb of a slot that the driver is done with, in order. */
  onSent: (cpu: Cpu, skb: number) => void = () => {};
  readonly #costs: LinuxCosts;

  constructor(env: Env, costs: LinuxCosts) {
    super(env.memory, env.pool, costs, false);
    this.#costs = costs;
  }

  override consume(cpu: Cpu, skb: number): void {
    cpu.charge(this.#costs.skbFree);
    this.consumed++;
    this.onSent(cpu, skb);
  }
}

/** One queue pair in emulated mode. */
export class GenericQueue implements SkbReceiver {
  /** skbs that found the queue full. */
  dropped = 0;
  readonly #env: Env;
  readonly #memory: Memory;
  readonly #linux: LinuxCosts;
  readonly #copy: CopyCosts;
  readonly #tx: NetmapKring;
  readonly #rx: NetmapKring;
  readonly #driver: TxRing;
  readonly #mitigation: Mitigation;
  readonly #place: number;
  readonly #mbq: number[] = [];
  /** skb of each transmit slot (tx_pool); -1 while the driver has it. */
  readonly #txPool: Int32Array;
  /** First slot whose skb has not come back. */
  #clean: number;
  /** skbs that wait for the driver. */
  readonly #qdisc: number[] = [];
  #arrived = false;
  #freed = false;

  /** @throws {RangeError} when the pool has no skb for each slot */
  constructor(
    env: Env,
    costs: { linux: LinuxCosts; copy: CopyCosts },
    { tx, rx }: { tx: NetmapKring; rx: NetmapKring },
    driver: TxRing,
    skbs: GenericSkbs,
    mitigation: Mitigation,
    lcore: number,
  ) {
    this.#env = env;
    this.#memory = env.memory as Memory;
    this.#linux = costs.linux;
    this.#copy = costs.copy;
    this.#tx = tx;
    this.#rx = rx;
    this.#driver = driver;
    this.#mitigation = mitigation;
    this.#clean = tx.hwcur;
    this.#place = env.place(`${rx.name} mbuf queue`, MBQ_MAX);
    this.#txPool = new Int32Array(tx.numSlots);
    if (!env.pool.getBulk(lcore, this.#txPool, 0, tx.numSlots)) {
      throw new RangeError(`Cannot emulate ${tx.name}: no skb for each of ${tx.numSlots} slots`);
    }
    skbs.onSent = (_, skb) => this.#sent(skb);
    driver.onWake = (cpu) => this.#push(cpu);
    tx.sync = (cpu, kring) => this.#txsync(cpu, kring);
    rx.sync = (cpu, kring) => this.#rxsync(cpu, kring);
    mitigation.onNotify = (cpu) => rx.si.wake(cpu);
  }

  /** The driver has received an skb (generic_rx_handler). */
  receive(cpu: Cpu, skb: number): void {
    if (this.#mbq.length === MBQ_MAX) {
      this.dropped++;
      this.#env.drop(cpu, skb, REASON["ring-full"], this.#place, MBQ_MAX);
      return;
    }
    this.#mbq.push(skb);
    this.#arrived = true;
  }

  /** The driver's poll is over. */
  flush(cpu: Cpu): void {
    if (this.#freed) this.#tx.si.wake(cpu);
    if (this.#arrived) this.#mitigation.irq(cpu);
    this.#arrived = this.#freed = false;
  }

  #rxsync(cpu: Cpu, kring: NetmapKring): boolean {
    const { ring, mem } = kring;
    // slots between rhead and hwcur are free for packets already
    for (let at = kring.hwcur; at !== kring.rhead; at = kring.next(at)) {
      if (!mem.valid(ring.bufIdx[at]!)) {
        kring.badSlots++;
        return false;
      }
    }
    kring.hwcur = kring.rhead;
    const stop = kring.prev(kring.hwcur);
    while (this.#mbq.length > 0 && kring.hwtail !== stop) {
      const at = kring.hwtail;
      const skb = this.#mbq.shift()!;
      this.#memory.copy(skb, mem.buffer(ring.bufIdx[at]!));
      ring.len[at] = this.#memory.length[skb]!;
      ring.flagsOf[at] = 0;
      cpu.charge(copyCycles(this.#copy, ring.len[at]!) + this.#linux.skbFree);
      this.#env.pool.put(cpu.lcore, skb);
      kring.packets++;
      kring.bytes += ring.len[at]!;
      kring.hwtail = kring.next(at);
    }
    return true;
  }

  #txsync(cpu: Cpu, kring: NetmapKring): boolean {
    const { ring, mem } = kring;
    for (; kring.hwcur !== kring.rhead; kring.hwcur = kring.next(kring.hwcur)) {
      const at = kring.hwcur;
      const idx = ring.bufIdx[at]!;
      if (!mem.valid(idx) || ring.len[at]! > Math.min(mem.bufSize, LONGEST)) {
        kring.badSlots++;
        return false;
      }
      const b = mem.buffer(idx);
      mem.setLength(b, ring.len[at]!);
      const skb = this.#txPool[at]!;
      this.#txPool[at] = -1;
      this.#memory.refresh(skb);
      this.#memory.copy(b, skb);
      cpu.charge(this.#linux.skbAlloc + copyCycles(this.#copy, ring.len[at]!));
      kring.packets++;
      kring.bytes += ring.len[at]!;
      this.#qdisc.push(skb);
    }
    this.#push(cpu);
    kring.hwtail = kring.prev(this.#clean);
    return true;
  }

  /** Gives the driver what it takes; one doorbell for all. */
  #push(cpu: Cpu): void {
    while (this.#qdisc.length > 0) {
      if (!this.#driver.xmit(cpu, this.#qdisc[0]!, this.#qdisc.length > 1)) return;
      this.#qdisc.shift();
    }
  }

  #sent(skb: number): void {
    this.#txPool[this.#clean] = skb;
    this.#clean = this.#tx.next(this.#clean);
    this.#freed = true;
  }
}
