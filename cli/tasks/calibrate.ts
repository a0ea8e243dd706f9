/**
 * `deno task calibrate`: finds the calibrated numbers of the paper's host again, from the calibrate rows alone, and
 * prints them beside those of the profile. Exit code 1 when they differ.
 */
import { CLAIMS, paperHost } from "../../fixtures/mod.ts";
import { calibrate, calibrationText } from "../reproduce/calibrate.ts";
import { figureOf } from "../reproduce/host.ts";

const USAGE = "usage: deno task calibrate (it takes no options)";

if (import.meta.main) {
  if (Deno.args.length > 0) {
    const asked = Deno.args.every((arg) => arg === "--help" || arg === "-h");
    console[asked ? "log" : "error"](asked ? USAGE : `unknown option ${Deno.args[0]}; ${USAGE}`);
    Deno.exit(asked ? 0 : 2);
  }
  const found = calibrate(CLAIMS);
  console.log(calibrationText(found).trimEnd());
  const differs = found.some(({ name, value }) => figureOf(paperHost, name).value !== value);
  Deno.exit(differs ? 1 : 0);
}
