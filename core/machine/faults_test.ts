// Aim: each kind of fault is asked for where it happens, is legal, and shows a mistake that nothing else shows.
// Method: a mistake for each kind is planted in a driver, in firmware or in the fabric. The same drawn scenarios break
// no law with the mistake alone, and none with the faults alone; with both the law that is about it breaks. Then what
// is broken hardware, written down by hand: laws notice a doorbell that is lost, and a peer that has stopped for ever.
import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { machineProfile, paperHost } from "../../fixtures/mod.ts";
import { describeFault, FAULT_KINDS } from "../../properties/arbitraries/faults.ts";
import { build, scenario } from "../../properties/arbitraries/mod.ts";
import { judgeAll, LAWS } from "../../properties/laws/mod.ts";
import { referenceRouter } from "../../properties/reference/mod.ts";
import { l3fwd } from "../../stacks/dpdk/mod.ts";
import { linuxNapi } from "../../stacks/linux-napi/mod.ts";
import { p2pnic } from "../../stacks/p2pnic/mod.ts";
import { STOP_PS } from "../nic/mac_out.ts";
import { createFabric } from "../pcie/create.ts";
import { HOST } from "../pcie/fabric.ts";
import { HELD, LATE_PS, LateFabric, LOST } from "../pcie/late_fabric.ts";
import type { Stack } from "../stack.ts";
import { Choices, type Deviation } from "../time/choices.ts";
import { Clock } from "../time/clock.ts";
import * as fault from "./_driver_faults_for_tests.ts";
import type { Plant } from "./_faults_for_tests.ts";
import { forwarder } from "./_forwarder_for_tests.ts";
import { scenarioOf, stream, towards } from "./_scenario_for_tests.ts";
import type { Geometry, Scenario } from "./device.ts";
import { FATE } from "./observation.ts";
import { Testbed } from "./testbed.ts";

/** A transmit FIFO that is soon full: what stops a line stops the reading of descriptors. */
const PROFILE = { ...machineProfile(paperHost), txFifo: 4 };
const ONE_RUN = LAWS.filter((law) => law.reruns !== true);
const SCENARIOS = 12;
/** Faults at each site. */
const OCCURRENCES = 24;

interface Case {
  readonly kind: string;
  readonly law: string;
  readonly stack: () => Stack;
  readonly plant: Plant;
  readonly geometry?: Partial<Geometry>;
  readonly packetsMax?: number;
  readonly seed?: number;
}

const poll = () => forwarder(null);
const interrupts = () => forwarder(null, "interrupt");
const small = { ports: 2, lcores: 1, rxRing: 8, txRing: 8, fidelity: "coarse" } as const;

const CASES: readonly Case[] = [
  {
    kind: "late write-back",
    law: "NIC-3",
    stack: poll,
    plant: fault.assumesSent,
    geometry: small,
  },
  { kind: "stopped egress", law: "NIC-1", stack: poll, plant: fault.assumesSent, geometry: small },
  {
    kind: "late doorbell",
    law: "LOSS-3",
    stack: poll,
    plant: fault.doorbellSpared,
    geometry: small,
    packetsMax: 8,
  },
  {
    kind: "late unmasking",
    law: "NIC-9",
    stack: interrupts,
    plant: fault.looksAgainSoon,
    seed: 1,
    geometry: { ...small, txRing: 64 },
    packetsMax: 6,
  },
  {
    kind: "late interrupt",
    law: "NIC-9",
    stack: interrupts,
    plant: fault.lateIsSpurious,
    geometry: small,
    packetsMax: 6,
  },
  {
    kind: "spurious interrupt",
    law: "threw",
    stack: linuxNapi,
    plant: fault.scheduledTwice,
    geometry: small,
  },
  {
    kind: "late write",
    law: "LOSS-2",
    stack: p2pnic,
    plant: fault.slotByTime,
    geometry: { ...small, peerSlots: 1 },
    seed: 8,
  },
  {
    kind: "late read",
    law: "NIC-1",
    stack: poll,
    plant: fault.assumesSent,
    geometry: small,
  },
  {
    kind: "starved credits",
    law: "PCIE-1",
    stack: p2pnic,
    plant: fault.creditsTaken,
    geometry: { fidelity: "tlp", headerCredits: 1, dataCredits: 16, mps: 256 },
  },
  {
    kind: "failed allocation",
    law: "NIC-1",
    stack: poll,
    plant: fault.refusalIgnored,
    geometry: { ...small, spareBuffers: 64, poolCache: 0 },
  },
];

/** Every site of a kind has it, one time after the other with every value, the largest first. */
function faultsOf(name: string, geometry: Geometry): Deviation[] {
  const kind = FAULT_KINDS.find((one) => one.name === name)!;
  return kind.at.flatMap((at) =>
    kind.ends(geometry).flatMap((end) =>
      Array.from({ length: OCCURRENCES }, (_, occurrence) => ({
        site: `${at} ${end}`.trimEnd(),
        occurrence,
        value: kind.values - occurrence % kind.values,
      }))
    )
  );
}

/** The laws that scenarios break, each with the first sentence. */
function broken(testbed: Testbed, scenarios: readonly Scenario[]): Map<string, string> {
  const ids = new Map<string, string>();
  for (const s of scenarios) {
    const expectation = referenceRouter(s, testbed.policy);
    try {
      const observation = testbed.run(s);
      const { policy, offers } = testbed;
      const again = () => observation;
      const run = { scenario: s, observation, policy, expectation, offers, again };
      for (const { law, verdict } of judgeAll(run, ONE_RUN)) {
        if (verdict.kind === "broken" && !ids.has(law.id)) ids.set(law.id, verdict.sentence);
      }
    } catch (error) {
      // the next run has a new machine, without the mistake
      return ids.set("threw", String(error));
    }
  }
  return ids;
}

for (const c of CASES) {
  Deno.test(`Fault "${c.kind}" breaks no law, and shows a mistake that nothing else shows`, () => {
    const drawn = scenario(c.stack().policy!, {
      geometry: { ...c.geometry },
      deviations: false,
      packetsMax: c.packetsMax ?? 40,
    });
    const plain = fc.sample(drawn, { seed: c.seed ?? 7, numRuns: SCENARIOS }).map(build);
    const faulty = plain.map((s) => ({ ...s, deviations: faultsOf(c.kind, s.geometry) }));
    const clean = new Testbed(c.stack(), PROFILE);
    assertEquals(broken(clean, faulty), new Map(), "the faults alone");
    const mistaken = new Testbed(c.stack(), PROFILE);
    const takeBack = c.plant(mistaken);
    try {
      assertEquals(broken(mistaken, plain), new Map(), "the mistake alone");
      const by = broken(mistaken, faulty);
      assert(by.has(c.law), `both, expected ${c.law}: ${[...by].join("; ")}`);
    } finally {
      takeBack?.();
    }
  });
}

Deno.test("Fault: laws notice a doorbell that is lost, unless a later one makes up for it", () => {
  const testbed = new Testbed(poll(), PROFILE);
  const lost = (kind: string) => (occurrence: number): Deviation => {
    return { site: `${kind} doorbell nic1.0`, occurrence, value: LOST };
  };
  const tx = (occurrences: number[], count: number) =>
    scenarioOf(stream(count, 20e6), { txRing: 64, rxRing: 64 }, occurrences.map(lost("tx")));
  const by = broken(testbed, [tx([2], 3)]);
  assertEquals([...by.keys()], ["LOSS-3"]);
  assert(
    by.get("LOSS-3")!.startsWith("packet 2 in nic1 transmit ring 0 still waited"),
    by.get("LOSS-3"),
  );
  assertEquals(broken(testbed, [tx([1], 3)]), new Map(), "the third says all that the second did");
  const dry = scenarioOf(stream(1, 1), { rxRing: 64 }, [lost("rx")(0)]);
  assertEquals([...broken(testbed, [dry]).keys()], ["NIC-6"], "nothing will be received");
});

Deno.test("Fault: behind a peer that stops for ever packets are lost where that is declared, others go on", () => {
  const site = { site: "egress port1", occurrence: 3, value: STOP_PS.length - 1 };
  // every fourth packet goes the other way
  const offers = stream(400, 500_000, (i) => i % 4 === 3 ? { port: 1, dst: towards(0) } : {});
  const s = scenarioOf(offers, { txRing: 32, rxRing: 32, ingress: 16, lcores: 1 }, [site]);
  for (const stack of [poll(), l3fwd("strict"), linuxNapi({ txqueuelen: 8 })]) {
    const testbed = new Testbed(stack, PROFILE);
    const fates = (port: number, fate: number) => {
      const { observation: o } = testbed.machine;
      return Array.from({ length: o.count }, (_, p) => p)
        .filter((p) => s.traffic.port[p] === port && o.fate[p] === fate).length;
    };
    testbed.run({ ...s, deviations: [] });
    const others = fates(1, FATE.emitted);
    assert(others > 50, `${testbed.name}: ${others} of the other direction`);
    testbed.run(s);
    assertEquals(fates(1, FATE.emitted), others, `${testbed.name}: the other direction`);
    assertEquals(fates(0, FATE.emitted), 3, `${testbed.name}: what left before`);
    assert(fates(0, FATE.dropped) > 0, `${testbed.name}: what does not fit is lost`);
    // what waits for the peer waits for ever, and nothing else is wrong
    assertEquals([...broken(testbed, [s]).keys()], ["LOSS-3"], testbed.name);
  }
});

Deno.test("Fault: on links with a data link layer stacks keep the laws under every kind of fault", () => {
  for (const stack of [poll(), p2pnic()]) {
    const fidelity = "link" as const;
    const drawn = scenario(stack.policy!, {
      geometry: { fidelity },
      packetsMax: 6,
      deviations: false,
    });
    const scenarios = fc.sample(drawn, { seed: 3, numRuns: 10 }).map(build).map((s, i) => {
      const kinds = FAULT_KINDS.filter((_, k) => (k + i) % 3 === 0 || k > 9);
      const deviations = kinds.flatMap((kind) =>
        faultsOf(kind.name, s.geometry).filter(({ occurrence }) =>
          occurrence >= (kind.from ?? 0) && occurrence % 5 === i % 5
        )
      );
      return { ...s, deviations };
    });
    assertEquals(broken(new Testbed(stack, PROFILE), scenarios), new Map());
  }
});

Deno.test("Fault is told in words", () => {
  const say = (site: string, occurrence: number, value: number) =>
    describeFault({ site, occurrence, value });
  assertEquals(say("rx write-back nic0.1", 3, 4), "rx write-back 3 of nic0 queue 1 came 5 us late");
  assertEquals(
    say("tx write-back nic2.0", 0, HELD),
    "tx write-back 0 of nic2 queue 0 was held until its vector was unmasked",
  );
  assertEquals(say("tx doorbell nic0.0", 1, LOST), "tx doorbell 1 of nic0 queue 0 was lost");
  assertEquals(say("spurious nic0.0", 2, 1), "interrupt 2 of nic0 queue 0 was sent though masked");
  assertEquals(
    say("update nic0>switch posted", 7, 3),
    "UpdateFC 7 of nic0>switch posted came 29 us late",
  );
  assertEquals(say("egress port1", 0, 5), "frame 0 of port1 never left: the peer stopped");
  assertEquals(say("allocation", 9, 1), "allocation 9 failed");
  assertEquals(say("tie", 3, 2), null);
});

Deno.test("LateFabric shows a held write-back when its vector is unmasked, but not before what it follows", () => {
  const seen = (lateData: number): [string, number][] => {
    const [clock, choices] = [new Clock(), new Choices()];
    const late = new LateFabric(clock, choices, 1);
    late.over(createFabric("coarse", clock, PROFILE.fabric, 1));
    choices.reset([
      { site: "write nic0>host", occurrence: 0, value: lateData },
      { site: "rx write-back nic0.0", occurrence: 0, value: HELD },
    ]);
    const times: [string, number][] = [];
    const shows = (name: string) => clock.register(() => times.push([name, clock.now]));
    const [data, done, unmask] = [shows("data"), shows("done"), shows("unmask")];
    late.names(done, { kind: "rx write-back", nic: "nic0", queueOf: () => 0 });
    late.names(unmask, { kind: "unmask", nic: "nic0", queueOf: () => 0 });
    late.reset(1, { headerCredits: 8, dataCredits: 64, mps: 256, mrrs: 512 });
    late.write(1, HOST, 64, data, 0);
    late.write(1, HOST, 16, done, 0);
    clock.at(5e6, clock.register(() => late.write(HOST, 1, 4, unmask, 0)), 0);
    clock.run({ horizonPs: 1e9, events: 100 });
    return times;
  };
  const names = (times: [string, number][]) => times.map(([name]) => name);
  const prompt = seen(0);
  assertEquals(names(prompt), ["data", "done", "unmask"]);
  assertEquals(
    prompt[1]![1],
    5e6,
    "at the instant of the driver's write, before the device has it",
  );
  const behind = seen(LATE_PS.indexOf(2e7));
  assertEquals(names(behind), ["unmask", "data", "done"]);
  assertEquals(behind[2]![1], behind[1]![1] + 1);
});
