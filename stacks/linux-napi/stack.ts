/**
 * Linux as an IPv4 router: interrupt, NAPI, softirq, skb, ip_forward, qdisc, driver. Everything runs in
 * softirq context on the lcore that the queue's interrupt goes to, one receive and one transmit queue of each
 * port for every lcore; no process takes part.
 */
import type { Memory } from "../../core/memory/memory.ts";
import { Softnet } from "../../core/host/softirq.ts";
import type { Policy } from "../../core/policy.ts";
import {
  type Cpu,
  type Dataplane,
  type Env,
  type ReportRow,
  type Stack,
  STRICT,
} from "../../core/stack.ts";
import { type LinuxCosts, linuxCosts } from "./costs.ts";
import { QVector } from "./ixgbe.ts";
import { startShell } from "./commands.ts";
import { ICMP_RATELIMIT_MS, XRLIM_BURST_FACTOR } from "./icmp_limit.ts";
import { Icmp } from "./icmp_send.ts";
import { KernelFib } from "./kernel_fib.ts";
import { emptyMib } from "./mib.ts";
import { NeighTable } from "./neigh.ts";
import { type IpLayer, NetifReceive } from "./netif_receive.ts";
import { type LinuxNapiOptions, type LinuxNapiSettings, settingsOf } from "./options.ts";
import { PfifoFast } from "./qdisc.ts";
import { linuxReport } from "./report.ts";
import { Skbs } from "./skb.ts";
import { Tap } from "./tap.ts";

/**
 * What Linux declares: RFC 1812, frames for other stations refused, loss at the NIC and in the
 * qdisc.
 *
 * @example
 * ```ts
 * import { LINUX_POLICY, linuxNapi } from "@planecheck/planecheck/stacks";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(linuxNapi({ profile: "legacy" }).policy, LINUX_POLICY);
 * ```
 */
export const LINUX_POLICY: Policy = {
  ...STRICT,
  checksDstMac: true,
  congestion: ["rx-missed", "qdisc-full"],
};

/**
 * The Linux forwarding path.
 *
 * @throws {RangeError} when a knob is out of range
 * @throws {TypeError} when the profile is unknown
 * @example
 * ```ts
 * import { linuxNapi } from "@planecheck/planecheck/stacks";
 * import { assertEquals, assertThrows } from "@std/assert";
 *
 * assertEquals(linuxNapi().policy!.congestion, ["rx-missed", "qdisc-full"]);
 * assertThrows(() => linuxNapi({ txqueuelen: 0 }), RangeError, "txqueuelen 0");
 * ```
 */
export function linuxNapi(options: LinuxNapiOptions = {}): Stack {
  const settings = settingsOf(options);
  const tables = new KernelFib();
  const stack = (env: Env): Dataplane => new LinuxNapi(env, settings, tables);
  return Object.assign(stack, { policy: policyOf(settings) });
}

/** What the kernel declares as it is set up. */
function policyOf({ addresses, mtu, neighbours }: LinuxNapiSettings): Policy {
  const { congestion } = LINUX_POLICY;
  const asks = neighbours.length > 0;
  return {
    ...LINUX_POLICY,
    ...mtu === Infinity ? {} : { mtu },
    ...asks ? { congestion: [...congestion, "unresolved"] } : {},
    ...addresses.length === 0 ? {} : {
      originates: {
        addresses,
        icmpBurst: XRLIM_BURST_FACTOR,
        icmpPerSecond: 1000 / ICMP_RATELIMIT_MS,
        ...asks ? { arp: neighbours } : {},
      },
    },
  };
}

class LinuxNapi implements Dataplane {
  readonly name: string;
  readonly #env: Env;
  readonly #softnets: Softnet[] = [];
  readonly #receivers: NetifReceive[] = [];
  readonly #vectors: QVector[] = [];
  readonly #skbs: Skbs[] = [];
  /** Which of them an MSI-X vector of the machine belongs to. */
  readonly #byVector: QVector[] = [];
  readonly #mib = emptyMib();
  readonly #neigh: NeighTable;
  readonly #icmp: Icmp;

  constructor(env: Env, settings: LinuxNapiSettings, tables: KernelFib) {
    this.name = `linux-napi (${settings.profile})`;
    this.#env = env;
    const costs = linuxCosts(env, settings.profile);
    const { addresses, neighbours, mtu } = settings;
    enough("addresses", addresses.length, "ports", env.hardware.nics.length);
    enough("neighbours", neighbours.length, "next hops", env.neighbours.count);
    const mib = this.#mib;
    const fib = tables.of(env.fib, settings.commands.length > 0);
    const sysctl = { ipForward: true };
    this.#neigh = new NeighTable(env, neighbours.length === 0 ? null : settings);
    this.#icmp = new Icmp(env, costs, { fib, mib }, addresses);
    const ip = { fib, neigh: this.#neigh, icmp: this.#icmp, mib, sysctl, mtu, gro: settings.gro };
    for (const nic of env.hardware.nics) nic.bootQueues();
    for (let lcore = 0; lcore < env.lcores; lcore++) {
      this.#bootLcore(lcore, settings, costs, ip);
    }
    this.#neigh.up(this.#receivers[0]!);
    startShell(env, settings.commands, ip);
    // an interface goes up when its driver is complete: from here on interrupts come
    for (const q of this.#vectors) q.up(this.#softnets[q.queue]!.softirq);
  }

  interrupt(cpu: Cpu, vector: number): void {
    this.#byVector[vector]!.interrupt(cpu);
  }

  report(): ReportRow[] {
    return linuxReport({
      softnets: this.#softnets,
      receivers: this.#receivers,
      vectors: this.#vectors,
      skbs: this.#skbs,
      mib: this.#mib,
      neigh: this.#neigh,
      icmp: this.#icmp,
      nics: this.#env.hardware.nics,
    });
  }

  #bootLcore(
    lcore: number,
    settings: LinuxNapiSettings,
    costs: LinuxCosts,
    ip: IpLayer,
  ): void {
    const env = this.#env;
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
    const tap = settings.tap ? new Tap(env, lcore, costs) : null;
    const receiver = new NetifReceive(env, softnet, costs, ip, tap);
    const skbs = new Skbs(env.memory, env.pool, costs, legacy);
    const place = env.place(`softirq of lcore ${lcore}`, Infinity);
    for (const nic of env.hardware.nics) {
      const parts = {
        port: nic.port,
        queue: lcore,
        device: nic.queues,
        memory: env.memory as Memory,
        pool: env.pool,
        skbs,
        costs,
        place,
      };
      const vector = nic.vectors[lcore]!;
      const q = new QVector(parts, vector, softnet, receiver, settings.itrUs);
      const name = `eth${nic.port} pfifo_fast of queue ${lcore}`;
      receiver.qdiscs[nic.port] = new PfifoFast(env, q.tx, softnet, name, settings.txqueuelen, tap);
      this.#vectors.push(q);
      this.#byVector[vector.id] = q;
    }
    this.#softnets.push(softnet);
    this.#receivers.push(receiver);
    this.#skbs.push(skbs);
  }
}

/** @throws {RangeError} when some, but not all, have an address */
function enough(option: string, given: number, what: string, needed: number): void {
  if (given === 0 || given >= needed) return;
  throw new RangeError(`Cannot boot linux-napi: ${given} ${option} for ${needed} ${what}`);
}
