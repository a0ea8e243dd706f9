/**
 * What a cluster does with packets, seen from outside: which sockets it gives each to, by the bytes of its headers and
 * no look at the cluster's hash. A flow is both of its directions; fragments are known by the identification. When
 * sockets join or leave, flows may move, so all that was seen before is forgotten.
 */
import type { PacketMemory } from "../../core/memory/memory.ts";
import type { ClusterType } from "./cluster_hash.ts";
import type { PfRingSocket } from "./socket.ts";

/** Looks on at one cluster. */
export class ClusterWatch {
  /** Packets that it shared out, and those of them whose flow it knew already. */
  packets = 0;
  again = 0;
  /** The first thing that was wrong, by invariant. */
  readonly broken = new Map<string, string>();
  readonly #name: string;
  readonly #type: ClusterType;
  readonly #socketOf = new Map<string, PfRingSocket>();
  #members: readonly PfRingSocket[] = [];

  constructor(name: string, type: ClusterType) {
    this.#name = name;
    this.#type = type;
  }

  /** A packet was given to `chosen` of the cluster's `members`. */
  shared(
    memory: PacketMemory,
    skb: number,
    chosen: readonly PfRingSocket[],
    members: readonly PfRingSocket[],
  ): void {
    this.packets++;
    const most = this.#type === "per_flow_ip_with_dup_tuple" ? 2 : 1;
    const own = chosen.every((one) => members.includes(one));
    if (chosen.length < 1 || chosen.length > most || !own) {
      this.#note("PFRING-6", `gave a packet to ${chosen.length} sockets, expected one of its own`);
    }
    if (most > 1 || this.#type === "round_robin" || this.#type.startsWith("per_inner")) return;
    if (this.#members.length !== members.length || this.#members.some((m, i) => m !== members[i])) {
      this.#members = [...members];
      this.#socketOf.clear();
    }
    for (const key of keysOf(memory, skb)) this.#follow(key, chosen[0]!, isLater(memory, skb));
  }

  #follow(key: string, socket: PfRingSocket, later: boolean): void {
    const before = this.#socketOf.get(key);
    // nobody knows where a fragment belongs that comes before its first one
    if (before === undefined && later) return;
    if (before !== undefined) this.again++;
    // the first fragment of another packet with the same identification begins anew
    const anew = !later && key.startsWith("fragments");
    if (before !== undefined && before !== socket && !anew) {
      this.#note(
        "PFRING-7",
        `gave ${key} to ${socket.setup.name}, expected ${before.setup.name} as before`,
      );
    }
    if (!later) this.#socketOf.set(key, socket);
  }

  #note(id: string, what: string): void {
    if (!this.broken.has(id)) this.broken.set(id, `cluster ${this.#name} ${what}`);
  }
}

/** Names of what a packet is part of: its flow, or all fragments of one packet; none of what is not plain IPv4. */
function keysOf({ bytes, offset, length }: PacketMemory, skb: number): string[] {
  const at = offset[skb]!;
  if (length[skb]! < 42 || bytes[at + 12] !== 8 || bytes[at + 13] !== 0) return [];
  if (bytes[at + 14] !== 0x45) return [];
  const hosts = [bytes.subarray(at + 26, at + 30), bytes.subarray(at + 30, at + 34)];
  const protocol = bytes[at + 23]!;
  const total = bytes[at + 16]! * 256 + bytes[at + 17]!;
  const fragment = (bytes[at + 20]! & 0x3f) * 256 + bytes[at + 21]!;
  if (fragment !== 0) {
    // what is no whole header, or no ports behind the first, is no part of a packet that anybody knows
    const least = (fragment & 0x1fff) === 0 ? 28 : 20;
    if (total < least || total > length[skb]! - 14) return [];
    const id = bytes[at + 18]! * 256 + bytes[at + 19]!;
    return [`fragments of ${hosts.join(" > ")} ${protocol} ${id}`];
  }
  const udpLength = bytes[at + 38]! * 256 + bytes[at + 39]!;
  if (protocol !== 17 || total < 28 || udpLength < 8) return [];
  const ends = hosts.map((host, i) =>
    `${host}:${bytes.subarray(at + 34 + 2 * i, at + 36 + 2 * i)}`
  );
  return [`flow ${ends.sort().join(" - ")}`];
}

/** Whether a packet is a fragment behind the first. */
function isLater({ bytes, offset }: PacketMemory, skb: number): boolean {
  const at = offset[skb]!;
  return ((bytes[at + 20]! & 0x1f) | bytes[at + 21]!) !== 0;
}
