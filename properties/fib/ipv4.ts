import type { Fib4 } from "../../core/fib/fib.ts";
import { bgpLikeRoutes } from "./bgp_like.ts";
import { type Family, type Needs, routeText, type Table } from "./family.ts";
import type { ReaderOf } from "./law.ts";
import { RouteList } from "./model.ts";
import type { FibReader, Watch } from "./watched.ts";
import type { FibLedger } from "./ledger.ts";
import { NEXT_HOP_LAST } from "./scenario.ts";

/** An IPv4 prefix. Addresses are numbers; there are neither masks nor shifts here. */
export interface Prefix {
  /** First address that it covers. */
  readonly prefix: number;
  /** Its length, 0..32. */
  readonly depth: number;
}

/** One route of the model. */
export interface Route extends Prefix {
  /** Index of the next hop. */
  readonly nextHop: number;
}

/** How many addresses a prefix of each depth covers; a power is slow where there are millions. */
const SPANS = Array.from({ length: 33 }, (_, depth) => 2 ** (32 - depth));

/** First address of the prefix of this depth that `address` lies in. */
export function firstOf(address: number, depth: number): number {
  const span = SPANS[depth]!;
  return Math.floor(address / span) * span;
}

/** Last address of the prefix of this depth that `address` lies in. */
export function lastOf(address: number, depth: number): number {
  return firstOf(address, depth) + SPANS[depth]! - 1;
}

/** `10.0.0.1`. */
export function addressText(address: number): string {
  const bytes = [2 ** 24, 2 ** 16, 2 ** 8, 1].map((unit) => Math.floor(address / unit) % 256);
  return bytes.join(".");
}

/** IPv4 to the laws. */
export const IPV4: Family<number, Prefix> = {
  width: 32,
  words: 1,
  nextHopLast: NEXT_HOP_LAST,
  sample: 0xac15a9b4,
  readsPerStep: Infinity,
  prefixOf: (address, depth) => ({ prefix: firstOf(address, depth), depth }),
  depthOf: ({ depth }) => depth,
  covers: ({ prefix, depth }, address) => prefix <= address && address < prefix + SPANS[depth]!,
  compare: (one, other) => one.prefix - other.prefix || one.depth - other.depth,
  first: ({ prefix }) => prefix,
  last: ({ prefix, depth }) => lastOf(prefix, depth),
  inside: ({ prefix, depth }) => prefix + Math.floor(2 ** (32 - depth) / 3),
  before: (address) => address === 0 ? undefined : address - 1,
  after: (address) => address === 2 ** 32 - 1 ? undefined : address + 1,
  text: addressText,
  write: (addresses, i, address) => addresses[i] = address,
  target: (_, { depth, flip }, from) => [(from ^ flip) >>> 0, depth],
  bgpLike: (seed, shortest) => {
    return { routes: bgpLikeRoutes(800, seed, shortest), gone: 500, stepwise: false };
  },
};

/** `10.0.0.0/8`. */
export function routeText4(address: number, depth: number): string {
  return routeText(IPV4, IPV4.prefixOf(address, depth));
}

/** An empty list of IPv4 routes. */
export function routeList4(): RouteList<number, Prefix> {
  return new RouteList(IPV4);
}

/** An IPv4 table, and what looks up in it while it changes. */
export interface Table4 extends Table<number> {
  /** Makes the reader of a table that is new, if there is one. */
  readonly read: ((watch: Watch) => FibReader) | undefined;
}

/** An IPv4 table as the laws call it. */
export function tableOf4<F extends Fib4>(
  fib: F,
  ledger: FibLedger<F> | undefined,
  readerOf: ReaderOf<F> | undefined,
): Table4 {
  return {
    read: readerOf && ((watch) => readerOf(fib, watch)),
    get size() {
      return fib.size;
    },
    get bytesOccupied() {
      return fib.bytesOccupied;
    },
    get bytesReserved() {
      return fib.bytesReserved;
    },
    add: (address, depth, nextHop) => fib.add(address, depth, nextHop),
    delete: (address, depth) => fib.delete(address, depth),
    lookup: (address) => fib.lookup(address),
    lookupAt: (addresses, i) => fib.lookup(addresses[i]!),
    lookupBulk: (addresses, nextHops, n) => fib.lookupBulk(addresses, nextHops, n),
    reads: (address) => fib.reads(address),
    walk: (visit) => fib.walk(visit),
    clear: () => fib.clear(),
    wrongCalls: (_, bad) =>
      bad.flatMap((wrong) => [
        [`add with prefix ${wrong}`, () => fib.add(wrong, 24, 1)],
        [`delete with prefix ${wrong}`, () => fib.delete(wrong, 24)],
      ]),
    uses: () => ledger?.uses(fib) ?? 0,
    touched: () => ledger?.touched?.(fib) ?? 0,
  };
}

/** What a ledger of an IPv4 table says to the laws. */
export function needsOf4<F extends Fib4>(
  ledger: FibLedger<F> | undefined,
): Needs<number, Prefix> | undefined {
  if (ledger === undefined) return undefined;
  const { needs, reads, touched, touchLimit } = ledger;
  return {
    needs,
    limited: true,
    counted: touched !== undefined,
    reads,
    touchLimit: touchLimit &&
      ((before, after, { prefix, depth }) => touchLimit(before, after, prefix, depth)),
  };
}
