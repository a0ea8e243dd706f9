/**
 * Generic receive offload. Segments of one TCP flow that a poll brings one after the other become one packet, which
 * goes through the IP layer once; before the queueing discipline it is segmented again into what came (`gso.ts`).
 *
 * Merged is only what can be told apart again. Headers have to agree but for identification, sequence number,
 * PSH and FIN; identifications count up, or stand still where the packet must not be cut; sequence numbers follow;
 * no segment is longer than the first, and a shorter one, or PSH or FIN, ends the packet. A packet whose first
 * segment says PSH or FIN takes no second (Linux: takes it, and moves the PSH). What is held, at most eight flows,
 * goes on at the end of the poll at the latest (gro_flush_timeout 0).
 *
 * Source: Linux net/core/gro.c, net/ipv4/af_inet.c (inet_gro_receive), net/ipv4/tcp_offload.c (tcp_gro_receive).
 */
import type { PacketMemory } from "../memory/memory.ts";
import {
  ETHERNET_HEADER_BYTES,
  IPV4_DF,
  IPV4_HEADER_BYTES,
  ipv4Flags,
  ipv4Id,
  PROTOCOL_TCP,
  TCP_FLAG,
  tcpFlags,
  tcpHeaderLength,
  tcpSeq,
} from "../packet/mod.ts";
import type { Cpu } from "../stack.ts";
import { ENDS, segmentPayload } from "./gso.ts";

/** Flows that are held (MAX_GRO_SKBS). */
const FLOWS_MAX = 8;
/** Bytes of a packet (GRO_LEGACY_MAX_SIZE), and segments of one: 64 come in a poll. */
const BYTES_MAX = 65_536;
const SEGMENTS_MAX = 64;
/** With any of these a segment goes alone. */
const ALONE = TCP_FLAG.syn | TCP_FLAG.rst | TCP_FLAG.urg | TCP_FLAG.cwr;

/** A packet that may grow: its first segment, its last, and what the next one has to be. */
interface Held {
  readonly first: number;
  readonly port: number;
  last: number;
  segments: number;
  bytes: number;
  /** Payload of the first segment. */
  readonly mss: number;
  nextSeq: number;
  /** Identification of the next segment: one more, or the same. */
  nextId: number;
  idStep: 0 | 1 | -1;
}

/** Where merged packets go. */
export type Deliver = (cpu: Cpu, skb: number, port: number) => void;

/** GRO of one lcore. */
export class Gro {
  /** Segments that became part of another packet. */
  merged = 0;
  readonly #memory: PacketMemory;
  readonly #deliver: Deliver;
  readonly #held: Held[] = [];

  constructor(memory: PacketMemory, deliver: Deliver) {
    this.#memory = memory;
    this.#deliver = deliver;
  }

  /** A packet from the driver (napi_gro_receive): held, merged, or handed on. O(flows held). */
  receive(cpu: Cpu, skb: number, port: number): void {
    const payload = segmentPayload(this.#memory, skb);
    if (payload < 0) {
      // it may be of a flow that is held
      if (this.#memory.bytes[this.#ip(skb) + 9] === PROTOCOL_TCP) this.flush(cpu);
      this.#deliver(cpu, skb, port);
      return;
    }
    const at = this.#held.findIndex((held) =>
      held.port === port && this.#sameFlow(held.first, skb)
    );
    const held = this.#held[at];
    if (
      held !== undefined && payload > 0 && this.#sameHeaders(held.first, skb) &&
      this.#merge(held, skb, payload)
    ) {
      const ends = (tcpFlags(this.#memory.bytes, this.#tcp(skb)) & ENDS) !== 0;
      if (ends || payload < held.mss || held.segments === SEGMENTS_MAX) this.#complete(cpu, at);
      return;
    }
    // order within the flow: what is held goes first
    if (held !== undefined) this.#complete(cpu, at);
    const flags = tcpFlags(this.#memory.bytes, this.#tcp(skb));
    if (payload === 0 || (flags & (ENDS | ALONE)) !== 0) {
      this.#deliver(cpu, skb, port);
      return;
    }
    if (this.#held.length === FLOWS_MAX) this.#complete(cpu, 0);
    this.#hold(skb, port, payload);
  }

  /** Hands on everything that is held (napi_gro_flush). */
  flush(cpu: Cpu): void {
    while (this.#held.length > 0) this.#complete(cpu, 0);
  }

  #complete(cpu: Cpu, at: number): void {
    const [held] = this.#held.splice(at, 1);
    this.#deliver(cpu, held!.first, held!.port);
  }

  #hold(skb: number, port: number, mss: number): void {
    const { bytes, length } = this.#memory;
    const id = ipv4Id(bytes, this.#ip(skb));
    this.#held.push({
      ...{ first: skb, last: skb, port, mss, segments: 1, bytes: length[skb]! },
      ...{ nextSeq: (tcpSeq(bytes, this.#tcp(skb)) + mss) >>> 0, nextId: id, idStep: -1 },
    });
  }

  /** Appends a segment if it is the next one (tcp_gro_receive, skb_gro_receive). */
  #merge(held: Held, skb: number, payload: number): boolean {
    const { bytes, next } = this.#memory;
    if (payload > held.mss || held.bytes + payload > BYTES_MAX) return false;
    if (tcpSeq(bytes, this.#tcp(skb)) !== held.nextSeq) return false;
    const id = ipv4Id(bytes, this.#ip(skb));
    const mayStand = (ipv4Flags(bytes, this.#ip(skb)) & IPV4_DF) !== 0;
    if (held.idStep === -1) {
      if (id === ((held.nextId + 1) & 0xffff)) held.idStep = 1;
      else if (mayStand && id === held.nextId) held.idStep = 0;
      else return false;
    } else if (id !== ((held.nextId + held.idStep) & 0xffff)) return false;
    held.nextId = id;
    held.nextSeq = (held.nextSeq + payload) >>> 0;
    held.bytes += payload;
    held.segments++;
    next[held.last] = skb;
    held.last = skb;
    this.merged++;
    return true;
  }

  /** Whether two segments are of one flow: addresses and ports. */
  #sameFlow(a: number, b: number): boolean {
    const { bytes } = this.#memory;
    const [x, y] = [this.#ip(a), this.#ip(b)];
    for (let i = 12; i < 24; i++) if (bytes[x + i] !== bytes[y + i]) return false;
    return true;
  }

  /** Whether two segments have the same headers but for what segments of one packet may differ in. */
  #sameHeaders(a: number, b: number): boolean {
    const { bytes, offset } = this.#memory;
    const [x, y] = [offset[a]!, offset[b]!];
    const end = ETHERNET_HEADER_BYTES + IPV4_HEADER_BYTES + tcpHeaderLength(bytes, this.#tcp(a));
    for (let i = 0; i < end; i++) {
      if (!MAY_DIFFER.has(i) && bytes[x + i] !== bytes[y + i]) return false;
    }
    const flags = tcpFlags(bytes, this.#tcp(a)) ^ tcpFlags(bytes, this.#tcp(b));
    return (flags & ~ENDS) === 0;
  }

  #ip(skb: number): number {
    return this.#memory.offset[skb]! + ETHERNET_HEADER_BYTES;
  }

  #tcp(skb: number): number {
    return this.#ip(skb) + IPV4_HEADER_BYTES;
  }
}

/** Total length, identification, IPv4 checksum; sequence number, flags (compared apart), TCP checksum. */
const MAY_DIFFER: ReadonlySet<number> = new Set([
  16,
  17,
  18,
  19,
  24,
  25,
  38,
  39,
  40,
  41,
  47,
  50,
  51,
]);
