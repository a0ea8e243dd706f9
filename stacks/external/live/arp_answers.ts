/** Answers to ARP requests (RFC 826) for the next hops of a device. */
import type { Neighbours, RouteSet } from "../../../core/machine/scenario.ts";

const ARP_BYTES = 42;
const REQUEST = 1;
const REPLY = 2;
/** Ethernet, IPv4, and how long their addresses are. */
const KIND = [8, 6, 0, 1, 8, 0, 6, 4, 0];
const NOTHING = new Uint8Array(0);

/** What is known of who is where. */
export interface ArpTable {
  readonly routes: RouteSet;
  readonly neighbours: Neighbours;
  /** Address of each next hop; null: it stands for all that the routes say is behind it. */
  readonly hopAddresses: readonly (number | null)[];
}

/** Answers for next hops. */
export class ArpAnswers {
  readonly #table: ArpTable;

  /** Takes what is known. */
  constructor(table: ArpTable) {
    this.#table = table;
  }

  /**
   * The answer to a frame that came in by a port: null when it is no ARP, nothing when it asks for nobody whom the
   * table has there. Who tells that it has an address (RFC 5227, 1.1: an announcement) is not contradicted; who asks
   * from 0.0.0.0 is answered, as that is also how a router without an address of its own asks (Linux, arp_solicit).
   */
  answer(port: number, bytes: Uint8Array, at: number, length: number): Uint8Array | null {
    if (length < ARP_BYTES || !KIND.every((byte, i) => bytes[at + 12 + i] === byte)) return null;
    if (bytes[at + 21] !== REQUEST) return bytes[at + 21] === REPLY ? NOTHING : null;
    const view = new DataView(bytes.buffer, bytes.byteOffset + at, length);
    const target = view.getUint32(38);
    const hop = view.getUint32(28) === target ? -1 : this.#hopAt(port, target);
    if (hop < 0) return NOTHING;
    const mac = this.#table.neighbours.mac.subarray(hop * 6, hop * 6 + 6);
    const reply = new Uint8Array(60);
    reply.set(bytes.subarray(at + 22, at + 28), 0);
    reply.set(mac, 6);
    reply.set([...KIND, REPLY], 12);
    reply.set(mac, 22);
    reply.set(bytes.subarray(at + 38, at + 42), 28);
    reply.set(bytes.subarray(at + 22, at + 32), 32);
    return reply;
  }

  /** The next hop with this address on a port, or the one that stands for it; -1 when there is none. */
  #hopAt(port: number, address: number): number {
    const { hopAddresses, neighbours, routes } = this.#table;
    const named = hopAddresses.findIndex((own, hop) =>
      own === address && neighbours.port[hop] === port
    );
    if (named >= 0) return named;
    let [best, depth] = [-1, -1];
    for (let i = 0; i < routes.count; i++) {
      const hop = routes.nextHop[i]!;
      const size = 2 ** (32 - routes.depth[i]!);
      const isBehind = Math.floor(address / size) === Math.floor(routes.prefix[i]! / size);
      const stands = hopAddresses[hop] === null && neighbours.port[hop] === port;
      if (isBehind && stands && routes.depth[i]! > depth) [best, depth] = [hop, routes.depth[i]!];
    }
    return best;
  }
}
