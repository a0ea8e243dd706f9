/**
 * Runs stacks on the simulated host, one after the other, on the same routes and frames, and lets every law judge
 * each run. No clock but the machine's, no files: the same input gives the same result.
 */
import {
  type Geometry,
  maximaFor,
  type Policy,
  type Scenario,
  Testbed,
  type Traffic,
} from "../core/mod.ts";
import { flatten, type HostProfile, machineProfile } from "../fixtures/mod.ts";
import { judgeScenario, type Law, lawsOf, RUN_1, Subject } from "../properties/mod.ts";
import { geometryOf } from "./geometry.ts";
import { firstOf, type Inputs } from "./inputs.ts";
import { type Progress, SILENT } from "./io.ts";
import { measure } from "./measure.ts";
import type { StackResult, VerdictRecord } from "./report/result.ts";
import type { StackEntry } from "./stacks.ts";
import { SharedTables } from "./tables.ts";

/** Laws that run a stack again judge the first packets only: one of them spaces packets a whole run apart. */
export const RERUN_PACKETS = 1024;

/** Picoseconds that a stack has after the last arrival: what is slow, as a process above the kernel, has long queues. */
const DRAIN_PS = 50e9;

/** What a comparison needs beyond its inputs. */
export interface Setup {
  readonly stacks: readonly StackEntry[];
  readonly host: HostProfile;
  readonly fidelity: "tlp" | "coarse" | "link";
  /** Laws that judge; all of them and each stack's own invariants unless given. */
  readonly laws?: readonly Law[];
}

/** Steps that {@link compareStacks} announces for each stack. */
export const STEPS_PER_STACK = 2;

/**
 * Runs and judges every stack.
 * @throws {UserError} when the routes need more memory than the model is given
 */
export function compareStacks(
  setup: Setup,
  inputs: Inputs,
  progress: Progress = SILENT,
): StackResult[] {
  const tables = new SharedTables(inputs.routes);
  return setup.stacks.map((entry) => runStack(entry, setup, inputs, tables, progress));
}

function runStack(
  entry: StackEntry,
  setup: Setup,
  inputs: Inputs,
  tables: SharedTables,
  progress: Progress,
): StackResult {
  progress.step(`${entry.name}: ${inputs.traffic.count} packets`);
  const stack = entry.create();
  const { lcores } = flatten(setup.host).cpu;
  const geometry = geometryOf(entry, setup.host, { lcores, fidelity: setup.fidelity });
  const profile = machineProfile(setup.host);
  const fib = tables.table(stack.policy?.defaultRoute ?? true);
  const maxima = maximaFor(geometry, profile);
  const make = () => new Testbed(stack, profile, { fib, maxima, patiencePs: DRAIN_PS });
  const device = make();
  const subject = new Subject(device, { fresh: make });
  const scenario = scenarioOf(inputs, geometry, inputs.traffic);
  const laws = setup.laws ?? lawsOf(stack);
  const own = new Map((stack.invariants ?? []).map((one) => [one.id, one]));
  const verdicts = new Verdicts(subject);
  const ran = verdicts.judge(scenario, laws.filter((law) => law.reruns !== true));
  const figures = measure(inputs.traffic, device.machine.observation);
  const counters = device.report().map(({ name, value, unit }) => ({ name, value, unit }));
  progress.step(`${entry.name}: laws that run it again`);
  const first = scenarioOf(inputs, geometry, firstOf(inputs.traffic, RERUN_PACKETS));
  // One at a time: a stack that throws in the run that one law asks for is still judged by the others.
  for (const law of laws) {
    if (law.reruns === true) verdicts.judge(first, [law], `in the run for ${law.id} `);
  }
  return {
    name: entry.name,
    title: device.name,
    policy: declared(device.policy),
    rings: entry.ring,
    ...figures,
    run: ran ? figures.run : { ...figures.run, end: "threw" },
    laws: [RUN_1, ...laws].filter((law) => !own.has(law.id)).map((law) => verdicts.of(law)),
    invariants: [...own.values()].map((one) => ({ ...one, ...verdicts.of(one) })),
    counters,
  };
}

/** What was said of one stack, by law. */
class Verdicts {
  readonly #subject: Subject;
  readonly #said = new Map<string, VerdictRecord>();

  constructor(subject: Subject) {
    this.#subject = subject;
  }

  /** The verdict of a law that has judged. */
  of({ id }: Pick<Law, "id">): VerdictRecord {
    return this.#said.get(id)!;
  }

  /**
   * Runs a scenario and lets the laws judge it; answers whether the stack came through. `where` begins what is said
   * when it did not.
   */
  judge(scenario: Scenario, laws: readonly Law[], where = ""): boolean {
    const packets = scenario.traffic.count;
    const { verdicts } = judgeScenario(this.#subject, scenario, laws);
    [RUN_1, ...laws].forEach(({ id }, i) => {
      const verdict = verdicts[i]!;
      // RUN-1 is about every run: it is kept on the first one, or broken on the first one that failed.
      const before = this.#said.get(id);
      if (before !== undefined && (before.verdict === "broken" || verdict.kind === "kept")) return;
      const text = verdict.kind === "kept"
        ? ""
        : verdict.kind === "broken"
        ? (id === RUN_1.id ? where : "") + verdict.sentence
        : verdict.why;
      this.#said.set(id, { id, verdict: verdict.kind, text, packets });
    });
    return verdicts[0]!.kind === "kept";
  }
}

/** A policy as the report has it: words, numbers and lists of words. */
function declared(policy: Policy): StackResult["policy"] {
  const {
    congestion,
    originates,
    martianSources,
    martianDestinations,
    mayDropAs: _,
    mtu,
    ...rest
  } = policy;
  const frames = originates?.arp === undefined ? ["ICMP errors"] : ["ICMP errors", "ARP"];
  return {
    ...rest,
    ...mtu === undefined ? {} : { mtu: typeof mtu === "number" ? mtu : mtu.join(", ") },
    ...martianSources === undefined ? {} : { martianSources: [...martianSources] },
    ...martianDestinations === undefined ? {} : { martianDestinations: [...martianDestinations] },
    congestion: [...congestion],
    ...originates === undefined ? {} : { originates: frames },
  };
}

function scenarioOf(inputs: Inputs, geometry: Geometry, traffic: Traffic): Scenario {
  const { routes, neighbours } = inputs;
  return { geometry, routes, neighbours, traffic, deviations: [] };
}
