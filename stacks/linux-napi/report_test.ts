// Aim: every counter of the report says what happened, under the name of what happened, and every part of the
// path is charged once, at its own cost.
// Method: runs in which nothing happens twice at a time, so that each row and each cycle can be told by hand.
import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import { Testbed } from "../../core/machine/testbed.ts";
import { type Env, STRICT } from "../../core/stack.ts";
import { type LinuxCosts, linuxCosts, type LinuxProfile } from "./costs.ts";
import {
  counter,
  type FramePlan,
  LINUX_TEST_PROFILE,
  scenarioOf,
  steady,
} from "./_scenario_for_tests.ts";
import { LINUX_POLICY, linuxNapi } from "./mod.ts";

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
    // a route of 16 bits is one read below the first level of 8
    const parts = ["rx", "netif_receive", "ip_rcv"];
    const receive = linux(...parts.map((p) => profile === "modern" ? p : `legacy.${p}`));
    const expected = 2 * interrupt + skb + receive + linux("fib.base") +
      2 * linux("fib.read") + linux("ip_forward", "neigh", "qdisc", "xmit", "doorbell", "tx_clean");
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
  assertAlmostEquals(noRoute, taken + c("ip_rcv") + c("fib.base") + 2 * c("fib.read"), 0.1);
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
  };
  assert(modern.length === 16 && modern.includes("copy: 0"), `${modern}`);
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
