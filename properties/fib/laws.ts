import type { Prefix } from "./ipv4.ts";
import type { FibLawOf } from "./law.ts";
import { operationLaws } from "./laws_operation.ts";
import { readerLaws } from "./laws_readers.ts";
import { tableLaws } from "./laws_table.ts";
import { wholeLaws } from "./laws_whole.ts";

/** Where each law comes from, and what it says of IPv4 alone. */
const SOURCES: Record<string, { clause: string; statement?: string }> = {
  "LPM-1": { clause: "RFC 1812, 5.2.4.3 (2) Longest Match; RFC 4632, 5.1" },
  "LPM-2": { clause: "contract of Fib4.add; DPDK LPM tests: group exhaustion" },
  "LPM-3": { clause: "contract of Fib4.delete; DPDK LPM tests: delete of an absent rule" },
  "LPM-4": { clause: "RFC 4632, 5.1: the longest match depends on the routes alone" },
  "LPM-5": { clause: "contract of Fib4" },
  "LPM-6": { clause: "contract of Fib4; DPDK LPM tests: recycling of groups" },
  "LPM-7": { clause: "RFC 4632, 5.1; RFC 1812, 5.2.4.3 (2)" },
  "LPM-8": {
    clause: "contract of Fib4.add; layout of rte_lpm_tbl_entry: 24 bits of next hop",
    statement:
      "next hops 0 and 2^24-1 are served, whatever is out of range throws and changes nothing",
  },
  "LPM-9": { clause: "contract of Fib4.lookupBulk" },
  "LPM-10": { clause: "contract of Fib4.add" },
  "LPM-11": { clause: "contract of Fib4.walk" },
  "LPM-13": { clause: "contract of Fib4.reads; the ledger of the structure" },
  "LPM-14": {
    clause: "RFC 4632, 5.1, exhaustively: 2^7 sets, 14 operations each, across each boundary",
  },
  "LPM-16": {
    clause:
      "RFC 4632, 5.1, on 800 routes with the lengths of the global table, grown and withdrawn",
  },
  "LPM-17": { clause: "contract of Fib4.clear" },
};

/** A law of IPv4 forwarding tables. */
export type FibLaw = FibLawOf<number, Prefix>;

/** The laws of IPv4 forwarding tables, in the order of their numbers. */
export const fibLaws: readonly FibLaw[] = [
  ...readerLaws,
  ...[...operationLaws, ...tableLaws, ...wholeLaws].map((law) => ({ ...law, ...SOURCES[law.id]! })),
].sort((a, b) => Number(a.id.slice(4)) - Number(b.id.slice(4)));
