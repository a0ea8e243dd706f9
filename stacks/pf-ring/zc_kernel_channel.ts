/**
 * A channel of a NIC whose driver knows nothing of ZC, opened by ZC's library all the same (1-copy mode). The kernel
 * receives as ever; the module copies each packet out of its skb into an empty buffer of the cluster and puts that
 * into a queue, which the application reads as it would a NIC. What finds the queue full is lost. To send, the packet
 * is copied into a skb by a system call, and its buffer stays with the caller.
 *
 * Source: PF_RING 8.9.0, doc (ZC on standard drivers: 1-copy), kernel/pf_ring.c.
 */
import type { Context } from "../../core/host/context.ts";
import type { Process } from "../../core/host/process.ts";
import type { NetifReceive } from "../../core/linux/netif_receive.ts";
import type { PacketType } from "../../core/linux/tap.ts";
import { REASON } from "../../core/policy.ts";
import type { Cpu } from "../../core/stack.ts";
import type { CopiedSkbs } from "./kernel_env.ts";
import type { ModuleCosts } from "./module_costs.ts";
import { SkbCache } from "./skb_cache.ts";
import type { ZcCluster, ZcHandles } from "./zc_cluster.ts";
import type { ZcCosts } from "./zc_costs.ts";
import type { ZcChannel } from "./zc_channel.ts";
import { ZcQueue } from "./zc_queue.ts";

/** What the channels of a machine share. */
export interface KernelChannelParts {
  readonly cluster: ZcCluster;
  readonly costs: ZcCosts;
  readonly module: ModuleCosts;
  readonly copied: CopiedSkbs;
  /** Receivers of the kernel by lcore; filled when it has booted. */
  readonly receivers: NetifReceive[];
  readonly syscall: number;
}

/** A channel. */
export class ZcKernelChannel implements ZcChannel {
  readonly name: string;
  readonly port: number;
  readonly queue: number;
  sent = 0;
  refused = 0;
  /** Packets that found the queue full. */
  lost = 0;
  readonly flushes = 0;
  readonly txPlace: number;
  readonly txCapacity: number;
  readonly ring: ZcQueue;
  readonly #parts: KernelChannelParts;
  readonly #handle: ZcHandles;
  readonly #skbs: SkbCache;
  #sleeper: Process | null = null;

  /** Takes a buffer for each of `slots` packets that may wait. */
  constructor(parts: KernelChannelParts, port: number, queue: number, slots: number) {
    const { cluster, costs } = parts;
    this.name = `eth${port}@${queue}`;
    this.port = port;
    this.queue = queue;
    this.#parts = parts;
    this.ring = new ZcQueue(cluster, `${this.name} ring`, slots, costs, queue);
    this.#handle = cluster.handles(`${this.name} kernel`, queue, 1);
    this.#skbs = new SkbCache(cluster.env, queue);
    this.txCapacity = cluster.pool.size;
    this.txPlace = cluster.env.place(`${this.name} skbs`, this.txCapacity);
  }

  get recv(): number {
    return this.ring.recv;
  }

  /** Its buffers are those of its queue and its handle, which are holders themselves. */
  get entitled(): number {
    return 0;
  }

  held(): readonly number[] {
    return [];
  }

  /** A received skb: copied, once, into a buffer of the cluster. */
  receive(cpu: Cpu, skb: number): void {
    const { cluster, module, copied } = this.#parts;
    const { memory, dropCopy } = cluster.env;
    const now = (cpu as Context).nowPs;
    cpu.charge(module.handler);
    copied.mark(skb);
    const handle = this.#handle;
    if (handle.fill(cpu.lcore) === 0 || this.ring.isFullAt(now)) {
      this.lost++;
      const copy = memory.copiedOut(skb, this.ring.place);
      dropCopy(cpu, copy, REASON["ring-full"], this.ring.place, this.ring.length);
      if (copy >= 0) memory.copyEnds(copy);
      return;
    }
    cpu.charge(module.copyBase + Math.ceil(memory.length[skb]! * module.copyByte));
    memory.copy(skb, handle.buffer[0]!);
    this.ring.push(cpu, handle, 0);
    if (this.#sleeper === null) return;
    this.#sleeper.wake(cpu);
    this.#sleeper = null;
  }

  recvBurst(cpu: Cpu, handles: ZcHandles, max: number): number {
    return this.ring.popBurst(cpu, handles, max);
  }

  sendPkt(cpu: Cpu, handles: ZcHandles, i: number): boolean {
    const { cluster, module, receivers, syscall } = this.#parts;
    const { memory } = cluster.env;
    const b = handles.buffer[i]!;
    const skb = this.#skbs.get();
    cpu.charge(syscall + module.send + module.skbAlloc);
    if (skb < 0) {
      this.refused++;
      return false;
    }
    cpu.charge(Math.ceil(memory.length[b]! * module.copyByte));
    memory.copy(b, skb);
    this.sent++;
    receivers[cpu.lcore]!.xmit(cpu, skb, this.port);
    return true;
  }

  flush(): void {}

  watchedBy(cpu: Cpu): void {
    this.ring.consumer = cpu;
  }

  arm(_cpu: Cpu, sleeper: Process): boolean {
    if (this.ring.count > 0) return true;
    this.#sleeper = sleeper;
    return false;
  }
}

/** The packet type of an lcore: each received frame goes to the channel of its port and of the lcore's number. */
export function kernelChannelType(channels: readonly (readonly ZcKernelChannel[])[]): PacketType {
  return {
    see(cpu, skb, port, way) {
      if (way === "rx") channels[port]![cpu.lcore]!.receive(cpu, skb);
    },
  };
}
