/**
 * Bandwidth and latency of a way through a PCIe tree against the size of a transfer, as pcie-bench measures them on a
 * device: a node writes to, reads from, or does both to a window of another node's memory.
 *
 * Latencies are medians of operations that go one at a time, each beginning at another phase of the link's ordered sets
 * and DLLPs. Rates are those of operations that follow each other as fast as the node may begin them, from when a
 * quarter of them has ended.
 *
 * Source: Neugebauer et al., "Understanding PCIe performance for end host networking", SIGCOMM 2018, section 4: BW_WR,
 * BW_RD, BW_RDWR (in turn), LAT_RD, LAT_WRRD.
 */
import { Clock } from "../../time/clock.ts";
import { PcieModel } from "./model.ts";
import type { PcieOptions } from "./options.ts";

/** What begins operations: a DMA engine. */
export interface PcieEngine {
  /** From the start of a write of so many bytes until the next operation may start, in ps. */
  writePs(bytes: number): number;
  /** From the start of a read until its first request may leave, in ps. */
  readonly readStartPs: number;
  /** From the arrival of a read's last byte until the read is over, in ps for each of its bytes. */
  readonly readBytePs: number;
  /** Reads at a time. */
  readonly reads: number;
}

/** An engine that takes no time, and as many reads as the model's node may have waiting. */
export const PCIE_NO_ENGINE: PcieEngine = {
  writePs: () => 0,
  readStartPs: 0,
  readBytePs: 0,
  reads: Infinity,
};

/** What is measured. */
export interface PcieBenchSetup {
  /** What differs from `PCIE_DEFAULTS`. */
  readonly options: Partial<PcieOptions>;
  /** The node that writes and reads. */
  readonly src: number;
  /** The node whose memory it is. */
  readonly dst: number;
  /** `PCIE_NO_ENGINE` when left out. */
  readonly engine?: PcieEngine;
  /** Distance of each transfer from a multiple of 64, in bytes; 0. */
  readonly offset?: number;
}

/** What was measured with transfers of one size. */
export interface PcieBenchRow {
  /** Bytes of each transfer. */
  readonly bytes: number;
  /** Payload of writes alone, in Gb/s. */
  readonly writeGbps: number;
  /** Payload of reads alone, in Gb/s. */
  readonly readGbps: number;
  /** Payload of a write and a read in turn, in Gb/s each way. */
  readonly bothGbps: number;
  /** A read alone, in ps: median. */
  readonly readPs: number;
  /** A write, and a read of the same bytes behind it, in ps: median. */
  readonly writeReadPs: number;
}

type Kind = "write" | "read";

/** Bytes that a run of transfers moves, and how many transfers it has at least and at most. */
const RUN_BYTES = 2 ** 20;
const RUN_LEAST = 256;
const RUN_MOST = 2048;
/** Transfers that go one at a time. */
const LONE = 31;
/** Between them, in ps: no multiple of anything that recurs on a link. */
const APART_PS = 1_000_037;
/** Bytes of the window that transfers go through, over and over (pcie-bench: 8 KiB, which stays in a cache). */
const WINDOW = 8192;
const LINE = 64;
/** Far more than any run takes. */
const EVENTS_MOST = 2 ** 30;
/** Longest transfer. */
export const PCIE_BENCH_BYTES_MAX = 65536;

/**
 * Measures transfers of one size. Some 10 events for each TLP and link.
 * @throws {RangeError} when `bytes` or `offset` is out of range, or an option or a node is
 *
 * @example
 * ```ts
 * import { benchPcie, pciePath } from "@planecheck/planecheck/core";
 * import { assert } from "@std/assert";
 *
 * const { nodes, src, dst } = pciePath("peer", 1);
 * const row = benchPcie({ options: { nodes }, src, dst }, 256);
 * // Gen3 x8: 256 of each 280 bytes are payload
 * assert(row.writeGbps > 52 && row.writeGbps < 57.6, `${row.writeGbps}`);
 * ```
 */
export function benchPcie(setup: PcieBenchSetup, bytes: number): PcieBenchRow {
  const { offset = 0 } = setup;
  check("the length", bytes, 1, PCIE_BENCH_BYTES_MAX);
  check("the offset", offset, 0, LINE - 1);
  const bench = new Bench(setup, bytes);
  return {
    bytes,
    writeGbps: bench.rate(["write"]),
    readGbps: bench.rate(["read"]),
    bothGbps: bench.rate(["write", "read"]),
    readPs: bench.latency(["read"]),
    writeReadPs: bench.latency(["write", "read"]),
  };
}

function check(what: string, value: number, least: number, most: number): void {
  if (Number.isInteger(value) && value >= least && value <= most) return;
  throw new RangeError(
    `Cannot measure a PCIe path: ${what} is ${value}, not an integer in ${least}..${most}`,
  );
}

/** One size on one way: operations in the order of `#kinds`, over and over. */
class Bench {
  readonly #clock = new Clock();
  readonly #model: PcieModel;
  readonly #engine: PcieEngine;
  readonly #src: number;
  readonly #bytes: number;
  readonly #addresses: readonly number[];
  readonly #begin: number;
  readonly #issue: number;
  readonly #arrived: number;
  readonly #ended: number;
  #kinds: readonly Kind[] = [];
  #onEnd: (kind: Kind) => void = () => {};
  /** Operations that are to be begun, and those that were. */
  #wanted = 0;
  #begun = 0;
  /** Reads that were begun and are not over, and of them those whose requests may leave and found no room. */
  #reads = 0;
  #due: number[] = [];
  /** No operation begins before this. */
  #freePs = 0;
  /** The last time that `#freePs` was waited for. */
  #wakePs = 0;

  constructor(setup: PcieBenchSetup, bytes: number) {
    const { options, src, dst, engine = PCIE_NO_ENGINE, offset = 0 } = setup;
    const clock = this.#clock;
    this.#model = new PcieModel(clock, options);
    [this.#engine, this.#src, this.#bytes] = [engine, src, bytes];
    const unit = Math.ceil((offset + bytes) / LINE) * LINE;
    const first = this.#model.address(dst) + offset;
    const units = Math.max(1, Math.floor(WINDOW / unit));
    this.#addresses = Array.from({ length: units }, (_, i) => first + i * unit);
    this.#begin = clock.register(() => this.#goOn());
    this.#issue = clock.register((address) => {
      this.#due.push(this.#addresses[address]!);
      this.#goOn();
    });
    this.#arrived = clock.register((isRead) => {
      if (isRead === 0) return this.#ends("write");
      clock.at(clock.now + Math.round(bytes * engine.readBytePs), this.#ended, 0);
    });
    this.#ended = clock.register(() => {
      this.#reads--;
      this.#ends("read");
    });
    this.#model.onRoom(src, this.#begin, 0);
  }

  /** Payload of each kind in Gb/s. */
  rate(kinds: readonly Kind[]): number {
    const rounds = Math.min(RUN_MOST, Math.max(RUN_LEAST, Math.ceil(RUN_BYTES / this.#bytes)));
    const warm = rounds >> 2;
    let ended = 0;
    let fromPs = 0;
    let toPs = 0;
    this.#run(kinds, rounds, (kind) => {
      if (kind !== kinds.at(-1)) return;
      ended++;
      if (ended === warm) fromPs = this.#clock.now;
      toPs = this.#clock.now;
    });
    return ((rounds - warm) * this.#bytes * 8000) / (toPs - fromPs);
  }

  /** One round of all kinds at a time, in ps: the median. */
  latency(kinds: readonly Kind[]): number {
    const times: number[] = [];
    let ended = 0;
    let startPs = 0;
    this.#run(kinds, 1, () => {
      if (++ended % kinds.length > 0) return;
      times.push(this.#clock.now - startPs);
      if (times.length === LONE) return;
      this.#freePs = startPs = this.#clock.now + APART_PS;
      this.#wanted += kinds.length;
    });
    return times.sort((a, b) => a - b)[times.length >> 1]!;
  }

  #run(kinds: readonly Kind[], rounds: number, onEnd: (kind: Kind) => void): void {
    this.#clock.reset();
    this.#model.reset();
    [this.#kinds, this.#onEnd, this.#wanted] = [kinds, onEnd, rounds * kinds.length];
    [this.#begun, this.#reads, this.#due] = [0, 0, []];
    [this.#freePs, this.#wakePs] = [0, 0];
    this.#clock.at(0, this.#begin, 0);
    const isOver = () => this.#begun === this.#wanted && this.#reads === 0 && this.#model.isQuiet;
    const end = this.#clock.run({ horizonPs: 2 ** 53, events: EVENTS_MOST }, isOver);
    if (!isOver()) throw new RangeError(`Cannot measure a PCIe path: it is stuck (${end})`);
  }

  /** Issues and begins what may be, in turn. */
  #goOn(): void {
    const { now } = this.#clock;
    while (this.#due.length > 0 && this.#model.room(this.#src)) {
      this.#model.read(this.#src, this.#due.shift()!, this.#bytes, this.#arrived, 1);
    }
    while (this.#begun < this.#wanted) {
      if (now < this.#freePs) return this.#wake();
      const kind = this.#kinds[this.#begun % this.#kinds.length]!;
      if (kind === "read" && this.#reads >= this.#engine.reads) return;
      if (!this.#model.room(this.#src)) return;
      const address = Math.floor(this.#begun++ / this.#kinds.length) % this.#addresses.length;
      if (kind === "read") {
        this.#reads++;
        this.#clock.at(now + this.#engine.readStartPs, this.#issue, address);
        // the request takes its room when it leaves
        if (this.#engine.readStartPs === 0) return;
      } else {
        this.#freePs = now + Math.round(this.#engine.writePs(this.#bytes));
        const at = this.#addresses[address]!;
        this.#model.write(this.#src, at, this.#bytes, this.#arrived, 0);
      }
    }
  }

  /** Goes on when the engine is free: once, however many ask. */
  #wake(): void {
    if (this.#wakePs === this.#freePs) return;
    this.#wakePs = this.#freePs;
    this.#clock.at(this.#freePs, this.#begin, 0);
  }

  #ends(kind: Kind): void {
    this.#onEnd(kind);
    this.#goOn();
  }
}
