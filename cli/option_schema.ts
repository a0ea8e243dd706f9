/** What the options of commands are made of: each value checked, every refusal one line. */
import { z } from "zod";
import { UserError } from "./user_error.ts";

/** The greatest seed. */
export const SEED_MAX = 0xffffffff;

/** Says what was expected and what was given. */
export function refuse(ctx: z.RefinementCtx, expected: string, got: string): never {
  ctx.addIssue({ code: "custom", message: `expected ${expected}, got ${JSON.stringify(got)}` });
  return z.NEVER;
}

/** A number in a text form that the pattern allows. */
export function number(pattern: RegExp, expected: string, accepts: (n: number) => boolean) {
  return z.string().transform((text, ctx) => {
    const value = pattern.test(text) ? Number(text) : NaN;
    return accepts(value) ? value : refuse(ctx, expected, text);
  }).optional();
}

/** One of some names. */
export function oneOf<T extends string>(names: readonly T[]) {
  return z.string().transform((text, ctx) =>
    names.find((name) => name === text) ?? refuse(ctx, `one of ${names.join(", ")}`, text)
  ).optional();
}

/** A whole number from 1. */
export const whole = (most: number) =>
  number(/^\d{1,10}$/, `an integer in 1..${most}`, (n) => n >= 1 && n <= most);

/** A seed of what is drawn: fast-check takes 32 bits with a sign. */
export const drawnSeed = number(
  /^\d{1,10}$/,
  `an integer in 0..${SEED_MAX >>> 1}`,
  (n) => n <= SEED_MAX >>> 1,
);

/** A program with its arguments, as a shell takes them. */
export const shellCommand = z.string().transform((text, ctx) =>
  text.trim() === "" ? refuse(ctx, "a command", text) : text
);

/** Milliseconds that a run of a program may take: an hour at most. */
export const timeoutMs = whole(3_600_000);

/** A path: any text but the empty one. */
export const path = z.string().transform((text, ctx) =>
  text === "" ? refuse(ctx, "a path", text) : text
)
  .optional();

/**
 * Options as the command line has them, all of them strings or flags, as a schema makes them.
 * @throws {UserError} naming the option, what was expected and what was given
 */
export function checked<S extends z.ZodType>(schema: S, raw: unknown): z.output<S> {
  const result = schema.safeParse(raw);
  if (result.success) return result.data;
  const issue = result.error.issues[0]!;
  const option = String(issue.path[0] ?? "").replace(/[A-Z]/g, (c) => `-${c.toLowerCase()}`);
  throw new UserError(`--${option}: ${issue.message}`);
}
