/** The options of `planecheck rfc2544`: every one checked, every refusal one line. */
import { z } from "zod";
import { type PatternName, PATTERNS, RFC2544_SIZES } from "../../fixtures/mod.ts";
import { checked, number, oneOf, path, refuse, SEED_MAX } from "../option_schema.ts";
import { STACK_NAMES } from "../stacks.ts";
import { UserError } from "../user_error.ts";
import { RFC2544_TESTS, type Rfc2544Test } from "./types.ts";

const FLOWS_MAX = 16384;
const LCORES_MAX = 4;
/** Longest trial: at the rate of a wire it is some seconds of the host's time. */
const DURATION_MS_MAX = 20;

/** What `rfc2544` was asked to do. */
export interface Rfc2544Options {
  readonly stack: string;
  /** Bytes on the wire, FCS included, ascending. */
  readonly sizes: readonly number[];
  /** Virtual milliseconds of each trial; null for as many as it takes. */
  readonly durationMs: number | null;
  readonly pattern: PatternName;
  readonly flows: number;
  readonly lcores: number;
  readonly fidelity: "coarse" | "tlp" | "link";
  /** Share of frames that the partial drop rate may lose. */
  readonly pdrRatio: number;
  /** Path of a prefix list; null for a generated table. */
  readonly routes: string | null;
  readonly seed: number;
  /** In the order of the RFC. */
  readonly tests: readonly Rfc2544Test[];
  /** Whether the report goes to standard output. */
  readonly json: boolean;
  /** Folder of the report; null for none. */
  readonly report: string | null;
}

const sizes = z.string().transform((text, ctx) => {
  const all = text.split(",").map((one) => /^ *\d{1,5} *$/.test(one) ? Number(one) : NaN);
  const fits = (n: number, i: number) => n >= 64 && n <= 1518 && all.indexOf(n) === i;
  return all.every(fits)
    ? all.sort((a, b) => a - b)
    : refuse(ctx, "different sizes in 64..1518 with commas between", text);
}).optional();

const tests = z.string().transform((text, ctx) => {
  const names = text.split(",").map((name) => name.trim());
  const wrong = names.find((name) => !(RFC2544_TESTS as readonly string[]).includes(name));
  if (wrong !== undefined) return refuse(ctx, `names out of ${RFC2544_TESTS.join(", ")}`, wrong);
  return RFC2544_TESTS.filter((test) => names.includes(test));
}).optional();

const integer = (max: number) =>
  number(/^\d{1,9}$/, `an integer in 1..${max}`, (n) => n >= 1 && n <= max);

const schema = z.strictObject({
  stack: oneOf(STACK_NAMES),
  sizes,
  duration: number(
    /^\d{1,6}(\.\d{1,6})?$/,
    `a number of virtual ms above 0 and up to ${DURATION_MS_MAX}`,
    (n) => n > 0 && n <= DURATION_MS_MAX,
  ),
  pattern: oneOf(Object.keys(PATTERNS) as PatternName[]),
  flows: integer(FLOWS_MAX),
  lcores: integer(LCORES_MAX),
  fidelity: oneOf(["coarse", "tlp", "link"]),
  pdr: number(
    /^\d{1,3}(\.\d{1,9})?$/,
    "a percentage from 0 to below 100",
    (n) => n < 100,
  ),
  routes: path,
  seed: number(/^\d{1,10}$/, `an integer in 0..${SEED_MAX}`, (n) => n <= SEED_MAX),
  tests,
  json: z.boolean().optional(),
  report: path,
});

/**
 * Checks options as the command line has them, all of them strings or flags.
 * @throws {UserError} naming the option, what was expected and what was given
 */
export function parseRfc2544Options(raw: Record<string, unknown>): Rfc2544Options {
  const o = checked(schema, raw);
  if (o.stack === undefined) {
    throw new UserError(`--stack: expected one of ${STACK_NAMES.join(", ")}, got none`);
  }
  return {
    stack: o.stack,
    sizes: o.sizes ?? RFC2544_SIZES,
    durationMs: o.duration ?? null,
    pattern: o.pattern ?? "1in-1out",
    flows: o.flows ?? 256,
    lcores: o.lcores ?? 1,
    fidelity: o.fidelity ?? "coarse",
    pdrRatio: (o.pdr ?? 0.5) / 100,
    routes: o.routes ?? null,
    seed: o.seed ?? 1,
    tests: o.tests ?? RFC2544_TESTS,
    json: o.json ?? false,
    report: o.report ?? null,
  };
}
