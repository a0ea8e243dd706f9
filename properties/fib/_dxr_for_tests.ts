// What a DXR table reads and takes, by models that know neither bits nor sweeps. No test of its own.
import type { FibLedger, Route } from "./mod.ts";
import { mixedBlocks, runsOf } from "./_runs_for_tests.ts";
import type { Dxr } from "../../core/fib/dxr.ts";

/** The direct entry; then the halvings of the ranges and the answer, and the count of an XL run. */
export function dxrLedger(directBits: number): FibLedger<Dxr> {
  const size = 2 ** (32 - directBits);
  return {
    needs: () => 0,
    uses: () => 0,
    reads: (routes, address) => {
      const ranges = runsOf(routes, Math.floor(address / size) * size, size).length;
      if (ranges === 1) return 1;
      return 2 + Math.ceil(Math.log2(ranges)) + (ranges >= 512 ? 1 : 0);
    },
  };
}

/**
 * Bytes by the source: 4 a direct entry; each different run once, its ranges of 2 or 4 bytes in
 * words of 4, with one more word when there are 512 or more.
 */
export function dxrBytes(routes: readonly Route[], directBits: number): number {
  const size = 2 ** (32 - directBits);
  const runs = new Map<string, number>();
  for (const first of mixedBlocks(routes, directBits)) {
    const ranges = runsOf(routes, first, size).map(([start, hop]) => [start - first, hop] as const);
    const isShort = ranges.length < 512 &&
      ranges.every(([start, hop]) => start % 256 === 0 && hop <= 2 ** (directBits - 8) - 2);
    const words = isShort
      ? Math.ceil(ranges.length / 2)
      : ranges.length + (ranges.length >= 512 ? 1 : 0);
    runs.set(ranges.join(), 4 * words);
  }
  return 4 * 2 ** directBits + [...runs.values()].reduce((sum, bytes) => sum + bytes, 0);
}
