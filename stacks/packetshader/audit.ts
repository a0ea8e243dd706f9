/**
 * Checks the stack's own invariants while it runs. What is told here is what happened at the rings, to chunks and to
 * results; each part is checked by a shadow that knows no more than it has been told, and none of it is ever asked by
 * the stack. The first breach of each invariant is kept.
 */
import type { Finding } from "../../core/stack.ts";
import type { DeviceSide } from "../../core/nic/rings.ts";
import type { PacketMemory } from "../../core/memory/packet_memory.ts";
import { ChunkCheck } from "./audit_chunk.ts";
import { ContextCheck } from "./audit_context.ts";
import { RingCheck } from "./audit_ring.ts";
import type { Oracle } from "./audit_oracle.ts";
import { Findings } from "./invariants.ts";
import { ShaderCheck } from "./audit_shader.ts";
import type { PsChunk } from "./chunk.ts";
import type { PsContext } from "./ps_context.ts";
import type { PsRxRing } from "./ps_rx_ring.ts";
import type { PsTxRing } from "./ps_tx_ring.ts";

/** What the checks have to know of the machine. */
export interface AuditInput {
  readonly memory: PacketMemory;
  /** Answers what the table says; null where nothing is looked up. */
  readonly oracle: Oracle | null;
  /** Node of each interface and of each worker; whether workers keep to theirs. */
  readonly nodeOfPort: readonly number[];
  readonly nodeOfWorker: readonly number[];
  readonly local: boolean;
  /** Whether anybody will ask: nobody does where no books are kept, flat out and in streamed runs. */
  readonly on: boolean;
  /** Whether the hardware may do what it rarely does, such as an interrupt though masked. */
  readonly faults: boolean;
}

/** The stack tells it what happens. */
export class Auditor {
  readonly findings: Findings = new Findings();
  readonly #ring: RingCheck;
  readonly #chunk: ChunkCheck;
  readonly #shader: ShaderCheck;
  readonly #context: ContextCheck;
  readonly #faults: boolean;
  readonly #on: boolean;

  constructor(input: AuditInput) {
    this.#ring = new RingCheck(this.findings, input.memory);
    this.#context = new ContextCheck(this.findings);
    this.#chunk = new ChunkCheck(this.findings, input);
    this.#shader = new ShaderCheck(this.findings, input.oracle);
    this.#faults = input.faults;
    this.#on = input.on;
  }

  /** A device whose tail writes are counted; the driver is given this one. */
  counted(side: DeviceSide, port: number): DeviceSide {
    return this.#on ? this.#ring.counted(side, port) : side;
  }

  armed(ring: PsRxRing): void {
    if (!this.#on) return;
    this.#ring.armed(ring);
  }

  beforeRecv(ring: PsRxRing): void {
    if (!this.#on) return;
    this.#ring.beforeRecv(ring);
  }

  received(ring: PsRxRing, chunk: PsChunk, requested: number): void {
    if (!this.#on) return;
    this.#ring.received(ring, chunk, requested);
    this.#chunk.received(ring, chunk);
  }

  sending(chunk: PsChunk, k: number, ring: PsTxRing): void {
    if (!this.#on) return;
    this.#chunk.sending(chunk, k, ring);
  }

  sent(ring: PsTxRing, n: number): void {
    if (!this.#on) return;
    this.#ring.sent(ring, n);
    this.#chunk.left(n);
  }

  reclaimed(ring: PsTxRing, n: number): void {
    if (!this.#on) return;
    this.#ring.reclaimed(ring, n);
  }

  ended(): void {
    if (!this.#on) return;
    this.#chunk.ended();
  }

  attached(context: PsContext, ring: PsRxRing): void {
    if (!this.#on) return;
    this.#context.attached(context, ring);
  }

  detached(context: PsContext, ring: PsRxRing): void {
    if (!this.#on) return;
    this.#context.detached(context, ring);
  }

  unmasked(ring: PsRxRing): void {
    if (!this.#on) return;
    this.#context.unmasked(ring);
  }

  interrupted(ring: PsRxRing): void {
    if (this.#on && !this.#faults) this.#context.interrupted(ring);
  }

  launched(chunks: readonly PsChunk[], results: Uint32Array): void {
    if (!this.#on) return;
    this.#shader.launched(chunks, results);
  }

  scattered(chunk: PsChunk, worker: number): void {
    if (!this.#on) return;
    this.#shader.scattered(chunk, worker);
  }

  answered(chunk: PsChunk): void {
    if (!this.#on) return;
    this.#shader.answered(chunk);
  }

  /** What is to be said when the run is over; `held` packets are still in the workers' hands. */
  close(held: number): Finding[] {
    if (!this.#on) return [];
    this.#ring.close();
    this.#chunk.close(held);
    this.#context.close();
    return this.findings.all();
  }
}
