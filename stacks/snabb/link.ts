/**
 * Links: a ring of packet pointers from one app to another, of 1,024 slots, one of which stays empty. Both ends are of
 * one process, so nothing is atomic. There is no back-pressure: what a full link is given is freed and counted in its
 * txdrop. Source: core/link.lua, core/link.h.
 */
import { REASON } from "../../core/policy.ts";
import type { Env } from "../../core/stack.ts";
import type { Counter, Counters } from "./counter.ts";
import type { Packets } from "./packet.ts";

/** Slots of a link (LINK_RING_SIZE). */
export const LINK_RING_SIZE = 1024;

/** Who looks at what goes in and comes out. */
export interface LinkCheck {
  /** What is wrong, or null. */
  readonly broken: string | null;
  /** Packets that came out. */
  readonly judged: number;
  /** Packets that are in it. */
  readonly occupancy: number;
  /** A packet was taken by the link. */
  transmitted(l: Link, p: number): void;
  /** A packet came out. */
  received(l: Link, p: number): void;
}

/** One link. */
export class Link {
  /** Its linkspec, e.g. `nic0.output -> router.nic0`. */
  readonly name: string;
  /** Where packets are in it. */
  readonly packets: Int32Array;
  /** Slot to be read next. */
  read = 0;
  /** Slot to be written next. */
  write = 0;
  /** Its place among those where packets can be lost. */
  readonly place: number;
  /** Packets that it took. */
  readonly txpackets: Counter;
  /** Their bytes. */
  readonly txbytes: Counter;
  /** Packets that it gave. */
  readonly rxpackets: Counter;
  /** Their bytes. */
  readonly rxbytes: Counter;
  /** Packets that it was given when it was full. */
  readonly txdrop: Counter;
  /** Checks what comes out against what went in; null where nothing is checked. */
  watch: LinkCheck | null = null;

  /** An empty link of `size` slots, a power of two. */
  constructor(name: string, size: number, place: number, counters: Pick<Counters, "create">) {
    this.name = name;
    this.packets = new Int32Array(size);
    this.place = place;
    const counter = (which: string) => counters.create(`links/${name}/${which}`);
    this.rxpackets = counter("rxpackets");
    this.rxbytes = counter("rxbytes");
    this.txpackets = counter("txpackets");
    this.txbytes = counter("txbytes");
    this.txdrop = counter("txdrop");
  }

  /** Packets that it can hold. */
  get max(): number {
    return this.packets.length - 1;
  }
}

/** What links need of their process. */
export interface LinkHost {
  readonly env: Env;
  readonly packet: Packets;
  readonly cpu: Parameters<Env["drop"]>[0];
  readonly lengths: Int32Array;
  /** Work that the running callback did. */
  moved: number;
}

/** The link module of a process: `link.receive(l)`, `link.transmit(l, p)` and so on. */
export class LinkModule {
  readonly #host: LinkHost;

  /** For links of this process. */
  constructor(host: LinkHost) {
    this.#host = host;
  }

  /** Whether nothing is there to be received. */
  empty(l: Link): boolean {
    return l.read === l.write;
  }

  /** Whether the next packet would be dropped. */
  full(l: Link): boolean {
    return ((l.write + 1) & (l.packets.length - 1)) === l.read;
  }

  /** Packets that can be received. */
  nreadable(l: Link): number {
    return (l.write - l.read) & (l.packets.length - 1);
  }

  /** Packets that can be transmitted before it is full. */
  nwritable(l: Link): number {
    return l.max - this.nreadable(l);
  }

  /** The packet that is received next, which stays where it is; -1 when it is empty. */
  front(l: Link): number {
    return l.read === l.write ? -1 : l.packets[l.read]!;
  }

  /** Takes the next packet; there must be one. */
  receive(l: Link): number {
    const p = l.packets[l.read]!;
    l.read = (l.read + 1) & (l.packets.length - 1);
    l.rxpackets.value++;
    l.rxbytes.value += this.#host.lengths[p]!;
    this.#host.moved++;
    if (l.watch !== null) l.watch.received(l, p);
    return p;
  }

  /** Hands a packet over; on a full link it is freed and counted. */
  transmit(l: Link, p: number): void {
    this.#host.moved++;
    const next = (l.write + 1) & (l.packets.length - 1);
    if (next === l.read) {
      const { env, packet, cpu } = this.#host;
      l.txdrop.value++;
      env.end(cpu, p, REASON["ring-full"], l.place, this.nreadable(l));
      packet.free(p);
      return;
    }
    l.packets[l.write] = p;
    l.write = next;
    l.txpackets.value++;
    l.txbytes.value += this.#host.lengths[p]!;
    if (l.watch !== null) l.watch.transmitted(l, p);
  }

  /** Its counters, as they are now. */
  stats(
    l: Link,
  ): { rxpackets: number; rxbytes: number; txpackets: number; txbytes: number; txdrop: number } {
    return {
      rxpackets: l.rxpackets.value,
      rxbytes: l.rxbytes.value,
      txpackets: l.txpackets.value,
      txbytes: l.txbytes.value,
      txdrop: l.txdrop.value,
    };
  }
}
