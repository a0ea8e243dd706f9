// Where the packages behind @std come from. Deno itself is asked to cache the real ones; only where
// it cannot reach their registry are the stand-ins beside this file copied to `.offline/`, which the
// "links" of deno.json then put in place of the real ones. Whether `.offline/` exists is the decision:
// while it does, nothing is asked again, and the copy is only brought up to date with this folder.
// To ask anew, delete `.offline/`.

const PACKAGES = ["jsr:@std/assert@^1", "jsr:@std/testing@^1/bdd"];
const STAND_INS = ["assert", "testing"];
// The argument is for the tests of this file, which cannot wait that long.
const ASK_LIMIT_MS = Number(Deno.args[0] ?? 10_000);

const here = new URL("./", import.meta.url);
const target = new URL("../.offline/", import.meta.url);

async function exists(path: URL): Promise<boolean> {
  try {
    await Deno.lstat(path);
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

// A network that swallows packets answers nothing at all, so the question has a limit of its own.
async function reachable(): Promise<boolean> {
  const child = new Deno.Command(Deno.execPath(), {
    // Without a configuration, or the links of a half-made .offline/ would answer.
    args: ["cache", "--quiet", "--no-config", "--no-lock", ...PACKAGES],
    stdin: "null",
    stdout: "null",
    stderr: "null",
  }).spawn();
  const timer = setTimeout(() => child.kill("SIGKILL"), ASK_LIMIT_MS);
  const { success } = await child.status;
  clearTimeout(timer);
  return success;
}

// A file that is the same already is left alone: another Deno may be reading it.
async function copyFile(from: URL, to: URL): Promise<void> {
  const text = await Deno.readTextFile(from);
  if (await exists(to) && await Deno.readTextFile(to) === text) return;
  await Deno.writeTextFile(to, text);
}

async function copyFolder(from: URL, to: URL): Promise<void> {
  await Deno.mkdir(to, { recursive: true });
  for await (const entry of Deno.readDir(from)) {
    if (entry.isFile) await copyFile(new URL(entry.name, from), new URL(entry.name, to));
  }
}

async function copyStandIns(to: URL): Promise<void> {
  for (const name of STAND_INS) {
    await copyFolder(new URL(`${name}/`, here), new URL(`${name}/`, to));
  }
}

// Made aside and renamed, so that a second Deno started meanwhile sees no half of a package.
async function putStandIns(): Promise<void> {
  const aside = new URL(`../.offline.${Deno.pid}/`, import.meta.url);
  await copyStandIns(aside);
  try {
    await Deno.rename(aside, target);
  } catch (error) {
    await Deno.remove(aside, { recursive: true });
    if (!await exists(target)) throw error;
  }
}

if (await exists(target)) {
  await copyStandIns(target);
} else if (!await reachable()) {
  console.error("@std cannot be reached: its stand-ins from offline/ are now in .offline/");
  await putStandIns();
}
