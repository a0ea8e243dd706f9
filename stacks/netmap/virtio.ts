/**
 * virtio-net under netmap, as ptnet is compared with: the guest's sync puts each slot into a virtqueue with a header
 * in front, and a thread of the host (vhost) takes one packet after the other, copies it into a slot of the port
 * behind it, and sends. Transmit only.
 *
 * A kick leaves the guest when the available index passes what the thread has asked to be told of; a thread that works
 * asks for nothing, so kicks become rare under load. A guest that has no room left asks to be told when
 * three quarters of what is under way have been used.
 *
 * Source: netmap LINUX/virtio_netmap.h (virtio_netmap_txsync); Linux drivers/vhost/net.c (handle_tx: 64 packets a
 * round are its VHOST_NET_BATCH), drivers/virtio/virtio_ring.c (virtqueue_enable_cb_delayed).
 */
import { Process } from "../../core/host/process.ts";
import type { Memory } from "../../core/memory/memory.ts";
import type { Cpu, Env } from "../../core/stack.ts";
import { NetmapAdapter } from "./adapter.ts";
import { copyCycles } from "./copy.ts";
import type { NetmapCosts } from "./costs.ts";
import { GuestInterrupt } from "./guest.ts";
import type { NetmapKring } from "./kring.ts";
import type { NetmapMem } from "./memory.ts";
import { needEvent, SplitRing } from "./vring.ts";
import type { Waiter } from "./wait_queue.ts";

/** struct virtio_net_hdr_v1. */
const HEADER_BYTES = 12;
/** Packets of one round of the host's thread. */
const VHOST_NET_BATCH = 64;

/** Cycles of a virtqueue. */
export interface VirtioCosts {
  /** The guest offers a packet and takes it back: header, two descriptors, both rings. */
  readonly vringGuest: number;
  /** The host takes one: descriptors, translation of addresses, header, used ring. */
  readonly vringHost: number;
}

/** A transmit queue of a guest and the thread of the host behind it. */
export class VirtioTx implements Waiter {
  /** What processes of the guest open; it has no receive ring that gets anything. */
  readonly adapter: NetmapAdapter;
  readonly vring: SplitRing;
  readonly process: Process;
  /** VM exits, interrupts into the guest, packets copied by the host. */
  kicks = 0;
  calls = 0;
  copied = 0;
  readonly #memory: Memory;
  readonly #costs: NetmapCosts;
  readonly #host: NetmapKring;
  readonly #guest: NetmapKring;
  readonly #interrupt: GuestInterrupt;
  /** Slot of the guest behind each head. */
  readonly #slots: number[] = [];
  #clean = 0;
  #sent = false;
  /** Heads that are used as soon as the round is over. */
  readonly #taken: number[] = [];
  #triggered = false;

  /**
   * @param mem the guest's memory
   * @param port the port of the host that packets go to
   */
  constructor(
    env: Env,
    costs: NetmapCosts,
    mem: NetmapMem,
    port: NetmapAdapter,
    lcores: { readonly guest: number; readonly host: number },
    size = 256,
  ) {
    this.#memory = env.memory as Memory;
    this.#costs = costs;
    this.#host = port.txRings[0]!;
    this.vring = new SplitRing(size);
    this.adapter = new NetmapAdapter(`virtio of ${port.name}`, mem, costs);
    // a packet takes two descriptors: what fits into the ring fits into the queue
    const { tx } = this.adapter.addPair({ tx: size >> 1, rx: 2 });
    this.#guest = tx;
    this.#interrupt = new GuestInterrupt(env, lcores.guest, costs, tx.si);
    tx.sync = (cpu) => this.#txsync(cpu);
    this.#host.si.record(this);
    this.process = new Process(env, lcores.host, costs.process, (cpu) => this.#run(cpu));
  }

  /** The port has room again, or the guest has kicked. */
  woken(cpu: Cpu): void {
    this.#triggered = true;
    this.process.wake(cpu);
  }

  #txsync(cpu: Cpu): boolean {
    const kring = this.#guest;
    const { ring, mem } = kring;
    const { vring } = this;
    let n = 0;
    this.#reclaim(cpu);
    for (; kring.hwcur !== kring.rhead; n++) {
      const at = kring.hwcur;
      const idx = ring.bufIdx[at]!;
      if (!mem.valid(idx) || ring.len[at]! > mem.bufSize) {
        kring.badSlots++;
        return false;
      }
      const b = mem.buffer(idx);
      mem.setLength(b, ring.len[at]!);
      this.#slots[vring.add(b, HEADER_BYTES, ring.len[at]!)] = at;
      kring.hwcur = kring.next(at);
    }
    cpu.charge(n * this.#costs.vringGuest);
    kring.packets += n;
    if (n > 0) kring.publish = (cpu) => this.#publish(cpu);
    if (kring.rcur === kring.hwtail) {
      // asks for an interrupt, then looks again
      vring.askUsed(Math.max(1, ((vring.size - vring.free) >> 1) * 3 >> 2));
      this.#reclaim(cpu);
    }
    return true;
  }

  /** What was added is visible now; the write of the index may have to leave the guest. */
  #publish(cpu: Cpu): void {
    if (!this.vring.publishAvail()) return;
    this.kicks++;
    cpu.charge(this.#costs.vmExit);
    this.woken(cpu);
  }

  #reclaim(cpu: Cpu): void {
    const kring = this.#guest;
    cpu.charge(this.#costs.reclaim);
    // the thread uses heads in order, so slots come back in order
    for (let head = this.vring.takeUsed(); head >= 0; head = this.vring.takeUsed()) {
      this.#clean = kring.next(this.#slots[head]!);
    }
    kring.hwtail = kring.prev(this.#clean);
  }

  #run(cpu: Cpu): number {
    if (this.#sent) this.#finish(cpu);
    else this.#round(cpu);
    return 1;
  }

  /** Takes up to a round of packets and sends them on the port. */
  #round(cpu: Cpu): void {
    const { ring, mem } = this.#host;
    const { vring } = this;
    this.#triggered = false;
    let n = 0;
    for (; n < VHOST_NET_BATCH && !ring.empty; n++) {
      const head = vring.takeAvail();
      if (head < 0) break;
      const from = vring.addr[vring.next[head]!]!;
      const to = mem.buffer(ring.bufIdx[ring.head]!);
      this.#memory.copy(from, to);
      ring.len[ring.head] = this.#memory.length[from]!;
      ring.flagsOf[ring.head] = 0;
      cpu.charge(this.#costs.vringHost + copyCycles(this.#costs, this.#memory.length[from]!));
      ring.head = ring.cur = ring.next(ring.head);
      this.#taken.push(head);
    }
    this.copied += n;
    cpu.charge(this.#costs.sync);
    this.#host.run(cpu, 0);
    this.#sent = true;
  }

  /** The packets are out: tells the guest if it wants to be told; goes on, or sleeps. */
  #finish(cpu: Cpu): void {
    const { vring } = this;
    this.#sent = false;
    const { publish } = this.#host;
    this.#host.publish = null;
    publish?.(cpu);
    const before = vring.usedIdx;
    for (const head of this.#taken) vring.putUsed(head, 0);
    this.#taken.length = 0;
    if (vring.usedIdx !== before && needEvent(vring.usedEvent, vring.usedIdx, before)) {
      this.calls++;
      this.#interrupt.inject(cpu);
    }
    if (vring.waiting > 0 && !this.#host.ring.empty) return;
    vring.askAvail();
    // looks again after it has asked to be kicked
    if (!this.#triggered) this.process.block(cpu);
  }
}
