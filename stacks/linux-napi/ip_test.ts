// Aim: each packet that cannot be forwarded is dropped for a reason that is right and counted where the
// kernel counts it; each other one leaves with the bytes that RFC 1812 asks for.
// Method: one frame of every kind, alone and in one run, against the reference router, which shares no code.
import { assert, assertEquals } from "@std/assert";
import { FATE } from "../../core/machine/observation.ts";
import { Testbed } from "../../core/machine/testbed.ts";
import { fillIpv4Checksum } from "../../core/packet/mod.ts";
import { REASONS } from "../../core/policy.ts";
import { referenceRouter } from "../../properties/reference/mod.ts";
import { counter, type FramePlan, LINUX_TEST_PROFILE, scenarioOf } from "./_scenario_for_tests.ts";
import { linuxNapi } from "./mod.ts";

type Change = NonNullable<FramePlan["change"]>;

/** Changes the header and makes its checksum right again. */
function header(change: (bytes: Uint8Array, ip: number) => void): Change {
  return (bytes, at) => {
    change(bytes, at + 14);
    fillIpv4Checksum(bytes, at + 14);
  };
}

const KINDS: readonly [
  name: string,
  frame: Partial<FramePlan>,
  reason: string,
  counts: RegExp[],
][] = [
  ["plain", {}, "none", [/IpForwDatagrams/]],
  ["back to its port", { to: 0 }, "none", [/IpForwDatagrams/]],
  ["TTL 2", { ttl: 2 }, "none", [/IpForwDatagrams/]],
  ["TTL 1", { ttl: 1 }, "ttl", [/IpInHdrErrors/]],
  ["TTL 0", { ttl: 0 }, "ttl", [/IpInHdrErrors/]],
  ["no route", { to: 9 }, "no-route", [/IpExtInNoRoutes/]],
  ["TTL 1 without a route", { to: 9, ttl: 1 }, "no-route", [/IpExtInNoRoutes/]],
  ["wrong checksum", { change: (b, at) => void (b[at + 24]! ^= 1) }, "bad-checksum", [
    /IpExtInCsumErrors/,
    /IpInHdrErrors/,
  ]],
  ["version 5", { change: header((b, ip) => void (b[ip] = 0x55)) }, "bad-header", [
    /IpInHdrErrors/,
  ]],
  ["IHL 4", { change: (b, at) => void (b[at + 14] = 0x44) }, "bad-header", [/IpInHdrErrors/]],
  ["IHL beyond the frame", { change: (b, at) => void (b[at + 14] = 0x4f) }, "bad-header", [
    /IpInHdrErrors/,
  ]],
  [
    "total length beyond the frame",
    { change: header((b, ip) => void (b[ip + 3] = 200)) },
    "bad-header",
    [
      /IpExtInTruncatedPkts/,
    ],
  ],
  [
    "total length within the header",
    { change: header((b, ip) => void (b[ip + 3] = 19)) },
    "bad-header",
    [
      /IpInHdrErrors/,
    ],
  ],
  ["ARP", { change: (b, at) => void (b[at + 13] = 6) }, "not-ip", [/rx_nohandler/]],
  ["another host", { change: (b, at) => void (b[at + 5]! ^= 0x10) }, "not-for-us", [/OTHERHOST/]],
  ["broadcast", { change: (b, at) => void b.fill(0xff, at, at + 6) }, "not-for-us", [/OTHERHOST/]],
];

/** Counters of the IP layer and before it. */
const COUNTERS = /^(nstat Ip(?!InReceives)|rx_nohandler|skb:kfree_skb OTHERHOST)/;

for (const [name, frame, reason, counts] of KINDS) {
  Deno.test(`linuxNapi: ${name} meets ${reason}, counted in ${counts.join(" ")}`, () => {
    const testbed = new Testbed(linuxNapi(), LINUX_TEST_PROFILE);
    const o = testbed.run(scenarioOf([{ at: 20e6, port: 0, to: 1, ...frame }]));
    assertEquals(REASONS[o.reason[0]!], reason);
    assertEquals(o.fate[0], reason === "none" ? FATE.emitted : FATE.dropped);
    const rows = testbed.report().filter((row) => COUNTERS.test(row.name));
    for (const row of rows) {
      const expected = counts.some((count) => count.test(row.name)) ? 1 : 0;
      assertEquals(row.value, expected, row.name);
    }
  });
}

Deno.test("linuxNapi agrees with the reference router on all of them in one run, byte for byte", () => {
  const plan = KINDS.flatMap(([, frame], i) =>
    [0, 1].map((port) => ({ at: 20e6 + i * 300e3, port, to: 1 - port, ...frame }))
  );
  for (const profile of ["modern", "legacy"] as const) {
    const testbed = new Testbed(linuxNapi({ profile }), LINUX_TEST_PROFILE);
    const scenario = scenarioOf(plan);
    const o = testbed.run(scenario);
    const expected = referenceRouter(scenario, testbed.policy);
    for (let i = 0; i < o.outCount; i++) {
      const p = o.outPacket[i]!;
      assertEquals([expected.forward[p], expected.port[p]], [1, o.outPort[i]], `packet ${p}`);
      const from = expected.offset[p]!;
      assertEquals(
        o.outBytes.slice(o.outOffset[i]!, o.outOffset[i]! + o.outLength[i]!),
        expected.bytes.slice(from, from + expected.length[p]!),
        `bytes of packet ${p}`,
      );
    }
    for (let p = 0; p < o.count; p++) {
      if (o.fate[p] === FATE.emitted) continue;
      const right = (expected.reasons[p]! >>> o.reason[p]!) & 1;
      assert(right === 1, `packet ${p} was dropped for ${REASONS[o.reason[p]!]}`);
    }
    assertEquals(o.outCount, expected.forward.reduce((sum, n) => sum + n, 0));
    const report = testbed.report();
    assertEquals(counter(report, /IpForwDatagrams/), o.outCount);
    assertEquals(
      counter(report, /IpInReceives/),
      o.count - 6,
      "all but two ARP and four for others",
    );
    assertEquals(counter(report, /skbuff_head_cache/), o.count);
    assertEquals(counter(report, /skb:consume_skb/), o.outCount);
    assertEquals(counter(report, /skb:kfree_skb$/), o.count - o.outCount);
  }
});
