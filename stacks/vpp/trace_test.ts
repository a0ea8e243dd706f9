// Aim: a packet's trace reads as a VPP user expects, through every node to the wire or to the drop, and stops at the
// number asked for. Method: packets of known fields, `show trace` as text.
import { assert, assertEquals, assertMatch } from "@std/assert";
import { stream } from "../../core/machine/_scenario_for_tests.ts";
import { IF1, scenarioOf, testbedOf } from "./_rig_for_tests.ts";
import { vppView } from "./mod.ts";

/** The names of nodes in `show trace`, packet by packet. */
function walks(text: string): string[][] {
  return text.split(/^Packet \d+$/m).slice(1).map((packet) =>
    [...packet.matchAll(/^\d\d:\d\d:\d\d:\d{6}: (\S+)$/gm)].map(([, node]) => node!)
  );
}

Deno.test("vpp 8.2: a trace shows each node with what it saw, from dpdk-input to tx", () => {
  const testbed = testbedOf({ startup: ["trace add dpdk-input 2"] });
  testbed.run(scenarioOf(stream(1, 1, () => ({ srcPort: 1234, ttl: 64 }))));
  const text = vppView("show trace", testbed.report());
  assertEquals(walks(text), [[
    ...["dpdk-input", "ethernet-input", "ip4-input-no-checksum", "ip4-lookup", "ip4-rewrite"],
    ...[`${IF1}-output`, `${IF1}-tx`],
  ]]);
  assertMatch(text, /^-+ Start of thread 0 -+$/m);
  assertMatch(text, /^ {2}TenGigabitEthernet5\/0\/0 rx queue 0$/m);
  assertMatch(
    text,
    /^ {2}buffer 0x[0-9a-f]+: current data 0, length 60, buffer-pool 0, ref-count 1$/m,
  );
  assertMatch(text, /^ {2}IP4: 02:aa:bb:cc:dd:00 -> 02:01:03:04:05:00$/m);
  assertMatch(text, /^ {2}UDP: 192\.168\.0\.1 -> 10\.1\.0\.1$/m);
  assertMatch(text, /^ {4}tos 0x00, ttl 64, length 46, checksum 0x[0-9a-f]{4}$/m);
  assertMatch(text, /^ {2}UDP: 1234 -> 9$/m);
  assertMatch(text, /^ {2}fib 0 dpo-idx 1 flow hash: 0x00000000$/m);
  assertMatch(
    text,
    /^ {2}tx_sw_if_index 2 dpo-idx 1 : ipv4 via 192\.0\.2\.1 TenGigabitEthernet5\/0\/1: mtu:9000/m,
  );
  assertMatch(text, /^ {2}00000000: 0202030405010201030405010800$/m);
  assertMatch(text, /^ {4}tos 0x00, ttl 63,/m);
});

Deno.test("vpp 8.2: a dropped packet's trace ends in error-drop with the error of the node that found it", () => {
  const testbed = testbedOf({ startup: ["trace add dpdk-input 5"] });
  testbed.run(scenarioOf([
    { port: 0, at: 1e6, ttl: 1 },
    { port: 0, at: 9e6, dst: 0x0b000001 },
  ]));
  const text = vppView("show trace", testbed.report());
  const [expired, lost] = walks(text);
  assertEquals(expired!.slice(-3), ["ip4-rewrite", "ip4-icmp-error", "error-drop"]);
  assertEquals(lost!.slice(-3), ["ip4-lookup", "ip4-drop", "error-drop"]);
  assertMatch(text, /^ {2}rx:TenGigabitEthernet5\/0\/0\n {2}ip4-rewrite: ip4 ttl <= 1$/m);
  assertMatch(text, /^ {2}rx:TenGigabitEthernet5\/0\/0\n {2}ip4-drop: ip4 drop$/m);
});

Deno.test("vpp invariant 15: what was asked for before clear trace is marked no more, what is asked for after it is", () => {
  for (const again of [0, 4]) {
    const testbed = testbedOf({
      startup: ["trace add dpdk-input 50"],
      commands: [
        { atUs: 10, command: "clear trace" },
        ...again > 0 ? [{ atUs: 20, command: `trace add dpdk-input ${again}` }] : [],
      ],
    });
    testbed.run(scenarioOf(stream(40, 1e6)));
    assertEquals(walks(vppView("show trace", testbed.report())).length, again);
  }
});

Deno.test("vpp invariant 15: a trace of N packets stops at N, and clear trace forgets them", () => {
  const asked = testbedOf({ startup: ["trace add dpdk-input 3"] });
  asked.run(scenarioOf(stream(20, 1e6)));
  assertEquals(walks(vppView("show trace", asked.report())).length, 3);
  const cleared = testbedOf({
    startup: ["trace add dpdk-input 3"],
    commands: [{ atUs: 8, command: "clear trace" }],
  });
  const o = cleared.run(scenarioOf(stream(20, 1e6)));
  assertEquals(o.findings.find(({ id }) => id === "VPP-15"), undefined, "nothing is asked for");
  assertEquals(vppView("show trace", cleared.report()), "No packets in trace buffer");
});

Deno.test("vpp invariant 13: tracing holds no buffer", () => {
  const testbed = testbedOf({ startup: ["trace add dpdk-input 50"] });
  const o = testbed.run(scenarioOf(stream(80, 1e5, (i) => ({ ttl: i % 3 }))));
  assertEquals([o.end, o.findings.filter(({ broken }) => broken !== null)], ["quiet", []]);
  assert(o.findings.some(({ id }) => id === "VPP-13"));
  assertEquals(walks(vppView("show trace", testbed.report())).length, 50);
});
