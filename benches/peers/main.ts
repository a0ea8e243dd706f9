/**
 * Our rings, mempools and tables beside DPDK's and beside npm packages, our virtual time beside ns-3's, in one run
 * and in turn.
 *
 *   deno task bench:peers [--build] [--routes N | --table FILE] [--rounds N] [tables|rings|pools|npm|model]...
 *
 * Builds nothing unless asked to; what is missing it names, with what installs it, and goes on without.
 */
import Table from "cli-table3";
import type { RouteSet } from "../../core/mod.ts";
import type { Row } from "./in_turn.ts";
import { InputError } from "../../fixtures/mod.ts";
import { buildAll, type Inputs, inputs, isBuilt, NS3, PROGRAM, routesOf } from "./place.ts";

const SUBJECTS = ["tables", "rings", "pools", "npm", "model"] as const;
type Subject = typeof SUBJECTS[number];

const USAGE = "usage: deno task bench:peers [--build] [--routes N | --table FILE] [--rounds N] " +
  `[${SUBJECTS.join("|")}]...`;

const asked = parse(Deno.args);
if (asked.build) await buildAll();
const rows: Row[] = [];
const BUILD = "deno task bench:peers --build";
if (asked.subjects.includes("model")) {
  if (await isBuilt(NS3)) {
    rows.push(...await (await import("./model.ts")).compareModel(asked.rounds));
  } else {
    console.error(`ns-3's side is not built: apt-get install libns3-dev g++; ${BUILD}`);
  }
}
const tables = asked.subjects.filter((subject) => subject !== "model");
const withDpdk = tables.length > 0 && await isBuilt(PROGRAM);
if (tables.length > 0 && !withDpdk) {
  console.error(
    `DPDK's side is not built: apt-get install libdpdk-dev gcc pkg-config; ${BUILD}`,
  );
}
let given: Inputs | null = null;
for (const subject of tables) {
  given ??= await inputs(asked.table === null ? asked.routes : await tableOf(asked.table));
  if (subject === "npm") {
    rows.push(...await (await import("./npm.ts")).compareNpm(given, asked.rounds));
  }
  if (!withDpdk) continue;
  if (subject === "tables") {
    rows.push(...await (await import("./tables.ts")).compareTables(given, asked.rounds));
  } else if (subject === "rings") {
    rows.push(...await (await import("./rings.ts")).compareRings(given.files, asked.rounds));
  } else if (subject === "pools") {
    rows.push(...await (await import("./pools.ts")).comparePools(given.files, asked.rounds));
  }
}
print(rows);
Deno.exit(0);

function parse(args: readonly string[]) {
  const subjects: Subject[] = [];
  const numbers = { routes: 841_941, rounds: 11 };
  let build = false;
  let table: string | null = null;
  for (let i = 0; i < args.length; i++) {
    const arg = args[i]!;
    if (arg === "--build") build = true;
    else if (arg === "--table") table = args[++i] ?? refuse("--table: a file is expected");
    else if (arg === "--routes" || arg === "--rounds") {
      const name = arg === "--routes" ? "routes" : "rounds";
      const most = name === "routes" ? 1_000_000 : 1000;
      const least = name === "routes" ? 1000 : 1;
      const value = Number(args[++i]);
      if (!Number.isInteger(value) || value < least || value > most) {
        refuse(`${arg} ${args[i] ?? ""}: an integer ${least}..${most} is expected`);
      }
      numbers[name] = value;
    } else if (SUBJECTS.includes(arg as Subject)) subjects.push(arg as Subject);
    else refuse(`"${arg}" is no subject or option; ${USAGE}`);
  }
  return { build, table, subjects: subjects.length > 0 ? subjects : SUBJECTS, ...numbers };
}

async function tableOf(file: string): Promise<RouteSet> {
  try {
    return await routesOf(file);
  } catch (cause) {
    if (cause instanceof InputError) refuse(cause.message);
    if (cause instanceof Deno.errors.NotFound) refuse(`${file}: no such file`);
    throw cause;
  }
}

function refuse(message: string): never {
  console.error(message);
  Deno.exit(2);
}

/** The table; a goal that the median misses is marked. */
function print(rows: readonly Row[]): void {
  const table = new Table({
    head: ["ours", "theirs", "ours M/s", "theirs M/s", "ratio median", "quartiles", "goal"],
    colAligns: ["left", "left", "right", "right", "right", "right", "right"],
    style: { head: [], border: [], compact: true },
  });
  let subject = "";
  for (const row of rows) {
    if (row.subject !== subject) {
      subject = row.subject;
      table.push([{ colSpan: 7, content: `${subject}, M ${row.unit} a second` }]);
    }
    const [q1, median, q3] = row.ratio;
    table.push([
      `  ${row.what}`,
      row.theirs,
      digits(row.oursRate / 1e6),
      digits(row.theirsRate / 1e6),
      digits(median),
      `${digits(q1)}..${digits(q3)}`,
      row.goal === undefined ? "" : `${row.goal}${median < row.goal ? " missed" : ""}`,
    ]);
  }
  if (rows.length > 0) console.log(table.toString());
}

function digits(value: number): string {
  return value >= 1000 ? Math.round(value).toLocaleString("en-US") : value.toPrecision(3);
}
