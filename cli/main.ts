/** Entry point of the `planecheck` command. */
import { reasonOf } from "./files.ts";
import { main } from "./mod.ts";
import { terminalProgress } from "./progress.ts";
import { UserError } from "./user_error.ts";

function writeAll(to: { writeSync(bytes: Uint8Array): number }, text: string): void {
  const bytes = new TextEncoder().encode(text);
  try {
    for (let at = 0; at < bytes.length;) at += to.writeSync(bytes.subarray(at));
  } catch (error) {
    // Whoever read has gone, as `head` does: nobody is left to tell.
    if (error instanceof Deno.errors.BrokenPipe) Deno.exit(0);
    throw new UserError(`standard output: expected room for the text, got ${reasonOf(error)}`);
  }
}

/**
 * A task runs in the folder of deno.json; INIT_CWD is where its user stands, and from where the paths of a command line
 * are meant.
 */
function standWithUser(): void {
  const from = Deno.env.get("INIT_CWD");
  const project = import.meta.dirname;
  if (from === undefined || project === undefined) return;
  if (Deno.cwd() === Deno.realPathSync(`${project}/..`)) Deno.chdir(from);
}

if (import.meta.main) {
  standWithUser();
  const code = await main(Deno.args, {
    stdout: (text) => writeAll(Deno.stdout, text),
    stderr: (text) => writeAll(Deno.stderr, text),
    ...(Deno.stderr.isTerminal() ? { progress: terminalProgress() } : {}),
  });
  Deno.exit(code);
}
