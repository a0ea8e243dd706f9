/** What `deno task bench:live` may be told. */

/** How it is called. */
export const USAGE: string =
  "usage: deno task bench:live [--rounds N] [--seconds S] [--frames N] [--xdp 1]";

/** Rounds, seconds of each, frames of the last part, and 1 for AF_XDP. */
export interface LiveOptions {
  readonly rounds: number;
  readonly seconds: number;
  readonly frames: number;
  readonly xdp: number;
}

const LIMITS: { readonly [name in keyof LiveOptions]: readonly [number, number] } = {
  rounds: [1, 1000],
  seconds: [1, 3600],
  frames: [1, 1e9],
  xdp: [0, 1],
};

/**
 * Reads a command line.
 * @throws {RangeError} naming the option, what was expected and what was given
 */
export function parseLiveOptions(args: readonly string[]): LiveOptions {
  const options = { rounds: 5, seconds: 2, frames: 10_000_000, xdp: 0 };
  for (let i = 0; i < args.length; i += 2) {
    const [option, value] = [args[i]!, args[i + 1]];
    const name = option.replace(/^--/, "") as keyof LiveOptions;
    if (!option.startsWith("--") || !Object.hasOwn(LIMITS, name)) {
      throw new RangeError(`expected an option, got ${JSON.stringify(option)}; ${USAGE}`);
    }
    const [least, most] = LIMITS[name];
    const n = /^\d+$/.test(value ?? "") ? Number(value) : NaN;
    if (!(n >= least && n <= most)) {
      const got = value === undefined ? "nothing" : JSON.stringify(value);
      throw new RangeError(`${option}: expected an integer in ${least}..${most}, got ${got}`);
    }
    options[name] = n;
  }
  return options;
}
