/**
 * What an eBPF object needs of ELF64, little-endian: sections by number, symbols, relocations without addends.
 * Source: System V ABI, chapter 4; Linux Documentation/bpf/llvm_reloc.rst.
 */

/** A section. */
export interface Section {
  readonly name: string;
  readonly type: number;
  readonly flags: number;
  /** Section that its relocations apply to. */
  readonly info: number;
  readonly link: number;
  readonly bytes: Uint8Array;
  /** Bytes; those of .bss are not in the file. */
  readonly size: number;
}

/** A symbol. */
export interface Symbol {
  readonly name: string;
  /** Function, object, section. */
  readonly kind: number;
  readonly bind: number;
  readonly section: number;
  readonly value: number;
  readonly size: number;
}

/** A relocation: what lies at `at` of the section names a symbol. */
export interface Relocation {
  readonly at: number;
  readonly type: number;
  readonly symbol: Symbol;
}

/** Kinds of sections and symbols. */
export const ELF = {
  SYMTAB: 2,
  REL: 9,
  NOBITS: 8,
  EXECINSTR: 4,
  FUNC: 2,
  OBJECT: 1,
  SECTION: 3,
  GLOBAL: 1,
} as const;
const EM_BPF = 247;

/** The parts of an object file. */
export interface Elf {
  readonly sections: readonly Section[];
  readonly symbols: readonly Symbol[];
  /** Relocations of a section by its number. */
  relocations(section: number): readonly Relocation[];
}

/** @throws {TypeError} when the bytes are no eBPF object, or one that is cut short */
export function readElf(file: Uint8Array): Elf {
  const refuse = (why: string): never => {
    throw new TypeError(`Cannot read eBPF object: ${why}`);
  };
  if (
    file.length < 64 || file[0] !== 0x7f || file[1] !== 0x45 || file[2] !== 0x4c || file[3] !== 0x46
  ) {
    refuse("it is not ELF");
  }
  if (file[4] !== 2 || file[5] !== 1) refuse("it is not 64 bits, least significant byte first");
  const view = new DataView(file.buffer, file.byteOffset, file.length);
  const word = (at: number): number => {
    const high = view.getUint32(at + 4, true);
    return high === 0 ? view.getUint32(at, true) : refuse("an offset is beyond 4 GiB");
  };
  if (view.getUint16(18, true) !== EM_BPF) {
    refuse(`machine ${view.getUint16(18, true)} is not eBPF`);
  }
  const [headers, size, count] = [word(40), view.getUint16(58, true), view.getUint16(60, true)];
  if (size !== 64 || headers + count * size > file.length) {
    refuse("its section headers are cut short");
  }
  const raw = Array.from({ length: count }, (_, i) => {
    const at = headers + i * size;
    const [type, from, bytes] = [view.getUint32(at + 4, true), word(at + 24), word(at + 32)];
    if (type !== ELF.NOBITS && from + bytes > file.length) refuse(`section ${i} is cut short`);
    return {
      nameAt: view.getUint32(at, true),
      type,
      flags: view.getUint32(at + 8, true),
      link: view.getUint32(at + 40, true),
      info: view.getUint32(at + 44, true),
      bytes: type === ELF.NOBITS ? new Uint8Array(0) : file.subarray(from, from + bytes),
      size: bytes,
    };
  });
  const names = raw[view.getUint16(62, true)]?.bytes ?? refuse("it has no section names");
  const sections = raw.map(({ nameAt, ...rest }): Section => ({
    name: text(names, nameAt),
    ...rest,
  }));
  const table = sections.find(({ type }) => type === ELF.SYMTAB) ??
    refuse("it has no symbol table");
  const strings = sections[table.link]?.bytes ?? refuse("it has no symbol names");
  const symbols = readSymbols(table.bytes, strings, sections);
  return {
    sections,
    symbols,
    relocations: (section) =>
      sections.filter(({ type, info }) => type === ELF.REL && info === section)
        .flatMap(({ bytes }) => readRelocations(bytes, symbols)),
  };
}

/** A string of a string table, up to its zero. */
export function text(bytes: Uint8Array, at: number): string {
  const end = bytes.indexOf(0, at);
  return new TextDecoder().decode(bytes.subarray(at, end < 0 ? bytes.length : end));
}

function readSymbols(
  bytes: Uint8Array,
  strings: Uint8Array,
  sections: readonly Section[],
): Symbol[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  return Array.from({ length: Math.floor(bytes.length / 24) }, (_, i): Symbol => {
    const at = i * 24;
    const [info, section] = [bytes[at + 4]!, view.getUint16(at + 6, true)];
    const named = text(strings, view.getUint32(at, true));
    return {
      name: named === "" ? sections[section]?.name ?? "" : named,
      kind: info & 15,
      bind: info >> 4,
      section,
      value: view.getUint32(at + 8, true),
      size: view.getUint32(at + 16, true),
    };
  });
}

function readRelocations(bytes: Uint8Array, symbols: readonly Symbol[]): Relocation[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  return Array.from({ length: Math.floor(bytes.length / 16) }, (_, i): Relocation => {
    const symbol = symbols[view.getUint32(i * 16 + 12, true)];
    if (symbol === undefined) {
      throw new TypeError("Cannot read eBPF object: a relocation names no symbol");
    }
    return { at: view.getUint32(i * 16, true), type: view.getUint32(i * 16 + 8, true), symbol };
  });
}
