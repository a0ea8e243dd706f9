/**
 * A master: the one thread of a node that talks to its GPU. It takes the chunks that wait from its workers' lanes of
 * the input queue, oldest first, gathers their keys into one array, has it copied, shaded and copied back, and scatters
 * the results: each chunk goes back to the worker that it came from. Its worker's core goes on meanwhile.
 *
 * The lanes have room for every chunk of their worker, so none is ever refused; a worker with all its chunks here
 * stops receiving.
 */
import type { Context } from "../../core/host/context.ts";
import { Process, type ProcessCosts } from "../../core/host/process.ts";
import type { Cpu, Env } from "../../core/stack.ts";
import type { App } from "./app.ts";
import type { Auditor } from "./audit.ts";
import type { PsChunk } from "./chunk.ts";
import type { PsCosts } from "./costs.ts";
import type { Gpu } from "./gpu.ts";
import type { PsSettings } from "./options.ts";
import type { Worker } from "./worker.ts";

/** Batches under way at once: with streams, one copied while another is computed. */
const STREAMS = 3;

/** A batch under way. */
interface Batch {
  readonly chunks: readonly PsChunk[];
  /** Its results, which the device is free to overwrite afterwards. */
  readonly results: Uint32Array;
  readonly doneAt: number;
}

/** A master thread. */
export class Master {
  readonly process: Process;
  readonly gpu: Gpu;
  readonly workers: Worker[] = [];
  /** Batches by the chunks gathered into them; packets of the largest. */
  readonly gathered: number[] = [];
  mostPackets = 0;
  readonly #costs: PsCosts;
  readonly #app: App;
  readonly #audit: Auditor;
  readonly #batchMax: number;
  readonly #depth: number;
  readonly #under: Batch[] = [];
  readonly #one = new Int32Array(1);

  constructor(
    env: Env,
    lcore: number,
    gpu: Gpu,
    of: {
      readonly app: App;
      readonly costs: PsCosts;
      readonly process: ProcessCosts;
      readonly settings: PsSettings;
      readonly audit: Auditor;
    },
  ) {
    this.gpu = gpu;
    this.#costs = of.costs;
    this.#app = of.app;
    this.#audit = of.audit;
    this.#batchMax = of.settings.batch;
    this.#depth = of.settings.streams ? STREAMS : 1;
    this.process = new Process(env, lcore, of.process, (cpu) => this.#body(cpu), true);
  }

  /** A worker has put a chunk into its lane. */
  submitted(cpu: Cpu): void {
    if (this.process.blocked) this.process.wake(cpu);
    else cpu.wake(this.process.cpu);
  }

  #body(cpu: Cpu): number {
    const first = this.#under[0];
    if (first !== undefined && cpu.tsc() >= first.doneAt) {
      this.#under.shift();
      return this.#scatter(cpu, first);
    }
    if (this.#under.length < this.#depth) {
      const chunks = this.#gather(cpu);
      if (chunks.length > 0) return this.#launch(cpu, chunks);
    }
    cpu.charge(this.#costs.spin);
    if (first !== undefined) {
      cpu.wakeAt(first.doneAt);
      return 0;
    }
    this.process.block(cpu);
    return 1;
  }

  /** Chunks that wait, in the order in which they were submitted, as many as a batch takes; one at least. */
  #gather(cpu: Cpu): PsChunk[] {
    const now = (cpu as Context).nowPs;
    const chunks: PsChunk[] = [];
    let packets = 0;
    for (;;) {
      let from: Worker | null = null;
      for (const worker of this.workers) {
        const at = worker.input.nextPs();
        if (at <= now && (from === null || at < from.input.nextPs())) from = worker;
      }
      if (from === null) return chunks;
      const next = from.submitted[0]!;
      if (chunks.length > 0 && packets + next.keyCount > this.#batchMax) return chunks;
      from.input.dequeueBurst(this.#one, 1, now);
      from.submitted.shift();
      chunks.push(next);
      packets += next.keyCount;
    }
  }

  #launch(cpu: Cpu, chunks: readonly PsChunk[]): number {
    const { gpu } = this;
    const { keyWords, resultWords } = gpu.kernel;
    let n = 0;
    for (const chunk of chunks) {
      gpu.memory.keys.set(chunk.keys.subarray(0, chunk.keyCount * keyWords), n * keyWords);
      n += chunk.keyCount;
    }
    cpu.charge(chunks.length * this.#costs.gatherChunk);
    gpu.upload(cpu.tsc(), this.#app.table!);
    const before = gpu.h2dBytes + gpu.d2hBytes;
    const doneAt = gpu.submit(cpu.tsc(), n);
    cpu.charge(((gpu.h2dBytes + gpu.d2hBytes - before) >> 2) * this.#costs.gatherKey);
    const results = gpu.memory.results.slice(0, n * resultWords);
    this.#audit.launched(chunks, results);
    this.#under.push({ chunks, results, doneAt });
    this.gathered[chunks.length] = (this.gathered[chunks.length] ?? 0) + 1;
    if (n > this.mostPackets) this.mostPackets = n;
    return n;
  }

  /** Gives each chunk its part of the results and its worker. */
  #scatter(cpu: Cpu, { chunks, results }: Batch): number {
    const { resultWords } = this.gpu.kernel;
    let at = 0;
    for (const chunk of chunks) {
      const end = at + chunk.keyCount * resultWords;
      chunk.results.set(results.subarray(at, end));
      at = end;
      cpu.charge(this.#costs.queueChunk);
      const worker = this.workers.find(({ id }) => id === chunk.owner)!;
      this.#one[0] = chunk.id;
      worker.output.enqueueBurst(this.#one, 0, 1, (cpu as Context).nowPs);
      // its worker never sleeps while a chunk of its is here
      cpu.wake(worker.process.cpu);
    }
    return chunks.length;
  }
}
