/** Reads the files that a command line names, with a limit and with errors for people. */
import { InputError } from "../fixtures/mod.ts";
import { UserError } from "./user_error.ts";

/** What is read of a long file before it is read whole. */
const START_BYTES = 2 ** 16;

/**
 * The bytes of a regular file.
 *
 * @param expected what the file should be, e.g. `a prefix list`
 * @param checkStart throws what is wrong with the first bytes of a long file, before the rest is read
 * @throws {UserError} when it is not there, not a regular file, unreadable, empty, or longer than `bytesMax`
 */
export function readInput(
  path: string,
  expected: string,
  bytesMax: number,
  checkStart?: (path: string, start: Uint8Array) => void,
): Uint8Array {
  let bytes: Uint8Array;
  try {
    const info = Deno.statSync(path);
    if (info.isDirectory) throw new UserError(`${path}: expected ${expected}, got a directory`);
    // A device or a pipe may never end.
    if (!info.isFile) throw new UserError(`${path}: expected ${expected}, got no regular file`);
    if (info.size > bytesMax) {
      throw new UserError(
        `${path}: expected ${expected} of at most ${bytesMax} bytes, got ${info.size}`,
      );
    }
    if (checkStart !== undefined && info.size > START_BYTES) {
      checkStart(path, readBytes(path, START_BYTES));
    }
    bytes = readBytes(path, info.size);
  } catch (error) {
    if (error instanceof UserError || error instanceof InputError) throw error;
    throw new UserError(`${path}: expected ${expected}, got ${reasonOf(error)}`);
  }
  if (bytes.length === 0) throw new UserError(`${path}: expected ${expected}, got an empty file`);
  return bytes;
}

/**
 * The first `size` bytes, fewer if the file has become shorter. Not the whole: a file may grow meanwhile, and those
 * of /proc have no size but may have no end either.
 */
function readBytes(path: string, size: number): Uint8Array {
  const bytes = new Uint8Array(size);
  let at = 0;
  if (size === 0) return bytes;
  using file = Deno.openSync(path);
  while (at < size) {
    const n = file.readSync(bytes.subarray(at));
    if (n === null) break;
    at += n;
  }
  return bytes.subarray(0, at);
}

/** What the operating system answered, without its numbers and paths. */
export function reasonOf(error: unknown): string {
  if (error instanceof Deno.errors.NotFound) return "no such file or directory";
  if (error instanceof Deno.errors.PermissionDenied) return "permission denied";
  if (error instanceof Deno.errors.NotADirectory) {
    return "a path through something that is no directory";
  }
  if (!(error instanceof Error)) return String(error);
  return error.message.split("\n", 1)[0]!.replace(/ \(os error \d+\).*$/, "");
}
