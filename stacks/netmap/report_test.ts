// Aim: the report counts what happened under netmap's own names, the views print it as its tools do, and what cannot be
// configured is refused in words.
// Method: runs whose every number is known, and one wrong value of each option.
import { assert, assertEquals, assertThrows } from "@std/assert";
import { stream } from "../../core/machine/_scenario_for_tests.ts";
import { Testbed } from "../../core/machine/testbed.ts";
import type { ReportRow } from "../../core/stack.ts";
import { scenario, x520At } from "./_rig_for_tests.ts";
import { netmap, type NetmapOptions, type NetmapView, netmapView, pktGen } from "./mod.ts";
import { portName } from "./port_name.ts";

function value(report: readonly ReportRow[], name: string): number {
  const row = report.find((one) => one.name === name);
  if (row === undefined) throw new RangeError(`Cannot read "${name}": there is no such row`);
  return row.value;
}

Deno.test("netmap reports what each ring, port and process did", () => {
  const testbed = new Testbed(netmap(), x520At(3400));
  // nine packets to eth1, each alone; one of TTL 1, one to eth0
  const offers = stream(
    11,
    200e6,
    (i) => i === 9 ? { ttl: 1 } : i === 10 ? { dst: 0x0a000001 } : {},
  );
  const o = testbed.run(scenario(offers, { rxRing: 16, txRing: 16 }));
  const report = testbed.report();
  const n = (name: string) => value(report, name);
  assertEquals(o.emitted, 10);
  assertEquals([n("router 0 forwarded"), n("router 0 refused")], [10, 1]);
  assertEquals([n("ring eth0 RX0 packets"), n("ring eth0 RX0 bytes")], [11, 660]);
  assertEquals([n("ring eth1 TX0 packets"), n("ring eth0 TX0 packets")], [9, 1]);
  assertEquals([n("ring eth0 RX0 head"), n("ring eth0 RX0 hwtail")], [11, 11]);
  assertEquals(n("ethtool eth1 queue 0 TDT writes"), 9);
  assertEquals(n("ethtool eth1 queue 0 RS descriptors"), 2, "slots 0 and 8");
  assertEquals(n("ethtool eth0 queue 0 RDT writes"), 11);
  assertEquals(n("ethtool eth0 rx_missed_errors"), 0);
  // one interrupt for each arrival, and one for each report; each arrival one poll that returns
  assertEquals(n("interrupts eth0-TxRx-0") + n("interrupts eth1-TxRx-0"), 11 + 3);
  assertEquals(n("router 0 poll returns"), 11);
  assertEquals(
    n("router 0 context switches"),
    n("interrupts eth0-TxRx-0") + n("interrupts eth1-TxRx-0"),
  );
  assertEquals([n("PORT_INFO_GET eth0 nr_tx_slots"), n("PORT_INFO_GET eth0 nr_mem_id")], [16, 1]);
  assertEquals(n("PORT_INFO_GET eth0 nr_memsize"), (4 * 16 + 2) * 2048);
});

Deno.test("netmapView prints pkt-gen's line, the ring dump, ethtool -S and PORT_INFO_GET", () => {
  const stats = (of: string, ...values: number[]): ReportRow[] =>
    ["pkts", "bytes", "usec", "events", "min_space"].map((name, i) => ({
      name: `pkt-gen ${of}: ${name}`,
      value: values[i]!,
      unit: "",
    }));
  const line = (...values: number[]) => netmapView("pkt-gen", stats("rx", ...values));
  assertEquals(
    line(14_880_952, 892_857_120, 1_000_000, 29_064.36, 12),
    "rx 14.881 Mpps (14.881 Mpkts 7.143 Gbps in 1000000 usec) 512.00 avg_batch 12 min_space",
  );
  assertEquals(
    line(0, 0, 0, 0, 99_999),
    "rx 0.000 pps (0.000 pkts 0.000 bps in 0 usec) 0.00 avg_batch 99999 min_space",
  );
  const testbed = new Testbed(netmap(), x520At(3400));
  testbed.run(scenario(stream(3, 1e8), { rxRing: 16, txRing: 16 }));
  const view = (of: NetmapView) => netmapView(of, testbed.report());
  assertEquals(view("rings").split("\n"), [
    "eth0 TX0: head 0 cur 0 tail 15, hwcur 0 hwtail 15",
    "eth0 RX0: head 3 cur 3 tail 3, hwcur 3 hwtail 3",
    "eth1 TX0: head 3 cur 3 tail 15, hwcur 3 hwtail 15",
    "eth1 RX0: head 0 cur 0 tail 0, hwcur 0 hwtail 0",
  ]);
  assert(view("ethtool -S").startsWith("NIC statistics of eth0:\n     queue 0 TDT writes: 0\n"));
  assert(view("PORT_INFO_GET").startsWith("eth0: nr_tx_rings 1 nr_rx_rings 1 nr_tx_slots 16 "));
  assertThrows(() => view("top" as NetmapView), TypeError, 'Cannot print "top"');
});

Deno.test("netmap and pktGen refuse what cannot be configured, and say what", () => {
  const wrong: [NetmapOptions, string][] = [
    [{ burst: 0 }, "burst 0 is not an integer in 1..65536"],
    [{ itrUs: 1001 }, "itrUs 1001"],
    [{ bufNum: 1 }, "bufNum 1"],
    [{ bufSize: 63 }, "bufSize 63"],
    [{ admode: 3 }, "admode 3"],
    [{ hwofs: 0.5 }, "hwofs 0.5"],
    [{ exitAtUs: 0 }, "exitAtUs 0"],
    [{ genericMitNs: -1 }, "genericMitNs -1"],
    [{ addresses: [2 ** 32] }, "address 4294967296 is not one of IPv4"],
  ];
  for (const [options, text] of wrong) {
    assertThrows(() => netmap(options), RangeError, `Cannot configure netmap: ${text}`);
  }
  const noTxPoll = 1 as unknown as boolean;
  assertThrows(() => netmap({ noTxPoll }), TypeError, "noTxPoll 1 is neither true nor false");
  assertThrows(() => pktGen({}), TypeError, "neither a port to send on nor one to receive on");
  assertThrows(() => pktGen({ tx: "vale0:a", batch: 0 }), RangeError, "batch 0");
  assertThrows(() => pktGen({ tx: "vale0:a", length: 59 }), RangeError, "length 59");
  const guest = "xen" as "ptnet";
  assertThrows(() => pktGen({ tx: "vale0:a", guest }), TypeError, "guest xen");
  const run = (options: NetmapOptions) => () =>
    new Testbed(netmap(options), x520At(3400)).run(scenario([], { rxRing: 64, txRing: 64 }));
  assertThrows(run({ addresses: [1] }), RangeError, "1 addresses for 2 ports");
  assertThrows(run({ bufNum: 100 }), Error, "it needs 64 buffers, region 1 has 36 left (ENOMEM)");
  assertThrows(run({ ringSize: 256 + 63 * 16 }), Error, "it takes 1280 bytes, a ring has 1264");
  assertThrows(run({ ifNum: 1 }), Error, "all 1 interfaces are in use");
});

Deno.test("portName takes names apart", () => {
  const of = (name: string) => {
    const { port, base, vale, pipe, pipeId, ring, nic, sw, monitor, exclusive, noTxPoll } =
      portName(name);
    return [port, base, vale, pipe, pipeId, ring, nic, sw, monitor, exclusive, noTxPoll];
  };
  assertEquals(of("netmap:eth0"), [
    "eth0",
    "eth0",
    "",
    "",
    -1,
    undefined,
    true,
    false,
    "",
    false,
    false,
  ]);
  assertEquals(of("netmap:eth0-2/xT"), [
    "eth0",
    "eth0",
    "",
    "",
    -1,
    2,
    true,
    false,
    "",
    true,
    true,
  ]);
  assertEquals(of("netmap:eth0^"), [
    "eth0",
    "eth0",
    "",
    "",
    -1,
    undefined,
    false,
    true,
    "",
    false,
    false,
  ]);
  assertEquals(of("netmap:eth0*"), [
    "eth0",
    "eth0",
    "",
    "",
    -1,
    undefined,
    true,
    true,
    "",
    false,
    false,
  ]);
  assertEquals(of("vale1:x/rt"), [
    "vale1:x",
    "vale1:x",
    "vale1",
    "",
    -1,
    undefined,
    true,
    false,
    "rt",
    false,
    false,
  ]);
  assertEquals(of("vale1:x}3"), [
    "vale1:x}3",
    "vale1:x",
    "",
    "}",
    3,
    undefined,
    true,
    false,
    "",
    false,
    false,
  ]);
});
