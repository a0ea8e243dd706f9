// Aim: what the README shows is what the program prints. Method: the pieces are made again and looked for in it.
// Run by `deno task test:readme`: nine seconds that the README's readers need not spend.
import { testbed } from "../../core/mod.ts";
import { machineProfile, paperHost } from "../../fixtures/mod.ts";
import { mine } from "../../properties/_story_for_tests.ts";
import {
  checkConformance,
  LAWS,
  PCIE_LAWS,
  pcieLadder,
  reportCounterexample,
  runPcie,
  TESTED_LAWS,
} from "../../properties/mod.ts";
import { inFolder, run } from "../_run_for_tests.ts";
import { STACKS } from "../stacks.ts";

const readme = Deno.readTextFileSync(new URL("../../README.md", import.meta.url));

const pcie = Deno.readTextFileSync(new URL("../../docs/pcie.md", import.meta.url));

function assertShown(text: string, what: string, page = readme, name = "README.md"): void {
  if (page.includes(text)) return;
  throw new Error(`${name} does not show ${what}; it would be:\n\n${text}`);
}

Deno.test("README shows the forwarder of its story, and the report on it", () => {
  const code = new URL("../../properties/_story_for_tests.ts", import.meta.url);
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
  for (const { id, statement, clause } of [...LAWS, ...TESTED_LAWS, ...PCIE_LAWS]) {
    const row = `| ${id} | ${statement} | ${clause} |`;
    if (plain.includes(row)) continue;
    throw new Error(`README.md does not list ${id}; it would be:\n\n${row}`);
  }
});

Deno.test("README lists the systems", () => {
  const plain = readme.replace(/ +/g, " ");
  for (const { name, about } of STACKS) {
    if (!plain.includes(`| \`${name}\` | ${about} |`)) {
      throw new Error(`README.md does not list ${name}: ${about}`);
    }
  }
});

Deno.test("README shows the ladder diagram of its example", () => {
  const { ledger } = runPcie({
    options: { mps: 128 },
    operations: [{ kind: "write", src: 2, dst: 3, offset: 0, bytes: 256 }],
    deviations: [{ site: "tlp error nic0>switch", occurrence: 1, value: 1 }],
  });
  assertShown(pcieLadder(ledger).trimEnd(), "the ladder");
});

Deno.test("README shows what start prints", async () => {
  await inFolder(async (folder) => {
    const { out } = await run("start", "--report", `${folder}/report`);
    assertShown(out.slice(0, out.indexOf("Predicted, not measured")).trimEnd(), "the table");
  });
});

Deno.test("docs/pcie.md shows what its commands print", async () => {
  for (
    const args of [
      ["--to", "peer", "--switches", "3"],
      ["--to", "peer"],
      ["--engine", "nfp-6000", "--sizes", "64,512,2048"],
    ]
  ) {
    const { out } = await run("pcie", ...args);
    const table = out.slice(out.indexOf("┌"), out.indexOf("┘") + 1);
    assertShown(table, `pcie ${args.join(" ")}`, pcie, "docs/pcie.md");
  }
});
