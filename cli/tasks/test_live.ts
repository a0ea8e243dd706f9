// Runs the tests on devices of the real world: every `*.live.ts` of the project. Those files have a name that plain
// `deno test` does not collect: they need Linux, permissions and programs. What is missing is listed with its remedy as
// "not judged"; it never counts as passed. With `--data DIR` captures below DIR/pcap are replayed too.
import { type NeedName, NEEDS } from "../live/needs.ts";
import { dataFolder, parseRequest } from "./test_real.ts";

/** Where tests look for the folder of real data. */
const DATA = "PLANECHECK_DATA";

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

/** The arguments for `deno test`; the folder of real data, if one is named, goes to the environment. */
async function argumentsOf(args: readonly string[]): Promise<readonly string[]> {
  if (!args.some((arg) => /^--data(?:=|$)/.test(arg))) return args;
  const { data, rest } = parseRequest(args, "test:live");
  // a task runs in the folder of deno.json; INIT_CWD is where its user stands
  Deno.env.set(DATA, await dataFolder(data, Deno.env.get("INIT_CWD") ?? Deno.cwd()));
  return rest;
}

async function main(): Promise<number> {
  const root = `${import.meta.dirname}/../..`;
  let args: readonly string[];
  try {
    args = await argumentsOf(Deno.args);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    console.error(error.message);
    return 2;
  }
  for (const name of Object.keys(NEEDS) as NeedName[]) {
    const need = NEEDS[name];
    if (!need.has()) console.log(`not judged: what needs ${need.name} (${need.remedy})`);
  }
  const child = new Deno.Command(Deno.execPath(), {
    args: ["test", "-A", "--no-check", ...args, ...await liveTests(root)],
    cwd: root,
  }).spawn();
  return (await child.status).code;
}

if (import.meta.main) Deno.exit(await main());
