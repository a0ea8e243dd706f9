/**
 * Adjacencies: for each neighbour on each interface the rewrite string that leads there, shared by every route through
 * it. An incomplete one has no MAC address yet; look-ups then lead to ARP or to neighbour discovery.
 *
 * Source: VPP src/vnet/adj/adj.h (ip_adjacency_t, ip_lookup_next_t), src/vnet/adj/rewrite.h.
 */
import { ETHERTYPE_IPV4, ETHERTYPE_IPV6, ETHERTYPE_VLAN, writeU16 } from "../../core/packet/mod.ts";
import type { SwInterface } from "./interfaces.ts";

/** Bytes set aside for each rewrite: an Ethernet header with one tag, and its length. */
const REWRITE_MAX = 18;

/** One neighbour on one interface. */
export interface Adjacency {
  readonly index: number;
  readonly interface: SwInterface;
  /** Address of the neighbour: a number for IPv4, text for IPv6. */
  readonly address: number | string;
  /** Next index of the rewrite node towards the interface's output node. */
  readonly next: number;
}

/** All adjacencies, by index. */
export class AdjacencyTable {
  readonly all: Adjacency[] = [];
  /** 1 where the rewrite is complete. */
  readonly complete: number[] = [];
  /** Rewrite strings, REWRITE_MAX bytes each. */
  rewrite: Uint8Array = new Uint8Array(0);
  /** Length of each: 14, or 18 with a tag. */
  readonly rewriteBytes: number[] = [];
  readonly #portMac: Uint8Array;
  readonly #counts: number[][];

  /** None, for ports with these MAC addresses. */
  constructor(portMac: Uint8Array, threads: number) {
    this.#portMac = portMac;
    this.#counts = Array.from({ length: threads }, () => []);
  }

  /** Adds an incomplete adjacency. */
  add(out: SwInterface, address: number | string, next: number): Adjacency {
    const index = this.all.length;
    const adjacency = { index, interface: out, address, next };
    this.all.push(adjacency);
    this.complete.push(0);
    this.rewriteBytes.push(out.vlan < 0 ? 14 : 18);
    const grown = new Uint8Array(this.all.length * REWRITE_MAX);
    grown.set(this.rewrite);
    this.rewrite = grown;
    for (const counts of this.#counts) counts.push(0, 0);
    const at = index * REWRITE_MAX;
    for (let i = 0; i < 6; i++) grown[at + 6 + i] = this.#portMac[out.port * 6 + i]!;
    const type = typeof address === "number" ? ETHERTYPE_IPV4 : ETHERTYPE_IPV6;
    if (out.vlan < 0) writeU16(grown, at + 12, type);
    else {
      writeU16(grown, at + 12, ETHERTYPE_VLAN);
      writeU16(grown, at + 14, out.vlan);
      writeU16(grown, at + 16, type);
    }
    return adjacency;
  }

  /** Completes an adjacency, or changes its MAC address: every route through it follows. */
  update(index: number, mac: Uint8Array, at = 0): void {
    for (let i = 0; i < 6; i++) this.rewrite[index * REWRITE_MAX + i] = mac[at + i]!;
    this.complete[index] = 1;
  }

  /** The adjacency of an address on an interface, or on any of them, or undefined. */
  find(address: number | string, out?: SwInterface): Adjacency | undefined {
    return this.all.find((each) =>
      each.address === address && (out === undefined || each.interface === out)
    );
  }

  /** Prepends the rewrite of an adjacency at `bytes[at]`. */
  write(index: number, bytes: Uint8Array, at: number): void {
    const from = index * REWRITE_MAX;
    const n = this.rewriteBytes[index]!;
    for (let i = 0; i < n; i++) bytes[at + i] = this.rewrite[from + i]!;
  }

  /** One thread counts a packet. */
  count(thread: number, index: number, bytes: number): void {
    const counts = this.#counts[thread]!;
    counts[2 * index]!++;
    counts[2 * index + 1]! += bytes;
  }

  /** Packets of all threads. */
  packets(index: number): number {
    return this.#counts.reduce((sum, counts) => sum + counts[2 * index]!, 0);
  }
}
