/** The form of `report.json` of `planecheck routes`: nothing in it differs between two runs of one command. */
import { z } from "zod";
import type { ReportSchema } from "../report/schema.ts";
import { ROUTES_REPORT_VERSION, type RoutesReport } from "./types.ts";

const count = z.int().nonnegative();
const reads = z.strictObject({ mean: z.number().nonnegative(), max: count });
const state = z.strictObject({
  routes: count,
  bytesReserved: count,
  bytesOccupied: count,
  reads: z.strictObject({ random: reads, covered: reads }),
});

const table = z.strictObject({
  kind: z.string(),
  refused: z.strictObject({
    after: count,
    reason: z.string().nullable(),
    bytesNeeded: count.nullable(),
  }).nullable(),
  filled: state.nullable(),
  curve: z.array(z.strictObject({ routes: count, bytesOccupied: count })),
  beyondAt: z.array(count.nullable()),
  updated: state.extend({ refused: count }).nullable(),
});

/**
 * The zod schema of the report of `planecheck routes`, version {@link ROUTES_REPORT_VERSION}. Unknown keys are
 * refused.
 *
 * @example
 * ```ts
 * import { routesReportSchema } from "@planecheck/planecheck/cli";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(routesReportSchema.safeParse({ version: 0 }).success, false);
 * ```
 */
export const routesReportSchema: ReportSchema<RoutesReport> = z.strictObject({
  version: z.literal(ROUTES_REPORT_VERSION),
  tool: z.strictObject({ name: z.string(), version: z.string() }),
  command: z.string(),
  basis: z.array(z.string()),
  file: z.strictObject({
    name: z.string(),
    format: z.enum(["prefix list", "MRT"]),
    family: z.union([z.literal(4), z.literal(6)]),
    count,
    nextHops: count,
    otherFamily: count,
    masked: count,
    duplicates: count,
    damaged: count,
    cut: z.strictObject({ offset: count, reason: z.string() }).nullable(),
  }),
  updates: z.strictObject({ name: z.string(), count, announced: count, masked: count }).nullable(),
  seed: count,
  memory: count.nullable(),
  nicMemories: z.array(z.strictObject({ name: z.string(), bytes: count })),
  lengths: z.array(z.strictObject({ depth: count, routes: count })),
  tables: z.array(table),
}) as unknown as ReportSchema<RoutesReport>;
