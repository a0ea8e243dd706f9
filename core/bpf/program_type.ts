/**
 * What a kind of program may see and call: the layout of its context and its helpers. The verifier judges by
 * it, the interpreter runs by it; a stack that has programs of a kind (XDP) writes one.
 */
import type { MapType } from "./map_spec.ts";
import type { Vm } from "./vm.ts";

/** What a field of the context reads as: a pointer into the packet, or a number of 32 bits. */
export type ContextField = "data" | "data_end" | "data_meta" | "u32";

/**
 * What a helper expects of an argument, as in struct bpf_func_proto. A `memory` or `uninit` argument is followed
 * by its `size`; `uninit` is written by the helper, `memory?` may be NULL where its size is 0.
 */
export type ArgumentKind =
  | "anything"
  | "ctx"
  | "map"
  | "key"
  | "value"
  | "memory"
  | "memory?"
  | "uninit"
  | "size"
  | "size0";

/** A helper function of the kernel. */
export interface Helper {
  /** Its name, e.g. `bpf_map_lookup_elem`. */
  readonly name: string;
  /** Its arguments, from register 1 on. */
  readonly args: readonly ArgumentKind[];
  /** What register 0 holds afterwards. */
  readonly returns: "number" | "value-or-null";
  /** Kinds of maps that it takes; any that programs may reach where it is left out. */
  readonly maps?: readonly MapType[];
  /** It writes the map: refused where programs may only read. */
  readonly writesMap?: boolean;
  /** Pointers into the packet that were made before it are void. */
  readonly changesPacket?: boolean;
  /** It does not return when it succeeds. */
  readonly tailCall?: boolean;
  /** Does it: arguments in registers 1 to 5, the answer in register 0. */
  run(vm: Vm): void;
}

/** A kind of program. */
export interface ProgramType {
  /** Name, e.g. `xdp`. */
  readonly name: string;
  /** Fields of the context, four bytes each, from offset 0 on. */
  readonly context: readonly ContextField[];
  /** Helpers by number. */
  readonly helpers: ReadonlyMap<number, Helper>;
}

/** A packet as a program sees it. All positions are indices of `bytes`. */
export interface PacketContext {
  /** Where it lies. */
  bytes: Uint8Array;
  /** First byte of the headroom. */
  hardStart: number;
  /** First byte of the metadata; `data` where there is none. */
  dataMeta: number;
  /** First byte. */
  data: number;
  /** Behind the last byte. */
  dataEnd: number;
  /** CPU that the program runs on. */
  cpu: number;
  /** Nanoseconds since boot. */
  nowNs(): number;
  /** A field of kind `u32`, by its place in the context. */
  field(index: number): number;
}
