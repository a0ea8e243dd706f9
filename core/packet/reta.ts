/**
 * The redirection table of RSS (Microsoft: indirection table): the low bits of the hash pick an
 * entry, the entry names the queue. Its size is a power of two, 128 in the 82599 (data sheet,
 * 7.1.2.8), 512 of a physical function of the X710.
 */

/**
 * Fills a table with the queues 0..`queues - 1` in turn, so that no queue has more than one entry
 * more than another: what drivers begin with. O(entries).
 *
 * @throws {RangeError} when the table's length is not a power of two, or `queues` not
 * 1..min(256, length)
 */
export function fillReta(reta: Uint8Array, queues: number): void {
  const n = reta.length;
  if (n === 0 || (n & (n - 1)) !== 0) {
    throw new RangeError(`Cannot fill redirection table: ${n} entries, not a power of two`);
  }
  const most = Math.min(256, n);
  if (!Number.isInteger(queues) || queues < 1 || queues > most) {
    throw new RangeError(`Cannot fill redirection table: ${queues} queues, not 1..${most}`);
  }
  for (let i = 0; i < n; i++) reta[i] = i % queues;
}

/**
 * The queue of a hash. O(1).
 *
 * @example
 * ```ts
 * import { fillReta, retaQueue } from "@planecheck/planecheck/core";
 * import { assertEquals } from "@std/assert";
 *
 * const reta = new Uint8Array(128);
 * fillReta(reta, 16);
 * assertEquals(retaQueue(reta, 0x51ccc178), 0x78 % 16);
 * ```
 */
export function retaQueue(reta: Uint8Array, hash: number): number {
  return reta[hash & (reta.length - 1)]!;
}
