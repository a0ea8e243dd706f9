/**
 * What a cluster does with packets, seen from outside: which sockets it gives each to, by the bytes of its headers and
 * no look at the cluster's hash. A flow is both of its directions; fragments are known by the identification. When
 * sockets join or leave, flows may move, so all that was seen before is forgotten.
 */
import type { PacketMemory } from "../../core/memory/memory.ts";
import { ETHERTYPE_IPV4, l3Offset, l3Type } from "../../core/packet/mod.ts";
import type { ClusterType } from "./cluster_hash.ts";
import { CLUSTER_FRAGMENTS_MAX } from "./fragment_cache.ts";
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
  /** Socket of each flow, and of the fragments behind each first one; of two with one identification the later. */
  readonly #socketOf = new Map<string, PfRingSocket>();
  #members: readonly PfRingSocket[] = [];
  readonly #keepsFragments: boolean;
  /** First fragments since all was forgotten. */
  #firsts = 0;

  /** @param keepsFragments whether there is a fragment cache (enable_frag_coherence) */
  constructor(name: string, type: ClusterType, keepsFragments = true) {
    this.#name = name;
    this.#type = type;
    this.#keepsFragments = keepsFragments;
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
      this.#firsts = 0;
    }
    for (const key of keysOf(memory, skb)) {
      if (!this.#keepsFragments && isOfFragments(key)) continue;
      this.#follow(key, chosen[0]!, isLater(memory, skb));
    }
  }

  #follow(key: string, socket: PfRingSocket, later: boolean): void {
    // the first fragment of another packet with the same identification begins anew
    const anew = !later && isOfFragments(key);
    // the cache forgets the oldest; before it may have, all is forgotten here
    if (anew && ++this.#firsts > CLUSTER_FRAGMENTS_MAX) {
      this.#firsts = 1;
      this.#socketOf.clear();
    }
    const before = this.#socketOf.get(key);
    // nobody knows where a fragment belongs that comes before its first one
    if (before === undefined && later) return;
    if (before !== undefined) this.again++;
    if (before !== undefined && before !== socket && !anew) {
      this.#note(
        "PFRING-7",
        `gave ${key} to ${socket.setup.name}, expected ${before.setup.name} as before`,
      );
    }
    if (before === undefined || anew) this.#socketOf.set(key, socket);
  }

  #note(id: string, what: string): void {
    if (!this.broken.has(id)) this.broken.set(id, `cluster ${this.#name} ${what}`);
  }
}

/** Names of what a packet is part of: its flow, or all fragments of one packet; none of what is not plain IPv4. */
function keysOf({ bytes, offset, length }: PacketMemory, skb: number): string[] {
  const frame = offset[skb]!;
  const at = l3Offset(bytes, frame, length[skb]!);
  if (at < 0 || l3Type(bytes, at) !== ETHERTYPE_IPV4) return [];
  const left = frame + length[skb]! - at;
  const first = bytes[at]!;
  const header = (first & 15) * 4;
  const total = bytes[at + 2]! * 256 + bytes[at + 3]!;
  // what has no whole header is no part of a packet that anybody knows
  if (first >> 4 !== 4 || header < 20 || left < header || total < header) return [];
  const hosts = [bytes.subarray(at + 12, at + 16), bytes.subarray(at + 16, at + 20)];
  const protocol = bytes[at + 9]!;
  if ((bytes[at + 6]! & 0x3f) + bytes[at + 7]! > 0) {
    const id = bytes[at + 4]! * 256 + bytes[at + 5]!;
    return [`fragments of ${hosts.join(" > ")} ${protocol} ${id}`];
  }
  // ports behind options, and the flow of a tag, are not followed
  if (header > 20 || at > frame + 14 || protocol !== 17 || left < 28 || total < 28) return [];
  const udpLength = bytes[at + 24]! * 256 + bytes[at + 25]!;
  if (udpLength < 8) return [];
  const ends = hosts.map((host, i) =>
    `${host}:${bytes.subarray(at + 20 + 2 * i, at + 22 + 2 * i)}`
  );
  return [`flow ${ends.sort().join(" - ")}`];
}

function isOfFragments(key: string): boolean {
  return key.startsWith("fragments");
}

/** Whether a packet with a name is a fragment behind the first. */
function isLater({ bytes, offset, length }: PacketMemory, skb: number): boolean {
  const at = l3Offset(bytes, offset[skb]!, length[skb]!);
  return ((bytes[at + 6]! & 0x1f) | bytes[at + 7]!) !== 0;
}
