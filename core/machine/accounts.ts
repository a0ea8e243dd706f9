/**
 * What the parts of a machine say about themselves when a run is over: findings of the ledgers, places,
 * pools, ports, lcores. The machine writes them into the Observation; laws only read them.
 */

/** What became of a packet. */
export const FATE = {
  /** Nothing yet: at the end of a run, it still waits somewhere. */
  none: 0,
  /** It left on a port. */
  emitted: 1,
  /** It was dropped, with a reason. */
  dropped: 2,
  /** The buffer that held it was freed though nothing had become of it. */
  freed: 3,
} as const;

/** What the ledgers found wrong while the run went on. */
export type FaultKind =
  /** A buffer was freed that was free. */
  | "double-free"
  /** A buffer came back to a pool that does not own it. */
  | "foreign-free"
  /** A free buffer was posted, handed on or written. */
  | "use-after-free"
  /** A buffer that a device or somebody else had was posted or handed out. */
  | "posted-twice"
  /** A driver took back a buffer that no device had. */
  | "completed-unposted"
  /** A device wrote a descriptor back whose done bit was set already. */
  | "completed-twice"
  /** A descriptor announced a packet whose bytes had not landed. */
  | "done-without-data"
  /** A buffer was free while a device had it. */
  | "freed-posted"
  /** A buffer was written while its packet had no fate. */
  | "overwritten"
  /** A tail was moved past the head of its ring, or out of it. */
  | "tail-past-head"
  /** A device read a descriptor that named no posted buffer. */
  | "read-unposted"
  /** A packet that had a fate met another. */
  | "second-fate"
  /** A frame left from a buffer that held no packet. */
  | "emitted-nothing";

/** In place of a packet's identity: a frame of the stack's own making. */
export const GENERATED: number = -2;

/** One finding of a ledger. */
export interface Fault {
  /** What is wrong. */
  readonly kind: FaultKind;
  /** When, in picoseconds. */
  readonly at: number;
  /** Buffer concerned, or -1. */
  readonly buffer: number;
  /** Identity concerned, or -1. */
  readonly packet: number;
  /** Place that did it. */
  readonly place: number;
  /** Place that had it, or -1. */
  readonly other: number;
}

/** A place in the machine where a packet can be. */
export interface Place {
  /** E.g. `nic0 ingress buffer`. */
  readonly name: string;
  /** Packets that it can hold; Infinity where nothing bounds it. */
  readonly capacity: number;
}

/** Where the buffers of a pool are at the end of a run: free, cached and held make up its size. */
export interface PoolAccount {
  /** Name of the pool. */
  readonly name: string;
  /** Buffers that it owns. */
  readonly size: number;
  /** Buffers in its common ring. */
  readonly free: number;
  /** Buffers in the lcores' caches. */
  readonly cached: number;
  /** A device's memory: it holds packets on their way only, so at rest all of it is free. */
  readonly device?: true;
  /** Buffers in use, by the place that holds them. */
  readonly held: readonly Held[];
  /** Those of them that software has in hand: in use and posted to no device. */
  readonly inHand?: readonly Held[];
  /** How many it had in hand before the first packet: what a stack sets aside for itself. */
  readonly inHandAtBoot?: number;
}

/** Buffers that a place holds. */
export interface Held {
  /** Its name. */
  readonly place: string;
  /** How many. */
  readonly count: number;
}

/** Counters of one port as its NIC reports them. Bytes are those of frames without FCS. */
export interface PortCounters {
  /** Number of the port. */
  readonly port: number;
  /** Frames taken into the ingress buffer. */
  rxFrames: number;
  /** Their bytes. */
  rxBytes: number;
  /** Frames lost because the ingress buffer was full (rx_missed). */
  rxMissed: number;
  /** Frames refused: the next three, each counted once, by what the MAC finds first. */
  rxErrors: number;
  /** Frames whose FCS does not match, of any length (82599: CRCERRS, and fragments and jabber). */
  rxCrcErrors: number;
  /** Frames below 64 bytes with FCS (RUC). */
  rxUndersize: number;
  /** Frames above the longest that the port accepts (ROC). */
  rxOversize: number;
  /** Pause frames sent that ask the peer to stop (LXOFFTXC), and to go on (LXONTXC). */
  txXoff: number;
  /** See `txXoff`. */
  txXon: number;
  /** Frames sent, pause frames left out. */
  txFrames: number;
  /** Their bytes. */
  txBytes: number;
}

/**
 * Counters of a port that has seen nothing.
 *
 * @example
 * ```ts
 * import { emptyCounters } from "@planecheck/planecheck/core";
 * import { assertEquals } from "@std/assert";
 *
 * const { port, rxFrames, rxMissed } = emptyCounters(3);
 * assertEquals([port, rxFrames, rxMissed], [3, 0, 0]);
 * ```
 */
export function emptyCounters(port: number): PortCounters {
  return {
    port,
    rxFrames: 0,
    rxBytes: 0,
    rxMissed: 0,
    rxErrors: 0,
    rxCrcErrors: 0,
    rxUndersize: 0,
    rxOversize: 0,
    txXoff: 0,
    txXon: 0,
    txFrames: 0,
    txBytes: 0,
  };
}

/** A receive ring at the end of a run. */
export interface RingAccount {
  /** E.g. `nic0 receive ring 1`. */
  readonly name: string;
  /** Descriptors. */
  readonly size: number;
  /** Buffers posted in it and not used by the device. */
  readonly posted: number;
}

/** How busy one lcore was. */
export interface LcoreAccount {
  /** Number of the lcore. */
  readonly lcore: number;
  /** Picoseconds in which one of its contexts ran, empty polls included. */
  readonly busyPs: number;
  /** Picoseconds that the run took. */
  readonly totalPs: number;
  /** The part of `busyPs` spent in polls that moved something, interrupts and softirqs. */
  readonly usefulPs: number;
}
