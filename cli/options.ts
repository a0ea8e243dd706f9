/** The options of `planecheck compare`: every one checked, every refusal one line. */
import { z } from "zod";
import { PATTERNS } from "../fixtures/mod.ts";
import { checked, number, oneOf, path, refuse, SEED_MAX } from "./option_schema.ts";
import { STACK_NAMES, STACKS } from "./stacks.ts";
import { UserError } from "./user_error.ts";

/** Names that `--traffic` takes. A size is that of the frame on the wire, with FCS. */
export const TRAFFIC_NAMES = [
  "64B",
  "128B",
  "256B",
  "512B",
  "1024B",
  "1280B",
  "1518B",
  "imix",
] as const;

/** Rate of the links of the simulated host, in Gb/s. */
export const LINK_GBPS = 40;
/** Most packets of a run. */
export const COUNT_MAX = 1_000_000;

/** What `compare` was asked to do. */
export interface CompareOptions {
  /** Stacks, in the order named. */
  readonly stacks: readonly string[];
  /** Path of a prefix list; null for a generated table. */
  readonly routes: string | null;
  /** Path of a capture; null for generated traffic. */
  readonly pcap: string | null;
  /** Size of generated frames with FCS in bytes, or the mix. */
  readonly size: number | "imix";
  /** Name of the traffic pattern. */
  readonly pattern: keyof typeof PATTERNS;
  /** Rate of each input port in Gb/s. */
  readonly rateGbps: number;
  /** Seed of what is generated. */
  readonly seed: number;
  /** Packets to offer; null: as many as the capture has. */
  readonly count: number | null;
  /** Fidelity of the PCIe model. */
  readonly fidelity: "tlp" | "coarse" | "link";
  /** Whether the report goes to standard output. */
  readonly json: boolean;
  /** Folder of the report; null for none. */
  readonly report: string | null;
}

/** Packets of generated traffic unless said otherwise. */
const COUNT_DEFAULT = 20_000;

/** Several stacks by their names, with commas between, or `all`. */
export const stackNames = z.string().transform((text, ctx) => {
  if (text === "all") return [...STACK_NAMES];
  const names = text.split(",").map((name) => name.trim());
  const wrong = names.find((name, i) => !STACK_NAMES.includes(name) || names.indexOf(name) < i);
  if (wrong === undefined) return names;
  return refuse(ctx, `all, or different names out of ${STACK_NAMES.join(", ")}`, wrong);
}).optional();

const schema = z.strictObject({
  stacks: stackNames,
  routes: path,
  pcap: path,
  traffic: oneOf(TRAFFIC_NAMES),
  pattern: oneOf(Object.keys(PATTERNS) as (keyof typeof PATTERNS)[]),
  rate: number(
    /^\d{1,9}(\.\d{1,9})?$/,
    `a number of Gb/s above 0 and up to ${LINK_GBPS}`,
    (n) => n > 0 && n <= LINK_GBPS,
  ),
  seed: number(/^\d{1,10}$/, `an integer in 0..${SEED_MAX}`, (n) => n <= SEED_MAX),
  count: number(/^\d{1,10}$/, `an integer in 1..${COUNT_MAX}`, (n) => n >= 1 && n <= COUNT_MAX),
  fidelity: oneOf(["tlp", "coarse", "link"]),
  json: z.boolean().optional(),
  report: path,
});

/**
 * Checks options as the command line has them, all of them strings or flags.
 * @throws {UserError} naming the option, what was expected and what was given
 */
export function parseCompareOptions(raw: Record<string, unknown>): CompareOptions {
  const o = checked(schema, raw);
  if (o.pcap !== undefined) {
    for (const name of ["traffic", "pattern"] as const) {
      if (o[name] === undefined) continue;
      throw new UserError(`--${name}: expected only without --pcap: a capture brings its own`);
    }
  }
  const size = o.traffic ?? "imix";
  return {
    stacks: o.stacks ?? STACKS.filter((entry) => entry.byDefault).map((entry) => entry.name),
    routes: o.routes ?? null,
    pcap: o.pcap ?? null,
    size: size === "imix" ? size : Number.parseInt(size),
    pattern: o.pattern ?? "4in-4out",
    rateGbps: o.rate ?? 10,
    seed: o.seed ?? 1,
    count: o.count ?? (o.pcap === undefined ? COUNT_DEFAULT : null),
    fidelity: o.fidelity ?? "tlp",
    json: o.json ?? false,
    report: o.report ?? null,
  };
}
