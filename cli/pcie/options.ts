/** The options of `planecheck pcie`: every one checked, every refusal one line. */
import { z } from "zod";
import { type Generation, PCIE_BENCH_BYTES_MAX, PCIE_SWITCHES_MAX } from "../../core/mod.ts";
import { checked, number, oneOf, refuse } from "../option_schema.ts";

const SIZES = [64, 128, 256, 512, 1024, 2048, 4096];
const SIZES_MAX = 32;
const NS_MAX = 1_000_000;
/** Tags of 10 bits that a requester may use (PCI Express 4.0, 2.2.6.2). */
const IN_FLIGHT_MAX = 768;
const GENERATIONS = ["1", "2", "3", "4", "5", "6"] as const;
const LANES = ["1", "2", "4", "8", "16"] as const;
const BLOCKS = ["128", "256", "512", "1024", "2048", "4096"] as const;

/** What begins transfers. */
export const ENGINES = ["none", "nfp-6000"] as const;

/** What `pcie` was asked to do. */
export interface PcieCommandOptions {
  /** Whose memory the device writes to and reads from. */
  readonly to: "host" | "peer";
  /** Switches on the way. */
  readonly switches: number;
  /** Generation of every link. */
  readonly generation: Generation;
  /** Whether switches send what goes between devices up to the root complex, as access control services may ask. */
  readonly acs: boolean;
  /** Lanes of a device's link. */
  readonly lanes: number;
  /** Lanes of the links between switches and to the root complex. */
  readonly betweenLanes: number;
  readonly mps: number;
  readonly mrrs: number;
  /** Read completion boundary of the root complex, in bytes. */
  readonly rcb: 64 | 128;
  /** How far a completion goes: as the payload size allows, or to the next boundary. */
  readonly split: "mps" | "rcb";
  /** Bytes of the transfers. */
  readonly sizes: readonly number[];
  /** Distance of each transfer from a multiple of 64, in bytes. */
  readonly offset: number;
  readonly engine: typeof ENGINES[number];
  /** Reads at a time; null for as many as the engine has. */
  readonly inFlight: number | null;
  /** From a request's arrival at the memory until its first completion may leave, in ns; null for the usual one. */
  readonly readNs: number | null;
  /** From a write's arrival until it is visible, in ns; null for the usual one. */
  readonly writeNs: number | null;
  /** From the first symbol's arrival at a switch or root port until it may leave, in ns. */
  readonly switchNs: number;
  /** Whether the result is printed as JSON. */
  readonly json: boolean;
}

const ns = number(
  /^\d{1,7}(\.\d{1,3})?$/,
  `a number of ns in 0..${NS_MAX}`,
  (n) => n <= NS_MAX,
);

const sizes = z.string().transform((text, ctx) => {
  const list = text.split(",").map((one) => /^\d{1,5}$/.test(one) ? Number(one) : NaN);
  const isRight = list.length <= SIZES_MAX &&
    list.every((n) => n >= 1 && n <= PCIE_BENCH_BYTES_MAX);
  const expected = `up to ${SIZES_MAX} integers in 1..${PCIE_BENCH_BYTES_MAX} with commas between`;
  return isRight ? list : refuse(ctx, expected, text);
}).optional();

const schema = z.strictObject({
  to: oneOf(["host", "peer"]),
  switches: number(
    /^\d{1,2}$/,
    `an integer in 0..${PCIE_SWITCHES_MAX}`,
    (n) => n <= PCIE_SWITCHES_MAX,
  ),
  acs: z.boolean().optional(),
  gen: oneOf(GENERATIONS),
  lanes: oneOf(LANES),
  betweenLanes: oneOf(LANES),
  mps: oneOf(BLOCKS),
  mrrs: oneOf(BLOCKS),
  rcb: oneOf(["64", "128"]),
  split: oneOf(["mps", "rcb"]),
  sizes,
  offset: number(/^\d{1,2}$/, "an integer of bytes in 0..63", (n) => n <= 63),
  engine: oneOf(ENGINES),
  inFlight: number(
    /^\d{1,3}$/,
    `an integer in 1..${IN_FLIGHT_MAX}`,
    (n) => n >= 1 && n <= IN_FLIGHT_MAX,
  ),
  readNs: ns,
  writeNs: ns,
  switchNs: ns,
  json: z.boolean().optional(),
});

/**
 * Checks options as the command line has them, all of them strings or flags.
 * @throws {UserError} naming the option, what was expected and what was given
 */
export function parsePcieOptions(raw: Record<string, unknown>): PcieCommandOptions {
  const o = checked(schema, raw);
  const to = o.to ?? "host";
  return {
    to,
    switches: o.switches ?? (to === "host" ? 0 : 1),
    acs: o.acs ?? false,
    generation: Number(o.gen ?? 3) as Generation,
    lanes: Number(o.lanes ?? 8),
    betweenLanes: Number(o.betweenLanes ?? 16),
    mps: Number(o.mps ?? 256),
    mrrs: Number(o.mrrs ?? 512),
    rcb: o.rcb === "128" ? 128 : 64,
    split: o.split ?? "mps",
    sizes: o.sizes ?? SIZES,
    offset: o.offset ?? 0,
    engine: o.engine ?? "none",
    inFlight: o.inFlight ?? null,
    readNs: o.readNs ?? null,
    writeNs: o.writeNs ?? null,
    switchNs: o.switchNs ?? 150,
    json: o.json ?? false,
  };
}
