// Aim: what Snabb's documents say of rates comes out of the model: of the rows that chose its costs as of the others.
// Method: the same measurements that answer the rows of the claims.
import { assert, assertEquals } from "@std/assert";
import { CLAIMS } from "../../fixtures/mod.ts";
import { SNABB_ANSWERS } from "../../cli/reproduce/snabb_answers.ts";

/** What the model answers to a row. */
function answer(id: string): number {
  return SNABB_ANSWERS[id]!().value;
}

Deno.test("snabb meets the published rates that its costs were chosen by, and those that it predicts", () => {
  assertEquals(answer("N01"), 200);
  const [calibrated, driver, limiter, generator] = ["N02", "N03", "N04", "N05"].map(answer);
  assert(Math.abs(calibrated! / 10 - 1) < 0.15, `N02: ${calibrated} of 10 Mpps`);
  assert(Math.abs(driver! / 14 - 1) < 0.15, `N03: ${driver} of 14 Mpps`);
  assert(limiter! > 20 && limiter! < 80, `N04: ${limiter} of more than 20 Mpps`);
  assert(Math.abs(generator! / 14.88 - 1) < 0.02, `N05: ${generator} of 14.88 Mpps`);
  const roles = CLAIMS.filter(({ id }) => id.startsWith("N")).map(({ id, role }) =>
    `${id} ${role}`
  );
  assertEquals(roles, [
    "N01 input",
    "N02 calibrate",
    "N03 predict",
    "N04 predict",
    "N05 predict",
    "N06 context",
  ]);
});
