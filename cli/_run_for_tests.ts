/** For tests: runs a command line in this process, with a folder to work in. */
import { main } from "./mod.ts";

/** What a command line did. */
export interface Ran {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** Runs a command line. */
export async function run(...args: string[]): Promise<Ran> {
  let out = "";
  let err = "";
  const code = await main(args, {
    stdout: (text) => void (out += text),
    stderr: (text) => void (err += text),
  });
  return { code, out, err };
}

/** Calls `body` with a new folder, and removes it. */
export async function inFolder(body: (folder: string) => Promise<void> | void): Promise<void> {
  const folder = Deno.makeTempDirSync();
  try {
    await body(folder);
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
}

/** A route to each of the four ports of the simulated host, and what lies in 10/8 beside them nowhere. */
export const FOUR_ROUTES = "10.0.0.0/16 0\n10.1.0.0/16 1\n10.2.0.0/16 2\n10.3.0.0/16 3\n";

/** Names of everything in a folder, sorted. */
export function listing(folder: string): string[] {
  return [...Deno.readDirSync(folder)].map((entry) => entry.name).sort();
}
