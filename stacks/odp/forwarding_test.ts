// Aim: one program, whatever its interfaces and however its packets come in: the same frames leave, in order where
// that is promised, and every counter adds up to what was offered.
import { assert, assertEquals, assertThrows } from "@std/assert";
import {
  frame,
  left,
  type Offer,
  scenarioOf,
  stream,
  towards,
} from "../../core/machine/_scenario_for_tests.ts";
import type { Scenario } from "../../core/machine/device.ts";
import { FATE, type Observation } from "../../core/machine/observation.ts";
import { REASON } from "../../core/policy.ts";
import { ipv4Ttl } from "../../core/packet/mod.ts";
import { bed, counter, HOST, wrong } from "./_rig_for_tests.ts";
import { odp, type OdpMode, type OdpOptions, odpView } from "./mod.ts";

/** Frames of both ports in eight flows, from 1 us on. */
function traffic(
  count: number,
  gapPs: number,
  fields: (i: number) => Partial<Offer> = () => ({}),
): Offer[] {
  const flow = (i: number): Partial<Offer> => ({
    port: i & 1,
    dst: towards(1 - (i & 1)),
    src: 0xc0a80001 + (i >> 1 & 3),
    srcPort: 1000,
  });
  return stream(count, gapPs, (i) => ({ ...flow(i), ...fields(i) }));
}

function emitted(o: Observation): string[] {
  return Array.from({ length: o.outCount }, (_, i) => `${o.outPort[i]} ${frame(o, i)}`).sort();
}

/** Packets that left after a later one of their flow. */
function overtaken(o: Observation, { traffic }: Scenario): number {
  const last = new Map<string, number>();
  let count = 0;
  for (let i = 0; i < o.outCount; i++) {
    const p = o.outPacket[i]!;
    const at = traffic.offset[p]!;
    const key = `${traffic.port[p]} ${traffic.bytes.subarray(at + 26, at + 36)}`;
    if ((last.get(key) ?? -1) > p) count++;
    else last.set(key, p);
  }
  return count;
}

// a transmit ring that gets back what a burst of 32 takes: 32 descriptors at each look
const LCORES_4 = { lcores: 4, rxRing: 64, txRing: 256, ingress: 1024 } as const;

Deno.test("odp 8.1: one program on dpdk, socket and pcap interfaces sends the same frames", () => {
  const scenario = scenarioOf(traffic(60, 100_000));
  const { bytes, offset, length, port } = scenario.traffic;
  const frames = (of: number): Uint8Array[] =>
    [...port].flatMap((p, i) => p === of ? [bytes.slice(offset[i]!, offset[i]! + length[i]!)] : []);
  for (const mode of ["direct", "atomic", "ordered"] as const) {
    const dpdk = bed(odp({ mode })).run(scenario);
    const expected = emitted(dpdk);
    assertEquals(expected.length, 60);
    const socket = [0, 1].map((port) => ({ type: "socket" as const, port }));
    assertEquals(emitted(bed(odp({ mode, interfaces: socket })).run(scenario)), expected);
    const out: Uint8Array[][] = [[], []];
    const pcap = [0, 1].map((i) => ({ type: "pcap" as const, in: frames(i), out: out[i]! }));
    bed(odp({ mode, interfaces: pcap })).run(scenarioOf([]));
    assertEquals(out.flatMap((sent, i) => sent.map((one) => `${i} ${one}`)).sort(), expected);
  }
});

Deno.test("odp 8.1: on a loop interface the same program sends a packet to itself until its time to live ends", () => {
  const { bytes } = scenarioOf([{ port: 0, at: 1e6, ttl: 9, dst: towards(0) }]).traffic;
  for (const mode of ["direct", "queue", "parallel", "atomic", "ordered"] as const) {
    const device = bed(odp({ mode, interfaces: [{ type: "loop", frames: [bytes] }] }));
    const o = device.run(scenarioOf([]));
    const report = device.report();
    assertEquals(o.end, "quiet");
    // it came in nine times: sent with 9 at first, dropped with 1
    assertEquals(counter(report, "odp_pktio_stats loop:0 in_packets"), 9, mode);
    assertEquals(counter(report, "odp_pktio_stats loop:0 out_packets"), 8, mode);
    assertEquals(wrong(o), []);
  }
});

Deno.test("odp 8.2: the five modes send the same frames, and all but parallel keep the order of flows", () => {
  // one flow in trains of 40: who gets the last few of a train is done before who got more
  const at = (i: number): number => 1e6 + Math.floor(i / 40) * 12e6 + (i % 40) * 20_000;
  const scenario = scenarioOf(
    stream(400, 0, (i) => ({ at: at(i), srcPort: 1000, dst: towards(1) })),
    LCORES_4,
  );
  const expected = emitted(bed(odp({ mode: "direct" })).run(scenario));
  assertEquals(expected.length, 400);
  const disorder = (["direct", "parallel", "atomic", "ordered", "queue"] as const).map(
    (mode: OdpMode) => {
      const o = bed(odp({ mode })).run(scenario);
      assertEquals([emitted(o), wrong(o)], [expected, []], mode);
      return overtaken(o, scenario);
    },
  );
  assert(disorder[1]! > 0, "parallel threads overtake each other");
  assertEquals(disorder.filter((_, mode) => mode !== 1), [0, 0, 0, 0]);
});

Deno.test("odp 8.8: statistics of interfaces, queues, classes and pools add up to what was offered", () => {
  const bad = (bytes: Uint8Array): void => void (bytes[24]! ^= 1);
  const device = bed(odp({
    classifier: {
      cos: [{ name: "main", queues: 2, size: 8 }, { name: "bad", drop: true }],
      defaultCos: "main",
      errorCos: "bad",
    },
  }));
  const o = device.run(scenarioOf(
    traffic(600, 17_000, (i) => (i % 10 === 0 ? { edit: bad } : i % 97 === 0 ? { ttl: 1 } : {})),
    { rxRing: 32, ingress: 16 },
  ));
  const report = device.report();
  const both = (name: string): number =>
    [0, 1].reduce((sum, port) => sum + counter(report, `odp_pktio_stats dpdk:${port} ${name}`), 0);
  const [received, missed] = [both("in_packets"), o.dropped[REASON["rx-missed"]]!];
  assertEquals(received + missed, 600);
  const cos = (name: string, what: string): number =>
    counter(report, `odp_cls_cos_stats ${name} ${what}`);
  assertEquals(received, cos("main", "packets") + cos("main", "discards") + cos("bad", "dropped"));
  assert(cos("main", "discards") > 0 && cos("bad", "dropped") > 0 && missed > 0, "each has some");
  assertEquals(both("in_discards"), missed + cos("main", "discards"));
  const enqueued = [0, 1].map((q) => counter(report, `odp_cls_queue_stats main ${q} packets`));
  assertEquals(enqueued[0]! + enqueued[1]!, cos("main", "packets"));
  assertEquals(
    cos("main", "packets"),
    both("out_packets") + o.dropped[REASON.ttl]! + both("out_discards"),
  );
  assertEquals([both("out_packets"), both("out_ucast_pkts")], [o.emitted, o.emitted]);
  const pool = (name: string): number => counter(report, `odp_pool_stats mempool ${name}`);
  assert(pool("available") + pool("cache_available") < pool("total"), "rings hold the rest");
  assertEquals(wrong(o), []);
});

Deno.test("odp 8.8: views print a report as ODP's calls do", () => {
  const device = bed(odp({ output: "tm" }));
  device.run(scenarioOf(traffic(20, 1e6)));
  const report = device.report();
  const [head, line, octets] = odpView("odp_pktio_stats_print", report).split("\n");
  assertEquals([head, line, octets], [
    "dpdk:0 statistics",
    "-----------------",
    "  in_octets                 600",
  ]);
  const [names, first] = odpView("odp_queue_print_all", report).split("\n");
  assertEquals(names, "name            enq  deq  discards  length");
  assertEquals(first, "pktin dpdk:0 0    0    0         0       0");
  assert(odpView("odp_tm_stats_print", report).startsWith("dpdk:0 q0 statistics\n"));
  assert(odpView("odp_pool_print_all", report).split("\n")[1]!.startsWith("mempool"));
  assertEquals(odpView("odp_l2fwd", report), "20 packets, 0 rx drops, 0 tx drops");
  assertEquals(odpView("odp_cls_cos_stats", report), "cos");
  assertThrows(() => odpView("top" as "odp_l2fwd", report), TypeError, 'Cannot print "top"');
});

Deno.test("odp skips empty polls to the same departures as stepping through them", () => {
  // gaps from 50 ns to 12 us
  const offers = traffic(60, 0, (i) => ({ at: 1e6 + i * i * 55_000 + i * 50_000 }));
  for (
    const options of [{}, { mode: "ordered" }, { mode: "parallel" }, {
      output: "tm",
    }] as OdpOptions[]
  ) {
    for (const lcores of [1, 3]) {
      const scenario = scenarioOf(offers, { lcores, rxRing: 64, txRing: 64 });
      const [skipped, stepped] = [true, false].map((skips) => {
        const o = bed(odp(options), skips).run(scenario);
        return new Map([...o.outPacket.subarray(0, o.outCount)].map((p, i) => [p, o.outEnd[i]!]));
      });
      assertEquals(skipped!.size, 60);
      // on several lcores a thread that rests does not learn that another has taken an input queue, which shortens
      // what it does at each look: it looks again up to a look earlier or later than it would have
      const most = lcores === 1 ? 0 : 400_000;
      for (const [p, endPs] of skipped!) {
        const apart = Math.abs(endPs - stepped!.get(p)!);
        assert(
          apart <= most,
          `${JSON.stringify(options)} on ${lcores} lcores: packet ${p}, ${apart} ps`,
        );
      }
    }
  }
});

Deno.test("odp l2fwd sends out of the paired port with both addresses changed", () => {
  const scenario = scenarioOf([{ port: 0, at: 1e6, ttl: 1 }, { port: 1, at: 2e6 }]);
  const o = bed(odp({ app: "l2fwd", mode: "queue", output: "queue" })).run(scenario);
  assertEquals([left(o, 1), left(o, 0)], [[0], [1]]);
  const sent = frame(o, 0);
  assertEquals([...sent.subarray(0, 12)], [2, 0, 0, 0, 0, 1, 2, 1, 3, 4, 5, 1]);
  assertEquals(ipv4Ttl(sent, 14), 1, "nothing else changes");
});

Deno.test("odp refuses what does not fit together", () => {
  const wrong: [OdpOptions, string][] = [
    [{ mode: "fast" as OdpMode }, 'mode "fast" is not one of'],
    [{ burst: 33 }, "burst 33 is not an integer in 1..32"],
    [{ queueSize: 8193 }, "queueSize 8193"],
    [{ prioSpread: 9 }, "prioSpread 9"],
    [{ burstDefault: [1] }, "burstDefault has 1 entries, not 8"],
    [
      { mode: "direct", classifier: { cos: [{ name: "a" }], defaultCos: "a" } },
      "the classifier's queues are scheduled, not direct",
    ],
    [{ classifier: { cos: [{ name: "a" }], defaultCos: "b" } }, 'class "b" is not one of "a"'],
    [
      {
        classifier: {
          cos: [{ name: "a" }],
          pmr: [{ from: "a", to: "a", terms: [{ term: "IPPROTO", value: 6 }] }],
          defaultCos: "a",
        },
      },
      "rules lead from class a back to it",
    ],
    [
      {
        classifier: { cos: [{ name: "a", action: "loop" }], defaultCos: "a", loopDefaultCos: "a" },
      },
      "class a sends what came from the loop interface into it again",
    ],
    [{ output: "tm", tm: { queues: [{ name: "q", weight: 0 }] } }, "weight of q 0"],
    [
      { output: "tm", tm: { queues: [{ name: "q", parent: "n" }] } },
      'parent of q "n" is not one of',
    ],
  ];
  for (const [options, message] of wrong) {
    assertThrows(() => odp(options), Error, `Cannot configure odp: ${message}`);
  }
  const far = odp({ interfaces: [{ type: "dpdk", port: 7 }] });
  assertThrows(() => bed(far).run(scenarioOf([])), RangeError, "Cannot open port 7");
});

Deno.test("odp gives up what a full interface refuses, as odp_l2fwd does, and says where", () => {
  const device = bed(odp({ mode: "direct" }));
  const both = stream(
    300,
    10_000,
    (i) => ({ port: i % 3 === 2 ? 1 : 0, dst: towards(1), size: i % 3 === 2 ? 1500 : 60 }),
  );
  const o = device.run(scenarioOf(both, { txRing: 8, rxRing: 64, ingress: 512 }));
  const drops = counter(device.report(), "odp_l2fwd thread 0 tx drops");
  assert(drops > 0);
  assertEquals([drops, o.dropped[REASON["tx-full"]]], [drops, drops]);
  assertEquals(
    o.fate.subarray(0, o.count).filter((fate) => fate === FATE.dropped).length,
    drops + o.dropped[REASON["rx-missed"]]!,
  );
});

/** Cycles of one lcore for a packet, from the frames that left in 200 us of more load than it can take. */
function cyclesPerPacket(options: OdpOptions): number {
  const offers = traffic(5600, 40_000);
  const o = bed(odp(options)).run(scenarioOf(offers, { ingress: 64 }));
  const within = o.outEnd.subarray(0, o.outCount).filter((at) => at >= 20e6 && at < 220e6).length;
  return 200e-6 * HOST.cpuMhz * 1e6 / within;
}

Deno.test("odp: direct, parallel, atomic and ordered input cost what the README says, in bursts of 32 and of 1", () => {
  const cycles = ([32, 1] as const).map((burst) => {
    const bursts = new Array<number>(8).fill(burst);
    return (["direct", "parallel", "atomic", "ordered"] as const).map((mode) =>
      cyclesPerPacket({ mode, burst, burstDefault: bursts, burstMax: bursts })
    );
  });
  const stated = [[300, 302, 305, 325], [457, 575, 545, 766]];
  for (const [i, row] of stated.entries()) {
    for (const [j, value] of row.entries()) {
      assert(
        Math.abs(cycles[i]![j]! - value) < 0.03 * value,
        `${cycles[i]} cycles, expected ${row}`,
      );
    }
  }
  // what the scheduler adds: tens of cycles a packet in bursts of 32, hundreds alone
  assert(cycles[0]![3]! - cycles[0]![0]! < 50 && cycles[1]![3]! - cycles[1]![0]! > 200);
});
