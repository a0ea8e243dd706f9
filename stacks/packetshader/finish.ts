/**
 * The second half of a worker: post-shading a chunk whose results are there, ending what does not leave, sending the
 * rest. It may have to wait, for a buffer or for a transmit ring, and then goes on where it stopped.
 */
import type { Process, ProcessCosts } from "../../core/host/process.ts";
import { REASONS } from "../../core/policy.ts";
import type { Cpu, Env } from "../../core/stack.ts";
import type { App } from "./app.ts";
import type { Auditor } from "./audit.ts";
import { type PsChunk, VERDICT } from "./chunk.ts";
import type { PsCosts } from "./costs.ts";
import type { HostStack } from "./host_stack.ts";
import type { Master } from "./master.ts";
import type { PsSettings } from "./options.ts";
import { PsContext } from "./ps_context.ts";
import type { PsDriver } from "./ps_driver.ts";
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

/** Finishes chunks. */
export class Finisher {
  readonly parts: WorkerParts;
  readonly context: PsContext;
  /** Packets dropped, by reason; those that the host's stack was given. */
  readonly drops: Int32Array = new Int32Array(REASONS.length);
  slowPackets = 0;
  #scratch: number;

  constructor(parts: WorkerParts, process: Process) {
    this.parts = parts;
    this.context = new PsContext(parts.driver, parts.host, process, parts.node);
    this.#scratch = parts.scratch;
  }

  /** Post-shades a chunk and sends its views; answers what moved. All of it is gone when it has nothing unsent. */
  finish(cpu: Cpu, chunk: PsChunk): number {
    const { app, costs } = this.parts;
    const before = chunk.posted;
    if (!chunk.answered) this.#answer(chunk);
    for (; chunk.posted < chunk.cnt; chunk.posted++) {
      if (!this.#end(cpu, chunk, chunk.posted)) break;
    }
    const ended = chunk.posted - before;
    if (app.kernel !== null) cpu.charge(ended * costs.postShade);
    if (chunk.posted === chunk.cnt) return ended + sendViews(cpu, this, chunk);
    if (ended === 0) cpu.charge(costs.spin);
    return ended;
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
      this.#gone(chunk, k);
      return true;
    }
    return this.discard(cpu, chunk, k, chunk.reason[k]!);
  }

  /**
   * Packet k ends here: offset -1. The machine ends a packet by freeing the buffer that carries it; one of the
   * chunk's is never freed, so the packet is moved to another first, which costs nothing.
   */
  discard(cpu: Cpu, chunk: PsChunk, k: number, reason: number, place = -1, fill = -1): boolean {
    const { env } = this.parts;
    if (this.#scratch < 0) this.#scratch = env.pool.get(cpu.lcore);
    if (this.#scratch < 0) return false;
    env.memory.copied(chunk.first + k, this.#scratch);
    env.drop(cpu, this.#scratch, reason, place, fill);
    this.#scratch = env.pool.get(cpu.lcore);
    this.drops[reason]!++;
    this.#gone(chunk, k);
    return true;
  }

  #gone(chunk: PsChunk, k: number): void {
    chunk.offset[k] = -1;
    chunk.gone++;
    this.parts.audit.ended();
  }
}
