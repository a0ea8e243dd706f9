/**
 * A GPU as its host sees it: memory of its own, copies to and from it over PCI Express, kernels. The results of a
 * batch are computed when it is submitted, by running every thread of its kernel; they belong to the host from
 * `doneAt` on.
 *
 * Time. A copy takes what the published table says, in between by straight lines. A kernel takes its launch, then its
 * longest thread, then what the threads take of the whole device. Without streams each step of a batch begins when
 * the one before is over, and a batch when the one before it is. With streams, copies in, kernels and copies out are
 * three servers, each of which takes batches in order; so a copy of one batch and the kernel of another overlap, and
 * each step costs more to start.
 *
 * Source: PacketShader (SIGCOMM 2010), 2.2 and 5.4.
 */
import type { Env } from "../../core/stack.ts";
import type { DeviceTable, Kernel, KernelMemory } from "./kernel.ts";

/** Bytes and MB/s of the published points. */
const POINTS = [[256, "256"], [4096, "4k"], [65536, "64k"], [1048576, "1m"]] as const;

/** Straight lines through times of transfers by size; the outer ones go on. */
class TransferTimes {
  readonly #bytes: number[] = [];
  readonly #ns: number[] = [];

  constructor(env: Pick<Env, "cost">, way: "h2d" | "d2h") {
    for (const [bytes, name] of POINTS) {
      this.#bytes.push(bytes);
      this.#ns.push(bytes * 1000 / env.cost(`packetshader.${way}${name}Mbps`));
    }
  }

  /** Nanoseconds of a transfer; none takes less than one of 256 bytes. */
  ns(bytes: number): number {
    const last = this.#bytes.length - 2;
    let i = 0;
    while (i < last && bytes > this.#bytes[i + 1]!) i++;
    const slope = (this.#ns[i + 1]! - this.#ns[i]!) / (this.#bytes[i + 1]! - this.#bytes[i]!);
    return this.#ns[i]! + Math.max(0, bytes - this.#bytes[i]!) * slope;
  }
}

/** A device. */
export class Gpu {
  /** Kernels launched, threads of them, bytes copied to it and from it. */
  launches = 0;
  threads = 0;
  h2dBytes = 0;
  d2hBytes = 0;
  /** Nanoseconds in which a kernel ran. */
  kernelNs = 0;
  /** Input and output arrays, and the device's copy of the table. */
  readonly memory: KernelMemory;
  readonly kernel: Kernel;
  readonly #h2d: TransferTimes;
  readonly #d2h: TransferTimes;
  readonly #launchNs: number;
  readonly #launchPerThreadNs: number;
  readonly #streamNs: number;
  readonly #cyclesPerNs: number;
  readonly #streams: boolean;
  /** When each server is free, in cycles of the host. */
  #copyInFree = 0;
  #kernelFree = 0;
  #copyOutFree = 0;

  /** @param keys packets of the largest batch */
  constructor(env: Pick<Env, "cost">, kernel: Kernel, keys: number, streams: boolean) {
    const cost = (name: string): number => env.cost(`packetshader.${name}`);
    this.kernel = kernel;
    this.#h2d = new TransferTimes(env, "h2d");
    this.#d2h = new TransferTimes(env, "d2h");
    this.#launchNs = cost("launchNs");
    this.#launchPerThreadNs = cost("launchPerThreadPs") / 1000;
    this.#streamNs = streams ? cost("streamNs") : 0;
    this.#cyclesPerNs = env.cost("mhz") / 1000;
    this.#streams = streams;
    this.memory = {
      keys: new Uint32Array(keys * kernel.keyWords),
      results: new Uint32Array(keys * kernel.resultWords),
      table: new Uint32Array(0),
    };
  }

  /** Has a table on the device before the first packet comes. */
  load(table: DeviceTable): void {
    table.upload();
    this.memory.table = table.device;
  }

  /** Copies what changed of a table to the device at time `tsc`; batches submitted from now on see it. */
  upload(tsc: number, table: DeviceTable): void {
    const bytes = table.upload();
    this.memory.table = table.device;
    if (bytes === 0) return;
    this.h2dBytes += bytes;
    this.#copyInFree = Math.max(tsc, this.#copyInFree) + this.#h2d.ns(bytes) * this.#cyclesPerNs;
  }

  /** Copies `n` keys in, runs a thread for each, copies the results out; answers when these are there, in cycles. */
  submit(tsc: number, n: number): number {
    const { kernel, memory } = this;
    let longest = 0;
    let units = 0;
    for (let id = 0; id < n; id++) {
      const did = kernel.thread(id, memory);
      units += did;
      if (did > longest) longest = did;
    }
    let inBytes = 4 * n * kernel.keyWords;
    let outBytes = 4 * n * kernel.resultWords;
    if (kernel.keyBytes !== undefined) {
      inBytes = 0;
      for (let id = 0; id < n; id++) inBytes += kernel.keyBytes(memory.keys, id);
    }
    if (kernel.resultBytes !== undefined) {
      outBytes = 0;
      for (let id = 0; id < n; id++) outBytes += kernel.resultBytes(memory.results, id);
    }
    this.launches++;
    this.threads += n;
    this.h2dBytes += inBytes;
    this.d2hBytes += outBytes;
    const runNs = kernel.threadNs(longest) + kernel.gridPs(units, n) / 1000;
    this.kernelNs += runNs;
    return this.#schedule(
      tsc,
      this.#h2d.ns(inBytes),
      this.#launch(n) + runNs,
      this.#d2h.ns(outBytes),
    );
  }

  /** Nanoseconds that a batch takes an idle device without streams: what a crossover with the CPU is made of. */
  batchNs(n: number, unitsEach: number): number {
    const { kernel } = this;
    return this.#h2d.ns(4 * n * kernel.keyWords) + this.#launch(n) + kernel.threadNs(unitsEach) +
      kernel.gridPs(n * unitsEach, n) / 1000 + this.#d2h.ns(4 * n * kernel.resultWords);
  }

  #launch(n: number): number {
    return this.#launchNs + n * this.#launchPerThreadNs;
  }

  #schedule(tsc: number, inNs: number, kernelNs: number, outNs: number): number {
    const cycles = this.#cyclesPerNs;
    const extra = this.#streamNs;
    const start = this.#streams ? tsc : Math.max(tsc, this.#copyOutFree);
    const copiedIn = Math.max(start, this.#copyInFree) + (inNs + extra) * cycles;
    const ran = Math.max(copiedIn, this.#kernelFree) + (kernelNs + extra) * cycles;
    const copiedOut = Math.max(ran, this.#copyOutFree) + (outNs + extra) * cycles;
    this.#copyInFree = copiedIn;
    this.#kernelFree = ran;
    this.#copyOutFree = copiedOut;
    return Math.ceil(copiedOut);
  }
}
