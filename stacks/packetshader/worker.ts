/**
 * A worker: the thread of a core that does all I/O and all header work. It receives chunks of its own queues,
 * pre-shades them, has them shaded, by itself or by the master's GPU, post-shades them and sends them on, each chunk
 * in the order in which it came. Several chunks may be with the master at a time (chunk pipelining); when all are, or
 * a transmit ring is full, it stops receiving, and what comes then waits in the NIC's ring and is lost there.
 *
 * Opportunistic offloading: a chunk that is smaller than the threshold, and is not full either, is shaded on the core,
 * where that takes less time than a trip to the GPU.
 *
 * Source: PacketShader (SIGCOMM 2010), 5.2 to 5.4.
 */
import type { Context } from "../../core/host/context.ts";
import { Process } from "../../core/host/process.ts";
import { TimedRing } from "../../core/ring/timed_ring.ts";
import type { Cpu } from "../../core/stack.ts";
import type { PsChunk } from "./chunk.ts";
import { Finisher, type WorkerParts } from "./finish.ts";
import { runOnCpu } from "./kernel.ts";
import type { Master } from "./master.ts";
import type { PsContext } from "./ps_context.ts";

/** A worker thread. */
export class Worker {
  readonly id: number;
  readonly lcore: number;
  readonly node: number;
  readonly finisher: Finisher;
  readonly process: Process;
  /** To the master: numbers of chunks; and back. */
  readonly input: TimedRing;
  readonly output: TimedRing;
  /** What is in `input`, oldest first. */
  readonly submitted: PsChunk[] = [];
  readonly chunks: readonly PsChunk[];
  /** Chunks by their packets: received, and of these shaded on the core and by the GPU. */
  readonly sizes: Int32Array;
  cpuChunks = 0;
  cpuPackets = 0;
  gpuChunks = 0;
  gpuPackets = 0;
  /** Most chunks that were with the master at once; how many are. */
  depth = 0;
  inFlight = 0;
  readonly parts: WorkerParts;
  readonly #fifo: PsChunk[] = [];
  readonly #free: PsChunk[];
  readonly #out: Int32Array;
  readonly #one = new Int32Array(1);
  /** Packets that a chunk is asked for. */
  readonly #asked: number;
  readonly #threshold: number;

  constructor(parts: WorkerParts) {
    const { env, id, lcore, node, app, chunks, settings } = parts;
    this.parts = parts;
    this.id = id;
    this.lcore = lcore;
    this.node = node;
    this.chunks = chunks;
    this.sizes = new Int32Array(chunks[0]!.slots + 1);
    this.input = new TimedRing(chunks.length);
    this.output = new TimedRing(chunks.length);
    this.#free = [...chunks];
    this.#out = new Int32Array(chunks.length);
    this.#asked = Math.max(1, Math.floor(chunks[0]!.slots * app.share));
    this.#threshold = settings.offload === "gpu"
      ? 0
      : settings.offload === "cpu"
      ? Infinity
      : Math.min(settings.offloadThreshold, this.#asked);
    this.process = new Process(env, lcore, parts.process, (cpu) => this.#body(cpu), true);
    this.finisher = new Finisher(parts, this.process);
  }

  /** Its handle of the device. */
  get context(): PsContext {
    return this.finisher.context;
  }

  /** One step: the first thing that there is to do. */
  #body(cpu: Cpu): number {
    const collected = this.#collect(cpu);
    const head = this.#fifo[0];
    if (head !== undefined && head.shaded) {
      const moved = this.finisher.finish(cpu, head);
      if (head.gone === head.cnt) {
        this.#fifo.shift();
        this.#free.push(head);
      }
      if (moved > 0) return moved;
    }
    const chunk = this.#free[this.#free.length - 1];
    if (chunk === undefined) {
      cpu.charge(this.parts.costs.spin);
      return collected;
    }
    const blocking = this.parts.settings.recvBlocking && this.#fifo.length === 0;
    const n = this.context.recvChunk(cpu, chunk, this.#asked, blocking);
    if (n <= 0) return this.process.blocked ? 1 : collected;
    this.#free.pop();
    this.#fifo.push(chunk);
    this.sizes[n]!++;
    this.#shade(cpu, chunk);
    return n;
  }

  /** Takes back the chunks whose results are there. */
  #collect(cpu: Cpu): number {
    if (this.inFlight === 0) return 0;
    const n = this.output.dequeueBurst(this.#out, this.#out.length, (cpu as Context).nowPs);
    for (let i = 0; i < n; i++) {
      const chunk = this.chunks[this.#out[i]!]!;
      cpu.charge(this.parts.costs.queueChunk);
      this.parts.audit.scattered(chunk, this.id);
      chunk.shaded = true;
    }
    this.inFlight -= n;
    return n;
  }

  /** Pre-shades a chunk and has it shaded, here or there. */
  #shade(cpu: Cpu, chunk: PsChunk): void {
    const { app, costs, master, audit } = this.parts;
    for (let k = 0; k < chunk.cnt; k++) app.preShade(chunk, k);
    const { kernel, table } = app;
    if (kernel === null) {
      chunk.shaded = true;
      return;
    }
    cpu.charge(chunk.cnt * costs.preShade);
    if (master !== null && chunk.keyCount > 0 && chunk.cnt >= this.#threshold) {
      this.#submit(cpu, chunk, master);
      return;
    }
    const memory = { keys: chunk.keys, results: chunk.results, table: table!.words };
    cpu.charge(runOnCpu(kernel, memory, chunk.keyCount));
    audit.answered(chunk);
    this.cpuChunks++;
    this.cpuPackets += chunk.keyCount;
    chunk.shaded = true;
  }

  #submit(cpu: Cpu, chunk: PsChunk, master: Master): void {
    cpu.charge(this.parts.costs.queueChunk);
    this.#one[0] = chunk.id;
    this.input.enqueueBurst(this.#one, 0, 1, (cpu as Context).nowPs);
    this.submitted.push(chunk);
    this.gpuChunks++;
    this.gpuPackets += chunk.keyCount;
    this.inFlight++;
    if (this.inFlight > this.depth) this.depth = this.inFlight;
    master.submitted(cpu);
  }

  /** Packets that it has: received, and neither sent nor ended. */
  get held(): number {
    return this.#fifo.reduce((sum, { cnt, gone }) => sum + cnt - gone, 0);
  }
}
