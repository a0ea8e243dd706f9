// Aim: a streamed run shows the counters and the times of a recorded one, its events grow with its packets and its
// memory with neither packets nor time. Method: the same frames both ways over drawn scenarios; every array and map
// of the process watched while a run gets longer.
import { assert, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { l3fwd } from "../../stacks/dpdk/mod.ts";
import { linuxNapi } from "../../stacks/linux-napi/mod.ts";
import { p2pnic } from "../../stacks/p2pnic/mod.ts";
import { machineProfile, paperHost } from "../../fixtures/mod.ts";
import type { Stack } from "../stack.ts";
import { type Offer, scenarioOf, stream, towards, wirePs } from "./_scenario_for_tests.ts";
import type { Scenario } from "./device.ts";
import type { Observation } from "./observation.ts";
import type { Traffic } from "./scenario.ts";
import { Testbed } from "./testbed.ts";

const PROFILE = machineProfile(paperHost);
const STACKS: readonly (readonly [string, () => Stack])[] = [
  ["l3fwd", () => l3fwd("strict")],
  ["l3fwd (faithful)", () => l3fwd("faithful")],
  ["linux-napi", linuxNapi],
  ["p2pnic", p2pnic],
];

/** What both kinds of run have to show alike. */
function counted(testbed: Testbed, o: Observation): Record<string, unknown> {
  return structuredClone({
    run: [o.end, o.endPs, o.events, o.traceHash, o.unresolved],
    packets: [o.offered, o.emitted, [...o.dropped]],
    counters: [o.ports, o.links, o.credits, o.lcores, o.copiedBytes, o.doorbells, o.interrupts],
    report: testbed.report(),
  });
}

const drawn = fc.array(
  fc.record({
    port: fc.nat(3),
    to: fc.nat(4),
    gap: fc.constantFrom(0, 7_000, 30_000, 900_000),
    size: fc.constantFrom(59, 60, 60, 60, 400, 1514, 1519),
    ttl: fc.constantFrom(64, 64, 64, 1),
  }),
  { minLength: 1, maxLength: 60, size: "max" },
);
const sizes = fc.record({
  lcores: fc.integer({ min: 1, max: 2 }),
  rxRing: fc.constantFrom(8, 32),
  txRing: fc.constantFrom(8, 32),
  ingress: fc.constantFrom(2, 32),
  peerSlots: fc.integer({ min: 1, max: 12 }),
  fidelity: fc.constantFrom<"coarse" | "tlp">("coarse", "tlp"),
});
const scenario = fc.tuple(drawn, sizes).map(([packets, geometry]) => {
  const free = [0, 0, 0, 0];
  let at = 0;
  const offers = packets.map(({ gap, to, ...packet }): Offer => {
    at = Math.max(at + gap, free[packet.port]! + wirePs(packet.size));
    free[packet.port] = at;
    return { ...packet, at, dst: towards(to) };
  });
  return scenarioOf(offers, { ports: 4, ...geometry });
});

/** The traffic offered `times` times, written out. */
function writtenOut(traffic: Traffic, times: number, periodPs: number): Traffic {
  const repeat = <T>(of: ArrayLike<T>) => Array.from({ length: times }, () => [...Array.from(of)]);
  return {
    count: traffic.count * times,
    port: Uint8Array.from(repeat(traffic.port).flat()),
    at: Float64Array.from(repeat(traffic.at).flatMap((at, k) => at.map((t) => t + k * periodPs))),
    offset: Uint32Array.from(repeat(traffic.offset).flat()),
    length: Uint32Array.from(repeat(traffic.length).flat()),
    bytes: traffic.bytes,
  };
}

for (const [name, stack] of STACKS) {
  Deno.test(`Testbed streams with the counters and times of a recorded run, with ${name}`, () => {
    const [streaming, recording] = [0, 1].map(() => new Testbed(stack(), PROFILE));
    let emitted = 0, dropped = 0;
    fc.assert(
      fc.property(scenario, fc.integer({ min: 1, max: 3 }), fc.nat(50_000), (s, times, more) => {
        const { at, count } = s.traffic;
        const periodPs = at[count - 1]! - at[0]! + more;
        const o = streaming!.stream(s, { times, periodPs });
        assertEquals([o.count, o.outCount, o.pools], [0, 0, []], "a record was kept");
        const seen = counted(streaming!, o);
        const traffic = writtenOut(s.traffic, times, periodPs);
        const r = recording!.run({ ...s, traffic });
        assertEquals(r.faults, []);
        assertEquals(seen, counted(recording!, r));
        assertEquals(r.offered, r.emitted + r.dropped.reduce((a, b) => a + b, 0));
        emitted += o.emitted;
        dropped += r.dropped.reduce((a, b) => a + b, 0);
      }),
      { numRuns: 12 },
    );
    assert(emitted > 50 && dropped > 50, `${emitted} emitted, ${dropped} dropped`);
  });
}

Deno.test("Testbed records again after a stream as if there had been none", () => {
  const s = scenarioOf(stream(40, wirePs(60), (i) => ({ port: i & 1 })));
  const [used, fresh] = [0, 1].map(() => new Testbed(l3fwd(), PROFILE));
  used!.stream(s, { times: 3, periodPs: 1e6 });
  const again = counted(used!, used!.run(s));
  const { machine: { observation: o } } = used!;
  assertEquals([o.recorded, o.count, o.outCount], [true, 40, 40]);
  assertEquals(again, counted(fresh!, fresh!.run(s)));
});

/** Four ports at a rate that keeps four lcores, or the NICs' threads, busy and loses little. */
/** Eight times are 100 us: l3fwd drains its tables as often. */
const GAP_PS = 31_250;
function busy(fidelity: "coarse" | "tlp"): Scenario {
  const offers = stream(
    400,
    20_000,
    (i) => ({ port: i % 4, dst: towards((i + 1 + (i >> 2)) % 4) }),
  );
  return scenarioOf(offers, { ports: 4, lcores: 4, rxRing: 32, txRing: 32, ingress: 64, fidelity });
}
const PERIOD_PS = 400 * GAP_PS;

/** The longest array or map that is made or grows while `run` runs, and how many arrays of numbers are made. */
function growth(run: () => void): { longest: number; largest: number; made: number } {
  const seen = { longest: 0, largest: 0, made: 0 };
  const { push } = Array.prototype;
  const { set } = Map.prototype;
  const { add } = Set.prototype;
  const arrays = ["Uint8Array", "Int32Array", "Uint32Array", "Float64Array"] as const;
  const originals = arrays.map((name) => globalThis[name]);
  Array.prototype.push = function (...items) {
    const length = push.apply(this, items);
    if (length > seen.longest) seen.longest = length;
    return length;
  };
  Map.prototype.set = function (key, value) {
    set.call(this, key, value);
    if (this.size > seen.largest) seen.largest = this.size;
    return this;
  };
  Set.prototype.add = function (value) {
    add.call(this, value);
    if (this.size > seen.largest) seen.largest = this.size;
    return this;
  };
  const counting = <T extends object>(constructor: T): T =>
    new Proxy(constructor, {
      construct(target, given, asked) {
        seen.made++;
        return Reflect.construct(target as unknown as () => void, given, asked);
      },
    });
  arrays.forEach((name, i) => Object.assign(globalThis, { [name]: counting(originals[i]!) }));
  try {
    run();
  } finally {
    Object.assign(Array.prototype, { push });
    Object.assign(Map.prototype, { set });
    Object.assign(Set.prototype, { add });
    arrays.forEach((name, i) => Object.assign(globalThis, { [name]: originals[i]! }));
  }
  return seen;
}

for (const [name, stack] of [STACKS[0]!, STACKS[3]!]) {
  for (const fidelity of ["coarse", "tlp"] as const) {
    Deno.test(`Testbed streams ${name} in memory that does not grow, events as packets, ${fidelity}`, () => {
      const testbed = new Testbed(stack(), PROFILE);
      const s = busy(fidelity);
      const run = (times: number) => {
        const { events, emitted, end } = testbed.stream(s, { times, periodPs: PERIOD_PS });
        assertEquals(end, "quiet");
        return { events, emitted };
      };
      const first = run(8);
      const short = growth(() => run(8));
      let second = first, third = first;
      const long = growth(() => void (second = run(16)));
      assertEquals(growth(() => void (third = run(24))), long);
      assertEquals(long, short);
      assert(short.longest + short.largest + short.made > 0, "nothing was watched");
      for (const what of ["events", "emitted"] as const) {
        const [before, after] = [second[what] - first[what], third[what] - second[what]];
        const more = after / before;
        assert(
          Math.abs(more - 1) < 0.02,
          `as many packets again gave ${more} times as many ${what}`,
        );
      }
    });
  }
}

Deno.test("Testbed tells of each drop of a stream, ends it when told to, and runs as new after it", () => {
  const s = scenarioOf(stream(96, wirePs(60)), { rxRing: 8, ingress: 8 });
  const [used, fresh] = [0, 1].map(() => new Testbed(linuxNapi(), PROFILE));
  const repeat = { times: 4, periodPs: 96 * wirePs(60) };
  const all: number[] = [];
  const whole = counted(fresh!, fresh!.stream(s, { ...repeat, onDrop: (at) => all.push(at) < 0 }));
  const { dropped, endPs } = fresh!.machine.observation;
  assertEquals(all.length, dropped.reduce((a, b) => a + b, 0));
  assert(all.length > 10 && all.every((at, i) => at <= endPs && (i === 0 || at >= all[i - 1]!)));
  const seen: number[] = [];
  const o = used!.stream(s, { ...repeat, onDrop: (at) => seen.push(at) === 10 });
  assertEquals([seen, o.end, o.endPs], [all.slice(0, 10), "limit", all[9]], "the same up to there");
  assertEquals(counted(used!, used!.stream(s, repeat)), whole);
  assertEquals(seen.length, 10, "the next run tells nobody");
});

Deno.test("Testbed refuses a repetition that is none", () => {
  const s = scenarioOf(stream(3, 1000));
  const testbed = new Testbed(l3fwd(), PROFILE);
  for (
    const [times, periodPs, text] of [
      [0, 2000, "its frames are offered 0 times, expected a whole number from 1"],
      [1.5, 2000, "its frames are offered 1.5 times"],
      [
        2,
        1999,
        "every 1999 ps, expected whole ones that last from the first frame to the last: at least 2000",
      ],
      [2, NaN, "every NaN ps"],
      [
        1e9,
        1e6,
        "the last repeated frame arrives at 1000000000002000 ps, expected all within 100000000000000 ps",
      ],
    ] as const
  ) assertThrows(() => testbed.stream(s, { times, periodPs }), RangeError, text);
});
