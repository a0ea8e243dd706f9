/** A temporary copy of the package, in which faults are planted and tests run. */
import { UserError } from "../user_error.ts";
import { type Fault, planted } from "./fault.ts";

/** What is not copied: what tests neither read nor load. */
const SKIPPED = /^(?:\.git|\.ci|report|counterexamples|coverage|node_modules|\.build)$/;
/** Megabytes of heap that a run of tests may take: a fault may allocate for ever. */
const HEAP_MB = 1024;

/** What a run of tests said. */
export interface TestRun {
  /** Exit code of `deno test`. */
  readonly code: number;
  /** Its report as JUnit XML. */
  readonly xml: string;
  /** What it said besides. */
  readonly stderr: string;
  /** It did not end within its time, and was ended. */
  readonly timedOut: boolean;
  /** Seconds that it took. */
  readonly seconds: number;
}

/** Names of folders begin so, and go on with the number of the process that made them. */
const PREFIX = "planecheck-exam-";
/** Signals that end the program, and their exit codes. */
const ENDINGS = ([["SIGINT", 130], ["SIGTERM", 143]] as const).map(([signal, code]) => ({
  signal,
  end(): never {
    for (const copy of copies) copy.abandon();
    Deno.exit(code);
  },
}));

/** The copies that there are now. */
const copies = new Set<Copy>();

/** A copy of a package. It goes when it is disposed of, by SIGINT and SIGTERM, and else at the next start. */
export class Copy {
  #child: Deno.ChildProcess | null = null;

  private constructor(private readonly folder: string) {
    if (copies.size === 0) {
      for (const { signal, end } of ENDINGS) Deno.addSignalListener(signal, end);
    }
    copies.add(this);
  }

  /** Copies the package at `root`. */
  static async of(root: string): Promise<Copy> {
    const folder = await Deno.makeTempDir({ prefix: `${PREFIX}${Deno.pid}-` });
    const copy = new Copy(folder);
    await removeLeftBehind(folder.slice(0, folder.lastIndexOf("/")));
    await copyFolder(root, folder);
    await linkCaches(`${folder}/.deno`);
    return copy;
  }

  /** Removes it at once, with what runs in it. */
  abandon(): void {
    this.#child?.kill("SIGKILL");
    Deno.removeSync(this.folder, { recursive: true });
  }

  /**
   * Calls `body` while the fault is planted.
   * @throws {RangeError} when the text to replace does not occur exactly once
   */
  async with<T>(fault: Fault, body: () => Promise<T>): Promise<T> {
    const path = `${this.folder}/${fault.file}`;
    const source = await Deno.readTextFile(path);
    await Deno.writeTextFile(path, planted(fault, source));
    try {
      return await body();
    } finally {
      await Deno.writeTextFile(path, source);
    }
  }

  /** Runs test files, with a limit of time. */
  async test(
    files: readonly string[],
    limitS: number,
    env: Record<string, string> = {},
  ): Promise<TestRun> {
    // What an earlier run found would be tried again first.
    await removeIfThere(`${this.folder}/counterexamples`);
    const began = performance.now();
    const child = new Deno.Command(Deno.execPath(), {
      args: [
        "test",
        "--allow-all",
        "--no-check",
        "--quiet",
        // One test that fails is enough; a law that is a step does not end the others of its test.
        "--fail-fast",
        "--reporter=junit",
        `--v8-flags=--max-old-space-size=${HEAP_MB}`,
        ...files,
      ],
      cwd: this.folder,
      env: { ...env, DENO_DIR: `${this.folder}/.deno`, NO_COLOR: "1" },
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    this.#child = child;
    let timedOut = false;
    const timer = setTimeout(() => {
      timedOut = true;
      child.kill("SIGKILL");
    }, 1000 * limitS);
    const { code, stdout, stderr } = await child.output();
    clearTimeout(timer);
    this.#child = null;
    const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
    const seconds = (performance.now() - began) / 1000;
    return { code, xml: text(stdout), stderr: text(stderr), timedOut, seconds };
  }

  /** Removes it. */
  async [Symbol.asyncDispose](): Promise<void> {
    copies.delete(this);
    if (copies.size === 0) {
      for (const { signal, end } of ENDINGS) Deno.removeSignalListener(signal, end);
    }
    await Deno.remove(this.folder, { recursive: true });
  }
}

/**
 * The folder that this program was loaded from, with its tests.
 * @throws {UserError} when it is none: a published package has no tests
 */
export function packageRoot(): string {
  const folder = import.meta.dirname;
  const root = folder === undefined ? "the network" : `${folder}/../..`;
  try {
    if (folder !== undefined && Deno.statSync(`${root}/imports_test.ts`).isFile) return root;
  } catch {
    // said below
  }
  throw new UserError(`exam: expected to run from a checkout with its tests, got ${root}`);
}

/** Removes copies in `folder` whose process is no more; where there is no /proc nobody knows, and they stay. */
async function removeLeftBehind(folder: string): Promise<void> {
  if (!await isThere("/proc/self")) return;
  for await (const { name } of Deno.readDir(folder)) {
    const pid = name.startsWith(PREFIX) && /^(\d+)-/.exec(name.slice(PREFIX.length))?.[1];
    if (pid && !await isThere(`/proc/${pid}`)) await removeIfThere(`${folder}/${name}`);
  }
}

async function isThere(path: string): Promise<boolean> {
  try {
    await Deno.lstat(path);
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

async function removeIfThere(path: string): Promise<void> {
  try {
    await Deno.remove(path, { recursive: true });
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}

async function copyFolder(from: string, to: string): Promise<void> {
  for await (const { name, isDirectory, isFile } of Deno.readDir(from)) {
    if (SKIPPED.test(name)) continue;
    if (isDirectory) {
      await Deno.mkdir(`${to}/${name}`);
      await copyFolder(`${from}/${name}`, `${to}/${name}`);
    } else if (isFile) await Deno.copyFile(`${from}/${name}`, `${to}/${name}`);
  }
}

/**
 * A cache of its own for the copy, which goes when it goes; what was downloaded is where it was.
 */
async function linkCaches(cache: string): Promise<void> {
  const { stdout } = await new Deno.Command(Deno.execPath(), { args: ["info", "--json"] }).output();
  const { denoDir } = JSON.parse(new TextDecoder().decode(stdout)) as { denoDir: string };
  await Deno.mkdir(cache);
  for (const name of ["npm", "remote", "registries"]) {
    try {
      await Deno.symlink(await Deno.realPath(`${denoDir}/${name}`), `${cache}/${name}`);
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    }
  }
}
