/** Judges a device on drawn scenarios and, where files are named, on these. */
import { counted } from "../report/format.ts";
import type { Scenario, Setup } from "../../core/mod.ts";
import {
  checkConformance,
  type ConformanceResult,
  lawsOf,
  shrinkToLaw,
} from "../../properties/mod.ts";
import { UserError } from "../user_error.ts";
import {
  benchSetup,
  checkRoutes,
  deviceOf,
  type FileOptions,
  type FileScenario,
  longRun,
  type NamedDevice,
  scenarioOfFiles,
  tableOf,
} from "./device.ts";
import type { ConformOptions } from "./options.ts";
import type { Deviation } from "./profile.ts";

/** Runs that shrinking what was found on files may take, for each law. */
const SHRINK_RUNS_MAX = 300;

/** Seed of the long run. */
const SEED = 1;
/** Packets to offer on files unless told otherwise. */
const COUNT = 2000;

/** Routes of a file up to which packets are drawn for them. */
const DRAWN_ON_MAX = 1000;

/** One check: on what, in words, and what came of it. */
export interface Check {
  readonly on: string;
  readonly result: ConformanceResult;
}

/** What came of it. */
export interface Judged {
  /** On drawn scenarios first, then on what the files hold. */
  readonly checks: readonly Check[];
  /** What the device declares beyond its own policy. */
  readonly deviations: readonly Deviation[];
}

/**
 * Judges. The files are read before anything is run.
 * @throws {UserError} or {InputError} when an option or a file is not as expected
 */
export function judge(options: ConformOptions): Judged {
  const { routes, pcap } = options;
  const only = options.only ?? /./;
  const count = options.count ?? COUNT;
  const files = { ...options, count };
  const setupOf = benchSetup(options);
  const table = routes === null || setupOf !== undefined ? null : tableOf(routes);
  const isDrawnOn = options.stack === null && table !== null && table.routes.count <= DRAWN_ON_MAX;
  const isLong = pcap === null && routes === null && options.stack === null &&
    setupOf === undefined;
  const given = isLong
    ? longRun(options.seed ?? SEED)
    : pcap === null && routes === null
    ? null
    : generated(files, setupOf, isDrawnOn);
  const seed = options.seed === null ? {} : { seed: options.seed };
  const checks: Check[] = [];
  const { deviations } = using(options, null, ({ device, fresh }) => {
    const ids = lawsOf(device).map(({ id }) => id);
    if (!ids.some((id) => id.search(only) >= 0)) {
      throw new UserError(`--only: expected to match one of ${ids.join(", ")}`);
    }
    if (table !== null) checkRoutes(device, table, routes!);
    const how = { only, ...fresh, ...seed, numRuns: options.runs };
    const drawn = checkConformance(device, how);
    checks.push({ on: scenarios(drawn), result: drawn });
    if (!isDrawnOn) return;
    const result = checkConformance(device, { ...how, setup: table });
    const on = `${counted(table.routes.count, "route")} of ${routes}`;
    checks.push({ on: `${on}, ${scenarios(result)}`, result });
  });
  // what is broken already has been shown on fewer packets
  if (given === null || isLong && !checks[0]!.result.ok) return { checks, deviations };
  const { scenario, files: on } = given;
  using(options, scenario, (named) => {
    checks.push({ on, result: judgeOn(named, scenario, only) });
  });
  return { checks, deviations };
}

/** What the files hold; null where traffic cannot be generated for a table, and packets are drawn for it as well. */
function generated(
  files: FileOptions,
  setup: Setup | undefined,
  isDrawnOn: boolean,
): FileScenario | null {
  try {
    return scenarioOfFiles(files, setup);
  } catch (error) {
    if (isDrawnOn && files.pcap === null && error instanceof UserError) return null;
    throw error;
  }
}

function scenarios({ runs, packets, seed }: ConformanceResult): string {
  return `${counted(runs, "scenario")}, ${counted(packets, "packet")}, seed ${seed}`;
}

/** Opens the device that the options name, judges it, and closes it whatever comes. */
export function using<T>(
  options: ConformOptions,
  scenario: Scenario | null,
  judging: (named: NamedDevice) => T,
): { result: T; deviations: readonly Deviation[] } {
  const named = deviceOf(options, scenario);
  try {
    return { result: judging(named), deviations: named.deviations };
  } finally {
    named.close();
  }
}

/** Judges a device on one scenario; what breaks a law is shrunk. */
export function judgeOn(named: NamedDevice, scenario: Scenario, only: RegExp): ConformanceResult {
  const { device, fresh } = named;
  const result = checkConformance(device, { only, ...fresh, replay: scenario });
  const laws = result.laws.map((one) => {
    if (one.counterexample === null) return one;
    const maxRuns = SHRINK_RUNS_MAX;
    const counterexample = shrinkToLaw(device, scenario, one.law, { ...fresh, maxRuns });
    // what broke once only is shown as it was
    return { ...one, counterexample: counterexample ?? one.counterexample };
  });
  return { ...result, laws };
}
