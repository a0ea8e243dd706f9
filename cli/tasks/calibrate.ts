/**
 * `deno task calibrate`: finds the calibrated numbers of the paper's host again, from the calibrate rows alone, and
 * prints them beside those of the profile. Exit code 1 when they differ.
 */
import { CLAIMS, paperHost } from "../../fixtures/mod.ts";
import { calibrate, calibrationText } from "../reproduce/calibrate.ts";
import { figureOf } from "../reproduce/host.ts";

if (import.meta.main) {
  const found = calibrate(CLAIMS);
  console.log(calibrationText(found).trimEnd());
  const differs = found.some(({ name, value }) => figureOf(paperHost, name).value !== value);
  Deno.exit(differs ? 1 : 0);
}
