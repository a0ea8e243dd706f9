// Aim: no copy of an exam outlives it, however it ends. Method: exams of a package of one file in processes of their
// own, ended by a signal; SIGKILL leaves a copy, which the next one removes.
import { assertEquals } from "@std/assert";

const MODULE = new URL("./copy.ts", import.meta.url).href;

/** Starts a process that makes two copies of `root` under `tmp`, says so, and waits. */
async function start(root: string, tmp: string): Promise<Deno.ChildProcess> {
  const code = `
    import { Copy } from "${MODULE}";
    await using _a = await Copy.of("${root}");
    await using _b = await Copy.of("${root}");
    console.log("made");
    await new Promise((done) => setTimeout(done, 60_000));`;
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "--allow-all", "--no-check", "--no-config", "-"],
    env: { TMPDIR: tmp },
    stdin: "piped",
    stdout: "piped",
    stderr: "null",
  }).spawn();
  const writer = child.stdin.getWriter();
  await writer.write(new TextEncoder().encode(code));
  await writer.close();
  const reader = child.stdout.getReader();
  await reader.read();
  reader.releaseLock();
  return child;
}

async function ended(child: Deno.ChildProcess, signal: Deno.Signal): Promise<number> {
  child.kill(signal);
  const [{ code }] = await Promise.all([child.status, child.stdout.cancel()]);
  return code;
}

const left = (tmp: string) => [...Deno.readDirSync(tmp)].length;

Deno.test("Copy goes with its process by SIGINT and SIGTERM, and at the next start after SIGKILL", async () => {
  const root = await Deno.makeTempDir();
  const tmp = await Deno.makeTempDir();
  try {
    await Deno.writeTextFile(`${root}/a.ts`, "export {};\n");
    for (const [signal, code] of [["SIGINT", 130], ["SIGTERM", 143]] as const) {
      const child = await start(root, tmp);
      assertEquals(left(tmp), 2);
      assertEquals(await ended(child, signal), code);
      assertEquals(left(tmp), 0, signal);
    }
    const killed = await start(root, tmp);
    const alive = await start(root, tmp);
    await ended(killed, "SIGKILL");
    assertEquals(left(tmp), 4);
    const next = await start(root, tmp);
    assertEquals(left(tmp), 4, "what is left of the dead is gone, of the living it stays");
    for (const child of [alive, next]) await ended(child, "SIGTERM");
    assertEquals(left(tmp), 0);
  } finally {
    for (const folder of [root, tmp]) await Deno.remove(folder, { recursive: true });
  }
});
