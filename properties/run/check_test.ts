// Aim: checkConformance finds what is wrong with a device, blames the right law and shrinks to a
// few packets.
// Method: a device that does what the reference router says, with one fault switched on at a time.
import { assert, assertEquals, assertThrows } from "@std/assert";
import { type AsyncForwarder, asyncForwarder } from "../../core/machine/mod.ts";
import { rewriteFrame } from "../../core/packet/mod.ts";
import { REASON, REASONS } from "../../core/policy.ts";
import { STRICT } from "../../core/stack.ts";
import { Choices, Turns } from "../../core/time/mod.ts";
import { build } from "../arbitraries/build.ts";
import { PLAIN_GEOMETRY, PLAIN_PACKET, type ScenarioDraw } from "../arbitraries/draw.ts";
import { scenarioOf, tokenOf } from "../counterexample/json.ts";
import { decodeToken } from "../replay/token.ts";
import { hasty, inOrder, sharedVariable } from "./_async_forwarders_for_tests.ts";
import { checkConformanceAsync } from "./check_async.ts";
import { FakeDevice, fakeDevices, type FakeFault } from "./_fake_device_for_tests.ts";
import type { Law } from "../law.ts";
import { LAWS } from "../laws/mod.ts";
import {
  checkConformance,
  type CheckOptions,
  type ConformanceResult,
  type LawResult,
} from "./check.ts";

function check(fault: FakeFault | null, options: CheckOptions = {}): ConformanceResult {
  const { device, fresh } = fakeDevices(fault);
  return checkConformance(device, { numRuns: 250, fresh, ...options });
}

function brokenLaws(result: ConformanceResult): string[] {
  return result.laws.filter((law) => law.counterexample !== null).map(({ law }) => law.id);
}

function example(result: ConformanceResult, id: string) {
  return result.laws.find(({ law }) => law.id === id)!.counterexample!;
}

const ONE_PACKET: ScenarioDraw = {
  geometry: PLAIN_GEOMETRY,
  neighbours: [0, 1],
  routes: [{ prefix: 0x0a000000, depth: 24, nextHop: 1 }],
  packets: [{ ...PLAIN_PACKET, src: 0xac100000, dst: 0x0a000001, type: "vlan", size: 64 }],
  deviations: [],
};

Deno.test("checkConformance passes a device that keeps the laws", () => {
  const result = check(null);
  assert(result.ok);
  assertEquals(brokenLaws(result), []);
  assertEquals([result.device, result.runs, result.seed], ["fake", 250, 1812]);
  const unjudged = result.laws.filter((law) => law.judged === 0).map(({ law }) => law.id);
  for (const id of ["POOL-1", "NIC-9", "PCIE-1"]) assert(unjudged.includes(id), id);
});

Deno.test("checkConformance gives a device no more packets at once than it can take, unless asked to", () => {
  const most = (options: CheckOptions): number => {
    let packets = 0;
    const device = Object.assign(new FakeDevice(), { packetsMax: 5 });
    const { run } = device;
    device.run = (scenario) => {
      packets = Math.max(packets, scenario.traffic.count);
      return run.call(device, scenario);
    };
    checkConformance(device, { numRuns: 60, ...options });
    return packets;
  };
  assertEquals(most({}), 5);
  assertEquals(most({ packetsMax: 9 }), 9);
});

/** The fault, a law that must see it, and the most packets that showing it takes. */
const FAULTS: readonly (readonly [FakeFault, string, number])[] = [
  ["drops-fifth", "LOSS-1a", 5],
  ["keeps-ttl-with-options", "PKT-2", 1],
  ["wrong-port-for-32", "LPM-1", 1],
  ["duplicates", "ORD-2", 2],
  ["forgets-long-frames", "LOSS-3", 1],
  ["frees-silently", "LOSS-2", 3],
  ["drops-at-half", "LOSS-1a", 2],
  ["swaps", "ORD-1", 2],
  ["throws-on-vlan", "RUN-1", 1],
];

for (const [fault, id, packets] of FAULTS) {
  Deno.test(`checkConformance on a device that ${fault} breaks ${id} with ${packets} packets`, () => {
    const result = check(fault);
    assert(!result.ok);
    assert(brokenLaws(result).includes(id), `broken: ${brokenLaws(result)}`);
    const found = example(result, id);
    assertEquals(found.scenario.traffic.count, packets);
    assert(found.minimal);
  });
}

Deno.test("checkConformance establishes that removing any one packet makes it pass", () => {
  const { scenario } = example(check("drops-fifth"), "LOSS-1a");
  const { traffic } = scenario;
  for (let gone = 0; gone < traffic.count; gone++) {
    const kept = [0, 1, 2, 3, 4].filter((i) => i !== gone);
    const fewer = {
      ...scenario,
      traffic: {
        ...traffic,
        count: kept.length,
        port: Uint8Array.from(kept, (i) => traffic.port[i]!),
        at: Float64Array.from(kept, (i) => traffic.at[i]!),
        offset: Uint32Array.from(kept, (i) => traffic.offset[i]!),
        length: Uint32Array.from(kept, (i) => traffic.length[i]!),
      },
    };
    assert(check("drops-fifth", { replay: fewer }).ok, `without packet ${gone}`);
  }
});

Deno.test("checkConformance shrinks a length to the byte at which the device goes wrong", () => {
  const { traffic } = example(check("forgets-long-frames"), "LOSS-3").scenario;
  assertEquals(traffic.length[0], 1001);
});

Deno.test("checkConformance says that a failure did not repeat instead of shrinking it", () => {
  const { sentence, minimal } = example(check("flaky"), "LOSS-1a");
  const said = "broken once, but kept when repeated: packet ";
  assertEquals(sentence.slice(0, said.length), said);
  assertEquals(minimal, false);
});

Deno.test("checkConformance does not pass a law that was broken on a single run", () => {
  let judged = 0;
  const once: Law = {
    ...LAWS[0]!,
    id: "ONCE",
    needs: [],
    judge: () =>
      ++judged === 37 ? { kind: "broken", sentence: "once", packets: [] } : { kind: "kept" },
  };
  const result = checkConformance(new FakeDevice(), { laws: [once], numRuns: 200 });
  const [, { kept, judged: of, counterexample }] = result.laws as [LawResult, LawResult];
  assertEquals([result.ok, kept, of], [false, 199, 200]);
  assert(counterexample !== null, "no counterexample is told");
});

Deno.test("checkConformance does not call minimal what it had no budget to shrink", () => {
  const device = new FakeDevice("drops-fifth");
  device.events = 1_000_000;
  const before = device.runs;
  const result = checkConformance(device, { numRuns: 20, only: /LOSS-1a/ });
  assertEquals(example(result, "LOSS-1a").minimal, false);
  assert(device.runs - before < 40, `${device.runs} runs`);
});

Deno.test("checkConformance gives the same result for the same seed", () => {
  const text = (seed: number) => JSON.stringify(check("swaps", { seed, numRuns: 60 }));
  assertEquals(text(4), text(4));
  assert(text(4) !== text(5));
});

Deno.test("checkConformance judges one scenario that is given", () => {
  const bad = check("throws-on-vlan", { replay: build(ONE_PACKET) });
  assertEquals(brokenLaws(bad), ["RUN-1"]);
  assertEquals(bad.runs, 1);
  assert(check(null, { replay: build(ONE_PACKET) }).ok);
});

Deno.test("HARN-1: checkConformance does not pass a replay that offers nothing", () => {
  const result = check(null, { replay: build({ ...ONE_PACKET, packets: [] }) });
  assert(!result.ok);
  assertEquals(result.harness, [{
    id: "HARN-1",
    sentence: "the replayed scenario offers no packet",
  }]);
});

Deno.test("checkConformance judges by the policy that it is told", () => {
  const result = check(null, { policy: { ...STRICT, hairpin: "drop" } });
  assert(brokenLaws(result).includes("PKT-5"), `broken: ${brokenLaws(result)}`);
});

Deno.test("checkConformance judges only what it is asked for, and refuses to judge nothing", () => {
  const result = check(null, { only: /^ORD/g });
  assertEquals(result.laws.map(({ law }) => law.id), ["RUN-1", "ORD-1", "ORD-2"]);
  assertThrows(
    () => check(null, { only: /^ORDER/ }),
    RangeError,
    "Cannot check conformance: /^ORDER/ matches none of the laws LPM-1, LPM-2, PKT-1",
  );
});

Deno.test("checkConformance without another device does not judge what needs one", () => {
  const result = checkConformance(new FakeDevice(), { numRuns: 50, only: /^(TIME-1|PKT-1)$/ });
  const time = result.laws.find(({ law }) => law.id === "TIME-1")!;
  assertEquals(time.judged, 0);
  assert(time.notJudged.some(({ why }) => why === "the device does not show trace"));
  assert(result.ok);
});

// Aim: asynchronous forwarders are judged by the same laws, over the orders in which awaiting steps can
// continue. Method: a right one and wrong ones; each wrong one has to break its law, shrink and replay.

function checkAsync(
  forwarder: AsyncForwarder,
  options: CheckOptions = {},
): Promise<ConformanceResult> {
  return checkConformanceAsync(asyncForwarder(forwarder), { numRuns: 100, ...options });
}

Deno.test("checkConformanceAsync passes a forwarder that keeps order while look-ups overtake", async () => {
  const result = await checkAsync(inOrder);
  assertEquals([result.ok, result.harness, brokenLaws(result)], [true, [], []]);
  const judged = new Map(result.laws.map(({ law, judged }) => [law.id, judged]));
  for (const id of ["ORD-1", "ORD-2", "LPM-1", "PKT-1", "LOSS-2", "LOSS-3"]) {
    assert(judged.get(id)! > 20, `HARN-1: ${id} was judged on ${judged.get(id)} runs`);
  }
  const paced = result.laws.find(({ law }) => law.id === "LOSS-1b")!;
  assertEquals(paced.notJudged, [
    { why: "it runs the device again, which is asynchronous", runs: 100 },
  ]);
});

Deno.test("checkConformanceAsync finds who overtakes when an await ends late (ORD-1), and replays it", async () => {
  const result = await checkAsync(hasty, { numRuns: 60 });
  assertEquals(brokenLaws(result), ["ORD-1"]);
  const { scenario, minimal } = example(result, "ORD-1");
  // Two packets of a flow, and the one turn that the second gets first.
  assertEquals([scenario.traffic.count, minimal], [2, true]);
  assertEquals(scenario.deviations.length, 1);
  const token = tokenOf(example(result, "ORD-1"))!;
  const decoded = decodeToken(token);
  assert(decoded.kind === "forwarder");
  const replay = scenarioOf(decoded.scenario);
  assertEquals(brokenLaws(await checkAsync(hasty, { replay })), ["ORD-1"]);
  assert((await checkAsync(inOrder, { replay })).ok);
  // The order of turns is all that is wrong with it.
  assert((await checkAsync(hasty, { replay: { ...replay, deviations: [] } })).ok);
  const again = async () => JSON.stringify(await checkAsync(hasty, { numRuns: 20, only: /^ORD/ }));
  assertEquals(await again(), await again());
});

Deno.test("checkConformanceAsync finds a variable that two packets share across an await", async () => {
  const result = await checkAsync(sharedVariable, { only: /^(LPM-1|LOSS-3)$/ });
  assertEquals(brokenLaws(result), ["LPM-1", "LOSS-3"]);
  assertEquals(example(result, "LPM-1").scenario.traffic.count, 2);
});

/** What one plain packet comes to, with a handler that does just that. */
async function one(forwarder: AsyncForwarder): Promise<string[]> {
  const replay = build({ ...ONE_PACKET, packets: [{ ...PLAIN_PACKET, src: 1, dst: 0x0a000001 }] });
  const { laws } = await checkAsync(forwarder, { replay });
  return laws.flatMap(({ counterexample: found }) => found === null ? [] : [found.sentence]);
}

Deno.test("checkConformanceAsync names what became of a handler that does not come to an end", async () => {
  const says = async (forwarder: AsyncForwarder, text: string) => {
    const sentences = await one(forwarder);
    assert(sentences.some((sentence) => sentence.includes(text)), `${text} in ${sentences}`);
  };
  await says(() => () => new Promise(() => {}), "in a handler that awaits no turn");
  await says(() => () => Promise.resolve(), "nowhere: its handler has ended");
  await says((env) => async () => {
    for (;;) await env.turn();
  }, "limit");
  await says(
    () => () => Promise.reject(new TypeError("no socket")),
    "it threw TypeError: no socket",
  );
  await says(() => () => {
    throw new TypeError("at once");
  }, "it threw TypeError: at once");
  await says((env) => async (packet) => {
    await env.turn();
    env.send(packet, 2);
  }, "it threw RangeError: Cannot send: port is 2, not 0..1");
  await says((env) => async (packet) => {
    await env.turn();
    env.drop({ ...packet }, REASON.ttl);
  }, "Cannot drop: that is no packet of this run");
  await says((env) => async (packet) => {
    await env.turn();
    env.drop(packet, 0);
  }, `Cannot drop: 0 is no reason, expected 1..${REASONS.length - 1}`);
  await says((env) => async (packet) => {
    await env.turn();
    env.send(packet, 1);
    packet.bytes.fill(0);
    env.send(packet, 1);
  }, "packet 0 left port 1 at");
});

Deno.test("asyncForwarder sends the bytes that there are when it is told to", async () => {
  const sentences = await one((env) => async (packet) => {
    await env.turn();
    rewriteFrame(packet.bytes, 0, env.neighbours, 1);
    env.send(packet, 1);
    packet.bytes.fill(0);
  });
  assertEquals(sentences, []);
});

Deno.test("asyncForwarder ignores what a handler of an earlier run does later", async () => {
  const late: (() => void)[] = [];
  const device = asyncForwarder((env) => async (packet) => {
    late.push(() => env.drop(packet, REASON.ttl), () => env.send(packet, 1));
    await env.turn();
    env.drop(packet, REASON["no-route"]);
  });
  const scenario = build({ ...ONE_PACKET, packets: [{ ...PLAIN_PACKET, src: 1, dst: 2 }] });
  await device.runAsync(scenario);
  const o = await device.runAsync(scenario);
  for (const act of late) act();
  assertEquals([o.reason[0], o.outCount, o.faultCount], [REASON["no-route"], 0, 0]);
});

Deno.test("Turns reach every order of four waits, and each again by its deviations", async () => {
  const seen = new Set<string>();
  for (let code = 0; code < 24; code++) {
    const picks = [Math.floor(code / 6), Math.floor(code / 2) % 3, code % 2];
    const choices = new Choices();
    choices.reset(picks.map((value, occurrence) => ({ site: "tie", occurrence, value })));
    const turns = new Turns(choices);
    const order: string[] = [];
    const wait = async (name: string): Promise<void> => {
      await turns.wait();
      // Whatever needs no turn is over before the next one is given.
      for (let i = 0; i < 10; i++) await Promise.resolve().then(() => null);
      order.push(name);
    };
    const all = ["a", "b", "c", "d"].map(wait);
    while (turns.waiting > 0) await turns.next();
    await Promise.all(all);
    seen.add(order.join(""));
  }
  assertEquals(seen.size, 24);
});
