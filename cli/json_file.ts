/** Files of JSON that the user writes. */
import type { z } from "zod";
import { readInput } from "./files.ts";
import { UserError } from "./user_error.ts";

/** Characters that are shown of a value that is not as expected. */
const GOT_MAX = 60;

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
  return parsed(path, json, schema);
}

/**
 * A value that stands in a file, as a schema has it.
 *
 * @param at where in the file it stands
 * @throws {UserError} naming the first thing that is not as expected
 */
export function parsed<T>(
  path: string,
  value: unknown,
  schema: z.ZodType<T>,
  at: readonly PropertyKey[] = [],
): T {
  const result = schema.safeParse(value, { reportInput: true });
  if (result.success) return result.data;
  const issue = result.error.issues[0]!;
  const where = [...at, ...issue.path].map(String).join(".") || "top level";
  const said = issue.message.replace(/^(?:Invalid \w+|Too \w+): /, "").replace(/, received .*/, "");
  // a key too many says its name itself
  const got = issue.code === "unrecognized_keys" ? "" : `, got ${text(issue.input)}`;
  throw new UserError(`${path}: ${where}: ${said}${got}`);
}

function text(value: unknown): string {
  const json = JSON.stringify(value) ?? "nothing";
  return json.length > GOT_MAX ? `${json.slice(0, GOT_MAX)}...` : json;
}
