/**
 * The host's loop for one ring of a guest (sync-kloop, one kernel thread a ring): takes over what the guest has
 * published, runs the port's own sync, publishes what came of it, and sleeps when there is nothing to do, on the
 * guest's kick and on the port's wait queue.
 *
 * A transmit loop takes half a ring at a time, so that room comes back while it works. A turn is two bodies: the sync,
 * and what is published when its cycles are over.
 *
 * Source: netmap sys/dev/netmap/netmap_kloop.c, netmap_sync_kloop_tx_ring, netmap_sync_kloop_rx_ring.
 */
import { Process } from "../../core/host/process.ts";
import type { Cpu, Env } from "../../core/stack.ts";
import type { NetmapCosts } from "./costs.ts";
import type { Csb } from "./csb.ts";
import type { GuestInterrupt } from "./guest.ts";
import { NAF_FORCE_RECLAIM, type NetmapKring } from "./kring.ts";
import type { Waiter } from "./wait_queue.ts";

/** The loop of one ring. */
export class Kloop implements Waiter {
  /** Turns, and times that it went to sleep. */
  turns = 0;
  sleeps = 0;
  readonly process: Process;
  readonly #costs: NetmapCosts;
  readonly #kring: NetmapKring;
  readonly #csb: Csb;
  readonly #interrupt: GuestInterrupt;
  #synced = false;
  #triggered = false;
  /** The guest has not been told yet of slots that have become its own. */
  #news = false;

  constructor(
    env: Env,
    lcore: number,
    costs: NetmapCosts,
    kring: NetmapKring,
    csb: Csb,
    interrupt: GuestInterrupt,
  ) {
    this.#costs = costs;
    this.#kring = kring;
    this.#csb = csb;
    this.#interrupt = interrupt;
    kring.si.record(this);
    this.process = new Process(env, lcore, costs.process, (cpu) => this.#run(cpu));
  }

  /** The guest has written the kick register. */
  kick(cpu: Cpu): void {
    this.woken(cpu);
  }

  /** The port has something, or the guest. */
  woken(cpu: Cpu): void {
    this.#triggered = true;
    this.process.wake(cpu);
  }

  #run(cpu: Cpu): number {
    if (this.#synced) this.#finish(cpu);
    else this.#sync(cpu);
    return 1;
  }

  #sync(cpu: Cpu): void {
    const kring = this.#kring;
    const csb = this.#csb;
    this.turns++;
    this.#triggered = false;
    csb.kernNeedKick = false;
    cpu.charge(this.#costs.csb + this.#costs.sync);
    let { head, cur } = csb;
    let flags = csb.syncFlags;
    if (kring.tx) {
      const half = kring.numSlots >> 1;
      if (head < kring.numSlots && kring.distance(kring.hwcur, head) > half) {
        head = cur = (kring.hwcur + half) % kring.numSlots;
      }
      if (kring.distance(kring.rhead, kring.rtail) <= half) flags |= NAF_FORCE_RECLAIM;
    }
    csb.syncFlags = 0;
    kring.syncs++;
    if (!kring.takeOver(head, cur) || !kring.sync(cpu, kring, flags)) {
      // as the host reads nothing else from the guest, the guest has hurt itself alone
      kring.reinits++;
      this.#sleep(cpu);
      return;
    }
    this.#synced = true;
  }

  /** Publishes what the sync brought; goes on, or sleeps. */
  #finish(cpu: Cpu): void {
    const kring = this.#kring;
    const csb = this.#csb;
    this.#synced = false;
    const { publish } = kring;
    kring.publish = null;
    publish?.(cpu);
    csb.hwcur = kring.hwcur;
    csb.hwtail = kring.hwtail;
    if (kring.rtail !== kring.hwtail) {
      kring.rtail = kring.hwtail;
      this.#news = true;
    }
    this.#tell(cpu);
    if (this.#more()) return;
    csb.kernNeedKick = true;
    // looks again after it has asked to be kicked
    if (this.#more()) {
      csb.kernNeedKick = false;
      return;
    }
    this.#tell(cpu);
    this.#sleep(cpu);
  }

  #tell(cpu: Cpu): void {
    if (!this.#news || !this.#csb.applNeedKick) return;
    this.#news = false;
    this.#csb.interrupts++;
    this.#interrupt.inject(cpu);
  }

  /** Whether the guest has published anything since the last turn, or the port has told of something. */
  #more(): boolean {
    return this.#triggered || this.#csb.head !== this.#kring.rhead;
  }

  #sleep(cpu: Cpu): void {
    this.#csb.kernNeedKick = true;
    this.sleeps++;
    this.process.block(cpu);
  }
}
