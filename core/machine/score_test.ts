// Aim: the evidence in an Observation is enough to find mistakes anywhere in the machine and in stacks: a
// score over planted faults. Method: each fault is planted alone and run on the same few dozen random
// scenarios, which the laws judge against the reference router; the same scenarios without a fault break
// nothing. Prints for each fault what caught it, when first and how often.
import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { build, scenario } from "../../properties/arbitraries/mod.ts";
import { judgeAll, LAWS } from "../../properties/laws/mod.ts";
import { referenceRouter } from "../../properties/reference/mod.ts";
import { l3fwd } from "../../stacks/dpdk/mod.ts";
import { p2pnic } from "../../stacks/p2pnic/mod.ts";
import type { Stack } from "../stack.ts";
import * as fault from "./_faults_for_tests.ts";
import * as nicFault from "./_nic_faults_for_tests.ts";
import { forwarder, type Mistake } from "./_forwarder_for_tests.ts";
import { TEST_PROFILE } from "./_profile_for_tests.ts";
import type { Geometry, Scenario } from "./device.ts";
import { Testbed } from "./testbed.ts";

const SCENARIOS = 48;
const MAXIMA = { ports: 4, lcores: 2, ring: 64, ingress: 64, buffers: 4096 };
/** Laws that judge one run by itself. */
const ONE_RUN = LAWS.filter((law) => law.reruns !== true);

/** Where a fault is planted. */
interface Case {
  readonly name: string;
  /** A law that has to catch it. */
  readonly law: string;
  readonly stack: () => Stack;
  readonly plant?: fault.Plant;
  /** Sizes at which the fault can show. */
  readonly geometry?: Partial<Geometry>;
  /** Most packets of a scenario: what comes later may repair what went wrong before. */
  readonly packetsMax?: number;
}

const poll = () => forwarder(null);
const interrupts = () => forwarder(null, "interrupt");
const tight = { txRing: 8, ports: 3 } as const;

function mistake(name: Mistake, law: string, geometry: Partial<Geometry> = {}): Case {
  return { name, law, stack: () => forwarder(name), geometry };
}

const CASES: readonly Case[] = [
  { name: "done bit before data", law: "NIC-4", stack: poll, plant: fault.doneBeforeData },
  {
    name: "done bit before data, l3fwd",
    law: "NIC-4",
    stack: () => l3fwd(),
    plant: fault.doneBeforeData,
  },
  {
    name: "done bit before data, interrupts",
    law: "NIC-4",
    stack: interrupts,
    plant: fault.doneBeforeData,
  },
  { name: "done bit set twice", law: "NIC-1", stack: poll, plant: fault.doneTwice },
  { name: "write-back lost", law: "LOSS-3", stack: poll, plant: fault.doneLost },
  { name: "notification lost", law: "NIC-9", stack: poll, plant: fault.notifyLost },
  {
    name: "latch lost at unmasking",
    law: "NIC-9",
    stack: interrupts,
    plant: fault.latchLost,
    geometry: { txRing: 64, lcores: 1 },
    packetsMax: 6,
  },
  { name: "transmit doorbell lost", law: "LOSS-3", stack: poll, plant: fault.doorbellLost },
  {
    name: "RSS moves a running flow",
    law: "ORD-1",
    stack: poll,
    plant: fault.steeringChanges,
    geometry: { lcores: 2 },
  },
  {
    name: "MAC drops at half fill",
    law: "LOSS-1a",
    stack: poll,
    plant: fault.dropsEarly,
    geometry: { ingress: 4 },
  },
  { name: "frame sent twice", law: "ORD-2", stack: poll, plant: fault.sentTwice },
  { name: "frame overtakes", law: "ORD-1", stack: poll, plant: fault.overtakes },
  { name: "last byte lost in DMA", law: "PKT-1", stack: poll, plant: fault.lastByteLost },
  { name: "length of a longer frame stays", law: "PKT-1", stack: poll, plant: fault.lengthStays },
  {
    name: "credits returned twice",
    law: "PCIE-2",
    stack: poll,
    plant: fault.creditTwice,
    geometry: { fidelity: "tlp" },
  },
  { name: "receive tail too far", law: "NIC-2", stack: poll, plant: nicFault.tailTooFar },
  { name: "doorbell before descriptor", law: "NIC-5", stack: poll, plant: nicFault.doorbellEarly },
  {
    name: "refill forgotten",
    law: "NIC-6",
    stack: poll,
    plant: nicFault.refillForgotten,
    geometry: { rxRing: 8, ports: 2 },
  },
  {
    name: "hash of another packet",
    law: "NIC-7",
    stack: poll,
    plant: nicFault.hashStays,
    geometry: { lcores: 2 },
  },
  {
    name: "refused frame counted as taken",
    law: "NIC-8",
    stack: poll,
    plant: nicFault.countedTwice,
  },
  { name: "FCS ignored", law: "PKT-5", stack: poll, plant: nicFault.fcsIgnored },
  mistake("keeps the TTL", "PKT-2"),
  mistake("keeps the checksum", "PKT-3"),
  mistake("forgets the carry of the checksum", "PKT-3"),
  mistake("sends every 9th packet out of the next port", "LPM-1"),
  mistake("hands every 9th packet over twice", "NIC-1"),
  mistake("frees every 9th packet before it hands it over", "POOL-3"),
  mistake("takes a buffer with every 9th packet, and keeps it", "POOL-1"),
  mistake("frees what a full ring refuses, and tells nobody", "LOSS-2", tight),
  mistake("frees every 3rd dropped packet twice", "POOL-3"),
  mistake("forgets to free every 3rd dropped packet, and drops it again later", "POOL-3"),
  {
    name: "P2PNIC descriptor before frame",
    law: "NIC-4",
    stack: p2pnic,
    plant: fault.descriptorBeforeFrame,
  },
  {
    name: "P2PNIC completion lost",
    law: "LOSS-3",
    stack: p2pnic,
    plant: fault.completionLost,
    geometry: { peerSlots: 2 },
  },
  {
    name: "P2PNIC slot used before completion",
    law: "NIC-3",
    stack: p2pnic,
    plant: fault.slotReused,
    geometry: { peerSlots: 1 },
  },
  { name: "P2PNIC tail held back", law: "LOSS-3", stack: p2pnic, plant: fault.tailHeld },
  { name: "P2PNIC last byte lost in DMA", law: "PKT-1", stack: p2pnic, plant: fault.lastByteLost },
  {
    name: "P2PNIC credits returned twice",
    law: "PCIE-2",
    stack: p2pnic,
    plant: fault.creditTwice,
    geometry: { fidelity: "tlp" },
  },
];

/** The scenarios of a case: the same draws for every run of the test. */
function scenariosOf({ stack, geometry, packetsMax = 48 }: Case): Scenario[] {
  const policy = stack().policy!;
  const drawn = scenario(policy, { geometry: { ...geometry }, packetsMax });
  return fc.sample(drawn, { seed: 20_261_125, numRuns: SCENARIOS }).map(build);
}

/** The laws that a run breaks, and how it breaks the first one. */
function broken(testbed: Testbed, s: Scenario): { ids: string[]; sentence: string } {
  const { policy, offers } = testbed;
  const expectation = referenceRouter(s, policy);
  let observation;
  try {
    observation = testbed.run(s);
  } catch (error) {
    return { ids: ["threw"], sentence: String(error) };
  }
  const again = (): never => {
    throw new Error("a law of one run asked for another");
  };
  const run = { scenario: s, observation, policy, expectation, offers, again };
  const ids: string[] = [];
  let sentence = "";
  for (const { law, verdict } of judgeAll(run, ONE_RUN)) {
    if (verdict.kind !== "broken") continue;
    ids.push(law.id);
    sentence ||= verdict.sentence;
  }
  return { ids, sentence };
}

interface Score {
  readonly name: string;
  /** Laws by how many runs they caught. */
  readonly by: ReadonlyMap<string, number>;
  readonly first: number;
  readonly caught: number;
  readonly sentence: string;
}

/** Runs the scenarios of a case; with its fault, or (`clean`) without. */
function score(c: Case, clean: boolean): Score {
  const testbed = new Testbed(c.stack(), TEST_PROFILE, { maxima: MAXIMA });
  const takeBack = clean ? undefined : c.plant?.(testbed);
  const by = new Map<string, number>();
  let [first, caught, sentence] = [-1, 0, ""];
  try {
    for (const [i, s] of scenariosOf(c).entries()) {
      const { ids, sentence: how } = broken(testbed, s);
      if (ids.length === 0) continue;
      if (first < 0) [first, sentence] = [i, how];
      caught++;
      for (const id of ids) by.set(id, (by.get(id) ?? 0) + 1);
      // a testbed that threw goes on with a new machine, which has no fault
      if (ids[0] === "threw") break;
    }
  } finally {
    takeBack?.();
  }
  return { name: c.name, by, first, caught, sentence };
}

Deno.test("Score: without a fault no scenario breaks a law", () => {
  const forwarders: Case[] = [{}, tight].map((geometry) => ({
    name: "none",
    law: "",
    stack: poll,
    geometry,
  }));
  const tried = new Set<string>();
  for (const c of [...CASES.filter((c) => c.plant !== undefined), ...forwarders]) {
    // without its fault a case is its stack and its sizes
    const what = JSON.stringify([c.stack().name, `${c.stack}`, c.geometry, c.packetsMax]);
    if (tried.has(what)) continue;
    tried.add(what);
    const { by, first, sentence } = score(c, true);
    assertEquals([...by], [], `false alarm for "${c.name}" in scenario ${first}: ${sentence}`);
  }
});

Deno.test("Score: every planted fault is caught, by the law that is about it", () => {
  const scores = CASES.map((c) => score(c, false));
  const width = Math.max(...scores.map(({ name }) => name.length));
  const lines = scores.map(({ name, by, first, caught }) => {
    const laws = [...by].sort((a, b) => b[1] - a[1]).map(([id, n]) => `${id} ${n}`).join(", ");
    return `${name.padEnd(width)} | ${`${first}`.padStart(5)} | ${
      `${caught}`.padStart(5)
    } | ${laws}`;
  });
  console.log(
    [`${"fault".padEnd(width)} | first | of ${SCENARIOS} | caught by`, ...lines].join("\n"),
  );
  const missed = CASES.filter(({ law }, i) => !scores[i]!.by.has(law));
  assertEquals(missed.map(({ name, law }) => `${name}: not seen by ${law}`), []);
  // whatever a stack does with its buffers, the machine goes on and the ledger tells
  const threw = scores.filter(({ by }, i) => CASES[i]!.plant === undefined && by.has("threw"));
  assertEquals(threw.map(({ name, sentence }) => `${name}: ${sentence}`), []);
  assert(scores.length >= 20);
});
