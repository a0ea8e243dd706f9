/**
 * What a stack author writes, and what the machine gives them.
 *
 * A stack never knows that it is judged. It reaches time only through `cpu.tsc()` and chance only through
 * `env.choices`. A poll is one burst on one queue: it reads the world as it was when the poll began, its
 * charges advance the lcore's own time, and its effects happen at that own time.
 */
import type { Fib4 } from "./fib/fib.ts";
import type { Mempool } from "./memory/mempool.ts";
import type { PacketMemory } from "./memory/memory.ts";
import type { Policy, Reason } from "./policy.ts";
import type { Choices } from "./time/choices.ts";
import type { Hardware } from "./machine/hardware.ts";
import type { Firmware } from "./nic/threads.ts";
import type { Thresholds } from "./nic/thresholds.ts";
import type { Neighbours } from "./machine/scenario.ts";

/**
 * A stack: given its environment, it answers what is to be run.
 *
 * @example
 * ```ts
 * import { checkFrame, ipv4Dst, REASON, rewriteFrame, testbed } from "@planecheck/planecheck/core";
 * import type { Cpu, Dataplane, Env, Stack } from "@planecheck/planecheck/core";
 * import { machineProfile, paperHost } from "@planecheck/planecheck/fixtures";
 * import { build, PLAIN_GEOMETRY, PLAIN_PACKET } from "@planecheck/planecheck/properties";
 * import { assertEquals } from "@std/assert";
 *
 * const router: Stack = ({ ports, fib, neighbours, memory, drop }: Env): Dataplane => {
 *   const burst = new Int32Array(32);
 *
 *   // sends packet i of the burst on, or drops it with a reason
 *   function forward(cpu: Cpu, i: number): void {
 *     const b = burst[i]!;
 *     const at = memory.offset[b]!;
 *     const reason = checkFrame(memory.bytes, at, memory.length[b]!);
 *     if (reason !== REASON.none) return drop(cpu, b, reason);
 *     const nextHop = fib.lookup(ipv4Dst(memory.bytes, at + 14));
 *     if (nextHop < 0) return drop(cpu, b, REASON["no-route"]);
 *     rewriteFrame(memory.bytes, at, neighbours, nextHop);
 *     const egress = ports[neighbours.port[nextHop]!]!;
 *     if (egress.txBurst(cpu, cpu.lcore, burst, i, 1) === 0) drop(cpu, b, REASON["tx-full"]);
 *   }
 *
 *   return {
 *     name: "router",
 *     idlePollIsStateless: true,
 *     poll(cpu) {
 *       let work = 0;
 *       for (const { port, queue } of cpu.rxQueues) {
 *         const n = ports[port]!.rxBurst(cpu, queue, burst, burst.length);
 *         for (let i = 0; i < n; i++) forward(cpu, i);
 *         work += n;
 *       }
 *       return work;
 *     },
 *   };
 * };
 *
 * const scenario = build({
 *   geometry: PLAIN_GEOMETRY,
 *   neighbours: [0, 1],
 *   routes: [{ prefix: 0x0a010000, depth: 16, nextHop: 1 }],
 *   packets: [{ ...PLAIN_PACKET, src: 0x0a000001, dst: 0x0a010001 }],
 *   deviations: [],
 * });
 * const seen = testbed(router, machineProfile(paperHost)).run(scenario);
 * assertEquals([seen.outCount, seen.outPort[0]], [1, 1]);
 * ```
 */
export interface Stack {
  (env: Env): Dataplane;
  /** What the stack declares; absent, it is judged by {@link STRICT}. */
  readonly policy?: Policy;
  /** What must hold of its own parts besides; {@link Dataplane.audit} says whether it did. */
  readonly invariants?: readonly Invariant[];
}

/** A law of one system: about its own parts, which no other has. */
export interface Invariant {
  /** Short name: the system in capital letters and a number, e.g. `VPP-2`. */
  readonly id: string;
  /** What must hold, in one sentence. */
  readonly statement: string;
  /** The document or source file that says so. */
  readonly clause: string;
}

/** What a stack's own audit says of one of its invariants. */
export interface Finding {
  /** The invariant. */
  readonly id: string;
  /** What is wrong, in one sentence with the values; null when the invariant held. */
  readonly broken: string | null;
}

/** What runs on the machine. */
export interface Dataplane {
  /** Name in reports. */
  readonly name: string;
  /**
   * One burst on one queue; run over and over as a thread of every lcore. Answers how many items it moved;
   * 0 says that there was nothing to do and that nothing changed (a doorbell, a refill and a free count).
   */
  poll?(cpu: Cpu): number;
  /**
   * Says that a poll that answers 0 leaves no trace in the stack, so that empty polls may be skipped
   * without running them. A stack that counts its empty polls must not say so.
   */
  readonly idlePollIsStateless?: boolean;
  /** A device's interrupt, in hard interrupt context. */
  interrupt?(cpu: Cpu, vector: number): void;
  /** What runs on the NICs' own processors instead of a host driver. */
  readonly firmware?: Firmware;
  /** Tables of name, value and unit in the system's own words. The judge never reads them. */
  report?(): readonly ReportRow[];
  /**
   * Looks at its own parts once a run has become quiet, and says of each declared invariant that the run had something
   * to say about whether it held. One that is left out is not judged in this run.
   */
  audit?(): readonly Finding[];
}

/** One line of a stack's own report. */
export interface ReportRow {
  /** The system's own name for it, e.g. `rx_missed_errors`. */
  readonly name: string;
  /** The value. */
  readonly value: number;
  /** Unit of the value, e.g. `packets`. */
  readonly unit: string;
}

/** Order of contexts on an lcore: softirqs run before threads, hard interrupts before both. */
export type Priority = "softirq" | "thread";

/** Receive queue `queue` of port `port`. */
export interface RxQueueId {
  /** Number of the port. */
  readonly port: number;
  /** Number of the queue on that port. */
  readonly queue: number;
}

/** A context of an lcore, or a thread of a NIC, while it runs. */
export interface Cpu {
  /** Number of the context on its lcore. */
  readonly id: number;
  /** Lcore that it belongs to; its number is also the queue that it transmits on. */
  readonly lcore: number;
  /** Receive queues that this lcore serves. */
  readonly rxQueues: readonly RxQueueId[];
  /** Spends cycles. Charge once for a burst, not once for a packet. */
  charge(cycles: number): void;
  /**
   * The lcore's own time in cycles. A poll that has read it is run again and again even when idle, unless
   * it names with `wakeAt` when it wants to look next.
   */
  tsc(): number;
  /** Names the time in cycles at which this context wants to run though nothing happened. */
  wakeAt(tsc: number): void;
  /** Stops running until woken. */
  sleep(): void;
  /** Wakes another context at this one's own time. */
  wake(other: Cpu): void;
}

/** A port as a poll-mode driver shows it. Both calls charge by themselves. */
export interface Port {
  /** Number of the port, from 0. */
  readonly id: number;
  /** Takes up to `max` received packets from a queue into `out`; answers how many. */
  rxBurst(cpu: Cpu, queue: number, out: Int32Array, max: number): number;
  /**
   * Hands `n` packets, `buffers[at..at+n-1]`, to a queue; answers how many it took. The caller keeps the
   * rest. One doorbell for a burst that took any. An lcore transmits on the queue of its own number,
   * `cpu.lcore`: a queue has one owner.
   */
  txBurst(cpu: Cpu, queue: number, buffers: Int32Array, at: number, n: number): number;
}

/** What an application sets its ports and its pool up with; what it leaves out is the driver's default. */
export interface PortSetup extends Partial<Thresholds> {
  /** Buffers of the pool; by default what rings, caches and lcores can hold, and the scenario's spare ones. */
  readonly mbufs?: number;
  /** Buffers that an lcore keeps aside at most, 0 for none; by default what the machine's geometry says. */
  readonly poolCache?: number;
  /**
   * Cycles of the driver's calls, `pmd.rx.burst` and its three neighbours, for a system whose own figures count
   * them; the profile's, if left out. What an empty poll then costs, the stack has to charge.
   */
  readonly costs?: Costs;
}

/** Cycles that named operations cost on this machine. */
export type Costs = { readonly [operation: string]: number };

/**
 * What a stack is given. The calls of a port and of the pool charge what a driver costs; look-up, rewriting
 * and whatever else a stack does cost nothing unless it charges them (`cpu.charge`).
 */
export interface Env {
  /** Ports by number. Asking for them boots the poll-mode driver on every NIC. */
  readonly ports: readonly Port[];
  /** The forwarding table, filled with the scenario's routes. */
  readonly fib: Fib4;
  /** Egress port and MAC address of each next hop. */
  readonly neighbours: Neighbours;
  /** Bytes and metadata of all buffers. */
  readonly memory: PacketMemory;
  /** The host's packet buffers. */
  readonly pool: Mempool;
  /** Lcores that forward. */
  readonly lcores: number;
  /** Ties, faults and random numbers. */
  readonly choices: Choices;
  /** Cycles of an operation by name; a name that the profile lacks is an error. */
  cost(operation: string): number;
  /**
   * Says how ports and pool are to be set up, before either is first asked for; the last word counts. Flat
   * out, where rings have no thresholds to show, it says nothing.
   * @throws {RangeError} when they are set up already
   */
  configure(setup: PortSetup): void;
  /**
   * Sets a pool of its own aside, with caches as the first has; the ports then take packets of either, and each buffer
   * goes back to the pool that it is of. Sets up ports and first pool, if nothing has before.
   * @throws {RangeError} when `mbufs` is no count or the machine's memory has not so many left
   */
  addPool(name: string, mbufs: number): Mempool;
  /** Adds a context to an lcore. `stateless` is `idlePollIsStateless` for this body. */
  spawn(lcore: number, priority: Priority, body: (cpu: Cpu) => number, stateless?: boolean): Cpu;
  /** Ends a packet with a reason and frees its buffer. For congestion: where, and how full it was. */
  drop(cpu: Cpu, buffer: number, reason: Reason, place?: number, occupancy?: number): void;
  /** As `drop`, but the buffer stays the stack's: for one that keeps free buffers itself. */
  end(cpu: Cpu, buffer: number, reason: Reason, place?: number, occupancy?: number): void;
  /**
   * Ends the packet of a copy in memory that is no buffer's (`memory.copiedOut`) with a reason, unless something else
   * carries it by now. The copy itself ends by `memory.copyEnds`.
   */
  dropCopy(cpu: Cpu, copy: number, reason: Reason, place?: number, occupancy?: number): void;
  /**
   * Says that the frame in `buffer` is of the stack's own making: an ICMP error, an ARP request. The policy
   * has to declare it (`originates`).
   */
  originate(buffer: number): void;
  /** Names a place of the stack's own where packets can be lost when `capacity` are in it. */
  place(name: string, capacity: number): number;
  /** The hardware below, for stacks that are about it. */
  readonly hardware: Hardware;
}

/**
 * RFC 1812 on header, TTL and longest match (5.2.2, 5.2.4.3, 5.3.1): whatever is right there and has a route is
 * forwarded, and lost only at the NIC's ingress buffer. What a stack is judged by if it declares nothing. Filters
 * that RFC 1812 asks for or allows besides (5.3.4 and 5.3.5 broadcasts, 5.3.7 martian addresses, 5.3.13 options) are
 * declared where a stack has them, as `martianSources`, `martianDestinations`, `checksDstMac`, `options`, or, where it
 * may be judged either way, `mayDropAs`.
 *
 * @example
 * ```ts
 * import { STRICT } from "@planecheck/planecheck/core";
 * import { assertEquals } from "@std/assert";
 *
 * const policy = { ...STRICT, congestion: ["rx-missed", "tx-full"] };
 * assertEquals([STRICT.ttl, policy.congestion.length], ["drop", 2]);
 * ```
 */
export const STRICT: Policy = {
  onMiss: "drop",
  ttl: "drop",
  checksum: "verify",
  header: "full",
  hairpin: "forward",
  dstMac: "next-hop",
  checksDstMac: false,
  defaultRoute: true,
  congestion: ["rx-missed"],
};
