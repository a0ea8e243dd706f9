// Runs the tests on devices of the real world: every `*.live.ts` of the project. Those files have a name that plain
// `deno test` does not collect: they need Linux, permissions and programs. What is missing is listed with its remedy as
// "not judged"; it never counts as passed.
import { type NeedName, NEEDS } from "../live/needs.ts";

/** Lists the `*.live.ts` files below a folder, by path from it, sorted. */
async function liveTests(folder: string, prefix = ""): Promise<string[]> {
  const found: string[] = [];
  for await (const { name, isDirectory, isFile } of Deno.readDir(folder)) {
    if (isDirectory && !name.startsWith(".") && name !== "node_modules") {
      found.push(...await liveTests(`${folder}/${name}`, `${prefix}${name}/`));
    } else if (isFile && name.endsWith(".live.ts")) found.push(prefix + name);
  }
  return found.sort();
}

async function main(): Promise<number> {
  const root = `${import.meta.dirname}/../..`;
  for (const name of Object.keys(NEEDS) as NeedName[]) {
    const need = NEEDS[name];
    if (!need.has()) console.log(`not judged: what needs ${need.name} (${need.remedy})`);
  }
  const child = new Deno.Command(Deno.execPath(), {
    args: ["test", "-A", "--no-check", ...Deno.args, ...await liveTests(root)],
    cwd: root,
  }).spawn();
  return (await child.status).code;
}

if (import.meta.main) Deno.exit(await main());
