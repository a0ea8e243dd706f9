/**
 * The DMA engine of a NIC: one server that starts writes and one that starts reads, both first come, first
 * served. A write occupies its server for a time that depends on its size and is then given to the fabric;
 * a read occupies its server for its bytes and is limited in how many are under way.
 *
 * Constants from measurements of a Netronome NFP-6000 (Neugebauer et al., SIGCOMM 2018):
 * small writes 21.1 ns (up to 64 bytes), 24.2 ns (up to 128), then 18.8 ns per started 128 bytes; about 34
 * reads in flight; 0.147 ns a byte on top of the link.
 *
 * When the fabric has no room the server stalls with its operation and goes on when room comes back, so a
 * congested link pushes back into whoever fills the engine.
 */
import type { Fabric } from "../pcie/fabric.ts";
import type { Clock } from "../time/clock.ts";

/** Constants of the engine, in picoseconds. */
export interface DmaProfile {
  /** Server time of a write of up to 64 bytes. */
  readonly write64Ps: number;
  /** Server time of a write of 65 to 128 bytes. */
  readonly write128Ps: number;
  /** Server time of each started 128 bytes of a longer write. */
  readonly writePer128Ps: number;
  /** Server time of a read for each byte; need not be whole. */
  readonly readPerBytePs: number;
  /** Reads under way at most (a count). */
  readonly readsInFlight: number;
}

/** Words of a waiting operation. */
const WORDS = 4;
const NODE = 0;
const BYTES = 1;
const HANDLER = 2;
const ARG = 3;

/** Operations that wait for a server: a ring that grows. */
class Operations {
  words = new Int32Array(256 * WORDS);
  address = new Float64Array(256);
  head = 0;
  count = 0;

  push(node: number, bytes: number, handler: number, arg: number, address: number): void {
    if (this.count === this.address.length) this.#grow();
    const at = (this.head + this.count++) & (this.address.length - 1);
    const { words } = this;
    words[at * WORDS + NODE] = node;
    words[at * WORDS + BYTES] = bytes;
    words[at * WORDS + HANDLER] = handler;
    words[at * WORDS + ARG] = arg;
    this.address[at] = address;
  }

  /** A word of the first. */
  first(word: number): number {
    return this.words[this.head * WORDS + word]!;
  }

  pop(): void {
    this.head = (this.head + 1) & (this.address.length - 1);
    this.count--;
  }

  #grow(): void {
    const { head, address, words } = this;
    this.address = new Float64Array(address.length * 2);
    this.address.set(address.subarray(head));
    this.address.set(address.subarray(0, head), address.length - head);
    this.words = new Int32Array(words.length * 2);
    this.words.set(words.subarray(head * WORDS));
    this.words.set(words.subarray(0, head * WORDS), words.length - head * WORDS);
    this.head = 0;
  }
}

/**
 * The DMA engine of one device.
 *
 * @example
 * ```ts
 * import { Clock, createFabric, DmaEngine, HOST } from "@planecheck/planecheck/core";
 * import { machineProfile, paperHost } from "@planecheck/planecheck/fixtures";
 * import { assertEquals } from "@std/assert";
 *
 * const profile = machineProfile(paperHost);
 * const clock = new Clock();
 * const fabric = createFabric("coarse", clock, profile.fabric, 1);
 * fabric.reset(1, { headerCredits: 8, dataCredits: 64, mps: 256, mrrs: 512 });
 * const dma = new DmaEngine(1, clock, profile.dma, 1518);
 * dma.reset(fabric);
 * let landed = 0;
 * const handler = clock.register(() => landed++);
 * dma.write(HOST, 64, handler, 0);
 * dma.write(HOST, 16, handler, 0);
 * clock.run({ horizonPs: 1e9, events: 100 });
 * assertEquals([landed, dma.writeBusyPs], [2, 2 * profile.dma.write64Ps]);
 * ```
 */
export class DmaEngine {
  /** Its node on the fabric. */
  readonly node: number = 0;
  /** Called when a write has left the engine: there may be room for another. */
  onWriteDone: (() => void) | null = null;

  readonly #clock: Clock;
  #fabric: Fabric | null = null;
  readonly #writePs: Int32Array = new Int32Array(0);
  readonly #profile: DmaProfile;
  readonly #writes = new Operations();
  readonly #reads = new Operations();
  #writing = false;
  #writeStalled = false;
  #reading = false;
  #readStalled = false;
  #inFlight = 0;
  /** Handler and argument of each read under way, and which of these slots are free. */
  readonly #slotHandler: Int32Array = new Int32Array(0);
  readonly #slotArg: Int32Array = new Int32Array(0);
  readonly #freeSlots: Int32Array = new Int32Array(0);
  readonly #writeDone: number = 0;
  readonly #readStarted: number = 0;
  readonly #readDone: number = 0;
  readonly #roomBack: number = 0;
  /** Share of the device's memory that others take from reads, 0 up to but not 1: threads that poll rings. */
  readShareTaken = 0;
  /** Picoseconds in which the write server was busy. */
  writeBusyPs = 0;

  /** An idle engine whose writes carry up to `longest` bytes; `reset` connects it to a fabric. */
  constructor(node: number, clock: Clock, profile: DmaProfile, longest: number) {
    this.node = node;
    this.#clock = clock;
    this.#profile = profile;
    this.#writePs = new Int32Array(longest + 1);
    for (let bytes = 0; bytes <= longest; bytes++) {
      this.#writePs[bytes] = bytes <= 64
        ? profile.write64Ps
        : bytes <= 128
        ? profile.write128Ps
        : Math.ceil(bytes / 128) * profile.writePer128Ps;
    }
    this.#slotHandler = new Int32Array(profile.readsInFlight);
    this.#slotArg = new Int32Array(profile.readsInFlight);
    this.#freeSlots = new Int32Array(profile.readsInFlight);
    this.#writeDone = clock.register(() => this.#issueWrite());
    this.#readStarted = clock.register(() => this.#issueRead());
    this.#readDone = clock.register((slot) => this.#finishRead(slot));
    this.#roomBack = clock.register(() => this.#resume());
  }

  /** Idle, on this fabric. */
  reset(fabric: Fabric): void {
    this.#fabric = fabric;
    this.onWriteDone = null;
    fabric.onRoom(this.node, this.#roomBack);
    for (const queue of [this.#writes, this.#reads]) {
      queue.head = 0;
      queue.count = 0;
    }
    for (let i = 0; i < this.#freeSlots.length; i++) this.#freeSlots[i] = i;
    this.#writing = false;
    this.#writeStalled = false;
    this.#reading = false;
    this.#readStalled = false;
    this.#inFlight = 0;
    this.writeBusyPs = 0;
    this.readShareTaken = 0;
  }

  /** Reads that may be under way. */
  get readsInFlight(): number {
    return this.#profile.readsInFlight;
  }

  /** Writes that wait for the server or are in it. */
  get writesPending(): number {
    return this.#writes.count;
  }

  /**
   * Asks for a posted write; `handler(arg)` runs when the bytes are visible at `dst`. No bytes take the path of
   * one: PCI Express has no empty payload, such a request has one double word with all byte enables off (base
   * specification, 2.2.5). Only drivers that have freed a buffer too early ask for that, and the ledger tells.
   * `address` is where in host memory, as for {@link Fabric}.
   */
  write(dst: number, bytes: number, handler: number, arg: number, address: number = -1): void {
    this.#writes.push(dst, Math.max(bytes, 1), handler, arg, address);
    if (!this.#writing) this.#startWrite();
  }

  /** Asks for a read, likewise; `handler(arg)` runs when the bytes are here. */
  read(dst: number, bytes: number, handler: number, arg: number, address: number = -1): void {
    this.#reads.push(dst, Math.max(bytes, 1), handler, arg, address);
    if (!this.#reading) this.#startRead();
  }

  #startWrite(): void {
    const writes = this.#writes;
    if (writes.count === 0) return;
    this.#writing = true;
    const spent = this.#writePs[writes.first(BYTES)]!;
    this.writeBusyPs += spent;
    this.#clock.at(this.#clock.now + spent, this.#writeDone, 0);
  }

  #issueWrite(): void {
    const fabric = this.#fabric!;
    if (!fabric.room(this.node)) {
      this.#writeStalled = true;
      return;
    }
    const writes = this.#writes;
    fabric.write(
      this.node,
      writes.first(NODE),
      writes.first(BYTES),
      writes.first(HANDLER),
      writes.first(ARG),
      writes.address[writes.head]!,
    );
    writes.pop();
    this.#writing = false;
    this.#startWrite();
    if (this.onWriteDone !== null) this.onWriteDone();
  }

  #startRead(): void {
    const reads = this.#reads;
    if (reads.count === 0 || this.#inFlight >= this.#profile.readsInFlight) return;
    this.#reading = true;
    const perByte = this.#profile.readPerBytePs / (1 - this.readShareTaken);
    const spent = Math.round(reads.first(BYTES) * perByte);
    this.#clock.at(this.#clock.now + spent, this.#readStarted, 0);
  }

  #issueRead(): void {
    const fabric = this.#fabric!;
    if (!fabric.room(this.node)) {
      this.#readStalled = true;
      return;
    }
    const reads = this.#reads;
    const slot = this.#freeSlots[this.#freeSlots.length - 1 - this.#inFlight++]!;
    this.#slotHandler[slot] = reads.first(HANDLER);
    this.#slotArg[slot] = reads.first(ARG);
    fabric.read(
      this.node,
      reads.first(NODE),
      reads.first(BYTES),
      this.#readDone,
      slot,
      reads.address[reads.head]!,
    );
    reads.pop();
    this.#reading = false;
    this.#startRead();
  }

  #finishRead(slot: number): void {
    this.#inFlight--;
    this.#freeSlots[this.#freeSlots.length - 1 - this.#inFlight] = slot;
    if (!this.#reading) this.#startRead();
    this.#clock.dispatch(this.#slotHandler[slot]!, this.#slotArg[slot]!);
  }

  #resume(): void {
    if (this.#writeStalled) {
      this.#writeStalled = false;
      this.#issueWrite();
    }
    if (this.#readStalled) {
      this.#readStalled = false;
      this.#issueRead();
    }
  }
}
