/**
 * A socket of the kernel module (pf_ring_socket): the devices and channels that it is bound to, its filters, its ring,
 * and the process that waits for it. Packets enter it in softirq context, by `add`; what becomes of a packet there,
 * the socket says in counters and, where its application is the one that decides about the packet (`carries`), in the
 * books: from then on the copy is what counts, and the end of the skb is nobody's fate.
 *
 * Source: PF_RING 8.9.0, kernel/linux/pf_ring.h (struct pf_ring_socket), kernel/pf_ring.c (add_skb_to_ring).
 */
import type { Context } from "../../core/host/context.ts";
import type { Process } from "../../core/host/process.ts";
import { REASON } from "../../core/policy.ts";
import type { Cpu, Env } from "../../core/stack.ts";
import type { ClusterType } from "./cluster_hash.ts";
import { SocketFilters } from "./filters.ts";
import type { ModuleCosts } from "./module_costs.ts";
import type { ParsedPkt } from "./parse_pkt.ts";
import { LONG_HEADER_BYTES, type PktHdr, SHORT_HEADER_BYTES } from "./pkthdr.ts";
import { SlotsLock } from "./slots_lock.ts";
import type { RingMemories } from "./ring_memories.ts";
import { SlotRing } from "./slot_ring.ts";

/** Which packets of an interface a socket sees (pfring_set_direction). */
export type PacketDirection = "rx" | "tx" | "rx-and-tx";

/** What a socket is opened with. */
export interface SocketSetup {
  readonly name: string;
  /** Ports that it is bound to. */
  readonly ports: readonly number[];
  /** Bits of the receive queues that it sees (channel_id_mask); all of them: any channel. */
  readonly channelMask: number;
  readonly direction: PacketDirection;
  readonly minNumSlots: number;
  readonly bucketLen: number;
  readonly longHeader: boolean;
  readonly watermark: number;
  readonly watermarkTimeoutMs: number;
  readonly pollDurationMs: number;
  /** Whether several writers are possible. */
  readonly locked: boolean;
  readonly carries: boolean;
}

const PS_PER_MS = 1e9;

/** A socket. */
export class PfRingSocket {
  readonly setup: SocketSetup;
  readonly ring: SlotRing;
  readonly filters = new SocketFilters();
  readonly lock: SlotsLock;
  /** Place of its ring; what it holds is bytes. */
  readonly place: number;
  /** Only packets of this VLAN (0: any; pfring_set_vlan_id). */
  vlanId = 0;
  clusterId = -1;
  clusterType: ClusterType = "per_flow";
  active = true;
  /** Who reads it: sleeps in poll(2), or looks again and again (`spins`). */
  reader: Process | null = null;
  spins = false;
  /** Calls of poll(2). */
  polls = 0;
  readonly #env: Env;
  readonly #costs: ModuleCosts;
  #lastWakePs = 0;

  constructor(env: Env, costs: ModuleCosts, setup: SocketSetup, memories: RingMemories) {
    const { minNumSlots, bucketLen, longHeader } = setup;
    this.setup = setup;
    this.#env = env;
    this.#costs = costs;
    const headerBytes = longHeader ? LONG_HEADER_BYTES : SHORT_HEADER_BYTES;
    this.ring = new SlotRing(minNumSlots, bucketLen, headerBytes, longHeader, memories);
    this.lock = new SlotsLock(costs.lock, costs.lockMoved);
    this.place = env.place(`bytes of the ring of ${setup.name}`, this.ring.roomBytes);
  }

  /** Whether a packet of an interface's queue is one that it is bound to see. */
  sees(port: number, queue: number, received: boolean, vlanId: number): boolean {
    const { ports, channelMask, direction } = this.setup;
    return this.active && ports.includes(port) && (channelMask >>> queue & 1) === 1 &&
      (direction === "rx-and-tx" || (direction === "rx") === received) &&
      (this.vlanId === 0 || this.vlanId === vlanId);
  }

  /**
   * Copies a packet that its filters have let through into the ring, and wakes who waits for it; answers whether
   * there was room. `last` says that no other ring will be tried, so that a packet without room is lost.
   */
  add(
    cpu: Cpu,
    skb: number,
    received: boolean,
    hash: number,
    parsed: ParsedPkt,
    port: number,
  ): boolean {
    const { copyBase, copyByte } = this.#costs;
    const { memory } = this.#env;
    const len = memory.length[skb]!;
    const caplen = Math.min(len, this.setup.bucketLen);
    let taken = false;
    const copy = (): void => {
      const now = (cpu as Context).nowPs;
      const hdr: PktHdr = {
        timestampNs: Math.floor(now / 1000),
        caplen,
        len,
        rxDirection: received,
        ifIndex: port,
        pktHash: hash,
      };
      taken = this.ring.insert(memory, skb, hdr, parsed, now, () => this.#carry(skb));
      if (taken) cpu.charge(copyBase + Math.ceil(caplen * copyByte));
    };
    if (this.setup.locked) this.lock.hold(cpu, copy);
    else copy();
    if (taken) this.#wake(cpu);
    else if (this.setup.carries) this.#lose(cpu, skb);
    return taken;
  }

  /** The books' number of the copy in a slot; -1 where the skb goes on carrying its packet. */
  #carry(skb: number): number {
    return this.setup.carries ? this.#env.memory.copiedOut(skb, this.place) : -1;
  }

  /** The ring had no room: the packet ends here, whatever becomes of the skb. */
  #lose(cpu: Cpu, skb: number): void {
    const { memory, dropCopy } = this.#env;
    const used = this.ring.usedBytes((cpu as Context).nowPs);
    const copy = memory.copiedOut(skb, this.place);
    dropCopy(cpu, copy, REASON["ring-full"], this.place, used);
    if (copy >= 0) memory.copyEnds(copy);
  }

  /** Wakes the reader at the watermark, or when the watermark's time has passed since it was last woken. */
  #wake(cpu: Cpu): void {
    const { watermark, watermarkTimeoutMs } = this.setup;
    const { reader } = this;
    if (reader === null) return;
    if (this.spins) {
      // nothing that the kernel does: its next look finds what the last one did not
      if (!reader.blocked) cpu.wake(reader.cpu);
      return;
    }
    const now = (cpu as Context).nowPs;
    const due = watermarkTimeoutMs > 0 && now - this.#lastWakePs >= watermarkTimeoutMs * PS_PER_MS;
    if (this.ring.queued < watermark && !due) return;
    this.#lastWakePs = now;
    reader.wake(cpu);
  }
}
