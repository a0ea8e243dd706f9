/**
 * Conformance under `deno test`: three lines of user code, one test, a step for each law. It uses
 * Deno's test registry, two variables of the environment, and files where that is permitted.
 */
import type { AsyncDevice, DeviceUnderTest, Scenario } from "../core/machine/device.ts";
import type { MachineProfile } from "../core/machine/profile.ts";
import { testbed } from "../core/machine/testbed.ts";
import type { Stack } from "../core/stack.ts";
import type { Counterexample } from "./counterexample/counterexample.ts";
import { readScenario, scenarioOf, writeCounterexample } from "./counterexample/json.ts";
import { captureCounterexample } from "./counterexample/pcapng.ts";
import { reportCounterexample } from "./counterexample/report.ts";
import {
  checkConformance,
  type CheckOptions,
  type ConformanceResult,
  type LawResult,
} from "./run/check.ts";
import { checkConformanceAsync } from "./run/check_async.ts";
import { counted } from "./laws/_text.ts";
import { InputError } from "../fixtures/input_error.ts";
import {
  otherKind,
  replayFromEnvironment,
  seedFromEnvironment,
  withoutStack,
} from "./environment.ts";
import { decodeToken, isToken, type Token } from "./replay/token.ts";
import { DEFAULT_MACHINE } from "./run/default_machine.ts";

/** Folder for counterexamples unless told otherwise. */
const FOLDER = "counterexamples";
/** Characters of a file's name that are the test's: file systems take 255, with the law and the ending. */
const FILE_NAME_MAX = 200;
/** What follows the name of the test in the name of a counterexample's file. */
const LAW_FILE = /^[A-Z]+-\d+[a-z]?\.json$/;
const ANY_LAW_FILE = /-[A-Z]+-\d+[a-z]?\.json$/;

/** What `conformance` may be told. Everything has a default. */
export interface ConformanceOptions extends Omit<CheckOptions, "replay"> {
  /** A token, or the path of a counterexample's JSON: runs its scenario instead of drawing any. */
  readonly replay?: string;
  /**
   * Folder for counterexamples, `counterexamples` unless given; read and written only where that is
   * permitted.
   */
  readonly out?: string;
  /** The machine that a stack is put on. */
  readonly machine?: MachineProfile;
}

/**
 * Registers one test `name` that judges a stack, on a simulated machine, or any other device by the
 * laws: each law is a step. A law that could not be judged is reported as ignored, never as passed.
 * A broken law prints its shrunk counterexample with the token that replays it, and leaves it as
 * JSON (see `replay`) and as a capture in the folder `out`. What earlier runs left there is run again
 * first, so that a failure that was seen once is not forgotten. The variable PLANECHECK_REPLAY with a
 * token runs its scenario alone.
 *
 * The same code gives the same result: the seed is fixed unless `seed` or the variable
 * PLANECHECK_SEED says otherwise.
 *
 * @throws {RangeError} when PLANECHECK_SEED is not an integer of 32 bits
 * @example
 * ```ts
 * import { conformance } from "@planecheck/planecheck";
 * import { type Stack, STRICT } from "@planecheck/planecheck/core";
 * import { assertEquals } from "@std/assert";
 *
 * const lazy: Stack = () => ({ name: "lazy", poll: () => 0 });
 * // A file that ends in `_test.ts` would say: conformance("lazy", lazy);
 * assertEquals(typeof conformance, "function");
 * assertEquals(lazy.policy ?? STRICT, STRICT);
 * ```
 */
export function conformance(
  name: string,
  subject: Stack | DeviceUnderTest | AsyncDevice,
  options: ConformanceOptions = {},
): void {
  const { replay, out = FOLDER, machine = DEFAULT_MACHINE, ...rest } = options;
  const seed = options.seed ?? seedFromEnvironment();
  const token = replayFromEnvironment();
  if (token !== undefined && token.kind !== "forwarder") {
    Deno.test({ name: `${name} (${otherKind(token)})`, ignore: true, fn: () => {} });
    return;
  }
  Deno.test(name, async (t) => {
    const check = judging(subject, name, machine, options.fresh);
    const replayed = token ?? replay;
    if (replayed === undefined) {
      for (const path of pastFailures(out, name)) {
        await t.step(`again ${path}`, async () => {
          const result = await check({ ...rest, replay: readReplay(path) });
          const broken = stepsOf(result, () => [path]).filter(({ failure }) => failure !== null);
          if (broken.length > 0) {
            throw withoutStack(new Error(broken.map(({ failure }) => failure).join("\n\n")));
          }
        });
      }
    }
    const result = await check({
      ...rest,
      ...seed === undefined ? {} : { seed },
      ...replayed === undefined ? {} : { replay: readReplay(replayed) },
    });
    for (const step of stepsOf(result, (example) => saveCounterexample(out, name, example))) {
      await t.step({
        name: step.name,
        ignore: step.ignore,
        fn() {
          if (step.failure !== null) throw withoutStack(new Error(step.failure));
        },
      });
    }
  });
}

/** How a subject is judged: stacks on a machine, devices as they are, asynchronous ones one by one. */
function judging(
  subject: Stack | DeviceUnderTest | AsyncDevice,
  name: string,
  machine: MachineProfile,
  fresh: (() => DeviceUnderTest) | undefined,
): (options: CheckOptions) => ConformanceResult | Promise<ConformanceResult> {
  if ("runAsync" in subject) return (options) => checkConformanceAsync(subject, options);
  const build = typeof subject === "function" ? () => testbed(subject, machine, { name }) : fresh;
  const device = typeof subject === "function" ? testbed(subject, machine, { name }) : subject;
  const freshly = build === undefined ? {} : { fresh: build };
  return (options) => checkConformance(device, { ...options, ...freshly });
}

/** One step of the test: a law, or what the harness has to keep. */
export interface ConformanceStep {
  readonly name: string;
  /** Not judged on any run. */
  readonly ignore: boolean;
  /** What is wrong, or null. */
  readonly failure: string | null;
}

/**
 * The steps of a result; `save` stores a counterexample and answers what the report says of its
 * files.
 */
export function stepsOf(
  result: ConformanceResult,
  save: (counterexample: Counterexample) => readonly string[],
): ConformanceStep[] {
  const steps = result.laws.map((law): ConformanceStep => ({
    name: lawLine(law, result.runs),
    ignore: law.judged === 0,
    failure: law.counterexample === null
      ? null
      : reportCounterexample(law.counterexample, save(law.counterexample)),
  }));
  const { runs, packets, seed, harness } = result;
  const failure = harness.map(({ id, sentence }) => `${id}: ${sentence}`).join("\n");
  steps.push({
    name: `${counted(runs, "scenario")}, ${counted(packets, "packet")}, seed ${seed}`,
    ignore: false,
    failure: failure === "" ? null : failure,
  });
  return steps;
}

function lawLine(
  { law, judged, judgedIn, kept, first, notJudged }: LawResult,
  runs: number,
): string {
  if (judged === 0) return `${law.id} not judged: ${notJudged[0]?.why ?? "no run"}`;
  if (kept < judged) {
    return `${law.id} broken on ${judged - kept} of ${judged} runs, first on run ${first}`;
  }
  const { coarse, tlp } = judgedIn;
  return `${law.id} kept, judged on ${judged} of ${runs} runs (${coarse} coarse, ${tlp} tlp)`;
}

/**
 * Writes a counterexample's JSON and capture, and its ladder diagram if it has one, to `folder`; answers their paths, or why there are
 * none.
 */
export function saveCounterexample(
  folder: string,
  name: string,
  counterexample: Counterexample,
): string[] {
  const state = Deno.permissions.querySync({ name: "write", path: folder }).state;
  if (state !== "granted") return [`none: writing to ${folder} is not permitted (--allow-write)`];
  const base = `${fileName(name)}-${counterexample.law.id}`;
  const json = `${folder}/${base}.json`;
  const pcapng = `${folder}/${base}.pcapng`;
  Deno.mkdirSync(folder, { recursive: true });
  Deno.writeTextFileSync(json, writeCounterexample(counterexample));
  Deno.writeFileSync(pcapng, captureCounterexample(counterexample));
  const { ladder } = counterexample;
  if (ladder === undefined) return [json, pcapng];
  const [text, svg] = [`${folder}/${base}.txt`, `${folder}/${base}.svg`];
  Deno.writeTextFileSync(text, ladder.text);
  Deno.writeTextFileSync(svg, ladder.svg);
  return [json, pcapng, text, svg];
}

function fileName(name: string): string {
  return name.replace(/[^\w.-]+/g, "-").replace(/^[.-]+/, "").slice(0, FILE_NAME_MAX);
}

/** The counterexamples of earlier runs of this test, where reading them is permitted. */
function pastFailures(folder: string, name: string): string[] {
  if (Deno.permissions.querySync({ name: "read", path: folder }).state !== "granted") return [];
  const stem = `${fileName(name)}-`;
  const files = filesIn(folder);
  for (const file of files) {
    if (file.endsWith(".json") && !ANY_LAW_FILE.test(file)) warnOnce(`${folder}/${file}`);
  }
  return files.filter((file) => file.startsWith(stem) && LAW_FILE.test(file.slice(stem.length)))
    .sort().map((file) => `${folder}/${file}`);
}

function filesIn(folder: string): string[] {
  try {
    return [...Deno.readDirSync(folder)].map((entry) => entry.name);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return [];
    const got = error instanceof Error ? error.message.split("\n", 1)[0] : String(error);
    throw withoutStack(
      new Error(`Cannot read ${folder}: expected a folder of counterexamples, got ${got}`),
    );
  }
}

const warned = new Set<string>();

/** No test will ever run this file again. */
function warnOnce(path: string): void {
  if (warned.has(path)) return;
  warned.add(path);
  console.warn(`${path} is left out: expected TEST-LAW.json, as conformance names counterexamples`);
}

/**
 * The scenario of a token of a forwarder.
 * @throws {InputError} when it is one of something else
 */
function scenarioOfToken(token: Token): Scenario {
  if (token.kind === "forwarder") return scenarioOf(token.scenario);
  throw new InputError("token", "kind", `expected forwarder, got ${token.kind}`);
}

/** The scenario of a token or of a counterexample's file. */
function readReplay(path: string | Token): Scenario {
  if (typeof path !== "string") return scenarioOfToken(path);
  if (isToken(path)) return scenarioOfToken(decodeToken(path));
  let text: string;
  try {
    text = Deno.readTextFileSync(path);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new Error(`Cannot replay ${path}: ${reason}`, { cause: error });
  }
  return readScenario(text, path);
}
