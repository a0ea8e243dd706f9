/** The result of `planecheck pcie`, as `--json` prints it. */

/** What was measured with transfers of one size, and the closed form beside it. */
export interface PcieSizeRecord {
  /** Bytes of each transfer. */
  readonly bytes: number;
  /** Writes alone, in Gb/s of payload. */
  readonly writeGbps: number;
  /** Reads alone, in Gb/s of payload. */
  readonly readGbps: number;
  /** A write and a read in turn, in Gb/s of payload each way. */
  readonly bothGbps: number;
  /** A read alone, in ns: median. */
  readonly readNs: number;
  /** A write and a read of the same bytes behind it, in ns: median. */
  readonly writeReadNs: number;
  /**
   * What the narrowest link lets through with an Ack and an UpdateFC in every interval of the specification; null for
   * generation 6, whose flits the formula does not know.
   */
  readonly formula: {
    readonly writeGbps: number;
    readonly readGbps: number;
    readonly bothGbps: number;
  } | null;
}

/** A measurement of one way. */
export interface PcieReport {
  /** The host's memory, or another device. */
  readonly to: "host" | "peer";
  /** Switches on the way. */
  readonly switches: number;
  /** Whether switches send what goes between devices up to the root complex. */
  readonly acs: boolean;
  /** Generation of every link. */
  readonly generation: number;
  /** Lanes of a device's link. */
  readonly lanes: number;
  /** Lanes of every other link. */
  readonly betweenLanes: number;
  /** Largest payload, in bytes. */
  readonly mps: number;
  /** Largest read request, in bytes. */
  readonly mrrs: number;
  /** Read completion boundary of the root complex, in bytes. */
  readonly rcb: number;
  /** Completions as long as the payload size allows, or one for each boundary. */
  readonly split: "mps" | "rcb";
  /** Distance of each transfer from a multiple of 64, in bytes. */
  readonly offset: number;
  /** What begins transfers: `none` takes no time. */
  readonly engine: string;
  /** Reads at a time. */
  readonly inFlight: number;
  /** From a request's arrival at the memory until its first completion may leave, in ns. */
  readonly readNs: number;
  /** From a write's arrival at the memory until it is visible, in ns. */
  readonly writeNs: number;
  /** From the first symbol's arrival at a switch or root port until it may leave, in ns. */
  readonly switchNs: number;
  /** What was measured, in the order of the sizes that were asked for. */
  readonly sizes: readonly PcieSizeRecord[];
  /** What the figures rest on, a sentence each. */
  readonly basis: readonly string[];
}
