/** PSHADER-9 and 11: results are those of a linear search, and each chunk gets its own and goes back where it belongs. */
import type { Findings } from "./invariants.ts";
import type { PsChunk } from "./chunk.ts";
import type { Oracle } from "./audit_oracle.ts";

/** Entries that are looked at in one run; what would take more is not judged. */
const LOOKS_MAX = 2 ** 23;

/** The checks of results. */
export class ShaderCheck {
  readonly #findings: Findings;
  readonly #oracle: Oracle | null;
  /** What each chunk is to get: asked when it is launched, as a route may change until it is back. */
  readonly #due = new Map<PsChunk, number[]>();
  #looks = 0;

  constructor(findings: Findings, oracle: Oracle | null) {
    this.#findings = findings;
    this.#oracle = oracle;
  }

  launched(chunks: readonly PsChunk[], results: Uint32Array): void {
    let at = 0;
    for (const chunk of chunks) {
      const due = this.#answers(chunk);
      if (due !== null) {
        this.#due.set(chunk, due);
        this.#compare("PSHADER-9", due, results, at, "a batch of the GPU");
      }
      at += chunk.keyCount;
    }
  }

  scattered(chunk: PsChunk, worker: number): void {
    this.#findings.expect(
      "PSHADER-11",
      chunk.owner === worker,
      () => `chunk ${chunk.id} of worker ${chunk.owner} came back to worker ${worker}`,
    );
    const due = this.#due.get(chunk);
    if (due === undefined) return;
    this.#due.delete(chunk);
    this.#compare("PSHADER-11", due, chunk.results, 0, `chunk ${chunk.id} of worker ${worker}`);
  }

  answered(chunk: PsChunk): void {
    const due = this.#answers(chunk);
    if (due !== null) this.#compare("PSHADER-9", due, chunk.results, 0, "a chunk shaded on a core");
  }

  #answers({ keys, keyCount }: PsChunk): number[] | null {
    if (this.#oracle === null) return null;
    this.#looks += keyCount * this.#oracle.size;
    if (this.#looks > LOOKS_MAX) return null;
    return Array.from({ length: keyCount }, (_, i) => this.#oracle!.answer(keys, i));
  }

  #compare(id: string, due: number[], results: Uint32Array, at: number, where: string): void {
    if (due.length > 0) this.#findings.judged(id);
    for (let i = 0; i < due.length; i++) {
      if (results[at + i] === due[i]) continue;
      this.#findings.breach(
        id,
        `result ${i} in ${where} is ${results[at + i]}, expected ${due[i]} by a linear search`,
      );
    }
  }
}
