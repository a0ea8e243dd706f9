// Aim: what engineers check first of XDP: verdicts, redirects, bulks, second programs, taps, silent losses.
// Method: byte code that clang made, on the machine of the XDP paper; counters against the frames that were sent.
import { assert, assertEquals, assertThrows } from "@std/assert";
import { Bpf, readBpfObject } from "../../core/bpf/mod.ts";
import { REASON } from "../../core/policy.ts";
import { counter, outFrame, run, steady } from "./_scenario_for_tests.ts";
import { XDP_TYPE } from "./helpers.ts";
import { xdp, xdpBench, type XdpBenchName, xdpForward } from "./mod.ts";
import { BENCH, objectBytes } from "./programs/mod.ts";
import { XDP_BENCH_OBJECT } from "./programs/xdp_bench.ts";

const GAP = 200_000;

Deno.test("xdp 8.1: a program whose check of the packet's length is taken out is refused at load, by name", () => {
  const bpf = new Bpf(XDP_TYPE);
  const object = readBpfObject(objectBytes(XDP_BENCH_OBJECT));
  const spec = object.programs.find(({ name }) => name === "xdp_tx")!;
  assertEquals(bpf.load({ ...object, programs: [spec] }).programs.size, 1);
  const code = spec.code.slice();
  // its one conditional jump becomes a jump to the next instruction
  const at = code.findIndex((op, i) => i % 8 === 0 && (op & 7) === 5 && op !== 0x95 && op !== 0x05);
  code.set([0x05, 0, 0, 0, 0, 0, 0, 0], at);
  assertThrows(
    () => bpf.load({ ...object, programs: [{ ...spec, code }] }),
    TypeError,
    "Cannot load xdp_tx",
  );
});

Deno.test("xdp 8.2: all five verdicts, and what is none, are carried out and counted", () => {
  const expected: [XdpBenchName, string, number, number][] = [
    ["xdp_aborted", "aborted", 0, 100],
    ["xdp_drop", "drop", 0, 0],
    ["xdp_pass", "pass", 100, 0],
    ["xdp_tx", "tx", 100, 0],
    ["xdp_redirect_map", "redirect", 100, 0],
    ["xdp_redirect", "redirect", 100, 0],
    ["xdp_invalid", "aborted", 0, 100],
  ];
  for (const [name, verdict, out, exceptions] of expected) {
    const { o, report, broken } = run(xdp(xdpBench(name)), steady(100, GAP));
    assertEquals(broken, []);
    assertEquals(o.outCount, out, name);
    assertEquals(counter(report, new RegExp(`^xdp cpu0 ${verdict}$`)), 100, name);
    assertEquals(counter(report, /^xdp:xdp_exception/), exceptions, name);
    assertEquals(counter(report, /unknown verdicts/), name === "xdp_invalid" ? 100 : 0);
    assertEquals(counter(report, /^slab skbuff/), name === "xdp_pass" ? 100 : 0);
  }
});

Deno.test("xdp 8.4: redirects leave by 16, and XDP_TX rings its doorbell once a poll", () => {
  // bursts of 160 at line rate: polls find full queues
  const bursts = Array.from(
    { length: 10 },
    (_, i) => steady(160, 7_000, {}).map((frame) => ({ ...frame, at: frame.at + i * 1e8 })),
  ).flat();
  const { report } = run(xdp(xdpBench("xdp_redirect_map")), bursts);
  const sent = counter(report, /devmap_xmit cpu0 sent/);
  const calls = counter(report, /devmap_xmit cpu0 calls/);
  assertEquals([sent, counter(report, /bulk most/)], [1600, 16]);
  assert(sent / calls > 12, `${sent / calls} frames a call`);
  assertEquals(counter(report, /ethtool eth1 TDT writes/), calls);
  const tx = run(xdp(xdpBench("xdp_tx")), bursts).report;
  assert(counter(tx, /ethtool eth0 TDT writes/) <= counter(tx, /napi_poll cpu0/));
  assert(counter(tx, /ethtool eth0 TDT writes/) < 1600 / 12);
});

Deno.test("xdp 8.5: the second program of a devmap entry sees what leaves, marks it and may drop it", () => {
  const plan = [
    ...steady(40, 20_000),
    ...steady(8, GAP, { dstPort: 7 }).map((f) => ({ ...f, at: f.at + 1e8 })),
  ];
  const { o, report, broken } = run(
    xdp(xdpBench("xdp_redirect_map", { devmapProgram: true })),
    plan,
  );
  assertEquals(broken, []);
  assertEquals([o.outCount, counter(report, /^xdp\/devmap cpu0 drops/)], [40, 8]);
  const sequence = Array.from({ length: 40 }, (_, i) => outFrame(o, i)[37]!);
  assertEquals(sequence, sequence.toSorted((a, b) => a - b), "in order of arrival");
  // egress_ifindex of port 1, in the last byte of the source address
  for (let i = 0; i < o.outCount; i++) assertEquals([o.outPort[i], outFrame(o, i)[11]], [1, 3]);
});

Deno.test("xdp 8.6: a cpumap moves the skb and the stack to another CPU; its program may drop there", () => {
  const marked = (bytes: Uint8Array, at: number) => void (bytes[at + 11] = 0xee);
  const plan = [...steady(64, GAP), ...steady(16, GAP, { change: marked })];
  const program = xdpBench("xdp_redirect_cpu", { cpu: 1, cpumapProgram: true });
  // all frames of one flow: what CPU 0 takes it hands to CPU 1
  const { o, report, broken } = run(xdp(program), plan, { lcores: 2 });
  assertEquals(broken, []);
  assertEquals([o.outCount, counter(report, /kthread cpu1 drop/)], [64, 16]);
  assertEquals(counter(report, /kthread cpu1 pass/), 64);
  assertEquals(counter(report, /kthread cpu0 processed/), 0);
  assertEquals(counter(report, /^softnet_stat cpu1 processed/), 64);
  assertEquals(counter(report, /^softnet_stat cpu0 processed/), 0);
});

Deno.test("xdp 8.6: a full ring of the other CPU drops, and its tracepoint says so", () => {
  const program = xdpBench("xdp_redirect_cpu", { cpu: 1, qsize: 8 });
  const { o, report, broken } = run(xdp(program), steady(600, 10_000), { lcores: 2 });
  assertEquals(broken, []);
  const drops = counter(report, /cpumap_enqueue cpu\d drops/);
  const missed = counter(report, /rx_missed/);
  assert(drops > 0 && o.outCount + drops + missed === 600, `${drops} drops, ${o.outCount} left`);
});

Deno.test("xdp 8.6: a queue of a cpumap holds its size of all CPUs together", () => {
  // two CPUs redirect in bulks of 8 to a third, whose queue takes 12
  const program = xdpBench("xdp_redirect_cpu", { cpu: 2, qsize: 12 });
  const plan = steady(600, 10_000).map((frame, i) => ({ ...frame, srcPort: 1000 + i }));
  const { report, broken } = run(xdp(program), plan, { lcores: 3 });
  assertEquals(broken, []);
  for (const cpu of [0, 1]) {
    assert(counter(report, new RegExp(`cpumap_enqueue cpu${cpu} drops`)) > 0, `CPU ${cpu}`);
  }
});

Deno.test("xdp 8.7: an LPM trie of sources drops what it covers, most specific entry first", () => {
  const program = xdpBench("xdp_acl", { deny: [{ prefix: 0xc0a80000, depth: 16 }] });
  const plan = [...steady(10, GAP, { src: 0xc0a80102 }), ...steady(10, GAP, { src: 0xc0a90102 })];
  const { o } = run(xdp(program), plan);
  assertEquals(o.outCount, 10);
  assertEquals(o.reason.slice(0, 20).filter((reason) => reason === REASON.consumed).length, 10);
});

Deno.test("xdp 8.9: tail calls end at 33", () => {
  const { o, report } = run(xdp(xdpBench("xdp_tail")), steady(3, GAP));
  assertEquals([o.outCount, counter(report, /xdp_tail run_cnt/)], [3, 3]);
  // 1 + 33 times through the program, and once beyond: 11 instructions and more each
  const cycles = counter(report, /^bpf run_cycles/);
  const once = run(xdp(xdpBench("xdp_pass")), steady(3, GAP)).report;
  assert(cycles > 30 * counter(once, /^bpf run_cycles/));
});

Deno.test("xdp 8.11: xdpdump sees frames at entry and exit that tcpdump never sees", () => {
  const { plane, report } = run(
    xdp(xdpBench("xdp_tx"), { xdpdump: true, tap: true }),
    steady(5, GAP),
  );
  const { dump } = (plane as unknown as {
    system: { dump: { frames: { at: string; verdict: number; bytes: Uint8Array }[] } };
  }).system;
  assertEquals(
    dump.frames.map(({ at, verdict }) => `${at} ${verdict}`),
    Array(5).fill(["entry -1", "exit 3"]).flat(),
  );
  assertEquals([...dump.frames[1]!.bytes.slice(0, 6)], [...dump.frames[0]!.bytes.slice(6, 12)]);
  assertEquals(counter(report, /^tcpdump eth0 In/), 0);
  const passed = run(xdp(xdpBench("xdp_pass"), { tap: true }), steady(5, GAP)).report;
  assertEquals(counter(passed, /^tcpdump eth0 In/), 5);
});

Deno.test("xdp 8.12: an interface takes a frame of its MTU, an Ethernet header and a tag, and none longer", () => {
  // __xdp_ok_fwd_dev: dev->mtu + dev->hard_header_len + VLAN_HLEN
  for (const [size, sent] of [[118, 20], [119, 0]] as const) {
    const frames = steady(20, GAP, { size });
    const { o, report, broken } = run(xdp(xdpBench("xdp_redirect_map"), { mtu: 100 }), frames);
    assertEquals([o.outCount, broken], [sent, []], `${size} bytes`);
    assertEquals(counter(report, /xdp_redirect_err cpu0/), 20 - sent);
  }
});

Deno.test("xdp 8.12: a redirect that fails shows in a tracepoint and nowhere else", () => {
  const cases = [{ withoutXmit: [1] }, { down: [1] }, { mtu: 100 }] as const;
  for (const options of cases) {
    const size = "mtu" in options ? 200 : 60;
    const { o, report, broken } = run(
      xdp(xdpBench("xdp_redirect_map"), options),
      steady(20, GAP, { size }),
    );
    assertEquals(broken, []);
    assertEquals([o.outCount, counter(report, /xdp_redirect_err cpu0/)], [0, 20]);
    for (
      const quiet of [
        /rx_missed/,
        /tx_busy/,
        /^tc .*dropped/,
        /devmap_xmit cpu0 drops/,
        /kfree_skb$/,
      ]
    ) {
      assertEquals(counter(report, quiet), 0, String(quiet));
    }
  }
});

Deno.test("xdp a redirect takes what its device may send, a tag on top of MTU and header, and not a byte more", () => {
  for (const [size, sent] of [[117, 5], [118, 5], [119, 0]] as const) {
    const { o, report, broken } = run(
      xdp(xdpBench("xdp_redirect_map"), { mtu: 100 }),
      steady(5, GAP, { size }),
    );
    assertEquals([broken, o.outCount], [[], sent], `${size}`);
    assertEquals(counter(report, /xdp_redirect_err cpu0/), 5 - sent);
  }
});

Deno.test("xdp 8.12: a full transmit ring loses redirected frames, and only xdp_devmap_xmit counts them", () => {
  // two ports into one, at line rate: the egress is the bottleneck
  const both = [0, 2].flatMap((port) => steady(400, 68_000, { port, size: 1514 }));
  const program = xdpBench("xdp_redirect_map", { egress: [1, 0, 1, 0] });
  const { o, report, broken } = run(xdp(program), both, {
    ports: 4,
    txRing: 16,
    rxRing: 512,
    ingress: 512,
  });
  assertEquals(broken, []);
  const drops = counter(report, /devmap_xmit cpu0 drops/);
  assert(drops > 0 && o.outCount + drops === 800, `${drops} drops, ${o.outCount} left`);
  assertEquals(counter(report, /^tc .*dropped/), 0);
});

Deno.test("xdp 8.15: without traffic nothing runs; a driver that polls would", () => {
  const { o } = run(xdp(xdpForward()), steady(2, 1e9));
  assert(o.lcores[0]!.busyPs / o.lcores[0]!.totalPs < 0.02);
});

Deno.test("xdp 8.16: generic mode gives the same verdicts at the price of an skb", () => {
  const plan = steady(500, 1_000_000);
  const [native, generic] = (["native", "generic"] as const).map((mode) =>
    run(xdp(xdpBench("xdp_drop"), { mode }), plan)
  );
  assertEquals(
    counter(generic!.report, /^xdp cpu0 drop/),
    counter(native!.report, /^xdp cpu0 drop/),
  );
  const busy = (one: typeof native) => one!.o.lcores[0]!.usefulPs;
  assert(busy(generic) > 1.3 * busy(native));
});

Deno.test("xdp programs of the object load, each within a thousand steps of the verifier", () => {
  const bpf = new Bpf(XDP_TYPE);
  const { programs } = bpf.load(BENCH);
  assertEquals(programs.size, BENCH.programs.length);
  for (const { processed } of programs.values()) assert(processed < 1000);
});
