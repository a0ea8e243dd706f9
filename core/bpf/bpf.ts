/** bpf(2) in small: creates the maps of an object, verifies its programs, keeps both. */
import { type BpfMap, createMap } from "./map.ts";
import type { BpfObject, ProgramSpec } from "./object.ts";
import { Program } from "./program.ts";
import type { PacketContext, ProgramType } from "./program_type.ts";
import { type Verification, VERIFIER_BUDGET, verify } from "./verifier.ts";
import { Vm } from "./vm.ts";

/** What loading is told. */
export interface BpfOptions {
  /** CPUs that per-CPU maps have a value for. */
  readonly cpus?: number;
  /** Instructions that the verifier follows for a program at most. */
  readonly budget?: number;
}

/** What an object has become. */
export interface LoadedObject {
  /** Its maps by name. */
  readonly maps: ReadonlyMap<string, BpfMap>;
  /** Its programs by name. */
  readonly programs: ReadonlyMap<string, Program>;
}

/** What was said of programs, by kind: a program that was loaded once is not followed again. */
const VERIFIED = new WeakMap<ProgramSpec, Map<ProgramType, Verification>>();

/**
 * Maps and programs of one machine.
 *
 * @example
 * ```ts
 * import { Bpf } from "@planecheck/planecheck/core";
 * import { assertEquals, assertThrows } from "@std/assert";
 *
 * const bpf = new Bpf({ name: "none", context: ["u32"], helpers: new Map() });
 * // r0 = *(u32 *)(r1 + 0); exit
 * const code = Uint8Array.of(0x61, 0x10, 0, 0, 0, 0, 0, 0, 0x95, 0, 0, 0, 0, 0, 0, 0);
 * const first = { name: "first", section: "", code, references: [] };
 * const { programs } = bpf.load({ license: "GPL", maps: [], programs: [first] });
 * const at = { bytes: new Uint8Array(0), hardStart: 0, dataMeta: 0, data: 0, dataEnd: 0, cpu: 0 };
 * const vm = bpf.vm({ ...at, nowNs: () => 0, field: () => 42 });
 * assertEquals(vm.run(programs.get("first")!), 42);
 *
 * // r0 is never set
 * const bad = { ...first, code: code.slice(8) };
 * const object = { license: "GPL", maps: [], programs: [bad] };
 * assertThrows(() => bpf.load(object), TypeError, "insn 0: R0 !read_ok");
 * ```
 */
export class Bpf {
  /** Kind of the programs. */
  readonly type: ProgramType;
  /** All maps, by number. */
  readonly maps: BpfMap[] = [];
  /** All programs; number 1 is the first. */
  readonly programs: Program[] = [];
  readonly #options: BpfOptions;

  /** Nothing loaded yet; `type` is what the programs to come may see and call. */
  constructor(type: ProgramType, options: BpfOptions = {}) {
    this.type = type;
    this.#options = options;
  }

  /**
   * Creates an object's maps and loads its programs.
   * @throws {TypeError} when the verifier refuses a program
   * @throws {RangeError} when a map cannot be
   */
  load(object: BpfObject): LoadedObject {
    const created = object.maps.map((spec) => createMap(spec, this.#options.cpus ?? 1));
    const numbers = created.map((map) => this.maps.push(map) - 1);
    const programs = new Map(
      object.programs.map((spec) => [spec.name, this.#program(spec, object, numbers)]),
    );
    return { maps: new Map(created.map((map) => [map.spec.name, map])), programs };
  }

  /** An interpreter for all of them. */
  vm(context: PacketContext): Vm {
    return new Vm(this.type, this.maps, this.programs, context);
  }

  #program(spec: ProgramSpec, object: BpfObject, numbers: readonly number[]): Program {
    const { budget = VERIFIER_BUDGET } = this.#options;
    const { refused, insn, processed } = verifyOnce(spec, this.type, object.maps, budget);
    if (refused !== null) {
      throw new TypeError(`Cannot load ${spec.name}: insn ${insn}: ${refused}`);
    }
    const program = new Program(spec, this.programs.length + 1, numbers, processed);
    this.programs.push(program);
    return program;
  }
}

/** As `verify`; by the full budget the answer is kept, since maps and code are those of the same object. */
function verifyOnce(
  spec: ProgramSpec,
  type: ProgramType,
  maps: BpfObject["maps"],
  budget: number,
): Verification {
  if (budget !== VERIFIER_BUDGET) return verify(spec, type, maps, budget);
  let known = VERIFIED.get(spec);
  if (known === undefined) VERIFIED.set(spec, known = new Map());
  let answer = known.get(type);
  if (answer === undefined) known.set(type, answer = verify(spec, type, maps, budget));
  return answer;
}
