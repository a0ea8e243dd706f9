/**
 * The books of a memory: who holds each buffer, which packet is in it, when its bytes landed. Kept in
 * checked mode. A stack cannot read them; the machine's parts write them, the judge reads what comes of
 * them in the Observation.
 *
 * A buffer is free, in use by software (or firmware), or posted to a device. Only these changes are right:
 *
 *     free --alloc--> in use --post--> posted --complete--> in use --free--> free
 *
 * Every other one is a fault and named with both holders. The identity of a packet follows DMA and copies:
 * its carrier is the buffer that got it last. A carrier that is freed before anything became of its packet
 * gives it the fate "freed".
 */
import { FATE, type FaultKind, type Observation } from "../machine/observation.ts";
import type { Memory } from "./memory.ts";
import { OutsideCopies } from "./outside.ts";

/** States of a buffer. */
const FREE = 0;
const IN_USE = 1;
const POSTED = 2;

/**
 * Who holds what.
 *
 * @example
 * ```ts
 * import { Ledger, Memory, Mempool, Observation } from "@planecheck/planecheck/core";
 * import { assertEquals } from "@std/assert";
 *
 * const observation = new Observation();
 * const memory = new Memory(4);
 * memory.ledger = new Ledger(memory, observation, () => 0);
 * const lcore = observation.addPlace("lcore 0");
 * const pool = new Mempool(memory, memory.region("mempool", 0, 4), [lcore], 0);
 * const b = pool.get(0);
 * pool.put(0, b);
 * pool.put(0, b);
 * assertEquals(observation.faults.map(({ kind, buffer }) => [kind, buffer]), [["double-free", b]]);
 * ```
 */
export class Ledger {
  /** The memory whose books these are. */
  readonly memory: Memory;
  /** Where findings and fates are written. */
  readonly observation: Observation;
  /** The packet in each buffer, or -1. */
  readonly packet: Int32Array = new Int32Array(0);
  /** The place that holds each buffer, or -1 before its first use. */
  readonly holder: Int16Array = new Int16Array(0);
  /** When the last DMA into the buffer landed. */
  readonly dataAt: Float64Array = new Float64Array(0);
  /** Packets in memory that is no buffer's. */
  readonly outside: OutsideCopies;
  readonly #state: Uint8Array = new Uint8Array(0);
  readonly #now: () => number;

  /** Every buffer free. `now` answers the current instant in picoseconds. */
  constructor(memory: Memory, observation: Observation, now: () => number) {
    this.memory = memory;
    this.observation = observation;
    this.packet = new Int32Array(memory.capacity).fill(-1);
    this.holder = new Int16Array(memory.capacity).fill(-1);
    this.dataAt = new Float64Array(memory.capacity).fill(-1);
    this.outside = new OutsideCopies(observation, memory.capacity);
    this.#state = new Uint8Array(memory.capacity);
    this.#now = now;
  }

  /** The current instant. */
  get now(): number {
    return this.#now();
  }

  /** All buffers free again. Call before the memory is reset: it counts what was used. */
  reset(): void {
    const used = this.memory.used;
    this.packet.fill(-1, 0, used);
    this.holder.fill(-1, 0, used);
    this.dataAt.fill(-1, 0, used);
    this.#state.fill(FREE, 0, used);
    this.outside.reset();
  }

  /** Whether a buffer is free. */
  isFree(b: number): boolean {
    return this.#state[b] === FREE;
  }

  /** Whether software or firmware has a buffer in hand: it is in use, and posted to no device. */
  isInHand(b: number): boolean {
    return this.#state[b] === IN_USE;
  }

  /** Whether a device owns a buffer. */
  isPosted(b: number): boolean {
    return this.#state[b] === POSTED;
  }

  /** A place takes a buffer from a pool. */
  alloc(b: number, place: number): void {
    if (this.#state[b] !== FREE) this.#fault("posted-twice", b, place);
    this.#state[b] = IN_USE;
    this.holder[b] = place;
    this.packet[b] = -1;
    this.dataAt[b] = -1;
  }

  /** A place gives a buffer back. Answers whether the pool may take it. */
  free(b: number, place: number): boolean {
    this.observation.frees++;
    const state = this.#state[b]!;
    if (state === FREE) {
      this.#fault("double-free", b, place);
      return false;
    }
    if (state === POSTED) {
      this.#fault("freed-posted", b, place);
      return false;
    }
    const packet = this.packet[b]!;
    const o = this.observation;
    if (packet >= 0 && o.carrier[packet] === b && o.fate[packet] === FATE.none) {
      o.freed(packet, this.holder[b]!, this.#now());
    }
    this.memory.poison(b);
    this.#state[b] = FREE;
    this.holder[b] = place;
    this.packet[b] = -1;
    return true;
  }

  /** A driver hands a buffer to a device. Answers whether it may be used. */
  post(b: number, place: number): boolean {
    this.observation.posts++;
    const state = this.#state[b]!;
    if (state === FREE) {
      this.#fault("use-after-free", b, place);
      return false;
    }
    if (state === POSTED) {
      this.#fault("posted-twice", b, place);
      return false;
    }
    this.#state[b] = POSTED;
    this.holder[b] = place;
    return true;
  }

  /** A driver takes a buffer back from a device. */
  complete(b: number, place: number): void {
    if (this.#state[b] !== POSTED) this.#fault("completed-unposted", b, place);
    else this.#state[b] = IN_USE;
    this.holder[b] = place;
  }

  /** A packet enters the machine in buffer `b`. */
  enter(packet: number, b: number, place: number): void {
    this.#state[b] = IN_USE;
    this.holder[b] = place;
    this.packet[b] = packet;
    this.dataAt[b] = this.#now();
    this.observation.carrier[packet] = b;
  }

  /** The packet in one buffer was copied to another, which carries it from now on. */
  moved(from: number, to: number): void {
    this.#arrive(this.packet[from]!, this.holder[from]!, to);
  }

  /** The packet in a buffer was copied to memory that is no buffer's; answers the copy, which carries it. */
  movedOut(from: number, place: number): number {
    this.observation.moves++;
    return this.outside.begin(this.packet[from]!, place);
  }

  /** A copy in memory that is no buffer's was copied to a buffer, which carries the packet from now on. */
  movedIn(copy: number, to: number): void {
    this.#arrive(this.outside.packetOf(copy), this.outside.placeOf(copy), to);
  }

  /** A packet is copied to a buffer, from what `from` holds. */
  #arrive(packet: number, from: number, to: number): void {
    const o = this.observation;
    o.moves++;
    const old = this.packet[to]!;
    if (this.#state[to] === FREE) {
      o.fault("use-after-free", this.#now(), to, packet, from, this.holder[to]!);
    } else if (old >= 0 && o.carrier[old] === to && o.fate[old] === FATE.none) {
      o.fault("overwritten", this.#now(), to, old, from, this.holder[to]!);
    }
    this.packet[to] = packet;
    this.dataAt[to] = this.#now();
    if (packet >= 0) o.carrier[packet] = to;
  }

  /** A buffer shows its packet no more; one that carries it does until it is freed. */
  hidden(b: number): void {
    const packet = this.packet[b]!;
    if (packet >= 0 && this.observation.carrier[packet] !== b) this.packet[b] = -1;
  }

  /** A device writes into or reads from a buffer that a driver must have posted to it. */
  device(b: number, place: number): void {
    if (this.#state[b] !== POSTED) this.#fault("freed-posted", b, place);
  }

  /** A driver takes a packet that a device says it has received. */
  received(b: number, place: number): void {
    const ring = this.holder[b]!;
    this.complete(b, place);
    const packet = this.packet[b]!;
    if (packet < 0) this.#fault("done-without-data", b, place);
    else {
      const { memory, observation: o } = this;
      o.seenAt[packet] = this.#now();
      // a frame in several buffers is taken one after the other
      const before = o.seenPort[packet]! < 0 ? 0 : o.seenLength[packet]!;
      o.seenPort[packet] = memory.port[b]!;
      o.seenRing[packet] = ring;
      o.seenLength[packet] = before + memory.length[b]!;
      o.seenHash[packet] = memory.hash[b]!;
      o.seenFlags[packet] = memory.flags[b]!;
    }
  }

  /** Where each packet without a fate is. */
  describeWaiting(): void {
    const o = this.observation;
    for (let packet = 0; packet < o.count; packet++) {
      if (o.fate[packet] !== FATE.none) continue;
      const b = o.carrier[packet]!;
      const holder = b < this.memory.capacity ? this.holder[b] : this.outside.placeOf(b);
      const place = b < 0 ? undefined : o.places[holder!];
      o.waitingAt.set(packet, place === undefined ? "nowhere: it never arrived" : place.name);
    }
  }

  #fault(kind: FaultKind, b: number, place: number): void {
    this.observation.fault(kind, this.#now(), b, this.packet[b]!, place, this.holder[b]!);
  }
}
