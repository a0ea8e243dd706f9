/**
 * The network part of a Linux kernel on a machine: for every lcore softirqs, protocol layers and skbs, and of every
 * port one queue pair with its vector and queueing discipline. Systems that live in the kernel, or leave part of the
 * work to it, boot one and say what else is to see the packets on their way.
 *
 * Who owns what. A queue pair, its NAPI instance and its discipline belong to the lcore of their number; the table of
 * routes, neighbours and counters of the IP layer are shared by all, which bodies of the model do one after the other.
 */
import type { Fib4 } from "../fib/fib.ts";
import { Softnet } from "../host/softirq.ts";
import type { Memory } from "../memory/memory.ts";
import type { Cpu, Env, ReportRow } from "../stack.ts";
import { type LinuxCosts, linuxCosts, type LinuxProfile } from "./costs.ts";
import { IcmpEcho } from "./icmp_echo.ts";
import { Icmp } from "./icmp_send.ts";
import { QVector } from "./ixgbe.ts";
import type { PageSource, RxHook } from "./ixgbe_rx.ts";
import type { KernelFib } from "./kernel_fib.ts";
import { emptyMib } from "./mib.ts";
import { type ArpSettings, NeighTable } from "./neigh.ts";
import { type IpLayer, NetifReceive } from "./netif_receive.ts";
import { PfifoFast } from "./qdisc.ts";
import { linuxReport } from "./report.ts";
import { Skbs } from "./skb.ts";
import { type PacketType, Tap } from "./tap.ts";

/** Every knob of the kernel; names in brackets are the system's own. */
export interface KernelSettings extends ArpSettings {
  readonly profile: LinuxProfile;
  /** Fixed interrupt interval in microseconds [ethtool -C rx-usecs]; -1 is adaptive. */
  readonly itrUs: number;
  readonly txqueuelen: number;
  /** [net.core.netdev_budget, netdev_budget_usecs] */
  readonly budget: number;
  readonly budgetUsecs: number;
  /** Longest packet that a port sends; Infinity: any. */
  readonly mtu: number;
  readonly gro: boolean;
  /** A capture runs on all ports [tcpdump -i any]. */
  readonly tap: boolean;
}

/** A kernel as it boots: all neighbours known, no address, no ICMP. */
export const KERNEL_DEFAULTS: KernelSettings = {
  profile: "modern",
  itrUs: -1,
  txqueuelen: 1000,
  budget: 300,
  budgetUsecs: 2000,
  addresses: [],
  mtu: Infinity,
  neighbours: [],
  unresQlen: 101,
  retransTimeMs: 1000,
  gro: true,
  tap: false,
};

/** What else sees the packets of an lcore. */
export interface KernelHooks {
  /** Before there is an skb. */
  rx?(lcore: number): RxHook;
  /** Whose pages the receive ring of a queue pair posts; null: the kernel's. */
  pages?(port: number, lcore: number): PageSource | null;
  /** Every frame up and down, beside a capture. */
  packetTypes?(lcore: number): readonly PacketType[];
}

/** A kernel that has booted; its interfaces are down until `up`. */
export class Kernel {
  /** What the layers of all lcores share. */
  readonly ip: IpLayer;
  /** By lcore. */
  readonly softnets: Softnet[] = [];
  readonly receivers: NetifReceive[] = [];
  readonly skbs: Skbs[] = [];
  /** Queue pairs, those of an lcore together in order of ports. */
  readonly vectors: QVector[] = [];
  readonly #env: Env;
  readonly #costs: LinuxCosts;
  readonly #taps: Tap[] = [];
  /** Which queue pair an MSI-X vector of the machine belongs to. */
  readonly #byVector: QVector[] = [];

  /**
   * Boots on all lcores.
   * @param tables makes the LC-trie; kept by the stack from run to run
   * @param routesChange whether the run will change routes
   * @throws {RangeError} when some, but not all, ports or next hops have an address, or the profile lacks a cost
   */
  constructor(
    env: Env,
    settings: KernelSettings,
    tables: KernelFib,
    routesChange: boolean,
    hooks: KernelHooks = {},
  ) {
    this.#env = env;
    this.#costs = linuxCosts(env, settings.profile);
    const { addresses, neighbours, mtu, gro } = settings;
    enough("addresses", addresses.length, "ports", env.hardware.nics.length);
    enough("neighbours", neighbours.length, "next hops", env.neighbours.count);
    const fib = tables.of(env.fib as Fib4, routesChange);
    const mib = emptyMib();
    const neigh = new NeighTable(env, neighbours.length === 0 ? null : settings);
    const icmp = new Icmp(env, this.#costs, { fib, mib }, addresses, mtu);
    const echo = new IcmpEcho(env, this.#costs, { fib, mib }, addresses);
    this.ip = { fib, neigh, icmp, echo, mib, sysctl: { ipForward: true }, mtu, gro };
    for (const nic of env.hardware.nics) nic.bootQueues();
    for (let lcore = 0; lcore < env.lcores; lcore++) this.#bootLcore(lcore, settings, hooks);
    neigh.up(this.receivers[0]!);
  }

  /** Interfaces go up when everything is there, at boot or by a process: from here on interrupts come. */
  up(by?: Cpu): void {
    for (const q of this.vectors) q.up(by ?? this.softnets[q.queue]!.softirq);
  }

  /** An interrupt of one of its vectors, in hard interrupt context. */
  interrupt(cpu: Cpu, vector: number): void {
    this.#byVector[vector]!.interrupt(cpu);
  }

  /** Every counter, under the name that its reader prints. */
  report(): ReportRow[] {
    return linuxReport({
      softnets: this.softnets,
      receivers: this.receivers,
      vectors: this.vectors,
      skbs: this.skbs,
      mib: this.ip.mib,
      neigh: this.ip.neigh,
      icmp: this.ip.icmp,
      nics: this.#env.hardware.nics,
      taps: this.#taps,
    });
  }

  #bootLcore(lcore: number, settings: KernelSettings, hooks: KernelHooks): void {
    const env = this.#env;
    const costs = this.#costs;
    const legacy = settings.profile === "legacy";
    const softnet = new Softnet(lcore, env, {
      mhz: env.cost("mhz"),
      budget: settings.budget,
      budgetUsecs: settings.budgetUsecs,
      requeue: legacy ? "tail" : "repoll",
      costs: {
        softirq: env.cost("linux.softirq"),
        poll: env.cost("linux.napi.poll"),
        switch: env.cost("linux.ksoftirqd"),
      },
    });
    const types: PacketType[] = [];
    if (settings.tap) types.push(this.#startTap(lcore));
    types.push(...hooks.packetTypes?.(lcore) ?? []);
    const receiver = new NetifReceive(env, softnet, costs, this.ip, types);
    const skbs = new Skbs(env.memory, env.pool, costs, legacy);
    const hook = hooks.rx?.(lcore) ?? null;
    const place = env.place(`softirq of lcore ${lcore}`, Infinity);
    for (const nic of env.hardware.nics) {
      const { port, queues: device } = nic;
      const memory = env.memory as Memory;
      const parts = {
        port,
        queue: lcore,
        device,
        memory,
        pool: env.pool,
        skbs,
        costs,
        place,
        hook,
        source: hooks.pages?.(port, lcore) ?? null,
      };
      const vector = nic.vectors[lcore]!;
      const q = new QVector(parts, vector, softnet, receiver, settings.itrUs);
      const name = `eth${port} pfifo_fast of queue ${lcore}`;
      receiver.qdiscs[port] = new PfifoFast(env, q.tx, softnet, name, settings.txqueuelen, types);
      this.vectors.push(q);
      this.#byVector[vector.id] = q;
    }
    this.softnets.push(softnet);
    this.receivers.push(receiver);
    this.skbs.push(skbs);
  }

  #startTap(lcore: number): Tap {
    const tap = new Tap(this.#env, lcore, this.#costs);
    this.#taps.push(tap);
    return tap;
  }
}

/** @throws {RangeError} when some, but not all, have an address */
function enough(option: string, given: number, what: string, needed: number): void {
  if (given === 0 || given >= needed) return;
  throw new RangeError(`Cannot boot the kernel: ${given} ${option} for ${needed} ${what}`);
}
