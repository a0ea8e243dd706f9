// Aim: the README shows what `routes` prints for a full table, and figure 14 of the P2PNIC paper comes out of it.
// Run by `deno task test:real`, which names the folder of real data in PLANECHECK_DATA.
import { assert, assertEquals } from "@std/assert";
import { readRoutes } from "../../fixtures/mod.ts";
import { run } from "../_run_for_tests.ts";
import { routesReportSchema } from "../mod.ts";
import { measureTables } from "../routes/measure.ts";
import { familyOf } from "../routes/tables.ts";

const folder = Deno.env.get("PLANECHECK_DATA");
if (folder === undefined) throw new Error("PLANECHECK_DATA must name the folder of real data");

const TABLE = `${folder}/tables/ris-as3333-20260511.ipv4.txt.gz`;

Deno.test("README shows what routes prints for a full table", async () => {
  const { code, out, err } = await run("routes", TABLE);
  assertEquals([code, err], [0, ""]);
  const shown = out.slice(out.indexOf("┌"), out.indexOf("Counted exactly")).trimEnd();
  const readme = Deno.readTextFileSync(new URL("../../README.md", import.meta.url));
  assert(readme.includes(shown), `README.md does not show it; it would be:\n\n${shown}`);
});

Deno.test("ten samples of a full table outgrow the NIC's memories where figure 14 of P2PNIC says", () => {
  const file = readRoutes(TABLE, Deno.readFileSync(TABLE));
  const found = Array.from({ length: 10 }, (_, seed) => {
    const [table] = measureTables({
      family: familyOf(file),
      count: file.routes.count,
      seed,
      memory: null,
      nicBytes: [4_000_000, 6_000_000],
      kinds: ["dir24-8"],
      updates: null,
    });
    return table!.beyondAt.map(Number);
  });
  const spreads = [60_000, 80_000].map((paper, m) => {
    const at = found.map((one) => one[m]!);
    const mean = at.reduce((sum, n) => sum + n) / at.length;
    assert(Math.abs(mean / paper - 1) < 0.15, `${mean} routes, the paper says ${paper}`);
    return [Math.min(...at), Math.max(...at)];
  });
  assertEquals(spreads, [[46_225, 64_954], [77_390, 90_866]], "as the README has it");
});

Deno.test("routes replays the updates of a day on every IPv6 table", async () => {
  const table = `${folder}/tables/ris-as3333-20260511.ipv6.txt.gz`;
  const updates = `${folder}/churn/ris-as3333-20260511.ipv6.updates.txt.gz`;
  const { code, out, err } = await run("routes", table, "--updates", updates, "--json");
  assertEquals([code, err], [0, ""]);
  const report = routesReportSchema.parse(JSON.parse(out));
  assertEquals([report.file.count, report.updates!.count], [246_175, 825_490]);
  for (const { kind, updated } of report.tables) {
    assertEquals([updated!.routes, updated!.refused], [246_205, 0], kind);
  }
});
