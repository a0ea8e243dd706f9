/** All laws of the link-level PCIe model, and how they judge a run. */
import { PCIE_10, PCIE_11, PCIE_16, PCIE_8, PCIE_9 } from "./credits.ts";
import type { PcieLaw, PcieRun, PcieVerdict } from "./law.ts";
import { PCIE_17, PCIE_18, PCIE_19, PCIE_20 } from "./links.ts";
import { PCIE_12, PCIE_13, PCIE_14, PCIE_15, PCIE_3 } from "./order.ts";
import { PCIE_21, PCIE_4, PCIE_5, PCIE_6, PCIE_7 } from "./reads.ts";

/** Every law, in the order of their numbers; PCIE-1 and PCIE-2 judge the accounts of a whole device. */
export const PCIE_LAWS: readonly PcieLaw[] = [
  PCIE_3,
  PCIE_4,
  PCIE_5,
  PCIE_6,
  PCIE_7,
  PCIE_8,
  PCIE_9,
  PCIE_10,
  PCIE_11,
  PCIE_12,
  PCIE_13,
  PCIE_14,
  PCIE_15,
  PCIE_16,
  PCIE_17,
  PCIE_18,
  PCIE_19,
  PCIE_20,
  PCIE_21,
];

/**
 * What each law says of a run, in their order.
 *
 * @example
 * ```ts
 * import { judgePcie, runPcie } from "@planecheck/planecheck/properties";
 * import { assertEquals } from "@std/assert";
 *
 * const run = runPcie({
 *   options: {},
 *   operations: [{ kind: "write", src: 2, dst: 3, offset: 0, bytes: 1000 }],
 *   deviations: [{ site: "tlp error nic0>switch", occurrence: 1, value: 1 }],
 * });
 * const broken = judgePcie(run).filter(({ verdict }) => verdict.kind === "broken");
 * assertEquals(broken, []);
 * ```
 */
export function judgePcie(
  run: PcieRun,
  laws: readonly PcieLaw[] = PCIE_LAWS,
): { readonly law: PcieLaw; readonly verdict: PcieVerdict }[] {
  return laws.map((law) => ({ law, verdict: law.judge(run) }));
}
