/**
 * Host memory behind the root complex: last-level cache with the ways that devices may fill, DRAM channels as
 * servers, distance between sockets, IOMMU. It says by how much an access is later than one that hits the cache
 * of its own socket, which is what the constants of the fabric stand for.
 *
 * Lines of a device's access are served together, so it is as late as its latest line. A line that is written
 * back, and one that a CPU or a device reads past the cache, occupy the channel that its address picks. The root
 * complex takes no more writes while a channel is behind by more than its queue: `opensAt`.
 *
 * Not modelled: private caches, coherence between sockets, banks and rows of DRAM, contention for page walks.
 *
 * Latencies: Neugebauer et al., SIGCOMM 2018, sections 6.3 to 6.5. Ways: Farshin et al., USENIX ATC 2020.
 */
import type { Clock } from "../time/clock.ts";
import { Iotlb } from "./iotlb.ts";
import { CLEAN, LINE_BYTES, Llc } from "./llc.ts";
import { HEADROOM } from "./memory.ts";

/** What host memory is made of. */
export interface HostMemoryProfile {
  /** Sets of the last-level cache: its lines of 64 bytes divided by its ways. */
  readonly llcSets: number;
  /** Its ways. */
  readonly llcWays: number;
  /** Those of them that a device's write fills (1..llcWays). */
  readonly ddioWays: number;
  /** A device's read past the cache takes so much longer, in ps. */
  readonly missPs: number;
  /** A CPU's read past the cache stalls it for so long, in ps: what prefetching leaves. */
  readonly cpuMissPs: number;
  /** Memory channels, which take lines in turn. */
  readonly channels: number;
  /** Rate of each channel in GB/s. */
  readonly channelGBps: number;
  /** Lines that may wait for a channel before the root complex holds writes back. */
  readonly queueLines: number;
  /** An access from a device on the other socket takes so much longer, in ps. */
  readonly remotePs: number;
  /** Ports whose NICs sit on the other socket. */
  readonly remotePorts: readonly number[];
  /** Pages that the IOMMU keeps; 0: there is none in the way. */
  readonly iotlbEntries: number;
  /** Bytes of a page that it maps: 4096, or more. */
  readonly pageBytes: number;
  /** A walk of its page table takes so long, in ps. */
  readonly iotlbMissPs: number;
  /** Distance between two packet buffers in bytes: an mbuf with its header, or a page. */
  readonly bufferBytes: number;
}

/** What happened in a run, in lines of 64 bytes unless said otherwise. */
export interface HostMemoryCounts {
  /** Lines of devices' writes that were in the cache. */
  writeHits: number;
  /** Those that were not, and filled one of its ways. */
  writeFills: number;
  /** Lines of devices' reads that were in the cache. */
  readHits: number;
  /** Those that came from DRAM. */
  readMisses: number;
  /** Lines that CPUs read in the cache. */
  cpuHits: number;
  /** Those that they read past it. */
  cpuMisses: number;
  /** Dirty lines that went to DRAM to make room. */
  writeBacks: number;
  /** Pages that were not in the IOTLB. */
  iotlbMisses: number;
}

/**
 * The memory of a host. Each access takes time in proportion to its lines and the ways of the cache.
 *
 * @example
 * ```ts
 * import { Clock, HostMemory } from "@planecheck/planecheck/core";
 * import { assertEquals } from "@std/assert";
 *
 * const memory = new HostMemory(new Clock(), {
 *   llcSets: 1024, llcWays: 11, ddioWays: 2, missPs: 52_000, cpuMissPs: 20_000,
 *   channels: 2, channelGBps: 20, queueLines: 32, remotePs: 62_000, remotePorts: [1],
 *   iotlbEntries: 0, pageBytes: 4096, iotlbMissPs: 265_000, bufferBytes: 2048,
 * });
 * assertEquals(memory.deviceRead(1, 0, 64), 52_000); // cold
 * memory.deviceWrite(1, 0, 64);
 * assertEquals(memory.deviceRead(1, 0, 64), 0); // where the write had put it
 * assertEquals(memory.deviceRead(2, 0, 64), 62_000); // the NIC of port 1 is farther away
 * assertEquals(memory.counts.readHits, 2);
 * ```
 */
export class HostMemory {
  /** What happened since the last reset. */
  readonly counts: HostMemoryCounts = none();
  readonly #clock: Clock;
  readonly #profile: HostMemoryProfile;
  readonly #llc: Llc;
  readonly #iotlb: Iotlb | null;
  readonly #remote: Uint8Array = new Uint8Array(0);
  readonly #freeAt: Float64Array = new Float64Array(0);
  readonly #linePs: number = 0;
  readonly #queuePs: number = 0;

  /**
   * Memory at rest, its cache empty.
   * @throws {RangeError} naming the first figure that no memory has
   */
  constructor(clock: Clock, profile: HostMemoryProfile) {
    check(profile);
    this.#clock = clock;
    this.#profile = profile;
    this.#llc = new Llc(profile.llcSets, profile.llcWays);
    this.#iotlb = profile.iotlbEntries === 0 ? null : new Iotlb(profile.iotlbEntries);
    this.#remote = new Uint8Array(Math.max(0, ...profile.remotePorts) + 2);
    for (const port of profile.remotePorts) this.#remote[port + 1] = 1;
    this.#freeAt = new Float64Array(profile.channels);
    this.#linePs = Math.round((LINE_BYTES * 1000) / profile.channelGBps);
    this.#queuePs = profile.queueLines * this.#linePs;
  }

  /** Where the frame of a packet buffer begins, if it has its usual headroom. */
  addressOf(buffer: number): number {
    return buffer * this.#profile.bufferBytes + HEADROOM;
  }

  /** A device at `node` writes: by how many ps the bytes are visible later than in the cache of its own socket. */
  deviceWrite(node: number, address: number, bytes: number): number {
    const { counts } = this;
    const end = address + bytes;
    for (let line = lineOf(address); line * LINE_BYTES < end; line++) {
      if (this.#llc.use(line, true)) counts.writeHits++;
      else {
        counts.writeFills++;
        this.#fill(line, this.#profile.ddioWays, true);
      }
    }
    return this.#distance(node, address, end);
  }

  /** A device at `node` reads: by how many ps the answer is later than from the cache of its own socket. */
  deviceRead(node: number, address: number, bytes: number): number {
    const { counts } = this;
    const { missPs } = this.#profile;
    const end = address + bytes;
    let latest = 0;
    for (let line = lineOf(address); line * LINE_BYTES < end; line++) {
      if (this.#llc.use(line, false)) counts.readHits++;
      else {
        counts.readMisses++;
        latest = Math.max(latest, missPs + this.#transfer(line, this.#clock.now));
      }
    }
    return latest + this.#distance(node, address, end);
  }

  /** A CPU reads at its own time; answers for how many ps it stalls. Below address 0 lies nothing that is modelled. */
  cpuRead(address: number, bytes: number, at: number = this.#clock.now): number {
    if (address < 0) return 0;
    const { counts } = this;
    let stall = 0;
    for (let line = lineOf(address); line * LINE_BYTES < address + bytes; line++) {
      if (this.#llc.use(line, false)) counts.cpuHits++;
      else {
        counts.cpuMisses++;
        stall += this.#profile.cpuMissPs + this.#transfer(line, at);
        this.#fill(line, this.#profile.llcWays, false);
      }
    }
    return stall;
  }

  /** A CPU writes, likewise; its store buffer hides how long that takes. */
  cpuWrite(address: number, bytes: number): void {
    if (address < 0) return;
    for (let line = lineOf(address); line * LINE_BYTES < address + bytes; line++) {
      if (!this.#llc.use(line, true)) this.#fill(line, this.#profile.llcWays, true);
    }
  }

  /** From when on the root complex takes writes: a time that has passed if it does so now. */
  get opensAt(): number {
    let latest = 0;
    for (const free of this.#freeAt) if (free > latest) latest = free;
    return latest - this.#queuePs;
  }

  /** Idle, with an empty cache. */
  reset(): void {
    this.#llc.reset();
    this.#iotlb?.reset();
    this.#freeAt.fill(0);
    Object.assign(this.counts, none());
  }

  #fill(line: number, ways: number, write: boolean): void {
    const back = this.#llc.fill(line, ways, write);
    if (back === CLEAN) return;
    this.counts.writeBacks++;
    this.#transfer(back, this.#clock.now);
  }

  /**
   * A line goes over its channel; answers how long who asks at `at` waits for it. The channel is reserved as of
   * now, since a CPU's own time may be ahead. Controllers pick it by a hash, or equal strides would all meet.
   */
  #transfer(line: number, at: number): number {
    const channel = (line ^ (line >>> 5) ^ (line >>> 10)) % this.#freeAt.length;
    const start = Math.max(this.#clock.now, this.#freeAt[channel]!);
    this.#freeAt[channel] = start + this.#linePs;
    return Math.max(0, start - at);
  }

  #distance(node: number, address: number, end: number): number {
    let ps = node < this.#remote.length && this.#remote[node] === 1 ? this.#profile.remotePs : 0;
    if (this.#iotlb === null) return ps;
    const { pageBytes, iotlbMissPs } = this.#profile;
    for (let page = Math.floor(address / pageBytes); page * pageBytes < end; page++) {
      if (this.#iotlb.look(page)) continue;
      this.counts.iotlbMisses++;
      ps += iotlbMissPs;
    }
    return ps;
  }
}

function lineOf(address: number): number {
  return Math.floor(address / LINE_BYTES);
}

function none(): HostMemoryCounts {
  return {
    writeHits: 0,
    writeFills: 0,
    readHits: 0,
    readMisses: 0,
    cpuHits: 0,
    cpuMisses: 0,
    writeBacks: 0,
    iotlbMisses: 0,
  };
}

function check(profile: HostMemoryProfile): void {
  const limits = {
    ddioWays: [1, profile.llcWays],
    missPs: [0, 1e9],
    cpuMissPs: [0, 1e9],
    channels: [1, 64],
    queueLines: [1, 1 << 20],
    remotePs: [0, 1e9],
    iotlbEntries: [0, 4096],
    pageBytes: [4096, 1 << 30],
    iotlbMissPs: [0, 1e9],
    bufferBytes: [64, 1 << 16],
  } as const;
  for (const [name, [least, most]] of Object.entries(limits)) {
    const value = profile[name as keyof typeof limits];
    if (Number.isInteger(value) && value >= least && value <= most) continue;
    throw new RangeError(
      `Cannot make host memory: ${name} is ${value}, not an integer in ${least}..${most}`,
    );
  }
  const rate = profile.channelGBps;
  if (!(rate > 0 && rate <= 1000)) {
    throw new RangeError(
      `Cannot make host memory: channelGBps is ${rate}, not a rate above 0 and up to 1000 GB/s`,
    );
  }
  for (const port of profile.remotePorts) {
    if (Number.isInteger(port) && port >= 0 && port < 30) continue;
    throw new RangeError(`Cannot make host memory: port ${port} is not in 0..29`);
  }
}
