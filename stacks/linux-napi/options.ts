/** What can be set on the Linux path, with the kernel's defaults, and what is refused. */
import type { LinuxProfile } from "./costs.ts";

/** Knobs; names in brackets are the system's own. */
export interface LinuxNapiOptions {
  /** Today's kernel and driver, or those of the 2.6 era; `"modern"`. */
  readonly profile?: LinuxProfile;
  /** Fixed interrupt interval in microseconds [ethtool -C rx-usecs]; absent, adaptive [adaptive-rx on]. */
  readonly itrUs?: number;
  /** Packets that each queueing discipline holds [txqueuelen]; 1000. */
  readonly txqueuelen?: number;
  /** Packets of one round [net.core.netdev_budget]; 300. */
  readonly budget?: number;
  /** Microseconds of one round [net.core.netdev_budget_usecs]; 2000. */
  readonly budgetUsecs?: number;
}

/** Every knob set. */
export interface LinuxNapiSettings {
  readonly profile: LinuxProfile;
  /** -1 is adaptive. */
  readonly itrUs: number;
  readonly txqueuelen: number;
  readonly budget: number;
  readonly budgetUsecs: number;
}

/** Largest values: 10 bits of EITR in units of 2 us rounded down, and what keeps arrays and rounds bounded. */
const MOST = { itrUs: 1000, txqueuelen: 100_000, budget: 1_000_000, budgetUsecs: 1_000_000 };

/**
 * Options with defaults filled in.
 * @throws {RangeError} when one is no integer or out of range
 * @throws {TypeError} when the profile is neither `"modern"` nor `"legacy"`
 */
export function settingsOf(options: LinuxNapiOptions): LinuxNapiSettings {
  const { profile = "modern", itrUs = -1, txqueuelen = 1000 } = options;
  const { budget = 300, budgetUsecs = 2000 } = options;
  if (profile !== "modern" && profile !== "legacy") {
    throw new TypeError(
      `Cannot configure linux-napi: profile ${String(profile)} is neither "modern" nor "legacy"`,
    );
  }
  check("itrUs", itrUs, options.itrUs === undefined ? -1 : 0, MOST.itrUs);
  check("txqueuelen", txqueuelen, 1, MOST.txqueuelen);
  check("budget", budget, 1, MOST.budget);
  check("budgetUsecs", budgetUsecs, 1, MOST.budgetUsecs);
  return { profile, itrUs, txqueuelen, budget, budgetUsecs };
}

function check(name: string, value: number, least: number, most: number): void {
  if (Number.isInteger(value) && value >= least && value <= most) return;
  throw new RangeError(
    `Cannot configure linux-napi: ${name} ${value} is not an integer in ${least}..${most}`,
  );
}
