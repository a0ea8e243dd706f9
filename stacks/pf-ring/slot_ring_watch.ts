/** What a slot ring tells whoever looks on at it. */
import type { PacketMemory } from "../../core/memory/memory.ts";
import type { PktHdr } from "./pkthdr.ts";

/** Where a slot lies. */
export interface SlotAt {
  readonly off: number;
  readonly bytes: number;
}

/** Told of what a ring does, for its audit. */
export interface SlotRingWatch {
  inserted(memory: PacketMemory, buffer: number, hdr: PktHdr, at: SlotAt, nowPs: number): void;
  lost(nowPs: number): void;
  removed(at: SlotAt, nowPs: number): void;
}
