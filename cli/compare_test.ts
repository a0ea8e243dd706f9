// Aim: what a stack does wrong ends in the result, not in a crash and not in silence.
// Method: small stacks that are wrong on purpose, on a few packets.
import { assert, assertEquals, assertThrows } from "@std/assert";
import { Observation, type Policy, REASON, type Stack, STRICT, type Traffic } from "../core/mod.ts";
import { paperHost } from "../fixtures/mod.ts";
import { l3fwd } from "../stacks/mod.ts";
import { compareStacks } from "./compare.ts";
import { readInputs } from "./inputs.ts";
import { parseCompareOptions } from "./options.ts";
import type { StackResult } from "./report/result.ts";
import { SharedTables } from "./tables.ts";
import { UserError } from "./user_error.ts";
import { measure, quantile } from "./measure.ts";

const options = parseCompareOptions({ traffic: "64B", count: "64", fidelity: "coarse" });
const inputs = readInputs(options, { ttl1: 0.2 });

function resultOf(create: () => Stack, on = inputs): StackResult {
  const entry = { name: "wrong", about: "wrong on purpose", byDefault: false, ring: 64, create };
  const setup = { stacks: [entry], host: paperHost, fidelity: options.fidelity };
  return compareStacks(setup, on)[0]!;
}

function verdict(result: StackResult, id: string): string {
  const { verdict, text } = result.laws.find((law) => law.id === id)!;
  return `${verdict}: ${text}`;
}

Deno.test("compareStacks reports a stack that throws as a broken law and goes on", () => {
  const result = resultOf(() => () => {
    throw new TypeError("Cannot boot: no reason");
  });
  assertEquals(result.run.end, "threw");
  assertEquals([result.offered, result.forwarded, result.waiting], [64, 0, 64]);
  assert(verdict(result, "RUN-1").startsWith("broken: it threw TypeError: Cannot boot: no reason"));
  assertEquals(verdict(result, "PKT-1"), "not-judged: the device failed");
  assertEquals(verdict(result, "TIME-1"), "not-judged: the device failed");
});

Deno.test("compareStacks tells which law's run a stack did not survive", () => {
  let runs = 0;
  const result = resultOf(() => (env) => {
    if (++runs > 2) throw new TypeError("Cannot boot: once too often");
    return l3fwd("strict")(env);
  });
  assertEquals([result.run.end, result.waiting], ["quiet", 0]);
  const said = verdict(result, "RUN-1");
  assert(
    /^broken: in the run for [A-Z]+-\d\w? it threw TypeError: Cannot boot: once/.test(said),
    said,
  );
});

Deno.test("compareStacks reports a law that a stack breaks by what it declares", () => {
  // It forwards packets of TTL 1 and says that it drops them.
  const liar: Policy = { ...l3fwd("faithful").policy!, ttl: "drop" };
  const result = resultOf(() => Object.assign(l3fwd("faithful").bind(null), { policy: liar }));
  assertEquals(result.policy.ttl, "drop");
  assert(verdict(result, "PKT-2").startsWith("broken: packet "), verdict(result, "PKT-2"));
  assertEquals(verdict(result, "ORD-2"), "kept: ");
});

Deno.test("compareStacks reports a stack that does nothing as one that leaves packets waiting", () => {
  const result = resultOf(() => {
    const idle: Stack = () => ({ name: "idle" });
    return Object.assign(idle, { policy: STRICT });
  });
  assertEquals([result.title, result.forwarded, result.waiting], ["idle", 0, 64]);
  assertEquals(result.latencyNs, null);
  assert(verdict(result, "LOSS-3").startsWith("broken: "), verdict(result, "LOSS-3"));
});

Deno.test("compareStacks judges by a part of the packets only what runs a stack again", () => {
  const many = readInputs({ ...options, count: 1100 });
  const result = resultOf(() => l3fwd("strict"), many);
  const packets = Object.fromEntries(result.laws.map((law) => [law.id, law.packets]));
  assertEquals([packets["RUN-1"], packets["PKT-1"], packets["TIME-1"]], [1100, 1100, 1024]);
  assertEquals(result.laws.filter((law) => law.verdict === "broken"), []);
});

Deno.test("SharedTables builds one table unless a default route makes two", () => {
  const plain = {
    count: 2,
    prefix: Uint32Array.of(0x0a000000, 0x0a000080),
    depth: Uint8Array.of(8, 25),
    nextHop: Uint32Array.of(1, 2),
  };
  const one = new SharedTables(plain);
  assert(one.table(true) === one.table(false));
  assertEquals(one.table(true).lookup(0x0a0000ff), 2);
  const two = new SharedTables({
    ...plain,
    depth: Uint8Array.of(0, 25),
    prefix: Uint32Array.of(0, 128),
  });
  assertEquals([two.table(true).lookup(0x08080808), two.table(false).lookup(0x08080808)], [1, -1]);
});

Deno.test("SharedTables refuses prefixes that take more groups than it has memory for", () => {
  const count = 2 ** 18 + 1;
  const routes = {
    count,
    prefix: Uint32Array.from({ length: count }, (_, i) => i * 256),
    depth: new Uint8Array(count).fill(25),
    nextHop: new Uint32Array(count),
  };
  assertThrows(
    () => new SharedTables(routes).table(true),
    UserError,
    "--routes: expected prefixes longer than 24 in at most 262144 blocks of /24, got 262145",
  );
});

// Aim: each figure of a report follows from the observation by its definition.
// Method: an observation of a few packets written by hand, and the figures computed by hand.

/** Packets of 100 bytes on port 0, one each microsecond from 1 us on. */
function traffic(count: number): Traffic {
  return {
    count,
    port: new Uint8Array(count),
    at: Float64Array.from({ length: count }, (_, i) => (i + 1) * 1e6),
    offset: new Uint32Array(count),
    length: new Uint32Array(count).fill(100),
    bytes: new Uint8Array(100),
  };
}

function observation(): Observation {
  const o = new Observation();
  o.reset(7, "tlp");
  const place = o.addPlace("somewhere");
  const bytes = new Uint8Array(100);
  o.emit(1, 0, place, 3.9e6, 4e6, bytes, 0, 100); // 2 us after its arrival
  o.emit(0, 0, place, 4.9e6, 5e6, bytes, 0, 100); // 4 us
  o.emit(2, 0, place, 10.9e6, 11e6, bytes, 0, 100); // 8 us
  o.drop(3, REASON.ttl, place, 4e6);
  o.drop(4, REASON["rx-missed"], place, 5e6, 8);
  o.freed(5, place, 6e6);
  o.copiedBytes = 150;
  o.doorbells = 6;
  o.interrupts = 3;
  o.end = "horizon";
  o.endPs = 20e6;
  o.events = 42;
  o.traceHash = -1;
  o.lcores = [
    { lcore: 0, busyPs: 20e6, usefulPs: 5e6, totalPs: 20e6 },
    { lcore: 1, busyPs: 0, usefulPs: 0, totalPs: 20e6 },
  ];
  o.links = [
    { name: "nic0>switch", payloadBytes: 300, tlpBytes: 360, tlps: [3, 1, 0] },
    { name: "switch>host", payloadBytes: 30, tlpBytes: 60, tlps: [1, 0, 2] },
  ];
  return o;
}

Deno.test("measure counts every fate and names every reason", () => {
  const { offered, forwarded, dropped, freed, waiting } = measure(traffic(7), observation());
  assertEquals({ offered, forwarded, dropped, freed, waiting }, {
    offered: 7,
    forwarded: 3,
    dropped: [{ reason: "ttl", packets: 1 }, { reason: "rx-missed", packets: 1 }],
    freed: 1,
    waiting: 1,
  });
});

Deno.test("measure gives rates until the last arrival and until the last frame has left", () => {
  const { offeredMpps, forwardedMpps } = measure(traffic(7), observation());
  assertEquals([offeredMpps, forwardedMpps], [1, 0.3]);
});

Deno.test("measure gives latency from last bit in to last bit out, by packet", () => {
  const { min, p50, p90, p99, max, cdf } = measure(traffic(7), observation()).latencyNs!;
  assertEquals([min, p50, p90, p99, max], [2000, 4000, 8000, 8000, 8000]);
  // one packet of three has 2 us: a share of 0.33 does, one of 0.34 does not
  assertEquals(cdf.filter(({ ns }) => ns === 2000).at(-1)!.share, 0.33);
});

Deno.test("measure gives CPU, copies and PCIe per packet forwarded", () => {
  const { cpu, copies, pcie, doorbells, interrupts } = measure(traffic(7), observation());
  assertEquals([cpu.busy, cpu.useful], [0.5, 0.125]);
  assertEquals(cpu.lcores, [{ busy: 1, useful: 0.25 }, { busy: 0, useful: 0 }]);
  assertEquals(copies, 0.5);
  assertEquals([pcie.payloadBytes, pcie.tlpBytes, pcie.rootTlpBytes], [110, 140, 20]);
  assertEquals(pcie.links[1]!.tlps, { posted: 1, nonPosted: 0, completion: 2 });
  assertEquals([doorbells, interrupts], [2, 1]);
});

Deno.test("measure tells how the run ended", () => {
  const { run } = measure(traffic(7), observation());
  assertEquals(run, { end: "horizon", virtualUs: 20, events: 42, traceHash: "ffffffff" });
});

Deno.test("measure has no figure per packet where none was forwarded", () => {
  const o = new Observation();
  o.reset(1, "coarse");
  const figures = measure(traffic(1), o);
  assertEquals(figures.latencyNs, null);
  assertEquals([figures.copies, figures.doorbells, figures.pcie.tlpBytes], [null, null, null]);
  assertEquals([figures.offeredMpps, figures.forwardedMpps], [null, null]);
});

Deno.test("quantile is the least value that a share of all does not exceed", () => {
  const sorted = Float64Array.of(1, 1, 2, 3, 5, 8, 13);
  for (let percent = 0; percent <= 100; percent++) {
    const share = percent / 100;
    const least = sorted.find((x) => sorted.filter((y) => y <= x).length / 7 >= share - 1e-12);
    assertEquals(quantile(sorted, share), least, `at ${share}`);
  }
});
