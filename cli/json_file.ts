/** Files of JSON that the user writes. */
import type { z } from "zod";
import { readInput } from "./files.ts";
import { UserError } from "./user_error.ts";

/**
 * What a file says, as a schema has it.
 *
 * @param expected what the file should be, e.g. `a bench file`
 * @throws {UserError} when it cannot be read, is longer than `bytesMax`, is no JSON, or not as the schema has it
 */
export function readJsonFile<T>(
  path: string,
  expected: string,
  bytesMax: number,
  schema: z.ZodType<T>,
): T {
  const bytes = readInput(path, expected, bytesMax);
  let json: unknown;
  try {
    json = JSON.parse(new TextDecoder().decode(bytes));
  } catch (error) {
    throw new UserError(`${path}: expected JSON, got ${(error as Error).message}`);
  }
  const parsed = schema.safeParse(json);
  if (!parsed.success) throw refused(path, parsed.error.issues[0]!);
  return parsed.data;
}

/** What to say of the first thing in a file that is not as expected. */
export function refused(
  path: string,
  issue: { readonly path: readonly PropertyKey[]; readonly message: string },
): UserError {
  return new UserError(`${path}: ${issue.path.map(String).join(".") || "file"}: ${issue.message}`);
}
