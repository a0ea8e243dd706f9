/** The objects of this folder, read once. */
import { type BpfObject, readBpfObject } from "../../../core/bpf/mod.ts";
import { XDP_BENCH_OBJECT } from "./xdp_bench.ts";
import { XDP_FORWARD_OBJECT } from "./xdp_forward.ts";

/** Bytes of an object that was written down in base64. */
export function objectBytes(base64: string): Uint8Array {
  return Uint8Array.from(atob(base64.replaceAll("\n", "")), (char) => char.charCodeAt(0));
}

/** xdp_forward.c. */
export const FORWARD: BpfObject = readBpfObject(objectBytes(XDP_FORWARD_OBJECT));
/** xdp_bench.c. */
export const BENCH: BpfObject = readBpfObject(objectBytes(XDP_BENCH_OBJECT));
