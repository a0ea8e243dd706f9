/**
 * A program as a device under test: any forwarder that can be made to read frames and write frames.
 *
 * Each run starts the program anew, gives it the scenario, and takes what it wrote when it has ended;
 * so it sees one scenario whole, and nothing of others.
 *
 * The program runs in a POSIX shell (`exec COMMAND`), with the rights of this process. It is ended
 * when it takes longer than it may or writes more than could be frames.
 */
import { spawnSync } from "node:child_process";
import {
  type DeviceUnderTest,
  type Evidence,
  RunFailure,
  type Scenario,
} from "../../core/machine/device.ts";
import { Observation } from "../../core/machine/observation.ts";
import type { Policy } from "../../core/policy.ts";
import { readFolder, writeFolder } from "./captures.ts";
import { observe, type Sent } from "./observe.ts";
import { ANY_ROUTER } from "./policy.ts";
import { readRecords, writeRecords } from "./records.ts";

/** How a program is given frames: records on its standard streams, or captures in a folder. */
export type ExternalProtocol = "stream" | "pcap";

/** What is known of a program. */
export interface ExternalOptions {
  /**
   * The program with its arguments, as a shell takes them. With protocol `"pcap"` the path of the folder
   * follows as its last argument.
   */
  readonly command: string;
  /** How it reads and writes; `"stream"`. */
  readonly protocol?: ExternalProtocol;
  /** Name in reports; the command. */
  readonly name?: string;
  /** What it declares; {@link ANY_ROUTER}. */
  readonly policy?: Policy;
  /** Milliseconds after which a run is ended; 10,000. */
  readonly timeoutMs?: number;
}

const OFFERS: ReadonlySet<Evidence> = new Set(["frames", "fates"]);
const TIMEOUT_MS = 10_000;
/** What a program may write beyond four times what it was given. */
const OUTPUT_SPARE = 1 << 16;
const WORDS_MAX = 200;
/** How a shell ends that may not run the program, or does not find it (POSIX, XCU 2.8.2). */
const NOT_RUN = [126, 127];

/**
 * A program as a device for `conformance` and `checkConformance`. What goes wrong with the program (it
 * crashes, does not end, writes garbage) breaks the law RUN-1, with a scenario that shows it. A program that
 * the shell cannot start at the first run breaks no law: the run throws a `RunFailure` of kind `missing`.
 *
 * @throws {RangeError} when the command is empty or the time is not positive
 * @example
 * ```ts
 * import { external } from "@planecheck/planecheck/stacks";
 * import { checkConformance } from "@planecheck/planecheck/properties";
 * import { assertEquals } from "@std/assert";
 *
 * // a program that reads everything and sends nothing
 * const device = external({ command: "cat > /dev/null" });
 * const { laws } = checkConformance(device, { numRuns: 5, only: /LOSS-1a/ });
 * assertEquals(laws.map(({ law, kept, judged }) => [law.id, kept < judged]), [
 *   ["RUN-1", false],
 *   ["LOSS-1a", true],
 * ]);
 * ```
 */
export function external(options: ExternalOptions): DeviceUnderTest {
  const { command, protocol = "stream", policy = ANY_ROUTER } = options;
  const { name = command, timeoutMs = TIMEOUT_MS } = options;
  if (command.trim() === "") throw new RangeError("Cannot run a program: the command is empty");
  if (!(timeoutMs > 0)) {
    throw new RangeError(`Cannot run a program: timeoutMs is ${timeoutMs}, not above 0`);
  }
  const observation = new Observation();
  const program = { command, timeoutMs, hasRun: false };
  const run = (scenario: Scenario): Observation => {
    const folder = Deno.makeTempDirSync({ prefix: "planecheck-" });
    try {
      const sent = protocol === "stream"
        ? runOnStream(program, folder, scenario)
        : runOnFolder(program, folder, scenario);
      return observe(observation, name, policy, scenario, sent);
    } finally {
      Deno.removeSync(folder, { recursive: true });
    }
  };
  return { name, policy, offers: OFFERS, run };
}

interface Program {
  readonly command: string;
  readonly timeoutMs: number;
  /** Whether it was ever started. */
  hasRun: boolean;
}

function runOnStream(program: Program, folder: string, scenario: Scenario): Sent {
  const input = writeRecords(scenario);
  const file = `${folder}/input`;
  Deno.writeFileSync(file, input);
  // a file and not a pipe: a program that ends early would break it, and its exit code be lost
  const bytes = ran(program, '< "$1"', file, 4 * input.length + OUTPUT_SPARE);
  return { bytes, frames: readRecords(bytes, scenario.geometry.ports) };
}

function runOnFolder(program: Program, folder: string, scenario: Scenario): Sent {
  writeFolder(folder, scenario);
  ran(program, '"$1"', folder, OUTPUT_SPARE);
  return readFolder(folder, scenario.geometry.ports);
}

/** Runs the program to its end; answers its output. */
function ran(program: Program, rest: string, path: string, most: number): Uint8Array {
  const { command, timeoutMs } = program;
  const { status, signal, error, stdout, stderr } = spawnSync(
    "sh",
    ["-c", `exec ${command} ${rest}`, "sh", path],
    {
      timeout: timeoutMs,
      killSignal: "SIGKILL",
      maxBuffer: most,
      stdio: ["ignore", "pipe", "pipe"],
    },
  );
  const code = (error as { code?: string } | undefined)?.code;
  const words = lastWords(stderr);
  if (!program.hasRun && status !== null && NOT_RUN.includes(status)) {
    throw new RunFailure(
      `expected a program that can be run, got ${JSON.stringify(command)}, ` +
        `which ended with exit code ${status}${words}`,
      "missing",
    );
  }
  program.hasRun = true;
  if (code === "ETIMEDOUT") {
    throw new RunFailure(`it did not end within ${timeoutMs} ms`, "timeout");
  }
  if (code === "ENOBUFS") throw new RunFailure(`it wrote more than ${most} bytes`);
  if (error !== undefined) throw new RunFailure(`it could not be run: ${error.message}`);
  if (signal !== null) throw new RunFailure(`it was ended by ${signal}${words}`);
  if (status !== 0) throw new RunFailure(`it ended with exit code ${status}${words}`);
  return stdout;
}

/** The last line that a program wrote to its standard error. */
function lastWords(stderr: Uint8Array): string {
  const lines = new TextDecoder().decode(stderr).trim().split("\n");
  const last = lines.at(-1)!.replace(/\p{Cc}/gu, " ").slice(0, WORDS_MAX);
  return last === "" ? "" : `, saying ${JSON.stringify(last)}`;
}
