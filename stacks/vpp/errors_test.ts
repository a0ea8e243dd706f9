// Aim: every packet that does not come out stands in `show errors` under the node that found it, but for what the NIC
// lost, which stands in the interface's counters. Method: one packet of each kind of defect, then all of them at once.
import { assertEquals, assertMatch } from "@std/assert";
import { fates, type Offer, stream } from "../../core/machine/_scenario_for_tests.ts";
import { fillIpv4Checksum } from "../../core/packet/mod.ts";
import { REASONS } from "../../core/policy.ts";
import { errorsOf, scenarioOf, testbedOf, valueOf } from "./_rig_for_tests.ts";
import { vppView } from "./mod.ts";

/** What is wrong with a packet, what `show errors` says, and what the laws call it. */
const KINDS: readonly (readonly [Partial<Offer>, string, string])[] = [
  [{ edit: header((f) => f[17] = 19) }, "ip4-input: ip4 length < 20 bytes", "bad-header"],
  [{ edit: header((f) => f[17] = 200) }, "ip4-input: ip4 length > l2 length", "bad-header"],
  [{ edit: (f) => f[24]! ^= 1 }, "ip4-input: bad ip4 checksum", "bad-checksum"],
  [{ edit: header((f) => f[14] = 0x65) }, "ip4-input: ip4 version != 4", "bad-header"],
  [{ edit: header((f) => f[14] = 0x46) }, "ip4-input: ip4 options present", "consumed"],
  [{ edit: header((f) => f[21] = 1) }, "ip4-input: ip4 fragment offset == 1", "bad-header"],
  [{ ttl: 0 }, "ip4-input: ip4 ttl <= 1", "ttl"],
  [{ ttl: 1 }, "ip4-rewrite: ip4 ttl <= 1", "ttl"],
  [{ dst: 0x0b000001 }, "ip4-drop: ip4 drop", "no-route"],
  [{ edit: (f) => f[5] = 99 }, "ethernet-input: l3 mac mismatch", "not-for-us"],
  [
    { edit: (f) => (f[12] = 0x88, f[13] = 0xb5) },
    "ethernet-input: unknown ethernet type",
    "not-ip",
  ],
  [{ edit: (f) => (f[12] = 0x81, f[13] = 0) }, "ethernet-input: unknown vlan", "not-ip"],
  [
    { edit: (f) => (f[12] = 0, f[13] = 46) },
    "ethernet-input: llc length > packet length",
    "not-ip",
  ],
];

/** Changes the header and makes its checksum right again. */
function header(change: (frame: Uint8Array) => void): (frame: Uint8Array) => void {
  return (frame) => {
    change(frame);
    fillIpv4Checksum(frame, 14);
  };
}

for (const [offer, text, reason] of KINDS) {
  Deno.test(`vpp 8.3: show errors says "${text}"`, () => {
    const testbed = testbedOf();
    const o = testbed.run(scenarioOf([{ port: 0, at: 1e6, ...offer }]));
    const { [text]: count, ...rest } = errorsOf(testbed.report());
    const node = text.replace("ip4-input", "ip4-input-no-checksum");
    // a checksum that is right lets the frame go to the node that does not look at it
    const found = count ?? errorsOf(testbed.report())[node];
    assertEquals([found, REASONS[o.reason[0]!]], [1, reason]);
    assertEquals(Object.values(rest).reduce((sum, n) => sum + n, 0), count === undefined ? 1 : 0);
  });
}

Deno.test("vpp 8.3: a buffer that is used again does not bring the error of the packet before", () => {
  const testbed = testbedOf();
  const offers = stream(400, 1e6, (i) => i % 3 === 0 ? { dst: 0x0b000001 } : { ttl: 0 });
  testbed.run(scenarioOf(offers, { rxRing: 16, poolCache: 1, spareBuffers: 1 }));
  assertEquals(errorsOf(testbed.report()), {
    "ip4-drop: ip4 drop": 134,
    "ip4-input-no-checksum: ip4 ttl <= 1": 266,
  });
});

Deno.test("vpp 8.3: errors, losses of the NIC and frames sent are all packets, exactly", () => {
  const testbed = testbedOf();
  const kinds = KINDS.map(([offer]) => offer);
  const offers = stream(3000, 17_000, (i) => i % 3 === 0 ? kinds[i / 3 % kinds.length]! : {});
  const o = testbed.run(scenarioOf(offers, { rxRing: 64, ingress: 64 }));
  const report = testbed.report();
  const sum = (rows: Record<string, number>): number =>
    Object.values(rows).reduce((total, n) => total + n, 0);
  const missed = valueOf(report, "show hardware-interfaces TenGigabitEthernet5/0/0 rx missed");
  const { emitted, none, freed } = fates(o);
  assertEquals([none, freed, missed > 0], [0, 0, true]);
  assertEquals(sum(errorsOf(report)) + missed + emitted, 3000);
  assertMatch(
    vppView("show errors", report),
    /^ {5}Count +Node +Reason +Severity\n +\d+ +\S+ +\S.* +error/,
  );
});
