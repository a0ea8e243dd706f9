// Runs the tests on real data: every `*.real.ts` of the project, with the folder that holds the data
// in the environment as PLANECHECK_DATA. Those files have a name that plain `deno test` does not
// collect, because a test without its data could only be skipped, and skipped is not green.

/** What the command line asks for; `rest` goes to `deno test` as it is. */
export interface Request {
  data: string;
  rest: string[];
}

/**
 * Reads the arguments of a task.
 * @throws {RangeError} unless there is exactly one `--data DIR` (or `--data=DIR`)
 */
export function parseRequest(args: readonly string[], task = "test:real"): Request {
  const rest: string[] = [];
  const folders: string[] = [];
  for (let i = 0; i < args.length; i++) {
    const arg = args[i]!;
    if (arg === "--data") folders.push(args[++i] ?? "");
    else if (arg.startsWith("--data=")) folders.push(arg.slice("--data=".length));
    else rest.push(arg);
  }
  if (folders.length !== 1 || folders[0] === "") {
    throw new RangeError(
      "Cannot run the tests on real data: needs one --data DIR; " +
        `usage: deno task ${task} --data DIR [options of deno test]`,
    );
  }
  return { data: folders[0]!, rest };
}

/** Lists the `*.real.ts` files below a folder, by path from it, sorted. */
export async function realTests(folder: string, prefix = ""): Promise<string[]> {
  const found: string[] = [];
  for await (const { name, isDirectory, isFile } of Deno.readDir(folder)) {
    if (isDirectory && !name.startsWith(".") && name !== "node_modules") {
      found.push(...await realTests(`${folder}/${name}`, `${prefix}${name}/`));
    } else if (isFile && name.endsWith(".real.ts")) found.push(prefix + name);
  }
  return found.sort();
}

/**
 * The absolute path of a folder named by the user, who may have called the task from elsewhere.
 * @throws {RangeError} where there is no such folder, or it cannot be read
 */
export async function dataFolder(data: string, base: string): Promise<string> {
  const refusal = `Cannot use ${JSON.stringify(data)} as the folder of real data`;
  let path: string;
  try {
    path = await Deno.realPath(data.startsWith("/") ? data : `${base}/${data}`);
    for await (const _ of Deno.readDir(path)) return path;
  } catch (error) {
    throw new RangeError(`${refusal}: ${(error as Error).message}`);
  }
  throw new RangeError(`${refusal}: it is empty`);
}

async function main(): Promise<number> {
  const root = `${import.meta.dirname}/../..`;
  let request: Request;
  let data: string;
  try {
    request = parseRequest(Deno.args);
    // A task runs in the folder of deno.json; INIT_CWD is where its user stands.
    data = await dataFolder(request.data, Deno.env.get("INIT_CWD") ?? Deno.cwd());
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    console.error(error.message);
    return 2;
  }
  const tests = await realTests(root);
  if (tests.length === 0) {
    console.error("Cannot run the tests on real data: the project has no *.real.ts file");
    return 2;
  }
  const child = new Deno.Command(Deno.execPath(), {
    args: ["test", "-A", ...request.rest, ...tests],
    cwd: root,
    env: { PLANECHECK_DATA: data },
  }).spawn();
  return (await child.status).code;
}

if (import.meta.main) Deno.exit(await main());
