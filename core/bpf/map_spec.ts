/** What a map is declared as: the fields of struct bpf_map_def, by name. */

/** Kinds of maps with the numbers of enum bpf_map_type (include/uapi/linux/bpf.h). */
export const MAP_TYPES = {
  hash: 1,
  array: 2,
  prog_array: 3,
  percpu_hash: 5,
  percpu_array: 6,
  lru_hash: 9,
  lpm_trie: 11,
  devmap: 14,
  cpumap: 16,
  xskmap: 17,
  devmap_hash: 25,
} as const;

/** Name of a kind of map. */
export type MapType = keyof typeof MAP_TYPES;

/** The declaration of a map. */
export interface MapSpec {
  /** Name of its variable. */
  readonly name: string;
  /** Its kind. */
  readonly type: MapType;
  /** Bytes of a key. */
  readonly keySize: number;
  /** Bytes of a value. */
  readonly valueSize: number;
  /** Entries at most. */
  readonly maxEntries: number;
  /** BPF_F_* flags of its creation. */
  readonly flags: number;
  /** First contents, of a section of global data. */
  readonly data?: Uint8Array;
  /** Whether programs may not write it (.rodata). */
  readonly readOnly?: boolean;
}

/** BPF_F_NO_PREALLOC: entries are allocated as they come; mandatory for an LPM trie. */
export const BPF_F_NO_PREALLOC = 1;
/** Update flags: create or replace, create only, replace only. */
export const BPF_ANY = 0;
/** Create only. */
export const BPF_NOEXIST = 1;
/** Replace only. */
export const BPF_EXIST = 2;

/** Error numbers that maps and helpers answer. */
export const ERRNO = {
  ENOENT: 2,
  E2BIG: 7,
  EEXIST: 17,
  ENODEV: 19,
  EINVAL: 22,
  ENOSPC: 28,
  EOPNOTSUPP: 95,
} as const;

const LIMITS = { keySize: 512, valueSize: 1 << 20, maxEntries: 1 << 22 } as const;
/** Kinds with a key of one 32-bit index. */
const INDEXED: readonly MapType[] = [
  "array",
  "percpu_array",
  "prog_array",
  "devmap",
  "cpumap",
  "xskmap",
];
/** Kinds whose values name objects of the kernel, and which sizes of value they have. */
export const OBJECT_VALUES: { readonly [type in MapType]?: readonly number[] } = {
  prog_array: [4],
  xskmap: [4],
  devmap: [4, 8],
  devmap_hash: [4, 8],
  cpumap: [4, 8],
};

/** Whether a map's keys are indices 0..maxEntries-1. */
export function isIndexed(type: MapType): boolean {
  return INDEXED.includes(type);
}

/**
 * Checks a declaration as BPF_MAP_CREATE does.
 * @throws {RangeError} when a size is out of range or does not fit the kind
 */
export function checkMapSpec(spec: MapSpec): void {
  const refuse = (why: string): never => {
    throw new RangeError(`Cannot create map ${spec.name} (${spec.type}): ${why}`);
  };
  for (const field of ["keySize", "valueSize", "maxEntries"] as const) {
    const value = spec[field];
    if (!(Number.isInteger(value) && value >= 1 && value <= LIMITS[field])) {
      refuse(`${field} ${value} is not an integer in 1..${LIMITS[field]}`);
    }
  }
  const sizes = OBJECT_VALUES[spec.type];
  if ((isIndexed(spec.type) || sizes !== undefined) && spec.keySize !== 4) {
    refuse(`keySize ${spec.keySize}, expected 4`);
  }
  if (sizes !== undefined && !sizes.includes(spec.valueSize)) {
    refuse(`valueSize ${spec.valueSize}, expected ${sizes.join(" or ")}`);
  }
  if (spec.type !== "lpm_trie") return;
  if ((spec.flags & BPF_F_NO_PREALLOC) === 0) refuse("it lacks BPF_F_NO_PREALLOC");
  // key {prefixlen, data}: 8 to 2048 bits (kernel/bpf/lpm_trie.c, LPM_DATA_SIZE_MIN and _MAX)
  if (spec.keySize < 5 || spec.keySize > 4 + 256) {
    refuse(`keySize ${spec.keySize} is not in 5..260`);
  }
}
