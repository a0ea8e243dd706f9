/** PSHADER-3, 4, 5, 10, 15: what is in chunks, where it lies, in which order it leaves, and that none is forgotten. */
import type { AuditInput } from "./audit.ts";
import type { PsChunk } from "./chunk.ts";
import type { Findings } from "./invariants.ts";
import type { PsRxRing } from "./ps_rx_ring.ts";
import type { PsTxRing } from "./ps_tx_ring.ts";

/** Interfaces and queues that a name can tell apart. */
const QUEUES = 64;

/** The checks of chunks. */
export class ChunkCheck {
  readonly #findings: Findings;
  readonly #input: AuditInput;
  /** When each packet came, by the buffer that stands for it: a count for each receive queue. */
  readonly #turn: Int32Array;
  readonly #came = new Int32Array(QUEUES * QUEUES);
  /** By receive queue and port of departure: the turn of the last that was sent. */
  readonly #left = new Map<number, number>();
  #received = 0;
  #sent = 0;
  #ended = 0;

  constructor(findings: Findings, input: AuditInput) {
    this.#findings = findings;
    this.#input = input;
    this.#turn = new Int32Array(input.memory.length.length);
  }

  received({ port, queue }: PsRxRing, chunk: PsChunk): void {
    const { memory } = this.#input;
    const { cnt, first } = chunk;
    if (cnt === 0) return;
    this.#received += cnt;
    this.#findings.judged("PSHADER-4");
    this.#findings.judged("PSHADER-5");
    let free = 0;
    for (let k = 0; k < cnt; k++) {
      const at = chunk.offset[k]!;
      if (at !== free || memory.offset[first + k] !== chunk.area + at) {
        this.#findings.breach(
          "PSHADER-5",
          `packet ${k} of a chunk begins at ${at}, expected ${free}`,
        );
      }
      free = Math.ceil((at + chunk.length[k]!) / 64) * 64;
      const from = memory.port[first + k]!;
      if (from !== chunk.ifindex || chunk.ifindex !== port || chunk.qidx !== queue) {
        this.#findings.breach(
          "PSHADER-4",
          `packet ${k} of a chunk of queue ${chunk.qidx} of nic${chunk.ifindex} came in by nic${from}, expected ` +
            `queue ${queue} of nic${port}`,
        );
      }
      this.#turn[first + k] = this.#came[port * QUEUES + queue]!++;
    }
    this.#placed(port, chunk);
  }

  #placed(port: number, { owner }: PsChunk): void {
    const { nodeOfPort, nodeOfWorker, local } = this.#input;
    if (!local) return;
    const [there, here] = [nodeOfPort[port]!, nodeOfWorker[owner]!];
    this.#findings.expect(
      "PSHADER-15",
      there === here,
      () => `worker ${owner} of node ${here} received from nic${port} of node ${there}`,
    );
  }

  sending(chunk: PsChunk, k: number, { port }: PsTxRing): void {
    const way = (chunk.ifindex * QUEUES + chunk.qidx) * QUEUES + port;
    const turn = this.#turn[chunk.first + k]!;
    const last = this.#left.get(way) ?? -1;
    if (turn <= last) {
      this.#findings.breach(
        "PSHADER-3",
        `packet ${turn} of queue ${chunk.qidx} of nic${chunk.ifindex} was sent to nic${port} after packet ${last}`,
      );
    }
    this.#left.set(way, turn);
  }

  left(n: number): void {
    this.#sent += n;
    this.#findings.judged("PSHADER-3");
    this.#balance(this.#sent + this.#ended <= this.#received, 0);
  }

  ended(): void {
    this.#ended++;
    this.#balance(this.#sent + this.#ended <= this.#received, 0);
  }

  close(held: number): void {
    if (this.#received === 0) return;
    this.#balance(this.#received === this.#sent + this.#ended + held, held);
  }

  #balance(holds: boolean, held: number): void {
    this.#findings.judged("PSHADER-10");
    if (holds) return;
    this.#findings.breach(
      "PSHADER-10",
      `${this.#received} packets were received, ${this.#sent} sent, ${this.#ended} dropped or given to the host, ` +
        `${held} are in hand`,
    );
  }
}
