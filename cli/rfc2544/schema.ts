/** The form of `report.json` of `planecheck rfc2544`: nothing in it differs between two runs of one command. */
import { z } from "zod";
import type { ReportSchema } from "../report/schema.ts";
import { RFC2544_REPORT_VERSION, RFC2544_TESTS, type Rfc2544Report } from "./types.ts";

const count = z.int().nonnegative();
const share = z.number().min(0).max(1);
const ns = z.number().nonnegative();
const rate = z.strictObject({ gapPs: z.int().positive(), fps: count, share });

const throughput = z.strictObject({
  rate: rate.nullable(),
  faster: rate.nullable(),
  limit: rate.nullable(),
  holesPs: z.array(count),
  frames: count,
  spread: z.number().nonnegative().nullable(),
  trials: count,
});

const size = z.strictObject({
  size: z.int().min(64).max(1518),
  line: rate,
  ndr: throughput,
  pdr: throughput,
  latency: z.array(z.strictObject({
    ofThroughput: share,
    rate,
    frames: count,
    min: ns,
    mean: ns,
    p50: ns,
    p99: ns,
    max: ns,
  })).nullable(),
  loss: z.array(z.strictObject({ rate, offered: count, lost: count })).nullable(),
  backToBack: z.strictObject({ frames: count, unbounded: z.boolean() }).nullable(),
  recovery: z.strictObject({
    overload: rate,
    frames: count,
    lost: count,
    recoveryNs: ns.nullable(),
    stillLosing: z.boolean(),
  }).nullable(),
});

/**
 * The zod schema of the report of `planecheck rfc2544`, version {@link RFC2544_REPORT_VERSION}. Unknown keys are
 * refused.
 *
 * @example
 * ```ts
 * import { rfc2544ReportSchema } from "@planecheck/planecheck/cli";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(rfc2544ReportSchema.safeParse({ version: 0 }).success, false);
 * ```
 */
export const rfc2544ReportSchema: ReportSchema<Rfc2544Report> = z.strictObject({
  version: z.literal(RFC2544_REPORT_VERSION),
  tool: z.strictObject({ name: z.string(), version: z.string() }),
  command: z.string(),
  basis: z.array(z.string()),
  stack: z.strictObject({ name: z.string(), title: z.string() }),
  machine: z.strictObject({
    profile: z.string(),
    lcores: count,
    linkGbps: z.number().positive(),
    fidelity: z.enum(["coarse", "tlp", "link"]),
    rings: count,
  }),
  routes: z.string(),
  traffic: z.strictObject({ pattern: z.string(), inputs: count, flows: count, seed: count }),
  durationMs: z.number().positive().nullable(),
  pdrRatio: share,
  tests: z.array(z.enum(RFC2544_TESTS)),
  sizes: z.array(size),
}) as unknown as ReportSchema<Rfc2544Report>;
