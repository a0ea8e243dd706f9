/**
 * Maps as BTF describes them: variables of section .maps whose type is a structure with the members type, key,
 * value, key_size, value_size, max_entries, map_flags. A number is coded as the length of an array behind a
 * pointer (`__uint`), a type as a pointer to it (`__type`).
 * Source: Linux Documentation/bpf/btf.rst; libbpf bpf_helpers.h.
 */
import { text } from "./_elf.ts";
import { MAP_TYPES, type MapSpec, type MapType } from "./map_spec.ts";

const KIND = {
  INT: 1,
  PTR: 2,
  ARRAY: 3,
  STRUCT: 4,
  UNION: 5,
  ENUM: 6,
  FUNC_PROTO: 13,
  VAR: 14,
  DATASEC: 15,
  FLOAT: 16,
  DECL_TAG: 17,
  ENUM64: 19,
} as const;
/** Kinds that only lead on to another type: typedef, volatile, const, restrict, type tag. */
const QUALIFIERS: readonly number[] = [8, 9, 10, 11, 18];
const BTF_MAGIC = 0xeb9f;

interface Type {
  readonly name: string;
  readonly kind: number;
  readonly vlen: number;
  /** Bytes, or number of another type. */
  readonly size: number;
  /** Where what follows the common part lies. */
  readonly at: number;
}

/** The map declarations of a .BTF section, by the name of their variable. */
export function mapsOfBtf(btf: Uint8Array): Map<string, MapSpec> {
  const reader = new Btf(btf);
  const maps = new Map<string, MapSpec>();
  for (const { kind, name, vlen, at } of reader.types) {
    if (kind !== KIND.DATASEC || name !== ".maps") continue;
    for (let i = 0; i < vlen; i++) {
      const spec = reader.map(reader.u32(at + i * 12));
      maps.set(spec.name, spec);
    }
  }
  return maps;
}

class Btf {
  readonly types: Type[] = [{ name: "void", kind: 0, vlen: 0, size: 0, at: 0 }];
  readonly #view: DataView;
  readonly #bytes: Uint8Array;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    if (bytes.length < 24 || this.#view.getUint16(0, true) !== BTF_MAGIC) {
      throw new TypeError("Cannot read eBPF object: section .BTF is not BTF");
    }
    const head = this.u32(4);
    const from = head + this.u32(8);
    const end = from + this.u32(12);
    const strings = bytes.subarray(head + this.u32(16), head + this.u32(16) + this.u32(20));
    if (end > bytes.length) {
      throw new TypeError("Cannot read eBPF object: section .BTF is cut short");
    }
    for (let at = from; at < end;) {
      const info = this.u32(at + 4);
      const [kind, vlen] = [(info >> 24) & 31, info & 0xffff];
      const name = text(strings, this.u32(at));
      this.types.push({ name, kind, vlen, size: this.u32(at + 8), at: at + 12 });
      at += 12 + extraBytes(kind, vlen);
    }
    this.#strings = strings;
  }
  readonly #strings: Uint8Array;

  u32(at: number): number {
    return this.#view.getUint32(at, true);
  }

  /** The declaration that variable `id` is. */
  map(id: number): MapSpec {
    const variable = this.types[id]!;
    const struct = this.#resolve(variable.size);
    const fields = new Map<string, number>();
    for (let i = 0; i < struct.vlen; i++) {
      const at = struct.at + i * 12;
      const name = text(this.#strings, this.u32(at));
      const pointed = this.#resolve(this.#resolve(this.u32(at + 4)).size);
      if (name === "key" || name === "value") fields.set(`${name}_size`, this.#sizeOf(pointed));
      else fields.set(name, pointed.kind === KIND.ARRAY ? this.u32(pointed.at + 8) : 0);
    }
    return specOf(variable.name, fields);
  }

  #resolve(id: number): Type {
    let type = this.types[id]!;
    while (QUALIFIERS.includes(type.kind)) type = this.types[type.size]!;
    return type;
  }

  #sizeOf(type: Type): number {
    if (type.kind === KIND.PTR) return 8;
    if (type.kind !== KIND.ARRAY) return type.size;
    return this.u32(type.at + 8) * this.#sizeOf(this.#resolve(this.u32(type.at)));
  }
}

/** A declaration out of the fields that its source has, under the names of struct bpf_map_def. */
export function specOf(name: string, fields: ReadonlyMap<string, number>): MapSpec {
  const number = fields.get("type");
  const type = (Object.keys(MAP_TYPES) as MapType[]).find((one) => MAP_TYPES[one] === number);
  if (type === undefined) {
    throw new TypeError(
      `Cannot read eBPF object: map ${name} is of type ${number}, which is unknown`,
    );
  }
  return {
    name,
    type,
    keySize: fields.get("key_size") ?? 0,
    valueSize: fields.get("value_size") ?? 0,
    maxEntries: fields.get("max_entries") ?? 0,
    flags: fields.get("map_flags") ?? 0,
  };
}

/** Bytes behind the common part of a type. */
function extraBytes(kind: number, vlen: number): number {
  switch (kind) {
    case KIND.INT:
    case KIND.VAR:
    case KIND.DECL_TAG:
      return 4;
    case KIND.ARRAY:
      return 12;
    case KIND.STRUCT:
    case KIND.UNION:
    case KIND.DATASEC:
    case KIND.ENUM64:
      return 12 * vlen;
    case KIND.ENUM:
    case KIND.FUNC_PROTO:
      return 8 * vlen;
    default:
      return 0;
  }
}
