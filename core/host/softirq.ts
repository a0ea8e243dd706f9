/**
 * The network softirqs of one lcore (softnet_data): NET_TX, which restarts queueing disciplines, and NET_RX,
 * which polls NAPI instances, run first in softirq context and, when that does not end, in ksoftirqd.
 *
 * One body is one NAPI poll or one run of a queueing discipline, because that is the granule at which virtual
 * time passes; the loops of the kernel are states here. From the outside in:
 *
 *     __do_softirq   passes over what is raised; at most 10 passes or 2 ms, then ksoftirqd is woken
 *     net_tx_action  one pass: every discipline that was scheduled when it began, once
 *     net_rx_action  one pass, called a round: polls from the poll list until it is empty, or until 300
 *                    packets or 2 ms are used up, which is counted as time_squeeze
 *
 * Who owns what. The poll list belongs to this lcore; nobody else may schedule on it. At any time the work
 * belongs to nobody (nothing is raised), to the softirq context, which no thread can displace, or to
 * ksoftirqd, a thread that takes its turns with the others on the lcore. While ksoftirqd has it, an interrupt
 * adds to the list and leaves it there (as from 4.9 to 6.4: "let ksoftirqd do its job").
 *
 * An instance that used its whole weight waits on a list of its own until the next round ("repoll", since
 * 3.18), or goes to the tail of the list being polled ("tail", before). So a round of modern kernels polls
 * each instance once, and reaches 300 packets only where five or more share an lcore.
 *
 * Source: Linux kernel/softirq.c, net/core/dev.c; Documentation/admin-guide/sysctl/net.rst.
 */
import type { Cpu, Env } from "../stack.ts";
import {
  IntrusiveList,
  type Listed,
  type Napi,
  newSoftnetStat,
  type SoftirqOptions,
  type SoftnetStat,
} from "./napi.ts";

/** Passes of one __do_softirq (MAX_SOFTIRQ_RESTART). */
export const SOFTIRQ_PASSES_MAX = 10;
/** Microseconds of one __do_softirq (MAX_SOFTIRQ_TIME). */
export const SOFTIRQ_USECS_MAX = 2000;

const NET_TX = 1;
const NET_RX = 2;

/** A queueing discipline as net_tx_action sees it. */
export interface OutputWork extends Listed<OutputWork> {
  /** Sends what it can; answers how many packets that were. */
  run(cpu: Cpu): number;
}

/**
 * Network softirqs of one lcore.
 *
 * @example
 * ```ts
 * import { Clock, Lcore, Napi, Softnet } from "@planecheck/planecheck/core";
 * import { assertEquals } from "@std/assert";
 *
 * const clock = new Clock();
 * const lcore = new Lcore(0, clock, 1000);
 * lcore.reset({ interrupt: (cpu) => softnet.napiSchedule(cpu, napi) });
 * const softnet: Softnet = new Softnet(0, {
 *   spawn: (_, priority, body) => lcore.spawn(priority, body, false),
 * }, {
 *   mhz: 1000,
 *   budget: 300,
 *   budgetUsecs: 2000,
 *   requeue: "repoll",
 *   costs: { softirq: 5, poll: 20, switch: 50 },
 * });
 * let waiting = 100;
 * const napi: Napi = new Napi("eth0", {
 *   poll(cpu, budget) {
 *     const n = Math.min(waiting, budget);
 *     waiting -= n;
 *     if (n < budget) softnet.napiComplete(cpu, napi);
 *     return n;
 *   },
 * });
 * lcore.raise(0);
 * clock.run({ horizonPs: 1e9, events: 100 });
 * assertEquals([waiting, softnet.stat.polls], [0, 2]);
 * ```
 */
export class Softnet {
  /** Number of the lcore. */
  readonly lcore: number = 0;
  /** Its counters. */
  readonly stat: SoftnetStat = newSoftnetStat();
  /** The softirq context; asleep while there is nothing to do. */
  readonly softirq: Cpu;
  /** The thread that takes over. */
  readonly ksoftirqd: Cpu;

  readonly #options: SoftirqOptions;
  readonly #pollList = new IntrusiveList<Napi>();
  readonly #output = new IntrusiveList<OutputWork>();
  #owner: "nobody" | "softirq" | "ksoftirqd" = "nobody";
  /** Raised and not yet begun; begun and not yet over. */
  #raised = 0;
  #pending = 0;
  #entered = false;
  #passes = 0;
  #endTsc = 0;
  readonly #txRun = new IntrusiveList<OutputWork>();
  readonly #round = new IntrusiveList<Napi>();
  readonly #repoll = new IntrusiveList<Napi>();
  #budget = 0;
  #roundEndTsc = 0;

  /**
   * Nothing raised; adds a softirq context and ksoftirqd to the lcore.
   * @param env adds a context to an lcore
   * @throws {RangeError} when the budget or its time is not positive
   */
  constructor(lcore: number, env: Pick<Env, "spawn">, options: SoftirqOptions) {
    if (!(options.budget > 0 && options.budgetUsecs > 0)) {
      throw new RangeError(
        `Cannot set up softirqs of lcore ${lcore}: netdev_budget ${options.budget} and ` +
          `netdev_budget_usecs ${options.budgetUsecs} must be positive`,
      );
    }
    this.lcore = lcore;
    this.#options = options;
    this.softirq = env.spawn(lcore, "softirq", (cpu) => this.#body(cpu, "softirq"));
    this.ksoftirqd = env.spawn(lcore, "thread", (cpu) => this.#body(cpu, "ksoftirqd"));
  }

  /**
   * Schedules an instance to be polled here, or remembers that it was asked for (napi_schedule).
   * @throws {RangeError} when called from another lcore
   */
  napiSchedule(cpu: Cpu, napi: Napi): void {
    this.#checkLcore(cpu, napi.name);
    if (!napi.schedulePrep()) return;
    this.#pollList.push(napi);
    this.#raise(cpu, NET_RX);
  }

  /**
   * A poll has found no more: the instance is idle if this answers true, and its driver is to unmask the
   * interrupt. It answers false when the instance was asked for meanwhile: it will be polled once more
   * (napi_complete_done).
   * @throws {RangeError} when the instance is not scheduled
   */
  napiComplete(cpu: Cpu, napi: Napi): boolean {
    if (!napi.scheduled) throw new RangeError(`Cannot complete NAPI ${napi.name}: it is idle`);
    if (napi.missed) {
      napi.missed = false;
      this.#pollList.push(napi);
      this.#raise(cpu, NET_RX);
      return false;
    }
    napi.scheduled = false;
    return true;
  }

  /**
   * Schedules a queueing discipline to be run by NET_TX, once however often it is asked for
   * (__netif_schedule).
   * @throws {RangeError} when called from another lcore
   */
  netifSchedule(cpu: Cpu, work: OutputWork): void {
    this.#checkLcore(cpu, "a queueing discipline");
    if (work.listed) return;
    this.#output.push(work);
    this.#raise(cpu, NET_TX);
  }

  /** Whether the work is ksoftirqd's at present. */
  get inKsoftirqd(): boolean {
    return this.#owner === "ksoftirqd";
  }

  #checkLcore(cpu: Cpu, what: string): void {
    if (cpu.lcore !== this.lcore) {
      throw new RangeError(
        `Cannot schedule ${what} on lcore ${this.lcore}: the call came from lcore ${cpu.lcore}`,
      );
    }
  }

  #raise(cpu: Cpu, softirq: number): void {
    this.#raised |= softirq;
    if (this.#owner !== "nobody") return;
    this.#owner = "softirq";
    cpu.wake(this.softirq);
  }

  #body(cpu: Cpu, context: "softirq" | "ksoftirqd"): number {
    if (this.#owner !== context) {
      // a new thread runs once before it can sleep; going to sleep is a change, not an empty poll
      cpu.sleep();
      return 1;
    }
    if (!this.#entered) this.#enter(cpu);
    if (this.#pending === 0) this.#beginPass(cpu);
    const moved = (this.#pending & NET_TX) !== 0 ? this.#netTx(cpu) : this.#netRx(cpu);
    if (this.#pending === 0) this.#endPass(cpu);
    // even a poll without a packet unmasked an interrupt: never an empty poll
    return moved > 0 ? moved : 1;
  }

  #enter(cpu: Cpu): void {
    this.#entered = true;
    this.#passes = 0;
    const { mhz, costs } = this.#options;
    cpu.charge(costs.softirq + (this.#owner === "ksoftirqd" ? costs.switch : 0));
    this.#endTsc = cpu.tsc() + SOFTIRQ_USECS_MAX * mhz;
  }

  #beginPass(cpu: Cpu): void {
    this.#passes++;
    this.#pending = this.#raised;
    this.#raised = 0;
    if ((this.#pending & NET_TX) !== 0) this.#txRun.take(this.#output);
    if ((this.#pending & NET_RX) === 0) return;
    const { budget, budgetUsecs, mhz } = this.#options;
    this.#round.take(this.#pollList);
    this.#budget = budget;
    this.#roundEndTsc = cpu.tsc() + budgetUsecs * mhz;
  }

  /** After a pass: done, once more, or over to ksoftirqd. */
  #endPass(cpu: Cpu): void {
    if (this.#raised === 0) {
      this.#owner = "nobody";
      this.#entered = false;
      cpu.sleep();
      return;
    }
    if (this.#owner === "ksoftirqd") return;
    if (this.#passes < SOFTIRQ_PASSES_MAX && cpu.tsc() < this.#endTsc) return;
    this.#owner = "ksoftirqd";
    this.#entered = false;
    this.stat.ksoftirqdWakeups++;
    cpu.sleep();
    cpu.wake(this.ksoftirqd);
  }

  #netTx(cpu: Cpu): number {
    const work = this.#txRun.shift();
    const moved = work === null ? 0 : work.run(cpu);
    if (this.#txRun.isEmpty) this.#pending &= ~NET_TX;
    return moved;
  }

  #netRx(cpu: Cpu): number {
    const napi = this.#round.shift();
    if (napi === null) {
      this.#endRound(cpu);
      return 0;
    }
    const work = this.#poll(cpu, napi);
    this.#budget -= work;
    if (this.#budget <= 0 || cpu.tsc() >= this.#roundEndTsc) {
      this.stat.timeSqueeze++;
      this.#endRound(cpu);
    } else if (this.#round.isEmpty) {
      this.#endRound(cpu);
    }
    return work;
  }

  #poll(cpu: Cpu, napi: Napi): number {
    cpu.charge(this.#options.costs.poll);
    this.stat.polls++;
    napi.polls++;
    const { weight } = napi;
    const work = napi.driver.poll(cpu, weight);
    const again = work === weight;
    if (!(work >= 0 && work <= weight) || again === (napi.listed || !napi.scheduled)) {
      this.#refuse(napi, work);
    }
    if (again) (this.#options.requeue === "tail" ? this.#round : this.#repoll).push(napi);
    return work;
  }

  /** What was left and what used its weight is polled in the next round, behind what came meanwhile. */
  #endRound(cpu: Cpu): void {
    this.#pending &= ~NET_RX;
    const list = this.#pollList;
    const left = this.#round;
    left.take(list);
    left.take(this.#repoll);
    list.take(left);
    if (!list.isEmpty) this.#raise(cpu, NET_RX);
  }

  #refuse(napi: Napi, work: number): never {
    const { name, weight } = napi;
    if (!(work >= 0 && work <= weight)) {
      throw new RangeError(
        `Cannot poll NAPI ${name}: its driver took ${work} of ${weight} packets`,
      );
    }
    const did = work === weight
      ? "completed although it used its whole budget"
      : "returned less than its budget without completing";
    throw new RangeError(`Cannot poll NAPI ${name}: its driver ${did} (${work} of ${weight})`);
  }
}
