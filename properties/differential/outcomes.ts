/**
 * What devices make of the same packets: where they part, and whether each does what it declares. Only
 * what leaves is compared (port and bytes), since a reason for a drop is a matter of names. The packets
 * come far apart, so that no device is pressed: what is lost under load is another question.
 */
import type { DeviceUnderTest, Scenario } from "../../core/machine/device.ts";
import { FATE, type Observation } from "../../core/machine/observation.ts";
import { REASONS } from "../../core/policy.ts";
import { sameBytes } from "../laws/_frame.ts";
import { expectedFrame, type SentFrames } from "../laws/_hops.ts";
import { wrongFragments } from "../laws/pkt_fragments.ts";
import { isTold } from "../reference/expectation.ts";
import { nearestFrame } from "../reference/nearest.ts";
import { referenceRouter } from "../reference/router.ts";

/** Time between packets, in picoseconds: longer than any stack keeps one. */
const GAP_PS = 1_000_000_000;

/** A frame that came of a packet. */
export interface OutcomeFrame {
  /** Port that it left by. */
  readonly port: number;
  /** Its bytes without FCS. */
  readonly bytes: Uint8Array;
}

/** What one device made of one packet. */
export interface DeviceOutcome {
  /** Name of the device. */
  readonly device: string;
  /** Frames that it sent for the packet, in order. */
  readonly frames: readonly OutcomeFrame[];
  /** Why there is none, as far as the device says; empty when there is one. */
  readonly why: string;
  /** Whether this is what its policy declares. */
  readonly asDeclared: boolean;
}

/** The first packet that devices disagree about. */
export interface Divergence {
  /** Its identity. */
  readonly packet: number;
  /** What each device made of it, in the order of the devices. */
  readonly outcomes: readonly DeviceOutcome[];
}

/**
 * The first packet of a scenario of which not all devices make the same, or null; with `undeclaredOnly` the first of
 * those where some device does not what it declares. Its times are not those of the scenario: packets come a millisecond
 * apart.
 *
 * @throws {RangeError} when there are fewer than two devices
 * @example
 * ```ts
 * import { testbed } from "@planecheck/planecheck/core";
 * import { machineProfile, paperHost } from "@planecheck/planecheck/fixtures";
 * import { build, firstDivergence, PLAIN_GEOMETRY, PLAIN_PACKET } from "@planecheck/planecheck/properties";
 * import { l3fwd, linuxNapi } from "@planecheck/planecheck/stacks";
 * import { assertEquals } from "@std/assert";
 *
 * const scenario = build({
 *   geometry: PLAIN_GEOMETRY,
 *   neighbours: [1],
 *   routes: [{ prefix: 0x0a000000, depth: 8, nextHop: 0 }],
 *   packets: [{ ...PLAIN_PACKET, src: 1, dst: 0x0a000001, ttl: 1 }],
 *   deviations: [],
 * });
 * const host = machineProfile(paperHost);
 * // the l3fwd of the examples does not look at the TTL, and says so
 * const devices = [testbed(l3fwd("faithful"), host), testbed(linuxNapi(), host)];
 * const { packet, outcomes } = firstDivergence(devices, scenario)!;
 * assertEquals([packet, ...outcomes.map(({ frames }) => frames.length)], [0, 1, 0]);
 * assertEquals(outcomes.map(({ asDeclared }) => asDeclared), [true, true]);
 * ```
 */
export function firstDivergence(
  devices: readonly DeviceUnderTest[],
  scenario: Scenario,
  undeclaredOnly = false,
): Divergence | null {
  if (devices.length < 2) {
    throw new RangeError(`Cannot compare ${devices.length} devices: expected two or more`);
  }
  const { traffic } = scenario;
  const spaced = spacedOut(scenario);
  const all = devices.map((device) => outcomesOf(device, spaced));
  for (let packet = 0; packet < traffic.count; packet++) {
    const outcomes = all.map((outcomes) => outcomes[packet]!);
    if (outcomes.every((one) => sameFrames(one.frames, outcomes[0]!.frames))) continue;
    if (undeclaredOnly && outcomes.every(({ asDeclared }) => asDeclared)) continue;
    return { packet, outcomes };
  }
  return null;
}

/** The scenario with its packets so far apart that none waits for another. */
export function spacedOut(scenario: Scenario): Scenario {
  const { traffic } = scenario;
  const at = Float64Array.from({ length: traffic.count }, (_, p) => (p + 1) * GAP_PS);
  return { ...scenario, traffic: { ...traffic, at } };
}

function outcomesOf(device: DeviceUnderTest, scenario: Scenario): DeviceOutcome[] {
  const o = device.run(scenario);
  const { count } = scenario.traffic;
  const numbers = Array.from({ length: count }, (): number[] => []);
  for (let i = 0; i < o.outCount; i++) numbers[o.outPacket[i]!]?.push(i);
  const { policy } = device;
  const run = { observation: o, scenario, policy, expectation: referenceRouter(scenario, policy) };
  return numbers.map((own, p) => {
    const frames = own.map((i) => {
      const from = o.outOffset[i]!;
      return { port: o.outPort[i]!, bytes: o.outBytes.slice(from, from + o.outLength[i]!) };
    });
    return {
      ...{ device: device.name, frames, why: own.length > 0 ? "" : whyNone(device, o, p) },
      asDeclared: isDeclared(run, p, own, frames),
    };
  });
}

/** Whether a packet was forwarded as expected; or, where a router has the choice, dropped, or sent with any bytes. */
function isDeclared(
  run: SentFrames,
  p: number,
  own: readonly number[],
  sent: readonly OutcomeFrame[],
): boolean {
  const e = run.expectation;
  if (sent.length === 0) return e.forward[p] === 0 || e.reasons[p] !== 0;
  if (e.forward[p] === 0) return false;
  const isKnown = isTold(e, p);
  if (e.cut?.has(p) === true) return !isKnown || wrongFragments(run, p, own) === null;
  const [{ port, bytes }] = sent as [OutcomeFrame];
  return sent.length === 1 && (e.oneOf?.get(p) ?? [null]).some((hop) => {
    const out = hop === null ? e.port[p]! : run.scenario.neighbours.port[hop]!;
    if (port !== out || !isKnown) return port === out;
    const whole = expectedFrame(run, p, hop);
    const expected = nearestFrame(run.policy, whole, bytes, 0, bytes.length);
    return sameFrames(sent, [{ port: out, bytes: expected }]);
  });
}

function whyNone(device: DeviceUnderTest, o: Observation, p: number): string {
  if (o.fate[p] === FATE.none) return `waits in ${o.waitingAt.get(p) ?? "an unnamed place"}`;
  if (o.fate[p] === FATE.freed) return "freed without a word";
  return device.offers.has("reasons") ? `dropped: ${REASONS[o.reason[p]!]}` : "never came out";
}

function sameFrames(a: readonly OutcomeFrame[], b: readonly OutcomeFrame[]): boolean {
  return a.length === b.length && a.every((frame, i) => {
    const other = b[i]!;
    return frame.port === other.port && frame.bytes.length === other.bytes.length &&
      sameBytes(frame.bytes, 0, other.bytes, 0, other.bytes.length);
  });
}
