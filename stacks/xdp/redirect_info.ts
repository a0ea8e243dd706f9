/**
 * bpf_redirect_info of a CPU: what bpf_redirect or bpf_redirect_map stored, until the driver asks for it. Source:
 * include/linux/filter.h, net/core/filter.c.
 */
import type { BpfMap } from "../../core/bpf/mod.ts";

/** The target of the frame in hand. */
export interface RedirectInfo {
  /** The map, or null where bpf_redirect named an interface. */
  map: BpfMap | null;
  /** Key in the map, or the interface. */
  index: number;
  /** Offset of the map's value at that time. */
  slot: number;
}

/** No target. */
export function newRedirectInfo(): RedirectInfo {
  return { map: null, index: -1, slot: -1 };
}

/** The word of a map value at `at`, least significant byte first. */
export function wordAt(bytes: Uint8Array, at: number): number {
  return (bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24)) >>>
    0;
}
