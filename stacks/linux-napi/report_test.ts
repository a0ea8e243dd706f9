// Aim: every counter of the report says what happened, under the name of what happened, and every part of the
// path is charged once, at its own cost.
// Method: runs in which nothing happens twice at a time, so that each row and each cycle can be told by hand.
import { assert, assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import { Testbed } from "../../core/machine/testbed.ts";
import { type Env, STRICT } from "../../core/stack.ts";
import { type LinuxCosts, linuxCosts, type LinuxProfile } from "../../core/linux/costs.ts";
import {
  counter,
  type FramePlan,
  LINUX_TEST_PROFILE,
  scenarioOf,
  steady,
} from "./_scenario_for_tests.ts";
import { LINUX_POLICY, linuxNapi } from "./mod.ts";
import * as fc from "fast-check";
import { ITR_MAX_USECS, ITR_MIN_USECS, nextItr } from "../../core/linux/itr.ts";
import { settingsOf } from "./options.ts";

const PROFILES: readonly LinuxProfile[] = ["modern", "legacy"];

Deno.test("linuxNapi reports what each port took and sent, in packets, bytes and doorbells", () => {
  const sizes = [60, 200, 1514];
  // eth0 gets nine frames, eth1 six, all to the other port; the last of each has spent its TTL
  const plan: FramePlan[] = [9, 6].flatMap((count, port) =>
    Array.from({ length: count }, (_, i) => ({
      at: 100e6 + i * 200e6 + port * 100e6,
      port,
      to: 1 - port,
      size: sizes[i % 3]!,
      ttl: i === count - 1 ? 1 : 64,
    }))
  );
  const whole = sizes[0]! + sizes[1]! + sizes[2]!;
  for (const profile of PROFILES) {
    const testbed = new Testbed(linuxNapi({ profile }), LINUX_TEST_PROFILE);
    assertEquals(testbed.run(scenarioOf(plan)).outCount, 13);
    const report = new Map(testbed.report().map(({ name, value }) => [name, value]));
    const rows = (begin: string) =>
      Object.fromEntries(
        [...report].filter(([name]) => name.startsWith(begin))
          .map(([name, value]) => [name.slice(begin.length), value]),
      );
    const quiet = {
      rx_missed_errors: 0,
      alloc_rx_page_failed: 0,
      alloc_rx_buff_failed: 0,
      tx_busy: 0,
      tx_restart_queue: 0,
      "RDT writes": 0,
    };
    assertEquals(rows("ethtool eth0 "), {
      ...quiet,
      rx_packets: 9,
      rx_bytes: 3 * whole,
      tx_packets: 5,
      tx_bytes: 2 * whole - 1514,
      "TDT writes": 5,
    });
    assertEquals(rows("ethtool eth1 "), {
      ...quiet,
      rx_packets: 6,
      rx_bytes: 2 * whole,
      tx_packets: 8,
      tx_bytes: 3 * whole - 1514,
      "TDT writes": 8,
    });
    const tc = { dropped: 0, requeues: 0, backlog: 0 };
    assertEquals(rows("tc -s qdisc eth0 queue 0 "), {
      ...tc,
      sent: 5,
      "sent bytes": 2 * whole - 1514,
    });
    assertEquals(rows("softnet_stat cpu0 "), { processed: 15, dropped: 0, time_squeeze: 0 });
    assertEquals(report.get("ksoftirqd/0 wake-ups"), 0);
    // each frame comes alone and its transmission is reported alone
    assertEquals(rows("interrupts "), { "eth0-TxRx-0": 9 + 5, "eth1-TxRx-0": 6 + 8 });
    assertEquals(report.get("napi_poll cpu0"), 28);
  }
});

Deno.test("linuxNapi charges each part of the path once for a packet alone", () => {
  const c = (name: string) => LINUX_TEST_PROFILE.costs[name]!;
  const linux = (...names: string[]) => names.reduce((sum, name) => sum + c(`linux.${name}`), 0);
  for (const profile of PROFILES) {
    const testbed = new Testbed(linuxNapi({ profile }), LINUX_TEST_PROFILE);
    const o = testbed.run(scenarioOf([{ at: 100e6, port: 0, to: 1 }]));
    const skb = profile === "modern"
      ? linux("skb.alloc", "skb.free")
      : linux("legacy.skb.alloc", "legacy.skb.free", "legacy.copy");
    const interrupt = c("irq") + linux("irq", "softirq", "napi.poll", "irq_enable");
    // two routes: the pointer to the tnode, the tnode, the pointer to the leaf, the leaf, its alias
    const parts = ["rx", "netif_receive", "ip_rcv"];
    const receive = linux(...parts.map((p) => profile === "modern" ? p : `legacy.${p}`));
    const expected = 2 * interrupt + skb + receive + linux("fib.base") +
      5 * linux("fib.read") + linux("ip_forward", "neigh", "qdisc", "xmit", "doorbell", "tx_clean");
    const [{ usefulPs }] = o.lcores as [typeof o.lcores[0]];
    assertEquals([o.outCount, o.interrupts], [1, 2]);
    assertAlmostEquals(usefulPs * 3600e-6, expected, 0.1, `${profile}: cycles`);
  }
});

Deno.test("linuxNapi charges a dropped packet up to where it ends, and frees its skb", () => {
  const c = (name: string) => LINUX_TEST_PROFILE.costs[`linux.${name}`]!;
  const testbed = new Testbed(linuxNapi(), LINUX_TEST_PROFILE);
  const cycles = (frame: Partial<FramePlan>) => {
    const o = testbed.run(scenarioOf([{ at: 100e6, port: 0, to: 1, ...frame }]));
    assertEquals(o.outCount, 0);
    return o.lcores[0]!.usefulPs * 3600e-6;
  };
  const arp = cycles({ change: (b, at) => void (b[at + 13] = 6) });
  const noRoute = cycles({ to: 9 });
  const spent = cycles({ ttl: 1 });
  const interrupt = LINUX_TEST_PROFILE.costs["irq"]! + c("irq") + c("softirq") + c("napi.poll") +
    c("irq_enable");
  const taken = interrupt + c("rx") + c("skb.alloc") + c("netif_receive") + c("skb.free");
  assertAlmostEquals(arp, taken, 0.1);
  assertAlmostEquals(noRoute, taken + c("ip_rcv") + c("fib.base") + 5 * c("fib.read"), 0.1);
  assertAlmostEquals(spent, noRoute + c("ip_forward"), 0.1);
});

Deno.test("linuxNapi charges the switch to ksoftirqd each time that the work goes there", () => {
  const lull = (switchCycles: number): [woken: number, longestPs: number] => {
    const costs = { ...LINUX_TEST_PROFILE.costs, "linux.ksoftirqd": switchCycles };
    const testbed = new Testbed(linuxNapi(), { ...LINUX_TEST_PROFILE, costs });
    const o = testbed.run(scenarioOf(steady(2500, 500e3)));
    let longest = 0;
    for (let i = 1; i < o.outCount; i++) {
      longest = Math.max(longest, o.outEnd[i]! - o.outEnd[i - 1]!);
    }
    return [counter(testbed.report(), /ksoftirqd/), longest];
  };
  const [[woken, free], [again, dear]] = [lull(0), lull(720_000)];
  assertEquals([woken, again], [1, 1]);
  // 720,000 cycles are 200 us in which nothing is sent
  assert(free < 50e6 && dear > 200e6 && dear < 250e6, `${free} and ${dear} ps without a frame`);
});

Deno.test("linuxCosts looks up each cost under its own name", () => {
  const asked: string[] = [];
  const env = { cost: (name: string) => asked.push(name) - 1 } as unknown as Env;
  const named = (profile: LinuxProfile) => {
    asked.length = 0;
    const costs = linuxCosts(env, profile);
    return (Object.keys(costs) as (keyof LinuxCosts)[]).map((key) =>
      key === "copy" && profile === "modern"
        ? `copy: ${costs.copy}`
        : `${key}: ${asked[costs[key]]}`
    );
  };
  const [modern, legacy] = PROFILES.map(named) as [string[], string[]];
  const snake = (name: string) => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
  const dotted: { readonly [key: string]: string } = {
    skbAlloc: "skb.alloc",
    skbFree: "skb.free",
    fibBase: "fib.base",
    fibRead: "fib.read",
    fibReadFar: "fib.read_far",
    tapCopy: "legacy.copy",
  };
  assert(modern.length === 18 && modern.includes("copy: 0"), `${modern}`);
  for (const line of modern) {
    const key = line.split(":")[0]!;
    if (key !== "copy") assertEquals(line, `${key}: linux.${dotted[key] ?? snake(key)}`);
  }
  assertEquals(legacy.filter((line) => !modern.includes(line)), [
    "rx: linux.legacy.rx",
    "skbAlloc: linux.legacy.skb.alloc",
    "skbFree: linux.legacy.skb.free",
    "copy: linux.legacy.copy",
    "netifReceive: linux.legacy.netif_receive",
    "ipRcv: linux.legacy.ip_rcv",
  ]);
});

Deno.test("linuxNapi declares what it does, and weakens nothing else", () => {
  const declared = { checksDstMac: true, congestion: ["rx-missed", "qdisc-full"] } as const;
  assertEquals(LINUX_POLICY, { ...STRICT, ...declared });
});

// Aim: knobs have the kernel's defaults and refuse nonsense; adaptive moderation follows the driver's table.
// Method: cases from ixgbe_update_itr, then bounds over everything that can be counted.

Deno.test("settingsOf has the kernel's defaults", () => {
  assertEquals(settingsOf({}), {
    profile: "modern",
    itrUs: -1,
    txqueuelen: 1000,
    budget: 300,
    budgetUsecs: 2000,
    addresses: [],
    mtu: Infinity,
    neighbours: [],
    unresQlen: 101,
    retransTimeMs: 1000,
    commands: [],
    tap: false,
    gro: true,
  });
  assertEquals(settingsOf({ itrUs: 0 }).itrUs, 0);
});

Deno.test("linuxNapi refuses knobs out of range and names them", () => {
  assertThrows(() => linuxNapi({ itrUs: -1 }), RangeError, "itrUs -1 is not an integer in 0..1000");
  assertThrows(() => linuxNapi({ itrUs: 2.5 }), RangeError, "itrUs 2.5");
  assertThrows(() => linuxNapi({ txqueuelen: 0 }), RangeError, "txqueuelen 0");
  assertThrows(() => linuxNapi({ txqueuelen: 1e9 }), RangeError, "txqueuelen 1000000000");
  assertThrows(() => linuxNapi({ budget: NaN }), RangeError, "budget NaN");
  assertThrows(() => linuxNapi({ budgetUsecs: 0 }), RangeError, "budgetUsecs 0");
  const old = { profile: "2.4" } as unknown as { profile: "legacy" };
  assertThrows(() => linuxNapi(old), TypeError, "profile 2.4 is neither");
});

Deno.test("nextItr follows the steps of ixgbe_update_itr", () => {
  const cases: [now: number, packets: number, bytes: number, next: number][] = [
    [50, 0, 0, 52], // nothing to measure
    [84, 0, 0, 84],
    [50, 23, 12_111, 10], // latency
    [50, 24, 1_440, 52], // slightly too short
    [50, 8, 12_112, 52],
    [50, 48, 2_880, 50], // just right
    [50, 95, 5_700, 50],
    [50, 96, 5_760, 25], // too long: half
    [12, 255, 15_300, 10],
    [84, 256, 256 * 60, 20], // bulk, by the average frame
    [84, 256, 256 * 61, 22],
    [84, 256, 256 * 300, 58],
    [84, 256, 256 * 316, 60],
    [84, 256, 256 * 317, 64],
    [84, 256, 256 * 400, 70],
    [10, 256, 256 * 1500, 84],
  ];
  for (const [now, packets, bytes, next] of cases) {
    assertEquals(
      nextItr(now, packets, bytes),
      next,
      `${packets} packets, ${bytes} bytes at ${now} us`,
    );
  }
});

Deno.test("nextItr stays within 10..84 us, whatever was counted", () => {
  const usecs = fc.integer({ min: ITR_MIN_USECS, max: ITR_MAX_USECS });
  const packets = fc.oneof(fc.nat({ max: 300 }), fc.nat({ max: 100_000 }));
  const size = fc.integer({ min: 60, max: 1518 });
  fc.assert(fc.property(usecs, packets, size, (now, n, bytes) => {
    const next = nextItr(now, n, n * bytes);
    assert(next >= ITR_MIN_USECS && next <= ITR_MAX_USECS, `${next} us`);
    if (n > 0 && n < 24 && n * bytes < 12_112) assertEquals(next, ITR_MIN_USECS);
  }));
});
