/** A machine as CSIT's, streams at a rate, and looks at reports, for the tests of this folder. */
import { assertEquals } from "@std/assert";
import {
  type Offer,
  scenarioOf as build,
  stream,
  towards,
} from "../../core/machine/_scenario_for_tests.ts";
import type { Geometry, Scenario } from "../../core/machine/device.ts";
import { GENERATED } from "../../core/machine/accounts.ts";
import type { Observation } from "../../core/machine/observation.ts";
import type { MachineProfile } from "../../core/machine/profile.ts";
import { SCENARIO_MAXIMA } from "../../core/machine/sizes.ts";
import { Testbed } from "../../core/machine/testbed.ts";
import { REASONS } from "../../core/policy.ts";
import type { ReportRow } from "../../core/stack.ts";
import { csitHost, machineProfile } from "../../fixtures/machines/mod.ts";
import { vpp } from "./mod.ts";
import type { VppOptions } from "./options.ts";

/** One core of 2.3 GHz and an X520. */
export const CSIT: MachineProfile = machineProfile(csitHost);

/** Name of a port. */
export const IF0 = "TenGigabitEthernet5/0/0";
export const IF1 = "TenGigabitEthernet5/0/1";
export const IF2 = "TenGigabitEthernet5/0/2";

/** Rings as VPP sets them, and buffers of a machine that holds them. */
export const VPP_RINGS = { rxRing: 1024, txRing: 1024, spareBuffers: 2048, poolCache: 256 };
export const VPP_BUFFERS = 16_384;
/** Smaller ones, for what does not depend on them. */
const RINGS = { rxRing: 256, txRing: 256, spareBuffers: 512, poolCache: 64 };

/** A machine with VPP on it. */
export function testbedOf(
  options: VppOptions = {},
  machine: MachineProfile = CSIT,
  buffers = 6144,
): Testbed {
  return new Testbed(vpp(options), machine, { maxima: { ...SCENARIO_MAXIMA, buffers } });
}

/** A scenario whose frames are for the ports they come in on: each port's own MAC address. */
export function scenarioOf(
  offers: readonly Offer[],
  geometry: Partial<Geometry> = {},
): Scenario {
  const own = offers.map((offer) => ({
    ...offer,
    edit: (frame: Uint8Array): void => {
      frame.set([2, 1, 3, 4, 5, offer.port]);
      offer.edit?.(frame);
    },
  }));
  return build(own, { ...RINGS, ...geometry });
}

/** `count` frames of 64 bytes on each of both ports to the other, `gapPs` apart. */
export function bothWays(count: number, gapPs: number, flows = 64): Offer[] {
  return [0, 1].flatMap((port) =>
    stream(
      count,
      gapPs,
      (i) => ({ port, dst: towards(port ^ 1, 1 + i % flows), srcPort: i % flows }),
    )
  );
}

/** Frames that left per second between two instants. */
export function ratePps(o: Observation, fromPs: number, toPs: number): number {
  let frames = 0;
  for (let i = 0; i < o.outCount; i++) {
    if (o.outEnd[i]! >= fromPs && o.outEnd[i]! < toPs) frames++;
  }
  return frames / ((toPs - fromPs) * 1e-12);
}

/** Value of a row of a report, 0 where there is none. */
export function valueOf(report: readonly ReportRow[], name: string): number {
  return report.find((row) => row.name === name)?.value ?? 0;
}

/** What `show runtime` says of a node: clocks a vector, and vectors a call. */
export function nodeOf(
  report: readonly ReportRow[],
  node: string,
  thread = 0,
): { calls: number; vectors: number; clocks: number; perCall: number } {
  const of = (counter: string): number =>
    valueOf(report, `show runtime thread ${thread} node ${node} ${counter}`);
  const [calls, vectors] = [of("calls"), of("vectors")];
  return { calls, vectors, clocks: of("clocks") / vectors, perCall: vectors / calls };
}

/** `show errors` as text by node and reason, with counts. */
export function errorsOf(report: readonly ReportRow[]): Record<string, number> {
  return Object.fromEntries(
    report.filter(({ name }) => name.startsWith("show errors "))
      .map(({ name, value }) => [name.slice("show errors ".length), value]),
  );
}

/** `show errors` of those that drop packets, all together. */
export function errorsCounted(report: readonly ReportRow[]): number {
  const rows = report.filter(({ name, unit }) =>
    name.startsWith("show errors ") && unit === "error"
  );
  return rows.reduce((sum, { value }) => sum + value, 0);
}

/** Packets that ended in a node: all that were dropped but those that the NIC lost. */
export function endedInNodes(o: Observation): number {
  return o.dropped.reduce((sum, n, why) => REASONS[why]!.startsWith("rx-") ? sum : sum + n, 0);
}

function sumOf(bytes: Uint8Array, from: number, to: number): number {
  let sum = 0;
  for (let i = from; i < to; i++) sum += bytes[i]! * ((i - from) % 2 === 0 ? 256 : 1);
  return sum;
}

/**
 * What is wrong with a frame of the router's own, whatever it says: fields that RFC 791, 792, 1812, 4443 and 4861 give
 * one value, lengths and checksums; or null.
 */
function wrongOwn(frame: Uint8Array): string | null {
  const u16 = (at: number): number => frame[at]! * 256 + frame[at + 1]!;
  const type = u16(12);
  if (type === 0x0806) return frame.length === 60 ? null : `ARP of ${frame.length} bytes`;
  if (type !== 0x0800 && type !== 0x86dd) return `type ${type}`;
  const isV6 = type === 0x86dd;
  const at = isV6 ? 54 : 34;
  const end = isV6 ? at + u16(18) : 14 + u16(16);
  if (end !== frame.length && frame.length > 60) return `${end} of ${frame.length} bytes`;
  if (!isV6 && sumOf(frame, 14, 34) % 0xffff !== 0) return "header checksum";
  if (frame[isV6 ? 20 : 23] !== (isV6 ? 58 : 1)) return null;
  const pseudo = isV6 ? sumOf(frame, 22, 54) + end - at + 58 : 0;
  if ((sumOf(frame, at, end) + pseudo) % 0xffff !== 0) return "checksum";
  const icmp = frame[at]!;
  const left = frame[isV6 ? 21 : 22];
  const isDiscovery = isV6 && icmp >= 133 && icmp <= 137;
  const isEcho = icmp === (isV6 ? 129 : 0);
  // RFC 4861, 7.1.1: 255, or nobody believes it; errors are looked up like any packet and so are one hop old
  const right = isDiscovery ? 255 : isEcho ? 64 : 254;
  if (left !== right) return `TTL ${left} of type ${icmp}, expected ${right}`;
  if (isDiscovery || isEcho) return null;
  // an error quotes as much as the packet says that it has, and as fits
  const quoted = isV6 ? 40 + u16(at + 8 + 4) : u16(at + 8 + 2);
  const most = isV6 ? 1280 - 48 : 576 - 28;
  const got = end - at - 8;
  return got === Math.min(quoted, most) ? null : `${got} bytes quoted of ${quoted}`;
}

/** Frames of the router's own that are not as they have to be, whatever they were sent for. */
function wrongOwnFrames(o: Observation): string[] {
  return Array.from({ length: o.outCount }, (_, i) => i).flatMap((i) => {
    if (o.outPacket[i] !== GENERATED) return [];
    const wrong = wrongOwn(o.outBytes.slice(o.outOffset[i]!, o.outOffset[i]! + o.outLength[i]!));
    return wrong === null ? [] : [`frame ${i}: ${wrong}`];
  });
}

/** The run went well: quiet, all findings kept, and what the router said itself is as it has to be. */
export function kept(o: Observation): Observation {
  assertEquals([o.end, o.findings.filter(({ broken }) => broken !== null)], ["quiet", []]);
  assertEquals(wrongOwnFrames(o), []);
  return o;
}
