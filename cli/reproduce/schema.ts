/** The form of `reproduce.json`: nothing in it differs between two runs of one command. */
import { z } from "zod";
import type { ReportSchema } from "../report/schema.ts";
import { REPRODUCE_REPORT_VERSION, type ReproduceReport } from "./types.ts";

const tolerance = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("within"), share: z.number().positive() }),
  z.strictObject({ kind: z.literal("rounded"), by: z.number().positive() }),
  z.strictObject({ kind: z.literal("at-least"), least: z.number() }),
  z.strictObject({ kind: z.literal("factor"), factor: z.number().min(1) }),
  z.strictObject({ kind: z.literal("exact") }),
  z.strictObject({ kind: z.literal("none") }),
]);

const claim = z.strictObject({
  id: z.string(),
  source: z.string().min(1),
  place: z.string(),
  statement: z.string(),
  value: z.number(),
  unit: z.string(),
  role: z.enum(["calibrate", "predict", "arithmetic", "input", "context"]),
  tolerance,
  note: z.string(),
  suspect: z.string().nullable(),
  model: z.number().nullable(),
  error: z.number().nullable(),
  detail: z.string(),
  verdict: z.enum(["pass", "miss", "not-modelled", "not-judged"]),
});

const texts = z.array(z.string());

/**
 * The zod schema of the report of `planecheck reproduce`, version {@link REPRODUCE_REPORT_VERSION}. Unknown keys
 * are refused.
 *
 * @example
 * ```ts
 * import { reproduceReportSchema } from "@planecheck/planecheck/cli";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(reproduceReportSchema.safeParse({ version: 0 }).success, false);
 * ```
 */
export const reproduceReportSchema: ReportSchema<ReproduceReport> = z.strictObject({
  version: z.literal(REPRODUCE_REPORT_VERSION),
  tool: z.strictObject({ name: z.string(), version: z.string() }),
  command: z.string(),
  basis: texts,
  fidelity: z.enum(["coarse", "tlp", "link"]),
  background: z.enum(["poisson", "cbr"]),
  claims: z.array(claim),
  calibrated: z.array(z.strictObject({
    name: z.string(),
    value: z.number(),
    unit: z.string(),
    source: z.string(),
  })),
  whatIf: z.array(z.strictObject({
    id: z.string(),
    question: z.string(),
    answer: z.string(),
    head: texts,
    rows: z.array(texts),
  })).nullable(),
});
