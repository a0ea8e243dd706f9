/**
 * The kernel side of netmap on a machine: region 1, a port for each NIC, and the interrupts. An interrupt does no
 * packet work: it notes that one came, wakes who waits for the rings of its queue pair, and unmasks itself.
 *
 * Source: netmap LINUX/ixgbe_netmap_linux.h (ixgbe_netmap_attach), sys/dev/netmap/netmap.c (netmap_common_irq).
 */
import type { Context } from "../../core/host/context.ts";
import type { Memory } from "../../core/memory/memory.ts";
import type { Cpu, Env } from "../../core/stack.ts";
import { NetmapAdapter } from "./adapter.ts";
import { type NetmapCosts, netmapCosts } from "./costs.ts";
import { NetmapKernel } from "./kernel.ts";
import { IxgbeNetmap } from "./ixgbe_netmap.ts";
import { type NetmapKring, NKR_PENDINTR } from "./kring.ts";
import { NetmapMem, RESERVED } from "./memory.ts";
import type { NetmapSettings } from "./options.ts";

const PS_PER_USEC = 1_000_000;

/** A queue pair under netmap. */
export interface QueuePair {
  readonly name: string;
  readonly port: number;
  readonly queue: number;
  readonly driver: IxgbeNetmap;
  readonly tx: NetmapKring;
  readonly rx: NetmapKring;
  /** Interrupts taken, and packets that their handler touched, which is none. */
  interrupts: number;
}

/** netmap in the kernel. */
export class NetmapHost {
  readonly costs: NetmapCosts;
  readonly mem: NetmapMem;
  readonly kernel: NetmapKernel;
  /** A port for each NIC. */
  readonly ports: NetmapAdapter[] = [];
  readonly pairs: QueuePair[] = [];
  readonly #env: Env;
  readonly #byVector: QueuePair[] = [];

  /**
   * Makes the region and puts every NIC into netmap mode.
   * @throws {NetmapError} ENOMEM when region 1 does not hold the rings of all ports
   */
  constructor(env: Env, settings: NetmapSettings) {
    this.#env = env;
    this.costs = netmapCosts(env);
    const { nics } = env.hardware;
    for (const nic of nics) nic.bootQueues();
    const needed = nics.reduce(
      (sum, { queues }) => sum + env.lcores * (queues.rx[0]!.size + queues.tx[0]!.size),
      0,
    );
    const buffers = settings.bufNum < 0 ? needed : settings.bufNum;
    env.configure({ mbufs: buffers + RESERVED });
    const memory = env.memory as Memory;
    this.mem = new NetmapMem(1, memory, env.pool, buffers, settings);
    this.kernel = new NetmapKernel(env, this.costs, settings);
    const { place } = this.kernel;
    for (const nic of nics) {
      const adapter = new NetmapAdapter(`eth${nic.port}`, this.mem, this.costs);
      this.ports.push(adapter);
      this.kernel.ports.set(adapter.name, adapter);
      for (let queue = 0; queue < env.lcores; queue++) {
        const slots = { tx: nic.queues.tx[queue]!.size, rx: nic.queues.rx[queue]!.size };
        const { tx, rx } = adapter.addPair(slots, settings.hwofs);
        const { noPendintr } = settings;
        const driver = new IxgbeNetmap(nic.queues, queue, memory, this.costs, place, noPendintr);
        const name = `eth${nic.port}-TxRx-${queue}`;
        const pair = { name, port: nic.port, queue, driver, tx, rx, interrupts: 0 };
        this.pairs.push(pair);
        this.#byVector[nic.vectors[queue]!.id] = pair;
        nic.vectors[queue]!.throttle(settings.itrUs * PS_PER_USEC);
      }
    }
  }

  /** Fills the receive rings and unmasks the interrupts: the links are up. */
  up(cpus: readonly Cpu[]): void {
    for (const { driver, rx, tx, port, queue } of this.pairs) {
      const cpu = cpus[queue]!;
      driver.configureTx(tx);
      driver.configureRx(cpu, rx);
      this.#env.hardware.nics[port]!.queues.irqEnable(cpu as Context, queue);
    }
  }

  /** The interrupt of a queue pair (netmap_rx_irq and netmap_tx_irq). */
  interrupt(cpu: Cpu, vector: number): void {
    const pair = this.#byVector[vector]!;
    cpu.charge(this.costs.irq);
    pair.interrupts++;
    for (const kring of [pair.tx, pair.rx]) {
      kring.kflags |= NKR_PENDINTR;
      kring.si.wake(cpu);
    }
    cpu.charge(this.costs.irqEnable);
    this.#env.hardware.nics[pair.port]!.queues.irqEnable(cpu as Context, pair.queue);
  }
}
