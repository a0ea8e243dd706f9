/**
 * An ordinary application of a guest: it sends by a socket, through the guest's own kernel, a datagram or several
 * segments of a stream with each system call. The driver below puts each packet into the next slot of the device's
 * ring, ptnet's by copying it, virtio's by naming the skb, and tells the device at the end of the call (xmit_more).
 *
 * Source: netmap LINUX/netmap_ptnet.c (ptnet_nm_start_xmit as an ordinary interface), ptnet(4): such use copies.
 */
import { Process } from "../../core/host/process.ts";
import type { LinuxCosts } from "../../core/linux/costs.ts";
import type { Cpu, Env } from "../../core/stack.ts";
import { copyCycles } from "./copy.ts";
import type { NetmapCosts } from "./costs.ts";
import type { NetmapKring } from "./kring.ts";
import { GenStats } from "./pkt_gen.ts";
import type { Waiter } from "./wait_queue.ts";

/** The application. */
export class SocketSender implements Waiter {
  readonly stats: GenStats = new GenStats();
  readonly process: Process;
  readonly #env: Env;
  readonly #costs: NetmapCosts;
  readonly #linux: LinuxCosts;
  readonly #kring: NetmapKring;
  readonly #frame: Uint8Array;
  readonly #count: number;
  readonly #copies: boolean;
  readonly #segments: number;
  #triggered = false;

  constructor(
    env: Env,
    lcore: number,
    costs: { netmap: NetmapCosts; linux: LinuxCosts },
    kring: NetmapKring,
    options: {
      readonly frame: Uint8Array;
      readonly count: number;
      readonly copies: boolean;
      /** Packets of one system call. */
      readonly segments: number;
    },
  ) {
    this.#segments = options.segments;
    this.#env = env;
    this.#costs = costs.netmap;
    this.#linux = costs.linux;
    this.#kring = kring;
    this.#frame = options.frame;
    this.#count = options.count;
    this.#copies = options.copies;
    kring.si.record(this);
    this.process = new Process(env, lcore, this.#costs.process, (cpu) => this.#run(cpu));
  }

  /** The device has room again. */
  woken(cpu: Cpu): void {
    this.#triggered = true;
    this.process.wake(cpu);
  }

  #run(cpu: Cpu): number {
    const kring = this.#kring;
    if (kring.publish !== null) {
      const { publish } = kring;
      kring.publish = null;
      publish(cpu);
      return 1;
    }
    if (this.stats.pkts === this.#count) {
      this.process.block(cpu);
      return 1;
    }
    this.#triggered = false;
    if (kring.ring.empty) {
      // the queue of the interface is stopped
      cpu.charge(this.#costs.sync);
      kring.run(cpu, 0);
      if (kring.ring.empty && kring.publish === null && !this.#triggered) this.process.block(cpu);
      return 1;
    }
    this.#send(cpu);
    return 1;
  }

  #send(cpu: Cpu): void {
    const { ring } = this.#kring;
    const n = Math.min(ring.space, this.#segments, this.#count - this.stats.pkts);
    this.process.call(cpu);
    for (let i = 0; i < n; i++) this.#packet(cpu);
    cpu.charge(this.#costs.sync);
    this.#kring.run(cpu, 0);
    this.stats.add(cpu, n, n * this.#frame.length, ring.space);
  }

  /** The kernel's way of one packet, and what the driver does with it. */
  #packet(cpu: Cpu): void {
    const { ring, mem } = this.#kring;
    const { skbAlloc, ipForward, neigh, qdisc, xmit, skbFree } = this.#linux;
    const frame = this.#frame;
    const b = mem.buffer(ring.bufIdx[ring.head]!);
    this.#env.memory.bytes.set(frame, this.#env.memory.offset[b]!);
    mem.setLength(b, frame.length);
    this.#env.originate(b);
    ring.len[ring.head] = frame.length;
    ring.flagsOf[ring.head] = 0;
    ring.head = ring.cur = ring.next(ring.head);
    cpu.charge(skbAlloc + ipForward + neigh + qdisc + xmit + skbFree);
    if (this.#copies) cpu.charge(copyCycles(this.#costs, frame.length));
  }
}
