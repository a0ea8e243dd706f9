import { Bspl, type BsplOptions } from "./bspl.ts";
import { Dir24_8 } from "./dir24_8.ts";
import { Dir24_8Byte, type Dir24_8ByteOptions } from "./dir24_8_byte.ts";
import type { Dir24_8Options } from "./dir24_8_options.ts";
import { Dir24_8Compact, type Dir24_8CompactOptions } from "./dir24_8_compact.ts";
import { Dxr, type DxrOptions } from "./dxr.ts";
import type { Fib4 } from "./fib.ts";
import { LcTrie, type LcTrieOptions } from "./lc_trie.ts";
import { LinearFib, type LinearFibOptions } from "./linear.ts";
import { Mtrie, type MtrieOptions } from "./mtrie.ts";
import { Poptrie, type PoptrieOptions } from "./poptrie.ts";
import { StateJump, type StateJumpOptions } from "./state_jump.ts";

/** Names of the IPv4 tables that `createFib4` makes. */
export const FIB4_KINDS = [
  "linear",
  "dir24-8",
  "mtrie",
  "lc-trie",
  "state-jump",
  "bspl",
  "poptrie",
  "dxr",
  "dir24-8-compact",
  "dir24-8-byte",
] as const;

/** Name of an IPv4 table. */
export type Fib4Kind = typeof FIB4_KINDS[number];

/**
 * What a table is made with; a kind takes what concerns it. Left out, a DIR-24-8 is the faithful
 * one: 24 bits, 4096 groups (a full BGP table needs 1282 of them), 2^21 rules, with a default
 * route.
 */
export type Fib4Options =
  & Partial<Dir24_8Options>
  & LinearFibOptions
  & MtrieOptions
  & LcTrieOptions
  & StateJumpOptions
  & BsplOptions
  & PoptrieOptions
  & DxrOptions
  & Dir24_8CompactOptions
  & Dir24_8ByteOptions;

/**
 * Makes an IPv4 forwarding table by name.
 * @throws {RangeError} when there is no such kind, or an option is out of range
 *
 * @example
 * ```ts
 * import { createFib4 } from "@planecheck/planecheck/core";
 * import { assertEquals } from "@std/assert";
 *
 * const fib = createFib4("dir24-8", { firstBits: 16, groups: 8, maxRules: 1000 });
 * fib.add(0, 0, 9); // a default route
 * assertEquals(fib.lookup(0x08080808), 9);
 * ```
 */
export function createFib4(kind: Fib4Kind, options: Fib4Options = {}): Fib4 {
  switch (kind) {
    case "linear":
      return new LinearFib(options);
    case "dir24-8":
      return new Dir24_8({
        firstBits: options.firstBits ?? 24,
        groups: options.groups ?? 4096,
        maxRules: options.maxRules ?? 2 ** 21,
        defaultRoute: options.defaultRoute ?? true,
        shared: options.shared,
        readers: options.readers ?? 1,
      });
    case "mtrie":
      return new Mtrie(options);
    case "lc-trie":
      return new LcTrie(options);
    case "state-jump":
      return new StateJump(options);
    case "bspl":
      return new Bspl(options);
    case "poptrie":
      return new Poptrie(options);
    case "dxr":
      return new Dxr(options);
    case "dir24-8-compact":
      return new Dir24_8Compact(options);
    case "dir24-8-byte":
      return new Dir24_8Byte(options);
    default:
      throw new RangeError(
        `Cannot create Fib4: kind "${kind}" is not one of ${FIB4_KINDS.join(", ")}`,
      );
  }
}

/**
 * How many of the first `n` addresses take 0, 1, 2, ... dependent reads: what a model of a memory
 * charges for, and what tests may assert where nanoseconds vary.
 *
 * @example
 * ```ts
 * import { createFib4, readsHistogram } from "@planecheck/planecheck/core";
 * import { assertEquals } from "@std/assert";
 *
 * const fib = createFib4("dir24-8", { firstBits: 16, groups: 2, maxRules: 8 });
 * fib.add(0x0a010203, 32, 1);
 * const addresses = Uint32Array.of(0x0a010203, 0x0a010103, 0x08080808);
 * assertEquals(readsHistogram(fib, addresses), [0, 1, 1, 1]);
 * ```
 */
export function readsHistogram(
  fib: Fib4,
  addresses: Uint32Array,
  n: number = addresses.length,
): number[] {
  if (!Number.isInteger(n) || n < 0 || n > addresses.length) {
    throw new RangeError(`Cannot count reads: n ${n} does not fit ${addresses.length} addresses`);
  }
  const counts: number[] = [0];
  for (let i = 0; i < n; i++) {
    const reads = fib.reads(addresses[i]!);
    while (counts.length <= reads) counts.push(0);
    counts[reads]!++;
  }
  return counts;
}
