// Aim: the report says on one screen which law broke, with which packets, what became of them, and
// why it matters.
// Method: whole texts of known counterexamples.
import { assert, assertEquals } from "@std/assert";
import { checkConformance } from "../run/check.ts";
import { fakeDevices } from "../run/_fake_device_for_tests.ts";
import { DRAW, exampleOf } from "./_example_for_tests.ts";
import { decodeToken } from "../replay/token.ts";
import { scenarioOf } from "./json.ts";
import { reportCounterexample } from "./report.ts";
import { Testbed } from "../../core/machine/testbed.ts";
import { LOST } from "../../core/pcie/late_fabric.ts";
import { forwarder } from "../../stacks/example/mod.ts";
import { build } from "../arbitraries/build.ts";
import { minimise } from "../arbitraries/minimise.ts";
import { DEFAULT_MACHINE } from "../run/default_machine.ts";

Deno.test("reportCounterexample tells the fate of every packet and all that it depends on", () => {
  const text = reportCounterexample(exampleOf("drops-fifth", "LOSS-1a"), ["out/fake-LOSS-1a.json"]);
  const at = text.indexOf("\n  replay");
  assertEquals(
    text.slice(0, at),
    `LOSS-1a broken by fake: packet 4 was dropped at 2.0764 us by nic0.mac for other, expected it to be
forwarded: the policy declares loss only for rx-missed

  law       A packet that must be forwarded is dropped only for a declared congestion reason, at a
            place that was full at that instant.
  clause    PCI Express Base 3.0, 2.6.1; P2PNIC, 3.2

   time us  port  packet  frame                                                               fate
     1.000     0       0  172.16.0.0:1024 > 10.0.0.1:9 udp, ttl 64, 60 bytes                  left port 1 at 1.540 us
     1.019     0       1  172.16.0.0:1024 > 10.0.0.1:9 tcp, ttl 64, ihl 7, 70 bytes           left port 1 at 1.580 us
     1.036     0       2  vlan 100, 172.16.0.0:1024 > 10.0.0.1:9 udp, ttl 64, 64 bytes        dropped at nic0.ingress: rx-missed (2 of 2)
     1.036     1       3  172.16.0.0:1024 > 10.0.0.1:9 udp, ttl 64, wrong checksum, 60 bytes  dropped at nic1.mac: bad-checksum
*    2.036     0       4  172.16.0.0:1024 > 10.0.0.1:9 udp, ttl 2, 60 bytes                   dropped at nic0.mac: other

  5 packets
  routes    10.0.0.0/24 to next hop 1 (port 1, 0a:00:00:00:01:01)
            192.168.0.1/32 to next hop 0 (port 0, 0a:00:00:00:01:00), which covers none of these
  geometry  2 ports, 1 lcore, rings 64 rx 64 tx, ingress 2, spare buffers 64, pool cache 0, peer slots 32
            tlp, 1 header and 16 data credits, mps 256
  schedule  tie 3 takes 2
  policy    miss drop, ttl drop, checksum verify, header full, hairpin forward, destination mac next-hop
            may lose under load: rx-missed
  files     out/fake-LOSS-1a.json`,
  );
  const [, token] = /^\n {2}replay {4}PLANECHECK_REPLAY=(pc1-[\w-]+) deno test -A$/.exec(
    text.slice(at),
  )!;
  const { law, scenario } = decodeToken(token!);
  assertEquals([law, scenarioOf(scenario)], [
    "LOSS-1a",
    exampleOf("drops-fifth", "LOSS-1a").scenario,
  ]);
});

Deno.test("reportCounterexample says of a shrunk one that nothing can be left out", () => {
  const { device, fresh } = fakeDevices("swaps");
  const result = checkConformance(device, { fresh, numRuns: 60, only: /ORD-1/ });
  const found = result.laws.find(({ law }) => law.id === "ORD-1")!.counterexample!;
  const text = reportCounterexample(found);
  assert(text.includes("\n  2 packets; removing any one makes it pass\n"), text);
  assert(!text.includes("schedule"), "no deviation is left");
  assert(!text.includes("files"), "no file was named");
});

Deno.test("reportCounterexample fits on a screen and keeps the packets concerned in view", () => {
  const packets = Array.from({ length: 500 }, (_, i) => DRAW.packets[i === 480 ? 2 : 0]!);
  const paced = packets.map((packet) => ({ ...packet, gapNs: 1000 }));
  const example = exampleOf("throws-on-vlan", "RUN-1", { ...DRAW, packets: paced });
  const lines = reportCounterexample({ ...example, packets: [480, 300] }).split("\n");
  assert(lines.length <= 40, `${lines.length} lines`);
  const stars = lines.filter((line) => line.startsWith("*"));
  assertEquals(stars.map((line) => line.split(/ +/)[3]), ["300", "480"]);
  const shown = lines.map((line) => /^[* ] +[\d.]+ +\d +(\d+) /.exec(line)?.[1]).filter(Boolean);
  assertEquals(shown.length, 20);
  assertEquals(shown.slice(-8).map(Number), [297, 298, 299, 300, 477, 478, 479, 480]);
  assert(lines.includes("   ... and 480 more packets"), lines.join("\n"));
  assert(lines.some((line) => line.endsWith("  unknown")));
});

Deno.test("reportCounterexample says that a law looked at another run than the one in the table", () => {
  const note =
    "  fates as in the plain run; the law broke when it was run again as the sentence says";
  const lines = (law: string) => reportCounterexample(exampleOf("drops-fifth", law)).split("\n");
  assert(lines("LOSS-1b").includes(note));
  assert(!lines("LOSS-1a").includes(note));
});

Deno.test("reportCounterexample shows the routes of the packets concerned, then all others", () => {
  const packets = DRAW.packets.with(0, { ...DRAW.packets[0]!, dst: 0xc0a80001 });
  const example = exampleOf("drops-fifth", "LOSS-1a", { ...DRAW, packets });
  const routes = (concerned: number[]) => {
    const lines = reportCounterexample({ ...example, packets: concerned }).split("\n");
    const first = lines.findIndex((line) => line.startsWith("  routes"));
    return lines.slice(first, first + 2).map((line) => line.slice(12));
  };
  const [wide, one] = [
    "10.0.0.0/24 to next hop 1 (port 1, 0a:00:00:00:01:01)",
    "192.168.0.1/32 to next hop 0 (port 0, 0a:00:00:00:01:00)",
  ];
  assertEquals(routes([4]), [wide, one]);
  assertEquals(routes([0]), [one, wide]);
  const elsewhere = exampleOf("drops-fifth", "LOSS-1a", DRAW);
  const text = reportCounterexample({ ...elsewhere, packets: [4] });
  assert(text.includes(`\n            ${one}, which covers none of these\n`), text);
});

Deno.test("reportCounterexample tells where a packet waits, that it was freed, that it left twice", () => {
  const fate = (fault: Parameters<typeof exampleOf>[0], law: string, packet: number) => {
    const sizes = DRAW.packets.map((one, i) => ({
      ...one,
      gapNs: 1000,
      size: i === 0 ? 1200 : 70,
    }));
    return exampleOf(fault, law, { ...DRAW, packets: sizes.with(2, sizes[1]!) }).fates[packet];
  };
  assertEquals(fate("forgets-long-frames", "LOSS-3", 0), "waits in a forgotten ring");
  assertEquals(fate("frees-silently", "LOSS-2", 2), "freed by nic0.mac at 3.040 us");
  assertEquals(
    fate("duplicates", "ORD-2", 1),
    "left port 1 at 2.540 us, left port 1 at 2.559 us",
  );
});

Deno.test("a law broken on TLPs has a ladder of them, and its report tells the faults in words", () => {
  const doorbell = { site: "tx doorbell nic1.0", occurrence: 0, value: LOST };
  const packets = [DRAW.packets[0]!];
  const draw = { ...DRAW, packets, deviations: [doorbell] };
  const device = new Testbed(forwarder, DEFAULT_MACHINE);
  const example = (one: typeof draw) =>
    checkConformance(device, { replay: build(one) })
      .laws.find(({ law }) => law.id === "LOSS-3")!.counterexample!;
  const { ladder, ...told } = example(draw);
  const text = reportCounterexample(told);
  assert(text.includes("\n  faults    tx doorbell 0 of nic1 queue 0 was lost\n"), text);
  assert(!text.includes("schedule"), "a fault is no order of events");
  const lines = ladder!.text.split("\n");
  assert(lines[0]!.endsWith("the law is broken too"), lines[0]);
  assertEquals(lines[2]!.trim().split(/ +/), ["ns", "host", "switch", "nic0", "nic1"]);
  // the frame and its write-back go up from nic0 with one header and 16 data credits, the doorbell goes down to nic1
  const sent = lines.slice(3).map((line) =>
    line.replace(/-{2,}|\||#\d+|s\d+/g, " ").trim().split(/ +/).slice(1).join(" ")
  );
  assertEquals(sent.filter((line) => line.includes("MWr")), [
    "< MWr 60 B P 0/12",
    "< MWr 60 B P 0/12",
    "< MWr 16 B P 0/15",
    "< MWr 16 B P 0/15",
    "MWr 4 B > P 0/15",
    "MWr 4 B > P 0/15",
  ]);
  assert(ladder!.svg.startsWith("<svg ") && ladder!.svg.includes(">MWr 60 B"), ladder!.svg);
  assertEquals(
    example({ ...draw, geometry: { ...draw.geometry, fidelity: "coarse" } }).ladder,
    undefined,
  );
});

Deno.test("minimise takes faults away before packets", () => {
  const late = { site: "rx write-back nic0.0", occurrence: 0, value: 2 };
  const draw = { ...DRAW, deviations: [...DRAW.deviations, late] };
  const asked: number[] = [];
  minimise(draw, (one) => {
    asked.push(one.packets.length, one.deviations.length);
    return false;
  }, 1);
  assertEquals(asked, [5, 1]);
});
