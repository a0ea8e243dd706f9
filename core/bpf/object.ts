/**
 * An eBPF object file as a compiler writes it (clang -target bpf): programs by section, maps from BTF or from
 * the older `maps` section, global data, licence. What libbpf does before it calls the kernel is done here:
 * functions that a program calls are put behind it and calls are linked; references to maps and to global data
 * are left as relocations, because only who creates the maps knows their numbers.
 *
 * Not done: CO-RE relocations (an XDP program reads packets and maps, not structures of the kernel).
 */
import { mapsOfBtf, specOf } from "./_btf.ts";
import {
  ELF,
  type Elf,
  readElf,
  type Relocation,
  type Section,
  type Symbol,
  text,
} from "./_elf.ts";
import { CALL, INSN_BYTES, LD_IMM64, PSEUDO } from "./isa.ts";
import type { MapSpec } from "./map_spec.ts";

/** A reference of a program to a map. */
export interface MapReference {
  /** Instruction slot of its LD_IMM64. */
  readonly insn: number;
  /** The map, by its place in `BpfObject.maps`. */
  readonly map: number;
  /** Bytes into the map's only value, or -1 where the map itself is meant. */
  readonly offset: number;
}

/** A program of an object. */
export interface ProgramSpec {
  /** Name of its function. */
  readonly name: string;
  /** Section that it lay in, which says what it is for: `xdp`, `xdp/devmap`. */
  readonly section: string;
  /** Its instructions, those of the functions that it calls behind them. */
  readonly code: Uint8Array;
  /** Maps that it names. */
  readonly references: readonly MapReference[];
}

/** What an object file holds. */
export interface BpfObject {
  /** Licence that its section `license` declares. */
  readonly license: string;
  /** Maps, those of global data behind the declared ones. */
  readonly maps: readonly MapSpec[];
  /** Programs. */
  readonly programs: readonly ProgramSpec[];
}

/** Types of relocations (llvm_reloc.rst). */
const R_BPF_64_64 = 1;
const R_BPF_64_32 = 10;
/** struct bpf_map_def of libbpf before 1.0. */
const MAP_DEF = ["type", "key_size", "value_size", "max_entries", "map_flags"] as const;
const DATA_SECTION = /^\.(rodata|data|bss)/;

/**
 * Reads an object file.
 *
 * @example
 * ```ts
 * import { readBpfObject } from "@planecheck/planecheck/core";
 * import { assertThrows } from "@std/assert";
 *
 * assertThrows(() => readBpfObject(new Uint8Array(64)), TypeError, "it is not ELF");
 * ```
 * @throws {TypeError} when it is no eBPF object, or uses what is not supported
 */
export function readBpfObject(file: Uint8Array): BpfObject {
  return new Linker(readElf(file)).object();
}

class Linker {
  readonly #elf: Elf;
  readonly #maps: MapSpec[] = [];
  /** Number of the map that a section of global data has become. */
  readonly #dataMaps = new Map<number, number>();

  constructor(elf: Elf) {
    this.#elf = elf;
  }

  object(): BpfObject {
    this.#readMaps();
    const { sections, symbols } = this.#elf;
    const programs = symbols.filter(({ kind, bind, section }) =>
      kind === ELF.FUNC && bind === ELF.GLOBAL && sections[section]?.name !== ".text" &&
      (sections[section]?.flags ?? 0) & ELF.EXECINSTR
    ).map((symbol) => this.#program(symbol));
    const license = sections.find(({ name }) => name === "license");
    return {
      license: license === undefined ? "" : text(license.bytes, 0),
      maps: this.#maps,
      programs,
    };
  }

  #readMaps(): void {
    const { sections } = this.#elf;
    const btf = sections.find(({ name }) => name === ".BTF");
    if (sections.some(({ name }) => name === ".maps")) {
      if (btf === undefined) throw new TypeError("Cannot read eBPF object: .maps without .BTF");
      this.#maps.push(...mapsOfBtf(btf.bytes).values());
    }
    const old = sections.findIndex(({ name }) => name === "maps");
    for (const symbol of this.#elf.symbols) {
      if (old >= 0 && symbol.section === old && symbol.kind !== ELF.SECTION) {
        this.#maps.push(oldMap(symbol, sections[old]!));
      }
    }
    sections.forEach((section, number) => {
      if (!DATA_SECTION.test(section.name) || section.size === 0) return;
      this.#dataMaps.set(number, this.#maps.length);
      this.#maps.push(dataMap(section));
    });
  }

  /** A program with the functions that it reaches, each once. */
  #program(entry: Symbol): ProgramSpec {
    const functions: Symbol[] = [entry];
    const starts: number[] = [];
    let slots = 0;
    for (let i = 0; i < functions.length; i++) {
      const one = functions[i]!;
      starts.push(slots);
      slots += one.size / INSN_BYTES;
      for (const callee of this.#callees(one)) {
        if (!functions.includes(callee)) functions.push(callee);
      }
    }
    const code = new Uint8Array(slots * INSN_BYTES);
    const references: MapReference[] = [];
    functions.forEach((one, i) =>
      this.#place(one, starts[i]!, functions, starts, code, references)
    );
    const section = this.#elf.sections[entry.section]!.name;
    return { name: entry.name, section, code, references };
  }

  /** Copies a function to slot `start` and links what it names. */
  #place(
    one: Symbol,
    start: number,
    functions: readonly Symbol[],
    starts: readonly number[],
    code: Uint8Array,
    references: MapReference[],
  ): void {
    const { bytes } = this.#elf.sections[one.section]!;
    code.set(bytes.subarray(one.value, one.value + one.size), start * INSN_BYTES);
    const view = new DataView(code.buffer);
    for (const [slot, target] of this.#calls(one)) {
      const at = start + slot;
      view.setInt32(at * INSN_BYTES + 4, starts[functions.indexOf(target)]! - at - 1, true);
    }
    for (const { at, type, symbol } of this.#own(one)) {
      const slot = start + (at - one.value) / INSN_BYTES;
      const opcode = code[slot * INSN_BYTES]!;
      if (opcode === CALL) continue;
      if (type !== R_BPF_64_64 || opcode !== LD_IMM64) {
        throw new TypeError(
          `Cannot read eBPF object: ${one.name} has a relocation of type ${type} to ${symbol.name}`,
        );
      }
      const addend = view.getInt32(slot * INSN_BYTES + 4, true);
      const reference = this.#reference(symbol, addend, slot);
      const kind = reference.offset < 0 ? PSEUDO.MAP : PSEUDO.MAP_VALUE;
      code[slot * INSN_BYTES + 1] = (code[slot * INSN_BYTES + 1]! & 15) | (kind << 4);
      references.push(reference);
    }
  }

  #reference(symbol: Symbol, addend: number, insn: number): MapReference {
    const data = this.#dataMaps.get(symbol.section);
    if (data !== undefined) return { insn, map: data, offset: symbol.value + addend };
    const map = this.#maps.findIndex(({ name }) => name === symbol.name);
    if (map < 0) {
      throw new TypeError(
        `Cannot read eBPF object: ${symbol.name} is neither a map nor data of it`,
      );
    }
    return { insn, map, offset: -1 };
  }

  #own(one: Symbol): Relocation[] {
    return this.#elf.relocations(one.section).filter(({ at }) =>
      at >= one.value && at < one.value + one.size
    );
  }

  #callees(one: Symbol): Symbol[] {
    return this.#calls(one).map(([, target]) => target);
  }

  /** Local calls of a function: slot within it, and the function called. */
  #calls(one: Symbol): [number, Symbol][] {
    const { bytes } = this.#elf.sections[one.section]!;
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    const named = new Map(
      this.#own(one).filter(({ type }) => type === R_BPF_64_32).map((
        { at, symbol },
      ) => [at, symbol]),
    );
    const calls: [number, Symbol][] = [];
    for (let at = one.value; at < one.value + one.size; at += INSN_BYTES) {
      if (bytes[at] === LD_IMM64) at += INSN_BYTES;
      else if (bytes[at] === CALL && bytes[at + 1]! >> 4 === 1) {
        const symbol = named.get(at);
        const target = view.getInt32(at + 4, true);
        // to a section: the immediate says how far into it (-1 is its beginning); without: relative
        const section = symbol === undefined ? one.section : symbol.section;
        const value = symbol === undefined
          ? at + (target + 1) * INSN_BYTES
          : symbol.kind === ELF.SECTION
          ? (target + 1) * INSN_BYTES
          : symbol.value;
        calls.push([(at - one.value) / INSN_BYTES, this.#function(section, value)]);
      }
    }
    return calls;
  }

  #function(section: number, value: number): Symbol {
    const found = this.#elf.symbols.find((symbol) =>
      symbol.kind === ELF.FUNC && symbol.section === section && symbol.value === value
    );
    if (found === undefined) {
      throw new TypeError("Cannot read eBPF object: a call leads to no function");
    }
    return found;
  }
}

function oldMap(symbol: Symbol, section: Section): MapSpec {
  const { bytes } = section;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const fields = new Map<string, number>(
    MAP_DEF.map((field, i) => [field, view.getUint32(symbol.value + i * 4, true)]),
  );
  return specOf(symbol.name, fields);
}

function dataMap(section: Section): MapSpec {
  const data = new Uint8Array(section.size);
  data.set(section.bytes);
  return {
    name: section.name,
    type: "array",
    keySize: 4,
    valueSize: section.size,
    maxEntries: 1,
    flags: 0,
    data,
    readOnly: section.name.startsWith(".rodata"),
  };
}
