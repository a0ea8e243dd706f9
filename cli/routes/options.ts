/** The options of `planecheck routes`: every one checked, every refusal one line. */
import { z } from "zod";
import { checked, number, oneOf, path, SEED_MAX } from "../option_schema.ts";

/** Most bytes that a table can be given. */
export const MEMORY_MAX = 2 ** 31;
const NEXT_HOPS_MAX = 65536;

/** What `routes` was asked to do. */
export interface RoutesOptions {
  /** Path of the routes. */
  readonly file: string;
  /** Address family; null for that of the first route. */
  readonly family: 4 | 6 | null;
  /** Path of updates to replay; null for none. */
  readonly updates: string | null;
  /** Next hops that a list without any is spread over. */
  readonly nextHops: number;
  /** Bytes that each table is given; null for its own limits. */
  readonly memory: number | null;
  /** Seed of the sample and of the addresses. */
  readonly seed: number;
  /** Whether the report goes to standard output. */
  readonly json: boolean;
  /** Folder of the report; null for none. */
  readonly report: string | null;
}

const schema = z.strictObject({
  family: oneOf(["4", "6"]),
  updates: path,
  nextHops: number(
    /^\d{1,9}$/,
    `an integer in 1..${NEXT_HOPS_MAX}`,
    (n) => n >= 1 && n <= NEXT_HOPS_MAX,
  ),
  memory: number(
    /^\d{1,10}$/,
    `an integer of bytes in 1..${MEMORY_MAX}`,
    (n) => n >= 1 && n <= MEMORY_MAX,
  ),
  seed: number(/^\d{1,10}$/, `an integer in 0..${SEED_MAX}`, (n) => n <= SEED_MAX),
  json: z.boolean().optional(),
  report: path,
});

/**
 * Checks options as the command line has them, all of them strings or flags.
 * @throws {UserError} naming the option, what was expected and what was given
 */
export function parseRoutesOptions(file: string, raw: Record<string, unknown>): RoutesOptions {
  const o = checked(schema, raw);
  return {
    file,
    family: o.family === undefined ? null : o.family === "4" ? 4 : 6,
    updates: o.updates ?? null,
    nextHops: o.nextHops ?? 4,
    memory: o.memory ?? null,
    seed: o.seed ?? 1,
    json: o.json ?? false,
    report: o.report ?? null,
  };
}
