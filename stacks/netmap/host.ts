/**
 * netmap on a machine: region 1, a port for each NIC with its rings, and what of the operating system is needed
 * beside it. NICs are in netmap mode from the start, native or emulated.
 */
import { Softnet } from "../../core/host/softirq.ts";
import { linuxCosts } from "../../core/linux/costs.ts";
import { KERNEL_DEFAULTS } from "../../core/linux/kernel.ts";
import type { Memory } from "../../core/memory/memory.ts";
import type { Nic } from "../../core/nic/nic.ts";
import type { Cpu, Env } from "../../core/stack.ts";
import { NetmapAdapter } from "./adapter.ts";
import { type NetmapCosts, netmapCosts } from "./costs.ts";
import { GenericQueue, GenericSkbs } from "./generic.ts";
import { HostRingPair } from "./host_rings.ts";
import { NetmapKernel } from "./kernel.ts";
import { NetmapMem, RESERVED } from "./memory.ts";
import { Mitigation } from "./mitigation.ts";
import { NicQueue, type OsLcore } from "./nic_queue.ts";
import type { NetmapSettings } from "./options.ts";
import { OsStack } from "./os_stack.ts";

/** skbs and pages beyond those that lie in rings, where there is an operating system. */
const SPARE_SKBS = 256;

/** netmap with its ports. */
export class NetmapHost {
  readonly costs: NetmapCosts;
  readonly mem: NetmapMem;
  readonly kernel: NetmapKernel;
  /** A port for each NIC. */
  readonly ports: NetmapAdapter[] = [];
  readonly queues: NicQueue[] = [];
  /** The operating system, if ports have addresses. */
  readonly os: OsStack | null = null;
  readonly osLcores: OsLcore[] = [];
  /** Emulated queue pairs, in the order of `queues`. */
  readonly generic: GenericQueue[] = [];
  readonly hostRings: HostRingPair[] = [];
  readonly settings: NetmapSettings;
  /** The NICs are the operating system's again. */
  detached = false;
  readonly #env: Env;
  /** Filled by the first interrupt: flat out there are no vectors. */
  readonly #byVector: Map<number, NicQueue> = new Map();

  /**
   * Makes the region and the rings of every NIC.
   * @throws {RangeError} when some, but not all, ports have an address
   * @throws {NetmapError} ENOMEM when region 1 does not hold the rings of all ports
   */
  constructor(env: Env, settings: NetmapSettings) {
    this.#env = env;
    this.settings = settings;
    this.costs = netmapCosts(env);
    const { nics } = env.hardware;
    const { addresses } = settings;
    if (addresses.length > 0 && addresses.length < nics.length) {
      throw new RangeError(
        `Cannot boot netmap: ${addresses.length} addresses for ${nics.length} ports`,
      );
    }
    for (const nic of nics) nic.bootQueues();
    this.mem = this.#makeRegion(nics);
    this.kernel = new NetmapKernel(env, this.costs, settings);
    if (addresses.length > 0 || this.#emulated) this.#bootOs();
    if (addresses.length > 0) this.os = new OsStack(env, this.osLcores[0]!.costs, addresses);
    for (const nic of nics) this.#addPort(nic);
  }

  /** Fills the receive rings and unmasks the interrupts: the links are up. `cpus` are processes by lcore. */
  up(cpus: readonly Cpu[]): void {
    const { itrUs, noPendintr } = this.settings;
    for (const queue of this.queues) {
      const { softnet } = this.osLcores[queue.queue] ?? {};
      if (this.#emulated) queue.driver!.up(softnet!.softirq);
      else queue.upNative(cpus[queue.queue]!, this.kernel.place, itrUs, noPendintr);
    }
  }

  /** An interrupt of one of the queue pairs. */
  interrupt(cpu: Cpu, vector: number): void {
    if (this.#byVector.size === 0) {
      for (const queue of this.queues) {
        this.#byVector.set(queue.nic.vectors[queue.queue]!.id, queue);
      }
    }
    this.#byVector.get(vector)!.interrupt(cpu);
  }

  get #emulated(): boolean {
    return this.settings.admode === 2;
  }

  /** Buffers for all rings, and for the operating system where there is one. */
  #makeRegion(nics: readonly Nic[]): NetmapMem {
    const { bufNum, addresses } = this.settings;
    const sizes = nics.map(({ queues }) => [queues.rx[0]!.size, queues.tx[0]!.size] as const);
    const os = addresses.length > 0;
    const ofNics = this.#env.lcores * sizes.reduce((sum, [rx, tx]) => sum + rx + tx, 0);
    const ofHost = os ? sizes.reduce((sum, [rx, tx]) => sum + rx + tx, 0) : 0;
    const buffers = bufNum < 0 ? ofNics + ofHost : bufNum;
    const skbs = this.#emulated || os ? ofNics + SPARE_SKBS : 0;
    this.#env.configure({ mbufs: buffers + RESERVED + skbs });
    return new NetmapMem(1, this.#env.memory as Memory, this.#env.pool, buffers, this.settings);
  }

  #bootOs(): void {
    const env = this.#env;
    const { budget, budgetUsecs } = KERNEL_DEFAULTS;
    for (let lcore = 0; lcore < env.lcores; lcore++) {
      const softnet = new Softnet(lcore, env, {
        mhz: env.cost("mhz"),
        budget,
        budgetUsecs,
        requeue: "repoll",
        costs: {
          softirq: env.cost("linux.softirq"),
          poll: env.cost("linux.napi.poll"),
          switch: env.cost("linux.ksoftirqd"),
        },
      });
      const place = env.place(`softirq of lcore ${lcore}`, Infinity);
      this.osLcores.push({ softnet, costs: linuxCosts(env, "modern"), place });
    }
  }

  #addPort(nic: Nic): void {
    const env = this.#env;
    const adapter = new NetmapAdapter(`eth${nic.port}`, this.mem, this.costs);
    this.ports.push(adapter);
    this.kernel.ports.set(adapter.name, adapter);
    const slots = { tx: nic.queues.tx[0]!.size, rx: nic.queues.rx[0]!.size };
    for (let q = 0; q < env.lcores; q++) {
      const pair = adapter.addPair(slots, this.#emulated ? 0 : this.settings.hwofs);
      const queue = new NicQueue(env, nic, q, pair, this.costs);
      this.queues.push(queue);
      if (this.#emulated) this.#emulate(queue);
    }
    if (this.os !== null) this.#addHostRings(adapter, nic.port, slots);
  }

  #emulate(queue: NicQueue): void {
    const env = this.#env;
    const { itrUs, genericMitNs } = this.settings;
    const lcore = this.osLcores[queue.queue]!;
    const skbs = new GenericSkbs(env, lcore.costs);
    // the driver's half of the pair comes first: what it receives goes to netmap
    const receiver = {
      receive: (cpu: Cpu, skb: number) => made.receive(cpu, skb),
      flush: (cpu: Cpu) => made.flush(cpu),
    };
    const driver = queue.makeDriver(lcore, skbs, receiver, itrUs);
    const mitigation = new Mitigation(env, queue.queue, genericMitNs);
    const costs = { linux: lcore.costs, copy: this.costs };
    const made = new GenericQueue(env, costs, queue, driver.tx, skbs, mitigation, queue.queue);
    this.generic.push(made);
  }

  #addHostRings(adapter: NetmapAdapter, port: number, slots: { tx: number; rx: number }): void {
    const pair = adapter.addPair(slots, 0, true);
    const costs = { linux: this.osLcores[0]!.costs, copy: this.costs };
    const made = new HostRingPair(this.#env, costs, pair, this.os!, port);
    this.hostRings.push(made);
    this.os!.transmit[port] = (cpu, skb) => made.transmit(cpu, skb);
  }
}
