/**
 * The neighbour table: for each next hop the Ethernet header that leads there, ready to be copied (hh_cache).
 * Every neighbour is resolved for good (NUD_PERMANENT), so nothing waits for ARP.
 *
 * Source: Linux include/net/neighbour.h, neigh_hh_output.
 */
import { ETHERNET_HEADER_BYTES, ETHERTYPE_IPV4, setEtherType } from "../../core/packet/mod.ts";
import type { Neighbours } from "../../core/machine/scenario.ts";

/** Cached headers. */
export class NeighTable {
  readonly #headers: Uint8Array;
  readonly #port: Uint8Array;

  /** Builds the header of every next hop. O(next hops). */
  constructor(neighbours: Neighbours) {
    const { count, mac, port, portMac } = neighbours;
    this.#port = port;
    this.#headers = new Uint8Array(count * ETHERNET_HEADER_BYTES);
    for (let hop = 0; hop < count; hop++) {
      const at = hop * ETHERNET_HEADER_BYTES;
      const own = port[hop]! * 6;
      for (let i = 0; i < 6; i++) {
        this.#headers[at + i] = mac[hop * 6 + i]!;
        this.#headers[at + 6 + i] = portMac[own + i]!;
      }
      setEtherType(this.#headers, at, ETHERTYPE_IPV4);
    }
  }

  /** Writes the Ethernet header of the frame at `at` and answers the egress port. */
  output(nextHop: number, bytes: Uint8Array, at: number): number {
    const from = nextHop * ETHERNET_HEADER_BYTES;
    for (let i = 0; i < ETHERNET_HEADER_BYTES; i++) bytes[at + i] = this.#headers[from + i]!;
    return this.#port[nextHop]!;
  }
}
