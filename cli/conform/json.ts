/** The result of `conform` as JSON, and the form of it. */
import { z } from "zod";
import config from "../../deno.json" with { type: "json" };
import { type ConformanceResult, tokenOf } from "../../properties/mod.ts";
import type { ReportSchema } from "../report/schema.ts";

/** Version of the form; it changes when old readers would misread it. */
export const CONFORM_REPORT_VERSION = 1;

/** One law in a report. */
export interface ConformLaw {
  /** Its id. */
  readonly id: string;
  /** What must hold. */
  readonly statement: string;
  /** Where it comes from. */
  readonly clause: string;
  /** What was said of it. */
  readonly verdict: "kept" | "broken" | "not-judged";
  /** Runs on which it was judged. */
  readonly judged: number;
  /** Those that kept it. */
  readonly kept: number;
  /** Why it was broken or not judged; empty when it was kept. */
  readonly text: string;
  /** Packets of the counterexample, or null. */
  readonly packets: number | null;
  /** The token that replays it; null when there is none or it is too large for one. */
  readonly replay: string | null;
}

/** One check in a report. */
export interface ConformCheck {
  /** What was run: drawn scenarios, or the files named. */
  readonly on: string;
  /** Whether all that was judged was kept, and the run was what it had to be. */
  readonly ok: boolean;
  /** Scenarios run. */
  readonly runs: number;
  /** Packets offered in all of them. */
  readonly packets: number;
  /** Seed of the drawing. */
  readonly seed: number;
  /** In the order of the laws. */
  readonly laws: readonly ConformLaw[];
  /** Rules of the harness that the run missed. */
  readonly harness: readonly string[];
}

/** The report of `planecheck conform --json`. */
export interface ConformReport {
  /** {@link CONFORM_REPORT_VERSION}. */
  readonly version: 1;
  /** Who wrote it. */
  readonly tool: { readonly name: string; readonly version: string };
  /** Name of the device. */
  readonly device: string;
  /** Version of the laws. */
  readonly lawSetVersion: string;
  /** Reasons for which the device declares to lose packets under load. */
  readonly congestion: readonly string[];
  /** What it is judged by beyond RFC 1812 to the letter, a line each; only where it is not part of the package. */
  readonly declared: readonly string[];
  /** Drawn scenarios first. */
  readonly checks: readonly ConformCheck[];
}

/** The report of one or more checks of a device. */
export function conformReport(
  checks: readonly { readonly on: string; readonly result: ConformanceResult }[],
  declared: readonly string[] = [],
): ConformReport {
  const { device, lawSetVersion, policy } = checks[0]!.result;
  return {
    version: CONFORM_REPORT_VERSION,
    tool: { name: config.name, version: config.version },
    device,
    lawSetVersion,
    congestion: [...policy.congestion],
    declared: [...declared],
    checks: checks.map(({ on, result }) => ({
      on,
      ok: result.ok,
      runs: result.runs,
      packets: result.packets,
      seed: result.seed,
      laws: result.laws.map(({ law, judged, kept, notJudged, counterexample: found }) => ({
        id: law.id,
        statement: law.statement,
        clause: law.clause,
        verdict: found !== null ? "broken" : judged > 0 ? "kept" : "not-judged",
        judged,
        kept,
        text: found?.sentence ?? (judged > 0 ? "" : notJudged[0]?.why ?? "no run"),
        packets: found?.scenario.traffic.count ?? null,
        replay: found === null ? null : tokenOf(found),
      })),
      harness: result.harness.map(({ id, sentence }) => `${id}: ${sentence}`),
    })),
  };
}

const count = z.int().nonnegative();

/**
 * The zod schema of {@link ConformReport}. Unknown keys are refused.
 *
 * @example
 * ```ts
 * import { conformReportSchema } from "@planecheck/planecheck/cli";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(conformReportSchema.safeParse({ version: 0 }).success, false);
 * ```
 */
export const conformReportSchema: ReportSchema<ConformReport> = z.strictObject({
  version: z.literal(CONFORM_REPORT_VERSION),
  tool: z.strictObject({ name: z.string(), version: z.string() }),
  device: z.string(),
  lawSetVersion: z.string(),
  congestion: z.array(z.string()),
  declared: z.array(z.string()),
  checks: z.array(z.strictObject({
    on: z.string(),
    ok: z.boolean(),
    runs: count,
    packets: count,
    seed: z.int(),
    laws: z.array(z.strictObject({
      id: z.string(),
      statement: z.string(),
      clause: z.string(),
      verdict: z.enum(["kept", "broken", "not-judged"]),
      judged: count,
      kept: count,
      text: z.string(),
      packets: count.nullable(),
      replay: z.string().nullable(),
    })),
    harness: z.array(z.string()),
  })),
}) as unknown as ReportSchema<ConformReport>;
