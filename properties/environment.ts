/**
 * What the environment asks of conformance tests: a seed, or the replay of one token. Without
 * permission to read a variable it is as if it were not set.
 */
import { decodeToken, type Token } from "./replay/token.ts";

const SEED_VARIABLE = "PLANECHECK_SEED";
const REPLAY_VARIABLE = "PLANECHECK_REPLAY";

/**
 * The seed that PLANECHECK_SEED names.
 * @throws {RangeError} when it is not an integer of 32 bits
 */
export function seedFromEnvironment(): number | undefined {
  const text = variable(SEED_VARIABLE);
  if (text === undefined) return undefined;
  const seed = Number(text);
  if (!Number.isInteger(seed) || seed < -0x80000000 || seed > 0x7fffffff) {
    throw new RangeError(
      `Cannot take seed: ${SEED_VARIABLE} is ${JSON.stringify(text)}, not an integer of 32 bits`,
    );
  }
  return seed;
}

/**
 * The token that PLANECHECK_REPLAY holds.
 * @throws {InputError} when it is not a token
 */
export function replayFromEnvironment(): Token | undefined {
  const text = variable(REPLAY_VARIABLE);
  return text === undefined ? undefined : decodeToken(text);
}

/** Why a test of another kind of subject is left out while a token is replayed. */
export function otherKind(token: Token): string {
  return `not run: ${REPLAY_VARIABLE} is about a ${token.kind}`;
}

function variable(name: string): string | undefined {
  const { state } = Deno.permissions.querySync({ name: "env", variable: name });
  const text = state === "granted" ? Deno.env.get(name) : undefined;
  return text === "" ? undefined : text;
}

/** The stack of a broken law leads into the harness and tells its reader nothing. */
export function withoutStack(error: Error): Error {
  error.stack = `${error.name}: ${error.message}`;
  return error;
}
