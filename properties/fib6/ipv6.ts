import type { Fib6 } from "../../core/fib/fib6.ts";
import { bgpLikeTable6 } from "../../fixtures/routes/bgp_like6.ts";
import { shuffled } from "../fib/bgp_like.ts";
import type { Family, Needs, Table } from "../fib/family.ts";
import type { FibKit, FibLawOf } from "../fib/law.ts";
import { operationLaws } from "../fib/laws_operation.ts";
import { tableLaws } from "../fib/laws_table.ts";
import { wholeLaws } from "../fib/laws_whole.ts";
import type { Fib6Ledger } from "./ledger.ts";
import {
  addressText6,
  after6,
  before6,
  bitsOf6,
  firstOf6,
  flipped6,
  lastOf6,
  type Prefix6,
  wordsOf6,
} from "./model.ts";
import { NEXT_HOP6_LAST } from "./scenario.ts";

/** An address whose words have either sign, and no two alike. */
const SAMPLE = [0xa5c3_9e17, 0x3c96_f00d, 0xd31b_6e59, 0x58e2_94b7]
  .map((word) => word.toString(2).padStart(32, "0")).join("");

/** IPv6 to the laws: 128 binary digits are an address. */
export const IPV6: Family<string, Prefix6> = {
  width: 128,
  words: 4,
  nextHopLast: NEXT_HOP6_LAST,
  sample: SAMPLE,
  // The ledgers are slow.
  readsPerStep: 12,
  prefixOf: (address, depth) => ({ bits: address.slice(0, depth) }),
  depthOf: ({ bits }) => bits.length,
  // The last digit tells half of the prefixes that do not cover, for less than a comparison of all.
  covers: ({ bits }, address) =>
    bits.charCodeAt(bits.length - 1) === address.charCodeAt(bits.length - 1) &&
      address.startsWith(bits) || bits === "",
  // Texts in ascending order are prefixes in ascending (first address, depth).
  compare: ({ bits: one }, { bits: other }) => one < other ? -1 : one > other ? 1 : 0,
  first: ({ bits }) => firstOf6(bits),
  last: ({ bits }) => lastOf6(bits),
  inside: ({ bits }) => bits.padEnd(128, "01"),
  before: before6,
  after: after6,
  text: addressText6,
  write: (addresses, i, address) => addresses.set(wordsOf6(address), 4 * i),
  target: ({ depths }, { depth: pick, flip }, from) => {
    const depth = depths![pick % depths!.length]!;
    const digit = flip < 128 ? flip : depth - 1 - (flip - 128);
    return [firstOf6(flipped6(from, digit).slice(0, depth)), depth];
  },
  bgpLike: (seed) => {
    const table = bgpLikeTable6({ routes: 300, seed });
    const routes = Array.from({ length: table.count }, (_, i) => ({
      bits: bitsOf6(table.prefix.slice(4 * i, 4 * i + 4)).slice(0, table.depth[i]!),
      nextHop: table.nextHop[i]!,
    }));
    return { routes: shuffled(routes, seed), gone: 200, stepwise: true };
  },
};

/** The words of addresses that were met lately: tables are called with the same ones over and over. */
const made = new Map<string, Uint32Array>();

function wordsOf(address: string): Uint32Array {
  let words = made.get(address);
  if (words !== undefined) return words;
  if (made.size === 2 ** 13) made.clear();
  made.set(address, words = wordsOf6(address));
  return words;
}

/** An IPv6 table as the laws call it. */
export function tableOf6<F extends Fib6>(fib: F, ledger: Fib6Ledger<F> | undefined): Table<string> {
  return {
    get size() {
      return fib.size;
    },
    get bytesOccupied() {
      return fib.bytesOccupied;
    },
    get bytesReserved() {
      return fib.bytesReserved;
    },
    add: (address, depth, nextHop) => fib.add(wordsOf(address), depth, nextHop),
    delete: (address, depth) => fib.delete(wordsOf(address), depth),
    lookup: (address) => fib.lookup(wordsOf(address), 0),
    lookupAt: (addresses, i) => fib.lookup(addresses, 4 * i),
    lookupBulk: (addresses, nextHops, n) => fib.lookupBulk(addresses, nextHops, n),
    reads: (address) => fib.reads(wordsOf(address), 0),
    walk: (visit) => fib.walk((prefix, depth, nextHop) => visit(bitsOf6(prefix), depth, nextHop)),
    clear: () => fib.clear(),
    wrongCalls: (address, bad) => {
      const words = wordsOf(address);
      return [
        ...[...bad, 1].flatMap((wrong): [string, () => unknown][] => [
          [`add of four words from ${wrong} of four`, () => fib.add(words, 64, 1, wrong)],
          [`delete of four words from ${wrong} of four`, () => fib.delete(words, 64, wrong)],
        ]),
        ["add of three words", () => fib.add(words.slice(1), 64, 1)],
      ];
    },
    uses: () => ledger?.uses(fib) ?? 0,
    touched: () => 0,
  };
}

/** What a ledger of an IPv6 table says to the laws. */
export function needsOf6<F extends Fib6>(
  ledger: Fib6Ledger<F> | undefined,
): Needs<string, Prefix6> | undefined {
  if (ledger === undefined) return undefined;
  const { needs, limited, reads } = ledger;
  return { needs, limited, counted: limited, reads, touchLimit: undefined };
}

/** Where each law comes from, and what it says of IPv6 alone. */
const SOURCES: Record<string, { clause: string; statement?: string }> = {
  "LPM-1": {
    clause: "RFC 4291, 2.3; RFC 7608, 3: a router matches the longest prefix of any length to 128",
  },
  "LPM-2": {
    clause:
      "contract of Fib6.add; DPDK LPM6 tests: group exhaustion in mid-insert and in mid-extension",
  },
  "LPM-3": { clause: "contract of Fib6.delete; DPDK LPM6 tests: delete of an absent rule" },
  "LPM-4": { clause: "RFC 7608, 3: the longest match depends on the routes alone" },
  "LPM-5": { clause: "contract of Fib6" },
  "LPM-6": { clause: "contract of Fib6; DPDK FIB6 tests: reservation counters after churn" },
  "LPM-7": { clause: "RFC 7608, 3: prefixes of every length, from /0" },
  "LPM-8": {
    clause: "contract of Fib6.add; layout of rte_lpm6_tbl_entry: 21 bits of next hop",
    statement:
      "next hops 0 and 2^21-1 are served, whatever is out of range throws and changes nothing",
  },
  "LPM-9": { clause: "contract of Fib6.lookupBulk" },
  "LPM-10": { clause: "contract of Fib6.add" },
  "LPM-11": { clause: "contract of Fib6.walk" },
  "LPM-13": {
    clause: "contract of Fib6.reads; the ledger of the structure",
    statement: "no look-up reads more entries than the structure states",
  },
  "LPM-14": {
    clause: "RFC 7608, 3, exhaustively: 2^7 sets, 14 operations each, across levels and words",
  },
  "LPM-16": {
    clause: "RFC 7608, 3, on routes with the lengths of the global table, grown and withdrawn",
  },
  "LPM-17": { clause: "contract of Fib6.clear" },
};

/** A law of IPv6 forwarding tables. */
export type Fib6Law = FibLawOf<string, Prefix6>;

/** The law that IPv6 alone has. */
const chainLaw: Fib6Law = {
  id: "LPM-15",
  statement: "all 129 depths nested in one another are told apart, in every word and sign",
  clause: "RFC 7608, 3: any length up to 128; DPDK LPM6 tests: depths 1 to 128 on one base",
  judged: "once",
  check: checkChain,
};

/** The laws of IPv6 forwarding tables, in the order of their numbers. */
export const fib6Laws: readonly Fib6Law[] = [
  chainLaw,
  ...[...operationLaws, ...tableLaws, ...wholeLaws]
    .map((law) => ({ ...law, ...SOURCES[law.id]! })),
].sort((a, b) => Number(a.id.slice(4)) - Number(b.id.slice(4)));

function checkChain(kit: FibKit<string, Prefix6>): void {
  const chain = Array.from({ length: 129 }, (_, depth) => depth).filter((depth) =>
    depth === 0 || depth >= kit.shortest
  );
  // Each base with an order of its own: growing, shrinking, mixed, and the corners of the words.
  const bases = [SAMPLE, flipped6(SAMPLE, 0), "1".repeat(128), "0".repeat(128)];
  bases.forEach((base, n) => {
    const routes = chain.map((depth) => ({ bits: base.slice(0, depth), nextHop: depth }));
    const order = n === 0 ? routes : n === 1 ? [...routes].reverse() : shuffled(routes, n);
    // The address that leaves the chain at digit i has the first i digits and no more.
    const addresses = [base, ...Array.from({ length: 128 }, (_, i) => flipped6(base, i))];
    const rig = kit.openFor(routes);
    order.forEach((route, i) => {
      if (!rig.add(route, route.nextHop).got) rig.fail("expected all 129 depths to fit");
      kit.operations++;
      if (i % 16 === 0 || i === order.length - 1) rig.checkAnswers(addresses);
    });
    for (const route of order.filter((_, i) => i % 3 > 0)) {
      if (!rig.delete(route).got) rig.fail("expected that route to be there");
      kit.operations++;
    }
    rig.checkAnswers(addresses);
  });
}
