// Aim: a property run that saw nothing, too little or not what it should cannot pass.
// Method: each rule of the harness is broken once, and must be named.
import { assert, assertEquals, assertThrows } from "@std/assert";
import * as fc from "fast-check";
import { STRICT } from "../../core/stack.ts";
import type { ScenarioDraw } from "../arbitraries/draw.ts";
import { scenario } from "../arbitraries/scenario.ts";
import type { Law } from "../law.ts";
import { LAWS } from "../laws/mod.ts";
import { FakeDevice, type FakeFault } from "./_fake_device_for_tests.ts";
import { runProperty } from "./property.ts";
import { Subject } from "./subject.ts";

const options = { arbitrary: scenario(STRICT), laws: LAWS, numRuns: 200, seed: 1 };

function subject(fault: FakeFault | null = null): Subject {
  return new Subject(new FakeDevice(fault), { fresh: () => new FakeDevice(fault) });
}

Deno.test("runProperty passes a device that keeps the laws", () => {
  const { runs, packets, tallies, harness } = runProperty(subject(), options);
  assertEquals(harness, []);
  assertEquals(runs, 200);
  assert(packets > 1000);
  assertEquals(tallies.filter((tally) => tally.broken > 0), []);
  const pkt = tallies.find((tally) => tally.law.id === "PKT-1")!;
  assert(pkt.kept > 150, `PKT-1 kept on ${pkt.kept}`);
});

Deno.test("HARN-1: runProperty without a packet fails", () => {
  const empty: ScenarioDraw = {
    ...fc.sample(scenario(STRICT), { numRuns: 1, seed: 1 })[0]!,
    packets: [],
  };
  const result = runProperty(subject(), { ...options, arbitrary: fc.constant(empty), numRuns: 5 });
  assertEquals(result.harness[0], { id: "HARN-1", sentence: "no packet was offered in 5 runs" });
});

Deno.test("HARN-1: runProperty with no law that could be judged fails", () => {
  const laws = LAWS.filter((law) => law.id.startsWith("PCIE"));
  const result = runProperty(subject(), { ...options, laws });
  assertEquals(result.harness, [{
    id: "HARN-1",
    sentence: "no law could be judged in 200 runs",
  }]);
});

Deno.test("HARN-2: runProperty that is cut short fails, though no law was broken", () => {
  // Far more scenarios than any machine runs in that time.
  const result = runProperty(subject(), { ...options, numRuns: 1_000_000, timeLimitMs: 40 });
  assert(result.runs > 0 && result.runs < 1_000_000);
  assertEquals(
    result.harness.find(({ id }) => id === "HARN-2")!.sentence,
    `${result.runs} of 1000000 scenarios were run: the time limit came`,
  );
});

Deno.test("HARN-2: runProperty that loses runs to a throwing device fails", () => {
  const result = runProperty(subject("throws-on-vlan"), options);
  assertEquals(result.tallies[0]!.broken, 20);
  assert(result.runs < 200);
  const sentence = `${result.runs} of 200 scenarios were run: the device failed on 20`;
  assertEquals(result.harness, [{ id: "HARN-2", sentence }]);
  const due = (numRuns: number) =>
    runProperty(subject("throws-on-vlan"), { ...options, numRuns }).harness
      .filter(({ id }) => id === "HARN-2").length;
  assertEquals([due(result.runs), due(result.runs + 1)], [0, 1], "one run too few is too few");
});

Deno.test("HARN-2: runProperty ends early when a law is broken and every run is endless, and says so", () => {
  const laws = LAWS.filter(({ id }) => id === "ORD-1" || id === "PKT-1");
  const device = (fault: FakeFault | null) => {
    const fake = new FakeDevice(fault);
    fake.events = 1_000_000;
    return new Subject(fake);
  };
  const result = runProperty(device("swaps"), { ...options, laws });
  assertEquals(result.harness, [{
    id: "HARN-2",
    sentence: "11 of 200 scenarios were run: a law was broken and 11000000 events were spent",
  }]);
  assertEquals(
    runProperty(device(null), { ...options, laws }).runs,
    200,
    "a slow device that keeps the laws",
  );
});

Deno.test("HARN-3: runProperty whose draws lack what they should contain fails and names it", () => {
  const tame = scenario(STRICT).map((draw) => ({
    ...draw,
    packets: draw.packets.map((packet) => ({ ...packet, options: 0, ttl: 64 })),
  }));
  const result = runProperty(subject(), { ...options, arbitrary: tame });
  assertEquals(result.harness, [
    { id: "HARN-3", sentence: '"ttl 0 or 1" in 0 of 200 runs, fewer than the 12 that are due' },
    { id: "HARN-3", sentence: '"options" in 0 of 200 runs, fewer than the 16 that are due' },
  ]);
});

Deno.test("HARN-3: what a device that breaks a law does not let happen is not asked of the draws", () => {
  const arbitrary = scenario(STRICT).map((draw) => ({
    ...draw,
    packets: draw.packets.map((packet) => ({ ...packet, ttl: 64 })),
  }));
  const missed = (fault: FakeFault | null) =>
    runProperty(subject(fault), { ...options, arbitrary }).harness.map(({ id }) => id);
  assertEquals([missed(null), missed("drops-fifth")], [["HARN-3"], []]);
});

Deno.test("HARN-3: a device that cannot be congested is no reason to fail if sizes were fixed", () => {
  const fixed = { ingress: 64 };
  const arbitrary = scenario(STRICT, { geometry: fixed }).map((draw) => ({
    ...draw,
    packets: draw.packets.slice(0, 8),
  }));
  const congestion = (fix: typeof fixed | undefined) =>
    runProperty(subject(), { ...options, arbitrary, ...fix && { fixed: fix } })
      .labels.find(({ label }) => label === "congestion drop")!;
  assertEquals(congestion(fixed), { label: "congestion drop", runs: 0, floor: 0 });
  assertEquals(congestion(undefined).floor, 4);
});

Deno.test("runProperty judges laws that rerun the device on every eighth run and says so", () => {
  const { tallies } = runProperty(subject(), options);
  const time = tallies.find((tally) => tally.law.id === "TIME-1")!;
  assertEquals(time.judged, 25);
  assertEquals(time.notJudged(), [{ why: "sampled: every 8th run", runs: 175 }]);
});

Deno.test("runProperty gives the same result for the same seed", () => {
  const result = () => JSON.stringify(runProperty(subject("swaps"), options));
  assertEquals(result(), result());
  const other = JSON.stringify(runProperty(subject("swaps"), { ...options, seed: 2 }));
  assert(other !== result());
});

Deno.test("runProperty lets the mistake of a law through", () => {
  const wrong: Law = {
    ...LAWS[0]!,
    judge() {
      throw new TypeError("a mistake in a law");
    },
  };
  assertThrows(
    () => runProperty(subject(), { ...options, laws: [wrong] }),
    TypeError,
    "a mistake in a law",
  );
});

Deno.test("runProperty refuses to run nothing", () => {
  const run = (change: object) => () => runProperty(subject(), { ...options, ...change });
  assertThrows(run({ numRuns: 0 }), RangeError, "numRuns is 0, not a positive integer");
  assertThrows(run({ numRuns: NaN }), RangeError, "numRuns is NaN, not a positive integer");
  assertThrows(run({ laws: [] }), RangeError, "there is no law to judge");
  assertThrows(run({ seed: 0.5 }), RangeError, "seed is 0.5, not an integer of 32 bits");
});
