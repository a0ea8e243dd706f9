/**
 * Sockets that share the packets of their devices (ring_cluster_element): each packet goes to one of them. Of a type
 * that looks at the flow, the sum of the flow's fields decides, and what finds that socket full is lost though others
 * have room; round robin tries the next. `per_flow_ip_with_dup_tuple` gives a packet to the socket of its source and to
 * that of its destination.
 *
 * Who joins or leaves changes where packets go from then on; what is in a ring stays there.
 *
 * Source: PF_RING 8.9.0, kernel/pf_ring.c (add_sock_to_cluster, pf_ring_skb_ring_handler).
 */
import { clusterHash, clusterHashDup, type ClusterType } from "./cluster_hash.ts";
import { ClusterWatch } from "./cluster_watch.ts";
import type { FragmentCache } from "./fragment_cache.ts";
import type { ParsedPkt } from "./parse_pkt.ts";
import type { PfRingSocket } from "./socket.ts";

/** Sockets of a cluster at most (CLUSTER_LEN). */
export const CLUSTER_LEN = 64;

/** A cluster. */
export class Cluster {
  readonly id: number;
  readonly type: ClusterType;
  readonly sockets: PfRingSocket[] = [];
  /** Looks on, for the audit. */
  readonly watch: ClusterWatch;
  readonly #fragments: FragmentCache | null;
  #turn = 0;

  /** @param fragments the module's cache, or null where fragments are not kept together */
  constructor(id: number, type: ClusterType, fragments: FragmentCache | null) {
    this.id = id;
    this.type = type;
    this.#fragments = fragments;
    this.watch = new ClusterWatch(`${id}`, type, fragments !== null);
  }

  /**
   * pfring_set_cluster.
   * @throws {RangeError} when it is full
   */
  join(socket: PfRingSocket): void {
    if (this.sockets.length === CLUSTER_LEN) {
      throw new RangeError(
        `Cannot add ${socket.setup.name} to cluster ${this.id}: it has ${CLUSTER_LEN} sockets`,
      );
    }
    socket.clusterId = this.id;
    socket.clusterType = this.type;
    this.sockets.push(socket);
  }

  /** pfring_remove_from_cluster, and what closing a socket does. */
  leave(socket: PfRingSocket): void {
    const at = this.sockets.indexOf(socket);
    if (at >= 0) this.sockets.splice(at, 1);
    socket.clusterId = -1;
  }

  /** Which sockets a packet goes to, at an instant: one, two of a type with duplicates, none of an empty cluster. */
  choose(parsed: ParsedPkt, nowPs: number): readonly PfRingSocket[] {
    const { sockets, type } = this;
    if (sockets.length === 0) return [];
    if (type === "round_robin") return [this.#inTurn(nowPs)];
    const own = clusterHash(type, parsed);
    const hash = parsed.isFragment && this.#fragments !== null
      ? this.#fragments.hashOf(parsed, own)
      : own;
    const chosen = sockets[hash % sockets.length]!;
    if (type !== "per_flow_ip_with_dup_tuple") return [chosen];
    const second = sockets[clusterHashDup(parsed) % sockets.length]!;
    return second === chosen ? [chosen] : [chosen, second];
  }

  /** The next one in turn that has room; where none has, the packet is lost at the one whose turn it was. */
  #inTurn(nowPs: number): PfRingSocket {
    const { sockets } = this;
    const first = this.#turn++;
    for (let i = 0; i < sockets.length; i++) {
      const socket = sockets[(first + i) % sockets.length]!;
      if (socket.active && socket.ring.hasRoom(nowPs)) return socket;
    }
    return sockets[first % sockets.length]!;
  }
}
