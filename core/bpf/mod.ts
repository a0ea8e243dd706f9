/** eBPF: object files, maps, verifier, interpreter. */
export { Bpf, type BpfOptions, type LoadedObject } from "./bpf.ts";
export { BASE_HELPERS } from "./helpers.ts";
export { Code } from "./isa.ts";
export { type BpfMap, createMap } from "./map.ts";
export { u32 } from "./_map_parts.ts";
export {
  BPF_ANY,
  BPF_EXIST,
  BPF_F_NO_PREALLOC,
  BPF_NOEXIST,
  ERRNO,
  MAP_TYPES,
  type MapSpec,
  type MapType,
} from "./map_spec.ts";
export { type BpfObject, type MapReference, type ProgramSpec, readBpfObject } from "./object.ts";
export { Program } from "./program.ts";
export type {
  ArgumentKind,
  ContextField,
  Helper,
  PacketContext,
  ProgramType,
} from "./program_type.ts";
export { type Verification, VERIFIER_BUDGET, verify } from "./verifier.ts";
export { Vm } from "./vm.ts";
