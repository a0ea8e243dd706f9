/**
 * Puts a report into a folder so that nobody ever sees half of one: a new folder is filled under another name beside
 * its place and then renamed; in a folder that exists each file is replaced by a rename.
 */
import { reasonOf } from "../files.ts";
import { UserError } from "../user_error.ts";

/** A report as files by name. */
export type ReportFiles = Readonly<Record<string, string>>;

/**
 * Finds out before a long computation whether a report can be put there: an existing folder, or a place where one can
 * be made. Leaves nothing behind.
 * @throws {UserError} naming the folder and what is in the way
 */
export function checkReportFolder(folder: string): void {
  const existing = nearestExisting(folder);
  try {
    if (!Deno.statSync(existing).isDirectory) {
      throw new UserError(`${folder}: expected a folder for the report, but ${existing} is a file`);
    }
    Deno.removeSync(Deno.makeTempDirSync({ dir: existing, prefix: ".planecheck-" }));
  } catch (error) {
    if (error instanceof UserError) throw error;
    throw refusal(folder, error);
  }
}

/**
 * Writes the files. An interrupt that comes meanwhile is held back: it is a matter of milliseconds.
 * @throws {UserError} when the folder cannot be written; nothing is left half-written
 */
export function writeReport(folder: string, files: ReportFiles): void {
  const hold = () => {};
  Deno.addSignalListener("SIGINT", hold);
  try {
    if (exists(folder)) replaceFiles(folder, files);
    else makeFolder(folder, files);
  } catch (error) {
    if (error instanceof UserError) throw error;
    throw refusal(folder, error);
  } finally {
    Deno.removeSignalListener("SIGINT", hold);
  }
}

function makeFolder(folder: string, files: ReportFiles): void {
  const parent = parentOf(folder);
  Deno.mkdirSync(parent, { recursive: true });
  const temporary = Deno.makeTempDirSync({ dir: parent, prefix: ".planecheck-" });
  try {
    for (const [name, text] of Object.entries(files)) {
      Deno.writeTextFileSync(`${temporary}/${name}`, text);
    }
    Deno.chmodSync(temporary, 0o755);
    Deno.renameSync(temporary, folder);
  } catch (error) {
    Deno.removeSync(temporary, { recursive: true });
    throw error;
  }
}

function replaceFiles(folder: string, files: ReportFiles): void {
  const temporary = Deno.makeTempDirSync({ dir: folder, prefix: ".planecheck-" });
  try {
    // All are written before the first one is put in place: a full disk must not mix two reports.
    for (const [name, text] of Object.entries(files)) {
      Deno.writeTextFileSync(`${temporary}/${name}`, text);
    }
    // No rename replaces a folder: found out at the second file, the first one would be new already.
    for (const name of Object.keys(files)) {
      if (!isFolder(`${folder}/${name}`)) continue;
      throw new UserError(`${folder}: expected a place for ${name}, but a folder has that name`);
    }
    for (const name of Object.keys(files)) {
      Deno.renameSync(`${temporary}/${name}`, `${folder}/${name}`);
    }
  } finally {
    Deno.removeSync(temporary, { recursive: true });
  }
}

function refusal(folder: string, error: unknown): UserError {
  return new UserError(`${folder}: expected a folder that can be written, got ${reasonOf(error)}`);
}

function exists(path: string): boolean {
  try {
    Deno.lstatSync(path);
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

function isFolder(path: string): boolean {
  return exists(path) && Deno.lstatSync(path).isDirectory;
}

function nearestExisting(path: string): string {
  let at = path;
  try {
    while (!exists(at) && at !== parentOf(at)) at = parentOf(at);
  } catch (error) {
    throw refusal(path, error);
  }
  return at;
}

/** The folder that holds a path; `.` and `/` hold themselves. */
function parentOf(path: string): string {
  const bare = path.replace(/(?<=[^/])\/+$/, "");
  const slash = bare.lastIndexOf("/");
  return slash < 0 ? "." : slash === 0 ? "/" : bare.slice(0, slash);
}
