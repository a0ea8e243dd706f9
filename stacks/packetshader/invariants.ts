/** What must hold of PacketShader's own parts, and what was found. */
import type { Finding, Invariant } from "../../core/stack.ts";

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

  /** Says that an invariant was looked at. */
  judged(id: string): void {
    this.#judged.add(id);
  }

  /** Says what is wrong. */
  breach(id: string, sentence: string): void {
    this.#judged.add(id);
    if (!this.#broken.has(id)) this.#broken.set(id, sentence);
  }

  /** Says that an invariant was looked at, and what is wrong if anything is. */
  expect(id: string, holds: boolean, sentence: () => string): void {
    this.#judged.add(id);
    if (!holds) this.breach(id, sentence());
  }

  /** All that were judged. */
  all(): Finding[] {
    return PACKETSHADER_INVARIANTS.filter(({ id }) => this.#judged.has(id))
      .map(({ id }) => ({ id, broken: this.#broken.get(id) ?? null }));
  }
}
