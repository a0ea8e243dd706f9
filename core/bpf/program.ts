/** A program that has been loaded: verified, and its references to maps made pointers. */
import { Code } from "./isa.ts";
import type { ProgramSpec } from "./object.ts";
import { BIAS, REGION } from "./_limits.ts";

/** A program ready to run. */
export class Program {
  /** Name of its function. */
  readonly name: string;
  /** Section that it lay in. */
  readonly section: string;
  /** Its number, from 1: what a value of a map names it by. */
  readonly id: number;
  /** Its instructions. */
  readonly code: Code;
  /** Instructions that the verifier followed. */
  readonly processed: number;
  /** Runs so far (bpf_stats run_cnt). */
  runs = 0;

  /** `mapNumbers` gives the number of each map of the object. */
  constructor(
    spec: ProgramSpec,
    id: number,
    mapNumbers: readonly number[],
    processed: number,
  ) {
    const code = new Code(spec.code);
    for (const { insn, map, offset } of spec.references) {
      const number = mapNumbers[map]!;
      code.imm[insn] = BIAS + Math.max(offset, 0);
      code.imm[insn + 1] = (offset < 0 ? REGION.map : REGION.values) + number;
    }
    this.name = spec.name;
    this.section = spec.section;
    this.id = id;
    this.code = code;
    this.processed = processed;
  }
}
