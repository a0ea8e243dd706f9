/**
 * Folders and processes that devices need beside them, so that none outlives this process: a folder bears the
 * number of the process that it belongs to, and the next one that starts removes those whose process is gone; a
 * process is ended by the kernel when the thread that started it ends.
 */
const PREFIX = "planecheck-live";

/** A new folder, after removing those of processes that are gone. */
export function makeScratch(): string {
  sweepScratch();
  return Deno.makeTempDirSync({ prefix: `${PREFIX}-${Deno.pid}-` });
}

/** Removes the folders of processes that are gone; answers how many there were. */
export function sweepScratch(): number {
  const base = Deno.env.get("TMPDIR") ?? "/tmp";
  let removed = 0;
  for (const { name, isDirectory } of Deno.readDirSync(base)) {
    const pid = new RegExp(`^${PREFIX}-(\\d+)-`).exec(name)?.[1];
    if (!isDirectory || pid === undefined || isAlive(pid)) continue;
    Deno.removeSync(`${base}/${name}`, { recursive: true });
    removed++;
  }
  return removed;
}

function isAlive(pid: string): boolean {
  try {
    Deno.statSync(`/proc/${pid}`);
    return true;
  } catch {
    return false;
  }
}

/** Starts a process that ends with the thread that called, whatever ends that; what it says goes to a file. */
export function startProcess(
  [command, ...args]: readonly [string, ...string[]],
  env: Readonly<Record<string, string>>,
): Deno.ChildProcess {
  const child = new Deno.Command("setpriv", {
    args: ["--pdeathsig", "KILL", command, ...args],
    env,
    stdin: "null",
    stdout: "null",
    stderr: "null",
  }).spawn();
  child.unref();
  return child;
}

/** Runs a command to its end; answers what it wrote. @throws {Error} with its last words when it fails */
export function runCommand(
  [command, ...args]: readonly [string, ...string[]],
  env: Readonly<Record<string, string>> = {},
): string {
  let output: Deno.CommandOutput;
  try {
    output = new Deno.Command(command, { args, env, stdin: "null" }).outputSync();
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    throw new Error(`Cannot run ${command}: it is not installed`);
  }
  const { success, code, stdout, stderr } = output;
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes).trim();
  if (success) return text(stdout);
  const words = (text(stderr) || text(stdout)).split("\n").at(-1);
  throw new Error(`Cannot run ${command}: it ended with exit code ${code}, saying "${words}"`);
}
