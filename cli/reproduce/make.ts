/** From checked options to the report. */
import config from "../../deno.json" with { type: "json" };
import { CLAIMS, type HostProfile, paperHost } from "../../fixtures/mod.ts";
import { commandLine } from "../report/build.ts";
import { answerTo } from "./answers.ts";
import { BEFORE } from "./calibrate.ts";
import { figureOf } from "./host.ts";
import { judge } from "./judge.ts";
import { type Lab, STEADY } from "./lab.ts";
import type { ReproduceOptions } from "./options.ts";
import { type CalibratedRecord, REPRODUCE_REPORT_VERSION, type ReproduceReport } from "./types.ts";
import { whatIf } from "./what_if.ts";

/** Measures what the claims ask for, and judges them; writes nothing. */
export function makeReproduceReport(
  args: readonly string[],
  options: ReproduceOptions,
  lab: Lab,
): ReproduceReport {
  const asked = CLAIMS.filter(({ id }) => options.only.includes(id));
  return {
    version: REPRODUCE_REPORT_VERSION,
    tool: { name: config.name, version: config.version },
    command: commandLine(args),
    basis: basis(lab),
    fidelity: lab.fidelity,
    background: lab.background,
    claims: asked.map((claim) => judge(claim, answerTo(claim, lab))),
    calibrated: calibratedFigures(paperHost),
    whatIf: options.whatIf ? whatIf(lab) : null,
  };
}

/** The numbers that `calibrate` finds, as the profile has them. */
function calibratedFigures(host: HostProfile): CalibratedRecord[] {
  return Object.keys(BEFORE).map((name) => {
    const { value, unit, source } = figureOf(host, name);
    return { name, value, unit, source };
  });
}

function basis({ host, fidelity, background }: Lab): string[] {
  const spacing = background === "poisson"
    ? "Poisson arrivals as a wire delivers them"
    : "frames at a constant rate";
  return [
    `Every model figure is computed in virtual time from profile ${host.name}; no hardware was involved. ` +
    "Calibrated rows chose numbers of that profile, predicted rows chose none.",
    `PCIe model: ${
      fidelity === "tlp" ? "single TLPs with credits" : "links and engines as servers"
    }. ` +
    `Throughput: all input ports at line rate, counted after the first 40 % of a run whose halves agree within ` +
    `${
      STEADY * 100
    } %. Latency: 90th percentile of 30,000 packets of the background, ${spacing}; the paper does ` +
    "not say how its tester spaces them. Rows S07 and later and those of single systems: one core, frames of " +
    "64 bytes, on the profile of the machine that the publication names.",
  ];
}
