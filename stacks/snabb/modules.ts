/** What an app or a design is given: the modules of its process, by the names that they have in the original. */
import type { Memory } from "../../core/memory/memory.ts";
import type { Reason } from "../../core/policy.ts";
import type { Cpu, Env } from "../../core/stack.ts";
import type { SnabbConfig, SnabbConfigModule } from "./config.ts";
import type { Link } from "./link.ts";
import type { Timer } from "./timer.ts";

/** What `engine.main` may be told. */
export interface MainOptions {
  /** Seconds after which it ends. */
  readonly duration?: number;
  /** Asked after each breath whether it ends. */
  readonly done?: () => boolean;
  /** Timers are not run. */
  readonly noTimers?: boolean;
}

/** `core.app`, as programs and apps use it. */
export interface SnabbEngine {
  /** Breaths a second; false: a sleep that adapts. */
  Hz: number | false;
  /** Never sleep. */
  busywait: boolean;
  /** Longest sleep in microseconds. */
  maxsleep: number;
  /** Packets of one pull, at most. */
  readonly pullNpackets: number;
  /** The design that runs. */
  readonly configuration: SnabbConfig;
  /** Apps by name, as `app_table`. */
  readonly apps: ReadonlyMap<string, object>;
  /** Links by linkspec, as `link_table`. */
  readonly links: ReadonlyMap<string, Link>;
  /** Makes the running network that of a design. What is the same in both is left alone. */
  configure(next: SnabbConfig): void;
  /** Stops all apps. */
  stopAll(): void;
  /** Says how long to breathe; without it, for ever. */
  main(options?: MainOptions): void;
  /** Seconds since the start, as of the beginning of this breath. */
  now(): number;
}

/** `core.link`. */
export interface SnabbLinkModule {
  /** Whether nothing is there to be received. */
  empty(l: Link): boolean;
  /** Whether the next packet would be dropped. */
  full(l: Link): boolean;
  /** Packets that can be received. */
  nreadable(l: Link): number;
  /** Packets that can be transmitted before it is full. */
  nwritable(l: Link): number;
  /** The packet that is received next, which stays where it is; -1 when it is empty. */
  front(l: Link): number;
  /** Takes the next packet; there must be one. */
  receive(l: Link): number;
  /** Hands a packet over; on a full link it is freed and counted. */
  transmit(l: Link, p: number): void;
}

/** `core.packet`. A packet is the number of its buffer. */
export interface SnabbPackets {
  /** An empty packet. */
  allocate(): number;
  /** Frees a packet and counts it. */
  free(p: number): void;
  /** Bytes of a packet. */
  length(p: number): number;
  /** A view of its bytes; not for paths where every packet goes. */
  data(p: number): Uint8Array;
  /** Bytes before its data. */
  headroom(p: number): number;
  /** An exact copy, in a packet of its own. */
  clone(p: number): number;
  /** A packet of these bytes. */
  fromPointer(bytes: Uint8Array): number;
  /** Adds bytes at the end. */
  append(p: number, bytes: Uint8Array): number;
  /** Adds bytes at the start. */
  prepend(p: number, bytes: Uint8Array): number;
  /** Sets the length; what is new is zero. */
  resize(p: number, length: number): number;
  /** Drops bytes at the start. */
  shiftleft(p: number, n: number): number;
  /** Makes room at the start, whose bytes are whatever they were. */
  shiftright(p: number, n: number): number;
}

/** `core.timer`. */
export interface SnabbTimers {
  /** A timer that nobody has activated. */
  "new"(name: string, fn: () => void, us: number, mode?: "once" | "repeating"): Timer;
  /** From now on it waits. */
  activate(timer: Timer): void;
}

/** A process, as seen from inside. */
export interface SnabbModules {
  /** Number of the process, and of its lcore. */
  readonly pid: number;
  /** The machine's table, neighbours and hardware. */
  readonly env: Env;
  /** Bytes, offset and length of every packet. */
  readonly memory: Memory;
  /** The context that runs. */
  readonly cpu: Cpu;
  /** `core.app`. */
  readonly engine: SnabbEngine;
  /** `core.link`. */
  readonly link: SnabbLinkModule;
  /** `core.packet`. */
  readonly packet: SnabbPackets;
  /** `core.config`. */
  readonly config: SnabbConfigModule;
  /** `core.timer`. */
  readonly timer: SnabbTimers;
  /** Slots of each link. */
  readonly linkSize: number;
  /** Microseconds since the start. */
  nowUs(): number;
  /** Spends cycles. */
  charge(cycles: number): void;
  /** Ends a packet for a reason and frees it: what an app does with what it will not pass on. */
  discard(p: number, reason: Reason): void;
  /** Ends the process: its apps are stopped, and its packets go to the group freelist. */
  exit(): void;
}
