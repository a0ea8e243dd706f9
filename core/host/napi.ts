/**
 * NAPI: what a network driver registers to be polled instead of interrupted.
 *
 * Who owns what. An instance is idle or scheduled. Idle, it belongs to its device, whose interrupt is
 * unmasked. `schedule` takes it (SCHED) and puts it on the poll list of one lcore; from then on that lcore
 * alone polls it and the device's interrupt stays masked. A poll that used less than its budget must have
 * completed the instance before it returns; a poll that used all of it must not, and stays listed. A schedule
 * of a scheduled instance is remembered (MISSED) and makes the next completion fail, so no call is forgotten.
 * What a device wants to say between the last look of a poll and the unmasking is latched by its vector.
 *
 * Source: Linux Documentation/networking/napi.rst; include/linux/netdevice.h (NAPI_STATE_*).
 */
import type { Cpu } from "../stack.ts";

/** Packets that one poll of one instance may take (NAPI_POLL_WEIGHT, sysctl dev_weight). */
export const NAPI_POLL_WEIGHT = 64;

/** A driver's half of an instance. */
export interface NapiDriver {
  /**
   * Takes up to `budget` received packets and answers how many. Fewer than `budget` says that the instance
   * was completed; `budget` itself says that it wants to be polled again.
   */
  poll(cpu: Cpu, budget: number): number;
}

/**
 * One NAPI instance (napi_struct).
 *
 * @example
 * ```ts
 * import { Napi } from "@planecheck/planecheck/core";
 * import { assert } from "@std/assert";
 *
 * const napi = new Napi("eth0-TxRx-0", { poll: () => 0 });
 * assert(napi.schedulePrep());
 * assert(!napi.schedulePrep() && napi.missed);
 * ```
 */
export class Napi {
  /** Name of its queue pair. */
  readonly name: string;
  /** Who polls. */
  readonly driver: NapiDriver;
  /** Budget of one poll. */
  readonly weight: number = 0;
  /** SCHED: somebody polls it or will. */
  scheduled = false;
  /** MISSED: it was scheduled again meanwhile. */
  missed = false;
  /** Whether it is on a list. */
  listed = false;
  /** Its successor there. */
  next: Napi | null = null;
  /** Polls so far. */
  polls = 0;

  /**
   * An idle instance.
   * @throws {RangeError} when the weight is not a positive integer
   */
  constructor(name: string, driver: NapiDriver, weight: number = NAPI_POLL_WEIGHT) {
    if (!(Number.isInteger(weight) && weight > 0)) {
      throw new RangeError(`Cannot make NAPI ${name}: weight ${weight} is not a positive integer`);
    }
    this.name = name;
    this.driver = driver;
    this.weight = weight;
  }

  /** Takes the instance if it is idle and answers whether it was (napi_schedule_prep). */
  schedulePrep(): boolean {
    if (this.scheduled) {
      this.missed = true;
      return false;
    }
    this.scheduled = true;
    return true;
  }
}

/** What a list can hold: it carries its own link, so that listing it allocates nothing. */
export interface Listed<T> {
  /** Whether it is on a list. */
  listed: boolean;
  /** Its successor there. */
  next: T | null;
}

/**
 * A first-in first-out list through the `next` of its members (list_head). All operations are O(1).
 *
 * @example
 * ```ts
 * import { IntrusiveList, Napi } from "@planecheck/planecheck/core";
 * import { assertEquals } from "@std/assert";
 *
 * const idle = { poll: () => 0 };
 * const list = new IntrusiveList<Napi>();
 * list.push(new Napi("eth0", idle));
 * list.push(new Napi("eth1", idle));
 * assertEquals([list.shift()?.name, list.shift()?.name, list.isEmpty], ["eth0", "eth1", true]);
 * ```
 */
export class IntrusiveList<T extends Listed<T>> {
  #head: T | null = null;
  #tail: T | null = null;

  /** Whether nothing is on it. */
  get isEmpty(): boolean {
    return this.#head === null;
  }

  /**
   * Puts a member at the tail.
   * @throws {RangeError} when it is on a list already
   */
  push(member: T): void {
    if (member.listed) throw new RangeError("Cannot list a member: it is on a list already");
    member.listed = true;
    member.next = null;
    if (this.#tail === null) this.#head = member;
    else this.#tail.next = member;
    this.#tail = member;
  }

  /** Takes the first member off, or answers null. */
  shift(): T | null {
    const first = this.#head;
    if (first === null) return null;
    this.#head = first.next;
    if (this.#head === null) this.#tail = null;
    first.listed = false;
    first.next = null;
    return first;
  }

  /** Moves all members of `other` to the tail (list_splice_tail_init). */
  take(other: IntrusiveList<T>): void {
    if (other.#head === null) return;
    if (this.#tail === null) this.#head = other.#head;
    else this.#tail.next = other.#head;
    this.#tail = other.#tail;
    other.#head = null;
    other.#tail = null;
  }
}

/** Limits and costs of the softirqs of an lcore. */
export interface SoftirqOptions {
  /** Cycles in a microsecond. */
  readonly mhz: number;
  /** Packets of a round (netdev_budget). */
  readonly budget: number;
  /** Microseconds of a round (netdev_budget_usecs). */
  readonly budgetUsecs: number;
  /** Where an instance waits that used its whole weight. */
  readonly requeue: "repoll" | "tail";
  /** Cycles of entering __do_softirq, of calling a poll, and of switching to ksoftirqd. */
  readonly costs: { readonly softirq: number; readonly poll: number; readonly switch: number };
}

/** What one line of /proc/net/softnet_stat says, and what the machinery knows besides. */
export interface SoftnetStat {
  /** Packets given to the protocol layers; the receiver counts it. */
  processed: number;
  /** Packets lost to a full backlog; always 0 here, where nothing uses the backlog. */
  readonly dropped: number;
  /** Rounds that ended by packets or time. */
  timeSqueeze: number;
  /** Times that the work went to ksoftirqd. */
  ksoftirqdWakeups: number;
  /** Polls of NAPI instances. */
  polls: number;
}

/** All zero. */
export function newSoftnetStat(): SoftnetStat {
  return { processed: 0, dropped: 0, timeSqueeze: 0, ksoftirqdWakeups: 0, polls: 0 };
}
