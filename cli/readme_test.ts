// Aim: what the README shows is what the program prints. Method: the pieces are made again and looked for in it
// (what `start` prints, in its own test).
import { assert } from "@std/assert";
import { testbed } from "../core/mod.ts";
import { machineProfile, paperHost } from "../fixtures/mod.ts";
import { mine } from "../properties/_story_for_tests.ts";
import { checkConformance, LAWS, reportCounterexample } from "../properties/mod.ts";

const readme = Deno.readTextFileSync(new URL("../README.md", import.meta.url));

function assertShown(text: string, what: string): void {
  assert(readme.includes(text), `README.md does not show ${what}; it would be:\n\n${text}`);
}

Deno.test("README shows the forwarder of its story, and the report on it", () => {
  const code = new URL("../properties/_story_for_tests.ts", import.meta.url);
  assertShown(Deno.readTextFileSync(code).trimEnd(), "the forwarder");
  const build = () => testbed(mine, machineProfile(paperHost), { name: "mine" });
  const { laws } = checkConformance(build(), { fresh: build, only: /^LOSS-3$/ });
  const found = laws.find(({ counterexample }) => counterexample !== null)!.counterexample!;
  const files = ["json", "pcapng"].map((end) => `counterexamples/mine-LOSS-3.${end}`);
  assertShown(reportCounterexample(found, files).trimEnd(), "the report on the forwarder");
});

Deno.test("README lists the laws", () => {
  // cells of a table are padded
  const plain = readme.replace(/ +/g, " ");
  for (const { id, statement, clause } of LAWS) {
    const row = `| ${id} | ${statement} | ${clause} |`;
    assert(plain.includes(row), `README.md does not list ${id}; it would be:\n\n${row}`);
  }
});
