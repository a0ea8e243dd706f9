// Aim: the process itself ends in order when its output cannot be written or nobody reads it.
// Method: run it through a shell with such outputs, and compare its exit code and what it says.
import { assertEquals } from "@std/assert";
import { fileURLToPath } from "node:url";

const MAIN = fileURLToPath(new URL("./main.ts", import.meta.url));

/** Runs a shell script in which `"$@"` is the command. */
async function shell(script: string, ...args: string[]): Promise<{ code: number; err: string }> {
  const command = [Deno.execPath(), "run", "-A", MAIN, ...args];
  const { code, stderr } = await new Deno.Command("sh", {
    args: ["-c", script, "sh", ...command],
    stdout: "null",
    stderr: "piped",
  }).output();
  return { code, err: new TextDecoder().decode(stderr) };
}

Deno.test("planecheck says in one line that standard output is full", async () => {
  if (Deno.build.os !== "linux") return;
  assertEquals(await shell('"$@" > /dev/full', "--help"), {
    code: 2,
    err: "planecheck: standard output: expected room for the text, got No space left on device\n",
  });
});

Deno.test("planecheck ends in silence when nobody reads on", async () => {
  if (Deno.build.os === "windows") return;
  // The reader has gone before the first byte is written; $? of the writer is passed on by a file.
  const folder = Deno.makeTempDirSync();
  try {
    const script = `{ sleep 0.2; "$@"; echo $? > ${folder}/code; } | exec true`;
    assertEquals(await shell(script, "--help"), { code: 0, err: "" });
    assertEquals(Deno.readTextFileSync(`${folder}/code`), "0\n");
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
});
