/**
 * What is offered to a device: routes, neighbours, frames with times. Everything here is data, held in typed
 * arrays so that a capture or a table of a million routes costs what its bytes cost.
 */

/** Frames and when the last bit of each reaches its ingress port. Struct of arrays, in order of time. */
export interface Traffic {
  /** How many frames are offered. A packet's identity is its index here. */
  readonly count: number;
  /** Ingress port of frame i. */
  readonly port: Uint8Array;
  /** When the last bit of frame i has arrived, in picoseconds; never descending. */
  readonly at: Float64Array;
  /** Where the bytes of frame i begin in `bytes`. Frames may share bytes. */
  readonly offset: Uint32Array;
  /** Length of frame i in bytes, without FCS. */
  readonly length: Uint32Array;
  /** The bytes of all frames, Ethernet header first, FCS left out. */
  readonly bytes: Uint8Array;
  /** 1 where the FCS of frame i does not match it; left out where all do. */
  readonly badFcs?: Uint8Array;
}

/** How often all frames of a traffic are offered, as a replayer loops over a capture. */
export interface Repeat {
  /** Times in all, at least 1. */
  readonly times: number;
  /** Picoseconds from a frame to the same frame of the next time; no frame may come before those of the time before. */
  readonly periodPs: number;
  /** Told of each drop, with its time in picoseconds; answering true ends the run there. */
  readonly onDrop?: (at: number) => boolean;
}

/** A set of IPv4 routes as parallel arrays. */
export interface RouteSet {
  /** How many routes. */
  readonly count: number;
  /** Prefix i as an unsigned 32-bit number, host bits zero. */
  readonly prefix: Uint32Array;
  /** Length of prefix i, 0..32. */
  readonly depth: Uint8Array;
  /** Next hop of route i: an index into `Neighbours`. */
  readonly nextHop: Uint32Array;
}

/**
 * A next hop that is no neighbour: nowhere, in silence or with an ICMP error (RFC 792, type 3 with code 1; RFC 1812,
 * 5.2.7.1, code 13), or any one of several others, to which a flow then keeps.
 */
export type SpecialHop = "blackhole" | "unreachable" | "prohibit" | readonly number[];

/** Where a next hop lies: the egress port and the MAC address behind it. */
export interface Neighbours {
  /** How many next hops. */
  readonly count: number;
  /** Egress port of next hop i. */
  readonly port: Uint8Array;
  /** Six bytes of MAC address for each next hop. */
  readonly mac: Uint8Array;
  /** Six bytes of MAC address for each port of the router itself: the source of what it sends. */
  readonly portMac: Uint8Array;
  /** Next hops that are none of these; their port and MAC address mean nothing. Left out where there are none. */
  readonly special?: ReadonlyMap<number, SpecialHop>;
}
