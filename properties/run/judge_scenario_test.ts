// Aim: what a law sees is the run that it judges, whatever earlier laws had the device run
// meanwhile.
// Method: laws made for the purpose, on a subject with one device and on one that can build more.
import { assert, assertEquals, assertThrows } from "@std/assert";
import { ScenarioError } from "../../core/machine/check.ts";
import { Testbed } from "../../core/machine/testbed.ts";
import { build } from "../arbitraries/build.ts";
import {
  type PacketDraw,
  PLAIN_GEOMETRY,
  PLAIN_PACKET,
  type ScenarioDraw,
} from "../arbitraries/draw.ts";
import type { Law, Run } from "../law.ts";
import { FakeDevice } from "./_fake_device_for_tests.ts";
import { judgeScenario, RUN_1 } from "./judge_scenario.ts";
import { DEFAULT_MACHINE } from "./default_machine.ts";
import { DeviceError, Subject } from "./subject.ts";
import { Tally } from "./tally.ts";

const packet = { ...PLAIN_PACKET, src: 0xac100000, dst: 0x0a000001 };
const SCENARIO = build({
  geometry: PLAIN_GEOMETRY,
  neighbours: [0, 1],
  routes: [{ prefix: 0x0a000000, depth: 24, nextHop: 1 }],
  packets: [packet, packet, packet],
  deviations: [],
});
const NONE = { ...SCENARIO.traffic, count: 0 };

function law(id: string, judge: (run: Run) => string | null): Law {
  return {
    id,
    statement: "",
    clause: "",
    needs: [],
    judge(run) {
      const sentence = judge(run);
      return sentence === null ? { kind: "kept" } : { kind: "broken", sentence, packets: [] };
    },
  };
}

const DISTURBS = law("A", (run) => {
  assertEquals(run.again({ traffic: NONE }).count, 0);
  return null;
});
const COUNTS = law("B", (run) => run.observation.outCount === 3 ? null : "frames are missing");

Deno.test("judgeScenario shows each law its own run, with one device and with two", () => {
  const laws = [COUNTS, DISTURBS, COUNTS];
  for (const options of [{}, { fresh: () => new FakeDevice() }]) {
    const { verdicts } = judgeScenario(new Subject(new FakeDevice(), options), SCENARIO, laws);
    assertEquals(verdicts.map((verdict) => verdict.kind), ["kept", "kept", "kept", "kept"]);
  }
});

Deno.test("judgeScenario builds a new device when a law asks for one, and refuses if it cannot", () => {
  const asks = law("C", (run) => run.again({}, true) === run.observation ? "the same" : null);
  let built = 0;
  const fresh = () => {
    built++;
    return new FakeDevice();
  };
  const { verdicts } = judgeScenario(new Subject(new FakeDevice(), { fresh }), SCENARIO, [asks]);
  assertEquals([verdicts[1]!.kind, built], ["kept", 1]);
  built = 0;
  judgeScenario(new Subject(new FakeDevice(), { fresh }), SCENARIO, [DISTURBS, DISTURBS]);
  assertEquals(built, 1, "one second device does for all laws that ask for no new one");
  judgeScenario(new Subject(new FakeDevice(), { fresh }), SCENARIO, [DISTURBS, asks, asks]);
  assertEquals(built, 4);
  assertThrows(
    () => judgeScenario(new Subject(new FakeDevice()), SCENARIO, [asks]),
    RangeError,
    "Cannot run fake anew",
  );
});

Deno.test("judgeScenario makes a throwing device RUN-1's matter, also when run again", () => {
  const device = new FakeDevice();
  let runs = 0;
  const throwing = {
    name: "throwing",
    policy: device.policy,
    offers: device.offers,
    run(scenario: typeof SCENARIO) {
      if (++runs === 2) throw new RangeError("Cannot go on");
      return device.run(scenario);
    },
  };
  const { run, verdicts } = judgeScenario(new Subject(throwing), SCENARIO, [DISTURBS, COUNTS]);
  assertEquals(run, null);
  const [first, ...others] = verdicts;
  assert(first?.kind === "broken");
  assert(
    /^it threw RangeError: Cannot go on \(at judge_scenario_test\.ts:\d+:\d+, from subject\.ts:/
      .test(first.sentence),
  );
  for (const verdict of others) {
    assertEquals(verdict, { kind: "not-judged", why: "the device failed" });
  }
});

Deno.test("Subject replaces a device that threw", () => {
  const broken = {
    ...new FakeDevice(),
    name: "broken",
    run() {
      throw "no words";
    },
  };
  const device = new FakeDevice();
  const { policy, offers } = device;
  const subject = new Subject({ ...broken, policy, offers }, { fresh: () => new FakeDevice() });
  assertThrows(() => subject.run(SCENARIO), DeviceError, "no words");
  assertEquals(subject.run(SCENARIO).outCount, 3);
});

Deno.test("judgeScenario does not hold a scenario that the device cannot run against the device", () => {
  const idle = () => ({ name: "idle" });
  const make = () => new Testbed(idle, DEFAULT_MACHINE);
  const bad = { ...PLAIN_GEOMETRY, rxRing: 24 };
  const s = build({ geometry: bad, neighbours: [0, 1], routes: [], packets: [], deviations: [] });
  for (const fresh of [undefined, make]) {
    const subject = new Subject(make(), fresh === undefined ? {} : { fresh });
    const refused = "Cannot run a scenario: rxRing is 24, expected a power of two";
    assertThrows(() => judgeScenario(subject, s, []), ScenarioError, refused);
    assertThrows(() => subject.again(s, fresh !== undefined), ScenarioError, refused);
  }
});

// Aim: a tally keeps counts, reasons and the smallest draw that broke its law.
// Method: verdicts put in by hand.

function drawOf(packets: number, fidelity: "coarse" | "tlp" = "tlp"): ScenarioDraw {
  const geometry = { fidelity };
  return { packets: new Array<PacketDraw>(packets), geometry } as unknown as ScenarioDraw;
}

const BROKEN = { kind: "broken", sentence: "", packets: [] } as const;

Deno.test("Tally add keeps the smallest draw that broke the law, the first of its size", () => {
  const tally = new Tally(RUN_1);
  tally.add({ kind: "kept" }, drawOf(1));
  const draws = [5, 3, 4, 3].map((packets) => drawOf(packets));
  for (const draw of draws) tally.add(BROKEN, draw);
  assertEquals([tally.kept, tally.broken, tally.judged], [1, 4, 5]);
  assertEquals(tally.first, 2);
  assertEquals(tally.smallest === draws[1], true);
});

Deno.test("Tally counts judged runs by fidelity, and no other", () => {
  const tally = new Tally(RUN_1);
  tally.add({ kind: "kept" }, drawOf(1, "coarse"));
  tally.add(BROKEN, drawOf(1, "tlp"));
  tally.add({ kind: "kept" }, drawOf(1, "tlp"));
  tally.add({ kind: "not-judged", why: "no packet" }, drawOf(1, "coarse"));
  assertEquals(tally.judgedIn, { coarse: 1, tlp: 2, link: 0 });
});

Deno.test("Tally notJudged sorts the reasons and bounds their number", () => {
  const tally = new Tally(RUN_1);
  for (let i = 0; i < 100; i++) tally.add({ kind: "not-judged", why: `reason ${i}` }, drawOf(1));
  tally.add({ kind: "not-judged", why: "reason 3" }, drawOf(1));
  const reasons = tally.notJudged();
  assertEquals(reasons.length, 17);
  assertEquals(reasons.slice(0, 2), [
    { why: "other reasons", runs: 84 },
    { why: "reason 3", runs: 2 },
  ]);
});

Deno.test("Tally skip counts what was never put in, and tells it last", () => {
  const tally = new Tally(RUN_1);
  tally.add({ kind: "not-judged", why: "no packet" }, drawOf(1));
  tally.add({ kind: "kept" }, drawOf(1));
  tally.skip("sampled", 10);
  assertEquals(tally.notJudged(), [{ why: "no packet", runs: 1 }, { why: "sampled", runs: 8 }]);
});
