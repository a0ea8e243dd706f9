// Aim: a full table of the Internet and real captures go through the whole command, and every law that judges is kept.
// Run by `deno task test:real`, which names the folder of real data. Times are only reported.
import { assert, assertEquals } from "@std/assert";
import { type Report, reportSchema } from "../mod.ts";
import { inFolder, listing, run } from "../_run_for_tests.ts";
import { readInputs } from "../inputs.ts";
import { parseCompareOptions } from "../options.ts";
import { SharedTables } from "../tables.ts";

const folder = Deno.env.get("PLANECHECK_DATA");
if (folder === undefined) throw new Error("PLANECHECK_DATA must name the folder of real data");

const TABLE = `${folder}/tables/ris-as3333-20260511.ipv4.txt.gz`;
const CAPTURES = [
  "mix/tcpreplay-test-test.pcap",
  "size/trex-automation-regression-functional_golden-basic_imix_golden.cap",
];

Deno.test("a full table is read and laid out", () => {
  const begun = performance.now();
  const { routes } = readInputs(parseCompareOptions({ routes: TABLE, count: "1" }));
  const read = performance.now();
  const fib = new SharedTables(routes).table(true);
  const filled = performance.now();
  assertEquals(fib.size, 1_042_325);
  console.log(
    `read in ${((read - begun) / 1000).toFixed(2)} s, filled in ${
      ((filled - read) / 1000).toFixed(2)
    } s`,
  );
});

for (const capture of CAPTURES) {
  Deno.test(`compare takes a full table and ${capture}`, async () => {
    await inFolder(async (out) => {
      const report = `${out}/report`;
      const args = ["--routes", TABLE, "--pcap", `${folder}/pcap/${capture}`, "--report", report];
      const { code, err } = await run("compare", ...args);
      assertEquals([code, err], [0, ""]);
      assertEquals(listing(report), ["index.html", "report.json"]);
      const found = JSON.parse(Deno.readTextFileSync(`${report}/report.json`));
      assertWhole(reportSchema.parse(found));
    });
  });
}

function assertWhole(report: Report): void {
  assertEquals(report.routes.count, 1_042_325);
  assert(report.traffic.packets > 0);
  assert(report.stacks.length >= 3);
  for (const stack of report.stacks) {
    const broken = stack.laws.filter((law) => law.verdict === "broken");
    assertEquals(broken, [], stack.name);
    const dropped = stack.dropped.reduce((sum, { packets }) => sum + packets, 0);
    assertEquals(stack.forwarded + dropped, report.traffic.packets, stack.name);
  }
}
