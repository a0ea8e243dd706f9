// Aim: docs/reproduce.md shows what `reproduce` prints, and the profile holds what calibration finds. Method: both
// are made again. Run by `deno task test:reproduce`: a minute that the readers of the suite need not spend.
import { CLAIMS, paperHost } from "../../fixtures/mod.ts";
import { run } from "../_run_for_tests.ts";
import { calibrate, calibrationText } from "../reproduce/calibrate.ts";
import { figureOf } from "../reproduce/host.ts";

Deno.test("docs/reproduce.md shows what reproduce prints", async () => {
  const doc = Deno.readTextFileSync(new URL("../../docs/reproduce.md", import.meta.url));
  const { out } = await run("reproduce", "--what-if");
  if (doc.includes(out.trimEnd())) return;
  throw new Error(`docs/reproduce.md does not show what it prints, which is now:\n\n${out}`);
});

Deno.test("the profile holds what calibration finds on the calibrate rows", () => {
  const found = calibrate(CLAIMS);
  const differs = found.filter(({ name, value }) => figureOf(paperHost, name).value !== value);
  if (differs.length > 0) throw new Error(`The profile differs:\n${calibrationText(found)}`);
});
