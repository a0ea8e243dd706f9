/** The options of `planecheck reproduce`: every one checked, every refusal one line. */
import { z } from "zod";
import type { Fidelity } from "../../core/mod.ts";
import { CLAIMS } from "../../fixtures/mod.ts";
import { checked, oneOf, path, refuse } from "../option_schema.ts";
import type { Background } from "./traffic.ts";

/** What `reproduce` was asked to do. */
export interface ReproduceOptions {
  /** Ids of claims, in the order of the list. */
  readonly only: readonly string[];
  readonly fidelity: Fidelity;
  readonly background: Background;
  /** Whether questions beyond the paper are answered too. */
  readonly whatIf: boolean;
  /** Whether the report goes to standard output. */
  readonly json: boolean;
  /** Folder of the report; null for none. */
  readonly report: string | null;
}

const IDS = CLAIMS.map(({ id }) => id);

const only = z.string().transform((text, ctx) => {
  const names = text.split(",").map((name) => name.trim());
  const wrong = names.find((name) => !IDS.includes(name.toUpperCase()));
  if (wrong === undefined) return names.map((name) => name.toUpperCase());
  return refuse(ctx, `ids of claims (${IDS[0]} to ${IDS.at(-1)}) with commas between`, wrong);
}).optional();

const schema = z.strictObject({
  only,
  fidelity: oneOf(["coarse", "tlp", "link"]),
  background: oneOf(["poisson", "cbr"]),
  whatIf: z.boolean().optional(),
  json: z.boolean().optional(),
  report: path,
});

/**
 * Checks options as the command line has them, all of them strings or flags.
 * @throws {UserError} naming the option, what was expected and what was given
 */
export function parseReproduceOptions(raw: Record<string, unknown>): ReproduceOptions {
  const o = checked(schema, raw);
  return {
    only: o.only === undefined ? IDS : IDS.filter((id) => o.only!.includes(id)),
    fidelity: o.fidelity ?? "coarse",
    background: o.background ?? "poisson",
    whatIf: o.whatIf ?? false,
    json: o.json ?? false,
    report: o.report ?? null,
  };
}
