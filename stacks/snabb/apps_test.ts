// Aim: each app does what its documentation says, and nothing to packets that it passes on.
// Method: small networks between two NICs, or with generators; the filter compiler against a table of frames.
import { assert, assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { stream } from "../../core/machine/_scenario_for_tests.ts";
import type { Observation } from "../../core/machine/observation.ts";
import { REASON } from "../../core/policy.ts";
import { readCapture } from "../../fixtures/mod.ts";
import { compileFilter } from "./apps/pflang.ts";
import type { PcapReader, PcapWriter } from "./apps/pcap.ts";
import type { Learning } from "./apps/bridge.ts";
import { type VirtioNet, Vring } from "./apps/vring.ts";
import { broken, gapPs, profileOf, run } from "./_rig_for_tests.ts";
import { SNABB_APPS, snabbDesigns, type SnabbModules } from "./mod.ts";

/** Numbers of the frames that left on a port. */
function framesOn(o: Observation, port: number): number[] {
  return Array.from({ length: o.outCount }, (_, i) => i).filter((i) => o.outPort[i] === port);
}

/** Their bytes. */
function bytesOn(o: Observation, port: number): number[][] {
  return framesOn(o, port).map((i) => {
    const at = o.outOffset[i]!;
    return [...o.outBytes.subarray(at, at + o.outLength[i]!)];
  });
}

/** A design of apps and links; NICs are nic0, nic1, ... of all ports. */
function design(
  apps: { readonly [name: string]: readonly [string, unknown?] },
  links: readonly string[],
) {
  return ({ config, engine, env }: SnabbModules): void => {
    const c = config.new();
    for (const { port } of env.hardware.nics) {
      if (!links.some((link) => link.includes(`nic${port}.`))) continue;
      config.app(c, `nic${port}`, SNABB_APPS.Intel, { pciaddr: `0000:0${port}:00.0` });
    }
    for (const [name, [cls, arg]] of Object.entries(apps)) {
      config.app(c, name, SNABB_APPS[cls]!, arg);
    }
    for (const link of links) config.link(c, link);
    engine.configure(c);
  };
}

Deno.test("snabb 8.15: RateLimiter passes its rate of bytes and a bucket, and frees the rest", () => {
  // 4 Mpps of 100 bytes are 400 MB/s; 100 MB/s pass
  const offers = stream(2000, gapPs(4), () => ({ size: 100 }));
  const conf = { rate: 100e6, bucket_capacity: 2000 };
  const { o, n } = run(offers, {
    options: {
      design: design({ limit: ["RateLimiter", conf] }, [
        "nic0.output -> limit.input",
        "limit.output -> nic1.input",
      ]),
    },
  });
  const seconds = 2000 / 4e6;
  assertAlmostEquals(o.emitted * 100, seconds * 100e6 + 2000, 1500, "bytes");
  assertEquals(o.emitted + o.dropped[REASON.other]!, 2000);
  assertEquals(n("links/limit.output -> nic1.input/txpackets"), o.emitted);
  assertEquals(broken(o), []);
});

Deno.test("RateLimiter: at first as much passes as it was started with, and its capacity by default", () => {
  for (const initial_capacity of [undefined, 0, 700, 2000]) {
    const conf = {
      rate: 1e6,
      bucket_capacity: 2000,
      ...initial_capacity !== undefined && { initial_capacity },
    };
    const { o } = run(stream(100, gapPs(10), () => ({ size: 100 })), {
      options: {
        design: design({ limit: ["RateLimiter", conf] }, [
          "nic0.output -> limit.input",
          "limit.output -> nic1.input",
        ]),
      },
    });
    // 1 MB/s are no more than a packet in all of it
    const most = (initial_capacity ?? 2000) / 100;
    assert(o.emitted >= most - 1 && o.emitted <= most + 1, `${o.emitted} of ${most}`);
  }
});

Deno.test("RateLimiter: however long nothing came, a burst passes no more than the bucket", () => {
  const burst = stream(100, gapPs(10), () => ({ size: 100 }), 2e9);
  const conf = { rate: 100e6, bucket_capacity: 2000, initial_capacity: 0 };
  const { o } = run(burst, {
    options: {
      design: design({ limit: ["RateLimiter", conf] }, [
        "nic0.output -> limit.input",
        "limit.output -> nic1.input",
      ]),
    },
  });
  // 20 packets of the bucket, and 10 for each 10 us that the burst and the breath after it took
  assert(o.emitted >= 20 && o.emitted < 45, `${o.emitted} packets`);
});

Deno.test("snabb 8.15: bridges flood, learn, and keep split-horizon groups apart", () => {
  const mac = (host: number) => [2, 0, 0, 0, 9, host];
  /** Host a behind port 0, b behind 1, c behind 2; frame: port, from, to. */
  const frames: [number, number, number][] = [
    [0, 0xa, 0xb], // unknown: to 1 and 2
    [1, 0xb, 0xa], // known: to 0
    [0, 0xa, 0xb], // known now: to 1
    [2, 0xc, 0xa], // to 0
    [1, 0xb, 0xc], // to 2
    [0, 0xa, 0xff], // unknown: to 1 and 2
    [0, 0xb, 0xa], // b has moved to port 0; a is there too: filtered
    [1, 0xe, 0xb], // to 0, where b is now
  ];
  const offers = frames.map(([port, from, to], i) => ({
    port,
    at: 1e6 + i * 5e6,
    edit: (frame: Uint8Array) => frame.set([...mac(to), ...mac(from)]),
  }));
  const links = [0, 1, 2].flatMap((p) => [
    `nic${p}.output -> bridge.p${p}`,
    `bridge.p${p} -> nic${p}.input`,
  ]);
  const ports = ["p0", "p1", "p2"];
  const bridged = (cls: string, conf: unknown) =>
    run(offers, {
      options: { design: design({ bridge: [cls, conf] }, links) },
      geometry: { ports: 3 },
    });
  const learning = bridged("Learning", { ports });
  assertEquals(learning.o.ports.map(({ txFrames }) => txFrames), [3, 3, 3]);
  assertEquals(learning.o.dropped[REASON.other], 1);
  const app = learning.processes[0]!.engine.apps.get("bridge") as Learning;
  assertEquals(app.learned, 4);
  const flooding = bridged("Flooding", { ports });
  // five from port 0, two from 1, one from 2, each to both others
  assertEquals(flooding.o.ports.map(({ txFrames }) => txFrames), [4, 5, 7]);
  const groups = { ports: ["p0"], split_horizon_groups: { tunnels: ["p1", "p2"] } };
  const split = bridged("Flooding", groups);
  assertEquals(split.o.ports.map(({ txFrames }) => txFrames), [4, 4, 4]);
  assertThrows(
    () => bridged("Flooding", { ports: ["p0", "p0"] }),
    RangeError,
    "its ports are p0, p0",
  );
  assertThrows(() => bridged("Flooding", {}), RangeError, "its ports are none");
});

Deno.test("snabb 8.15: what PcapWriter has written a reader of captures reads, and PcapReader transmits again", () => {
  const offers = stream(40, 1e6, (i) => ({ size: 60 + i * 30, srcPort: i }));
  const { o, processes } = run(offers, {
    options: {
      design: design({ tee: ["Tee"], file: ["PcapWriter"] }, [
        "nic0.output -> tee.input",
        "tee.a -> file.input",
        "tee.b -> nic1.input",
      ]),
    },
  });
  const file = (processes[0]!.engine.apps.get("file") as PcapWriter).file();
  const capture = readCapture("file.pcap", file);
  const sent = bytesOn(o, 1);
  assertEquals(sent.length, 40);
  assertEquals(capture.format, "pcap");
  const read = Array.from(
    { length: capture.count },
    (
      _,
      i,
    ) => [...capture.bytes.subarray(capture.offset[i]!, capture.offset[i]! + capture.length[i]!)],
  );
  assertEquals(read, sent);
  const replayed = run([{ port: 0, at: 100e6 }], {
    options: {
      design: design({ file: ["PcapReader", { file }] }, ["file.output -> nic1.input"]),
    },
    patiencePs: 1e7,
  });
  assertEquals(bytesOn(replayed.o, 1), sent);
  assertEquals((replayed.processes[0]!.engine.apps.get("file") as PcapReader).done, true);
  const wrong = (bytes: Uint8Array) => () =>
    run([], {
      options: {
        design: design({ file: ["PcapReader", { file: bytes }] }, ["file.output -> nic1.input"]),
      },
    });
  assertThrows(
    wrong(new Uint8Array(30)),
    RangeError,
    "does not begin as a little-endian pcap file",
  );
  assertThrows(wrong(file.subarray(0, file.length - 1)), RangeError, "is cut off");
});

/** An IPv4 frame: protocol, addresses, ports, fragment offset. */
function frameOf(
  protocol: number,
  src: number,
  dst: number,
  ports: [number, number],
  fragment = 0,
): Uint8Array {
  const frame = new Uint8Array(60);
  const view = new DataView(frame.buffer);
  view.setUint16(12, 0x0800);
  frame[14] = 0x45;
  view.setUint16(20, fragment);
  frame[23] = protocol;
  view.setUint32(26, src);
  view.setUint32(30, dst);
  view.setUint16(34, ports[0]);
  view.setUint16(36, ports[1]);
  return frame;
}

Deno.test("snabb 8.15: compileFilter decides as pcap-filter(7) says", () => {
  const web = frameOf(6, 0x0a000001, 0x0a000002, [4000, 80]);
  const dns = frameOf(17, 0x0a000001, 0xc0a80001, [53, 1024]);
  const ping = frameOf(1, 0x0a000002, 0x0a000001, [0, 80]);
  const later = frameOf(6, 0x0a000001, 0x0a000002, [4000, 80], 5);
  const arp = new Uint8Array(60);
  arp.set([8, 6], 12);
  const all = { web, dns, ping, later, arp };
  const cases: [string, string[]][] = [
    ["", ["web", "dns", "ping", "later", "arp"]],
    ["ip", ["web", "dns", "ping", "later"]],
    ["arp", ["arp"]],
    ["ip6", []],
    ["tcp", ["web", "later"]],
    ["port 80", ["web"]],
    ["dst port 80", ["web"]],
    ["src port 80", []],
    ["udp port 53", ["dns"]],
    ["tcp port 53", []],
    ["tcp dst port 80", ["web"]],
    ["icmp or arp", ["ping", "arp"]],
    ["host 10.0.0.2", ["web", "ping", "later"]],
    ["src host 10.0.0.2", ["ping"]],
    ["dst net 192.168.0.0/16", ["dns"]],
    ["net 10.0.0.0/8 and not tcp", ["dns", "ping"]],
    ["not (tcp or udp)", ["ping", "arp"]],
    ["not tcp or tcp and port 80", ["web", "dns", "ping", "arp"]],
    ["len <= 60", ["web", "dns", "ping", "later", "arp"]],
    ["len >= 61", []],
    ["net 0.0.0.0/0", ["web", "dns", "ping", "later"]],
  ];
  for (const [expression, expected] of cases) {
    const { matches } = compileFilter(expression);
    const passed = Object.entries(all).filter(([, frame]) => matches(frame, 0, frame.length));
    assertEquals(passed.map(([name]) => name), expected, expression);
  }
  const wrong: [string, string][] = [
    ["tcp port", "its end"],
    ["port 65536", "65536"],
    ["host 10.0.0", "10.0.0"],
    ["host 10.0.0.0/8", "10.0.0.0/8"],
    ["net 10.0.0.0", "10.0.0.0"],
    ["net 10.0.0.0/33", "33"],
    ["(tcp", "its end"],
    ["tcp)", ")"],
    ["tcp & udp", "& udp"],
    ["tcp host 1.2.3.4", "host"],
    ["len = 5", "= 5"],
    ["ether host", "ether"],
  ];
  for (const [expression, word] of wrong) {
    const message = `Cannot compile filter "${expression}": ${word} is not understood`;
    assertThrows(() => compileFilter(expression), SyntaxError, message);
  }
});

Deno.test("compileFilter: not, and, or are those of logic, on any frames", () => {
  const frames = fc.uint8Array({ minLength: 0, maxLength: 80 }).map((bytes) => {
    if (bytes.length > 24) bytes.set([8, 0, 0x45], 12);
    return bytes;
  });
  const parts = ["tcp", "udp port 53", "src net 0.0.0.0/1", "ip", "len >= 40"];
  fc.assert(
    fc.property(frames, fc.constantFrom(...parts), fc.constantFrom(...parts), (frame, a, b) => {
      const says = (expression: string) =>
        compileFilter(expression).matches(frame, 0, frame.length);
      assertEquals(says(`${a} and ${b}`), says(a) && says(b));
      assertEquals(says(`${a} or ${b}`), says(a) || says(b));
      assertEquals(says(`not (${a} and ${b})`), says(`not (${a}) or not (${b})`));
    }),
  );
});

Deno.test("snabb 8.15: PcapFilter passes on what matches, unchanged, and costs by its compares", () => {
  const offers = stream(60, 1e6, (i) => ({ srcPort: i % 2 === 0 ? 53 : 80 }));
  const filtered = (filter: string) =>
    run(offers, {
      options: {
        design: design({ f: ["PcapFilter", { filter }] }, [
          "nic0.output -> f.input",
          "f.output -> nic1.input",
        ]),
      },
    });
  const { o, n } = filtered("udp src port 53");
  assertEquals([o.emitted, o.dropped[REASON.other]], [30, 30]);
  for (let i = 0; i < o.outCount; i++) {
    const p = o.outPacket[i]!;
    assertEquals(p % 2, 0);
    assertEquals(o.outLength[i], 60);
  }
  const dear = filtered("not (udp src port 80 or tcp or icmp)");
  assertEquals(dear.o.emitted, 30);
  // two compares more for tcp, two for icmp, each 2 cycles of 60 packets
  assertEquals(
    dear.n("vmprofile/PcapFilter") - dear.n("vmprofile/PcapFilter calls") * 20,
    n("vmprofile/PcapFilter") - n("vmprofile/PcapFilter calls") * 20 + 60 * 4 * 2,
  );
});

Deno.test("snabb 8.15: VhostUser copies once each way, in order, and waits for a guest without buffers", () => {
  const guest: VirtioNet = { rx: new Vring(16, 2048), tx: new Vring(16, 2048) };
  for (let d = 0; d < 10; d++) guest.rx.offer(d);
  // the guest has sent three packets of its own
  [5, 6, 7].forEach((d) => {
    guest.tx.memory.fill(d, d * 2048, d * 2048 + 100);
    guest.tx.offer(d, 100);
  });
  const offers = stream(14, 1e6, (i) => ({ size: 60 + i }));
  const { o, n } = run(offers, {
    options: {
      design: design({ vm: ["VhostUser", { guest }] }, [
        "nic0.output -> vm.rx",
        "vm.tx -> nic1.input",
      ]),
    },
    patiencePs: 1e8,
  });
  assertEquals([guest.rx.usedIdx, o.dropped[REASON.consumed]], [10, 10]);
  for (let i = 0; i < 10; i++) {
    const d = guest.rx.used(i);
    assertEquals(guest.rx.length[d], 60 + i);
  }
  assertEquals(
    n("links/nic0.output -> vm.rx/txpackets") - n("links/nic0.output -> vm.rx/rxpackets"),
    4,
  );
  assertEquals(guest.tx.usedIdx, 3);
  const out = framesOn(o, 1);
  assertEquals(out.map((i) => [o.outLength[i], o.outBytes[o.outOffset[i]!]]), [[100, 5], [100, 6], [
    100,
    7,
  ]]);
});

Deno.test("Join, Split, Repeater, Truncate: all to one, one to all in turn, over and over, cut to size", () => {
  const { o, n } = run(stream(30, 1e6), {
    options: {
      design: design({ split: ["Split"], cut: ["Truncate", { n: 64 }], join: ["Join"] }, [
        "nic0.output -> split.input",
        "split.a -> join.a",
        "split.b -> cut.input",
        "cut.output -> join.b",
        "join.output -> nic1.input",
      ]),
    },
  });
  assertEquals(o.emitted, 30);
  assertEquals([...o.outLength.subarray(0, 30)].filter((bytes) => bytes === 64).length, 15);
  assertEquals(n("links/split.a -> join.a/txpackets"), 15);
  assertEquals(broken(o), []);
  const again = run(stream(3, 1e6, (i) => ({ size: 60 + i })), {
    options: {
      design: design({ over: ["Repeater"] }, [
        "nic0.output -> over.input",
        "over.output -> nic1.input",
      ]),
    },
    patiencePs: 2e7,
  });
  const lengths = framesOn(again.o, 1).map((i) => again.o.outLength[i]!);
  assert(lengths.length > 50);
  assertEquals(new Set(lengths), new Set([60, 61, 62]));
});

Deno.test("snabb 8.17: LoadGen sends what it was given over and over at line rate, for next to no cycles", () => {
  // packetblaster replay: a file, over and over, into the ring
  const file = new Uint8Array(24 + 3 * (16 + 60));
  const view = new DataView(file.buffer);
  view.setUint32(0, 0xa1b2c3d4, true);
  for (let i = 0; i < 3; i++) view.setUint32(24 + i * 76 + 8, 60, true);
  const { o, n, rows } = run([{ port: 0, at: 2000e6 }], {
    options: {
      design: design({
        pcap: ["PcapReader", { file }],
        loop: ["Repeater"],
        gen: ["LoadGen", { pciaddr: "0000:01:00.0" }],
      }, ["pcap.output -> loop.input", "loop.output -> gen.input"]),
      maxPackets: 8400,
    },
    geometry: { rxRing: 64, txRing: 2048 },
    profile: profileOf(3500, 10),
    buffers: 10_000,
    patiencePs: 1e6,
  });
  // 10 Gb/s in frames of 84 bytes with all that is around them, once the ring was full
  const times = framesOn(o, 1).map((i) => o.outStart[i]!);
  const mpps = (times.length - 1) / ((times.at(-1)! - times[0]!) * 1e-6);
  assertAlmostEquals(mpps, 14.88, 0.05, "Mpps");
  assert(times.length > 2 * 2048, "each packet several times");
  const [[, cycles]] = rows(/vmprofile\/LoadGen$/) as [[string, number]];
  assert(
    cycles / times.length < 60,
    `${cycles / times.length} cycles a packet, of which 50 to post each once`,
  );
  assert(n("engine/sleeps") > 10, "it sleeps in between");
});

Deno.test("Intel refuses devices and queues that there are none of, and drops what is longer than its MTU", () => {
  const intel = (conf: unknown) => () =>
    run([], {
      options: {
        design: ({ config, engine }) => {
          const c = config.new();
          config.app(c, "nic", SNABB_APPS.Intel, conf);
          engine.configure(c);
        },
      },
    });
  assertThrows(
    intel({ pciaddr: "0000:07:00.0" }),
    RangeError,
    "no device 0000:07:00.0; there are 0000:00:00.0, 0000:01:00.0",
  );
  assertThrows(intel({ pciaddr: "eth0" }), RangeError, "no device eth0");
  assertThrows(intel({ pciaddr: "00:00.0", rxq: 1 }), RangeError, "rxq 1 is not a queue in 0..0");
  assertThrows(intel({ pciaddr: "00:00.0", txq: -1 }), RangeError, "txq -1");
  const { o, n } = run(stream(6, 1e6, (i) => ({ size: 100 * (i + 1) })), {
    options: {
      design: ({ config, engine }) => {
        const c = config.new();
        config.app(c, "nic0", SNABB_APPS.Intel, { pciaddr: "00:00.0", txq: false });
        config.app(c, "nic1", SNABB_APPS.Intel, { pciaddr: "01:00.0", mtu: 400, rxq: false });
        config.link(c, "nic0.output -> nic1.input");
        engine.configure(c);
      },
    },
  });
  assertEquals([o.emitted, o.dropped[REASON["too-big"]], n("apps/nic1/txdrop")], [4, 2, 2]);
  assertEquals([n("apps/nic0/TDT writes"), n("apps/nic1/RDT writes")], [0, 0]);
});

Deno.test("snabbDesigns.router: what cannot be forwarded is freed for its reason", () => {
  const { o, n } = run(
    [
      ...stream(2, 1e6, () => ({ ttl: 1 })),
      ...stream(3, 1e6, () => ({ dst: 0x7f000001 }), 10e6),
      ...stream(4, 1e6, () => ({}), 20e6),
    ],
    { options: { design: snabbDesigns.router } },
  );
  assertEquals([o.dropped[REASON.ttl], o.dropped[REASON["no-route"]], o.emitted], [2, 3, 4]);
  assertEquals(n("apps/router/discarded"), 5);
});
