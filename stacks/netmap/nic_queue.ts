/**
 * A queue pair of a NIC and who drives it: netmap's own syncs, or the operating system's driver, with or without
 * netmap's emulation on top. Its interrupt goes to whoever that is.
 *
 * A netmap interrupt does no packet work: it notes that one came, wakes who waits for the rings, and unmasks itself.
 *
 * Source: netmap LINUX/ixgbe_netmap_linux.h, sys/dev/netmap/netmap.c (netmap_common_irq).
 */
import type { Context } from "../../core/host/context.ts";
import type { Softnet } from "../../core/host/softirq.ts";
import type { LinuxCosts } from "../../core/linux/costs.ts";
import { QVector } from "../../core/linux/ixgbe.ts";
import type { SkbReceiver } from "../../core/linux/ixgbe_rx.ts";
import type { Skbs } from "../../core/linux/skb.ts";
import type { Memory } from "../../core/memory/memory.ts";
import type { Nic } from "../../core/nic/nic.ts";
import type { DescriptorRing } from "../../core/nic/rings.ts";
import type { Cpu, Env } from "../../core/stack.ts";
import type { NetmapCosts } from "./costs.ts";
import { IxgbeNetmap } from "./ixgbe_netmap.ts";
import { releaseIxgbe } from "./ixgbe_release.ts";
import { type NetmapKring, NKR_PENDINTR } from "./kring.ts";

const PS_PER_USEC = 1_000_000;

/** The operating system's part of an lcore. */
export interface OsLcore {
  readonly softnet: Softnet;
  readonly costs: LinuxCosts;
  readonly place: number;
}

/** A queue pair. */
export class NicQueue {
  readonly name: string;
  readonly port: number;
  readonly queue: number;
  readonly tx: NetmapKring;
  readonly rx: NetmapKring;
  /** netmap's own syncs, while they drive it. */
  native: IxgbeNetmap | null = null;
  /** The operating system's driver, while that does. */
  driver: QVector | null = null;
  /** Interrupts taken while in netmap mode. */
  interrupts = 0;
  /** The NIC that it is a pair of. */
  readonly nic: Nic;
  readonly #env: Env;
  readonly #costs: NetmapCosts;

  constructor(
    env: Env,
    nic: Nic,
    queue: number,
    { tx, rx }: { tx: NetmapKring; rx: NetmapKring },
    costs: NetmapCosts,
  ) {
    this.name = `eth${nic.port}-TxRx-${queue}`;
    this.port = nic.port;
    this.queue = queue;
    this.tx = tx;
    this.rx = rx;
    this.#env = env;
    this.nic = nic;
    this.#costs = costs;
  }

  /** Puts it into netmap mode: fills the receive ring and unmasks the interrupt. */
  upNative(cpu: Cpu, place: number, itrUs: number, noPendintr: boolean): void {
    const { queues } = this.nic;
    const memory = this.#env.memory as Memory;
    if (itrUs > 0) this.nic.vectors[this.queue]!.throttle(itrUs * PS_PER_USEC);
    this.driver = null;
    this.native = new IxgbeNetmap(queues, this.queue, memory, this.#costs, place, noPendintr);
    this.native.configureTx(this.tx);
    this.native.configureRx(cpu, this.rx);
    queues.irqEnable(cpu as Context, this.queue);
  }

  /** Gives it to the operating system's driver, which hands what it receives to `receiver`. */
  makeDriver(os: OsLcore, skbs: Skbs, receiver: SkbReceiver, itrUs: number): QVector {
    const { queues, vectors, port } = this.nic;
    const { memory, pool } = this.#env;
    const parts = {
      port,
      queue: this.queue,
      device: queues,
      memory: memory as Memory,
      pool,
      skbs,
      costs: os.costs,
      place: os.place,
      hook: null,
      source: null,
    };
    this.native = null;
    this.driver = new QVector(parts, vectors[this.queue]!, os.softnet, receiver, itrUs);
    return this.driver;
  }

  /** The interrupt of the pair. */
  interrupt(cpu: Cpu): void {
    if (this.driver !== null) return this.driver.interrupt(cpu);
    // between two modes nobody waits for anything
    if (this.native === null) return;
    cpu.charge(this.#costs.irq);
    this.interrupts++;
    for (const kring of [this.tx, this.rx]) {
      kring.kflags |= NKR_PENDINTR;
      kring.si.wake(cpu);
    }
    cpu.charge(this.#costs.irqEnable);
    this.nic.queues.irqEnable(cpu as Context, this.queue);
  }

  /** Tells the device to stop receiving. */
  stop(cpu: Cpu): void {
    this.nic.queues.rxStop(cpu as Context, this.queue);
  }

  /** Whether the device is done with both rings. */
  get quiet(): boolean {
    const { rx, tx } = this.nic.queues;
    return rx[this.queue]!.quiet && tx[this.queue]!.quiet;
  }

  /** Takes all buffers back from the device; packets that nobody has taken are lost. */
  release(cpu: Cpu, place: number): void {
    const { rx, tx } = this.nic.queues;
    const pair = (kring: NetmapKring, descriptors: DescriptorRing) => ({ kring, descriptors });
    const of = this.queue;
    releaseIxgbe(cpu, this.#env, pair(this.tx, tx[of]!), pair(this.rx, rx[of]!), place);
    this.native = null;
  }
}
