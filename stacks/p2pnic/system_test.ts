// Aim: what the three variants of P2PNIC share and what they differ in: one firmware, three ways of a frame,
// each with its DMAs, its meters and its memory; a driver that is gone before the first packet; faults that
// are seen. Method: runs on the simulated machine, DMAs and bytes counted by hand; the outputs of the variants
// held against each other and against the input; refusals at the byte.
import { assert, assertEquals, assertThrows } from "@std/assert";
import { TEST_PROFILE } from "../../core/machine/_profile_for_tests.ts";
import {
  fates,
  frame,
  macOf,
  type Offer,
  scenarioOf,
  stream,
  towards,
  wirePs,
} from "../../core/machine/_scenario_for_tests.ts";
import type { Geometry } from "../../core/machine/device.ts";
import { FATE, type Observation } from "../../core/machine/observation.ts";
import { Testbed } from "../../core/machine/testbed.ts";
import type { TestbedOptions } from "../../core/machine/testbed_options.ts";
import { checksumPlain } from "../../core/packet/checksum.ts";
import { REASON } from "../../core/policy.ts";
import { NIC_4 } from "../../properties/laws/nic.ts";
import type { Run } from "../../properties/law.ts";
import { p2pnic, type P2pnicOptions } from "./mod.ts";

const VARIANTS = ["wr", "rd", "bn"] as const;

function bed(options: P2pnicOptions, more: TestbedOptions = {}, profile = TEST_PROFILE): Testbed {
  return new Testbed(p2pnic(options), profile, more);
}

function run(options: P2pnicOptions, offers: readonly Offer[], geometry: Partial<Geometry> = {}) {
  const testbed = bed(options);
  const scenario = scenarioOf(offers, { lcores: 2, fidelity: "tlp", ...geometry });
  return { o: testbed.run(scenario), testbed, scenario };
}

function valueOf(testbed: Testbed, name: string): number {
  const row = testbed.report().find((each) => each.name === name);
  assert(row !== undefined, `no row ${name}`);
  return row.value;
}

function payload(o: Observation, link: string): number {
  return o.links.find(({ name }) => name === link)!.payloadBytes;
}

Deno.test("p2pnic steps 1, 2, 3: who issues which TLP to whose memory, for one packet", () => {
  const nodes = ["host", "nic0", "nic1"];
  const seen = (variant: typeof VARIANTS[number]): string[] => {
    const steps: string[] = [];
    const { o } = run({
      variant,
      trace: (_at, step, tlp, from, to, carries, count, bytes) =>
        steps.push(`${step} ${nodes[from]} ${tlp} ${nodes[to]}: ${count} ${carries}, ${bytes} B`),
    }, stream(1, 0, () => ({ size: 100 })));
    assertEquals([o.end, o.faults, fates(o).emitted], ["quiet", [], 1]);
    return steps;
  };
  assertEquals(seen("wr"), [
    "1 nic0 MWr nic1: 1 frame, 100 B",
    "2 nic0 MWr nic1: 1 descriptors, 8 B",
    "3 nic1 MWr nic0: 1 completions, 8 B",
  ]);
  assertEquals(seen("rd"), [
    "1 nic0 MWr nic1: 1 descriptors, 8 B",
    "2 nic1 MRd nic0: 1 frame, 100 B",
    "3 nic1 MWr nic0: 1 completions, 8 B",
  ]);
  assertEquals(seen("bn"), [
    "1 nic0 MWr host: 1 frame, 100 B",
    "1 nic0 MWr host: 1 descriptors, 8 B",
    "2 nic1 MRd host: 1 descriptors, 8 B",
    "2 nic1 MRd host: 1 frame, 100 B",
    "3 nic1 MWr host: 1 completions, 8 B",
  ]);
});

Deno.test("p2pnic meters: host memory and CPU see nothing of Wr and Rd, and all of Bn", () => {
  const sizes = [60, 124, 252, 1000, 1514];
  const offers = stream(200, 300_000, (i) => ({
    port: i % 4,
    size: sizes[i % 5]!,
    dst: towards((i + 1) % 4),
  }));
  const total = offers.reduce((sum, { size }) => sum + size!, 0);
  for (const variant of VARIANTS) {
    for (const fidelity of ["coarse", "tlp"] as const) {
      let entries = 0;
      const { o } = run(
        {
          variant,
          trace: (_at, _step, _tlp, _from, _to, carries, count) =>
            entries += carries === "frame" ? 0 : count,
        },
        offers,
        { ports: 4, fidelity },
      );
      assertEquals([o.end, o.faults, fates(o).emitted], ["quiet", [], 200], variant);
      const host = payload(o, "switch>host") + payload(o, "host>switch");
      const crossed = o.links.filter(({ name }) => name.endsWith(">switch"))
        .reduce((sum, link) => sum + link.payloadBytes, 0);
      const cycles = o.lcores.reduce((sum, { usefulPs }) => sum + usefulPs, 0);
      if (variant !== "bn") {
        assertEquals([host, o.doorbells, cycles], [0, 0, 0], variant);
        // a descriptor and a completion of 8 bytes for each packet, and the frame once
        assertEquals([entries, crossed], [400, total + 400 * 8], variant);
        continue;
      }
      // in and out: the frame, a descriptor to the host and one from it, a completion; register writes of 4
      assertEquals([entries, crossed, host], [
        600,
        2 * total + 600 * 8 + 4 * o.doorbells,
        2 * total + 600 * 8 + 4 * o.doorbells,
      ]);
      assert(o.doorbells > 0 && cycles > 200 * 120 / 3400 * 1e6, `${cycles} ps of CPU`);
      for (const { busyPs, totalPs } of o.lcores) assert(busyPs > 0.99 * totalPs, "busy-polling");
    }
  }
});

Deno.test("p2pnic rewrites alike in every variant: TTL, checksum and addresses, and nothing else", () => {
  const offers = stream(60, 90_000, (i) => ({
    port: i % 3,
    size: 60 + i * 24,
    ttl: 2 + i,
    dst: towards((i + 1) % 3),
  }));
  for (const variant of VARIANTS) {
    const { o, scenario: { traffic } } = run({ variant }, offers, { ports: 3 });
    assertEquals(fates(o).emitted, 60, variant);
    for (let i = 0; i < o.outCount; i++) {
      const p = o.outPacket[i]!;
      const sent = frame(o, i);
      const came = traffic.bytes.slice(traffic.offset[p]!, traffic.offset[p]! + traffic.length[p]!);
      const egress = (offers[p]!.port + 1) % 3;
      came.set([...macOf(egress), ...macOf(egress, true)], 0);
      came[14 + 8]!--;
      came.fill(0, 24, 26);
      const sum = checksumPlain(came, 14, 20);
      came.set([sum >> 8, sum & 0xff], 24);
      assertEquals([o.outPort[i], sent], [egress, came], `${variant}, packet ${p}`);
    }
  }
});

Deno.test("p2pnic hold rule: batches and reasons to flush add up in every variant and batch size", () => {
  for (const variant of VARIANTS) {
    for (const batch of [1, 3, 8]) {
      const testbed = bed({ variant, batch });
      for (const gap of [wirePs(60), 300_000, 3_000_000]) {
        // one flow, so that bn has one ring in use as the others
        const offers = stream(67, gap, () => ({ srcPort: 7 }));
        const o = testbed.run(scenarioOf(offers, { lcores: 2, peerSlots: 128 }));
        assertEquals(fates(o).emitted, 67);
        const rows = testbed.report().filter(({ name }) => name.startsWith("rings "));
        const sum = (part: string) =>
          rows.reduce((n, { name, value }) => n + (name.includes(part) ? value : 0), 0);
        const sizes = rows.filter(({ name }) => name.includes(" batch "))
          .map(({ name, value }) => [Number(name.split(" batch ")[1]), value] as const);
        const writes = sizes.reduce((n, [, value]) => n + value, 0);
        const what = `${variant}, batch ${batch}, a packet each ${gap} ps`;
        assertEquals(sizes.reduce((n, [size, value]) => n + size * value, 0), 67, what);
        assertEquals(writes, sum("flush"), what);
        assert(sizes.every(([size]) => size <= batch), what);
        assertEquals(sum("flush no slot"), 0, what);
        // alone, each for itself; at line rate all full but the last
        if (gap === 3_000_000) assertEquals(writes, 67, what);
        if (gap === wirePs(60)) assertEquals(sum("flush full"), Math.floor(67 / batch), what);
        assertEquals(sum("pending"), 0, what);
      }
    }
  }
});

Deno.test("p2pnic rd has no more than 34 reads under way, and as many at saturation", () => {
  const { o } = run({ variant: "rd" }, stream(900, wirePs(60)), { peerSlots: 512 });
  const events = [...o.seenAt.subarray(0, 900)].flatMap((at, p) => {
    return at < 0 ? [] : [[at, 1], [o.txAt[p]!, -1]];
  }).sort((a, b) => a[0]! - b[0]! || a[1]! - b[1]!);
  let under = 0;
  let most = 0;
  for (const [, step] of events) most = Math.max(most, under += step!);
  assertEquals([under, most], [0, TEST_PROFILE.dma.readsInFlight]);
});

Deno.test("p2pnic under congestion fills the switch and stalls sources, and loses at the MAC alone", () => {
  for (const variant of ["wr", "rd"] as const) {
    // three ports at line rate into one; few credits, so that the switch pushes back
    const offers = [0, 1, 2].flatMap((port) =>
      stream(250, wirePs(1514), () => ({ port, size: 1514, dst: towards(3) }))
    );
    const { o, testbed } = run({ variant }, offers, {
      ports: 4,
      ingress: 64,
      peerSlots: 128,
      headerCredits: 4,
      dataCredits: 32,
    });
    assertEquals([o.end, o.faults, fates(o).none, fates(o).freed], ["quiet", [], 0, 0]);
    const missed = o.ports.reduce((sum, port) => sum + port.rxMissed, 0);
    assert(missed > 200 && missed === fates(o).dropped, `${missed} missed`);
    for (let p = 0; p < o.count; p++) {
      if (o.fate[p] === FATE.dropped) assertEquals(o.reason[p], REASON["rx-missed"]);
    }
    const peak = valueOf(testbed, "credits switch pool peak");
    assert(peak > 256 && peak <= valueOf(testbed, "credits switch pool"), `${variant}: ${peak}`);
    const drops = testbed.report().filter((row) => row.name.startsWith("drops ") && row.value > 0);
    assertEquals(drops.map(({ name }) => name), [0, 1, 2].map((n) => `drops nic${n} rx-missed`));
    // writes wait at their source; in rd the source of the bytes is held up by requests that do not come
    const stalled = [0, 1, 2].reduce(
      (sum, n) => sum + valueOf(testbed, `credits nic${n} stalled`),
      0,
    );
    if (variant === "wr") assert(stalled > 3, `${stalled} us`);
    for (const c of o.credits) assertEquals([c.held, c.consumed], [0, c.returned], c.link);
  }
});

Deno.test("p2pnic on a switch without flow control: lost DMA is detected and counted, and a law is broken", () => {
  const offers = [0, 1, 2].flatMap((port) =>
    stream(60, wirePs(1514), () => ({ port, size: 1514, dst: towards(3) }), 1e6 + port)
  );
  const geometry = { ports: 4, headerCredits: 127, dataCredits: 2047, peerSlots: 64 };
  const { o, testbed, scenario } = run(
    { creditMode: "none", switchPoolBytes: 2048 },
    offers,
    geometry,
  );
  assert(valueOf(testbed, "credits switch lost") > 20);
  const failed = valueOf(testbed, "drops DMA failed");
  const lost = fates(o).freed;
  assert(failed > 10 && lost >= failed, `${failed} of ${lost} lost frames were announced`);
  // the slots of what failed are free again; those of entries that are missing never are
  const memory = o.pools.find(({ name }) => name === "memory of nic3")!;
  assertEquals(memory.size - memory.free, valueOf(testbed, "drops DMA missing"));
  // nothing that differs from what came in has left
  const { traffic } = scenario;
  for (let i = 0; i < o.outCount; i++) {
    const p = o.outPacket[i]!;
    assert(p >= 0 && o.outLength[i] === traffic.length[p]);
    const from = traffic.offset[p]! + 34;
    assertEquals(
      frame(o, i).subarray(34),
      traffic.bytes.subarray(from, from + 1480),
      `packet ${p}`,
    );
  }
  const verdict = NIC_4.judge({ observation: o } as Run);
  assert(
    verdict.kind === "broken" && verdict.sentence.includes("no packet had landed in it"),
    JSON.stringify(verdict),
  );
  // and with credits all is well
  const sound = run({}, offers, geometry);
  assertEquals([sound.o.faults, fates(sound.o).freed], [[], 0]);
  assertThrows(
    () => run({ creditMode: "none" }, offers, { ports: 4, fidelity: "coarse" }),
    RangeError,
    'creditMode "none" needs fidelity tlp, the scenario has coarse',
  );
});

Deno.test("p2pnic driver: gathers every address, tells every peer, and is gone before the first packet", () => {
  for (const variant of ["wr", "rd"] as const) {
    const lines: string[] = [];
    const testbed = bed({ variant, log: (line) => lines.push(line) });
    testbed.run(scenarioOf([], { ports: 4, peerSlots: 8 }));
    const started = lines.splice(0);
    const regions = started.flatMap((line) => {
      const match = /^nic(\d): (\S+) at 0x([0-9a-f]+), (\d+) x (\d+) bytes$/.exec(line);
      return match === null ? [] : [{
        nic: Number(match[1]),
        name: match[2]!,
        first: parseInt(match[3]!, 16),
        bytes: Number(match[4]) * Number(match[5]),
      }];
    });
    for (const [kind, bytes] of [["desc_ring", 64], ["pkt_buf", 8 * 2048], ["done_ring", 64]]) {
      const some = regions.filter(({ name }) => name.startsWith(kind as string));
      assertEquals(new Set(some.map(({ name }) => name)).size, 12, "one for each ordered pair");
      assert(some.every((region) => region.bytes === bytes));
    }
    // each lies in its NIC's BAR, and none in another
    const bars = started.flatMap((line) => {
      const match = /^nic(\d): BAR at 0x([0-9a-f]+), (\d+) bytes$/.exec(line);
      return match === null ? [] : [[parseInt(match[2]!, 16), Number(match[3])] as const];
    });
    assertEquals(bars.length, 4);
    const sorted = [...regions].sort((a, b) => a.first - b.first);
    sorted.forEach(({ nic, first, bytes }, i) => {
      const [bar, size] = bars[nic]!;
      assert(first >= bar && first + bytes <= bar + size, "outside of its BAR");
      if (i > 0) assert(sorted[i - 1]!.first + sorted[i - 1]!.bytes <= first, "overlap");
    });
    for (const { nic, name, first } of regions) {
      const told = started.filter((line) =>
        line.endsWith(`told that ${name} of nic${nic} is at 0x${first.toString(16)}`)
      );
      assertEquals(told.length, 1, name);
    }
    assertEquals(started.slice(-4), [0, 1, 2, 3].map((nic) => `nic${nic}: MAC receive on`));
    // with traffic it says the same, not a line more
    testbed.run(scenarioOf(stream(50, 20_000), { ports: 4, peerSlots: 8 }));
    assertEquals(lines, started);
  }
});

Deno.test("p2pnic takes a fifth NIC when the computed memory holds it, and refuses it a byte below", () => {
  const maxima = { ports: 5, lcores: 1, ring: 64, ingress: 64, buffers: 2048 };
  const offers = stream(40, 100_000, (i) => ({ port: i % 5, dst: towards((i + 2) % 5) }));
  const geometry = { ports: 5, ingress: 64, peerSlots: 32, rxRing: 64, txRing: 64 };
  // 4 peers x 32 slots x (2048 + 8 + 8) bytes are 264192: 129 buffers of 2048 hold them, 128 do not
  const enough = bed({}, { maxima }, { ...TEST_PROFILE, nicBuffers: 129 });
  assertEquals(fates(enough.run(scenarioOf(offers, geometry))).emitted, 40);
  assertEquals(valueOf(enough, "peers memory"), 264192);
  const less = bed({}, { maxima }, { ...TEST_PROFILE, nicBuffers: 128 });
  assertThrows(
    () => less.run(scenarioOf(offers, geometry)),
    RangeError,
    "Cannot boot 5 NICs: rings and buffers of 32 slots for each of 4 peers need 264192 bytes of each " +
      "NIC's memory, which has 262144",
  );
  assertEquals(fates(less.run(scenarioOf(stream(4, 1e6), { ...geometry, ports: 4 }))).emitted, 4);
});

Deno.test("p2pnic keeps its own table: any kind, the same routes, refused with the bytes that it needs", () => {
  const offers = stream(12, 1e6, (i) => ({ dst: i % 4 === 3 ? 0x0b000001 : towards(1, i) }));
  for (const table of ["state-jump", "dxr", "dir24-8"] as const) {
    const { o, testbed } = run({ table }, offers);
    assertEquals([fates(o).emitted, fates(o).dropped], [9, 3], table);
    assertEquals([valueOf(testbed, "lpm routes"), valueOf(testbed, "lpm look-ups")], [2, 12]);
    assertEquals(valueOf(testbed, "drops nic0 no-route"), 3);
    const bytes = valueOf(testbed, "lpm occupied");
    if (table !== "dir24-8") {
      assertEquals(fates(run({ table, tableBytes: bytes }, offers).o).emitted, 9);
    }
    assertThrows(
      () => run({ table, tableBytes: bytes - 1 }, offers),
      RangeError,
      `Cannot load 2 routes into the NICs' table: ${table} needs ${bytes} bytes, and ${
        bytes - 1
      } are there`,
    );
  }
});

Deno.test("p2pnic takes the compressed table when the state-jump table is too large, and routes of each start", () => {
  // a /16 of its own for each longer route: 3 blocks of 16 elements beside 2^16 of the first
  const routes = (count: number, hop = 1) => {
    const s = scenarioOf(stream(4, 1e6, (i) => ({ dst: (i << 24 | 1) >>> 0 })), {
      fidelity: "coarse",
    });
    const prefix = Uint32Array.from({ length: count }, (_, i) => i * 0x10000);
    const depth = new Uint8Array(count).fill(28);
    return { ...s, routes: { count, prefix, depth, nextHop: new Uint32Array(count).fill(hop) } };
  };
  const small = bed({ tableBytes: 4 * (2 ** 16 + 300 * 3 * 16) });
  assertEquals(fates(small.run(routes(300))).emitted, 2);
  assertEquals(valueOf(small, "lpm occupied"), 4 * (2 ** 16 + 300 * 3 * 16));
  // one more does not fit; 301 ranges of DXR do
  assertEquals(fates(small.run(routes(301))).emitted, 2);
  assert(valueOf(small, "lpm occupied") < 4 * (2 ** 16 + 301 * 4));
  // and a start with other routes forgets them
  assertEquals(fates(small.run(routes(1))).emitted, 1);
  assertEquals(valueOf(small, "lpm routes"), 1);
  assertEquals(
    fates(small.run(routes(1, 0))).emitted,
    0,
    "the same prefix, back to where it came from",
  );
  assertThrows(
    () => bed({ tableBytes: 1000 }).run(routes(1)),
    RangeError,
    "Cannot load 1 routes into the NICs' table: state-jump needs 262336 bytes, dxr needs ",
  );
});

Deno.test("p2pnic sends the frames of a ring in their order though reads end in another", () => {
  for (const variant of ["rd", "bn"] as const) {
    const maxima = { ports: 2, lcores: 1, ring: 64, ingress: 64, buffers: 2048 };
    const testbed = bed({ variant }, { maxima });
    const { clock, nics } = testbed.machine;
    const held: (() => void)[] = [];
    const later = clock.register((k) => held[k]!());
    for (const { dma } of nics) {
      const read = dma.read.bind(dma);
      dma.read = (...args) => {
        // every third read is made 2 us late
        if (held.push(() => read(...args)) % 3 > 0) held.at(-1)!();
        else clock.at(clock.now + 2e6, later, held.length - 1);
      };
    }
    const geometry = { lcores: 1, ingress: 64, peerSlots: 32, rxRing: 64, txRing: 64 };
    const o = testbed.run(scenarioOf(stream(90, 300_000), geometry));
    assertEquals([fates(o).emitted, o.faults], [90, []]);
    assertEquals(
      o.outPacket.subarray(0, 90),
      Int32Array.from({ length: 90 }, (_, p) => p),
      variant,
    );
  }
});

Deno.test("p2pnic bn serves the rings of all NICs in turn: none waits until another has nothing", () => {
  // one slow core for three ports that are flooded; what each gets through is told apart by its ingress
  const slow = { ...TEST_PROFILE, cpuMhz: 300, costs: { ...TEST_PROFILE.costs, mhz: 300 } };
  const offers = [0, 1, 2].flatMap((port) =>
    stream(900, wirePs(60), () => ({ port, dst: towards(3) }))
  );
  const testbed = bed({ variant: "bn" }, {}, slow);
  const o = testbed.run(
    scenarioOf(offers, { lcores: 1, ports: 4, peerSlots: 16, fidelity: "coarse" }),
  );
  const share = [0, 0, 0];
  const half = o.outCount >> 1;
  const ports = offers.toSorted((a, b) => a.at - b.at).map(({ port }) => port!);
  for (let i = 0; i < half; i++) share[ports[o.outPacket[i]!]!]!++;
  assert(o.dropped[REASON["rx-missed"]]! > 100, `the core is what is short: ${[...o.dropped]}`);
  for (const n of share) assert(n > half / 6, `${share} of ${half}`);
});

Deno.test("p2pnic goes on without a NIC that is pulled out: the others forward, what is for it ends at the ingress", () => {
  for (const variant of ["wr", "rd"] as const) {
    const at = 30e6;
    const offers = [0, 1, 2].flatMap((port) =>
      stream(800, 80_000, (i) => ({ port, dst: towards((port + 1 + i % 3) % 4) }), 1e6 + port)
    );
    const { o, scenario: { traffic }, testbed } = run(
      { variant, removal: { port: 3, afterUs: at / 1e6 } },
      offers,
      { ports: 4, ingress: 64 },
    );
    assertEquals(o.faults, []);
    let gone = 0;
    for (let p = 0; p < o.count; p++) {
      const egress = traffic.bytes[traffic.offset[p]! + 31]!;
      const arrived = traffic.at[p]!;
      if (egress !== 3) assertEquals(o.fate[p], FATE.emitted, `packet ${p} to ${egress}`);
      else if (arrived < at - 5e6) assertEquals(o.fate[p], FATE.emitted);
      else if (arrived >= at) assertEquals(o.reason[p], REASON["no-route"], `packet ${p}`);
      else if (o.fate[p] === FATE.none) gone++;
    }
    assert(gone > 0 && gone < 60, `${gone} packets went with the card`);
    const drops = [0, 1, 2].reduce(
      (n, port) => n + valueOf(testbed, `drops nic${port} no-route`),
      0,
    );
    assert(drops > 400, `${drops}`);
    // what waits for slots of that NIC does not wait for ever, whether more comes for it or not
    for (const afterUs of [4, 8]) {
      const waiting = run(
        { variant, removal: { port: 3, afterUs } },
        stream(60, 50_000, () => ({ dst: towards(3) })),
        { ports: 4, ingress: 64, peerSlots: 2 },
      );
      const { emitted, none, dropped } = fates(waiting.o);
      assert(emitted > 0 && none <= 2 && dropped > 30, JSON.stringify(fates(waiting.o)));
    }
  }
});

Deno.test("p2pnic refuses options that are none", () => {
  const cases: [P2pnicOptions, string][] = [
    [{ variant: "ws" as "wr" }, 'variant is "ws", not one of wr, rd, bn'],
    [{ table: "trie" as "dxr" }, 'table is "trie", not one of state-jump, dxr, dir24-8-compact'],
    [{ batch: 0 }, "batch is 0, not an integer in 1..8"],
    [{ batch: 9 }, "batch is 9, not an integer in 1..8"],
    [{ batch: NaN }, "batch is NaN, not an integer in 1..8"],
    [{ tableBytes: -1 }, "tableBytes is -1, not an integer in 0.."],
    [{ variant: "rd", creditMode: "none" }, 'creditMode is "none", not one of static'],
    [{ switchPoolBytes: 1.5 }, "switchPoolBytes is 1.5, not an integer"],
    [{ removal: { port: -1, afterUs: 0 } }, "removal.port is -1, not an integer in 0..255"],
    [{ variant: "bn", removal: { port: 1, afterUs: 0 } }, "removal is for wr and rd"],
  ];
  for (const [options, message] of cases) {
    assertThrows(() => p2pnic(options), RangeError, `Cannot make p2pnic: ${message}`);
  }
});
