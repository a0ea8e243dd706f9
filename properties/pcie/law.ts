/** Laws of PCI Express: judged over the ledger of a run of the link-level model. */
import type { PcieLedger } from "../../core/pcie/link/trace.ts";
import type { PcieScenario } from "./scenario.ts";

/** One run of the model. */
export interface PcieRun {
  /** What was run. */
  readonly scenario: PcieScenario;
  /** What was seen. */
  readonly ledger: PcieLedger;
  /** When the last operation ended, in ps. */
  readonly endPs: number;
  /** Runs a changed scenario. */
  again(change: Partial<PcieScenario>): PcieRun;
}

/** What a law says of a run. */
export type PcieVerdict =
  | { readonly kind: "kept" }
  /** The law says nothing about this run; why, in a few words. */
  | { readonly kind: "not-judged"; readonly why: string }
  /** One sentence with the values, and the numbers of the TLPs concerned. */
  | { readonly kind: "broken"; readonly sentence: string; readonly tlps: readonly number[] };

/** A law. */
export interface PcieLaw {
  /** Short name, e.g. `PCIE-8`. */
  readonly id: string;
  /** What must hold, in one sentence. */
  readonly statement: string;
  /** Clause of the PCI Express base specification, or other source. */
  readonly clause: string;
  /** Says whether the law holds in a run. Changes nothing. */
  judge(run: PcieRun): PcieVerdict;
}

/** The law holds. */
export const KEPT: PcieVerdict = { kind: "kept" };

/** The law is broken by these TLPs. */
export function broken(sentence: string, ...tlps: number[]): PcieVerdict {
  return { kind: "broken", sentence, tlps };
}

/** The law says nothing. */
export function notJudged(why: string): PcieVerdict {
  return { kind: "not-judged", why };
}

/** Names of the classes. */
export const CLASSES = ["posted", "non-posted", "completion"] as const;
