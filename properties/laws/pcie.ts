/**
 * PCIE: credits of the transaction layer.
 */
import type { CreditAccount } from "../../core/pcie/fabric.ts";
import type { Law, Run, Verdict } from "../law.ts";
import { broken, KEPT, notJudged } from "./_text.ts";

function name(c: CreditAccount): string {
  return `${c.class} ${c.unit} credits of ${c.link}`;
}

function judgeBounds(run: Run): Verdict {
  const { observation: o } = run;
  if (o.credits.length === 0) return notJudged("the fabric keeps no credits");
  for (const c of o.credits) {
    if (c.leastLeft < 0) {
      return broken(
        `${name(c)} fell to ${c.leastLeft}, expected at least 0: the sender overran the receiver`,
        [],
      );
    }
    if (c.mostLeft > c.advertised) {
      return broken(
        `${name(c)} rose to ${c.mostLeft}, expected at most the ${c.advertised} advertised: ` +
          `some were returned twice`,
        [],
      );
    }
  }
  return KEPT;
}

/** PCIE-1: credits stay within bounds. */
export const PCIE_1: Law = {
  id: "PCIE-1",
  statement: "A sender's credits are never below zero nor above what was advertised.",
  clause: "PCI Express Base 3.0, 2.6.1.2",
  needs: ["credits"],
  fidelity: "tlp",
  stress: ["tlp", "smallest credits"],
  judge: judgeBounds,
};

function judgeConservation(run: Run): Verdict {
  const { observation: o } = run;
  if (o.credits.length === 0) return notJudged("the fabric keeps no credits");
  let consumed = 0;
  for (const c of o.credits) {
    consumed += c.consumed;
    if (c.consumed !== c.returned + c.held) {
      return broken(
        `${name(c)}: ${c.consumed} consumed, expected ${c.returned} returned and ${c.held} held ` +
          `to be as many`,
        [],
      );
    }
    if (o.end === "quiet" && c.held !== 0) {
      return broken(`${name(c)}: ${c.held} held when the machine had gone quiet, expected 0`, []);
    }
  }
  return consumed === 0 ? notJudged("no TLP was sent") : KEPT;
}

/** PCIE-2: credits are conserved. */
export const PCIE_2: Law = {
  id: "PCIE-2",
  statement: "Credits consumed are credits returned and held; at rest none is held.",
  clause: "PCI Express Base 3.0, 2.6.1.2 and 2.6.1.3",
  needs: ["credits"],
  fidelity: "tlp",
  stress: ["tlp", "smallest credits"],
  judge: judgeConservation,
};
