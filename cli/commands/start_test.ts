// Aim: `start` needs no option, shows every kind of right drop, and leaves a whole report.
// Method: the command itself with fewer packets; the report is read back by its schema.
import { assert, assertEquals } from "@std/assert";
import { inFolder, listing, run } from "../_run_for_tests.ts";
import { type Report, reportSchema } from "../mod.ts";

Deno.test("start compares three stacks and tells where its report is", async () => {
  await inFolder(async (folder) => {
    const place = `${folder}/report`;
    const { code, out, err } = await run("start", "--count", "1500", "--report", place);
    assertEquals([code, err], [0, ""]);
    assertEquals(listing(place), ["index.html", "report.json"]);
    const report: Report = reportSchema.parse(
      JSON.parse(Deno.readTextFileSync(`${place}/report.json`)),
    );
    assertEquals(report.stacks.map((stack) => stack.name), ["linux-napi", "dpdk", "p2pnic"]);
    assertEquals(report.routes.count, 20_000);
    const { faults } = report.traffic;
    const right = {
      ttl: faults!.ttl1,
      "no-route": faults!.noRoute,
      "bad-checksum": faults!.badChecksum,
      runt: faults!.runt,
    };
    for (const stack of report.stacks) {
      const dropped = Object.fromEntries(stack.dropped.map((d) => [d.reason, d.packets]));
      assertEquals(dropped, right, stack.name);
    }
    assert(Object.values(right).every((n) => n > 0), JSON.stringify(right));
    assert(out.includes(`Report:  ${place}/index.html`), out);
    assert(/^ {9}deno task planecheck compare --routes /m.test(out), out);
    for (const line of out.split("\n")) assert(line.length <= 120 || line.includes(place), line);
  });
});

Deno.test("start says what it does by default", async () => {
  const { out } = await run("start", "--help");
  assert(/--report <dir>.*\(default: "report"\)/.test(out), out);
  assert(/--count <packets>.*\(default: "30000"\)/.test(out), out);
});
