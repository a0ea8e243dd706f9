// Aim: every test file is loaded by exactly one suite, and every suite by plain `deno test`.
// Method: the folder of suites read back against the table; paths of known suites; what the files say.
import { assert, assertEquals } from "@std/assert";
import config from "../../deno.json" with { type: "json" };
import { filesOf, type SuiteName, suiteOf, SUITES, testFiles } from "./suite.ts";

const FOLDER = new URL("./suites/", import.meta.url);

Deno.test("suites: each name has a file that loads it, and deno.json includes the folder", () => {
  const files = [...Deno.readDirSync(FOLDER)].map(({ name }) => name).sort();
  const named = (name: string) => `${name.replaceAll("-", "_")}.ts`;
  assertEquals(files, Object.keys(SUITES).map(named).sort());
  for (const name of Object.keys(SUITES)) {
    const text = Deno.readTextFileSync(new URL(named(name), FOLDER));
    assert(text.includes(`\nawait load("${name}");\n`), `${named(name)} loads another suite`);
  }
  assertEquals(config.test.include, ["cli/tasks/suites/*.ts"]);
});

Deno.test("suites: no test file is left out, the first pattern that matches wins", () => {
  const files = testFiles();
  for (const path of ["imports_test.ts", "core/fib/dxr_test.ts", "cli/report/page_test.ts"]) {
    assert(files.includes(path), `${path} is not found`);
  }
  assert(files.every((path) => !/^(?:\.|offline|node_modules)/.test(path)), files.join("\n"));
  const suites = (Object.keys(SUITES) as SuiteName[]).map(filesOf);
  assertEquals(suites.flat().sort(), files, "each file is in one suite");
  assert(suites.every((paths) => paths.length > 0), "a suite is empty");
  const cases = {
    "core/fib/poptrie6_score_test.ts": "fib6",
    "core/fib/dir24_8_reader_test.ts": "fib-first-level",
    "core/fib/poptrie_test.ts": "fib-compressed",
    "core/new/new_test.ts": "core",
    "stacks/odp/new_test.ts": "graphs",
    "stacks/new/new_test.ts": "stacks",
    "new_test.ts": "rest",
  };
  for (const [path, suite] of Object.entries(cases)) assertEquals(suiteOf(path), suite, path);
});
