/** Judges a device on drawn scenarios and, where files are named, on these. */
import type { Scenario } from "../../core/mod.ts";
import {
  checkConformance,
  type ConformanceResult,
  lawsOf,
  shrinkToLaw,
} from "../../properties/mod.ts";
import { UserError } from "../user_error.ts";
import { deviceOf, type NamedDevice, scenarioOfFiles } from "./device.ts";
import type { ConformOptions } from "./options.ts";
import type { Deviation } from "./profile.ts";

/** Runs that shrinking what was found on files may take, for each law. */
const SHRINK_RUNS_MAX = 300;

/** Packets to offer on files unless told otherwise. */
const COUNT = 2000;

/** What came of it. */
export interface Judged {
  /** On drawn scenarios. */
  readonly drawn: ConformanceResult;
  /** On the files named, or null. */
  readonly onFiles: ConformanceResult | null;
  /** What the files held, in words. */
  readonly files: string;
  /** What the device declares beyond its own policy. */
  readonly deviations: readonly Deviation[];
}

/**
 * Judges. The files are read before anything is run.
 * @throws {UserError} or {InputError} when an option or a file is not as expected
 */
export function judge(options: ConformOptions): Judged {
  const only = options.only ?? /./;
  const hasFiles = options.routes !== null || options.pcap !== null;
  const count = options.count ?? COUNT;
  const given = hasFiles ? scenarioOfFiles({ ...options, count }) : null;
  const seed = options.seed === null ? {} : { seed: options.seed };
  const { result: drawn, deviations } = using(options, null, ({ device, fresh }) => {
    const ids = lawsOf(device).map(({ id }) => id);
    if (!ids.some((id) => id.search(only) >= 0)) {
      throw new UserError(`--only: expected to match one of ${ids.join(", ")}`);
    }
    return checkConformance(device, { only, ...fresh, ...seed, numRuns: options.runs });
  });
  if (given === null) return { drawn, onFiles: null, files: "", deviations };
  const { scenario, files } = given;
  const onFiles = using(options, scenario, (named) => judgeOn(named, scenario, only)).result;
  return { drawn, onFiles, files, deviations };
}

/** Opens the device that the options name, judges it, and closes it whatever comes. */
export function using(
  options: ConformOptions,
  scenario: Scenario | null,
  judging: (named: NamedDevice) => ConformanceResult,
): { result: ConformanceResult; deviations: readonly Deviation[] } {
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
