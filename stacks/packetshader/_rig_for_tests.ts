/** The machine of the published figures, traffic at line rate, and a look at the report for the tests of this folder. */
import { scenarioOf, stream, towards } from "../../core/machine/_scenario_for_tests.ts";
import type { Geometry, Scenario } from "../../core/machine/device.ts";
import type { Observation } from "../../core/machine/observation.ts";
import type { MachineProfile } from "../../core/machine/profile.ts";
import { Testbed } from "../../core/machine/testbed.ts";
import type { Maxima } from "../../core/nic/nic.ts";
import type { Dataplane, Env, ReportRow, Stack } from "../../core/stack.ts";
import { packetshaderMachine } from "../../fixtures/mod.ts";

/** The machine of the paper's figures. */
export const PS_PROFILE: MachineProfile = packetshaderMachine();

/** Room for large rings, chunks and many lcores. */
export const PS_MAXIMA: Maxima = { ports: 8, lcores: 8, ring: 4096, ingress: 512, buffers: 49152 };

/** 64 bytes on the wire are 60 without FCS; the paper counts 24 bytes beside the 64. */
export const PAPER_BITS = 88 * 8;
/** Picoseconds of such a frame at 10 Gb/s. */
export const WIRE_PS = 67_200;

/** Sum of all rows of a report whose name matches. */
export function counter(report: readonly ReportRow[], name: RegExp): number {
  const rows = report.filter((row) => name.test(row.name));
  if (rows.length === 0) throw new RangeError(`Cannot read counter ${name}: no row has that name`);
  return rows.reduce((sum, row) => sum + row.value, 0);
}

/** Packets per second, in millions, that left between two instants. */
export function mpps(o: Observation, fromUs: number, toUs: number): number {
  let frames = 0;
  for (let i = 0; i < o.outCount; i++) {
    if (o.outEnd[i]! >= fromUs * 1e6 && o.outEnd[i]! < toUs * 1e6) frames++;
  }
  return frames / (toUs - fromUs);
}

/** All ports at `gapPs` a frame for `us` microseconds, each to its neighbour, in flows that spread. */
export function load(
  us: number,
  gapPs: number,
  geometry: Partial<Geometry> & { readonly ports: number },
): Scenario {
  const n = Math.floor(us * 1e6 / gapPs);
  const offers = Array.from({ length: geometry.ports }, (_, port) =>
    stream(n, gapPs, (i) => ({
      port,
      src: (0xc0a80001 + (Math.imul(i, 0x9e3779b1) >>> 12)) >>> 0,
      dst: towards((port + 1 + i % (geometry.ports - 1)) % geometry.ports, 1 + i % 200),
      srcPort: i & 0xffff,
    }))).flat();
  return scenarioOf(offers, { rxRing: 512, txRing: 512, ingress: 128, ...geometry });
}

/** A testbed of the paper's machine. */
export function bedOf(stack: Stack): Testbed {
  return new Testbed(stack, PS_PROFILE, { maxima: PS_MAXIMA });
}

/** What a stack forwards of full load, in Mpps, over the second half of `us`. */
export function saturated(
  stack: Stack,
  geometry: Partial<Geometry> & { readonly ports: number },
  us = 300,
  gapPs = WIRE_PS,
): { readonly rate: number; readonly bed: Testbed; readonly o: Observation } {
  const bed = bedOf(stack);
  const o = bed.run(load(us, gapPs, geometry));
  return { rate: mpps(o, us / 2, us), bed, o };
}

/** A stack whose dataplane and environment a test can look at while it runs and afterwards. */
export function watched(stack: Stack): { stack: Stack; plane: Dataplane; env: Env } {
  const seen = { plane: null as unknown as Dataplane, env: null as unknown as Env };
  const wrapped = Object.assign((env: Env) => {
    seen.env = env;
    return seen.plane = stack(env);
  }, { policy: stack.policy!, invariants: stack.invariants! });
  return Object.assign(seen, { stack: wrapped });
}
