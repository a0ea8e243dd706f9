// Aim: packets get the class that the rules say, whatever they look at; classes with pools of their own do not feel
// each other's load; groups of queues spread flows; errors have a class; what went through the loop is classified anew.
import { assert, assertEquals } from "@std/assert";
import {
  frame,
  type Offer,
  scenarioOf,
  stream,
  towards,
} from "../../core/machine/_scenario_for_tests.ts";
import { REASON } from "../../core/policy.ts";
import { pushVlan, writeTcpFrame, writeUdpFrame, writeVxlan } from "../../core/packet/mod.ts";
import { bed, counter, judged, wrong } from "./_rig_for_tests.ts";
import { odp, type OdpClassifierOptions, type PmrTerm } from "./mod.ts";

const packets = (name: string): string => `odp_cls_cos_stats ${name} packets`;

/** The frame with a tag: its last four bytes go, and its IPv4 packet is as much shorter. */
function tagged(tci: number): (bytes: Uint8Array) => void {
  return (bytes) => {
    bytes[17]! -= 4;
    const check = (bytes[24]! << 8 | bytes[25]!) + 4;
    bytes[24] = (check % 0xffff) >> 8;
    bytes[25] = check % 0xffff;
    const wide = new Uint8Array(68);
    wide.set(bytes, 4);
    pushVlan(wide, 4, 0x8100, tci);
    bytes.set(wide.subarray(0, bytes.length));
  };
}

const tcp = (bytes: Uint8Array): void => {
  const [src, dst] = [0xc0a80001, towards(1)];
  writeTcpFrame(bytes, 0, { dstMac: 1, srcMac: 2, src, dst, srcPort: 7, dstPort: 443, payload: 0 });
};

/** A rule of one term and a frame that matches it, beside the frame that none does. */
const RULES: readonly [string, PmrTerm, Partial<Offer>][] = [
  ["vlan", { term: "VLAN_ID_0", value: 100 }, { edit: tagged(3 << 13 | 100) }],
  ["pcp", { term: "VLAN_PCP_0", value: 5 }, { edit: tagged(5 << 13 | 7) }],
  [
    "dmac",
    { term: "DMAC", value: 0x01005e000000, mask: 0xffffff000000 },
    { edit: (bytes) => bytes.set([1, 0, 0x5e, 9, 9, 9]) },
  ],
  ["proto", { term: "IPPROTO", value: 6 }, { edit: tcp }],
  ["sip range", { term: "SIP_ADDR", range: [0x0b000000, 0x0b0000ff] }, { src: 0x0b000080 }],
  ["dip mask", { term: "DIP_ADDR", value: 0x0a010200, mask: 0xffffff00 }, { dst: 0x0a010203 }],
  ["udp sport", { term: "UDP_SPORT", range: [5000, 5100] }, { srcPort: 5050 }],
  ["ethtype", { term: "ETHTYPE_0", value: 0x0806 }, { edit: (bytes) => bytes.set([8, 6], 12) }],
  [
    "custom",
    { term: "CUSTOM_FRAME", offset: 50, size: 3, value: 0xabcdef },
    { edit: (bytes) => bytes.set([0xab, 0xcd, 0xef], 50) },
  ],
  ["length", { term: "LEN", range: [1000, 2000] }, { size: 1200 }],
  ["dscp", { term: "IP_DSCP", value: 46, mask: 0x3f }, {
    edit: (bytes) => {
      bytes[15] = 46 << 2;
      bytes[24] = bytes[25] = 0;
      let sum = 0;
      for (let i = 14; i < 34; i += 2) sum += bytes[i]! * 256 + bytes[i + 1]!;
      const check = ~(sum % 0xffff) & 0xffff;
      bytes[24] = check >> 8;
      bytes[25] = check;
    },
  }],
];

Deno.test("odp 8.4: rules on VLAN, DMAC, protocol, ports, addresses, masks, ranges, type and custom fields", () => {
  const device = bed(odp({
    classifier: {
      cos: [{ name: "default" }, ...RULES.map(([name]) => ({ name }))],
      pmr: RULES.map(([to, term]) => ({ from: "default", to, terms: [term] })),
      defaultCos: "default",
    },
  }));
  const offers = [...RULES.map(([, , fields]) => fields), { srcPort: 9 }, {
    srcPort: 9,
    size: 400,
  }];
  const o = device.run(
    scenarioOf(offers.map((fields, i) => ({ port: 0, at: 1e6 + i * 1e6, srcPort: 9, ...fields }))),
  );
  const report = device.report();
  assertEquals(
    RULES.map(([name]) => [name, counter(report, packets(name))]),
    RULES.map(([name]) => [name, 1]),
  );
  assertEquals(counter(report, packets("default")), 2);
  assertEquals([wrong(o), judged(o).includes("ODP-10")], [[], true]);
});

Deno.test("odp 8.4: a range holds its first and its last value, and none beside", () => {
  const ranges: readonly [PmrTerm, readonly [number, number], (value: number) => Partial<Offer>][] =
    [
      [
        { term: "SIP_ADDR", range: [0x0b000010, 0x0b000020] },
        [0x0b000010, 0x0b000020],
        (src) => ({ src }),
      ],
      [{ term: "UDP_SPORT", range: [5000, 5100] }, [5000, 5100], (srcPort) => ({ srcPort })],
      [{ term: "LEN", range: [100, 200] }, [100, 200], (size) => ({ size })],
    ];
  for (const [term, [from, to], offer] of ranges) {
    const device = bed(odp({
      classifier: {
        cos: [{ name: "default" }, { name: "inside" }],
        pmr: [{ from: "default", to: "inside", terms: [term] }],
        defaultCos: "default",
      },
    }));
    const values = [from - 1, from, to, to + 1];
    device.run(
      scenarioOf(values.map((value, i) => ({ port: 0, at: 1e6 + i * 1e6, ...offer(value) }))),
    );
    assertEquals(counter(device.report(), packets("inside")), 2, term.term);
    assertEquals(counter(device.report(), packets("default")), 2, term.term);
  }
});

Deno.test("odp 8.4: rules lead on from class to class, all terms of a rule have to match", () => {
  const device = bed(odp({
    classifier: {
      cos: ["default", "ten", "ten one", "web"].map((name) => ({ name })),
      pmr: [
        {
          from: "default",
          to: "ten",
          terms: [{ term: "DIP_ADDR", value: 0x0a000000, mask: 0xff000000 }],
        },
        {
          from: "ten",
          to: "ten one",
          terms: [{ term: "DIP_ADDR", value: 0x0a010000, mask: 0xffff0000 }],
        },
        {
          from: "ten one",
          to: "web",
          terms: [{ term: "IPPROTO", value: 17 }, { term: "UDP_SPORT", value: 80 }],
        },
      ],
      defaultCos: "default",
    },
  }));
  const o = device.run(scenarioOf([
    { port: 0, at: 1e6, dst: 0x0b010001 },
    { port: 0, at: 2e6, dst: 0x0a000001, srcPort: 80 },
    { port: 0, at: 3e6, dst: 0x0a010001, srcPort: 81 },
    { port: 0, at: 4e6, dst: 0x0a010001, srcPort: 80 },
  ]));
  const report = device.report();
  assertEquals(["default", "ten", "ten one", "web"].map((name) => counter(report, packets(name))), [
    1,
    1,
    1,
    1,
  ]);
  assertEquals(wrong(o), []);
});

/** Two classes by source address: what fits the CPU, and five times as much as it can do. */
function overload(
  pool: number | undefined,
): { good: number; missed: number; noBuffer: number; findings: string[]; judged: string[] } {
  const classifier: OdpClassifierOptions = {
    cos: [
      { name: "good", prio: 7 },
      { name: "flood", prio: 0, ...pool === undefined ? {} : { pool } },
    ],
    pmr: [{ from: "good", to: "flood", terms: [{ term: "SIP_ADDR", value: 0x0b000001 }] }],
    defaultCos: "good",
  };
  const offers = stream(
    4000,
    95_000,
    (i) => (i % 20 === 0 ? { src: 0xc0a80001 } : { src: 0x0b000001 }),
  );
  const device = bed(odp({ classifier }));
  const scenario = scenarioOf(offers, { rxRing: 256, txRing: 256, ingress: 64, spareBuffers: 64 });
  const o = device.run(scenario);
  let good = 0;
  for (let i = 0; i < o.outCount; i++) if (o.outPacket[i]! % 20 === 0) good++;
  return {
    good,
    missed: o.dropped[REASON["rx-missed"]]!,
    noBuffer: o.dropped[REASON["no-buffer"]]!,
    findings: wrong(o),
    judged: judged(o),
  };
}

Deno.test("odp 8.5: a class with a pool of its own loses its packets there, and no other class loses any", () => {
  const own = overload(64);
  assertEquals([own.good, own.missed, own.findings], [200, 0, []]);
  assert(own.noBuffer > 500, `${own.noBuffer} found its pool empty`);
  assertEquals(["ODP-12", "ODP-22"].filter((id) => !own.judged.includes(id)), []);
  // without it what piles up takes every buffer, and the NIC loses packets of both
  const shared = overload(undefined);
  assert(shared.good < 180 && shared.missed > 500, `${shared.good} of 200 with one pool for both`);
  assertEquals([shared.noBuffer, shared.findings], [0, []]);
});

Deno.test("odp 8.6: a group of queues takes flows by hash: each stays with its queue, and all queues have some", () => {
  for (const pool of [{}, { pool: 512 }]) spreads(pool);
});

/** A group of four queues, with a pool of its own or without. */
function spreads(pool: { pool?: number }): void {
  const device = bed(
    odp({ classifier: { cos: [{ name: "group", queues: 4, ...pool }], defaultCos: "group" } }),
  );
  const o = device.run(scenarioOf(
    stream(512, 300_000, (i) => ({ srcPort: 1000 + i % 128, src: 0xc0a80000 + i % 7 })),
    { lcores: 2, rxRing: 64, txRing: 64 },
  ));
  const report = device.report();
  const share = [0, 1, 2, 3].map((q) => counter(report, `odp_cls_queue_stats group ${q} packets`));
  assertEquals(share.reduce((sum, n) => sum + n, 0), 512);
  assert(share.every((n) => n > 64), `${share}`);
  assertEquals([wrong(o), judged(o).includes("ODP-11")], [[], true]);
}

Deno.test("odp 8.4: a field counts where the packet has it: bytes up to the very end, ports of first fragments", () => {
  const device = bed(odp({
    classifier: {
      cos: [{ name: "default" }, { name: "last" }, { name: "port" }],
      pmr: [
        {
          from: "default",
          to: "last",
          terms: [{ term: "CUSTOM_FRAME", offset: 62, size: 3, value: 0 }],
        },
        { from: "default", to: "port", terms: [{ term: "UDP_SPORT", value: 4242 }] },
      ],
      defaultCos: "default",
    },
  }));
  const ends = [63, 64, 65, 66].map((size) => ({
    size,
    edit: (bytes: Uint8Array) => void bytes.fill(0, 60),
  }));
  const fragments = [0x2000, 0x2004, 0x0004].map((field) => ({
    srcPort: 4242,
    edit: (bytes: Uint8Array) => {
      bytes.set([field >> 8, field & 0xff], 20);
      const check = (bytes[24]! << 8 | bytes[25]!) + 0xffff - field;
      bytes.set([(check % 0xffff) >> 8, check % 0xffff & 0xff], 24);
    },
  }));
  const offers = [...ends, ...fragments, { srcPort: 4242 }];
  const o = device.run(
    scenarioOf(offers.map((fields, i) => ({ port: 0, at: 1e6 + i * 1e6, srcPort: 9, ...fields }))),
  );
  const report = device.report();
  assertEquals(["default", "last", "port"].map((name) => counter(report, packets(name))), [
    5,
    2,
    1,
  ]);
  assertEquals([o.emitted, wrong(o)], [8, []]);
});

Deno.test("odp 8.5: what a class drops, or has no buffer for, is counted by the class and by the interface", () => {
  const device = bed(odp({
    classifier: {
      cos: [{ name: "default" }, { name: "none", drop: true }, { name: "small", pool: 1 }],
      pmr: [
        { from: "default", to: "none", terms: [{ term: "UDP_SPORT", value: 1 }] },
        { from: "default", to: "small", terms: [{ term: "UDP_SPORT", value: 2 }] },
      ],
      defaultCos: "default",
    },
  }));
  const o = device.run(scenarioOf(stream(120, 70_000, (i) => ({ srcPort: i % 3 }))));
  const report = device.report();
  const of = (row: string): number => counter(report, row);
  const noBuffer = o.dropped[REASON["no-buffer"]]!;
  assert(noBuffer > 5, `${noBuffer}`);
  assertEquals(
    [of("odp_cls_cos_stats none dropped"), of("odp_cls_cos_stats small discards")],
    [o.dropped[REASON.other], noBuffer],
  );
  assertEquals([of("odp_pktio_stats dpdk:0 in_discards"), wrong(o)], [noBuffer, []]);
});

Deno.test("odp 8.9: packets with a wrong IPv4 checksum reach the error class", () => {
  const classifier = { cos: [{ name: "main" }, { name: "error" }], defaultCos: "main" };
  const offers = stream(
    30,
    1e6,
    (i) => (i % 3 === 0 ? { edit: (bytes) => void (bytes[24]! ^= 4) } : {}),
  );
  const device = bed(odp({ classifier: { ...classifier, errorCos: "error" } }));
  const o = device.run(scenarioOf(offers));
  assertEquals([
    counter(device.report(), packets("error")),
    counter(device.report(), packets("main")),
  ], [10, 20]);
  assertEquals([o.dropped[REASON["bad-checksum"]], o.emitted, wrong(o)], [10, 20, []]);
  const without = bed(odp({ classifier }));
  without.run(scenarioOf(offers));
  assertEquals(counter(without.report(), "odp_pktio_stats dpdk:0 in_errors"), 10);
});

Deno.test("odp 8.13: VXLAN is taken off, and the inner frame is classified by a second pass through the loop", () => {
  const inner = new Uint8Array(60);
  const outer = (i: number): Offer => ({
    port: 0,
    at: 1e6 + i * 2e6,
    size: 110,
    edit(bytes) {
      writeUdpFrame(inner, 0, {
        dstMac: 3,
        srcMac: 4,
        src: 0x0b000001,
        dst: towards(i % 2),
        id: i,
        payload: 18,
      });
      const link = {
        dstMac: 1,
        srcMac: 2,
        src: 0xc0a80001,
        dst: 0xc0a80002,
        srcPort: 5,
        dstPort: 4789,
      };
      writeUdpFrame(bytes, 0, { ...link, payload: 68, udpChecksum: false });
      writeVxlan(bytes, 42, 77);
      bytes.set(inner, 50);
    },
  });
  const device = bed(odp({
    classifier: {
      cos: [{ name: "plain" }, { name: "tunnel", action: "decap" }, { name: "inside", prio: 5 }, {
        name: "even",
      }],
      pmr: [
        { from: "plain", to: "tunnel", terms: [{ term: "UDP_DPORT", value: 4789 }] },
        { from: "inside", to: "even", terms: [{ term: "DIP_ADDR", value: towards(0) }] },
      ],
      defaultCos: "plain",
      loopDefaultCos: "inside",
    },
  }));
  // one packet that is no tunnel takes one pass
  const o = device.run(scenarioOf([...[0, 1, 2, 3, 4].map(outer), { port: 0, at: 20e6 }]));
  const report = device.report();
  assertEquals(
    ["plain", "tunnel", "inside", "even"].map((name) => counter(report, packets(name))),
    [1, 5, 2, 3],
  );
  assertEquals([counter(report, "odp_pktio_stats loop:2 in_packets"), o.outCount], [5, 6]);
  const first = frame(o, 0);
  assertEquals(
    [first.length, first[19], first[22]],
    [60, 0, 63],
    "the inner packet 0 with its time to live less one",
  );
  assertEquals([...o.outPort.subarray(0, 6)], [0, 1, 0, 1, 0, 1]);
  assertEquals([wrong(o), judged(o).includes("ODP-14")], [[], true]);
});
