/**
 * The neighbour table: for each next hop the Ethernet header that leads there, ready to be copied (hh_cache).
 * Without ARP every neighbour is there for good (NUD_PERMANENT). With it, none is known at first: the first
 * packet makes its entry INCOMPLETE and is asked for, what comes meanwhile waits in order, the oldest of more than
 * unres_qlen is dropped. An answer makes it REACHABLE and lets them go. After three requests without one it is
 * FAILED: what waits is dropped, and its senders are told; the next packet begins anew. Entries do not age.
 *
 * Source: Linux net/core/neighbour.c (__neigh_event_send, neigh_update, neigh_timer_handler), net/ipv4/arp.c;
 * RFC 826; RFC 1122, 2.3.2.2.
 */
import {
  ARP_REPLY,
  arpOperation,
  arpSenderIpv4,
  checkArp,
  ETHERNET_HEADER_BYTES,
  ETHERTYPE_IPV4,
  setEtherType,
} from "../packet/mod.ts";
import type { Cpu, Env } from "../stack.ts";
import { writeArpRequest } from "./arp.ts";

/** Requests for one neighbour before it is given up (mcast_solicit). */
const MCAST_SOLICIT = 3;

const NUD_NONE = 0;
const NUD_INCOMPLETE = 1;
const NUD_REACHABLE = 2;

/** What the table needs of the layers around it. */
export interface NeighOutput {
  /** Sends a frame by a port. */
  xmit(cpu: Cpu, skb: number, port: number): void;
  /** Drops a packet that waits for a neighbour, of `waiting`; `failed` says that nobody has answered. */
  dropWaiting(cpu: Cpu, skb: number, place: number, waiting: number, failed: boolean): void;
}

/** How ARP asks. */
export interface ArpSettings {
  readonly addresses: readonly number[];
  readonly neighbours: readonly number[];
  readonly unresQlen: number;
  readonly retransTimeMs: number;
}

/** Neighbours of all ports. */
export class NeighTable {
  /** Packets dropped because too many waited (unresolved_discards of `ip -s ntable`). */
  unresDiscards = 0;
  /** Requests sent. */
  solicitations = 0;
  readonly #env: Env;
  readonly #headers: Uint8Array;
  readonly #state: Uint8Array;
  readonly #arp: ArpSettings | null;
  readonly #queues: readonly number[][];
  readonly #probes: number[];
  readonly #dueTsc: number[];
  readonly #places: readonly number[];
  readonly #retransCycles: number;
  #timer: Cpu | null = null;

  /** Builds the header of every next hop; `arp` absent, they are complete. O(next hops). */
  constructor(env: Env, arp: ArpSettings | null) {
    const { count, mac, port, portMac } = env.neighbours;
    this.#env = env;
    this.#arp = arp;
    this.#headers = new Uint8Array(count * ETHERNET_HEADER_BYTES);
    this.#state = new Uint8Array(count).fill(arp === null ? NUD_REACHABLE : NUD_NONE);
    const waits = arp === null ? 0 : count;
    this.#queues = Array.from({ length: waits }, () => []);
    this.#probes = Array.from({ length: waits }, () => 0);
    this.#dueTsc = Array.from({ length: waits }, () => Infinity);
    this.#places = Array.from(
      { length: waits },
      (_, hop) => env.place(`arp_queue of next hop ${hop}`, arp!.unresQlen),
    );
    this.#retransCycles = arp === null ? 0 : arp.retransTimeMs * 1000 * env.cost("mhz");
    for (let hop = 0; hop < count; hop++) {
      const at = hop * ETHERNET_HEADER_BYTES;
      const own = port[hop]! * 6;
      for (let i = 0; i < 6; i++) {
        if (arp === null) this.#headers[at + i] = mac[hop * 6 + i]!;
        this.#headers[at + 6 + i] = portMac[own + i]!;
      }
      setEtherType(this.#headers, at, ETHERTYPE_IPV4);
    }
  }

  /** Whether ARP asks for neighbours. */
  get asks(): boolean {
    return this.#arp !== null;
  }

  /**
   * Copies the Ethernet header that leads to a next hop, without its EtherType, if the neighbour is known (NUD_VALID);
   * answers whether it is.
   */
  header(nextHop: number, bytes: Uint8Array, at: number): boolean {
    if (this.#state[nextHop] !== NUD_REACHABLE) return false;
    const from = nextHop * ETHERNET_HEADER_BYTES;
    for (let i = 0; i < 12; i++) bytes[at + i] = this.#headers[from + i]!;
    return true;
  }

  /** Starts the timer that asks again, on lcore 0. */
  up(out: NeighOutput): void {
    if (this.#arp !== null) {
      this.#timer = this.#env.spawn(0, "softirq", (cpu) => this.#tick(cpu, out));
    }
  }

  /** Sends a packet to a next hop, now or when its MAC address is known. */
  output(cpu: Cpu, skb: number, nextHop: number, out: NeighOutput): void {
    if (this.#state[nextHop] !== NUD_REACHABLE) return this.#wait(cpu, skb, nextHop, out);
    const { memory, neighbours } = this.#env;
    const from = nextHop * ETHERNET_HEADER_BYTES;
    const at = memory.offset[skb]!;
    for (let i = 0; i < ETHERNET_HEADER_BYTES; i++) memory.bytes[at + i] = this.#headers[from + i]!;
    out.xmit(cpu, skb, neighbours.port[nextHop]!);
  }

  /** A frame of ARP: an answer that somebody waits for completes an entry (arp_process). */
  receive(cpu: Cpu, skb: number, port: number, out: NeighOutput): void {
    const { memory: { bytes, offset, length }, neighbours } = this.#env;
    const at = offset[skb]!;
    const arp = at + ETHERNET_HEADER_BYTES;
    if (this.#arp === null || !checkArp(bytes, arp, length[skb]! - ETHERNET_HEADER_BYTES)) return;
    if (arpOperation(bytes, arp) !== ARP_REPLY) return;
    const sender = arpSenderIpv4(bytes, arp);
    for (let hop = 0; hop < neighbours.count; hop++) {
      if (neighbours.port[hop] !== port || this.#arp.neighbours[hop] !== sender) continue;
      // nobody asked: arp_accept is off
      if (this.#state[hop] === NUD_NONE) continue;
      for (let i = 0; i < 6; i++) {
        this.#headers[hop * ETHERNET_HEADER_BYTES + i] = bytes[arp + 8 + i]!;
      }
      this.#state[hop] = NUD_REACHABLE;
      this.#dueTsc[hop] = Infinity;
      for (const waiting of this.#queues[hop]!.splice(0)) this.output(cpu, waiting, hop, out);
    }
  }

  #wait(cpu: Cpu, skb: number, hop: number, out: NeighOutput): void {
    const queue = this.#queues[hop]!;
    const { unresQlen } = this.#arp!;
    if (queue.length === unresQlen) {
      this.unresDiscards++;
      out.dropWaiting(cpu, queue.shift()!, this.#places[hop]!, unresQlen, false);
    }
    queue.push(skb);
    if (this.#state[hop] === NUD_INCOMPLETE) return;
    this.#state[hop] = NUD_INCOMPLETE;
    this.#probes[hop] = 0;
    this.#solicit(cpu, hop, out);
    if (this.#timer !== null) cpu.wake(this.#timer);
  }

  /** Asks for a neighbour, and says when to ask again (arp_solicit). */
  #solicit(cpu: Cpu, hop: number, out: NeighOutput): void {
    const { memory, pool, neighbours } = this.#env;
    this.#probes[hop]!++;
    this.#dueTsc[hop] = cpu.tsc() + this.#retransCycles;
    const skb = pool.get(cpu.lcore);
    if (skb < 0) return;
    const port = neighbours.port[hop]!;
    memory.length[skb] = writeArpRequest(memory.bytes, memory.offset[skb]!, {
      mac: neighbours.portMac.subarray(port * 6, port * 6 + 6),
      sender: this.#arp!.addresses[port]!,
      target: this.#arp!.neighbours[hop]!,
    });
    this.#env.originate(skb);
    this.solicitations++;
    out.xmit(cpu, skb, port);
  }

  /** The timer of all entries (neigh_timer_handler). */
  #tick(cpu: Cpu, out: NeighOutput): number {
    const now = cpu.tsc();
    let next = Infinity;
    for (let hop = 0; hop < this.#dueTsc.length; hop++) {
      // the instant of the deadline may read as the cycle before it
      if (this.#dueTsc[hop]! <= now + 1) {
        if (this.#probes[hop]! < MCAST_SOLICIT) this.#solicit(cpu, hop, out);
        else this.#fail(cpu, hop, out);
      }
      next = Math.min(next, this.#dueTsc[hop]!);
    }
    cpu.sleep();
    if (next !== Infinity) cpu.wakeAt(next);
    return 1;
  }

  #fail(cpu: Cpu, hop: number, out: NeighOutput): void {
    this.#state[hop] = NUD_NONE;
    this.#dueTsc[hop] = Infinity;
    const queue = this.#queues[hop]!.splice(0);
    for (const skb of queue) out.dropWaiting(cpu, skb, this.#places[hop]!, queue.length, true);
  }
}
