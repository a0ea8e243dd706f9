/** PSHADER-3, 4, 5, 10, 15: what is in chunks, where it lies, in which order it leaves, and that none is forgotten. */
import type { AuditInput } from "./audit.ts";
import type { Findings } from "./invariants.ts";
import type { PsChunk } from "./chunk.ts";
import type { PsRxRing } from "./ps_rx_ring.ts";
import type { PsTxRing } from "./ps_tx_ring.ts";

/** The checks of chunks. */
export class ChunkCheck {
  readonly #findings: Findings;
  readonly #input: AuditInput;
  /** When each packet came, by the buffer that stands for it: a count for each receive queue. */
  readonly #turn = new Map<number, number>();
  readonly #came = new Map<string, number>();
  readonly #left = new Map<string, number>();
  #received = 0;
  #sent = 0;
  #ended = 0;

  constructor(findings: Findings, input: AuditInput) {
    this.#findings = findings;
    this.#input = input;
  }

  received({ port, queue }: PsRxRing, chunk: PsChunk): void {
    const { memory, nodeOfPort, nodeOfWorker, local } = this.#input;
    const { cnt, first } = chunk;
    this.#received += cnt;
    let free = 0;
    for (let k = 0; k < cnt; k++) {
      const at = chunk.offset[k]!;
      this.#findings.expect(
        "PSHADER-5",
        at === free && memory.offset[first + k] === chunk.area + at,
        () => `packet ${k} of a chunk begins at ${at}, expected ${free}`,
      );
      free = Math.ceil((at + chunk.length[k]!) / 64) * 64;
      const from = memory.port[first + k]!;
      this.#findings.expect(
        "PSHADER-4",
        from === chunk.ifindex && chunk.ifindex === port && chunk.qidx === queue,
        () =>
          `packet ${k} of a chunk of nic${chunk.ifindex} came in by nic${from}, queue ${queue} of nic${port}`,
      );
      const name = `${port}/${queue}`;
      const turn = this.#came.get(name) ?? 0;
      this.#came.set(name, turn + 1);
      this.#turn.set(first + k, turn);
    }
    if (!local) return;
    const [there, here] = [nodeOfPort[port]!, nodeOfWorker[chunk.owner]!];
    this.#findings.expect(
      "PSHADER-15",
      there === here,
      () => `worker ${chunk.owner} of node ${here} received from nic${port} of node ${there}`,
    );
  }

  sending(chunk: PsChunk, k: number, { port }: PsTxRing): void {
    const name = `${chunk.ifindex}/${chunk.qidx} to ${port}`;
    const turn = this.#turn.get(chunk.first + k)!;
    const last = this.#left.get(name) ?? -1;
    this.#findings.expect(
      "PSHADER-3",
      turn > last,
      () => `packet ${turn} of queue ${name} was sent after packet ${last} of it`,
    );
    this.#left.set(name, turn);
  }

  left(n: number): void {
    this.#sent += n;
  }

  ended(chunk: PsChunk): void {
    this.#ended++;
    this.#balance(0, this.#sent + this.#ended <= this.#received, `in chunk ${chunk.id}`);
  }

  close(held: number): void {
    if (this.#received === 0) return;
    this.#balance(held, this.#received === this.#sent + this.#ended + held, "at the end");
  }

  #balance(held: number, holds: boolean, where: string): void {
    this.#findings.expect(
      "PSHADER-10",
      holds,
      () =>
        `${this.#received} packets were received, ${this.#sent} sent, ${this.#ended} dropped or given to the ` +
        `host, ${held} are in hand ${where}`,
    );
  }
}
