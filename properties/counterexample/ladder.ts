/**
 * The ladder diagram of a counterexample: the TLPs that its packets cause and the credits that their senders have
 * left, for laws about PCIe, NICs and loss that broke where TLPs are modelled. It shows the same scenario on links
 * with their data link layer, whatever the fidelity in which the law broke, and says whether it breaks there too.
 */
import type { Scenario } from "../../core/machine/device.ts";
import type { PcieLedger } from "../../core/pcie/link/trace.ts";
import type { Law } from "../law.ts";
import { pcieLadder, pcieLadderSvg } from "../pcie/ladder.ts";

/** A ladder diagram in both forms. */
export interface Ladder {
  /** For a terminal. */
  readonly text: string;
  /** A whole SVG document. */
  readonly svg: string;
}

/** Arrows of a diagram: what a page holds. */
const ARROWS_MAX = 120;

/** Whether a ladder tells something of a law that broke on a scenario. */
export function hasLadder(law: Law, { geometry }: Scenario): boolean {
  return geometry.fidelity !== "coarse" && /^(PCIE|NIC|LOSS)-/.test(law.id);
}

/**
 * Draws what happens on the links from the first bit of the first packet concerned on.
 *
 * @param ledger that of a run of `scenario`
 * @param packets the packets concerned; none: all
 * @param said what the law says of that run, in a line
 */
export function drawLadder(
  ledger: PcieLedger,
  { traffic }: Scenario,
  packets: readonly number[],
  said: string,
): Ladder {
  const times = packets.filter((p) => p >= 0 && p < traffic.count).map((p) => traffic.at[p]!);
  const fromPs = times.length === 0 ? 0 : Math.min(...times);
  const options = { fromPs, most: ARROWS_MAX, columns: "number", title: said } as const;
  return { text: `${said}\n\n${pcieLadder(ledger, options)}`, svg: pcieLadderSvg(ledger, options) };
}
