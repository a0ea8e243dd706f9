/**
 * A counterexample as data: the scenario that breaks a law and what became of each of its packets,
 * copied from the run, since a device overwrites its observation. Text, JSON and captures are made
 * from this.
 */
import type { Scenario } from "../../core/machine/device.ts";
import { FATE, type Observation } from "../../core/machine/observation.ts";
import { type Policy, REASONS } from "../../core/policy.ts";
import type { Law, Run } from "../law.ts";
import type { Ladder } from "./ladder.ts";

/** A frame that the device emitted. */
export interface EmittedFrame {
  /** Identity of the packet in it, or -1. */
  readonly packet: number;
  /** Egress port. */
  readonly port: number;
  /** When its first bit left, in picoseconds. */
  readonly startPs: number;
  /** When its last bit had left, in picoseconds. */
  readonly endPs: number;
  /** The frame without FCS. */
  readonly bytes: Uint8Array;
}

/** A scenario that breaks a law. */
export interface Counterexample {
  /** Name of the device. */
  readonly device: string;
  /** The law that it breaks. */
  readonly law: Law;
  /** What the device was judged by. */
  readonly policy: Policy;
  /** What the device was given. */
  readonly scenario: Scenario;
  /** What is wrong, in one sentence with the values. */
  readonly sentence: string;
  /** Identities of the packets concerned, the first one first. */
  readonly packets: readonly number[];
  /** What became of each packet, in words. */
  readonly fates: readonly string[];
  /** Emitted frames in order of time. */
  readonly emitted: readonly EmittedFrame[];
  /** Whether it was established that removing any one packet makes it pass. */
  readonly minimal: boolean;
  /** What happened on the PCIe links, if that says something about the law. */
  readonly ladder?: Ladder;
}

/** What a counterexample is told from. */
export interface Failing {
  readonly device: string;
  readonly law: Law;
  readonly policy: Policy;
  readonly scenario: Scenario;
  /** The run; null when the device failed. */
  readonly run: Run | null;
  readonly sentence: string;
  readonly packets: readonly number[];
  readonly minimal: boolean;
  readonly ladder?: Ladder;
}

/** Copies from the run what a reader of the counterexample needs. */
export function tellCounterexample(failing: Failing): Counterexample {
  const { run, scenario, ...rest } = failing;
  const { count } = scenario.traffic;
  if (run === null) {
    const fates = Array.from({ length: count }, () => "unknown");
    return { ...rest, scenario, fates, emitted: [] };
  }
  const o = run.observation;
  const emitted: EmittedFrame[] = [];
  for (let i = 0; i < o.outCount; i++) {
    const from = o.outOffset[i]!;
    emitted.push({
      packet: o.outPacket[i]!,
      port: o.outPort[i]!,
      startPs: o.outStart[i]!,
      endPs: o.outEnd[i]!,
      bytes: o.outBytes.slice(from, from + o.outLength[i]!),
    });
  }
  const fates = Array.from({ length: count }, (_, i) => fateOf(o, i, emitted));
  return { ...rest, scenario, fates, emitted };
}

function fateOf(o: Observation, packet: number, emitted: readonly EmittedFrame[]): string {
  const place = o.places[o.place[packet]!];
  const where = place?.name ?? "an unnamed place";
  const at = microseconds(o.endAt[packet]!);
  // from the first bit on, as the sentences of laws have it
  const left = emitted.filter((frame) => frame.packet === packet)
    .map((frame) => `left port ${frame.port} at ${microseconds(frame.startPs)} us`);
  const words: string[] = [];
  switch (o.fate[packet]) {
    case FATE.dropped:
      words.push(`dropped at ${where}: ${REASONS[o.reason[packet]!]}${fullness(o, packet)}`);
      break;
    case FATE.freed:
      words.push(`freed by ${where} at ${at} us`);
      break;
    case FATE.none:
      words.push(`waits in ${o.waitingAt.get(packet) ?? "no known place"}`);
      break;
  }
  return [...words, ...left].join(", ") || `left at ${at} us`;
}

/** `(8 of 8)`: the evidence of a congestion drop. */
function fullness(o: Observation, packet: number): string {
  const occupancy = o.occupancy[packet]!;
  const capacity = o.places[o.place[packet]!]?.capacity ?? Infinity;
  return occupancy < 0 || capacity === Infinity ? "" : ` (${occupancy} of ${capacity})`;
}

/** Picoseconds as microseconds with three digits behind the point. */
export function microseconds(ps: number): string {
  return (ps / 1e6).toFixed(3);
}
