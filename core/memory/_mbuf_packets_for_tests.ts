// What the model of the mbuf laws is made of: packets; and external bytes beside their model: which of
// them buffers ought to show, how often their maker ought to have been told that none does any more.
import { assertEquals } from "@std/assert";
import { FATE, type Observation } from "../machine/observation.ts";
import type { Ledger } from "./ledger.ts";
import { ExternalBuffer } from "./mbuf_external.ts";
import { Memory, STRIDE } from "./memory.ts";
import type { Mempool } from "./mempool.ts";

/** A buffer and the bytes that it shows. */
export interface Segment {
  readonly buffer: number;
  /** A buffer, or -1, -2, ... for external bytes. */
  readonly owner: number;
  front: number;
  back: number;
  bytes: number[];
}

/** Segments, and how many hold them. */
export interface Packet {
  segments: Segment[];
  holds: number;
}

/** A segment as a pool hands it out. */
export function fresh(b: number): Segment {
  return { buffer: b, owner: b, front: 128, back: 1920, bytes: [] };
}

/** A buffer with a frame of so many bytes in it, which a device has put there and nobody wants; or -1. */
export function received(pool: Mempool, length: number): number {
  const b = pool.get(0);
  if (b >= 0) (pool.memory as Memory).fill(b, new Uint8Array(length).fill(0xaa), 0, length);
  return b;
}

/** Holders of a buffer: of it itself, and one for each buffer that shows its bytes. */
export function holdersOf(packets: readonly Packet[], buffer: number): number {
  let sum = 0;
  for (const { segments, holds } of packets) {
    for (const s of segments) sum += s.buffer === buffer ? holds : s.owner === buffer ? 1 : 0;
  }
  return sum;
}

/** Buffers that packets are in, or whose bytes they show. */
export function buffersOf(packets: readonly Packet[]): Set<number> {
  const all = packets.flatMap((p) => p.segments.flatMap((s) => [s.buffer, s.owner]));
  return new Set(all.filter((b) => b >= 0));
}

/** The buffers of a chain. */
export function namesOf(memory: Memory, b: number): number[] {
  const names = [];
  for (let s = b; s >= 0; s = memory.next[s]!) names.push(s);
  return names;
}

const FIELDS = [
  ...["offset", "length", "port", "hash", "flags"] as const,
  ...["next", "references", "owner"] as const,
];

/** After a reset nothing is left of what was done, whatever is in use: a memory is as new but for lent bytes. */
export function checkReset(memory: Memory): void {
  memory.ledger?.reset();
  memory.reset();
  const own = memory.bytes.subarray(0, memory.capacity * STRIDE);
  const dirty = own.findIndex((byte) => byte !== 0);
  assertEquals(dirty, -1, `buffer ${Math.floor(dirty / STRIDE)}, byte ${dirty % STRIDE}`);
  const unused = new Memory(memory.capacity);
  for (const field of FIELDS) assertEquals(memory[field], unused[field], field);
  assertEquals(memory.external.size, 0);
}

/** Lengths of the external bytes; 3 bytes of nobody lie between them, and 1 behind. */
export const EXTERNAL: readonly number[] = [40, 2500];
/** Bytes of an arena that all of them need behind its buffers. */
export const EXTERNAL_BYTES = 2544;

/** All external bytes of a memory. */
export class Lent {
  readonly buffers: readonly ExternalBuffer[];
  readonly #told = EXTERNAL.map(() => 0);
  readonly #toTell = EXTERNAL.map(() => 0);
  readonly #shown = EXTERNAL.map(() => false);

  constructor(memory: Memory) {
    this.buffers = EXTERNAL.map((length, i) =>
      new ExternalBuffer(memory, memory.capacity * STRIDE + i * 43, length, () => this.#told[i]!++)
    );
  }

  /** Judges them after a step that left so many buffers showing the `i`-th. */
  check(referencesOf: (i: number) => number): void {
    for (const [i, external] of this.buffers.entries()) {
      const references = referencesOf(i);
      assertEquals(external.references, references, "MBUF-3 references of external bytes");
      if (this.#shown[i] && references === 0) this.#toTell[i]!++;
      this.#shown[i] = references > 0;
      assertEquals(this.#told[i], this.#toTell[i], "MBUF-3 external bytes are freed with the last");
    }
  }
}

/** Which identity each buffer shows, which buffer carries it, and whether it has ended: beside a ledger. */
export class Identities {
  readonly #ledger: Ledger | null;
  readonly #observation: Observation;
  readonly #shown = new Map<number, number>();
  readonly #carrier: number[] = [];
  readonly #ended: boolean[] = [];

  constructor(ledger: Ledger | null, observation: Observation) {
    this.#ledger = ledger;
    this.#observation = observation;
  }

  /** A new packet is received into a buffer. */
  enter(b: number): void {
    const packet = this.#carrier.push(b) - 1;
    this.#ended.push(false);
    this.#shown.set(b, packet);
    this.#ledger?.enter(packet, b, 0);
  }

  /** A buffer shows what another one does. */
  show(from: number, to: number): void {
    const packet = this.#shown.get(from);
    if (packet !== undefined) this.#shown.set(to, packet);
  }

  /** What a buffer shows was copied to another, which carries it from now on, unless it is a part of it. */
  copy(from: number, to: number, isWhole: boolean): void {
    const packet = this.#shown.get(from);
    if (packet === undefined || !isWhole) return;
    this.#shown.set(to, packet);
    this.#carrier[packet] = to;
  }

  /** A buffer that shows a packet shows nothing any more. */
  hide(b: number): void {
    const packet = this.#shown.get(b);
    if (packet !== undefined && this.#carrier[packet] !== b) this.#shown.delete(b);
  }

  /** Judges the ledger after a step that left these buffers in use; of the others each packet has ended. */
  check(live: ReadonlySet<number>): void {
    for (const [b, packet] of [...this.#shown]) {
      if (live.has(b)) continue;
      if (this.#carrier[packet] === b) this.#ended[packet] = true;
      this.#shown.delete(b);
    }
    const [ledger, o] = [this.#ledger, this.#observation];
    if (ledger === null) return;
    for (const b of live) assertEquals(ledger.packet[b], this.#shown.get(b) ?? -1, `buffer ${b}`);
    this.#carrier.forEach((carrier, packet) => {
      const fate = this.#ended[packet] ? FATE.freed : FATE.none;
      assertEquals([o.carrier[packet], o.fate[packet]], [carrier, fate], `packet ${packet}`);
    });
  }
}
