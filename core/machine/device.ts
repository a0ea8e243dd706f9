/**
 * What the laws drive: a device that is given routes, neighbours and frames with times, and answers with an
 * Observation. A stack on a machine is one; a program or a network namespace can be another. What a device
 * cannot show it does not offer, and the laws that need it are reported as not judged.
 */
import type { Fidelity } from "../pcie/fabric.ts";
import type { PcieLedger } from "../pcie/link/trace.ts";
import type { Policy } from "../policy.ts";
import type { Invariant } from "../stack.ts";
import type { Deviation } from "../time/choices.ts";
import type { Observation } from "./observation.ts";
import type { Neighbours, RouteSet, Traffic } from "./scenario.ts";

/** What a device can show of a run. */
export type Evidence =
  /** Emitted frames with their bytes and identities. */
  | "frames"
  /** The fate of each packet. */
  | "fates"
  /** Why a packet was dropped. */
  | "reasons"
  /** Occupancy at congestion drops. */
  | "occupancy"
  /** Ledgers of buffers. */
  | "buffers"
  /** Landing, visibility and completion times of descriptors. */
  | "milestones"
  /** Counters of the ports, and receive rings at the end. */
  | "counters"
  /** What a driver was told of each packet: port, length, RSS hash, type. */
  | "metadata"
  /** Ledgers of PCIe credits. */
  | "credits"
  /** The hash of the trace. */
  | "trace";

/** Sizes that a scenario may draw. Every number is at least 1; rings are powers of two. */
export interface Geometry {
  /** Ports, of one NIC each. */
  readonly ports: number;
  /** Lcores that forward; each port has as many queue pairs. */
  readonly lcores: number;
  /** Descriptors of each receive ring, of which the device owns all but one at most. */
  readonly rxRing: number;
  /** Descriptors of each transmit ring, of which one stays empty. */
  readonly txRing: number;
  /** Packets that a port's ingress buffer holds. */
  readonly ingress: number;
  /** Buffers of the host's mempool beyond those that rings need at least. */
  readonly spareBuffers: number;
  /** Objects in each lcore's mempool cache. */
  readonly poolCache: number;
  /** Slots for each pair of NICs, and descriptors of its ring (P2PNIC). */
  readonly peerSlots: number;
  /** How closely the fabric is modelled. */
  readonly fidelity: Fidelity;
  /** Header credits that each PCIe receiver advertises for each class. */
  readonly headerCredits: number;
  /** Data credits, of 16 bytes, for each class; at least one payload of `mps` bytes. */
  readonly dataCredits: number;
  /** Largest TLP payload in bytes. */
  readonly mps: number;
}

/** One input of a device, whole: the same scenario gives the same run, on every machine. */
export interface Scenario {
  /** Sizes of the machine. */
  readonly geometry: Geometry;
  /** What the table holds before the first frame comes. */
  readonly routes: RouteSet;
  /** Where next hops lie. */
  readonly neighbours: Neighbours;
  /** Frames with their times. */
  readonly traffic: Traffic;
  /** Choices that differ from the default; none in an ordinary run. */
  readonly deviations: readonly Deviation[];
}

/** How a run can fail: the device could not be started at all, did not end in its time, or anything else. */
export type RunFailureKind = "missing" | "timeout" | "other";

/**
 * A run that failed for what a device did that is no code of this process: a program that crashed, say. It breaks the
 * law RUN-1 with these words, `it ended with exit code 3`, and no place in a source is told. A device that is
 * `missing` breaks no law: whoever named it is at fault.
 *
 * @example
 * ```ts
 * import { RunFailure } from "@planecheck/planecheck/core";
 * import { assertEquals } from "@std/assert";
 *
 * // thrown by the `run` of a device that is a program of its own
 * const failure = new RunFailure("it did not end within 200 ms", "timeout");
 * assertEquals([failure.message, failure.kind], ["it did not end within 200 ms", "timeout"]);
 * ```
 */
export class RunFailure extends Error {
  /** Always `"RunFailure"`. */
  override readonly name: string = "RunFailure";
  /** How the run failed. */
  readonly kind: RunFailureKind;

  /** Takes a clause about the device, and how the run failed. */
  constructor(clause: string, kind: RunFailureKind = "other") {
    super(clause);
    this.kind = kind;
  }
}

/** What a device is set up for: ports, and routes and neighbours that are not to be drawn. */
export interface Setup {
  /** How many ports. */
  readonly ports: number;
  /** Its routes. */
  readonly routes: RouteSet;
  /** Its next hops. */
  readonly neighbours: Neighbours;
}

/** A device under test. */
export interface DeviceUnderTest {
  /** Name in reports. */
  readonly name: string;
  /** What it declares; the reference router is steered by it. */
  readonly policy: Policy;
  /** What it can show; laws that need more are not judged. */
  readonly offers: ReadonlySet<Evidence>;
  /** What somebody has set it up for, where it cannot be told otherwise. */
  readonly setup?: Setup;
  /** Most packets that it can be given at once, where that is fewer than a scenario may have. */
  readonly packetsMax?: number;
  /** Laws of this device alone; `findings` of its observations say whether they held. */
  readonly invariants?: readonly Invariant[];
  /**
   * Runs a scenario. The answer belongs to the device and is overwritten by its next run. What is thrown breaks the law
   * RUN-1; a {@link RunFailure} tells it in its own words.
   */
  run(scenario: Scenario): Observation;
  /**
   * Runs a scenario on links with their data link layer and answers what happened on them, for a ladder diagram. Its
   * run overwrites the observation too. Left out by devices that have no such links.
   */
  pcieLedger?(scenario: Scenario): PcieLedger | null;
}

/** A device under test whose runs are promises. */
export interface AsyncDevice extends Omit<DeviceUnderTest, "run"> {
  /**
   * Runs a scenario. The answer belongs to the device and is overwritten by its next run, which nobody asks
   * for before this one has ended. The same scenario gives the same run.
   */
  runAsync(scenario: Scenario): Promise<Observation>;
}
