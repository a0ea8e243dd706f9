// Aim: a run depends on its scenario alone (not on what the machine ran before, not on skipping idle polls).
// Method: whole observations compared over random scenarios; stacks as users write them.
import { assert, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { l3fwd, testpmd } from "../../stacks/dpdk/mod.ts";
import { p2pnic } from "../../stacks/p2pnic/mod.ts";
import type { Memory } from "../memory/memory.ts";
import type { Cpu, Dataplane, Stack } from "../stack.ts";
import { TEST_PROFILE } from "./_profile_for_tests.ts";
import {
  fates,
  frame,
  left,
  type Offer,
  scenarioOf,
  stream,
  towards,
  wirePs,
} from "./_scenario_for_tests.ts";
import { sevens, simple } from "./_stacks_for_tests.ts";
import type { Geometry, Scenario } from "./device.ts";
import type { Machine } from "./machine.ts";
import type { MachineProfile } from "./profile.ts";
import type { Observation } from "./observation.ts";
import { DRAWN_MAXIMA, SCENARIO_MAXIMA } from "./sizes.ts";
import { Testbed } from "./testbed.ts";

/** Everything that a law could look at, as plain data. */
function snapshot(o: Observation): Record<string, unknown> {
  const perPacket = [o.fate, o.reason, o.place, o.occupancy, o.endAt, o.dataAt, o.descAt, o.seenAt];
  const perFrame = [o.outPacket, o.outPort, o.outStart, o.outEnd, o.outLength];
  return {
    run: [o.end, o.endPs, o.events, o.traceHash],
    packets: [...perPacket, o.txAt, o.doneAt].map((a) => [...a.subarray(0, o.count)]),
    frames: perFrame.map((a) => [...a.subarray(0, o.outCount)]),
    bytes: Array.from({ length: o.outCount }, (_, i) => [...frame(o, i)]).flat(),
    rest: [o.places, o.faults, o.pools, o.credits, o.links, o.lcores, [...o.waitingAt]],
    counters: [o.ports, o.copiedBytes, o.doorbells, o.interrupts],
  };
}

/** What is seen from outside: which frame left where and when, and what became of the others. */
function outcome(o: Observation): Record<string, unknown> {
  const { packets, frames, bytes } = snapshot(o);
  return { packets, frames, bytes, end: o.end };
}

const packet = fc.record({
  port: fc.nat(3),
  to: fc.nat(4),
  gap: fc.oneof(
    { weight: 8, arbitrary: fc.nat(40_000) },
    { weight: 4, arbitrary: fc.nat(3_000_000) },
    { weight: 1, arbitrary: fc.constant(120_000_000) },
  ),
  size: fc.constantFrom(59, 60, 60, 200, 1514),
  ttl: fc.constantFrom(64, 64, 1),
  srcPort: fc.nat(9),
});
const geometry = fc.record({
  ports: fc.integer({ min: 2, max: 4 }),
  lcores: fc.integer({ min: 1, max: 3 }),
  rxRing: fc.constantFrom(8, 16, 64),
  txRing: fc.constantFrom(8, 16, 64),
  ingress: fc.constantFrom(1, 4, 64),
  poolCache: fc.constantFrom(0, 1, 16),
  peerSlots: fc.integer({ min: 1, max: 12 }),
  fidelity: fc.constantFrom<Geometry["fidelity"]>("coarse", "tlp"),
  headerCredits: fc.constantFrom(1, 3, 64),
  dataCredits: fc.constantFrom(16, 500),
  mps: fc.constantFrom(128, 256),
});
const schedule = fc.array(
  fc.record({ site: fc.constant("tie"), occurrence: fc.nat(200), value: fc.nat(4) }),
  { maxLength: 8 },
);
const scenario = fc.tuple(fc.array(packet, { maxLength: 30, size: "max" }), geometry, schedule).map(
  ([drawn, g, deviations]): Scenario => {
    const free = [0, 0, 0, 0];
    let at = 0;
    const offers = drawn.map(({ gap, to, ...fields }): Offer => {
      const port = fields.port % g.ports;
      at = Math.max(at + gap, free[port]! + wirePs(fields.size));
      free[port] = at;
      return { ...fields, port, at, dst: towards(to % (g.ports + 1)) };
    });
    return scenarioOf(offers, g, deviations);
  },
);

const MAXIMA = { ports: 4, lcores: 3, ring: 64, ingress: 64, buffers: 4096 };

/** A small cache and a slow channel, so that everything that host memory can do happens, and pause frames. */
const WITH_MEMORY: MachineProfile = {
  ...TEST_PROFILE,
  pause: { high: 0.75, low: 0.25, quanta: 40, obeyed: true, reactionPs: 50_000 },
  hostMemory: {
    llcSets: 16,
    llcWays: 4,
    ddioWays: 2,
    missPs: 51_500,
    cpuMissPs: 20_000,
    channels: 2,
    channelGBps: 4,
    queueLines: 4,
    remotePs: 62_000,
    remotePorts: [1],
    iotlbEntries: 8,
    pageBytes: 4096,
    iotlbMissPs: 265_000,
    bufferBytes: 2048,
  },
};

const STACKS: readonly (readonly [string, () => Stack, MachineProfile])[] = [
  ["l3fwd", () => l3fwd("strict"), TEST_PROFILE],
  ["l3fwd on modelled memory, with pause frames", () => l3fwd("strict"), WITH_MEMORY],
  ["p2pnic", p2pnic, TEST_PROFILE],
  ["simple", () => simple, TEST_PROFILE],
  ["sevens", () => sevens, TEST_PROFILE],
];

/** Faults of fabric, host and lines, of which the run before may have some: late, held, refused, stopped. */
const faults = fc.array(
  fc.record({
    site: fc.constantFrom(
      ...[
        "rx write-back nic0.0",
        "rx write-back nic1.0",
        "tx write-back nic1.0",
        "write nic0>host",
      ],
      ...[
        "write nic0>nic1",
        "read nic1<nic0",
        "egress port1",
        "allocation",
        "update nic0>switch posted",
      ],
    ),
    occurrence: fc.nat(12),
    // 7: of a write-back, held until its vector is unmasked
    value: fc.constantFrom(1, 2, 3, 5, 7, 7),
  }),
  { maxLength: 6 },
);

/** What a machine has run before, to its end or as far as so many events go, and how often its frames came. */
const earlier = fc.record({
  scenario,
  faults: fc.oneof(fc.constant([]), faults),
  events: fc.oneof(fc.constant(Infinity), fc.nat(200), fc.nat(1500)),
  times: fc.constantFrom(1, 1, 3),
});

for (const [name, stack, profile] of STACKS) {
  Deno.test(`Testbed TIME-1: a used machine equals a fresh one, twice, with ${name}`, () => {
    const options = { maxima: MAXIMA, patiencePs: 2e8 };
    const used = new Testbed(stack(), profile, options);
    const { clock } = used.machine;
    const run = clock.run.bind(clock);
    let [emitted, cut] = [0, 0];
    fc.assert(
      fc.property(fc.array(earlier, { maxLength: 3, size: "max" }), earlier, (before, drawn) => {
        const own = drawn.scenario;
        const last = { ...own, deviations: [...own.deviations, ...drawn.faults] };
        for (const { scenario: s, faults, events, times } of before) {
          clock.run = (limits, isQuiet) =>
            run({ ...limits, events: Math.min(limits.events, events) }, isQuiet);
          const deviations = [...s.deviations, ...faults];
          const { count, at } = s.traffic;
          const periodPs = count === 0 ? 0 : at[count - 1]!;
          const o = times === 1
            ? used.run({ ...s, deviations })
            : used.stream({ ...s, deviations }, { times, periodPs });
          if (o.end === "limit") cut++;
        }
        clock.run = run;
        if (before.length === 0) used.run(last);
        const second = snapshot(used.run(last));
        const o = new Testbed(stack(), profile, options).run(last);
        assertEquals(second, snapshot(o));
        emitted += fates(o).emitted;
      }),
      { numRuns: 30 },
    );
    assert(emitted > 20 && cut > 3, `${emitted} packets were forwarded, ${cut} runs cut short`);
  });
}

Deno.test("A machine that is reset tells of nothing that drove it before", () => {
  const sizes = { rxRing: 64, txRing: 64, ingress: 64, peerSlots: 8, spareBuffers: 64, ports: 4 };
  const { geometry: g } = scenarioOf([], sizes);
  const told = ({ nics, observation: o, memory, mmio }: Machine) => ({
    nics: nics.map((nic) => ({
      own: [nic.counters, nic.ringAccounts(), nic.macOut.pending, nic.macIn.occupancy],
      dma: [nic.dma.writesPending, nic.dma.writeBusyPs, nic.dma.readShareTaken],
      isDriven: nic.macIn.receiver !== null,
    })),
    books: [o.places, o.faults, o.ports, o.doorbells, o.interrupts, o.posts, o.moves, o.frees],
    rest: [memory.used, memory.regions, memory.copiedBytes, mmio.count],
  });
  const unused = new Testbed(simple, TEST_PROFILE, { maxima: MAXIMA }).machine;
  for (const stack of [simple, l3fwd("strict"), p2pnic()]) {
    const bed = new Testbed(stack, TEST_PROFILE, { maxima: MAXIMA });
    bed.run(scenarioOf(stream(20, 20_000, (i) => ({ port: i & 1 })), sizes));
    const { machine } = bed;
    for (const one of [machine, unused]) one.reset(g, 0, [], () => {});
    assertEquals(told(machine), told(unused));
  }
});

Deno.test("Testbed takes a larger machine when a scenario needs it, and shows the same on either", () => {
  const sizes = { rxRing: 64, txRing: 64, ingress: 64, peerSlots: 32, spareBuffers: 64 };
  const offers = stream(40, 20_000, (i) => ({ port: i & 1 }));
  const small = scenarioOf(offers, sizes);
  const large = scenarioOf(offers, { ...sizes, rxRing: 2048 });
  const testbed = new Testbed(simple, TEST_PROFILE);
  assertEquals(testbed.machine.maxima, DRAWN_MAXIMA);
  const before = structuredClone(snapshot(testbed.run(small)));
  const wide = structuredClone(snapshot(testbed.run(large)));
  assertEquals(testbed.machine.maxima, SCENARIO_MAXIMA);
  assertEquals(snapshot(testbed.run(small)), before);
  const fresh = new Testbed(simple, TEST_PROFILE, { maxima: SCENARIO_MAXIMA });
  assertEquals(snapshot(fresh.run(large)), wide);
  assertThrows(
    () => testbed.run(scenarioOf([], { rxRing: 8192 })),
    RangeError,
    "rxRing is 8192, and the machine was built for 2..4096",
  );
});

Deno.test("Testbed has buffers for the largest rings, and shows the same as a machine built for them", () => {
  const one = stream(40, 20_000, (i) => ({ port: i & 1 }));
  const geometry: Partial<Geometry> = { rxRing: 4096, txRing: 4096, lcores: 4, ports: 4 };
  const scenario = scenarioOf(one, geometry);
  const grown = new Testbed(l3fwd(), TEST_PROFILE);
  const seen = structuredClone(outcome(grown.run(scenario)));
  const maxima = { ...SCENARIO_MAXIMA, buffers: 150_000 };
  assertEquals(outcome(new Testbed(l3fwd(), TEST_PROFILE, { maxima }).run(scenario)), seen);
  // what needs less runs on one of its size, and the large one is kept
  const { machine } = grown;
  grown.run(scenarioOf(one));
  assertEquals(grown.machine.maxima, SCENARIO_MAXIMA);
  grown.run(scenario);
  assert(grown.machine === machine, "a new machine for the same sizes");
});

Deno.test("Testbed has the same memory for a scenario, whatever it ran before", () => {
  const pools: number[] = [];
  const greedy: Stack = (env) => {
    const memory = env.memory as Memory;
    env.configure({ mbufs: memory.capacity >> 1 });
    const dataplane = simple(env);
    pools.push(env.pool.size);
    return dataplane;
  };
  const testbed = new Testbed(greedy, TEST_PROFILE);
  const small = scenarioOf(stream(1, 0), { rxRing: 64, txRing: 64, ingress: 64, peerSlots: 8 });
  const large = scenarioOf([]);
  for (const one of [small, large, small]) testbed.run(one);
  assertEquals(pools[2], pools[0]);
  assert(pools[1]! > pools[0]!, `${pools}`);
  const { machine } = testbed;
  for (const one of [large, small]) testbed.run(one);
  assert(testbed.machine === machine, "it is kept");
});

Deno.test("Testbed is as new after a stack threw in the middle of a run", () => {
  let polls = 0;
  let limit = 50;
  const stack: Stack = (env) => {
    const dataplane = simple(env);
    return {
      name: "bomb",
      poll(cpu: Cpu): number {
        if (++polls === limit) throw new TypeError("a mistake of the user's");
        return dataplane.poll!(cpu);
      },
    };
  };
  const s = scenarioOf(stream(40, 20_000, (i) => ({ port: i & 1 })), { fidelity: "tlp" });
  const testbed = new Testbed(stack, TEST_PROFILE);
  assertThrows(() => testbed.run(s), TypeError, "a mistake of the user's");
  limit = -1;
  const after = snapshot(testbed.run(s));
  assertEquals(after, snapshot(new Testbed(stack, TEST_PROFILE).run(s)));
});

Deno.test("Testbed is as new after a run that left packets everywhere", () => {
  // first nobody polls, so that rings and ingress buffers stay full; then all is well
  const sleepy = (): Stack => {
    let runs = 0;
    return (env): Dataplane => {
      assertEquals(env.ports.length, 2, "the rings are set up when first asked for");
      return runs++ === 0 ? { name: "asleep" } : simple(env);
    };
  };
  const g = { rxRing: 8, txRing: 8, ingress: 16, fidelity: "tlp" } as const;
  const s = scenarioOf(stream(60, 20_000, (i) => ({ port: i & 1 })), g);
  const [used, fresh] = [sleepy(), sleepy()].map((stack) => new Testbed(stack, TEST_PROFILE));
  const first = used!.run(scenarioOf(stream(40, 20_000), g));
  assertEquals(
    [first.ports[0]!.rxMissed, fates(first).none],
    [17, 23],
    "7 in the ring, 16 before it",
  );
  fresh!.run(scenarioOf([], g));
  assertEquals(snapshot(used!.run(s)), snapshot(fresh!.run(s)));
});

Deno.test("Testbed is as new after a run that ended in the middle of everything", () => {
  // gap, slots, packets: saturated; short of slots; and so cut that P2PNIC has completions on their way
  const LOADS = [[5_700, 64, 400], [17_000, 6, 384], [60_000, 6, 388]] as const;
  // without patience a run ends with its last arrival: frames are on wires, links and in rings
  const crowd = (count: number, gapPs: number, g: Partial<Geometry>) =>
    scenarioOf(stream(count, gapPs, (i) => ({ port: i % 3, dst: towards((i + 1) % 3) })), {
      ports: 3,
      rxRing: 64,
      txRing: 64,
      ingress: 64,
      ...g,
    });
  for (const stack of [simple, l3fwd("strict"), p2pnic()]) {
    for (const fidelity of ["coarse", "tlp"] as const) {
      for (const [gapPs, peerSlots, count] of LOADS) {
        const options = { maxima: MAXIMA, patiencePs: 0 };
        const used = new Testbed(stack, TEST_PROFILE, options);
        const cut = used.run(crowd(count, gapPs, { peerSlots, fidelity }));
        assertEquals(cut.end, "horizon");
        assert(fates(cut).none > 20, `only ${fates(cut).none} packets were under way`);
        const s = crowd(250, gapPs, { peerSlots: 11, fidelity });
        const fresh = new Testbed(stack, TEST_PROFILE, options);
        assertEquals(snapshot(used.run(s)), snapshot(fresh.run(s)));
      }
    }
  }
});

Deno.test("Testbed deviations change the trace, and the same ones change it alike", () => {
  const offers = stream(30, 40_000, (i) => ({ port: i & 1, at: 1e6 + (i >> 1) * 40_000 }));
  const deviations = [0, 1, 2, 3].map((occurrence) => ({ site: "tie", occurrence, value: 1 }));
  const testbed = new Testbed(l3fwd("strict"), TEST_PROFILE);
  const plain = testbed.run(scenarioOf(offers)).traceHash;
  const [once, twice] = [0, 1].map(() => testbed.run(scenarioOf(offers, {}, deviations)).traceHash);
  assertEquals(once, twice);
  assert(once !== plain, "the deviations reordered nothing");
});

Deno.test("Testbed skipping idle polls equals stepping them, for stacks that allow it", () => {
  let saved = 0;
  const pipeline = l3fwd("strict", { mode: "pipeline", ringSize: 8 });
  const scattered = testpmd({ mbufSize: 1152 });
  for (const stack of [l3fwd("strict"), l3fwd("faithful"), simple, pipeline, scattered]) {
    const skipping = new Testbed(stack, TEST_PROFILE);
    const stepping = new Testbed(stack, TEST_PROFILE, { skipIdlePolls: false });
    fc.assert(
      fc.property(scenario, (drawn) => {
        // Deviations are counted in events, of which stepping has more.
        const s = { ...drawn, deviations: [] };
        const skipped = skipping.run(s);
        const stepped = stepping.run(s);
        assertEquals(outcome(skipped), outcome(stepped));
        const [a, b] = [skipped, stepped].map((o) => o.lcores[0]!.busyPs);
        assert(
          Math.abs(a! - b!) < 500_000,
          `busy for ${a} ps, stepped for ${b}: a poll apart at most`,
        );
        saved += stepped.events - skipped.events;
      }),
      { numRuns: 15 },
    );
  }
  assert(saved > 20_000, `only ${saved} polls were skipped`);
});

Deno.test("Testbed steps a stack that counts its empty polls: what it holds leaves", () => {
  const offers = stream(25, wirePs(60));
  const o = new Testbed(sevens, TEST_PROFILE).run(scenarioOf(offers));
  assertEquals([fates(o).emitted, o.end], [25, "quiet"]);
  assertEquals(left(o, 1), Array.from({ length: 25 }, (_, i) => i));
  // why stepping is the default: the same stack with a false promise is never run again
  const liar: Stack = (env): Dataplane => ({ ...sevens(env), idlePollIsStateless: true });
  const stuck = new Testbed(liar, TEST_PROFILE).run(scenarioOf(offers));
  assertEquals(fates(stuck).none, 25 % 7);
  assertEquals([...stuck.waitingAt.values()], new Array(4).fill("lcore 0"));
});

Deno.test("Testbed runs a user's stack of 30 lines that polls all ports in one poll", () => {
  const offers = stream(300, 300_000, (i) => ({ port: i % 4, dst: towards((i * 7 + 1) % 4) }));
  const testbed = new Testbed(simple, TEST_PROFILE);
  const o = testbed.run(scenarioOf(offers, { ports: 4, lcores: 2, rxRing: 64, txRing: 64 }));
  assertEquals([fates(o).emitted, o.faults], [300, []]);
  for (let i = 0; i < o.outCount; i++) {
    assertEquals(o.outPort[i], (o.outPacket[i]! * 7 + 1) % 4);
    assertEquals(frame(o, i)[22], 63);
  }
  assertEquals(testbed.name, "simple");
  const [pool] = o.pools;
  const held = pool!.held.reduce((sum, { count }) => sum + count, 0);
  assertEquals(pool!.free + pool!.cached + held, pool!.size, "POOL-1");
});
