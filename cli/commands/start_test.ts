// Aim: `start` needs no option but a place, prints what the README shows, has every kind of right drop, and
// leaves a whole report. Method: the command itself; the report is read back by its schema.
import { assert, assertEquals } from "@std/assert";
import { inFolder, listing, run } from "../_run_for_tests.ts";
import { type Report, reportSchema } from "../mod.ts";

Deno.test("start compares three stacks and tells where its report is", async () => {
  await inFolder(async (folder) => {
    const place = `${folder}/report`;
    const { code, out, err } = await run("start", "--report", place);
    assertEquals([code, err], [0, ""]);
    const table = out.slice(0, out.indexOf("Predicted, not measured")).trimEnd();
    const readme = Deno.readTextFileSync(new URL("../../README.md", import.meta.url));
    assert(readme.includes(table), `README.md does not show the table; it would be:\n\n${table}`);
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
    const [linux, ...others] = report.stacks.map((stack) =>
      Object.fromEntries(stack.dropped.map((d) => [d.reason, d.packets]))
    );
    assertEquals(others, [right, right]);
    // overloaded, Linux loses packets of every kind before it has looked at them
    const { "rx-missed": missed, ...looked } = linux!;
    assert(missed! > 0);
    assertEquals(Object.keys(looked), Object.keys(right));
    for (const [reason, n] of Object.entries(looked)) {
      assert(n > 0 && n <= right[reason as keyof typeof right], `${n} ${reason}`);
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
