/** The two profiles of l3fwd, what each declares, and what both may be told. */
import type { Policy } from "../../core/policy.ts";
import { STRICT } from "../../core/stack.ts";

/** Which l3fwd. */
export type L3fwdProfile = "faithful" | "strict";

/** Packets in a burst and in a port's transmit table at most (MAX_PKT_BURST). */
export const BURST = 32;
/** Microseconds between drains of the transmit tables (BURST_TX_DRAIN_US). */
const DRAIN_US = 100;

/** What the example takes as arguments or constants. */
export interface L3fwdOptions {
  /** Packets of a receive burst and of a transmit table (--rx-burst, --tx-burst), 1..32; 32 by default. */
  readonly burst?: number;
  /**
   * Microseconds between drains of the transmit tables (BURST_TX_DRAIN_US); 100 by default. With 0 every
   * receive burst ends by sending what it gathered.
   */
  readonly drainUs?: number;
}

/** @throws {RangeError} naming the option that is out of range */
export function settingsOf(options: L3fwdOptions): Required<L3fwdOptions> {
  const { burst = BURST, drainUs = DRAIN_US } = options;
  if (!(Number.isInteger(burst) && burst >= 1 && burst <= BURST)) {
    throw new RangeError(`Cannot forward bursts of ${burst}: not an integer in 1..${BURST}`);
  }
  if (!(drainUs >= 0 && drainUs <= 1e6)) {
    throw new RangeError(`Cannot drain every ${drainUs} us: not a number in 0..1e6`);
  }
  return { burst, drainUs };
}

/**
 * What the faithful l3fwd declares.
 *
 * @example
 * ```ts
 * import { FAITHFUL, l3fwd } from "@planecheck/planecheck/stacks";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(l3fwd("faithful").policy, FAITHFUL);
 * ```
 */
export const FAITHFUL: Policy = {
  onMiss: "reflect",
  ttl: "ignore",
  checksum: "trust",
  checksumUpdate: "increment",
  header: "minimal",
  hairpin: "forward",
  dstMac: "port",
  checksDstMac: false,
  defaultRoute: false,
  congestion: ["rx-missed", "tx-full"],
};

/**
 * What the strict l3fwd declares.
 *
 * @example
 * ```ts
 * import { l3fwd, STRICT_L3FWD } from "@planecheck/planecheck/stacks";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(l3fwd("strict").policy, STRICT_L3FWD);
 * ```
 */
export const STRICT_L3FWD: Policy = {
  ...STRICT,
  defaultRoute: false,
  congestion: ["rx-missed", "tx-full"],
};
