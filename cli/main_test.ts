// Aim: paths of a command line are meant from where its user stands, also under `deno task`, which runs in another folder.
// Method: the command as a process, with the environment that a task gives it.
import { assertEquals } from "@std/assert";
import { inFolder } from "./_run_for_tests.ts";

const ROOT = new URL("../", import.meta.url).pathname;

async function replayed(cwd: string, from: string): Promise<string> {
  const args = ["run", "-A", "--no-check", `${ROOT}cli/main.ts`, "replay", "here.json"];
  const command = new Deno.Command(Deno.execPath(), { args, cwd, env: { INIT_CWD: from } });
  return new TextDecoder().decode((await command.output()).stderr).trim();
}

Deno.test("planecheck reads files from where its user stands, when a task runs it and otherwise", async () => {
  await inFolder(async (folder) => {
    Deno.writeTextFileSync(`${folder}/here.json`, "[]");
    Deno.mkdirSync(`${folder}/other`);
    const found = "planecheck: here.json: top level: expected an object, got an array of 0";
    const missing =
      "planecheck: here.json: expected a counterexample's JSON, got no such file or directory";
    assertEquals(await replayed(ROOT, folder), found);
    assertEquals(await replayed(folder, `${folder}/other`), found);
    assertEquals(await replayed(ROOT, ROOT), missing);
  });
});
