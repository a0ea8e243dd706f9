// Aim: what the paper states of throughput and latency, on the profile of its host: which is calibrated, which
// predicted (P2PNIC, 5.1 to 5.3). Method: patterns of section 5.3 at line rate, a window of steady state; sampled
// probes among Poisson arrivals for latency, as many for each condition; bounds worked out by hand beside.
import { assert, assertEquals } from "@std/assert";
import { machineProfile, paperHost } from "../../fixtures/machines/mod.ts";
import {
  fates,
  frame,
  type Offer,
  scenarioOf,
  stream,
  towards,
  wirePs,
} from "../../core/machine/_scenario_for_tests.ts";
import type { Observation } from "../../core/machine/observation.ts";
import { Testbed } from "../../core/machine/testbed.ts";
import { p2pnic, type P2pnicOptions } from "./mod.ts";

const PROFILE = machineProfile(paperHost);
const SIZES = { ports: 4, lcores: 4, ring: 512, ingress: 512, buffers: 12_000 };
const beds = new Map<string, Testbed>();

/** One testbed for all runs of the same options. */
function bedFor(options: P2pnicOptions): Testbed {
  const key = JSON.stringify(options);
  const known = beds.get(key) ?? new Testbed(p2pnic(options), PROFILE, { maxima: SIZES });
  beds.set(key, known);
  return known;
}

type Pattern = "1in-1out" | "2in-2out" | "2in-2out-mix" | "4in-4out" | "4in-4out-mix";
const INPUTS = {
  "1in-1out": 1,
  "2in-2out": 2,
  "2in-2out-mix": 2,
  "4in-4out": 4,
  "4in-4out-mix": 4,
};

/** The port that packet `i` from `port` goes to: never back to where it came from. */
function egressOf(pattern: Pattern, port: number, i: number): number {
  if (pattern === "4in-4out") return port ^ 1;
  if (pattern === "4in-4out-mix") return (port + 1 + i % 3) % 4;
  return pattern === "2in-2out-mix" ? 2 + ((port + i) & 1) : port + 2;
}

function offered(pattern: Pattern, size: number, count: number): Offer[] {
  return Array.from(
    { length: INPUTS[pattern] },
    (_, port) =>
      stream(count, wirePs(size - 4), (i) => ({
        port,
        size: size - 4,
        dst: towards(egressOf(pattern, port, i)),
        src: 0xc0a80000 + (i * 7 & 255),
        srcPort: 1000,
      }), 1e6 + port * 37),
  ).flat();
}

const GEOMETRY = { ports: 4, lcores: 4, peerSlots: 128, fidelity: "tlp" } as const;

/** Share of the line rate that leaves in the second half of the time of the offer, and the run. */
function throughput(
  options: P2pnicOptions,
  pattern: Pattern,
  size: number,
  count: number,
): { share: number; mpps: number; o: Observation } {
  const peerSlots = options.variant === "bn" ? 64 : 512;
  const o = bedFor(options).run(
    scenarioOf(offered(pattern, size, count), {
      ...GEOMETRY,
      ports: 4,
      peerSlots,
      rxRing: 8,
      txRing: 8,
    }),
  );
  assertEquals([o.end, o.faultCount, fates(o).none, fates(o).freed], ["quiet", 0, 0, 0]);
  const wire = wirePs(size - 4);
  const from = 1e6 + count * wire / 2;
  const to = 1e6 + count * wire;
  let left = 0;
  for (let i = 0; i < o.outCount; i++) if (o.outEnd[i]! > from && o.outEnd[i]! <= to) left++;
  const mpps = left / (to - from) * 1e6;
  return { share: mpps * wire / 1e6 / INPUTS[pattern], mpps, o };
}

const near = (value: number, expected: number, share: number, what: string): void =>
  assert(Math.abs(value / expected - 1) <= share, `${what}: ${value}, expected ${expected}`);

Deno.test("p2pnic figures: 64 bytes, Wr ahead of Rd ahead of Bn; Bn saturates with four ports, Wr does not", () => {
  const one = (variant: "wr" | "rd" | "bn") => throughput({ variant }, "1in-1out", 64, 3000).mpps;
  const [wr, rd, bn] = [one("wr"), one("rd"), one("bn")];
  near(wr, 35.85, 0.01, "Wr, calibrated on 35.85");
  assert(wr > rd && rd >= bn, `Wr ${wr}, Rd ${rd}, Bn ${bn}`);
  assert(bn > 23.9, `Bn ${bn}: above L3FWD, 35.85 / 1.5`);
  const four = (variant: "wr" | "bn", count: number) =>
    throughput({ variant }, "4in-4out", 64, count).mpps;
  near(four("wr", 1200) / wr, 4, 0.02, "Wr with four ports");
  // four lcores of 3400 MHz that spend 80 / 8 + 80 / 8 + 176 cycles on a packet of a full burst
  near(four("bn", 2600), 4 * 3400 / 196, 0.04, "Bn with four ports: its lcores");
});

Deno.test("p2pnic figures: Wr reaches line rate in all five patterns above 64 bytes (predicted)", () => {
  for (const pattern of Object.keys(INPUTS) as Pattern[]) {
    const { share, o } = throughput({ variant: "wr" }, pattern, 128, 800);
    near(share, 1, 0.015, `${pattern}, 128 bytes`);
    assertEquals(fates(o).dropped, 0, pattern);
  }
});

Deno.test("p2pnic figures: Rd falls behind in mix as frames grow, and only there (predicted sign)", () => {
  const share = (pattern: Pattern, size: number) =>
    throughput({ variant: "rd" }, pattern, size, size === 64 ? 1600 : 500).share;
  const lost = (size: number) => 1 - share("2in-2out-mix", size) / share("2in-2out", size);
  const [small, middle, large] = [lost(64), lost(256), lost(1518)];
  assert(Math.abs(small) < 0.03, `64 bytes: ${small}`);
  assert(middle > 0.05 && large > middle, `256 bytes: ${middle}, 1518 bytes: ${large}`);
  near(share("4in-4out", 1518), 1, 0.015, "4in-4out of 1518 bytes");
});

Deno.test("p2pnic figures: without routing 40.37 Mpps were measured; the threads allow 40.3 (predicted)", () => {
  const { mpps, o } = throughput(
    { variant: "wr", routing: false, fixedPort: [2, 3, 0, 1] },
    "1in-1out",
    64,
    3000,
  );
  near(mpps, 40.37, 0.06, "paper");
  near(mpps, 26 / 0.645, 0.01, "26 threads of 730 less 85 ns");
  // and nothing is looked at or changed
  const { bytes, offset } = scenarioOf(offered("1in-1out", 64, 10)).traffic;
  for (let i = 0; i < 10; i++) {
    const at = offset[o.outPacket[i]!]!;
    assertEquals(frame(o, i), bytes.subarray(at, at + 60));
  }
});

/** Poisson arrivals at `gbps`, counted with 20 bytes beside each frame as the paper counts. */
function poisson(size: number, gbps: number, count: number): Offer[] {
  const gapPs = (size + 20) * 8 / gbps * 1000;
  let state = 12345;
  let [at, last] = [1e6, 0];
  return Array.from({ length: count }, () => {
    // Numerical Recipes' generator of 32 bits
    state = Math.imul(state, 1664525) + 1013904223 >>> 0;
    at -= Math.log((state + 1) / 2 ** 32) * gapPs;
    last = Math.max(Math.round(at), last + wirePs(size - 4));
    return { port: 0, at: last, size: size - 4, dst: towards(2) };
  });
}

/** The 90th percentile of the latency of every third packet, in ns. */
function p90(options: P2pnicOptions, size: number, gbps: number, count: number): number {
  const scenario = scenarioOf(poisson(size, gbps, count), GEOMETRY);
  const o = bedFor(options).run(scenario);
  assertEquals(fates(o).emitted, count);
  const samples: number[] = [];
  for (let p = count >> 3; p < count; p += 3) samples.push(o.endAt[p]! - scenario.traffic.at[p]!);
  samples.sort((a, b) => a - b);
  return samples[Math.floor(samples.length * 0.9)]! / 1000;
}

Deno.test("p2pnic figures: p90 falls from 1 to 10 Gb/s and from 64 to 1518 bytes; routing adds about 9 %", () => {
  const wr = { variant: "wr" } as const;
  const base = p90(wr, 64, 1, 4000);
  const fixed = p90({ ...wr, routing: false, fixedPort: [2, 3, 0, 1] }, 64, 1, 4000);
  near(base / fixed, 1.09, 0.03, "routing (calibrated)");
  near(p90(wr, 64, 10, 3000) / base, 0.78, 0.04, "10 Gb/s by 1 Gb/s (calibrated)");
  const large = p90(wr, 1518, 1, 900);
  near(p90(wr, 1518, 40, 1200) / large, 1.57, 0.06, "40 Gb/s by 1 Gb/s, 1518 bytes (calibrated)");
  // paper: 0.81; what is predicted misses that by a tenth, and has the sign
  assert(large < 0.95 * base, `1518 bytes ${large}, 64 bytes ${base}`);
});
