/** Puts a report together from what was run. */
import { flatten, type HostProfile } from "../../fixtures/mod.ts";
import { type Law, LAW_SET_VERSION, RUN_1 } from "../../properties/mod.ts";
import { type Inputs, PORTS } from "../inputs.ts";
import { page } from "./page.ts";
import { plots } from "./plots.ts";
import { reportJson } from "./schema.ts";
import type { StackResult } from "./result.ts";
import { type Report, REPORT_VERSION } from "./types.ts";
import type { ReportFiles } from "./write.ts";
import config from "../../deno.json" with { type: "json" };

/** What a report says beyond its inputs and results. */
export interface Circumstances {
  /** Arguments of the command line. */
  readonly args: readonly string[];
  readonly host: HostProfile;
  readonly fidelity: "tlp" | "coarse" | "link";
  readonly laws: readonly Law[];
}

/** The report. */
export function buildReport(
  { args, host, fidelity, laws }: Circumstances,
  inputs: Inputs,
  stacks: StackResult[],
): Report {
  const { cpu, nic } = flatten(host);
  return {
    version: REPORT_VERSION,
    tool: { name: config.name, version: config.version, lawSet: LAW_SET_VERSION },
    command: commandLine(args),
    basis: `every figure is a prediction of planecheck's model of the machine, in virtual time, ` +
      `from the numbers of profile ${host.name}. No hardware was involved.`,
    machine: {
      profile: host.name,
      description: host.description,
      ports: PORTS,
      lcores: cpu.lcores,
      linkGbps: nic.portGbps,
      cpuMhz: cpu.clockMhz,
      fidelity,
    },
    routes: inputs.routesRecord,
    traffic: inputs.trafficRecord,
    laws: [RUN_1, ...laws].map(({ id, statement, clause }) => ({ id, statement, clause })),
    stacks,
  };
}

/** The command line as a shell takes it. */
export function commandLine(args: readonly string[]): string {
  return ["planecheck", ...args.map(quoted)].join(" ");
}

/** An argument as a shell takes it. */
function quoted(arg: string): string {
  return /^[\w./,:=@%+-]+$/.test(arg) ? arg : `'${arg.replaceAll("'", "'\\''")}'`;
}

/** The files of a report. */
export async function reportFiles(report: Report): Promise<ReportFiles> {
  return { "index.html": page(report, await plots(report)), "report.json": reportJson(report) };
}
