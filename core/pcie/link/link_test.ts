// Aim: the link-level model against what is known of PCIe from outside it: the closed form of Neugebauer et al.
// (SIGCOMM 2018), latencies to the picosecond, the deadlock rules with each of them taken away, fairness, counters
// that wrap, healing of faults, removal. Method: small oracles in this file, which share nothing with the model.
import { assert, assertEquals, assertThrows } from "@std/assert";
import { Choices, type Deviation } from "../../time/choices.ts";
import { Clock } from "../../time/clock.ts";
import { creditFaults, smallest, Testbed } from "../_testbed_for_tests.ts";
import { Queues } from "./_queues.ts";
import { type Tlp, Tlps } from "./_tlp.ts";
import { PcieModel } from "./model.ts";
import {
  ENDPOINT_BUFFERS,
  type Generation,
  type PcieBuffers,
  type PcieLink,
  type PcieMutant,
  type PcieNode,
  type PcieOptions,
  pcieOptions,
  pcieStar,
} from "./options.ts";

interface Op {
  readonly kind: "write" | "read";
  readonly src: number;
  readonly dst: number;
  readonly bytes: number;
  readonly offset?: number;
  readonly relaxed?: boolean;
}

class Bed {
  readonly clock = new Clock();
  readonly model: PcieModel;
  doneAt: number[] = [];
  statuses: string[] = [];
  #ops: readonly Op[] = [];
  #next: number[] = [];
  readonly done: number;
  readonly #go: number;

  constructor(options: Partial<PcieOptions> = {}, isTraced = false) {
    this.model = new PcieModel(this.clock, options, isTraced);
    this.done = this.clock.register((op) => {
      this.doneAt[op] = this.clock.now;
      this.statuses[op] = this.model.status;
    });
    this.#go = this.clock.register((src) => {
      for (let i = this.#next[src]!; i < this.#ops.length; i++) {
        this.#next[src] = i;
        const op = this.#ops[i]!;
        if (op.src !== src) continue;
        if (!this.model.room(src)) return;
        const address = this.model.address(op.dst) + (op.offset ?? 0);
        this.model[op.kind](src, address, op.bytes, this.done, i, op);
      }
      this.#next[src] = this.#ops.length;
    });
    for (let node = 0; node < this.model.options.nodes.length; node++) {
      this.model.onRoom(node, this.#go);
    }
  }

  /** Starts the operations at `at` and runs while anything but a timer waits; or those too. */
  run(
    ops: readonly Op[],
    { at = 0, timers = false, events = 1e7, choices = null as Choices | null } = {},
  ): string {
    this.clock.reset();
    this.model.reset(choices);
    this.#ops = ops;
    this.#next = this.model.options.nodes.map(() => 0);
    this.doneAt = ops.map(() => -1);
    this.statuses = ops.map(() => "");
    for (const src of new Set(ops.map((op) => op.src))) this.clock.at(at, this.#go, src);
    return this.clock.run(
      { horizonPs: 2 ** 53, events },
      () => !timers || this.model.isQuiet,
    );
  }
}

function faults(...deviations: Deviation[]): Choices {
  const choices = new Choices();
  choices.reset(deviations);
  return choices;
}

const RATES = { 1: 2.5, 2: 5, 3: 8, 4: 16, 5: 32, 6: 64 };

/** Gb/s of a link before and after the closed form's DLLPs, one Ack and one UpdateFC per interval, and SKP. */
function bounds({ generation, lanes }: PcieLink, mps: number): { raw: number; net: number } {
  const raw = RATES[generation] * lanes * (generation <= 2 ? 0.8 : 128 / 130);
  const wide = [0, 1.4, 1.4, 0, 1.4, 0, 0, 0, 2.5][lanes] ?? 3;
  const large = lanes === 16 ? 2 : 1;
  const delay = { 1: 19, 2: 70, 3: 115, 4: 115, 5: 115, 6: 115 }[generation];
  const interval = Math.floor((mps + 28) * (mps <= 256 ? wide : large) / lanes + delay);
  return { raw, net: raw * (1 - 16 / interval - 4 / 1538) };
}

const up = (a: number, b: number) => Math.ceil(a / b);

/** Payload of bytes on the link that gives the limit, for a size: write, read, both. */
function shares(s: number, mps: number, mrrs: number): [number, number, number] {
  const completions = s + up(s, mps) * 20;
  return [
    s / (s + up(s, mps) * 24),
    s / Math.max(completions, up(s, mrrs) * 24),
    s / Math.max(s + up(s, mps) * 24 + up(s, mrrs) * 24, completions),
  ];
}

/** A device right below a root port, and buffers that never hold anything back. */
function pair(link: PcieLink): PcieNode[] {
  const big: PcieBuffers = [[127, 2047], [127, 127], [0, 0]];
  return [
    { kind: "root", parent: -1, link, buffers: big },
    { kind: "endpoint", parent: 0, link, buffers: big },
  ];
}

Deno.test("PCIe throughput lies between the closed form with and without DLLPs", () => {
  const cases: [Generation, number, number, number, number][] = [
    [1, 1, 128, 512, 64],
    [1, 16, 256, 512, 256],
    [2, 8, 256, 512, 512],
    [3, 8, 128, 512, 1024],
    [3, 8, 256, 512, 64],
    [3, 16, 512, 512, 2048],
    [4, 4, 256, 4096, 256],
    [4, 16, 256, 512, 1024],
    [5, 8, 512, 1024, 512],
    [5, 16, 1024, 4096, 4096],
  ];
  for (const [generation, lanes, mps, mrrs, size] of cases) {
    const link: PcieLink = { generation, lanes, propagationPs: 1000 };
    const bed = new Bed({
      nodes: pair(link),
      mps,
      mrrs,
      reads: 256,
      replayTlps: 1024,
      completionBufferBytes: 1 << 20,
    });
    const { raw, net } = bounds(link, mps);
    const each = shares(size, mps, mrrs);
    for (const [i, kinds] of ([["write"], ["read"], ["write", "read"]] as const).entries()) {
      const n = Math.ceil(40_000 / size) + 120;
      const ops = Array.from({ length: n * kinds.length }, (_, j): Op => {
        const offset = Math.floor(j / kinds.length) * 4096;
        return { kind: kinds[j % kinds.length]!, src: 1, dst: 0, bytes: size, offset };
      });
      bed.run(ops);
      const times = bed.doneAt.filter((_, j) => j % kinds.length === 0).sort((a, b) => a - b);
      const [from, to] = [Math.floor(n / 4), Math.floor(3 * n / 4)];
      const gbps = (to - from) * size * 8000 / (times[to]! - times[from]!);
      const text = `${kinds} of ${size} on Gen${generation} x${lanes}, MPS ${mps}: ${gbps} Gb/s`;
      assert(gbps >= net * each[i]! * 0.998, `${text}, expected at least ${net * each[i]!}`);
      assert(gbps <= raw * each[i]! * 1.002, `${text}, expected at most ${raw * each[i]!}`);
    }
  }
});

Deno.test("PCIE-19: throughput is what the credits of a round trip carry, for headers and for data", () => {
  const link: PcieLink = { generation: 3, lanes: 8, propagationPs: 100_000 };
  // a credit comes back after its TLP, the way, an UpdateFC and the way back
  const trip = (wire: number) => (wire + 8) * 8125 / 64 + 200_000;
  for (
    const [credits, bytes, perTrip] of [
      [[4, 2000], 64, 4 * 64],
      [[100, 64], 256, 16 * 64],
    ] as const
  ) {
    const buffers: PcieBuffers = [credits, [8, 8], [0, 0]];
    const bed = new Bed({ nodes: pair(link).map((node) => ({ ...node, buffers })) });
    bed.run(Array.from({ length: 200 }, (_, i): Op => {
      return { kind: "write", src: 1, dst: 0, bytes, offset: i * 4096 };
    }));
    const rate = 100 * bytes / (bed.doneAt[160]! - bed.doneAt[60]!);
    const most = perTrip / trip(bytes + 24);
    const text = `${rate} bytes a ps of ${most}`;
    assert(rate <= most * 1.0001 && rate > most * 0.95, text);
  }
});

Deno.test("PCIe throughput in flits reaches the TLP bytes of a flit and no more", () => {
  const bed = new Bed({ nodes: pair({ generation: 6, lanes: 16, propagationPs: 1000 }), mps: 512 });
  const ops = Array.from({ length: 400 }, (_, i): Op => {
    return { kind: "write", src: 1, dst: 0, bytes: 512, offset: i * 4096 };
  });
  bed.run(ops);
  // 16 lanes of 64 Gb/s, 236 of 256 bytes; a TLP is 16 bytes of header and its payload
  const most = 1024 * 236 / 256 * 512 / 528;
  const gbps = 200 * 512 * 8000 / (bed.doneAt[300]! - bed.doneAt[100]!);
  assert(gbps <= most * 1.005 && gbps > most * 0.99, `${gbps} Gb/s, expected ${most}`);
});

Deno.test("PCIE-19: zero-load latency is the sum of the stages to the picosecond", () => {
  const at = 1_000_000; // everything is initialised and idle
  const slow: PcieLink = { generation: 3, lanes: 8, propagationPs: 1000 };
  const fast: PcieLink = { generation: 3, lanes: 16, propagationPs: 2000 };
  const bed = new Bed({ nodes: pcieStar(2, slow, fast), skp: false });
  const ps = (bytes: number, lanes: number) => Math.round(bytes * 8125 / (8 * lanes));
  const run = (op: Op) => {
    bed.run([op], { at });
    return bed.doneAt[0]! - at;
  };
  for (const bytes of [4, 64, 252, 256]) {
    const wire = bytes + 24;
    // cut-through between equal links: one serialisation
    assertEquals(
      run({ kind: "write", src: 2, dst: 3, bytes }),
      ps(wire, 8) + 1000 + 150_000 + 1000 + 100_000,
    );
    // to a faster link: begins so that it does not run dry
    const slowest = Math.max(0, ps(wire, 8) - Math.floor(wire * 8125 / 128));
    const head = 1000 + slowest + 150_000;
    assertEquals(
      run({ kind: "write", src: 2, dst: 0, bytes }),
      head + ps(wire, 16) + 2000 + 100_000,
      `${bytes} bytes to the host`,
    );
    // to a slower one: store and forward; the request cuts through
    const request = 1000 + Math.max(0, ps(24, 8) - Math.floor(24 * 8125 / 128)) + 150_000 +
      ps(24, 16) + 2000;
    const answer = ps(bytes + 20, 16) + 2000 + 150_000 + ps(bytes + 20, 8) + 1000;
    assertEquals(run({ kind: "read", src: 2, dst: 0, bytes }), request + 400_000 + answer);
  }
});

Deno.test("PCIE-19: in flits a TLP goes on when the CRC of the flit with its beginning is there", () => {
  const link: PcieLink = { generation: 6, lanes: 16, propagationPs: 1000 };
  const bed = new Bed({ nodes: pcieStar(2, link, link), mps: 512 });
  const flit = 256 * 8000 / 1024;
  const next = (ps: number) => Math.ceil(ps / flit) * flit;
  for (const at of [1_000_000, 1_000_001]) {
    for (const bytes of [4, 64, 220, 224, 512]) {
      bed.run([{ kind: "write", src: 2, dst: 3, bytes }], { at });
      const flits = Math.ceil((16 + bytes) / 236);
      const head = next(at) + flit + 1000;
      const end = next(head + 150_000) + flits * flit + 1000;
      assertEquals(bed.doneAt[0]! - at, end + 100_000 - at, `${bytes} bytes at ${at} ps`);
    }
  }
});

Deno.test("PCIE-11: bytes on the link by header form and digest, and SKP ordered sets in between", () => {
  for (
    const [addressBits, ecrc, write, read, completion] of [
      [32, false, 20, 20, 20],
      [64, false, 24, 24, 20],
      [64, true, 28, 28, 24],
    ] as const
  ) {
    const nodes = pair({ generation: 3, lanes: 8, propagationPs: 0 });
    const bed = new Bed({ nodes, addressBits, ecrc });
    bed.run([
      // three bytes around a word boundary are two words
      { kind: "write", src: 1, dst: 0, bytes: 3, offset: 2 },
      { kind: "read", src: 1, dst: 0, bytes: 64 },
    ]);
    assertEquals([...bed.model.sent.wire.slice(2)], [write + 8 + read, completion + 64]);
  }
  // payloads of 4096 bytes take 16 us on this link, longer than an interval: sets that are owed come together
  for (const mps of [256, 4096]) {
    const times = [true, false].map((skp) => {
      const bed = new Bed({ nodes: pair({ generation: 1, lanes: 1, propagationPs: 0 }), mps, skp });
      bed.run([{ kind: "write", src: 1, dst: 0, bytes: 1 << 18 }], { at: 1e7 });
      return bed.doneAt[0]! - 1e7;
    });
    // 4 symbols in 1538 (closed form), within one set
    const share = (times[0]! - times[1]!) / times[0]!;
    assert(Math.abs(share - 4 / 1538) < 0.0002, `${share} of the time for SKP, MPS ${mps}`);
  }
});

Deno.test("PCIE-11: a read of no bytes is one request, answered when earlier writes are visible", () => {
  const latency = (_n: number, _a: number, _b: number, kind: string) => kind === "write" ? 5e6 : 0;
  const bed = new Bed({ latency });
  bed.run([
    { kind: "write", src: 2, dst: 3, bytes: 64 },
    { kind: "read", src: 2, dst: 3, bytes: 0 },
  ]);
  assertEquals(bed.statuses, ["success", "success"]);
  assert(bed.doneAt[0]! < bed.doneAt[1]!, `${bed.doneAt}`);
  // up: the write and the request; down: the completion with one word
  assertEquals([...bed.model.sent.wire.slice(4, 8)], [24 + 64 + 24, 24, 24, 24 + 64 + 24]);
});

/** A linear congruential generator (Numerical Recipes), the way through a run's choices. */
class Way {
  #state: number;
  constructor(seed: number) {
    this.#state = seed;
  }
  next(n: number): number {
    this.#state = (Math.imul(this.#state, 1664525) + 1013904223) >>> 0;
    return Math.floor(this.#state / 2 ** 32 * n);
  }
}

/** Whether random traffic among `devices` devices, all to all, comes to a standstill. */
function stuck(
  seed: number,
  devices: number,
  deep: number,
  mutants: PcieMutant[],
  relaxed: boolean,
): boolean {
  const way = new Way(seed);
  const each: PcieBuffers = [[deep, deep * 8], [deep, deep], [deep, deep * 8]];
  const link: PcieLink = { generation: 3, lanes: 8, propagationPs: 0 };
  const nodes = pcieStar(devices, link, link).map((node) => ({ ...node, buffers: each }));
  const bed = new Bed({
    nodes,
    mps: 128,
    mrrs: 128,
    reads: deep,
    mutants,
    skp: false,
    latency: () => 1000 * way.next(400),
  });
  const ops = Array.from({ length: devices * 60 }, (): Op => {
    const src = 2 + way.next(devices);
    const dst = 2 + (src - 2 + 1 + way.next(devices - 1)) % devices;
    return { kind: way.next(2) === 0 ? "write" : "read", src, dst, bytes: 128, relaxed };
  });
  // the choices: who is served first, by the seed
  const choices = { site: (name: string) => name === "pcie arbitration" ? 1 : 0, pick } as Choices;
  function pick(site: number, n: number): number {
    return site === 1 ? way.next(n) : 0;
  }
  bed.run(ops, { choices, events: 200_000 });
  return bed.model.outstanding > 0;
}

const SIZES = [[2, 1], [2, 4], [4, 1], [4, 4]] as const;

Deno.test("PCIE-6: random interleavings never come to a standstill under the full rules", () => {
  for (const [devices, deep] of SIZES) {
    for (let seed = 1; seed <= 4; seed++) {
      const text = `${devices} devices, ${deep} deep, seed ${seed}`;
      assertEquals(stuck(seed, devices, deep, [], seed === 4), false, text);
    }
  }
});

const MUTANTS: PcieMutant[][] = [
  ["completion-waits-for-non-posted"],
  ["posted-waits-for-non-posted"],
  ["completion-waits-for-non-posted", "posted-waits-for-non-posted"],
  ["posted-accepted-only-when-one-can-be-sent"],
  ["one-buffer-for-all-classes"],
];

for (const mutants of MUTANTS) {
  Deno.test(`PCIE-6: random interleavings come to a standstill when ${mutants.join(" and ")}`, () => {
    for (const [devices, deep] of SIZES) {
      for (let seed = 1; seed <= 2; seed++) {
        const text = `${devices} devices, ${deep} deep, seed ${seed}`;
        assertEquals(stuck(seed, devices, deep, mutants, false), true, text);
      }
    }
  });
}

Deno.test("PCIE-3: Queues let a TLP go before an earlier one as the table says, cell by cell, RO and IDO too", () => {
  // rows: later P, NP, Cpl; columns: earlier P, NP, Cpl. y: yes, n: no, r: if relaxed, i: if ID-based and of
  // another source; within a class this model keeps the order that the table leaves open
  const table = ["ri y y", "i n y", "ri y n"].map((row) => row.split(" "));
  const tlps = new Tlps();
  const queues = new Queues(1, pcieOptions({}));
  const make = (cls: number, attributes: number, src: number): Tlp => {
    const tlp = tlps.take(cls, cls, src, 9);
    tlp.attributes = attributes;
    return tlp;
  };
  for (let cell = 0; cell < 9 * 8; cell++) {
    const [later, earlier] = [Math.floor(cell / 8) % 3, Math.floor(cell / 24)];
    const [attributes, other] = [cell % 4, Math.floor(cell / 4) % 2 === 1];
    const rule = table[later]![earlier]!;
    const expected = rule === "y" || (rule.includes("r") && (attributes & 1) !== 0) ||
      (rule.includes("i") && (attributes & 2) !== 0 && other);
    queues.reset();
    queues.append(0, make(earlier, 0, 2));
    const tlp = make(later, attributes, other ? 3 : 2);
    queues.append(0, tlp);
    const picked = queues.pick(0, (one) => one === tlp);
    assertEquals(picked === tlp, expected, `${later} ${attributes} ${other} after ${earlier}`);
  }
  // a head that may be passed hides one that may not
  queues.reset();
  queues.append(0, make(0, 0, 3));
  queues.append(0, make(0, 0, 2));
  const request = make(1, 2, 2);
  queues.append(0, request);
  assertEquals(queues.pick(0, (one) => one === request), null);
});

/** Sources below switches in a row: the last three all write to the host through the first. */
function cascade(): PcieNode[] {
  const link: PcieLink = { generation: 3, lanes: 4, propagationPs: 1000 };
  const node = (kind: PcieNode["kind"], parent: number): PcieNode => {
    const each = [32, 256] as const;
    return { kind, parent, link, buffers: [each, each, kind === "switch" ? each : [0, 0]] };
  };
  // host - switch 1 (device 2) - switch 3 (devices 4 and 5)
  return [
    node("root", -1),
    node("switch", 0),
    node("endpoint", 1),
    node("switch", 1),
    node("endpoint", 3),
    node("endpoint", 3),
  ];
}

/** Shares of the TLPs that land while all sources still have some. */
function sharesOf(bed: Bed, sources: number[]): number[] {
  const ops = Array.from({ length: 900 }, (_, i): Op => {
    return {
      kind: "write",
      src: sources[i % sources.length]!,
      dst: 0,
      bytes: 256,
      offset: i * 4096,
    };
  });
  bed.run(ops, { at: 1_000_000 });
  const last = sources.map((src) => Math.max(...bed.doneAt.filter((_, i) => ops[i]!.src === src)));
  const until = Math.min(...last);
  const from = 2_500_000;
  const landed = sources.map((src) =>
    bed.doneAt.filter((at, i) => ops[i]!.src === src && at > from && at <= until).length
  );
  const sum = landed.reduce((a, b) => a + b);
  return landed.map((n) => n / sum);
}

Deno.test("PCIE-18: three flows into one egress get a third each, cascaded a half and two quarters", () => {
  const link: PcieLink = { generation: 3, lanes: 4, propagationPs: 1000 };
  for (
    const [bed, sources, expected] of [
      [new Bed({ nodes: pcieStar(3, link, link) }), [2, 3, 4], [1 / 3, 1 / 3, 1 / 3]],
      [new Bed({ nodes: cascade() }), [2, 4, 5], [1 / 2, 1 / 4, 1 / 4]],
    ] as const
  ) {
    const shares = sharesOf(bed, [...sources]);
    shares.forEach((share, i) => assert(Math.abs(share - expected[i]!) < 0.01, `${shares}`));
  }
});

Deno.test("PCIE-17: a blocked egress stops the other flow of its ingress exactly where posted TLPs share a queue", () => {
  // device 4 hangs by a thirtieth of the others' bandwidth
  const link: PcieLink = { generation: 3, lanes: 8, propagationPs: 1000 };
  const thin: PcieLink = { generation: 1, lanes: 1, propagationPs: 1000 };
  const landed = (postedQueue: "voq" | "shared") => {
    const nodes = pcieStar(3, link, link).map((node, i) =>
      i === 4 ? { ...node, link: thin } : node
    );
    const bed = new Bed({ nodes, postedQueue });
    const ops = Array.from({ length: 400 }, (_, i): Op => {
      return { kind: "write", src: 2, dst: 3 + i % 2, bytes: 256, offset: i * 4096 };
    });
    bed.run(ops, { events: 1e6 });
    // the last of the flow to device 3, against the last of the slow one
    return bed.doneAt[398]! / bed.doneAt[399]!;
  };
  const [voq, shared] = [landed("voq"), landed("shared")];
  assert(shared > 0.98, `shared queue: the fast flow ends at ${shared} of the slow one's time`);
  assert(voq < 0.9, `queues per egress: the fast flow ends at ${voq} of the slow one's time`);
});

Deno.test("ACS redirection sends peer-to-peer TLPs up and down once more, and changes nothing else", () => {
  const wire = (acsRedirect: boolean) => {
    const bed = new Bed({ acsRedirect });
    bed.run([
      { kind: "write", src: 2, dst: 3, bytes: 1024 },
      { kind: "read", src: 2, dst: 3, bytes: 512 },
      { kind: "write", src: 2, dst: 0, bytes: 64 },
    ]);
    assertEquals(bed.statuses, ["success", "success", "success"]);
    const { tlps } = bed.model.sent;
    return [2, 3].map((d) => [0, 1, 2].map((cls) => tlps[d * 3 + cls]!));
  };
  assertEquals(wire(false), [[1, 0, 0], [0, 0, 0]]);
  // four writes, a request and two completions, up and down
  assertEquals(wire(true), [[5, 1, 2], [4, 1, 2]]);
});

Deno.test("Root complex forwards between its root ports only where that is declared", () => {
  const link: PcieLink = { generation: 3, lanes: 8, propagationPs: 1000 };
  const end = (parent: number, kind: PcieNode["kind"]): PcieNode => {
    return { kind, parent, link, buffers: ENDPOINT_BUFFERS };
  };
  const nodes = [end(-1, "root"), end(0, "endpoint"), end(0, "endpoint")];
  const ops: Op[] = [
    { kind: "write", src: 1, dst: 2, bytes: 64 },
    { kind: "read", src: 1, dst: 2, bytes: 64 },
    { kind: "read", src: 1, dst: 0, bytes: 64 },
    { kind: "read", src: 2, dst: 5, bytes: 64 },
  ];
  const bed = new Bed({ nodes, rootPeerToPeer: false });
  assertEquals(bed.run(ops), "quiet");
  // the last reads an address that is nobody's
  const refused = "unsupported request";
  assertEquals(bed.statuses, ["dropped", refused, "success", refused]);
  assertEquals(bed.model.drops(0), 1);
  const open = new Bed({ nodes, rootPeerToPeer: true });
  open.run(ops);
  assertEquals(open.statuses, ["success", "success", "success", refused]);
});

Deno.test("PCIE-5: all legal splits of the worked example are reached by the choices, and no other", () => {
  // 128 bytes from 0x20 with RCB 64 (AMD PG346): 32+96, 32+64+32, 96+32 or 128
  const bed = new Bed({ nodes: pair({ generation: 3, lanes: 8, propagationPs: 0 }) }, true);
  const seen = new Set<string>();
  for (const a of [0, 1, 2]) {
    for (const b of [0, 1]) {
      const choices = faults(
        { site: "split host", occurrence: 0, value: a },
        { site: "split host", occurrence: 1, value: b },
      );
      bed.run([{ kind: "read", src: 1, dst: 0, bytes: 128, offset: 0x20 }], { choices });
      const completions = [...bed.model.ledger().tlps.values()].filter(({ cls }) => cls === 2);
      seen.add(completions.map(({ bytes }) => bytes).join("+"));
    }
  }
  assertEquals([...seen].sort(), ["128", "32+64+32", "32+96", "96+32"]);
});

Deno.test("PCIE-8: counters of 8 and 12 bits and sequence numbers wrap, plain and scaled", () => {
  for (const creditScale of [1, 4, 16] as const) {
    const link: PcieLink = { generation: 3, lanes: 8, propagationPs: 1000 };
    const buffers: PcieBuffers = [[96, 1536], [96, 96], [0, 0]];
    const nodes = pair(link).map((node) => ({ ...node, buffers }));
    const bed = new Bed({ nodes, creditScale });
    const ops = Array.from({ length: 18 }, (_, i): Op => {
      return { kind: "write", src: 1, dst: 0, bytes: 64 * 256, offset: i << 16 };
    });
    bed.run(ops);
    assert(bed.statuses.every((status) => status === "success"), `${bed.statuses}`);
    const { sent } = bed.model;
    const [headers, data] = bed.model.credits().filter(({ direction }) => direction === 2);
    // 1152 TLPs of 16 credits: past 8 and 12 bits, and past 12 and 14 with a scale of 4
    assertEquals([headers!.consumed, data!.consumed], [1152, 18432]);
    assertEquals(
      [headers!.received, data!.received],
      [1152 % (256 * creditScale), 18432 % (4096 * creditScale)],
    );
    for (const { leastLeft, left, advertised } of [headers!, data!]) {
      assert(leastLeft >= 0, `${leastLeft}`);
      // at rest the sender has the whole buffer, less what a field cannot say
      const missing = advertised - left;
      assert(missing >= 0 && missing < creditScale, `${missing} missing at scale ${creditScale}`);
    }
    assertEquals(sent.replays[2], 0);
  }
  const many = new Bed({ nodes: pair({ generation: 5, lanes: 16, propagationPs: 0 }), mps: 128 });
  many.run([{ kind: "write", src: 1, dst: 0, bytes: 128 * 5000 }]);
  assertEquals([many.statuses[0], many.model.sent.tlps[6]], ["success", 5000]);
});

Deno.test("PCIE-12: whichever TLP or DLLP is corrupted, everything is delivered", () => {
  const smallest: PcieBuffers = [[1, 16], [1, 1], [1, 16]];
  const nodes = pcieStar(1).map((node) => ({ ...node, buffers: smallest }));
  const ops: Op[] = [
    { kind: "write", src: 2, dst: 0, bytes: 600 },
    { kind: "read", src: 2, dst: 0, bytes: 600 },
    { kind: "write", src: 0, dst: 2, bytes: 100 },
  ];
  const names = ["nic0>switch", "switch>host", "host>switch", "switch>nic0"];
  let replays = 0;
  // with room for one TLP in the replay buffer nothing but the next Ack lets another go
  for (const replayTlps of [1, 4] as const) {
    const bed = new Bed({ nodes, replayTlps });
    bed.run(ops);
    for (const kind of ["tlp", "dllp"]) {
      for (const name of names) {
        for (let occurrence = 0; occurrence < 24; occurrence++) {
          const choices = faults({ site: `${kind} error ${name}`, occurrence, value: 1 });
          bed.run(ops, { choices, timers: true, events: 20_000 });
          const text = `${kind} ${occurrence} of ${name} corrupted: ${bed.statuses}`;
          assert(bed.statuses.every((status) => status === "success"), text);
          // what was thrown away or came twice has not been received (2.6.1.2)
          for (const { unit, consumed, received } of bed.model.credits()) {
            assertEquals(received, consumed % (unit === "header" ? 256 : 4096), text);
          }
          replays += bed.model.sent.replays.reduce((a, b) => a + b);
        }
      }
    }
  }
  assert(replays >= 16, `${replays} replays`);
});

Deno.test("PCIE-10: an end whose partner's InitFC2s are all lost repeats its own, and is told with an UpdateFC", () => {
  const bed = new Bed({ nodes: pair({ generation: 3, lanes: 8, propagationPs: 0 }) });
  // three InitFC1s come before them
  const choices = faults(
    ...[3, 4, 5].map((occurrence) => ({ site: "dllp error host>nic0", occurrence, value: 1 })),
  );
  bed.run([{ kind: "write", src: 1, dst: 0, bytes: 64 }], { choices, timers: true, events: 1000 });
  assertEquals(bed.statuses, ["success"]);
  // at least every 34 us (base specification, 3.4.2.1)
  assert(bed.doneAt[0]! > 34e6 && bed.doneAt[0]! < 35e6, `${bed.doneAt[0]} ps`);
});

Deno.test("PCIE-10: initialisation is repeated for as long as it is lost", () => {
  const bed = new Bed({ nodes: pair({ generation: 3, lanes: 8, propagationPs: 0 }) });
  for (const rounds of [1, 2, 3, 5]) {
    // three InitFC1s and three InitFC2s at once, then three every 34 us
    const choices = faults(
      ...Array.from({ length: 3 + 3 * rounds }, (_, occurrence) => {
        return { site: "dllp error host>nic0", occurrence, value: 1 };
      }),
    );
    const options = { choices, timers: true, events: 2000 };
    bed.run([{ kind: "write", src: 1, dst: 0, bytes: 64 }], options);
    assertEquals(bed.statuses, ["success"], `${rounds} rounds lost`);
    const late = bed.doneAt[0]! - rounds * 34e6;
    assert(late > 0 && late < 1e6, `${bed.doneAt[0]} ps with ${rounds} rounds lost`);
  }
});

Deno.test("PCIE-12: each error is answered by one Nak, and repaired without waiting for the replay timer", () => {
  const bed = new Bed({ replayPs: 900_000_000 }, true);
  const site = "tlp error nic0>switch";
  const choices = faults(
    { site, occurrence: 1, value: 1 },
    { site, occurrence: 20, value: 1 },
  );
  bed.run([{ kind: "write", src: 2, dst: 3, bytes: 256 * 40 }], { choices });
  const { events } = bed.model.ledger();
  const naks = events.filter(({ kind, text }) => kind === "dllp" && text === "Nak");
  assertEquals(naks.length, 2);
  assert(bed.doneAt[0]! < 5_000_000, `landed at ${bed.doneAt[0]} ps`);
});

Deno.test("PCIE-7: removal of a device ends what it asked for, and in time-outs or refusals what it was asked", () => {
  const { clock, model, statuses, done } = new Bed({
    nodes: pcieStar(3),
    latency: () => 2_000_000,
  });
  const begin = (i: number, { kind, src, dst, bytes }: Op) => {
    statuses[i] = "";
    model[kind](src, model.address(dst), bytes, done, i);
  };
  const before: Op[] = [
    { kind: "read", src: 2, dst: 4, bytes: 64 }, // taken up, never answered
    { kind: "read", src: 4, dst: 0, bytes: 64 }, // asked by the one that goes
    { kind: "write", src: 2, dst: 3, bytes: 64 },
    { kind: "read", src: 3, dst: 2, bytes: 64 },
  ];
  const remove = clock.register((node) => model.remove(node));
  const after = clock.register((dst) => {
    begin(4, { kind: "write", src: 0, dst, bytes: 64 });
    begin(5, { kind: "read", src: 0, dst, bytes: 64 });
  });
  clock.reset();
  model.reset();
  before.forEach((op, i) => begin(i, op));
  clock.at(1_000_000, remove, 4);
  clock.at(1_500_000, after, 4);
  clock.run({ horizonPs: 2 ** 53, events: 100_000 }, () => model.isQuiet);
  assertEquals(statuses, [
    "timeout",
    "removed",
    "success",
    "success",
    "dropped",
    "unsupported request",
  ]);
  // the write, and the host's answer to the device that is gone
  assertEquals(model.drops(1), 2);
  assertThrows(() => model.remove(4), RangeError, "Cannot remove node 4: it is no endpoint");
  assertThrows(() => model.read(4, 0, 4, -1, 0), RangeError, "by node 4: it was removed");
});

Deno.test("PCIE-7: a device that goes in the middle of its answers leaves its completer's place to others", () => {
  // devices right below the host, one place for requests, and answers that fill many completions
  const link: PcieLink = { generation: 1, lanes: 1, propagationPs: 1000 };
  const nodes = pair(link);
  const { clock, model, statuses, done } = new Bed({
    ...{ nodes: [...nodes, nodes[1]!], reads: 1, mps: 128, skp: false },
  });
  const read = clock.register((src) =>
    model.read(src, model.address(0), 4096, done, statuses.push("") - 1)
  );
  const remove = clock.register((node) => model.remove(node));
  let amid = 0;
  for (let at = 1_200_000; at < 20_000_000; at += 1_000_000) {
    clock.reset();
    model.reset();
    statuses.length = 0;
    clock.at(1_000_000, read, 2);
    clock.at(1_000_000, read, 2);
    clock.at(at, remove, 2);
    clock.at(60_000_000, read, 1);
    clock.run({ horizonPs: 2 ** 53, events: 100_000 }, () => model.isQuiet);
    assertEquals(statuses[2], "success", `removed at ${at} ps`);
    if (statuses[1] === "removed") amid++;
  }
  assert(amid > 5, `HARN-3: ${amid} removals in the middle`);
});

Deno.test("PCIE-7: what a switch has begun to pass on outlives the device that sent it, what it has not is lost", () => {
  const slow: PcieLink = { generation: 1, lanes: 1, propagationPs: 1000 };
  const nodes = pcieStar(2, slow, slow);
  // a TLP of 280 bytes lasts 1.12 us, of which the switch waits for 0.15 us
  for (const [at, status] of [[1_100_000, "dropped"], [1_400_000, "success"]] as const) {
    const { clock, model, statuses, done } = new Bed({ nodes, skp: false });
    const begin = clock.register(() => model.write(2, model.address(3), 256, done, 0));
    const remove = clock.register((node) => model.remove(node));
    clock.reset();
    model.reset();
    clock.at(1_000_000, begin, 0);
    clock.at(at, remove, 2);
    clock.run({ horizonPs: 2 ** 53, events: 10_000 }, () => model.isQuiet);
    assertEquals([statuses[0], model.outstanding], [status, 0], `removed at ${at} ps`);
  }
});

Deno.test("PCIE-7: a completion after the time-out is thrown away and counted", () => {
  const bed = new Bed({ completionTimeoutPs: 1_000_000, latency: () => 2_000_000 });
  bed.run([{ kind: "read", src: 2, dst: 0, bytes: 64 }], { timers: true });
  assertEquals([bed.statuses, bed.doneAt[0]! < 1_100_000], [["timeout"], true]);
  bed.clock.run({ horizonPs: 2 ** 53, events: 1000 });
  assertEquals(bed.model.unexpected, 1);
});

Deno.test("PCIE-7: a completion that is late is not taken for one of the request that has its tag now", () => {
  // 32 tags: the first reads are answered after their time-out, while others have these tags
  let asked = 0;
  const bed = new Bed({
    ...{ tagBits: 5, completionBufferBytes: 1 << 20, reads: 1024, completionTimeoutPs: 1_000_000 },
    latency: () => asked++ < 32 ? 1_100_000 : 400_000,
  });
  const ops = Array.from({ length: 48 }, (_, i): Op => {
    return { kind: "read", src: 2, dst: 0, bytes: 64, offset: i * 4096 };
  });
  bed.run(ops, { timers: true });
  assertEquals(bed.statuses, ops.map((_, i) => i < 32 ? "timeout" : "success"));
  assertEquals(bed.model.unexpected, 32);
  const first = Math.min(...bed.doneAt.slice(32));
  assert(first > 1_600_000, `answered at ${first} ps, asked at 1 us or later`);
});

Deno.test("PCIE-12: the replay timer counts from the oldest TLP without an Ack, however many follow it", () => {
  const replayPs = 1_000_000;
  const without: PcieBuffers = [[0, 0], [0, 0], [0, 0]];
  const nodes = pair({ generation: 3, lanes: 8, propagationPs: 0 })
    .map((node) => ({ ...node, buffers: without }));
  const bed = new Bed({ nodes, replayPs }, true);
  // sent without a break for three times as long
  const ops: Op[] = [{ kind: "write", src: 1, dst: 0, bytes: 256 * 80 }];
  const corrupted = { site: "tlp error nic0>host", occurrence: 1, value: 1 };
  bed.run(ops, { choices: faults(corrupted), timers: true });
  const heard = (text: string) =>
    bed.model.ledger().events.filter(({ kind, text: it }) => kind === "hear" && it === text);
  const { direction } = heard("Nak")[0]!;
  const dllps = bed.model.ledger().events.filter((event) =>
    event.kind === "dllp" && event.direction === direction
  );
  const occurrence = dllps.findIndex(({ text }) => text === "Nak");
  const lost = { site: "dllp error host>nic0", occurrence, value: 1 };
  bed.run(ops, { choices: faults(corrupted, lost), timers: true });
  assertEquals([heard("Nak").length, bed.statuses], [0, ["success"]]);
  const sent = bed.model.ledger().events.filter(({ kind }) => kind === "send");
  const replay = sent.find(({ text }) => text.includes("replay"))!;
  const oldest = sent.find(({ value, text }) =>
    value === replay.value && text.includes("corrupted")
  )!;
  const acks = heard("Ack").filter(({ at }) => at < replay.at);
  const from = Math.max(oldest.until, ...acks.map(({ at }) => at));
  // what is on the link when the timer ends goes first
  const late = replay.at - from - replayPs;
  assert(late >= 0 && late < 50_000, `${late} ps after the timer's end`);
});

Deno.test("PCIE-12: an Ack that acknowledges nothing new does not put the replay timer off", () => {
  // shorter than the way there and back: the first TLP is sent again and again, and each is answered by an Ack
  const replayPs = 300_000;
  const bed = new Bed(
    { nodes: pair({ generation: 3, lanes: 8, propagationPs: 400_000 }), replayPs },
    true,
  );
  // the second one is corrupted whenever it is sent; of its errors only the first is answered by a Nak
  const corrupted = [1, 3, 5, 7, 9, 11, 13].map((occurrence) => ({
    ...{ site: "tlp error nic0>host", occurrence, value: 1 },
  }));
  const choices = faults(...corrupted);
  bed.run([64, 64].map((bytes) => ({ kind: "write", src: 1, dst: 0, bytes })), {
    choices,
    timers: true,
  });
  const { events } = bed.model.ledger();
  const acks = events.filter(({ kind, text, value }) =>
    kind === "hear" && text === "Ack" && value === 0
  );
  assert(acks.length > 2, `HARN-3: ${acks.length} Acks of the first`);
  const sent = events.filter(({ kind, value }) => kind === "send" && value === 1)
    .map(({ at }) => at);
  // each time that it is sent the timer starts anew
  const gaps = sent.slice(1).map((at, i) => at - sent[i]!);
  assert(Math.max(...gaps) < replayPs + 20_000, `it is sent again after ${gaps} ps`);
  assertEquals(bed.statuses, ["success", "success"]);
});

Deno.test("PCIE-7: a request that timed out gives its tag and its room back", () => {
  const bed = new Bed({
    ...{ tagBits: 5, mrrs: 128, completionBufferBytes: 1024, reads: 1024 },
    ...{ completionTimeoutPs: 1_000_000, latency: () => 90_000_000 },
  });
  const ops = Array.from({ length: 80 }, (_, i): Op => {
    return { kind: "read", src: 2, dst: 0, bytes: 128, offset: i * 4096 };
  });
  bed.run(ops, { timers: true });
  assertEquals(bed.statuses, ops.map(() => "timeout"));
});

Deno.test("PCIE-4: as many requests are outstanding as there are tags, each until its last completion", () => {
  const bed = new Bed({ tagBits: 5, reads: 1024, mps: 128, latency: () => 1_000_000 }, true);
  bed.run(Array.from({ length: 48 }, (_, i): Op => {
    return { kind: "read", src: 2, dst: 0, bytes: 1024, offset: i * 4096 };
  }));
  const { events, tlps } = bed.model.ledger();
  const held = new Set<number>();
  let most = 0;
  for (const { kind, tlp: id, direction } of events) {
    const tlp = tlps.get(id);
    if (kind === "send" && direction === 4 && tlp!.cls === 1) {
      assert(!held.has(tlp!.tag), `tag ${tlp!.tag} is taken twice`);
      held.add(tlp!.tag);
    }
    if (kind === "accept" && direction === 5 && tlp!.last) held.delete(tlp!.tag);
    most = Math.max(most, held.size);
  }
  assertEquals([most, tlps.size], [32, 96 + 96 * 4]);
});

Deno.test("PcieModel that was reset runs as a new one does, event for event", () => {
  const ops: Op[] = Array.from({ length: 40 }, (_, i): Op => {
    return {
      kind: i % 3 === 0 ? "read" : "write",
      src: 2 + i % 2,
      dst: i % 2 * 2,
      bytes: 40 * i + 1,
    };
  }).filter(({ src, dst }) => src !== dst);
  const used = new Bed();
  used.run(ops.slice(0, 9));
  const hashes = [used, new Bed()].map((bed) => {
    bed.run(ops);
    return [bed.clock.traceHash, bed.clock.events];
  });
  assertEquals(hashes[0], hashes[1]);
});

Deno.test("PcieModel that was cut off in the middle of an error runs as a new one does, its errors too", () => {
  const ops = Array.from({ length: 12 }, (_, i): Op => {
    return { kind: i % 3 === 0 ? "read" : "write", src: 2, dst: 0, bytes: 200 + i };
  });
  // the very first TLP: whatever a reset leaves, no other has come before it
  const corrupted = { site: "tlp error nic0>switch", occurrence: 0, value: 1 };
  const same = (bed: Bed) => {
    bed.run(ops, { choices: faults(corrupted), timers: true });
    return [bed.clock.traceHash, bed.clock.events];
  };
  const fresh = same(new Bed());
  // from before the error up to when it is healed
  for (let events = 80; events < 200; events++) {
    const used = new Bed();
    used.run(ops, { choices: faults(corrupted), timers: true, events });
    assertEquals(same(used), fresh, `after ${events} events`);
  }
});

Deno.test("PCIE-9: an UpdateFC tells something new, and fields that count in units of 4 or 16 credits take no more of them", () => {
  let most: number | undefined;
  const ops = Array.from({ length: 60 }, (_, i): Op => {
    return { kind: i % 3 === 0 ? "read" : "write", src: 2, dst: 3, bytes: 256, offset: 4096 * i };
  });
  for (const creditScale of [1, 4, 16] as const) {
    const buffers: PcieBuffers = [[32, 320], [32, 32], [32, 320]];
    const nodes = pcieStar(2).map((node) => ({ ...node, buffers }));
    const bed = new Bed({ creditScale, nodes }, true);
    bed.run(ops, { timers: true });
    const told = new Map<string, string>();
    let [count, again] = [0, 0];
    for (const { kind, text, direction, cls, headers, data } of bed.model.ledger().events) {
      if (kind !== "dllp" || text !== "UpdateFC") continue;
      const [key, now] = [`${direction} ${cls}`, `${headers} ${data}`];
      if (told.get(key) === now) again++;
      told.set(key, now);
      count++;
    }
    most ??= count;
    const text =
      `${count} UpdateFCs at a scale of ${creditScale}, ${again} of them with nothing new`;
    assert(count > 10 && count <= most && again <= 4, text);
  }
});

Deno.test("LinkFabric does the operations of the TLP fabric, in as many TLPs, no slower and at most 10 % sooner", () => {
  const ops = Array.from({ length: 400 }, (_, i) => {
    const kind = i % 2 === 0 ? "write" as const : "read" as const;
    return { kind, src: 1 + i % 3, dst: (i % 5) === 0 ? 0 : 4, bytes: 64 + (i * 37) % 1400 };
  });
  const [tlp, link] = (["tlp", "link"] as const).map((fidelity) => {
    const bed = new Testbed(fidelity, 4);
    assertEquals(bed.run(ops), "quiet");
    assertEquals(bed.undone(), []);
    const accounts = bed.fabric.links().map((
      { name, payloadBytes, tlps },
    ) => [name, payloadBytes, tlps]);
    return { end: Math.max(...bed.doneAt), accounts };
  });
  assertEquals(link!.accounts, tlp!.accounts);
  const ratio = link!.end / tlp!.end;
  assert(ratio > 0.9 && ratio < 1.01, `${ratio}`);
});

Deno.test("LinkFabric that was reset to another geometry runs as a new one does, event for event", () => {
  const ops = Array.from({ length: 60 }, (_, i) => {
    const kind = i % 2 === 0 ? "write" as const : "read" as const;
    return { kind, src: 1 + i % 2, dst: 0, bytes: 64 + i * 31 };
  });
  const used = new Testbed("link", 2);
  used.run(ops, smallest(128, 256));
  const hashes = [used, new Testbed("link", 2)].map((bed) => {
    bed.run(ops);
    assertEquals([bed.undone(), creditFaults(bed.fabric)], [[], []]);
    return [bed.clock.traceHash, bed.clock.events];
  });
  assertEquals(hashes[0], hashes[1]);
});

Deno.test("pcieOptions names the parameter that is out of range, and what was expected", () => {
  const nodes = pcieStar(1);
  const changed = (i: number, change: Partial<PcieNode>) =>
    nodes.map((node, n) => n === i ? { ...node, ...change } : node);
  const few = (posted: [number, number]): PcieBuffers => [posted, [1, 1], [0, 0]];
  const cases: [Partial<PcieOptions>, string][] = [
    [{ mps: 100 }, "mps is 100, not 128, 256"],
    [{ rcb: 32 as 64 }, "rcb is 32, not 64, 128"],
    [{ reads: 0 }, "reads is 0, not an integer in 1..1024"],
    [{ replayTlps: 100 }, "replayTlps is 100, not 1, 2, 4"],
    [{ nodes: nodes.slice(0, 1) }, "the number of nodes is 1, not an integer in 2..64"],
    [{ nodes: changed(2, { parent: 2 }) }, "nodes[2].parent is 2, not an integer in 0..1"],
    [{ nodes: changed(1, { kind: "endpoint" }) }, "nodes[2].parent is 1, not a root complex or a"],
    [{ nodes: changed(2, { kind: "root" }) }, "nodes[2].kind is root, not switch or endpoint"],
    [
      { nodes: changed(2, { link: { generation: 3, lanes: 3, propagationPs: 0 } }) },
      "nodes[2].link.lanes is 3, not 1, 2, 4",
    ],
    [{ nodes: changed(2, { buffers: few([1, 15]) }) }, "[1] is 15, not 0 or at least 16"],
    [
      { creditScale: 4, nodes: changed(0, { buffers: few([4, 16]) }) },
      "nodes[0].buffers[0][1] is 16, not 0 or at least 20",
    ],
  ];
  for (const [change, expected] of cases) {
    assertThrows(() => pcieOptions(change), RangeError, "Cannot build a PCIe model: ");
    assertThrows(() => pcieOptions(change), RangeError, expected);
  }
  const model = new PcieModel(new Clock());
  model.reset();
  assertThrows(() => model.write(1, 0, 4, -1, 0), RangeError, "it is no endpoint");
  assertThrows(
    () => model.write(2, 0, 0, -1, 0),
    RangeError,
    "the length is not an integer in 1..",
  );
  assertThrows(
    () => model.read(2, NaN, 0, -1, 0),
    RangeError,
    "the address is not an integer in 0",
  );
  assertThrows(
    () => model.read(2, model.address(2), 4, -1, 0),
    RangeError,
    "the address is its own",
  );
});
