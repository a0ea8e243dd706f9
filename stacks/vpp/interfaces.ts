/**
 * Interfaces: sw_if_index 0 is local0, 1 + P is port P, sub-interfaces come behind. Counters are kept by thread and
 * added up when they are read; `clear interfaces` moves the point from which they are read.
 *
 * Source: VPP src/vnet/interface.h (vnet_sw_interface_t, vnet_interface_counter_type_t).
 */

/** Counters of an interface, in the order of `show interface`. */
export const COUNTERS = [
  "rx packets",
  "rx bytes",
  "tx packets",
  "tx bytes",
  "drops",
  "punt",
  "ip4",
  "ip6",
  "rx-no-buf",
  "tx-error",
] as const;
/** Number of each. */
export const RX_PACKETS = 0;
export const RX_BYTES = 1;
export const TX_PACKETS = 2;
export const TX_BYTES = 3;
export const DROPS = 4;
export const PUNT = 5;
export const IP4 = 6;
export const IP6 = 7;
export const RX_NO_BUF = 8;
export const TX_ERROR = 9;
const N_COUNTERS = COUNTERS.length;

/** What an interface does with frames of its own: route them, or switch them. */
export type L2Mode =
  | { readonly kind: "xconnect"; readonly to: number }
  | { readonly kind: "bridge"; readonly domain: number };

/** A software interface. */
export interface SwInterface {
  readonly index: number;
  readonly name: string;
  /** The port below, -1 for local0. */
  readonly port: number;
  /** VLAN identifier of a sub-interface, or -1. */
  readonly vlan: number;
  /** `set interface state`. */
  adminUp: boolean;
  /** `set interface mtu packet`. */
  mtu: number;
  /** Null: it routes. */
  l2: L2Mode | null;
}

/** Default MTU (VPP: ethernet interfaces, 9000 bytes of L3). */
export const MTU_DEFAULT = 9000;

/** Name of a port: bus 5, slot 0, function P of a 10 GE card. */
export function portName(port: number): string {
  return `TenGigabitEthernet5/0/${port}`;
}

/** All interfaces and their counters. */
export class Interfaces {
  readonly all: SwInterface[] = [];
  readonly #counts: Float64Array[];
  #lastClear: Float64Array = new Float64Array(0);

  /** local0 and the ports, up. */
  constructor(ports: number, threads: number) {
    this.#counts = Array.from({ length: threads }, () => new Float64Array(0));
    this.add("local0", -1, -1);
    for (let port = 0; port < ports; port++) this.add(portName(port), port, -1);
    this.all[0]!.adminUp = false;
  }

  /** Adds an interface, up. */
  add(name: string, port: number, vlan: number): SwInterface {
    const index = this.all.length;
    const added = { index, name, port, vlan, adminUp: true, mtu: MTU_DEFAULT, l2: null };
    this.all.push(added);
    for (let t = 0; t < this.#counts.length; t++) this.#counts[t] = this.#grown(this.#counts[t]!);
    this.#lastClear = this.#grown(this.#lastClear);
    return added;
  }

  /** The interface of a name, or undefined. */
  named(name: string): SwInterface | undefined {
    return this.all.find((each) => each.name === name);
  }

  /** The sub-interface of a port with a VLAN identifier, or undefined. */
  sub(port: number, vlan: number): SwInterface | undefined {
    return this.all.find((each) => each.port === port && each.vlan === vlan);
  }

  /** Counts on one thread; no atomics, since nobody else writes there. */
  count(thread: number, index: number, counter: number, by: number): void {
    this.#counts[thread]![index * N_COUNTERS + counter]! += by;
  }

  /** One thread's count, from the start. */
  ofThread(thread: number, index: number, counter: number): number {
    return this.#counts[thread]![index * N_COUNTERS + counter]!;
  }

  /** Sum over threads since the last clear. */
  read(index: number, counter: number): number {
    const at = index * N_COUNTERS + counter;
    return this.#counts.reduce((sum, counts) => sum + counts[at]!, 0) - this.#lastClear[at]!;
  }

  /** `clear interfaces`. */
  clear(): void {
    for (let at = 0; at < this.#lastClear.length; at++) {
      this.#lastClear[at] = this.#counts.reduce((sum, counts) => sum + counts[at]!, 0);
    }
  }

  #grown(counts: Float64Array): Float64Array {
    const grown = new Float64Array(this.all.length * N_COUNTERS);
    grown.set(counts);
    return grown;
  }
}
