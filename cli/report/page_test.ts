// Aim: the page shows what is in the report, asks for nothing else, and nothing from outside can act in it.
// Method: a report of one run with hostile names, the page read as text.
import { assert, assertEquals, assertThrows } from "@std/assert";
import { paperHost } from "../../fixtures/mod.ts";
import { LAWS } from "../../properties/mod.ts";
import { compareStacks } from "../compare.ts";
import { readInputs } from "../inputs.ts";
import { parseCompareOptions } from "../options.ts";
import { stackNamed } from "../stacks.ts";
import { buildReport, reportFiles } from "./build.ts";
import { tally } from "./format.ts";
import { escapeHtml } from "./html.ts";
import { page } from "./page.ts";
import { reportSchema } from "./schema.ts";
import type { Report } from "./types.ts";
import { inFolder, listing } from "../_run_for_tests.ts";
import { UserError } from "../user_error.ts";
import { checkReportFolder, writeReport } from "./write.ts";

function smallReport(): Report {
  const options = parseCompareOptions({ count: "300", traffic: "64B", stacks: "dpdk,p2pnic" });
  const inputs = readInputs(options, { ttl1: 0.1 });
  const setup = { host: paperHost, fidelity: options.fidelity };
  const stacks = compareStacks({ ...setup, stacks: options.stacks.map(stackNamed) }, inputs);
  return buildReport({ ...setup, args: ["compare", "it's"], laws: LAWS }, inputs, stacks);
}

const report = smallReport();

Deno.test("buildReport keeps to the schema and quotes the command line for a shell", () => {
  assertEquals(reportSchema.parse(report), report);
  assertEquals(report.command, "planecheck compare 'it'\\''s'");
});

Deno.test("page asks for nothing beyond itself and needs no script", async () => {
  const html = (await reportFiles(report))["index.html"]!;
  for (const sign of [/<script/i, /<link/i, /<iframe/i, /@import/i, /url\(/i, /\bsrc=/i]) {
    assert(!sign.test(html), `${sign} in the page`);
  }
  // the one address that may stand there is the name of the SVG namespaces
  const addresses = [...new Set(html.match(/https?:\/\/[^\s"'<)]+/g))];
  assertEquals(addresses.filter((a) => !a.startsWith("http://www.w3.org/")), []);
});

Deno.test("page has the five plots, each with a caption that says predicted", async () => {
  const html = (await reportFiles(report))["index.html"]!;
  const figures = html.match(/<figure>.*?<\/figure>/gs) ?? [];
  assertEquals(figures.length, 5);
  for (const figure of figures) {
    assert(/<svg role="img" aria-label="[^"]+"/.test(figure), figure.slice(0, 200));
    assert(figure.includes("Predicted.</figcaption>"), figure.slice(-200));
    assert(!/NaN|undefined|Infinity/.test(figure), figure.slice(0, 200));
  }
});

Deno.test("page shows every law with every verdict, and every policy", () => {
  const html = page(report, []);
  for (const { id, statement } of report.laws) {
    assert(html.includes(escapeHtml(id)) && html.includes(escapeHtml(statement)), id);
  }
  const marks = html.match(/<span class="mark">/g)!.length;
  assertEquals(marks, report.laws.length * report.stacks.length);
  for (const key of Object.keys(report.stacks[0]!.policy)) assert(html.includes(`>${key}<`), key);
});

Deno.test("page shows the invariants of a stack's own parts below the laws, and counts them", () => {
  const changed = structuredClone(report);
  const { name } = changed.stacks[0]!;
  assert(!page(changed, []).includes("<h3>Of "));
  const { kept } = tally(changed.stacks[0]!);
  changed.stacks[0]!.invariants.push({
    id: "MINE-1",
    verdict: "kept",
    text: "",
    packets: 300,
    statement: "The queue is < 3.",
    clause: "its design",
  });
  assertEquals(reportSchema.parse(changed), changed);
  assertEquals(tally(changed.stacks[0]!).kept, kept + 1);
  const html = page(changed, []);
  assert(html.includes(`<h3>Of ${name} alone</h3>`));
  assert(html.includes("MINE-1") && html.includes("The queue is &lt; 3."));
});

Deno.test("page says which laws were broken, and where a capture was cut", () => {
  const changed = structuredClone(report);
  changed.stacks[0]!.laws[0]!.verdict = "broken";
  changed.stacks[0]!.laws[0]!.text = "packet 7 went nowhere";
  changed.traffic.capture = {
    ...{ format: "pcap", packets: 9, offered: 9, padded: 0, truncated: 0, oversize: 0 },
    ...{ otherLink: 0, beyondCount: 0, cut: { offset: 255, reason: "short" } },
  };
  const html = page(changed, []);
  assert(html.includes('<span class="broken">1 law broken</span>'));
  assert(html.includes('<td class="broken"><span class="mark">broken</span>'));
  assert(html.includes("packet 7 went nowhere"));
  assert(html.includes("cut at offset 0xff (short)"));
});

Deno.test("page escapes whatever comes from outside", () => {
  const evil = `<img src=x onerror="alert('1')">&`;
  const changed = structuredClone(report);
  changed.command = changed.routes.name = changed.traffic.name = evil;
  changed.stacks[0]!.name = changed.stacks[0]!.title = evil;
  changed.stacks[0]!.laws[0]!.text = evil;
  changed.machine.description = changed.basis = evil;
  const html = page(changed, []);
  assert(!html.includes("<img"), "unescaped");
  assert(html.includes("&lt;img src=x onerror=&quot;alert(&#39;1&#39;)&quot;&gt;&amp;"));
});

// Aim: a report is there whole or not at all.
// Method: make the second file fail by a name that cannot be written, and look at the folder.

const HALF = { "a.html": "new", "no/such/folder.json": "{}" };

Deno.test("writeReport leaves no folder when a file cannot be written", async () => {
  await inFolder((folder) => {
    assertThrows(
      () => writeReport(`${folder}/report`, HALF),
      UserError,
      `${folder}/report: expected`,
    );
    assertEquals(listing(folder), []);
  });
});

Deno.test("writeReport leaves an older report alone when a file cannot be written", async () => {
  await inFolder((folder) => {
    Deno.writeTextFileSync(`${folder}/a.html`, "old");
    assertThrows(() => writeReport(folder, HALF), UserError);
    assertEquals(listing(folder), ["a.html"]);
    assertEquals(Deno.readTextFileSync(`${folder}/a.html`), "old");
  });
});

Deno.test("writeReport leaves an older report alone when a folder is in the way of a file", async () => {
  await inFolder((folder) => {
    Deno.writeTextFileSync(`${folder}/a.html`, "old");
    Deno.mkdirSync(`${folder}/b.json`);
    assertThrows(
      () => writeReport(folder, { "a.html": "new", "b.json": "{}" }),
      UserError,
      `${folder}: expected a place for b.json, but a folder has that name`,
    );
    assertEquals(listing(folder), ["a.html", "b.json"]);
    assertEquals(Deno.readTextFileSync(`${folder}/a.html`), "old");
  });
});

Deno.test("writeReport makes the folders above, and takes a slash at the end", async () => {
  await inFolder((folder) => {
    writeReport(`${folder}/x/y/`, { "a.html": "new" });
    assertEquals(listing(`${folder}/x`), ["y"]);
    assertEquals(Deno.readTextFileSync(`${folder}/x/y/a.html`), "new");
  });
});

Deno.test("checkReportFolder accepts what can be made and leaves nothing behind", async () => {
  await inFolder((folder) => {
    checkReportFolder(`${folder}/x/y/z`);
    checkReportFolder(folder);
    assertEquals(listing(folder), []);
  });
});
