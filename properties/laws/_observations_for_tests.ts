/** For tests: runs written by hand. What is not said goes as the reference router expects. */
import { assertEquals } from "@std/assert";
import type { Evidence } from "../../core/machine/device.ts";
import { Observation } from "../../core/machine/observation.ts";
import { type Policy, REASON, type ReasonName } from "../../core/policy.ts";
import { STRICT } from "../../core/stack.ts";
import type { Law, Run } from "../law.ts";
import { scenario, type ScenarioFields } from "../reference/_scenario_for_tests.ts";
import { referenceRouter } from "../reference/router.ts";

/** Places of every run here, by number. */
export const INGRESS = 0;
export const LCORE = 1;
export const MAC_OUT = 2;

export interface RunFields extends ScenarioFields {
  policy?: Policy;
  /** Packets in the order of their emission; all that are to be forwarded, in order of arrival. */
  order?: number[];
  /** What becomes of a packet instead of what should. */
  fates?: {
    [packet: number]:
      | "waits"
      | "freed"
      | "emitted"
      | { reason: ReasonName; place?: number; occupancy?: number };
  };
  /** Where a packet leaves instead, and what is done to its frame. */
  out?: { [packet: number]: { port?: number; edit?: (frame: Uint8Array) => Uint8Array | void } };
  /** Last changes to the finished observation. */
  change?: (o: Observation) => void;
  again?: Run["again"];
  offers?: Evidence[];
}

export const EVERYTHING: readonly Evidence[] = [
  "frames",
  "fates",
  "reasons",
  "occupancy",
  "buffers",
  "milestones",
  "credits",
  "trace",
];

/** A run of a device that does what is right, but for what is said. Emission takes 1 us after arrival. */
export function run(f: RunFields = {}): Run {
  const s = scenario(f);
  const policy = f.policy ?? STRICT;
  const expectation = referenceRouter(s, policy);
  const o = new Observation();
  o.reset(s.traffic.count, s.geometry.fidelity);
  o.addPlace("ingress buffer of port 0", s.geometry.ingress);
  o.addPlace("lcore 0");
  o.addPlace("MAC of port 1");
  for (let p = 0; p < o.count; p++) settle(f, o, expectation.reasons[p]!, p, s.traffic.at[p]!);
  const forwarded = [...expectation.forward.keys()].filter((p) =>
    f.fates?.[p] === "emitted" || (expectation.forward[p] === 1 && f.fates?.[p] === undefined)
  );
  let at = 0;
  for (const p of f.order ?? forwarded) {
    at = Math.max(at + 67_200, s.traffic.at[p]! + 1_000_000);
    const change = f.out?.[p];
    const from = expectation.forward[p] === 1 ? expectation : s.traffic;
    const sent = from.bytes.slice(from.offset[p]!, from.offset[p]! + from.length[p]!);
    const bytes = change?.edit?.(sent) ?? sent;
    const port = change?.port ?? expectation.port[p]!;
    o.emit(p, port, MAC_OUT, at, at + 67_200, bytes, 0, bytes.length);
  }
  o.endPs = at + 67_200;
  o.events = 100;
  o.traceHash = 0x1234;
  o.posts = o.moves = o.frees = o.count;
  f.change?.(o);
  return {
    scenario: s,
    observation: o,
    policy,
    expectation,
    offers: new Set(f.offers ?? EVERYTHING),
    again: f.again ?? (() => {
      throw new Error("nobody said what another run would show");
    }),
  };
}

/** Gives a packet its fate and milestones, unless it is to be emitted. */
function settle(f: RunFields, o: Observation, reasons: number, p: number, at: number): void {
  const fate = f.fates?.[p];
  o.dataAt[p] = at + 300_000;
  o.descAt[p] = at + 321_100;
  o.seenAt[p] = at + 400_000;
  if (fate === "waits") {
    o.waitingAt.set(p, "rx ring 0 of port 0");
  } else if (fate === "freed") {
    o.freed(p, LCORE, at + 500_000);
  } else if (typeof fate === "object") {
    o.drop(p, REASON[fate.reason], fate.place ?? LCORE, at + 500_000, fate.occupancy ?? -1);
  } else if (reasons !== 0 && fate === undefined) {
    o.drop(p, 31 - Math.clz32(reasons), LCORE, at + 500_000);
  }
}

/** Asserts that a law holds in a run. */
export function assertKept(law: Law, f: RunFields = {}): void {
  assertEquals(law.judge(run(f)), { kind: "kept" });
}

/** Asserts that a law is broken in a run, and what it says. */
export function assertBroken(law: Law, f: RunFields, sentence: string, packets: number[]): void {
  assertEquals(law.judge(run(f)), { kind: "broken", sentence, packets });
}

/** Asserts that a law says nothing of a run, and why. */
export function assertNotJudged(law: Law, f: RunFields, why: string): void {
  assertEquals(law.judge(run(f)), { kind: "not-judged", why });
}
