/**
 * The form of `report.json`. It holds nothing that differs between two runs of one command: no time of day, no
 * duration on the host's clock, no path that was not given on the command line.
 */
import { z } from "zod";
import { REASONS } from "../../core/mod.ts";
import { type Report, REPORT_VERSION } from "./types.ts";

const count = z.int().nonnegative();
const rate = z.number().nonnegative();
const share = z.number().min(0).max(1);

const routes = z.strictObject({
  source: z.enum(["generated", "file"]),
  name: z.string(),
  count,
  nextHops: count,
  skippedIpv6: count,
  masked: count,
  duplicates: count,
});

const capture = z.strictObject({
  format: z.enum(["pcap", "pcapng"]),
  packets: count,
  offered: count,
  padded: count,
  truncated: count,
  oversize: count,
  otherLink: count,
  beyondCount: count,
  cut: z.strictObject({ offset: count, reason: z.string() }).nullable(),
});

const traffic = z.strictObject({
  source: z.enum(["generated", "capture"]),
  name: z.string(),
  packets: count,
  wireBytes: count,
  inputPorts: z.array(count),
  rateGbps: rate,
  pattern: z.string().nullable(),
  seed: count.nullable(),
  faults: z.strictObject({ ttl1: count, noRoute: count, badChecksum: count, runt: count })
    .nullable(),
  capture: capture.nullable(),
});

const latency = z.strictObject({
  min: rate,
  p50: rate,
  p90: rate,
  p99: rate,
  max: rate,
  cdf: z.array(z.strictObject({ ns: rate, share })),
});

const link = z.strictObject({
  name: z.string(),
  payloadBytes: rate,
  tlpBytes: rate,
  tlps: z.strictObject({ posted: count, nonPosted: count, completion: count }),
});

const verdict = {
  id: z.string(),
  verdict: z.enum(["kept", "broken", "not-judged"]),
  text: z.string(),
  packets: count,
};

const stack = z.strictObject({
  name: z.string(),
  title: z.string(),
  policy: z.record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.array(z.string())])),
  rings: count,
  offered: count,
  forwarded: count,
  dropped: z.array(z.strictObject({ reason: z.enum(REASONS), packets: count })),
  freed: count,
  waiting: count,
  offeredMpps: rate.nullable(),
  forwardedMpps: rate.nullable(),
  latencyNs: latency.nullable(),
  cpu: z.strictObject({
    busy: share,
    useful: share,
    lcores: z.array(z.strictObject({ busy: share, useful: share })),
  }),
  copies: rate.nullable(),
  pcie: z.strictObject({
    payloadBytes: rate.nullable(),
    tlpBytes: rate.nullable(),
    rootTlpBytes: rate.nullable(),
    links: z.array(link),
  }),
  doorbells: rate.nullable(),
  interrupts: rate.nullable(),
  laws: z.array(z.strictObject(verdict)),
  invariants: z.array(z.strictObject({ ...verdict, statement: z.string(), clause: z.string() })),
  run: z.strictObject({
    end: z.enum(["quiet", "horizon", "limit", "threw"]),
    virtualUs: rate,
    events: count,
    traceHash: z.string().regex(/^[0-9a-f]{8}$/),
  }),
  counters: z.array(z.strictObject({ name: z.string(), value: z.number(), unit: z.string() })),
});

/** What a schema says of a value. */
export interface SchemaResult<R = Report> {
  /** Whether it is a report. */
  readonly success: boolean;
  /** The report; absent when it is none. */
  readonly data?: R;
  /** What is wrong; absent when it is a report. */
  readonly error?: Error;
}

/** A schema, as far as it is needed; the object is zod's. */
export interface ReportSchema<R = Report> {
  /**
   * The value as a report.
   * @throws {Error} zod's own, with a list of everything that is wrong
   */
  parse(value: unknown): R;
  /** What {@link ReportSchema.parse} would do, as data. */
  safeParse(value: unknown): SchemaResult<R>;
}

/**
 * The zod schema of `report.json`, version {@link REPORT_VERSION}. Unknown keys are refused.
 *
 * @example
 * ```ts
 * import { reportSchema } from "@planecheck/planecheck/cli";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(reportSchema.safeParse({ version: 0 }).success, false);
 * ```
 */
export const reportSchema: ReportSchema = z.strictObject({
  version: z.literal(REPORT_VERSION),
  tool: z.strictObject({ name: z.string(), version: z.string(), lawSet: count }),
  command: z.string(),
  basis: z.string(),
  machine: z.strictObject({
    profile: z.string(),
    description: z.string(),
    ports: count,
    lcores: count,
    linkGbps: rate,
    cpuMhz: rate,
    fidelity: z.enum(["tlp", "coarse", "link"]),
  }),
  routes,
  traffic,
  laws: z.array(z.strictObject({ id: z.string(), statement: z.string(), clause: z.string() })),
  stacks: z.array(stack),
}) as unknown as z.ZodType<Report>;

/** The text of `report.json`. */
export function reportJson(report: Report): string {
  return JSON.stringify(report, null, 2) + "\n";
}
