/**
 * What the judge sees of a run: the fate of every offered packet, every emitted frame, the evidence for
 * each congestion drop, milestones, ledgers at rest, counters. A law judges this and nothing else.
 *
 * The machine owns one Observation and overwrites it at the next run. Identities are indices into the
 * traffic that was offered. Times are picoseconds; -1 says "never".
 *
 * A streamed run keeps no record of single packets or frames, only what is counted: `offered`, `emitted`,
 * `dropped` and all counters are as in a recorded run, in memory that does not grow.
 */
import { copyBytes } from "../memory/copy.ts";
import type { CreditAccount, Fidelity, LinkAccount } from "../pcie/fabric.ts";
import { REASON, type Reason, REASONS } from "../policy.ts";
import type { Finding } from "../stack.ts";
import type { RunEnd } from "../time/clock.ts";
import { grown } from "./_grown.ts";
import { FATE, type Fault, type FaultKind, type LcoreAccount, type Place } from "./accounts.ts";
import type { PoolAccount, PortCounters, RingAccount } from "./accounts.ts";

export * from "./accounts.ts";

/** How many faults are kept with their particulars; all are counted. */
const FAULTS_MAX = 64;

/**
 * The record of one run. Arrays by identity have `count` entries that mean something, those by frame `outCount`.
 *
 * @example
 * ```ts
 * import { ipv4Ttl, testbed } from "@planecheck/planecheck/core";
 * import { machineProfile, paperHost } from "@planecheck/planecheck/fixtures";
 * import { build, PLAIN_GEOMETRY, PLAIN_PACKET } from "@planecheck/planecheck/properties";
 * import { forwarder } from "@planecheck/planecheck/stacks";
 * import { assertEquals } from "@std/assert";
 *
 * const scenario = build({
 *   geometry: PLAIN_GEOMETRY,
 *   neighbours: [0, 1],
 *   routes: [{ prefix: 0x0a010000, depth: 16, nextHop: 1 }],
 *   packets: [{ ...PLAIN_PACKET, src: 0x0a000001, dst: 0x0a010001 }],
 *   deviations: [],
 * });
 * const o = testbed(forwarder, machineProfile(paperHost)).run(scenario);
 * const sent = o.outBytes.subarray(o.outOffset[0]!, o.outOffset[0]! + o.outLength[0]!);
 * assertEquals([o.outPacket[0], ipv4Ttl(sent, 14)], [0, 63]);
 * // in picoseconds: it landed in host memory, was taken by the lcore, left
 * assertEquals(o.dataAt[0]! <= o.seenAt[0]! && o.seenAt[0]! < o.endAt[0]!, true);
 * ```
 */
export class Observation {
  /** Whether single packets and frames are recorded; a streamed run only counts. */
  recorded = true;
  /** Packets offered. */
  offered = 0;
  /** Packets that left on a port. */
  emitted = 0;
  /** Packets dropped, by reason: an index into `REASONS`. */
  readonly dropped: Float64Array = new Float64Array(REASONS.length);
  /** Told of each drop, once it is counted. */
  onDrop: ((at: number) => void) | null = null;
  /** Packets recorded: those offered, or 0. */
  count = 0;
  /** What became of the packet, a value of {@link FATE}. */
  fate: Uint8Array = new Uint8Array(0);
  /** For a drop: the number of its reason, an index into `REASONS`; 0 otherwise. */
  reason: Uint8Array = new Uint8Array(0);
  /** Place where the packet met its fate (index into `places`). */
  place: Int16Array = new Int16Array(0);
  /** When it met its fate; for an emitted packet, when its last bit had left. */
  endAt: Float64Array = new Float64Array(0);
  /** For a congestion drop: what was in the place at that instant. */
  occupancy: Int32Array = new Int32Array(0);
  /** When the last byte of the payload was visible to whoever reads it next. */
  dataAt: Float64Array = new Float64Array(0);
  /** When the descriptor (done bit, or the descriptor in a peer's ring) was visible. */
  descAt: Float64Array = new Float64Array(0);
  /** When the stack, or the egress NIC's firmware, took it. */
  seenAt: Float64Array = new Float64Array(0);
  /** Port that the driver was told it came in on, or -1: no host driver took it. */
  seenPort: Int16Array = new Int16Array(0);
  /** Length that the driver was told, where `seenPort` is set; the next two likewise. */
  seenLength: Int32Array = new Int32Array(0);
  /** RSS hash. */
  seenHash: Uint32Array = new Uint32Array(0);
  /** Place of the receive ring that it came by. */
  seenRing: Int16Array = new Int16Array(0);
  /** Packet type, bits of `FLAG`. */
  seenFlags: Int32Array = new Int32Array(0);
  /** When it was handed to the transmitting device. */
  txAt: Float64Array = new Float64Array(0);
  /** When the sender was told that its buffer is free again. */
  doneAt: Float64Array = new Float64Array(0);
  /** The buffer that carries the packet now. */
  carrier: Int32Array = new Int32Array(0);

  /** Frames emitted, in order of time. */
  outCount = 0;
  /** Identity of the packet in frame i; {@link GENERATED}, or -1 when its buffer held none. */
  outPacket: Int32Array = new Int32Array(0);
  /** Port that frame i left by. */
  outPort: Uint8Array = new Uint8Array(0);
  /** When the first bit of frame i left. */
  outStart: Float64Array = new Float64Array(0);
  /** When its last bit had left. */
  outEnd: Float64Array = new Float64Array(0);
  /** Where its bytes begin in `outBytes`. */
  outOffset: Uint32Array = new Uint32Array(0);
  /** Its length in bytes, without FCS. */
  outLength: Uint32Array = new Uint32Array(0);
  /** The bytes of all emitted frames as they left. */
  outBytes: Uint8Array = new Uint8Array(0);
  #outUsed = 0;
  /** Places of this machine; numbers of places are indices here. */
  readonly places: Place[] = [];
  /** What ledgers found, in order of time; the first 64. */
  readonly faults: Fault[] = [];
  /** How many findings there were. */
  faultCount = 0;

  /** How the run ended. */
  end: RunEnd = "quiet";
  /** When it ended. */
  endPs = 0;
  /** Events that it took. */
  events = 0;
  /** Hash of its trace (`Clock.traceHash`). */
  traceHash = 0;
  /** Fidelity of the fabric that it ran on. */
  fidelity: Fidelity = "coarse";

  /** What the device says of its own invariants; empty unless the run became quiet. */
  findings: readonly Finding[] = [];
  /** Pools that the stack asked for. */
  pools: PoolAccount[] = [];
  /** Credit counters of all links at rest; empty on the coarse fabric. */
  credits: CreditAccount[] = [];
  /** What crossed each direction of each link. */
  links: LinkAccount[] = [];
  /** Counters of each port. */
  ports: PortCounters[] = [];
  /** Receive rings that a host driver set up, at the end. */
  rings: RingAccount[] = [];
  /** How busy each lcore was. */
  lcores: LcoreAccount[] = [];
  /** Bytes of packets that CPUs copied. */
  copiedBytes = 0;
  /** Doorbells: register writes by CPUs. */
  doorbells = 0;
  /** Interrupts that lcores took. */
  interrupts = 0;
  /** Buffers posted to devices: this and the next two say what the ledger had to look at. */
  posts = 0;
  /** Packets that went from one buffer to another, by DMA or copy. */
  moves = 0;
  /** Buffers given back. */
  frees = 0;
  /** Holder of the carrier of each packet without a fate, by identity. */
  readonly waitingAt: Map<number, string> = new Map();
  #unresolved = 0;

  /** Prepares for a run of `offered` packets, recorded or only counted. */
  reset(offered: number, fidelity: Fidelity, recorded = true): void {
    const count = recorded ? offered : 0;
    if (this.fate.length < count) this.#grow(count);
    this.recorded = recorded;
    this.offered = offered;
    this.dropped.fill(0);
    this.count = count;
    this.fate.fill(FATE.none, 0, count);
    this.reason.fill(REASON.none, 0, count);
    for (const one of [this.occupancy, this.carrier]) one.fill(-1, 0, count);
    for (const one of [this.place, this.seenPort, this.seenRing]) one.fill(-1, 0, count);
    for (const one of [this.endAt, this.dataAt, this.descAt]) one.fill(-1, 0, count);
    for (const one of [this.seenAt, this.txAt, this.doneAt]) one.fill(-1, 0, count);
    this.emitted = this.outCount = this.#outUsed = 0;
    this.places.length = this.faults.length = this.faultCount = 0;
    this.fidelity = fidelity;
    this.copiedBytes = this.doorbells = this.interrupts = 0;
    this.posts = this.moves = this.frees = 0;
    this.onDrop = null;
    this.findings = [];
    this.waitingAt.clear();
    this.#unresolved = offered;
  }

  /** Packets without a fate. A streamed run does not see a packet that is freed without a word: it stays. */
  get unresolved(): number {
    return this.#unresolved;
  }

  /** Names a place and answers its number. */
  addPlace(name: string, capacity = Infinity): number {
    return this.places.push({ name, capacity }) - 1;
  }

  /** A packet is dropped at a place; for congestion, `occupancy` is the evidence. */
  drop(packet: number, reason: Reason, place: number, at: number, occupancy = -1): void {
    if (this.recorded) {
      if (!this.#settle(packet, FATE.dropped, place, at)) return;
      this.reason[packet] = reason;
      this.occupancy[packet] = occupancy;
    } else this.#unresolved--;
    this.dropped[reason]!++;
    if (this.onDrop !== null) this.onDrop(at);
  }

  /** A buffer was freed while it carried a packet that had no fate. */
  freed(packet: number, place: number, at: number): void {
    this.#settle(packet, FATE.freed, place, at);
  }

  /** A streamed run expects one more frame to leave, which carries no packet that was offered. */
  originated(): void {
    this.#unresolved++;
    this.emitted--;
  }

  /** A frame leaves; `packet` is {@link GENERATED}, or -1 for none; `more`: a further fragment of one that has left. */
  emit(
    packet: number,
    port: number,
    place: number,
    start: number,
    end: number,
    bytes: Uint8Array,
    offset: number,
    length: number,
    more = false,
  ): void {
    if (!this.recorded) {
      this.#unresolved--;
      this.emitted++;
      return;
    }
    if (packet === -1) this.fault("emitted-nothing", end, -1, -1, place, -1);
    else if (packet >= 0 && !more && this.#settle(packet, FATE.emitted, place, end)) this.emitted++;
    const i = this.outCount++;
    if (i === this.outPacket.length) this.#growOut();
    const bytesUsed = this.#outUsed + length;
    if (bytesUsed > this.outBytes.length) {
      this.outBytes = grown(this.outBytes, Math.max(1 << 16, this.outBytes.length * 2, bytesUsed));
    }
    this.outPacket[i] = packet;
    this.outPort[i] = port;
    this.outStart[i] = start;
    this.outEnd[i] = end;
    this.outOffset[i] = this.#outUsed;
    this.outLength[i] = length;
    copyBytes(bytes, offset, this.outBytes, this.#outUsed, length);
    this.#outUsed += length;
  }

  /** Notes what a ledger found. */
  fault(
    kind: FaultKind,
    at: number,
    buffer: number,
    packet: number,
    place: number,
    other: number,
  ): void {
    this.faultCount++;
    if (this.faults.length >= FAULTS_MAX) return;
    this.faults.push({ kind, at, buffer, packet, place, other });
  }

  #settle(packet: number, fate: number, place: number, at: number): boolean {
    if (this.fate[packet] !== FATE.none) {
      this.fault("second-fate", at, -1, packet, place, this.place[packet]!);
      return false;
    }
    this.#unresolved--;
    this.fate[packet] = fate;
    this.place[packet] = place;
    this.endAt[packet] = at;
    return true;
  }

  #grow(count: number): void {
    const size = Math.max(256, count);
    this.fate = new Uint8Array(size);
    this.reason = new Uint8Array(size);
    for (const one of ["place", "seenPort", "seenRing"] as const) this[one] = new Int16Array(size);
    this.seenHash = new Uint32Array(size);
    for (const field of ["occupancy", "carrier", "seenLength", "seenFlags"] as const) {
      this[field] = new Int32Array(size);
    }
    for (const field of ["endAt", "dataAt", "descAt", "seenAt", "txAt", "doneAt"] as const) {
      this[field] = new Float64Array(size);
    }
  }

  #growOut(): void {
    const size = Math.max(256, this.outPacket.length * 2);
    this.outPacket = grown(this.outPacket, size);
    this.outPort = grown(this.outPort, size);
    for (const one of ["outStart", "outEnd"] as const) this[one] = grown(this[one], size);
    for (const one of ["outOffset", "outLength"] as const) this[one] = grown(this[one], size);
  }
}
