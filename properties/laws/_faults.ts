/** Findings of the ledgers, by the law that they break. */
import type { Fault, FaultKind, Observation } from "../../core/machine/observation.ts";
import type { Verdict } from "../law.ts";
import { broken, KEPT, notJudged, placeName, time } from "./_text.ts";

/** Laws that findings of the ledgers can break. */
export type LedgerLaw = "LOSS-2" | "POOL-3" | "NIC-1" | "NIC-2" | "NIC-3" | "NIC-4" | "NIC-5";

/** Each kind of finding: the law it breaks, and how it is said. `by` did it, `had` had the buffer. */
const KINDS: {
  readonly [kind in FaultKind]: readonly [
    law: LedgerLaw,
    say: (buffer: string, by: string, had: string) => string,
  ];
} = {
  "double-free": ["POOL-3", (b, by, had) => `${by} freed ${b}, which ${had} had freed already`],
  "foreign-free": ["POOL-3", (b, by, had) => `${by} freed ${b} of ${had} into a foreign pool`],
  "use-after-free": ["POOL-3", (b, by, had) => `${by} used ${b} after ${had} had freed it`],
  "posted-twice": ["NIC-1", (b, by, had) => `${by} handed on ${b}, which ${had} still owned`],
  "completed-unposted": [
    "NIC-1",
    (b, by, had) => `${by} took ${b} back from a device, but ${had} owned it: it was not posted`,
  ],
  "completed-twice": ["NIC-1", (b, by) => `${by} reported ${b} done a second time`],
  "done-without-data": [
    "NIC-4",
    (b, by) => `${by} took ${b} as received, but no packet had landed in it`,
  ],
  "freed-posted": [
    "NIC-3",
    (b, by, had) => `${by} touched ${b} while ${had} had it, before it was completed`,
  ],
  "overwritten": [
    "NIC-3",
    (b, by, had) => `${by} overwrote ${b}, held by ${had}, before anything had become of it`,
  ],
  "tail-past-head": [
    "NIC-2",
    (_, by) => `a doorbell moved the tail of ${by} past its head, or out of the ring`,
  ],
  "read-unposted": [
    "NIC-5",
    (b, by, had) => `${by} read a descriptor of ${had} that names ${b}, which was not posted`,
  ],
  "second-fate": ["LOSS-2", (b, by, had) => `${b} met a second fate in ${by}, after ${had}`],
  "emitted-nothing": ["LOSS-2", (_, by) => `${by} emitted a frame from a buffer without a packet`],
};

/** The verdict on the first finding that breaks `law`, or null. */
export function firstFault(o: Observation, law: LedgerLaw): Verdict | null {
  for (const fault of o.faults) {
    if (KINDS[fault.kind][0] === law) return describe(o, fault);
  }
  return null;
}

/**
 * What the ledgers say of a law: broken by their first finding, kept when there is none though they had
 * `looked` at something.
 */
export function judgeLedger(o: Observation, law: LedgerLaw, looked: number, what: string): Verdict {
  const fault = firstFault(o, law);
  if (fault !== null) return fault;
  if (looked === 0) return notJudged(`no ${what}`);
  const why = unkept(o);
  return why === null ? KEPT : notJudged(why);
}

/** Why a run without a finding for a law says nothing: more were found than were kept, or null. */
export function unkept(o: Observation): string | null {
  return o.faultCount > o.faults.length
    ? `only ${o.faults.length} of ${o.faultCount} findings of the ledgers were kept`
    : null;
}

function describe(o: Observation, f: Fault): Verdict {
  const buffer = f.buffer < 0
    ? f.packet < 0 ? "nothing" : `packet ${f.packet}`
    : `buffer ${f.buffer}${f.packet < 0 ? "" : ` with packet ${f.packet}`}`;
  const had = f.other < 0 ? "nobody" : placeName(o, f.other);
  const said = KINDS[f.kind][1](buffer, placeName(o, f.place), had);
  return broken(`at ${time(f.at)} ${said}`, f.packet < 0 ? [] : [f.packet]);
}
