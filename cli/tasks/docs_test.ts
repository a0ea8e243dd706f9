// Aim: code in the documentation that the compiler does not see (`ts ignore`, since it would register tests, or is made
// of what a reader has) takes from the package only what is there. Method: every import of the package in such a block.
import { assert } from "@std/assert";
import config from "../../deno.json" with { type: "json" };

const ROOT = new URL("../../", import.meta.url);
const BLOCK = /^```ts ignore\n(.*?)^```/gms;
const IMPORT = /import \{([^}]*)\} from "@planecheck\/planecheck(\/\w+)?"/g;

function pages(): string[] {
  const docs = [...Deno.readDirSync(new URL("docs/", ROOT))].map(({ name }) => `docs/${name}`);
  return ["README.md", ...docs.filter((name) => name.endsWith(".md"))];
}

Deno.test("what ignored code in the documentation imports is exported", async () => {
  const missing: string[] = [];
  let imports = 0;
  for (const page of pages()) {
    for (const [, block] of Deno.readTextFileSync(new URL(page, ROOT)).matchAll(BLOCK)) {
      for (const [, names, entry] of block!.matchAll(IMPORT)) {
        const path = config.exports[`.${entry ?? ""}` as keyof typeof config.exports];
        const exported = await import(new URL(path, ROOT).href);
        for (const name of names!.split(",").map((one) => one.trim()).filter(Boolean)) {
          imports++;
          if (!(name in exported)) missing.push(`${page}: ${name} is not exported by ${path}`);
        }
      }
    }
  }
  assert(imports > 5, `only ${imports} imports were found`);
  assert(missing.length === 0, missing.join("\n"));
});
