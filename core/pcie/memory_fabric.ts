/**
 * Host memory behind a fabric of either fidelity: what is written to or read from the root complex with an
 * address is as much later as the memory says. What the fabric beneath does with the access is not changed, so
 * its own constants stand for an access that hits the cache of its own socket.
 *
 * Order is kept: of the writes of one source none is visible before an earlier one, and no read of it is
 * answered before. A write without an address (an interrupt message) waits for those before it like any other.
 *
 * Back-pressure: while the memory's channels are behind by more than their queue, no device has room.
 */
import type { HostMemory } from "../memory/host_memory.ts";
import type { Choices } from "../time/choices.ts";
import type { Clock } from "../time/clock.ts";
import type { PcieLedger } from "./link/trace.ts";
import {
  type CreditAccount,
  type Fabric,
  type FabricGeometry,
  type Fidelity,
  HOST,
  type LinkAccount,
} from "./fabric.ts";

const WRITE = 0;
const READ = 1;

/**
 * A fabric with host memory. Each access takes constant time and the memory's own; `createFabric` makes it.
 *
 * @example
 * ```ts
 * import { Clock, createFabric, HOST, HostMemory } from "@planecheck/planecheck/core";
 * import { machineProfile, paperHost } from "@planecheck/planecheck/fixtures";
 * import { assertEquals } from "@std/assert";
 *
 * const clock = new Clock();
 * const memory = new HostMemory(clock, {
 *   llcSets: 1024, llcWays: 11, ddioWays: 2, missPs: 52_000, cpuMissPs: 20_000,
 *   channels: 2, channelGBps: 20, queueLines: 32, remotePs: 62_000, remotePorts: [],
 *   iotlbEntries: 0, pageBytes: 4096, iotlbMissPs: 265_000, bufferBytes: 2048,
 * });
 * const fabric = createFabric("coarse", clock, machineProfile(paperHost).fabric, 1, memory);
 * fabric.reset(1, { headerCredits: 8, dataCredits: 64, mps: 256, mrrs: 512 });
 * const times: number[] = [];
 * const done = clock.register(() => times.push(clock.now));
 * fabric.read(1, HOST, 64, done, 0, 4096); // cold
 * clock.run({ horizonPs: 1e9, events: 100 });
 * fabric.write(1, HOST, 64, done, 0, 4096);
 * clock.run({ horizonPs: 1e9, events: 100 });
 * const since = clock.now;
 * fabric.read(1, HOST, 64, done, 0, 4096); // in the cache
 * clock.run({ horizonPs: 1e9, events: 100 });
 * assertEquals(times[0]! - (times[2]! - since), 52_000);
 * ```
 */
export class MemoryFabric implements Fabric {
  /** That of the fabric beneath. */
  readonly fidelity: Fidelity;
  readonly #clock: Clock;
  readonly #beneath: Fabric;
  readonly #memory: HostMemory;
  /** Accesses that are under way, by slot. */
  readonly #kind: number[] = [];
  readonly #source: number[] = [];
  readonly #bytes: number[] = [];
  readonly #address: number[] = [];
  readonly #handler: number[] = [];
  readonly #arg: number[] = [];
  readonly #free: number[] = [];
  /** When the last write of each source is visible. */
  readonly #visibleAt: Float64Array = new Float64Array(0);
  readonly #roomHandler: Int32Array = new Int32Array(0);
  readonly #asked: Uint8Array = new Uint8Array(0);
  readonly #arrived: number = 0;
  readonly #opens: number = 0;

  /** Puts `memory` behind a fabric for at most `maxDevices` devices. */
  constructor(clock: Clock, beneath: Fabric, memory: HostMemory, maxDevices: number) {
    this.fidelity = beneath.fidelity;
    this.#clock = clock;
    this.#beneath = beneath;
    this.#memory = memory;
    this.#visibleAt = new Float64Array(maxDevices + 1).fill(-1);
    this.#roomHandler = new Int32Array(maxDevices + 1).fill(-1);
    this.#asked = new Uint8Array(maxDevices + 1);
    this.#arrived = clock.register((slot) => this.#arrive(slot));
    this.#opens = clock.register((src) => {
      this.#asked[src] = 0;
      if (this.#roomHandler[src]! >= 0) clock.dispatch(this.#roomHandler[src]!, src);
    });
  }

  /** Posted write; see {@link Fabric}. */
  write(
    src: number,
    dst: number,
    bytes: number,
    handler: number,
    arg: number,
    address: number = -1,
  ): void {
    if (dst !== HOST) return this.#beneath.write(src, dst, bytes, handler, arg);
    const slot = this.#take(WRITE, src, bytes, handler, arg, address);
    this.#beneath.write(src, dst, bytes, this.#arrived, slot);
  }

  /** Read; see {@link Fabric}. */
  read(
    src: number,
    dst: number,
    bytes: number,
    handler: number,
    arg: number,
    address: number = -1,
  ): void {
    if (dst !== HOST) return this.#beneath.read(src, dst, bytes, handler, arg);
    const slot = this.#take(READ, src, bytes, handler, arg, address);
    this.#beneath.read(src, dst, bytes, this.#arrived, slot);
  }

  #take(
    kind: number,
    src: number,
    bytes: number,
    handler: number,
    arg: number,
    address: number,
  ): number {
    const slot = this.#free.pop() ?? this.#kind.length;
    this.#kind[slot] = kind;
    this.#source[slot] = src;
    this.#bytes[slot] = bytes;
    this.#address[slot] = address;
    this.#handler[slot] = handler;
    this.#arg[slot] = arg;
    return slot;
  }

  /** An access has done what the fabric beneath has to do with it. */
  #arrive(slot: number): void {
    const { now } = this.#clock;
    const src = this.#source[slot]!;
    const address = this.#address[slot]!;
    const bytes = this.#bytes[slot]!;
    const write = this.#kind[slot] === WRITE;
    let at = now;
    if (address >= 0) {
      at += write
        ? this.#memory.deviceWrite(src, address, bytes)
        : this.#memory.deviceRead(src, address, bytes);
    }
    // later by a picosecond, since choices may reorder what happens at one instant
    if (at <= this.#visibleAt[src]!) at = this.#visibleAt[src]! + 1;
    if (write) this.#visibleAt[src] = at;
    const handler = this.#handler[slot]!;
    const arg = this.#arg[slot]!;
    this.#free.push(slot);
    if (at === now) this.#clock.dispatch(handler, arg);
    else this.#clock.at(at, handler, arg);
  }

  /** Whether the fabric beneath has room, and for a device, the memory too. */
  room(src: number): boolean {
    if (!this.#beneath.room(src)) return false;
    if (src === HOST) return true;
    const opensAt = this.#memory.opensAt;
    if (opensAt <= this.#clock.now) return true;
    if (this.#asked[src] === 0) {
      this.#asked[src] = 1;
      this.#clock.at(opensAt, this.#opens, src);
    }
    return false;
  }

  /** Registers what to schedule, with argument `src`, when room comes back to a refused source. */
  onRoom(src: number, handler: number): void {
    this.#roomHandler[src] = handler;
    this.#beneath.onRoom(src, handler);
  }

  /**
   * Empties the fabric and the memory; see {@link Fabric}.
   * @throws {RangeError} naming a size that is out of range
   */
  reset(devices: number, geometry: FabricGeometry, choices: Choices | null = null): void {
    this.#beneath.reset(devices, geometry, choices);
    this.#memory.reset();
    for (
      const list of [
        this.#kind,
        this.#source,
        this.#bytes,
        this.#address,
        this.#handler,
        this.#arg,
        this.#free,
      ]
    ) {
      list.length = 0;
    }
    this.#visibleAt.fill(-1);
    this.#asked.fill(0);
  }

  /** Bytes that crossed each link direction so far. */
  links(): LinkAccount[] {
    return this.#beneath.links();
  }

  /** Whether the fabric beneath waits for nothing. */
  get isQuiet(): boolean {
    return this.#beneath.isQuiet ?? true;
  }

  /** That of the fabric beneath, if it keeps one. */
  ledger(): PcieLedger | null {
    return this.#beneath.ledger?.() ?? null;
  }

  /** The credit ledger of the fabric beneath. */
  credits(at: number): CreditAccount[] {
    return this.#beneath.credits(at);
  }
}
