/** `planecheck exam`: how many planted faults the tests of planecheck itself catch. */
import { type Command, Option } from "commander";
import { z } from "zod";
import { falseAlarms } from "../exam/clean.ts";
import { packageRoot } from "../exam/copy.ts";
import { CLASSES, type Fault } from "../exam/fault.ts";
import { FAULTS } from "../exam/faults/mod.ts";
import { examine, type ExamOptions } from "../exam/run.ts";
import { examReport, faultLine, scoreMarkdown, scoreTable } from "../exam/score.ts";
import { type Io, SILENT } from "../io.ts";
import { checked, number, refuse } from "../option_schema.ts";

const JOBS_MAX = 64;
const SEEDS_MAX = 1000;

const whole = (most: number) =>
  number(/^\d{1,5}$/, `an integer in 1..${most}`, (n) => n >= 1 && n <= most);

/** Whether a name is the fault's own or that of its class. */
function isNamed(fault: Fault, name: string): boolean {
  return fault.class === name || fault.id === name;
}

const schema = z.strictObject({
  only: z.string().transform((text, ctx) => {
    const names = text.split(",");
    const unknown = names.find((name) => !FAULTS.some((fault) => isNamed(fault, name)));
    if (unknown === undefined) {
      return FAULTS.filter((fault) => names.some((name) => isNamed(fault, name)));
    }
    return refuse(ctx, `classes (${CLASSES.join(", ")}) or ids of faults, with commas`, unknown);
  }).optional(),
  jobs: whole(JOBS_MAX),
  clean: whole(SEEDS_MAX),
  json: z.boolean().optional(),
  markdown: z.boolean().optional(),
  list: z.boolean().optional(),
});

/** Adds the command. It sets `exit.code` to 1 when a fault slips through, or on a false alarm. */
export function addExam(program: Command, io: Io, exit: { code: number }): void {
  program.command("exam")
    .description(
      "Plant faults in a copy of planecheck itself, one at a time, and see whether its laws and " +
        "tests catch them. Needs a checkout.",
    )
    .addOption(new Option("--only <names>", "faults of these classes or ids, with commas between"))
    .addOption(new Option("--jobs <n>", "copies that are worked on at the same time (2)"))
    .addOption(new Option("--clean <n>", "instead: the unchanged code with n seeds"))
    .addOption(new Option("--list", "instead: the faults"))
    .addOption(new Option("--json", "print the result as JSON, and nothing else"))
    .addOption(new Option("--markdown", "print the table as Markdown, and nothing else"))
    .addHelpText(
      "after",
      "\nExit codes: 0 every fault caught but those known not to be, 1 a fault not caught, a false " +
        "alarm\n(or an internal error), 2 wrong option, or faults and code out of step.",
    )
    .action(async (raw: Record<string, unknown>) => {
      exit.code = await exam(raw, io) ? 0 : 1;
    });
}

async function exam(raw: Record<string, unknown>, io: Io): Promise<boolean> {
  const options = checked(schema, raw);
  const { only: faults = FAULTS, jobs = 2, clean } = options;
  if (options.list) {
    io.stdout(faults.map(listLine).join(""));
    return true;
  }
  const progress = io.progress ?? SILENT;
  const held: ExamOptions = { root: packageRoot(), jobs, onStep: (what) => progress.step(what) };
  progress.start(clean ?? faults.length);
  try {
    if (clean !== undefined) return await unchanged(clean, held, options.json ?? false, io);
    const isQuiet = options.json === true || options.markdown === true;
    const results = await examine(faults, {
      ...held,
      ...isQuiet ? {} : { onResult: (result) => io.stdout(`${faultLine(result)}\n`) },
    });
    if (options.json) io.stdout(`${JSON.stringify(examReport(results), null, 2)}\n`);
    else if (options.markdown) io.stdout(scoreMarkdown(results));
    else io.stdout(scoreTable(results));
    return results.every(({ caught, fault }) => caught !== null || fault.gap !== undefined);
  } finally {
    progress.stop();
  }
}

async function unchanged(seeds: number, held: ExamOptions, json: boolean, io: Io) {
  const alarms = await falseAlarms(seeds, held);
  if (json) io.stdout(`${JSON.stringify({ seeds, alarms }, null, 2)}\n`);
  else {
    for (const { seed, test } of alarms) io.stdout(`seed ${seed}: ${test}\n`);
    io.stdout(`${seeds} seeds without a fault: ${alarms.length} false alarms\n`);
  }
  return alarms.length === 0;
}

function listLine({ id, class: name, file, what, gap }: Fault): string {
  const known = gap === undefined ? "" : ` (not caught: ${gap})`;
  return `${name} ${id}: ${what} (${file})${known}\n`;
}
