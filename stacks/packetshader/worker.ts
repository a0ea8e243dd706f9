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
import { Process, type ProcessCosts } from "../../core/host/process.ts";
import { REASONS } from "../../core/policy.ts";
import { TimedRing } from "../../core/ring/timed_ring.ts";
import type { Cpu, Env } from "../../core/stack.ts";
import type { App } from "./app.ts";
import type { Auditor } from "./audit.ts";
import { type PsChunk, VERDICT } from "./chunk.ts";
import type { PsCosts } from "./costs.ts";
import type { HostStack } from "./host_stack.ts";
import { runOnCpu } from "./kernel.ts";
import type { Master } from "./master.ts";
import { PsContext, type PsDriver } from "./ps_context.ts";
import type { PsSettings } from "./options.ts";
import { sendViews } from "./send_views.ts";

/** What a worker is made of. */
export interface WorkerParts {
  readonly env: Env;
  readonly id: number;
  readonly lcore: number;
  readonly node: number;
  readonly app: App;
  readonly master: Master | null;
  readonly driver: PsDriver;
  readonly host: HostStack;
  readonly costs: PsCosts;
  readonly process: ProcessCosts;
  readonly settings: PsSettings;
  readonly chunks: readonly PsChunk[];
  readonly audit: Auditor;
  /** A buffer that carries packets to their end. */
  readonly scratch: number;
}

/** A worker thread. */
export class Worker {
  readonly id: number;
  readonly lcore: number;
  readonly node: number;
  readonly context: PsContext;
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
  /** Packets dropped by reason, sent up, and lost to full transmit rings. */
  readonly drops: Int32Array = new Int32Array(REASONS.length);
  slowPackets = 0;
  readonly parts: WorkerParts;
  readonly #fifo: PsChunk[] = [];
  readonly #free: PsChunk[];
  readonly #out: Int32Array;
  readonly #one = new Int32Array(1);
  readonly #threshold: number;
  #scratch: number;

  constructor(parts: WorkerParts) {
    const { env, id, lcore, node, driver, host, chunks, settings } = parts;
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
    this.#scratch = parts.scratch;
    this.#threshold = settings.offload === "gpu"
      ? 0
      : settings.offload === "cpu"
      ? Infinity
      : Math.min(settings.offloadThreshold, chunks[0]!.slots);
    this.process = new Process(env, lcore, parts.process, (cpu) => this.#body(cpu), true);
    this.context = new PsContext(driver, host, this.process, node);
  }

  /** One step: the first thing that there is to do. */
  #body(cpu: Cpu): number {
    const collected = this.#collect(cpu);
    const head = this.#fifo[0];
    if (head !== undefined && head.shaded) {
      const moved = this.#finish(cpu, head);
      if (moved > 0) return moved;
    }
    const chunk = this.#free[this.#free.length - 1];
    if (chunk === undefined) {
      cpu.charge(this.parts.costs.spin);
      return collected;
    }
    const blocking = this.parts.settings.recvBlocking && this.#fifo.length === 0;
    const n = this.context.recvChunk(cpu, chunk, this.parts.settings.chunk, blocking);
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

  /** Post-shades the oldest chunk and sends its views; answers what moved, 0 when it has to wait. */
  #finish(cpu: Cpu, chunk: PsChunk): number {
    const { app, costs } = this.parts;
    const before = chunk.posted;
    if (!chunk.answered) this.#answer(chunk);
    for (; chunk.posted < chunk.cnt; chunk.posted++) {
      if (!this.#end(cpu, chunk, chunk.posted)) break;
    }
    const ended = chunk.posted - before;
    if (app.kernel !== null) cpu.charge(ended * costs.postShade);
    if (chunk.posted < chunk.cnt) {
      if (ended === 0) cpu.charge(costs.spin);
      return ended;
    }
    const sent = sendViews(cpu, this, chunk);
    if (chunk.unsent > 0) return ended + sent;
    this.#fifo.shift();
    this.#free.push(chunk);
    return ended + sent + 1;
  }

  /** Lets the application see every answer, once. */
  #answer(chunk: PsChunk): void {
    chunk.answered = true;
    for (let i = 0; i < chunk.keyCount; i++) {
      this.parts.app.postShade(chunk, chunk.packet[i]!, i);
    }
  }

  /** Ends packet k unless it is forwarded; false when there is no buffer to do it with, now. */
  #end(cpu: Cpu, chunk: PsChunk, k: number): boolean {
    const verdict = chunk.verdict[k]!;
    if (verdict === VERDICT.forward) return true;
    if (verdict === VERDICT.slow && this.context.slowpathPacket(cpu, chunk, k)) {
      this.slowPackets++;
      this.parts.audit.diverted(chunk);
      chunk.offset[k] = -1;
      chunk.gone++;
      return true;
    }
    return this.discard(cpu, chunk, k, chunk.reason[k]!);
  }

  /**
   * Packet k ends here: offset -1. The machine ends a packet by freeing the buffer that carries it; one of the
   * chunk's is never freed, so the packet is moved to another first, which costs nothing.
   */
  discard(cpu: Cpu, chunk: PsChunk, k: number, reason: number, place = -1, fill = -1): boolean {
    const { env, audit } = this.parts;
    if (this.#scratch < 0) this.#scratch = env.pool.get(cpu.lcore);
    if (this.#scratch < 0) return false;
    env.memory.copied(chunk.first + k, this.#scratch);
    env.drop(cpu, this.#scratch, reason, place, fill);
    this.#scratch = env.pool.get(cpu.lcore);
    this.drops[reason]!++;
    chunk.offset[k] = -1;
    chunk.gone++;
    audit.dropped(chunk);
    return true;
  }

  /** Packets that it has: received, and neither sent nor ended. */
  get held(): number {
    return this.#fifo.reduce((sum, { cnt, gone }) => sum + cnt - gone, 0);
  }
}
