/**
 * The memories of a programmable NIC, fast and small to slow and large, and where a table goes: into the fastest that
 * holds it whole. What a read costs follows from that, so a firmware that grows its table out of a memory pays for
 * every read of it.
 */

/** One memory of a NIC. */
export interface NicMemory {
  /** Its maker's name for it. */
  readonly name: string;
  /** How much it holds. */
  readonly bytes: number;
  /** Cycles of the NIC's processors from a read to its answer. */
  readonly cycles: number;
}

/**
 * The fastest memory that holds a table of `bytes` bytes. O(memories).
 *
 * @throws {RangeError} when none does, naming the largest
 * @example
 * ```ts
 * import { nicMemoryFor } from "@planecheck/planecheck/core";
 * import { machineProfile, paperHost } from "@planecheck/planecheck/fixtures";
 * import { assertEquals } from "@std/assert";
 *
 * const memories = machineProfile(paperHost).nicMemories!;
 * const names = [65_536, 65_537, 3_000_000, 5_000_000].map((b) => nicMemoryFor(memories, b).name);
 * assertEquals(names, ["CLS", "CTM", "IMEM", "EMEM"]);
 * ```
 */
export function nicMemoryFor(memories: readonly NicMemory[], bytes: number): NicMemory {
  let best: NicMemory | null = null;
  let largest = 0;
  for (const memory of memories) {
    if (memory.bytes > largest) largest = memory.bytes;
    if (memory.bytes >= bytes && (best === null || memory.cycles < best.cycles)) best = memory;
  }
  if (best !== null) return best;
  throw new RangeError(
    `Cannot place a table of ${bytes} bytes: the largest memory of the NIC holds ${largest}`,
  );
}
