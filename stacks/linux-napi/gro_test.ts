// Aim: what GRO merges goes through the IP layer once and leaves as the segments that came, byte for byte and in
// order; what could not be told apart again is not merged.
// Method: drawn flows of TCP, interleaved and with one thing changed in some segments, against the reference
// router; then each thing that may differ or may not, alone.
import { assert, assertEquals } from "@std/assert";
import * as fc from "fast-check";
import { Testbed } from "../../core/machine/testbed.ts";
import {
  computeTcpChecksum,
  fillIpv4Checksum,
  ipv4Dst,
  ipv4Src,
  setTcpChecksum,
} from "../../core/packet/mod.ts";
import { judgeAll, LAWS, referenceRouter } from "../../properties/mod.ts";
import { counter, type FramePlan, LINUX_TEST_PROFILE, scenarioOf } from "./_scenario_for_tests.ts";
import { linuxNapi } from "./mod.ts";

/** Bytes of Ethernet, IPv4 and TCP headers without options. */
const HEADERS = 54;

interface Segment {
  readonly flow?: number;
  readonly seq: number;
  readonly id: number;
  readonly payload: number;
  readonly flags?: number;
  /** TCP has 12 bytes of options, as with timestamps: without them a segment without data is padded. */
  readonly options?: boolean;
  /** Done to the finished frame, at its IPv4 header, before the checksums. */
  readonly change?: (bytes: Uint8Array, ip: number) => void;
  /** Added to the TCP checksum. */
  readonly wrong?: number;
}

/** A frame of a flow that carries 255 - i at its byte i. */
function frameOf(at: number, segment: Segment): FramePlan {
  const { flow = 0, seq, id, payload, flags = 0x10, options = false, change, wrong = 0 } = segment;
  const header = options ? 32 : 20;
  return {
    at,
    port: 0,
    to: 1,
    size: Math.max(60, HEADERS - 20 + header + payload),
    change(bytes, offset) {
      const ip = offset + 14;
      const tcp = ip + 20;
      bytes[ip + 2] = (20 + header + payload) >> 8;
      bytes[ip + 3] = (20 + header + payload) & 255;
      bytes.set([id >> 8, id & 255, 0x40, 0, 64, 6], ip + 4);
      const ports = [4, flow, 0, 80];
      bytes.set([...ports, ...word(seq), ...word(77), header << 2, flags, 1, 0, 0, 0, 0, 0], tcp);
      if (options) bytes.set([1, 1, 8, 10, ...word(4711), ...word(42)], tcp + 20);
      for (let i = 0; i < payload; i++) bytes[tcp + header + i] = 255 - i;
      change?.(bytes, ip);
      fillIpv4Checksum(bytes, ip);
      const length = header + payload;
      const right = computeTcpChecksum(bytes, tcp, length, ipv4Src(bytes, ip), ipv4Dst(bytes, ip));
      setTcpChecksum(bytes, tcp, (right + wrong) & 0xffff);
    },
  };
}

function word(value: number): number[] {
  return [value >>> 24, (value >>> 16) & 255, (value >>> 8) & 255, value & 255];
}

/** Machines that all runs share. */
const merging = new Testbed(linuxNapi({ itrUs: 100 }), LINUX_TEST_PROFILE);
const without = new Testbed(linuxNapi({ itrUs: 100, gro: false }), LINUX_TEST_PROFILE);

/**
 * Runs segments that one poll finds, and holds what leaves against the reference router. A packet before them has
 * had its interrupt; the next one comes 100 us later. What is counted leaves it out.
 */
function run(segments: readonly Segment[], options: { readonly gro?: false } = {}) {
  const testbed = options.gro === false ? without : merging;
  const before = { at: 10e6, port: 0, to: 1 };
  const frames = segments.map((one, i) => frameOf(20e6 + i * 400e3, one));
  const scenario = scenarioOf([before, ...frames]);
  const o = testbed.run(scenario);
  const { policy, offers } = testbed;
  const expectation = referenceRouter(scenario, policy);
  const laws = LAWS.filter(({ id }) => /^(PKT|ORD|POOL|LOSS-[23]|NIC)/.test(id));
  const again = () => o;
  const judged = judgeAll({ scenario, observation: o, policy, expectation, offers, again }, laws);
  for (const { law, verdict } of judged) {
    assert(verdict.kind !== "broken", `${law.id}: ${JSON.stringify(verdict)}`);
  }
  const report = testbed.report();
  const merged = counter(report, /gro merged/);
  assertEquals(counter(report, /processed/), o.count - merged);
  const n = (name: RegExp) => counter(report, name) - 1;
  return { o, n, report, merged, cycles: o.lcores[0]!.usefulPs * 3.6e-3 };
}

/** Segments of one flow, each the next one's before. */
function flow(count: number, payload = 100, seq = 1000, id = 500): Segment[] {
  return Array.from({ length: count }, (_, i) => ({
    ...{ seq: (seq + i * payload) >>> 0, id: (id + i) & 0xffff, payload },
  }));
}

Deno.test("linuxNapi merges segments that follow each other, and they leave as they came", () => {
  const { o, n, merged, cycles } = run(flow(16, 1448));
  assertEquals([o.emitted - 1, merged], [16, 15]);
  assertEquals([n(/IpInReceives/), n(/ForwDatagrams/), n(/^tc .* sent$/)], [1, 1, 16]);
  const alone = run(flow(16, 1448), { gro: false });
  assertEquals([alone.merged, alone.n(/IpInReceives/)], [0, 16]);
  // 15 times ip_rcv, look-up, ip_forward, neighbour, qdisc, for an skb each of the segments
  assertEquals(Math.round(alone.cycles - cycles), 15 * (130 + 262 + 190 + 110 + 230 - 160));
});

Deno.test("linuxNapi merges across the wrap of sequence number and identification", () => {
  assertEquals(run(flow(6, 100, 2 ** 32 - 250, 65_533)).merged, 5);
});

/** The second of two segments, changed, and how many are merged. */
const SECOND: [what: string, change: Partial<Segment>, merged: number][] = [
  ["as it is", {}, 1],
  ["identification stands still, DF set", { id: 500 }, 1],
  ["identification two more", { id: 502 }, 0],
  ["sequence number too low", { seq: 1099 }, 0],
  ["sequence number too high", { seq: 1101 }, 0],
  ["shorter", { payload: 60 }, 1],
  ["longer", { payload: 101 }, 0],
  ["no payload", { payload: 0 }, 0],
  ["PSH", { flags: 0x18 }, 1],
  ["FIN", { flags: 0x11 }, 1],
  ["SYN", { flags: 0x12 }, 0],
  ["RST", { flags: 0x14 }, 0],
  ["CWR", { flags: 0x90 }, 0],
  ["wrong TCP checksum", { wrong: 1 }, 0],
  ["another port", { flow: 1 }, 0],
  ["another TTL", { change: (b, ip) => void (b[ip + 8] = 63) }, 0],
  ["another TOS", { change: (b, ip) => void (b[ip + 1] = 4) }, 0],
  ["DF not set", { change: (b, ip) => void (b[ip + 6] = 0) }, 0],
  ["a fragment", { change: (b, ip) => void (b[ip + 6] = 0x20) }, 0],
  ["another acknowledgement", { change: (b, ip) => void b[ip + 31]!++ }, 0],
  ["another window", { change: (b, ip) => void b[ip + 35]!++ }, 0],
  ["IP options", { change: (b, ip) => void (b[ip] = 0x46) }, 0],
  ["another source MAC", { change: (b, ip) => void b[ip - 3]!++ }, 0],
];

Deno.test("linuxNapi merges a second segment only if it can be told apart again", () => {
  for (const [what, change, merged] of SECOND) {
    const [first, second] = flow(2);
    assertEquals(run([first!, { ...second!, ...change }]).merged, merged, what);
  }
  const still = { change: (b: Uint8Array, ip: number) => void (b[ip + 6] = 0) };
  const [first, second] = flow(2);
  assertEquals(
    run([{ ...first!, ...still }, { ...second!, ...still, id: 500 }]).merged,
    0,
    "no DF",
  );
});

Deno.test("linuxNapi ends a merged packet at PSH, FIN and a shorter segment, and holds eight flows", () => {
  for (const end of [{ flags: 0x18 }, { flags: 0x11 }, { payload: 60 }]) {
    const [a, b, c, d] = flow(4) as [Segment, Segment, Segment, Segment];
    const less = "payload" in end ? 40 : 0;
    const then = [c, d].map((one) => ({ ...one, seq: one.seq - less }));
    assertEquals(run([a, { ...b, ...end }, ...then]).merged, 2, JSON.stringify(end));
  }
  const [a, b] = flow(2) as [Segment, Segment];
  assertEquals(run([{ ...a, flags: 0x18 }, b]).merged, 0, "a first segment with PSH");
  const turns = (flows: number) =>
    flow(3).flatMap((one) => Array.from({ length: flows }, (_, f) => ({ ...one, flow: f })));
  assertEquals(run(turns(8)).merged, 16);
  // of nine in turn each is handed on before its next segment comes
  assertEquals(run(turns(9)).merged, 0);
});

Deno.test("linuxNapi loses all of a merged packet, each segment with its reason", () => {
  const spent = { change: (b: Uint8Array, ip: number) => void (b[ip + 8] = 1) };
  const { o, report, merged } = run(flow(5).map((one) => ({ ...one, ...spent })));
  assertEquals([merged, o.dropped[1], counter(report, /kfree_skb$/)], [4, 5, 5]);
});

/** Segments of three flows in any order; most follow the one before, some have one thing changed. */
const SEGMENTS = fc.array(
  fc.record({
    flow: fc.nat({ max: 2 }),
    payload: fc.oneof(
      { weight: 12, arbitrary: fc.constant(40) },
      { weight: 1, arbitrary: fc.constant(0) },
      { weight: 2, arbitrary: fc.nat({ max: 45 }) },
    ),
    flags: fc.oneof({ weight: 6, arbitrary: fc.constant(0x10) }, fc.nat({ max: 255 })),
    skip: fc.oneof({ weight: 6, arbitrary: fc.constant(0) }, fc.integer({ min: -1, max: 1 })),
    id: fc.oneof({ weight: 6, arbitrary: fc.constant(1) }, fc.nat({ max: 2 })),
    at: fc.oneof({ weight: 6, arbitrary: fc.constant(0) }, fc.integer({ min: 1, max: 51 })),
    wrong: fc.oneof({ weight: 8, arbitrary: fc.constant(0) }, fc.constant(1)),
  }),
  { minLength: 2, maxLength: 30, size: "max" },
).map((drawn) => {
  const seq = [2 ** 32 - 90, 0, 5];
  const id = [65_530, 0, 9];
  return drawn.map((one): Segment => {
    const { flow } = one;
    const options = flow === 2;
    const segment = {
      options,
      ...{ flow, seq: (seq[flow]! + one.skip) >>> 0, id: id[flow]! & 0xffff },
      ...{ payload: one.payload, flags: one.flags, wrong: one.wrong },
      // any byte of the headers behind the first: its checksum still comes out right
      change: (b: Uint8Array, ip: number) => void (one.at > 0 && (b[ip + one.at]! ^= 1)),
    };
    seq[flow] = segment.seq + one.payload;
    id[flow] = segment.id + one.id;
    return segment;
  });
});

Deno.test("linuxNapi with GRO forwards drawn flows of TCP byte for byte and in order", () => {
  let [merged, alone] = [0, 0];
  fc.assert(
    fc.property(SEGMENTS, (segments) => {
      const seen = run(segments);
      merged += seen.merged;
      alone += seen.o.count - seen.merged;
    }),
    { numRuns: 150, seed: 4821 },
  );
  assert(merged > 200 && alone > 200, `${merged} merged, ${alone} not`);
});
