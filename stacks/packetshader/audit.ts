/**
 * Checks the stack's own invariants while it runs. What is told here is what happened at the rings, to chunks and to
 * results; each part is checked by a shadow that knows no more than it has been told, and none of it is ever asked by
 * the stack. The first breach of each invariant is kept.
 */
import type { Finding, Invariant } from "../../core/stack.ts";
import type { DeviceSide } from "../../core/nic/rings.ts";
import type { PacketMemory } from "../../core/memory/packet_memory.ts";
import { ChunkCheck } from "./audit_chunk.ts";
import { RingCheck } from "./audit_ring.ts";
import { type Oracle, ShaderCheck } from "./audit_shader.ts";
import type { PsChunk } from "./chunk.ts";
import type { PsContext } from "./ps_context.ts";
import type { PsRxRing } from "./ps_rx_ring.ts";
import type { PsTxRing } from "./ps_tx_ring.ts";

const ENGINE = "ANLAB-KAIST/Packet-IO-Engine, driver ps_ixgbe";
const PAPER = "PacketShader (SIGCOMM 2010)";

/** What must hold of PacketShader's parts. */
export const PACKETSHADER_INVARIANTS: readonly Invariant[] = [
  {
    id: "PSHADER-1",
    statement: "Cell i of a huge buffer is the target of descriptor i for ever.",
    clause: `${PAPER}, 4.2; ${ENGINE}, ixgbe_ring.window`,
  },
  {
    id: "PSHADER-2",
    statement: "A tail is written once for each call that moved a chunk, however many its packets.",
    clause: `${ENGINE}, ixgbe_recv_chunk, ixgbe_send_chunk`,
  },
  {
    id: "PSHADER-3",
    statement: "What a receive queue delivered goes to each port in the order in which it came.",
    clause: `${PAPER}, 5.3: RSS and FIFO queues`,
  },
  {
    id: "PSHADER-4",
    statement: "All packets of a chunk came from one queue of one interface.",
    clause: `${ENGINE}, ps_chunk.queue`,
  },
  {
    id: "PSHADER-5",
    statement:
      "Packets lie in a chunk one behind the other, each at the next multiple of 64 bytes.",
    clause: `${ENGINE}, ps_pkt_info.offset`,
  },
  {
    id: "PSHADER-6",
    statement:
      "A chunk has what is there, as many as were asked for and 4096 at most; it never waits to be filled.",
    clause: `${ENGINE}, ixgbe_recv_chunk`,
  },
  {
    id: "PSHADER-7",
    statement:
      "An attached queue interrupts only after its context went to sleep, which is woken once for it.",
    clause: `${PAPER}, 4.3; ${ENGINE}, ps_ioctl_recv_chunk`,
  },
  {
    id: "PSHADER-8",
    statement:
      "A receive queue is attached to one context at most, and detached by this one alone.",
    clause: `${ENGINE}, ps_ioctl_attach_rx_device`,
  },
  {
    id: "PSHADER-9",
    statement:
      "The kernel's result for each packet, on GPU or core, is that of a linear search over the table.",
    clause: `${PAPER}, 6.2`,
  },
  {
    id: "PSHADER-10",
    statement: "Received is sent, dropped for a cause, given to the host, and in hand.",
    clause: `${ENGINE}, ps_handle counters`,
  },
  {
    id: "PSHADER-11",
    statement: "Scatter gives each chunk its own results, and back to its own worker.",
    clause: `${PAPER}, 5.4: gather/scatter`,
  },
  {
    id: "PSHADER-12",
    statement: "One transmit descriptor always stays empty.",
    clause: `${ENGINE}, ixgbe_send_chunk: IXGBE_DESC_UNUSED`,
  },
  {
    id: "PSHADER-15",
    statement: "With local placement a worker receives from interfaces of its own node alone.",
    clause: `${PAPER}, 4.5`,
  },
];

/** The first breach of each invariant, and which had anything to judge. */
export class Findings {
  readonly #broken = new Map<string, string>();
  readonly #judged = new Set<string>();

  /** Says that an invariant was looked at, and what is wrong if anything is. */
  expect(id: string, holds: boolean, sentence: () => string): void {
    this.#judged.add(id);
    if (!holds && !this.#broken.has(id)) this.#broken.set(id, sentence());
  }

  /** All that were judged. */
  all(): Finding[] {
    return PACKETSHADER_INVARIANTS.filter(({ id }) => this.#judged.has(id))
      .map(({ id }) => ({ id, broken: this.#broken.get(id) ?? null }));
  }
}

/** What the checks have to know of the machine. */
export interface AuditInput {
  readonly memory: PacketMemory;
  /** Answers what the table says; null where nothing is looked up. */
  readonly oracle: Oracle | null;
  /** Node of each interface and of each worker; whether workers keep to theirs. */
  readonly nodeOfPort: readonly number[];
  readonly nodeOfWorker: readonly number[];
  readonly local: boolean;
  /** Whether the hardware may do what it rarely does, such as an interrupt though masked. */
  readonly faults: boolean;
}

/** The stack tells it what happens. */
export class Auditor {
  readonly findings: Findings = new Findings();
  readonly #ring: RingCheck;
  readonly #chunk: ChunkCheck;
  readonly #shader: ShaderCheck;
  readonly #contexts = new Set<PsContext>();
  readonly #faults: boolean;

  constructor(input: AuditInput) {
    this.#ring = new RingCheck(this.findings, input.memory);
    this.#chunk = new ChunkCheck(this.findings, input);
    this.#shader = new ShaderCheck(this.findings, input.oracle);
    this.#faults = input.faults;
  }

  /** A device whose tail writes are counted; the driver is given this one. */
  counted(side: DeviceSide, port: number): DeviceSide {
    return this.#ring.counted(side, port);
  }

  armed(ring: PsRxRing): void {
    this.#ring.armed(ring);
  }

  beforeRecv(ring: PsRxRing): void {
    this.#ring.beforeRecv(ring);
  }

  received(ring: PsRxRing, chunk: PsChunk, requested: number): void {
    this.#ring.received(ring, chunk, requested);
    this.#chunk.received(ring, chunk);
  }

  sending(chunk: PsChunk, k: number, ring: PsTxRing): void {
    this.#chunk.sending(chunk, k, ring);
  }

  sent(ring: PsTxRing, n: number): void {
    this.#ring.sent(ring, n);
    this.#chunk.left(n);
  }

  reclaimed(ring: PsTxRing, n: number): void {
    this.#ring.reclaimed(ring, n);
  }

  dropped(chunk: PsChunk): void {
    this.#chunk.ended(chunk);
  }

  diverted(chunk: PsChunk): void {
    this.#chunk.ended(chunk);
  }

  attached(context: PsContext, ring: PsRxRing): void {
    this.#contexts.add(context);
    this.#ring.attached(context, ring);
  }

  detached(context: PsContext, ring: PsRxRing): void {
    this.#ring.detached(context, ring);
  }

  unmasked(ring: PsRxRing): void {
    this.#ring.unmasked(ring);
  }

  interrupted(ring: PsRxRing): void {
    if (!this.#faults) this.#ring.interrupted(ring);
  }

  launched(chunks: readonly PsChunk[], results: Uint32Array): void {
    this.#shader.launched(chunks, results);
  }

  scattered(chunk: PsChunk, worker: number): void {
    this.#shader.scattered(chunk, worker);
  }

  answered(chunk: PsChunk): void {
    this.#shader.answered(chunk);
  }

  /** What is to be said when the run is over; `held` packets are still in the workers' hands. */
  close(held: number): Finding[] {
    this.#ring.close();
    this.#chunk.close(held);
    for (const { sleeps, wakes } of this.#contexts) {
      this.findings.expect(
        "PSHADER-7",
        wakes <= sleeps && sleeps <= wakes + 1,
        () =>
          `a context slept ${sleeps} times and was woken ${wakes} times, expected as often or once less`,
      );
    }
    return this.findings.all();
  }
}
