/**
 * The second half of a worker: post-shading a chunk whose results are there, ending what does not leave, sending the
 * rest. It may have to wait for a transmit ring, and then goes on where it stopped.
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
  /** Place of the worker, for what it ends. */
  readonly place: number;
}

/** Finishes chunks. */
export class Finisher {
  readonly parts: WorkerParts;
  readonly context: PsContext;
  /** Packets dropped, by reason; those that the host's stack was given. */
  readonly drops: Int32Array = new Int32Array(REASONS.length);
  slowPackets = 0;

  constructor(parts: WorkerParts, process: Process) {
    this.parts = parts;
    this.context = new PsContext(parts.driver, parts.host, process, parts.node);
  }

  /** Post-shades a chunk and sends its views; answers what moved. All of it is gone once nothing is left to send. */
  finish(cpu: Cpu, chunk: PsChunk): number {
    if (chunk.answered) return sendViews(cpu, this, chunk);
    const { app, costs } = this.parts;
    this.#answer(chunk);
    for (let k = 0; k < chunk.cnt; k++) this.#end(cpu, chunk, k);
    if (app.kernel !== null) cpu.charge(chunk.cnt * costs.postShade);
    return chunk.cnt + sendViews(cpu, this, chunk);
  }

  /** Lets the application see every answer, once. */
  #answer(chunk: PsChunk): void {
    chunk.answered = true;
    for (let i = 0; i < chunk.keyCount; i++) {
      this.parts.app.postShade(chunk, chunk.packet[i]!, i);
    }
  }

  /** Ends packet k unless it is forwarded. */
  #end(cpu: Cpu, chunk: PsChunk, k: number): void {
    const verdict = chunk.verdict[k]!;
    if (verdict === VERDICT.forward) return;
    if (verdict === VERDICT.slow && this.context.slowpathPacket(cpu, chunk, k)) {
      this.slowPackets++;
      this.#gone(chunk, k);
      return;
    }
    this.discard(cpu, chunk, k, chunk.reason[k]!);
  }

  /** Packet k ends here: offset -1. Its bytes lie in the chunk, so there is no buffer to free. */
  discard(cpu: Cpu, chunk: PsChunk, k: number, reason: number, place = -1, fill = -1): void {
    const { env } = this.parts;
    const copy = env.memory.copiedOut(chunk.first + k, this.parts.place);
    env.dropCopy(cpu, copy, reason, place, fill);
    env.memory.copyEnds(copy);
    this.drops[reason]!++;
    this.#gone(chunk, k);
  }

  #gone(chunk: PsChunk, k: number): void {
    chunk.offset[k] = -1;
    chunk.gone++;
    this.parts.audit.ended();
  }
}
