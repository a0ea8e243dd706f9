// Aim: whatever a user's stack or scenario does wrong is said in one clear line, or ends the run in a way that
// can be seen; nothing hangs. Method: one mistake at a time.
import { assert, assertEquals, assertThrows } from "@std/assert";
import { REASON } from "../policy.ts";
import type { Costs, Cpu, Dataplane, Env, Stack } from "../stack.ts";
import { TEST_PROFILE } from "./_profile_for_tests.ts";
import { fates, left, scenarioOf, stream } from "./_scenario_for_tests.ts";
import { POLICY, simple } from "./_stacks_for_tests.ts";
import type { Geometry, Scenario } from "./device.ts";
import { holds } from "./sizes.ts";
import { Testbed } from "./testbed.ts";

Deno.test("Testbed refuses a poll that takes no time, whichever way it stands still", () => {
  const idle: Stack = () => ({ name: "idle", poll: () => 0 });
  assertThrows(
    () => new Testbed(idle, TEST_PROFILE).run(scenarioOf(stream(1, 0))),
    RangeError,
    "Cannot poll for ever in no time: an empty poll of lcore 0 charged nothing",
  );
  const busy: Stack = () => ({ name: "busy", poll: () => 1 });
  const o = new Testbed(busy, TEST_PROFILE).run(scenarioOf([]));
  assertEquals([o.end, o.endPs], ["limit", 0], "a loop ends by the number of its events");
});

Deno.test("Testbed names a cost that the profile lacks", () => {
  const stack: Stack = (env) => {
    env.cost("tea.brew");
    return { name: "thirsty" };
  };
  assertThrows(
    () => new Testbed(stack, TEST_PROFILE).run(scenarioOf([])),
    RangeError,
    'Cannot charge "tea.brew": profile test has no such cost',
  );
});

Deno.test("Testbed sets ports up as the stack said before it asked for them, and refuses what cannot be", () => {
  const run = (boot: (env: Env) => void) => {
    const stack: Stack = (env) => {
      boot(env);
      return simple(env);
    };
    return new Testbed(stack, TEST_PROFILE).run(scenarioOf(stream(1, 1e6)));
  };
  assertEquals(run((env) => env.configure({ mbufs: 1200 })).pools[0]!.size, 1200);
  run((env) => {
    env.configure({ mbufs: 1200, poolCache: 0 });
    assertEquals([env.pool.cacheLimit, env.pool.size], [0, 1200]);
  });
  const cases: [(env: Env) => void, string][] = [
    [({ ports, configure }) => configure({ mbufs: ports.length }), "they are set up already"],
    [({ configure }) => configure({ mbufs: NaN }), "a pool of NaN mbufs, expected 1 or more"],
    [({ configure }) => configure({ mbufs: 1e9 }), "Cannot reserve 1000000000 buffers for mempool"],
    [({ configure }) => configure({ mbufs: 40 }), "mempool mempool is empty after 40 of 512"],
    [({ configure }) => configure({ txFreeThresh: NaN }), "at most tx_free_thresh NaN"],
    [({ configure }) => configure({ rxFreeThresh: NaN }), "rx_free_thresh NaN must divide"],
    [({ configure }) => configure({ segmentBytes: 200.5 }), "buffers of 200.5 bytes"],
  ];
  for (const [boot, message] of cases) assertThrows(() => run(boot), RangeError, message);
});

Deno.test("Testbed charges a driver's calls what the stack said, and the next run what the profile says", () => {
  let costs: Costs | undefined;
  const stack: Stack = (env) => {
    if (costs !== undefined) env.configure({ costs });
    return simple(env);
  };
  const testbed = new Testbed(stack, TEST_PROFILE);
  const leftAt = () => testbed.run(scenarioOf(stream(1, 1e6))).outStart[0]!;
  const before = leftAt();
  costs = { ...TEST_PROFILE.costs, "pmd.rx.packet": 60 + 3400 };
  assertEquals(Math.abs(leftAt() - before - 1e6) < 20_000, true, "a microsecond later");
  costs = { "pmd.rx.burst": 60 };
  assertThrows(leftAt, RangeError, 'there is no cost "pmd.rx.packet"');
  costs = undefined;
  assertEquals(leftAt(), before);
});

Deno.test("Testbed shows where packets wait when a stack does not look at its ports", () => {
  let runs = 0;
  const blind: Stack = (env) => runs++ === 1 ? simple(env) : { name: "blind" };
  const testbed = new Testbed(blind, TEST_PROFILE);
  for (const sees of [false, true, false]) {
    const o = testbed.run(scenarioOf(stream(3, 1e6), { ingress: 2 }));
    if (sees) {
      assertEquals(fates(o).emitted, 3);
      continue;
    }
    assertEquals([o.end, fates(o).none, o.reason[2]], ["quiet", 2, REASON["rx-missed"]]);
    assertEquals([...o.waitingAt], [[0, "nic0 ingress buffer"], [1, "nic0 ingress buffer"]]);
  }
});

Deno.test("Testbed refuses a geometry that is larger than its machine, or none", () => {
  const maxima = { ports: 2, lcores: 2, ring: 64, ingress: 16, buffers: 600 };
  const testbed = new Testbed(simple, TEST_PROFILE, { maxima });
  const small = { rxRing: 16, txRing: 16, ingress: 16, peerSlots: 8, poolCache: 0 };
  const cases: [Partial<Geometry>, string][] = [
    [{ ports: 3 }, "ports is 3, and the machine was built for 1..2"],
    [{ ports: 1.5 }, "ports is 1.5"],
    [{ lcores: 3 }, "lcores is 3, and the machine was built for 1..2"],
    [{ lcores: 0 }, "lcores is 0"],
    [{ spareBuffers: NaN }, "spareBuffers is NaN"],
    [{ fidelity: "x" as "tlp" }, "fidelity is x, expected coarse, tlp or link"],
    [{ rxRing: 128 }, "rxRing is 128, and the machine was built for 2..64"],
    [{ txRing: 1 }, "txRing is 1, and the machine was built for 2..64"],
    [{ ingress: 17 }, "ingress is 17, and the machine was built for 1..16"],
    [{ peerSlots: NaN }, "peerSlots is NaN, and the machine was built for 1..64"],
    [{ rxRing: 24 }, "rxRing is 24, expected a power of two"],
    [{ spareBuffers: 600 }, "buffers for mempool: 504 of 600 are left"],
    [{ poolCache: 513 }, "poolCache is 513, and the machine was built for 0..512"],
    [{ dataCredits: 15 }, "dataCredits is 15, expected at least 16: one payload"],
    [{ mps: 129 }, "mps is 129, expected a power of two"],
  ];
  for (const [change, message] of cases) {
    const { poolCache, ...rest } = change;
    const buffers = poolCache === undefined ? {} : { poolCache };
    const g = { ...small, ...rest, ...buffers };
    const device = poolCache === undefined ? testbed : new Testbed(simple, TEST_PROFILE);
    assertThrows(() => device.run(scenarioOf([], g)), RangeError, message, JSON.stringify(change));
  }
  const o = testbed.run(scenarioOf(stream(4, 1e6), small));
  assertEquals(fates(o).emitted, 4, "and works after all that");
});

Deno.test("Testbed refuses frames and next hops on ports that the scenario does not have", () => {
  const testbed = new Testbed(simple, TEST_PROFILE);
  // a run with four ports first: what it leaves behind must not be reached
  testbed.run(scenarioOf(stream(4, 1e6), { ports: 4 }));
  const two = scenarioOf(stream(4, 1e6), { ports: 2 });
  const frames = { ...two, traffic: { ...two.traffic, port: Uint8Array.of(0, 1, 3, 0) } };
  const hops = { ...two, neighbours: { ...two.neighbours, port: Uint8Array.of(0, 3, 1, 1) } };
  const times = { ...two, traffic: { ...two.traffic, at: Float64Array.of(1e6, 2e6, 1e6, 3e6) } };
  const refused = (s: Scenario, text: string) =>
    assertThrows(() => testbed.run(s), RangeError, text);
  const late = { ...two, traffic: { ...two.traffic, at: Float64Array.of(1e6, 2e6, 3e6, 1e15) } };
  refused(late, "frame 3 arrives at 1000000000000000 ps, expected all within 100000000000000 ps");
  refused(frames, "frame 2 arrives on port 3, and it has ports 0..1");
  refused(hops, "next hop 1 lies on port 3, and it has ports 0..1");
  refused(times, "frame 2 arrives at 1000000 ps, expected a whole time not before");
});

Deno.test("Testbed names the stack that charges, answers, wakes, sends or drops nonsense", () => {
  const throwing = (text: string, poll: (env: Env, cpu: Cpu) => number): void => {
    const stack = (env: Env) => ({ name: "odd", poll: (cpu: Cpu) => poll(env, cpu) });
    assertThrows(
      () => new Testbed(stack, TEST_PROFILE).run(scenarioOf(stream(4, 1e6))),
      RangeError,
      text,
    );
  };
  const charge = (cycles: number) => (_: Env, cpu: Cpu) => (cpu.charge(cycles), 1);
  throwing("context 1 of lcore 0 on: it charged -5 cycles", charge(-5));
  throwing("it charged NaN cycles", charge(NaN));
  throwing("it charged 0.5 cycles", charge(0.5));
  throwing("its poll answered undefined", (_, cpu) => cpu.charge(5) as unknown as number);
  throwing("Cannot wake context 1 of lcore 0 at NaN cycles", (_, cpu) => (cpu.wakeAt(NaN), 0));
  throwing("Cannot wake context 1 of lcore 0 at Infinity", (_, cpu) => (cpu.wakeAt(Infinity), 0));
  throwing("Cannot spawn on lcore 9", (env) => env.spawn(9, "thread", () => 0).id);
  const one = new Int32Array(1);
  throwing("Cannot use queue 7 of port 0", (env, cpu) => env.ports[0]!.rxBurst(cpu, 7, one, 1));
  throwing("Cannot receive NaN packets", (env, cpu) => env.ports[0]!.rxBurst(cpu, 0, one, NaN));
  throwing("Cannot receive -1 packets", (env, cpu) => env.ports[0]!.rxBurst(cpu, 0, one, -1));
  throwing("Cannot send -1 packets", (env, cpu) => env.ports[0]!.txBurst(cpu, 0, one, 0, -1));
  throwing("99 is not a reason", (env, cpu) => (env.drop(cpu, env.pool.get(0), 99), 1));
  throwing("its length is 5000, not in 0..1518", (env, cpu) => {
    one[0] = env.pool.get(0);
    env.memory.length[one[0]] = 5000;
    return env.ports[0]!.txBurst(cpu, 0, one, 0, 1);
  });
});

Deno.test("Testbed refuses routes that do not fit, and does not keep half of them", () => {
  const testbed = new Testbed(simple, TEST_PROFILE);
  const good = scenarioOf(stream(4, 1e6));
  testbed.run(good);
  const count = 2 ** 18 + 1;
  const bad: Scenario = {
    ...good,
    routes: {
      count,
      prefix: Uint32Array.from({ length: count }, (_, i) => (i << 8) >>> 0),
      depth: new Uint8Array(count).fill(25),
      nextHop: new Uint32Array(count),
    },
  };
  assertThrows(
    () => testbed.run(bad),
    RangeError,
    "Cannot run a scenario: its routes beyond 24 bits lie in 262145 blocks of /24, expected 262144 at most",
  );
  const o = testbed.run(good);
  assertEquals([fates(o).emitted, left(o, 1).length], [4, 4]);
});

Deno.test("A machine holds what is needed only if each of its sizes does", () => {
  const sizes = { ports: 2, lcores: 2, ring: 64, ingress: 16, buffers: 600 };
  assertEquals(holds(sizes, sizes), true);
  for (const size of Object.keys(sizes) as (keyof typeof sizes)[]) {
    assertEquals(holds(sizes, { ...sizes, [size]: sizes[size] + 1 }), false, size);
  }
});

Deno.test("Testbed waits for a packet half a minute away while a timer goes on", () => {
  // a look every 12 us: two and a half million of them, more than a run of two packets may take at once
  const stack = Object.assign((env: Env): Dataplane => {
    const { poll } = simple(env);
    const period = Math.ceil(12e6 * env.cost("mhz") / 1e6);
    return {
      name: "timer",
      poll(cpu) {
        const moved = poll!(cpu);
        cpu.wakeAt(cpu.tsc() + period);
        if (moved === 0) cpu.sleep();
        return moved;
      },
    };
  }, { policy: POLICY });
  const offers = stream(2, 30e12);
  const o = new Testbed(stack, TEST_PROFILE).run(scenarioOf(offers));
  assertEquals([o.end, fates(o).emitted], ["quiet", 2]);
  assert(o.events > 2_000_000, `${o.events} events: any limit would do`);
});
