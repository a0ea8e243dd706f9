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
  /** Sockets of what was seen: one of a flow; of fragments those of every first one, since identifications come again. */
  readonly #socketsOf = new Map<string, Set<PfRingSocket>>();
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
      this.#socketsOf.clear();
    }
    for (const key of keysOf(memory, skb)) this.#follow(key, chosen[0]!, isLater(memory, skb));
  }

  #follow(key: string, socket: PfRingSocket, later: boolean): void {
    const before = this.#socketsOf.get(key);
    // nobody knows where a fragment belongs that comes before its first one
    if (before === undefined && later) return;
    if (before !== undefined) this.again++;
    // the first fragment of another packet with the same identification begins anew
    const anew = !later && key.startsWith("fragments");
    if (before !== undefined && !before.has(socket) && !anew) {
      const names = [...before].map(({ setup }) => setup.name).join(" or ");
      this.#note("PFRING-7", `gave ${key} to ${socket.setup.name}, expected ${names} as before`);
    }
    if (before === undefined) this.#socketsOf.set(key, new Set([socket]));
    else if (anew) before.add(socket);
  }

  #note(id: string, what: string): void {
    if (!this.broken.has(id)) this.broken.set(id, `cluster ${this.#name} ${what}`);
  }
}

/** Names of what a packet is part of: its flow, or all fragments of one packet; none of what is not plain IPv4. */
function keysOf({ bytes, offset, length }: PacketMemory, skb: number): string[] {
  const at = offset[skb]! + tagBytes(bytes, offset[skb]!);
  const left = length[skb]! - (at - offset[skb]!);
  if (left < 42 || bytes[at + 12] !== 8 || bytes[at + 13] !== 0) return [];
  const first = bytes[at + 14]!;
  if (first < 0x45 || first > 0x4f) return [];
  const hosts = [bytes.subarray(at + 26, at + 30), bytes.subarray(at + 30, at + 34)];
  const protocol = bytes[at + 23]!;
  const total = bytes[at + 16]! * 256 + bytes[at + 17]!;
  const fragment = (bytes[at + 20]! & 0x3f) * 256 + bytes[at + 21]!;
  if (fragment !== 0) {
    // what has no whole header is no part of a packet that anybody knows
    if (total < (first & 15) * 4) return [];
    const id = bytes[at + 18]! * 256 + bytes[at + 19]!;
    return [`fragments of ${hosts.join(" > ")} ${protocol} ${id}`];
  }
  // ports behind options, and the flow of a tag, are not followed
  if (first !== 0x45 || at !== offset[skb]!) return [];
  const udpLength = bytes[at + 38]! * 256 + bytes[at + 39]!;
  if (protocol !== 17 || total < 28 || udpLength < 8) return [];
  const ends = hosts.map((host, i) =>
    `${host}:${bytes.subarray(at + 34 + 2 * i, at + 36 + 2 * i)}`
  );
  return [`flow ${ends.sort().join(" - ")}`];
}

/** Bytes of an 802.1Q tag. */
function tagBytes(bytes: Uint8Array, at: number): number {
  return bytes[at + 12] === 0x81 && bytes[at + 13] === 0 ? 4 : 0;
}

/** Whether a packet is a fragment behind the first. */
function isLater({ bytes, offset }: PacketMemory, skb: number): boolean {
  const at = offset[skb]! + tagBytes(bytes, offset[skb]!);
  return ((bytes[at + 20]! & 0x1f) | bytes[at + 21]!) !== 0;
}
